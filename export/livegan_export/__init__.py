"""From a checkpoint to one ONNX file that the runtime plays."""

"""Feel: how notes are struck, learned from the velocities and timings of a bar archive.

`data` reads what is to be learned, `network` is the model, `training` fits it, `figures` compares it
with what knows less, `graph` makes the ONNX graph that a model file carries; `cli` is the command.
"""

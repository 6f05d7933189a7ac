"""The instrument measured as it is played, on the machine at hand: `python -m benchmarks.play`."""

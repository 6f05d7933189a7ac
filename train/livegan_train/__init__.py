"""From bars to a trained generator: data, networks, losses, the loop, metrics."""

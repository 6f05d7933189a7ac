"""livegan: a GAN that you play."""

__version__ = "0.1.0"

"""Hyper-parameters of a stream's GAN, searched on short runs that share one autoencoder."""

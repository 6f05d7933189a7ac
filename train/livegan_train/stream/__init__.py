"""Generators for the stage: each bar made from a latent of two parts, the bar before it, its place in
the phrase and the performer's knobs; trained as autoencoder and GAN at once."""

"""A critic for a finished model: it tells songs' bars from the model's, so that of several ways that
the latent could go by itself the more believable is taken (`livegan.core.choosing`)."""

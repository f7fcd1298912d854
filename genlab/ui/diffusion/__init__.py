"""Pages about noise and the way back to an image: what the diffusion tab is made of."""

"""Pages about models that draw pixel by pixel: likelihood, completion, a race of samplers."""

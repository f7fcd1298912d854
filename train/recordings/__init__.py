"""Training runs that are recorded to be watched: one file a family, each with `RECORDINGS`."""

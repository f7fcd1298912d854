"""What can be computed about a model."""

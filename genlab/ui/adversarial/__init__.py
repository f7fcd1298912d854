"""Pages about two networks that play against each other."""

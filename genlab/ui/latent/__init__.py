"""Pages about codes, written against capabilities, so that any family with codes is served."""

"""How each card is trained, a family a file; each ends with its `RECIPES`."""

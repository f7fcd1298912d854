"""Training films: what a card's network drew, and how well it did, at moments of its training."""

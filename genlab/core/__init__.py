"""The vocabulary that every other layer speaks: images, frames, protocols, cards, errors."""

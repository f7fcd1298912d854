"""The pictures on which the lessons about pixels try things: shipped ones, in the card's levels."""

import torch
from torch import Tensor

from genlab import data
from genlab.core.errors import InputError
from genlab.core.protocols import Autoregressive, Conditional
from genlab.store import ModelStore

FIRST = {"mnist": 32, "fashion-mnist": 82}  # a three, a bag


def model_of(store: ModelStore, name: str) -> Autoregressive:
    """The card's network, if its likelihood is one and the shipped pictures fit it.

    Raises:
        InputError: it does not serve these checks.
    """
    card = store.card(name)
    model = store.get(card.name)
    fits = isinstance(model, Autoregressive) and model.spec.shape == (1, data.SIDE, data.SIDE)
    if not fits or (card.masked and card.masked.leaks):
        raise InputError(f"{card.title} cannot be checked here. Choose another model.")
    return model


def conditional_of(store: ModelStore, name: str) -> tuple[str, Conditional]:
    """The card, or the first one with classes where it has none, and its network.

    Raises:
        InputError: no card has classes.
    """
    if isinstance(model_of(store, name), Conditional):
        return name, store.get(name)
    for card in store.cards_with(Conditional):
        model = store.get(card.name)
        if model.spec.shape == (1, data.SIDE, data.SIDE):
            return card.name, model
    raise InputError(
        "No model with classes is trained yet. Run `python -m train gated-mnist`, then start "
        "GenLab again."
    )


def data_of(store: ModelStore, name: str) -> str:
    """Which shipped examples belong to a card."""
    return data.name_of(store.card(name).data)


def examples_of(store: ModelStore, name: str) -> tuple[Tensor, Tensor]:
    """All shipped examples in the card's levels, (100, 1, 28, 28) int64, and their classes."""
    found = data.examples(data_of(store, name))
    return data.to_levels(found.images, model_of(store, name).spec.levels), found.labels


def some_of_each(store: ModelStore, name: str, count: int) -> tuple[Tensor, Tensor]:
    """The first `count` examples of each class in the card's levels, and their classes."""
    pixels, labels = examples_of(store, name)
    chosen = torch.arange(len(labels)) % data.EXAMPLES < count
    return pixels[chosen], labels[chosen]


def as_in_training(store: ModelStore, name: str, count: int) -> Tensor:
    """The first `count` examples of each class as training sees them, (N, 1, 28, 28) int64.

    Black-and-white cards learned from pictures whose greys are drawn; thresholded ones cost less.
    """
    if model_of(store, name).spec.levels > 2:
        return some_of_each(store, name, count)[0]
    images = data.examples(data_of(store, name)).images
    drawn = data.binarise_dynamic(images, torch.Generator().manual_seed(0))
    return drawn[torch.arange(len(drawn)) % data.EXAMPLES < count]


def first_example(store: ModelStore, name: str) -> tuple[Tensor, int]:
    """The example that the lessons begin with, (1, 28, 28) int64, and its class."""
    pixels, labels = examples_of(store, name)
    place = FIRST[data_of(store, name)]
    return pixels[place], int(labels[place])


def told(model: Autoregressive, label: int) -> Tensor | None:
    """The class as a model with classes is told it, (1,); None for one without."""
    knows = isinstance(model, Conditional) and label < model.classes
    return torch.tensor([label]) if knows else None

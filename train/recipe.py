"""A recipe says how one card is trained; the loop knows no family."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genlab.data import DataSet
from genlab.registry import discover

Batch = dict[str, Tensor]
"""Named tensors of one step; every recipe has "images", whose length counts the speed."""


@dataclass(frozen=True)
class FilmNotes:
    """What a training film shows.

    Attributes:
        seeds: of each image of the recipe's `preview`.
        figure: what its `validate` measures.
        unit: of that.
        classes: of each image, empty where the network knows none.
        constant: what all pictures are made from, as a sentence; "" where the seeds are all.
        inputs: exactly that, of the card's network (whose values it must not read): codes or
            images, for their hash.
        cloud_classes: of each dot of the recipe's `cloud`.
    """

    seeds: tuple[int, ...]
    figure: str
    unit: str
    classes: tuple[str, ...] = ()
    constant: str = ""
    inputs: Callable[[nn.Module], Tensor] | None = None
    cloud_classes: Callable[[], tuple[str, ...]] | None = None


Loss = Callable[[nn.Module, Batch], dict[str, Tensor]]
"""The whole network and a batch → named scalars; "loss" is the one that is minimised."""


@dataclass(frozen=True)
class Player:
    """One of the parts of a network that play against each other, and take turns in every step.

    Attributes:
        part: the attribute of the network that holds it; only its weights move in its turn.
        make_loss: a new loss for each run, which may remember what it saw.
        optimiser: for the part, with the highest learning rate.
    """

    part: str
    make_loss: Callable[[], Loss]
    optimiser: Callable[[nn.Module], torch.optim.Optimizer]


@dataclass(frozen=True)
class Recipe:
    """How one card is trained.

    Attributes:
        card: name in `genlab.models`.
        data: name in `genlab.data`.
        queue: place in `python -m train all`, the lowest first.
        minutes: budget there, on two CPU cores.
        batches: endless batches from the training images; all randomness from the generator.
        loss: of the whole network; not used where there are players.
        validate: one number of the EMA weights on the validation images, smaller is better.
        preview: (B, C, H, W) in [0, 1] from fixed seeds, for the training film.
        steps: how long where no budget in minutes is given.
        optimiser: for the network's parameters, with the highest learning rate; not used where
            there are players.
        ema: decay of the exponential moving average of the weights that is exported.
        compiled: whether `torch.compile` pays on a CPU: it does for many small operations between
            the convolutions, not for convolutions alone.
        film: what the training film shows; without it, none is shipped.
        players: in the order of their turns, where parts of the network have losses of their own;
            the names of their losses must differ, but for "loss".
        stored_as: of the exported weights; float16 halves the file, and a network that was judged
            by its figures has them with the rounded weights.
        cloud: (N, D) codes of images that never change, which the film shows as dots.
        wake: gives units that sleep a new start, without changing what the network says, where a
            run begins with a checkpoint; returns how many.
    """

    card: str
    data: str
    queue: int
    minutes: float
    batches: Callable[[DataSet, torch.Generator], Iterator[Batch]]
    loss: Loss
    validate: Callable[[nn.Module, DataSet], float]
    preview: Callable[[nn.Module], Tensor]
    steps: int
    optimiser: Callable[[nn.Module], torch.optim.Optimizer]
    ema: float
    compiled: bool = False
    film: FilmNotes | None = None
    cloud: Callable[[nn.Module], Tensor] | None = None
    players: tuple[Player, ...] = ()
    stored_as: torch.dtype = torch.float32
    wake: Callable[[nn.Module, DataSet, torch.Generator], int] | None = None


def recipes() -> dict[str, Recipe]:
    """All recipes by card, in the order of the queue."""
    found = sum(discover("train.recipes", "RECIPES"), ())
    return {recipe.card: recipe for recipe in sorted(found, key=lambda recipe: recipe.queue)}


def shuffled(data: DataSet, size: int, generator: torch.Generator) -> Iterator[Batch]:
    """Endless batches of uint8 images and labels; every image once an epoch, the rest dropped.

    Raises:
        ValueError: a batch is larger than the data set, so that there is none.
    """
    if size > len(data.images):
        raise ValueError(f"size must be at most {len(data.images)}, the images, got {size}")
    while True:
        order = torch.randperm(len(data.images), generator=generator)
        for indices in order.split(size)[: len(order) // size]:
            yield {"images": data.images[indices], "labels": data.labels[indices]}

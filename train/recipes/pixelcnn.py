"""PixelCNN on binary images."""

import functools
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from genlab.data import VALIDATION, DataSet, binarise_dynamic
from genlab.inference.autoregressive import sample
from train.autoregressive import BATCH, adamw, negative_log_likelihood, validation_nats
from train.muon import muon
from train.recipe import Batch, FilmNotes, Recipe, shuffled
from train.revive import revive

PREVIEWS = 16
ENDS = ("first.", "output.")  # layers that are not for Muon
WAKING = 512  # images; a unit that none of them wakes sleeps


def binary_batches(data: DataSet, generator: torch.Generator) -> Iterator[Batch]:
    """Batches that are binarised anew each time: the model never sees one sample of it twice."""
    for batch in shuffled(data, BATCH, generator):
        yield {"images": binarise_dynamic(batch["images"], generator)}


def wake(model: nn.Module, data: DataSet, generator: torch.Generator) -> int:
    """See `train.revive.revive`."""
    pixels = binarise_dynamic(data.images[:WAKING], generator)
    return revive(model, pixels, generator)


def fixed_seeds(model: nn.Module) -> Tensor:
    """The same seeds at every moment, so that the film shows the weights change, not the luck."""
    return sample(model, seed=0, count=PREVIEWS)


kernels_by_muon = functools.partial(muon, ends=ENDS)

RECIPES = (
    Recipe(
        card="pixelcnn-mnist",
        data="mnist",
        queue=1,
        minutes=150,
        batches=binary_batches,
        loss=negative_log_likelihood,
        validate=validation_nats,
        preview=fixed_seeds,
        steps=40_000,
        optimiser=kernels_by_muon,
        ema=0.999,
        wake=wake,
        film=FilmNotes(
            seeds=tuple(range(PREVIEWS)),
            figure=f"mean negative log-likelihood of {VALIDATION:,} validation images",
            unit="nats an image",
        ),
    ),
    Recipe(  # the cheat is learned at once
        card="pixelcnn-leaky-mnist",
        data="mnist",
        queue=3,
        minutes=6,
        batches=binary_batches,
        loss=negative_log_likelihood,
        validate=validation_nats,
        preview=fixed_seeds,
        steps=400,
        optimiser=adamw,
        ema=0.99,  # some hundred steps: a longer memory would still hold the random start
    ),
)

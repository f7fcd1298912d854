"""PixelCNN on binary images."""

import functools
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from genlab.data import VALIDATION, DataSet, binarise_dynamic
from genlab.inference.autoregressive import sample
from train.autoregressive import BATCH, adamw, negative_log_likelihood, validation_nats
from train.recipe import Batch, FilmNotes, Recipe, shuffled

PREVIEWS = 16
FASTER = functools.partial(adamw, lr=4e-3)  # after 500 steps, 5e-3 was 1 nat better than 2e-3


def binary_batches(data: DataSet, generator: torch.Generator) -> Iterator[Batch]:
    """Batches that are binarised anew each time: the model never sees one sample of it twice."""
    for batch in shuffled(data, BATCH, generator):
        yield {"images": binarise_dynamic(batch["images"], generator)}


def fixed_seeds(model: nn.Module) -> Tensor:
    """The same seeds at every moment, so that the film shows the weights change, not the luck."""
    return sample(model, seed=0, count=PREVIEWS)


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
        optimiser=FASTER,
        ema=0.999,
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

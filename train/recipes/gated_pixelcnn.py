"""Gated PixelCNN on binary images and their classes.

In some of the images the class is replaced by the null class, so that the same weights also know
the images without a class (Ho & Salimans 2022, https://arxiv.org/abs/2207.12598).
"""

import functools
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from genlab.core.frames import last
from genlab.data import VALIDATION, DataSet, binarise_dynamic
from genlab.inference.autoregressive import draw_uniforms, stream_pixels
from train.autoregressive import BATCH, conditional_validation_nats, negative_log_likelihood
from train.muon import muon
from train.recipe import Batch, FilmNotes, Recipe, shuffled

LABEL_DROP = 0.15
ENDS = ("layers.0.", "output.")  # layers that are not for Muon
CLASSES = 10
PREVIEWS = 20  # two of each class
PREVIEW_CLASSES = tuple(str(index % CLASSES) for index in range(PREVIEWS))


def labelled_batches(data: DataSet, generator: torch.Generator) -> Iterator[Batch]:
    """Images binarised anew each time; some of the labels are the null class, `CLASSES`."""
    for batch in shuffled(data, BATCH, generator):
        labels = drop_labels(batch["labels"], generator)
        yield {"images": binarise_dynamic(batch["images"], generator), "labels": labels}


def drop_labels(labels: Tensor, generator: torch.Generator) -> Tensor:
    """Some of (B,) labels become the null class, `CLASSES`."""
    dropped = torch.rand(len(labels), generator=generator) < LABEL_DROP
    return labels.masked_fill(dropped, CLASSES)


def fixed_seeds(model: nn.Module) -> Tensor:
    """The same seeds and classes at every moment of the film, ten classes in two rows."""
    labels = torch.arange(PREVIEWS) % CLASSES
    return last(stream_pixels(model, draw_uniforms(model.spec, 0, PREVIEWS), labels=labels)).images


kernels_by_muon = functools.partial(muon, ends=ENDS)

RECIPES = (
    Recipe(
        card="gated-mnist",
        data="mnist",
        queue=2,
        minutes=150,
        batches=labelled_batches,
        loss=negative_log_likelihood,
        validate=conditional_validation_nats,
        preview=fixed_seeds,
        steps=40_000,
        optimiser=kernels_by_muon,
        ema=0.999,
        compiled=True,
        film=FilmNotes(
            seeds=tuple(range(PREVIEWS)),
            figure=f"mean negative log-likelihood of {VALIDATION:,} validation images, given "
            "their classes",
            unit="nats an image",
            classes=PREVIEW_CLASSES,
        ),
    ),
)

"""PixelCNN and Gated PixelCNN on grey levels: the same networks with a softmax over the levels.

Rounding to levels has no luck, so that an image is the same in every epoch; nothing else is done to
it either, since moved or mirrored pictures are others than those whose likelihood is measured. All
cards of MNIST get the same minutes: what differs between their figures is levels and stacks.

A batch has 16 images, a quarter of the binary recipes' 64. A core computes as many images a second
either way, and in minutes the number of steps is what is short: after 113 s of training on one core
`gated-8-levels-mnist` had 0.53 bits a pixel of the validation images by 47 steps of 64, and 0.40 by
151 steps of 16.

The weights are stored as float16. The binary cards, rounded so, change their likelihood by less
than a thousandth of a nat on 500 test images.
"""

import functools
import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from genlab.analysis.likelihood import image_nats
from genlab.data import VALIDATION, DataSet, to_levels
from train.autoregressive import negative_log_likelihood
from train.recipe import Batch, FilmNotes, Recipe, shuffled
from train.recipes import gated_pixelcnn, pixelcnn

BATCH = 16


def level_batches(data: DataSet, generator: torch.Generator, *, levels: int) -> Iterator[Batch]:
    """Batches rounded to `levels` values; without labels."""
    for batch in shuffled(data, BATCH, generator):
        yield {"images": to_levels(batch["images"], levels)}


def labelled_level_batches(
    data: DataSet, generator: torch.Generator, *, levels: int
) -> Iterator[Batch]:
    """The same with labels, some of which are the null class."""
    for batch in shuffled(data, BATCH, generator):
        yield {
            "images": to_levels(batch["images"], levels),
            "labels": gated_pixelcnn.drop_labels(batch["labels"], generator),
        }


def validation_bits(model: nn.Module, data: DataSet) -> float:
    """Mean bits a pixel of the validation images, without labels."""
    return _bits(model, data, None)


def conditional_validation_bits(model: nn.Module, data: DataSet) -> float:
    """The same, given each image's label."""
    return _bits(model, data, data.labels)


def _bits(model: nn.Module, data: DataSet, labels: Tensor | None) -> float:
    nats = image_nats(model, to_levels(data.images, model.spec.levels), labels)
    return nats.mean().item() / (math.log(2) * math.prod(model.spec.shape))


def _recipe(
    card: str,
    data: str,
    levels: int,
    *,
    queue: int,
    minutes: float,
    preview: Callable[[nn.Module], Tensor],
    film: FilmNotes,
    has_classes: bool,
) -> Recipe:
    batches = labelled_level_batches if has_classes else level_batches
    family = gated_pixelcnn if has_classes else pixelcnn
    return Recipe(
        card=card,
        data=data,
        queue=queue,
        minutes=minutes,
        batches=functools.partial(batches, levels=levels),
        loss=negative_log_likelihood,
        validate=conditional_validation_bits if has_classes else validation_bits,
        preview=preview,
        steps=40_000,
        optimiser=family.kernels_by_muon,
        ema=0.999,
        compiled=has_classes,
        film=film,
        stored_as=torch.float16,
    )


def _plain(card: str, levels: int, *, queue: int) -> Recipe:
    return _recipe(
        *(card, "mnist", levels),
        queue=queue,
        minutes=75,
        preview=pixelcnn.fixed_seeds,
        film=FilmNotes(
            seeds=tuple(range(pixelcnn.PREVIEWS)),
            figure=f"mean negative log-likelihood of {VALIDATION:,} validation images",
            unit="bits a pixel",
        ),
        has_classes=False,
    )


def _gated(card: str, data: str, levels: int, *, queue: int, minutes: float = 75) -> Recipe:
    return _recipe(
        *(card, data, levels),
        queue=queue,
        minutes=minutes,
        preview=gated_pixelcnn.fixed_seeds,
        film=FilmNotes(
            seeds=tuple(range(gated_pixelcnn.PREVIEWS)),
            figure=f"mean negative log-likelihood of {VALIDATION:,} validation images, given "
            "their classes",
            unit="bits a pixel",
            classes=gated_pixelcnn.PREVIEW_CLASSES,
        ),
        has_classes=True,
    )


RECIPES = (
    _gated("gated-fashion", "fashion-mnist", 8, queue=50, minutes=150),
    _plain("pixelcnn-8-levels-mnist", 8, queue=70),
    _gated("gated-8-levels-mnist", "mnist", 8, queue=71),
    _plain("pixelcnn-256-levels-mnist", 256, queue=72),
    _gated("gated-256-levels-mnist", "mnist", 256, queue=73),
)

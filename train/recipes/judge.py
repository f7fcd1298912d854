"""The judges: classifiers of grey and binarised, moved pictures.

A seed and an architecture of their own, so that no generator shares their prejudices.
"""

import functools
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genlab.data import DataSet, binarise_dynamic, binarise_thresholded
from train.recipe import Batch, Recipe, shuffled

BATCH = 128
SHIFT = 2  # pixels, at most, in each direction
BINARISED = 0.25  # share of the batches, of either kind
SMOOTHING = 0.05  # of the labels
RATE = 3e-3


def moved(data: DataSet, generator: torch.Generator, *, mirrored: bool) -> Iterator[Batch]:
    """Shifted batches in [0, 1], some binarised; clothes are mirrored too, digits are not."""
    for batch in shuffled(data, BATCH, generator):
        images = _shift(_some_binarised(batch["images"], generator), generator)
        if mirrored:
            turned = torch.rand(len(images), generator=generator) < 0.5
            images = torch.where(turned.view(-1, 1, 1, 1), images.flip(-1), images)
        yield {"images": images, "labels": batch["labels"]}


def _some_binarised(images: Tensor, generator: torch.Generator) -> Tensor:
    chance = torch.rand((), generator=generator)
    if chance < BINARISED:
        return binarise_dynamic(images, generator).float()
    if chance < 2 * BINARISED:
        return binarise_thresholded(images).float()
    return images / 255


def _shift(images: Tensor, generator: torch.Generator) -> Tensor:
    """The whole batch by one random offset, black from outside: cheap, and varied enough."""
    down, right = torch.randint(0, 2 * SHIFT + 1, (2,), generator=generator).tolist()
    height, width = images.shape[-2:]
    padded = F.pad(images, (SHIFT, SHIFT, SHIFT, SHIFT))
    return padded[..., down : down + height, right : right + width].contiguous()


def smoothed_error(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
    """Cross-entropy with smoothed labels, in nats."""
    logits = model.classify(batch["images"]).float()
    return {"loss": F.cross_entropy(logits, batch["labels"], label_smoothing=SMOOTHING)}


@torch.inference_mode()
def validation_errors(model: nn.Module, data: DataSet) -> float:
    """Wrong answers in a hundred grey validation images."""
    parts = zip((data.images / 255).split(BATCH), data.labels.split(BATCH), strict=True)
    wrong = [(model.classify(images).argmax(dim=1) != labels) for images, labels in parts]
    return 100 * torch.cat(wrong).float().mean().item()


def nothing_to_show(model: nn.Module) -> Tensor:
    """A classifier draws nothing: one black pixel for the trainer's film."""
    return torch.zeros(1, 1, 1, 1)


def adam(model: nn.Module) -> torch.optim.Optimizer:
    """The highest learning rate of the schedule, `RATE`."""
    return torch.optim.AdamW(model.parameters(), lr=RATE, betas=(0.9, 0.99), weight_decay=1e-2)


def _recipe(card: str, data: str, *, queue: int, minutes: float, mirrored: bool) -> Recipe:
    return Recipe(
        card=card,
        data=data,
        queue=queue,
        minutes=minutes,
        batches=functools.partial(moved, mirrored=mirrored),
        loss=smoothed_error,
        validate=validation_errors,
        preview=nothing_to_show,
        steps=5_000,
        optimiser=adam,
        ema=0.998,
    )


RECIPES = (
    _recipe("judge-mnist", "mnist", queue=10, minutes=12, mirrored=False),
    _recipe("judge-fashion", "fashion-mnist", queue=11, minutes=25, mirrored=True),
)

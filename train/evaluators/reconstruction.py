"""Figures of autoencoders, on the test images: what a code keeps of a picture, and how it does.

An error is the mean squared error of a pixel in [0, 1], in thousandths as in the training's films;
its standard error is over images. Models with a bound on log p(x) have that instead, see
`train.evaluators.elbo`.
"""

import math
from collections.abc import Iterator
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor
from tqdm import tqdm

from genlab.core.protocols import (
    Encoder,
    LatentDecoder,
    LatentVariableModel,
    Restorer,
    SparseCoder,
)
from genlab.nn.corruption import CORRUPTIONS
from train.evaluator import Evaluator, Measurement, Subject

LEVELS = (0.25, 0.5, 0.75, 1.0)  # of corruption; level 0 is the plain reconstruction
ACTIVE = 0.1  # a code above it is at work
QUICK_IMAGES = 1_000  # evenly spaced
BATCH = 256


@runtime_checkable
class Reconstructor(Encoder, LatentDecoder, Protocol):
    """Gives an image back."""


def reconstruction(subject: Subject) -> Iterator[Measurement]:
    """The error of what has no likelihood; see `train.evaluator.Evaluator.measure`."""
    if isinstance(subject.model, LatentVariableModel):
        return
    images = _images(subject)
    with _bar(len(images)) as bar:
        restored = _restored(subject.model, images, bar)
    yield _mean("reconstruction_mse_thousandths", _errors(restored, images))


def restoring(subject: Subject) -> Iterator[Measurement]:
    """At each level, the error of corrupted images and that of what the model makes of them.

    The corruption is the one that the model was trained on. A corrupted image is measured as the
    picture that a person sees, clipped to [0, 1]; the model is given the values as they are.
    """
    model, images = subject.model, _images(subject)
    with _bar(len(images) * len(LEVELS)) as bar:
        for level in LEVELS:
            generator = torch.Generator().manual_seed(0)
            seen = CORRUPTIONS[model.corruption](images, level, generator)
            yield _mean(
                f"corrupted_mse_thousandths_at_{level:g}", _errors(seen.clamp(0, 1), images)
            )
            restored = _restored(model, seen, bar)
            yield _mean(f"restored_mse_thousandths_at_{level:g}", _errors(restored, images))


def activity(subject: Subject) -> Iterator[Measurement]:
    """How much of a sparse code is at work in an image, and how many units never are."""
    images = _images(subject)
    with _bar(len(images)) as bar:
        codes = _codes(subject.model, images, bar)  # (N, D) in [0, 1]
    yield _mean("mean_activity", codes.double().mean(dim=1))
    active = codes > ACTIVE
    yield _mean(f"share_of_codes_above_{ACTIVE:g}", active.double().mean(dim=1))
    silent = (~active.any(dim=0)).sum().item()
    note = f"of {codes.shape[1]}; never above {ACTIVE:g}"
    yield Measurement("silent_units", silent, 0.0, len(images), note)


def _images(subject: Subject) -> Tensor:
    """The test images in [0, 1], (N, C, H, W)."""
    images = subject.load("test").images / 255
    return (
        images[:: max(1, len(images) // QUICK_IMAGES)][:QUICK_IMAGES] if subject.quick else images
    )


@torch.inference_mode()
def _codes(model: Encoder, images: Tensor, bar: tqdm) -> Tensor:
    """(N, D), batch by batch, so that the bar moves."""
    codes = []
    for batch in images.split(BATCH):
        codes.append(model.encode(batch)[0])
        bar.update(len(batch))
    return torch.cat(codes)


@torch.inference_mode()
def _restored(model: Reconstructor, seen: Tensor, bar: tqdm) -> Tensor:
    """What the model makes of what it sees, the same shape."""
    codes = _codes(model, seen, bar)
    return torch.cat([model.decode(part) for part in codes.split(BATCH)])


def _errors(restored: Tensor, images: Tensor) -> Tensor:
    """The mean squared error of a pixel of each image, in thousandths, (N,) float64."""
    return 1000 * (restored.double() - images.double()).square().flatten(1).mean(dim=1)


def _mean(name: str, values: Tensor) -> Measurement:
    error = values.std().item() / math.sqrt(len(values))
    return Measurement(name, values.mean().item(), error, len(values))


def _bar(total: int) -> tqdm:
    return tqdm(total=total, unit="image", mininterval=1.0)


EVALUATORS = (
    Evaluator(Reconstructor, reconstruction),
    Evaluator(Restorer, restoring),
    Evaluator(SparseCoder, activity),
)

"""Nats of unconditional models of binary images, on the test images.

Binarised anew ("dynamic"), an image is a random one, so that the figure is a mean over draws too.
Its standard error is over images, each with the mean of its draws: the images are what was sampled
from the world; the draws' own spread is printed beside it. Thresholded images score 15 to 18 nats
lower and are never compared with the former.
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor
from tqdm import tqdm

from genlab.analysis.likelihood import image_nats
from genlab.core.protocols import Autoregressive
from genlab.data import binarise_dynamic, binarise_thresholded
from train.errors import TrainingError
from train.evaluator import Evaluator, Measurement, Subject

DRAWS = 5  # binarisations, with the seeds 0 to 4
QUICK_IMAGES = 1_000  # evenly spaced: MNIST's first and second halves have different writers
BATCH = 16  # images whose features stay in the cache; 250 at once cost three times as much


def binary_likelihood(subject: Subject) -> Iterator[Measurement]:
    """`nats_dynamic` and `nats_thresholded`; see `train.evaluator.Evaluator.measure`."""
    _refuse_others(subject.model)
    images = subject.load("test").images
    draws = DRAWS
    if subject.quick:
        images, draws = images[:: max(1, len(images) // QUICK_IMAGES)][:QUICK_IMAGES], 1
    with tqdm(total=len(images) * (draws + 1), unit="image", mininterval=1.0) as bar:
        nats = torch.stack(
            [_nats(subject.model, _draw(images, seed), bar) for seed in range(draws)]
        )  # (draws, N) float64
        yield _mean("nats_dynamic", nats.mean(dim=0), images, _spread(nats))
        nats = _nats(subject.model, binarise_thresholded(images), bar)  # (N,) float64
        yield _mean("nats_thresholded", nats, images)


def _refuse_others(model: Autoregressive) -> None:
    if model.spec.levels != 2:
        raise TrainingError(
            f"The likelihood of models with {model.spec.levels} levels is not measured yet, only "
            "that of binary ones. Add an evaluator for them to train/evaluators."
        )
    if hasattr(model, "classes"):
        raise TrainingError(
            "The likelihood of class-conditional models (given the class, as a mixture, with the "
            "null class) is not measured yet, only that of unconditional ones. Add an evaluator "
            "for them to train/evaluators."
        )


def _draw(images: Tensor, seed: int) -> Tensor:
    return binarise_dynamic(images, torch.Generator().manual_seed(seed))


def _nats(model: Autoregressive, pixels: Tensor, bar: tqdm) -> Tensor:
    """(N,) float64, batch by batch, so that the bar moves."""
    parts = []
    for batch in pixels.split(BATCH):
        parts.append(image_nats(model, batch, batch=BATCH))
        bar.update(len(batch))
    return torch.cat(parts)


def _mean(name: str, nats: Tensor, images: Tensor, note: str = "") -> Measurement:
    value = nats.mean().item()
    bits = value / (images[0].numel() * math.log(2))
    error = nats.std().item() / math.sqrt(len(nats))
    return Measurement(name, value, error, len(nats), f"{bits:.4f} bits/dim{note}")


def _spread(nats: Tensor) -> str:
    means = nats.mean(dim=1)
    listed = ", ".join(f"{mean:.3f}" for mean in means)
    deviation = f", sd {means.std().item():.3f}" if len(means) > 1 else ""
    return f"; draws {listed}{deviation}"


EVALUATORS = (Evaluator(Autoregressive, binary_likelihood),)

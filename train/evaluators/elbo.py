"""Nats of latent variable models, on the test images: bounds on −log p(x) from above.

Binarised anew ("dynamic"), an image is a random one, so that −ELBO and its two parts are means over
draws and over one code an image each; the standard error is over images, each with the mean of its
draws. Thresholded images score 15 to 18 nats lower and are never compared with the former.

The importance-weighted bound tightens with the codes an image, K; both K look at draw 0. K = 5000
would take hours on all images, so it has the first ones; those of MNIST are the easier half, so
−ELBO of the same images is a figure, too, to compare it with. The decoder of both computes in
bfloat16, 2.6 times as fast; what that changes is measured on some images and printed, too.

The encoder looks at what it was trained on: the binarised image, or the grey one that it was
binarised from. Any encoder makes a bound, but a surprised one makes a loose one.
"""

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from tqdm import tqdm

from genlab.analysis.elbo import USED, Elbo, elbo, importance_weights, iwae
from genlab.core.protocols import LatentVariableModel
from genlab.data import binarise_dynamic, binarise_thresholded
from train.errors import TrainingError
from train.evaluator import Evaluator, Measurement, Subject

BATCH = 64  # images; more leave the processor's cache
FEW, MANY = 100, 5_000  # codes an image
CHECKED = 100  # images whose bound with `FEW` codes is measured in float32, too


@dataclass(frozen=True)
class Effort:
    """How much is measured.

    Attributes:
        images: at most, evenly spaced: MNIST's first and second halves have different writers.
        draws: binarisations, with the seeds from 0 on.
        few, many: how many of the first images have the bounds with `FEW` and `MANY` codes.
    """

    images: int
    draws: int
    few: int
    many: int


WHOLE = Effort(images=10_000, draws=5, few=10_000, many=1_000)
QUICK = Effort(images=1_000, draws=1, few=50, many=2)


def latent_bounds(subject: Subject) -> Iterator[Measurement]:
    """−ELBO and its parts, of binary models; see `train.evaluator.Evaluator.measure`."""
    model, images, effort = _prepare(subject)
    with tqdm(total=(effort.draws + 1) * len(images), unit="decode", mininterval=1.0) as bar:
        dynamic = [_dynamic(model, images, seed, bar) for seed in range(effort.draws)]
        yield from _parts(dynamic, images)
        thresholded = _bound(model, images, binarise_thresholded(images), _seeded(0), bar)
        yield _mean("neg_elbo_nats_thresholded", thresholded.negative, images)


def importance_bounds(subject: Subject) -> Iterator[Measurement]:
    """The tighter bounds, of binary models; some half an hour where a decoder is convolutional."""
    model, images, effort = _prepare(subject)
    plans = (
        (f"iwae_{FEW}_nats", images[: effort.few], FEW),
        ("iwae_nats", images[: effort.many], MANY),
    )
    total = sum(len(first) * codes for _, first, codes in plans)
    with tqdm(total=total, unit="decode", mininterval=1.0) as bar:
        loose = _dynamic(model, images, 0, bar).negative
        rounded = _change_by_rounding(model, images[: min(CHECKED, effort.few)], bar)
        for name, first, codes in plans:
            with torch.autocast("cpu", torch.bfloat16):
                tighter = -_iwae(model, first, codes, bar)
            beside = loose[: len(first)].mean().item()
            note = f"; K = {codes}; {rounded}; −ELBO of the same images {beside:.3f}"
            yield _mean(name, tighter, first, note)
    first = images[: effort.many]
    yield _mean("neg_elbo_nats_of_the_first", loose[: len(first)], first)


def _prepare(subject: Subject) -> tuple[LatentVariableModel, Tensor, Effort]:
    """A copy of the model that decodes fast, and the test images that are measured.

    Raises:
        TrainingError: a model of other than binary images.
    """
    model, effort = subject.model, QUICK if subject.quick else WHOLE
    if model.spec.levels != 2:
        raise TrainingError(
            f"The bounds of models with {model.spec.levels} levels are not measured yet, only "
            "those of binary ones. Add an evaluator for them to train/evaluators."
        )
    model = copy.deepcopy(model).to(memory_format=torch.channels_last)  # decodes 1.4 times as fast
    images = subject.load("test").images
    return model, images[:: max(1, len(images) // effort.images)][: effort.images], effort


def _parts(dynamic: list[Elbo], images: Tensor) -> Iterator[Measurement]:
    """−ELBO, what it is the sum of, and how many dimensions have a share in it."""
    negative = torch.stack([each.negative for each in dynamic])  # (draws, N)
    yield _mean("neg_elbo_nats_dynamic", negative.mean(dim=0), images, _spread(negative))
    reconstruction = torch.stack([each.reconstruction for each in dynamic])  # (draws, N)
    yield _mean("reconstruction_nats", reconstruction.mean(dim=0), images)
    kl = torch.stack([each.kl for each in dynamic]).mean(dim=0)  # (N, D)
    yield _mean("kl_nats", kl.sum(dim=1), images)
    active = (kl.mean(dim=0) >= USED).sum().item()
    note = f"of {kl.shape[1]}; those with at least {USED} nats"
    yield Measurement("active_dimensions", active, 0.0, len(images), note)


def _dynamic(model: LatentVariableModel, images: Tensor, seed: int, bar: tqdm) -> Elbo:
    """The bound on one draw; its noise comes from the same generator, after the pixels."""
    generator = _seeded(seed)
    pixels = binarise_dynamic(images, generator)
    return _bound(model, images, pixels, generator, bar)


@torch.inference_mode()
def _bound(
    model: LatentVariableModel,
    images: Tensor,
    pixels: Tensor,
    generator: torch.Generator,
    bar: tqdm,
) -> Elbo:
    """The bound of every image, float64, batch by batch, so that the bar moves."""
    noise = torch.randn(len(images), model.latent_dim, generator=generator)
    batches = zip(images.split(BATCH), pixels.split(BATCH), noise.split(BATCH), strict=True)
    parts = []
    for grey, binary, own_noise in batches:
        parts.append(elbo(model, binary.float(), own_noise, seen=_seen(model, grey, binary)))
        bar.update(len(grey))
    return Elbo(
        torch.cat([part.reconstruction for part in parts]).double(),
        torch.cat([part.kl for part in parts]).double(),
    )


def _change_by_rounding(model: LatentVariableModel, images: Tensor, bar: tqdm) -> str:
    """How much higher −bound is in bfloat16 than in float32, in words."""
    exact = -_iwae(model, images, FEW, bar)
    with torch.autocast("cpu", torch.bfloat16):
        change = -_iwae(model, images, FEW, bar) - exact
    error = change.std().item() / math.sqrt(len(change))
    return f"bfloat16 adds {change.mean().item():.3f} ± {error:.3f}"


def _iwae(model: LatentVariableModel, images: Tensor, count: int, bar: tqdm) -> Tensor:
    """The bound on log p of draw 0 of every image, (N,) float64."""
    generator = _seeded(0)
    pixels = binarise_dynamic(images, generator)
    bounds = []
    for grey, binary in zip(images.split(1), pixels.split(1), strict=True):
        seen = _seen(model, grey, binary)
        weights = importance_weights(model, binary.float(), count, generator, seen=seen)
        bounds.append(iwae(weights))
        bar.update(count)
    return torch.cat(bounds)


def _seen(model: LatentVariableModel, grey: Tensor, binary: Tensor) -> Tensor:
    return grey / 255 if model.sees_grey else binary.float()


def _seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


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


EVALUATORS = (
    Evaluator(LatentVariableModel, latent_bounds),
    Evaluator(LatentVariableModel, importance_bounds),
)

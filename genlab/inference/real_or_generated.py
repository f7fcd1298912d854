"""Generated pictures with their classes, and rounds in which real ones are mixed among them."""

from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.core.errors import InputError
from genlab.core.protocols import ConditionalDecoder, LatentPrior
from genlab.inference.latent import CHUNK, decode_points, prior_codes
from genlab.inference.prior_samples import sample

LEAST_SHARE, MOST_SHARE = 1 / 3, 2 / 3  # of real pictures in a round


@dataclass(frozen=True, eq=False)
class LabelledPictures:
    """Pictures as a critic takes them.

    Attributes:
        images: (N, C, H, W) in [0, 1].
        labels: (N,) int64; None for models without classes.
    """

    images: Tensor
    labels: Tensor | None


@dataclass(frozen=True, eq=False)
class Mixture:
    """A round.

    Attributes:
        pictures: in the order in which they are shown.
        is_real: (N,) bool.
    """

    pictures: LabelledPictures
    is_real: Tensor


def generate(
    model: LatentPrior,
    *,
    seed: int,
    count: int,
    label: int | None = None,
    truncation: float | None = None,
) -> LabelledPictures:
    """What `genlab.inference.prior_samples.sample` draws, with the classes that it draws."""
    images = sample(model, seed=seed, count=count, label=label, truncation=truncation)
    if not isinstance(model, ConditionalDecoder):
        return LabelledPictures(images, None)
    return LabelledPictures(images, dealt_labels(model, count, label))


def dealt_labels(model: ConditionalDecoder, count: int, label: int | None) -> Tensor:
    """One class for all, or one after the other, (count,) int64."""
    if label is None:
        return torch.arange(count) % model.classes
    return torch.full((count,), label)


def some_of(real: LabelledPictures, *, seed: int, count: int) -> LabelledPictures:
    """`count` of the pictures, all different ones, that the seed picks."""
    generator = torch.Generator().manual_seed(seed)
    chosen = torch.randperm(len(real.images), generator=generator)[:count]
    labels = None if real.labels is None else real.labels[chosen]
    return LabelledPictures(real.images[chosen], labels)


def mix(model: LatentPrior, real: LabelledPictures, *, seed: int, count: int) -> Mixture:
    """Real and generated pictures, mixed as the seed decides.

    From a third to two thirds are real, all different ones; where the model has classes, the
    generated ones have those of real pictures drawn at random, so that a class gives nothing away.

    Args:
        real: to choose from, with labels for a model with classes.

    Raises:
        InputError: too few real pictures.
    """
    low, high = round(LEAST_SHARE * count), round(MOST_SHARE * count)
    if len(real.images) < high:
        raise InputError(f"A round needs {high} real pictures, got {len(real.images)}.")
    generator = torch.Generator().manual_seed(seed)
    reals = int(torch.randint(low, high + 1, (), generator=generator))
    chosen = torch.randperm(len(real.images), generator=generator)[:reals]
    models = torch.randint(len(real.images), (count - reals,), generator=generator)
    order = torch.randperm(count, generator=generator)
    labels = None if real.labels is None else real.labels[models]
    generated = _decode(model, prior_codes(model, seed, count - reals), labels)
    images = torch.cat([real.images[chosen], generated])
    if labels is not None:
        labels = torch.cat([real.labels[chosen], labels])[order]
    return Mixture(LabelledPictures(images[order], labels), order < reals)


@torch.inference_mode()
def _decode(model: LatentPrior, codes: Tensor, labels: Tensor | None) -> Tensor:
    """Codes, (B, D), and labels, (B,), where the model has classes → (B, C, H, W)."""
    if labels is None:
        return decode_points(model, codes)
    pairs = zip(codes.split(CHUNK), labels.split(CHUNK), strict=True)
    return torch.cat([model.decode(*pair) for pair in pairs])

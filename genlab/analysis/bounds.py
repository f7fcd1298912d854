"""The bounds on one picture's log p(x), taken apart: by pixel, and as codes are added.

log p(x) ≥ IWAE_K ≥ … ≥ IWAE_1 = ELBO in expectation. From n importance weights, IWAE_K is averaged
over the n // K groups of K that share no weight, so that every point is unbiased.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from genlab.analysis.elbo import gaussian_kl, importance_weights, iwae, reparameterise
from genlab.core.protocols import LatentVariableModel

COUNTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
"""Codes in a group; each divides the last, so that no weight is left over."""

AT_ONCE = 50  # codes between two looks at the curve


@dataclass(frozen=True)
class BoundPoint:
    """IWAE_K in nats.

    Attributes:
        count: K.
        groups: over how many it was averaged.
        standard_error: of the average; None with one group.
    """

    count: int
    nats: float
    groups: int
    standard_error: float | None


@dataclass(frozen=True, eq=False)
class PictureCost:
    """What one picture costs in nats, in parts.

    Attributes:
        pixels: (H, W), what each pixel costs the decoder, a mean over codes of q(z | x).
        kl: (D,), exact.
        reconstruction: −E_q[log p(x | z)], a mean over the same codes.
        standard_error: of it.
        decoded: (C, H, W), the mean code's picture.
    """

    pixels: Tensor
    kl: Tensor
    reconstruction: float
    standard_error: float
    decoded: Tensor

    @property
    def total(self) -> float:
        """−ELBO."""
        return self.reconstruction + self.kl.sum().item()


def iwae_curve(log_weights: Tensor) -> list[BoundPoint]:
    """IWAE_K for each K of `COUNTS` that the weights, (n,) log, are enough for."""
    return [_point(log_weights, count) for count in COUNTS if count <= len(log_weights)]


def _point(log_weights: Tensor, count: int) -> BoundPoint:
    groups = len(log_weights) // count
    bounds = iwae(log_weights[: groups * count].unflatten(0, (groups, count)))  # (groups,)
    error = (bounds.std() / groups**0.5).item() if groups > 1 else None
    return BoundPoint(count, bounds.mean().item(), groups, error)


def grow_curve(
    model: LatentVariableModel, image: Tensor, generator: Generator, *, seen: Tensor | None = None
) -> Iterator[list[BoundPoint]]:
    """The curve of one picture, (1, C, H, W), after every `AT_ONCE` codes up to the last K."""
    log_weights = torch.empty(0, dtype=torch.float64)
    while len(log_weights) < COUNTS[-1]:
        more = importance_weights(model, image, AT_ONCE, generator, seen=seen)[0]
        log_weights = torch.cat([log_weights, more])
        yield iwae_curve(log_weights)


@torch.inference_mode()
def picture_cost(
    model: LatentVariableModel,
    image: Tensor,
    draws: int,
    generator: Generator,
    *,
    seen: Tensor | None = None,
) -> PictureCost:
    """Take the cost of one picture apart.

    Args:
        image: (1, C, H, W) in [0, 1].
        draws: codes of q(z | x), at least 2.
        seen: see `genlab.analysis.elbo.importance_weights`.
    """
    mean, std = model.encode(image if seen is None else seen)  # (1, D)
    noise = torch.randn(draws, model.latent_dim, generator=generator)
    z = reparameterise(mean, std, noise)
    pixels = -model.pixel_log_likelihood(image.expand(draws, -1, -1, -1), z).double()
    nats = pixels.flatten(1).sum(dim=1)  # (draws,)
    return PictureCost(
        pixels=pixels.mean(dim=0).sum(dim=0),
        kl=gaussian_kl(mean, std)[0],
        reconstruction=nats.mean().item(),
        standard_error=nats.std().item() / draws**0.5,
        decoded=model.decode(mean)[0],
    )


def binarised(image: Tensor) -> Tensor:
    """Black and white: 1 where a value in [0, 1] is above one half."""
    return (image > 0.5).to(image.dtype)

"""Are codes dealt by N(0, I)? Three tests of a set of codes, and the moments of a mixture.

Each test has a law that holds for N(0, I) exactly or, for the third, nearly so: n |mean|² is χ²
with D degrees of freedom, Σ |z|² is χ² with n · D, and the largest gap between the distribution of
all n · D numbers and the normal one follows Kolmogorov's law.
"""

import dataclasses
import math
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.analysis.elbo import gaussian_kl

REPEATS = 20
FAILS = 0.01  # the p below which codes are called another distribution's


@dataclass(frozen=True)
class GaussianTests:
    """What was found of n codes, and how rarely N(0, I) strays as far from its own law.

    Attributes:
        distance: of their mean from 0.
        mean_square: of their numbers; 1 for N(0, I).
        gap: largest between the numbers' distribution function and the normal one.
        p: the smallest p of the three, times three (Bonferroni), at most 1.
    """

    distance: float
    mean_square: float
    gap: float
    p: float

    @property
    def passes(self) -> bool:
        """Nothing here speaks against N(0, I); it fails once in a hundred times itself."""
        return self.p >= FAILS


@dataclass(frozen=True)
class Moments:
    """Of the aggregated posterior of some images.

    Attributes:
        distance: of its mean from 0.
        low, high: the smallest and largest standard deviation of a dimension.
        kl: from N(0, I) of the Gaussian with its mean and covariance, in nats.
    """

    distance: float
    low: float
    high: float
    kl: float


def gaussian_tests(codes: Tensor) -> GaussianTests:
    """Try n codes, (n, D), against N(0, I)."""
    z = codes.double()
    squared = z.mean(dim=0).square().sum()
    gap = _gap(z.flatten())
    p = min(
        _above(len(z) * squared, z.shape[1]),
        _either_side(z.square().sum(), z.numel()),
        _kolmogorov(gap, z.numel()),
    )
    return GaussianTests(squared.sqrt().item(), z.square().mean().item(), gap, min(1.0, 3 * p))


def aggregated_moments(mean: Tensor, std: Tensor) -> Moments:
    """Moments of the mixture of N(mean, std²) over images, (N, D) each; exact, nothing is drawn."""
    centre = mean.double().mean(dim=0)
    deviations = mean.double() - centre
    within = std.double().square().mean(dim=0).diag()
    covariance = deviations.T @ deviations / len(mean) + within  # (D, D)
    spread = covariance.diagonal().sqrt()
    # Of two Gaussians with the same variances, what correlations add is −½ log det of them.
    correlation = covariance / spread.outer(spread)
    kl = gaussian_kl(centre, spread).sum() - torch.linalg.slogdet(correlation)[1] / 2
    return Moments(
        centre.norm().item(), spread.min().item(), spread.max().item(), max(0.0, kl.item())
    )


def chance_moments(std: Tensor, generator: torch.Generator) -> Moments:
    """What `aggregated_moments` finds of few images even where the prior is met exactly.

    The means are drawn so that, with these standard deviations, (N, D), a mixture of endlessly many
    would be N(0, I). Averages over `REPEATS` draws.
    """
    spread = (1 - std.double().square().mean(dim=0)).clamp(min=0).sqrt()  # (D,)
    draws = torch.randn(REPEATS, *std.shape, generator=generator, dtype=torch.float64)
    found = [aggregated_moments(spread * each, std) for each in draws]
    return Moments(
        *(sum(each) / REPEATS for each in zip(*map(dataclasses.astuple, found), strict=True))
    )


def _above(value: Tensor, degrees: int) -> float:
    """P(χ² ≥ value)."""
    half = torch.tensor(degrees / 2, dtype=torch.float64)
    return torch.special.gammaincc(half, value / 2).item()


def _either_side(value: Tensor, degrees: int) -> float:
    """How rarely χ² strays as far, to either side."""
    above = _above(value, degrees)
    return 2 * min(above, 1 - above)


def _gap(numbers: Tensor) -> float:
    """The largest difference of the numbers' distribution function from the normal one."""
    normal = torch.special.ndtr(numbers.sort().values)
    steps = torch.arange(len(normal) + 1, dtype=torch.float64) / len(normal)
    return torch.maximum(steps[1:] - normal, normal - steps[:-1]).max().item()


def _kolmogorov(gap: float, count: int) -> float:
    """P(a gap at least as large) for `count` numbers.

    Reference: Stephens (1970), https://doi.org/10.1111/j.2517-6161.1970.tb00821.x, for the
    correction that makes the limit law good from a few numbers on.
    """
    root = math.sqrt(count)
    scaled = gap * (root + 0.12 + 0.11 / root)
    if scaled < 0.2:
        return 1.0  # where the alternating series has not settled
    terms = ((-1) ** (k - 1) * math.exp(-2 * (k * scaled) ** 2) for k in range(1, 101))
    return min(1.0, max(0.0, 2 * sum(terms)))

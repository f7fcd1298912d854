"""Holes of a latent space: places that one would deal a code from, but where no image's code is.

Whoever generates deals a code at random. Is the deal spread as the images' codes are, then it lands
as near to one of them as they are to one another; how often it does not can be counted, whatever
the scale of the space is.
"""

import torch
from torch import Tensor

FAMILIAR = 0.95  # of all images have another image's code within reach


def reach(codes: Tensor) -> float:
    """The distance within which 95 % of codes, (N, D), have the nearest other one."""
    distances = torch.cdist(codes, codes).fill_diagonal_(torch.inf)  # (N, N)
    return distances.amin(dim=1).quantile(FAMILIAR).item()


def hole_share(dealt: Tensor, codes: Tensor) -> float:
    """The share of dealt codes without an image's code within reach.

    About 5 % where both are spread alike, up to 100 % where they have nothing in common.

    Args:
        dealt: (M, D).
        codes: one of each image, (N, D).
    """
    return (torch.cdist(dealt, codes).amin(dim=1) > reach(codes)).float().mean().item()


def fitted_codes(codes: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Draws of the Gaussian with the mean and covariance of codes: (N, D) → (count, D).

    What one would try with a model that has no prior.
    """
    deviations = codes - codes.mean(dim=0)
    # A factor of the covariance is enough, and the QR's is there for degenerate ones, too.
    factor = torch.linalg.qr(deviations)[1] / (len(codes) - 1) ** 0.5  # (D, D)
    noise = torch.randn(count, len(factor), generator=generator)
    return codes.mean(dim=0) + noise @ factor

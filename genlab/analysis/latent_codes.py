"""What the dimensions of a code are used for, measured on images."""

from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.analysis.elbo import USED, gaussian_kl
from genlab.core.protocols import Encoder, LatentVariableModel

CHUNK = 64  # images encoded at once
LEAST_SPREAD = 0.01  # of a code's number over images; below, an autoencoder does not use it


@dataclass(frozen=True, eq=False)
class Dimensions:
    """The numbers of a code, over a set of images.

    Attributes:
        use: how much each says about the images, (D,): the mean KL in nats where there is a
            posterior, else the standard deviation of the code.
        unit: of `use`.
        low, high: between which the codes of these images lie, (D,) each.
        least: below this use, a dimension is called unused.
    """

    use: Tensor
    unit: str
    low: Tensor
    high: Tensor
    least: float

    @property
    def order(self) -> Tensor:
        """Dimensions, the most used first, (D,) int64."""
        return self.use.argsort(descending=True, stable=True)

    @property
    def is_used(self) -> Tensor:
        """(D,) bool."""
        return self.use >= self.least


@torch.inference_mode()
def measure_dimensions(model: Encoder, images: Tensor) -> Dimensions:
    """Encode images, (N, C, H, W) in [0, 1], and see what each dimension is used for."""
    parts = [model.encode(part) for part in images.split(CHUNK)]
    mean = torch.cat([part[0] for part in parts])  # (N, D)
    low, high = mean.amin(dim=0), mean.amax(dim=0)
    if isinstance(model, LatentVariableModel):
        std = torch.cat([part[1] for part in parts])
        return Dimensions(gaussian_kl(mean, std).mean(dim=0), "nats", low, high, USED)
    return Dimensions(mean.std(dim=0), "standard deviation", low, high, LEAST_SPREAD)

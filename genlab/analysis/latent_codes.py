"""What the dimensions of a code are used for, measured on images or on codes of the prior."""

from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.analysis.elbo import USED, gaussian_kl
from genlab.core.protocols import Encoder, LatentPrior, LatentVariableModel

CHUNK = 64  # images encoded at once
LEAST_SPREAD = 0.01  # of a code's number over images; below, an autoencoder does not use it
LEAST_EFFECT = 0.5  # grey levels; nobody sees half a level
CODES = 24  # of the prior, on which effects are measured
GREY_LEVELS = 255


@dataclass(frozen=True, eq=False)
class Dimensions:
    """The numbers of a code, over a set of images, or over codes where nothing encodes images.

    Attributes:
        use: how much each says about the images, (D,): the mean KL in nats where there is a
            posterior, else the standard deviation of the code, or without an encoder its effect
            on the decoded picture.
        unit: of `use`.
        low, high: between which the codes lie, (D,) each.
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


@torch.inference_mode()
def measure_effects(model: LatentPrior) -> Dimensions:
    """See what each dimension does to pictures: no encoder is needed.

    The effect of a dimension is the root mean square change of a pixel, in grey levels of 255, when
    this number alone moves by one standard deviation of the prior, over all pixels of
    `CODES` pictures. The order of dimensions in a GAN means nothing by itself.
    """
    codes = model.sample_prior(CODES, torch.Generator().manual_seed(0))  # (CODES, D)
    before = model.decode(codes)
    steps = torch.eye(model.latent_dim).to(codes)
    changes = [(model.decode(codes + step) - before).square().mean() for step in steps]
    effect = GREY_LEVELS * torch.stack(changes).sqrt()
    low, high = codes.amin(dim=0), codes.amax(dim=0)
    return Dimensions(effect, "grey levels", low, high, LEAST_EFFECT)

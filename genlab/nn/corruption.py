"""What a denoising autoencoder learns to undo.

Reference: Vincent et al. (2010), Stacked Denoising Autoencoders, JMLR 11, 3371–3408,
https://jmlr.org/papers/v11/vincent10a.html
"""

from collections.abc import Callable

import torch
from torch import Tensor


def add_gaussian_noise(images: Tensor, level: float, generator: torch.Generator) -> Tensor:
    """x + level · ε with ε ~ N(0, 1), any shape; not clipped, so values leave [0, 1]."""
    noise = torch.randn(images.shape, generator=generator, device=generator.device)
    return images + level * noise.to(images.device)


def drop_pixels(images: Tensor, level: float, generator: torch.Generator) -> Tensor:
    """Each pixel is 0 with probability `level`, else as it was; any shape.

    Unlike dropout inside a network, what is kept is not scaled up.
    """
    kept = torch.rand(images.shape, generator=generator, device=generator.device) >= level
    return images * kept.to(images.device)


CORRUPTIONS: dict[str, Callable[[Tensor, float, torch.Generator], Tensor]] = {
    "gaussian": add_gaussian_noise,
    "dropout": drop_pixels,
}
"""By name: images in [0, 1], a level in [0, 1], a generator → images of the same shape."""

"""The luck of a run: every image has a generator of its own.

So an image depends neither on its batch nor on how many draws its neighbours took, and all samplers
begin with the same x_T: it is the first draw.
"""

import torch
from torch import Tensor

from genlab.core.errors import InputError
from genlab.core.images import ImageSpec
from genlab.inference.latent import MAX_SEED, interpolate_codes

MOST_IMAGES = 512  # in one run


class ImageNoise:
    """Standard Gaussian noise for a batch, draw after draw; image i has the seed `seed + i`.

    Raises:
        InputError: a seed outside [0, 2³² − 1], or too few or too many images.
    """

    def __init__(self, spec: ImageSpec, seed: int, count: int) -> None:
        if not 1 <= count <= MOST_IMAGES:
            raise InputError(f"A run has from 1 to {MOST_IMAGES} images, got {count}. Change it.")
        if not 0 <= seed <= MAX_SEED - count + 1:
            raise InputError(
                f"The seed must be from 0 to {MAX_SEED - count + 1}, got {seed}. Change it."
            )
        self._shape = spec.shape
        self._generators = [torch.Generator().manual_seed(seed + i) for i in range(count)]

    def draw(self) -> Tensor:
        """(B, C, H, W) float64; torch's own float32 numbers, so that anyone can draw them again."""
        return torch.stack(
            [torch.randn(self._shape, generator=each) for each in self._generators]
        ).double()


def interpolate_noise(start: Tensor, end: Tensor, count: int) -> Tensor:
    """Noise on the arc from one to another, (C, H, W) each → (count, C, H, W), both included.

    On the straight line between them it would be too quiet: less variance than the network knows.
    """
    path = interpolate_codes(start.flatten(), end.flatten(), count, spherical=True)
    return path.unflatten(1, start.shape)

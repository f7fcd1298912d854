"""What a set of pictures is like: its grey levels, and what becomes of them in black and white."""

from dataclasses import dataclass

import torch
from torch import Tensor

BINS = 32  # of grey levels: 8 of 256 each

CLASS_COUNTS: dict[str, dict[str, tuple[int, ...]]] = {
    "mnist": {
        "train": (5824, 6637, 5859, 6039, 5751, 5322, 5824, 6161, 5748, 5835),
        "validation": (99, 105, 99, 92, 91, 99, 94, 104, 103, 114),
        "test": (980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009),
    },
    "fashion-mnist": {
        "train": (5898, 5899, 5911, 5892, 5909, 5891, 5894, 5893, 5895, 5918),
        "validation": (102, 101, 89, 108, 91, 109, 106, 107, 105, 82),
        "test": (1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000),
    },
}
"""Pictures of each class by split; the data sets do not come with the site, and a test counts."""


@dataclass(frozen=True)
class GreyLevels:
    """How the pixels of some pictures are spread over the 256 levels.

    Attributes:
        shares: of the pixels in each of `BINS` equal ranges of levels, from black to white.
        black: the share of pixels with level 0.
        white: with level 255.
        mean: level, from 0 to 255.
        images: how many were counted.
    """

    shares: tuple[float, ...]
    black: float
    white: float
    mean: float
    images: int

    @property
    def between(self) -> float:
        """The share of pixels that are neither: those that a binarisation decides about."""
        return 1 - self.black - self.white


def grey_levels(images: Tensor) -> GreyLevels:
    """Count the pixels of uint8 images, (N, C, H, W)."""
    counts = torch.bincount(images.flatten().long(), minlength=256).double()  # (256,)
    shares = counts / counts.sum()
    return GreyLevels(
        shares=tuple(shares.unflatten(0, (BINS, -1)).sum(dim=1).tolist()),
        black=shares[0].item(),
        white=shares[255].item(),
        mean=images.double().mean().item(),
        images=len(images),
    )

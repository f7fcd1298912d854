"""The orders in which the pixels of an image can be drawn.

One number names an order: with the skew s, positions of equal column + s·row form a front and are
drawn together, the fronts one after another. With s = width each front is one pixel, which is
raster order.
"""

import torch
from torch import Tensor


def skewed_fronts(height: int, width: int, skew: int) -> list[Tensor]:
    """The fronts in their order: each (n, 2) int64 rows and columns, the upper rows first."""
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    positions = torch.stack([rows, columns], dim=-1).flatten(0, 1)  # (H·W, 2)
    times = positions[:, 1] + skew * positions[:, 0]
    order = times.argsort(stable=True)
    _, counts = times[order].unique_consecutive(return_counts=True)
    return list(positions[order].split(counts.tolist()))

"""How different a handful of pictures are from one another."""

import torch
from torch import Tensor


def mean_pairwise_distance(images: Tensor) -> float:
    """Root mean square difference of a pixel between two of the images, a mean over all pairs.

    Args:
        images: (N, …) in [0, 1], at least two; black and white have the distance 1.
    """
    if len(images) < 2:
        raise ValueError(f"images must be at least two, got {len(images)}")
    flat = images.flatten(1).double()
    return (torch.pdist(flat).mean() / flat.shape[1] ** 0.5).item()

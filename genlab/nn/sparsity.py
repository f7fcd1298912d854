"""Penalties that make codes sparse; each prefers most units near 0, in its own way.

Reference: Ng (2011), Sparse autoencoder, CS294A lecture notes,
https://web.stanford.edu/class/cs294a/sparseAutoencoder.pdf
"""

import torch
from torch import Tensor

CLOSEST = 1e-6  # of an activity to 0 and 1, where its logarithm ends


def l1_penalty(codes: Tensor) -> Tensor:
    """Sum of |code| over units, mean over images: (B, D) → a scalar."""
    return codes.abs().sum(dim=1).mean()


def kl_penalty(activity: Tensor, target: float) -> Tensor:
    """KL of a coin with P(1) = target from one with P(1) = activity, in nats.

    Args:
        activity: a unit's mean code over images, in [0, 1], any shape; 0 and 1 give a large
            finite number.
        target: in (0, 1).

    Returns:
        The same shape; 0 where the activity is the target.

    Raises:
        ValueError: a target outside (0, 1).
    """
    if not 0 < target < 1:
        raise ValueError(f"target must be between 0 and 1, got {target}")
    activity = activity.clamp(CLOSEST, 1 - CLOSEST)
    wanted = torch.tensor(target, dtype=activity.dtype, device=activity.device)
    return wanted * (wanted / activity).log() + (1 - wanted) * ((1 - wanted) / (1 - activity)).log()


def squared_penalty(activity: Tensor, target: float) -> Tensor:
    """(activity − target)², for comparison: its gradient is weak where it matters."""
    return (activity - target) ** 2

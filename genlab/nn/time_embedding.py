"""What time is it: a number becomes waves of many lengths, as a clock has hands of many speeds.

Neighbouring steps get similar vectors and distant ones different vectors, at every scale at once;
the bare number t would be one huge input, and a table could not tell that 499 is near 500.

Reference: Vaswani et al. (2017), Attention Is All You Need, section 3.5,
https://arxiv.org/abs/1706.03762; here all sines come first, then all cosines.
"""

import math

import torch
from torch import Tensor, nn

SLOWEST = 10_000.0  # every wave is shorter than 2π times so many steps


def time_waves(t: Tensor, features: int) -> Tensor:
    """Sines, then cosines: (B,) of any numbers → (B, features) in [−1, 1], float32.

    Args:
        features: an even number.
    """
    if features < 2 or features % 2:
        raise ValueError(f"features must be even and at least 2, got {features}")
    half = features // 2
    frequencies = torch.exp(
        -math.log(SLOWEST) / half * torch.arange(half, dtype=torch.float32, device=t.device)
    )
    angles = t.float().unsqueeze(1) * frequencies  # (B, half)
    return torch.cat([angles.sin(), angles.cos()], dim=1)


class TimeEmbedding(nn.Module):
    """The waves through two dense layers: (B,) int64 → (B, outputs)."""

    def __init__(self, waves: int, outputs: int) -> None:
        super().__init__()
        self.waves = waves
        self.layers = nn.Sequential(
            nn.Linear(waves, outputs), nn.SiLU(), nn.Linear(outputs, outputs)
        )

    def forward(self, t: Tensor) -> Tensor:
        """See the class."""
        return self.layers(time_waves(t, self.waves).to(self.layers[0].weight.dtype))

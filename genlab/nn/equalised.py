"""The equalised learning rate: weights of size 1, multiplied by √(2 / inputs) whenever they run.

The factor is He's, the one that keeps the mean square of what passes through layers with ReLUs. As
a factor in `forward`, and not in the first weights alone, it makes the weights of all layers equal
in size, whatever their number of inputs. Adam moves every weight by about its learning rate, so a
step then means the same to every layer: that is what is equalised.

References: Karras et al. (2018), https://arxiv.org/abs/1710.10196, section 4.1; He et al. (2015),
https://arxiv.org/abs/1502.01852
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def he_scale(inputs: int) -> float:
    """√(2 / inputs), where `inputs` are all the numbers that one output reads.

    Raises:
        ValueError: there is no input.
    """
    if inputs < 1:
        raise ValueError(f"inputs must be at least 1, got {inputs}")
    return math.sqrt(2 / inputs)


class EqualisedLinear(nn.Module):
    """A linear layer with weights of N(0, 1), multiplied by `he_scale` at run time.

    Args:
        inputs: numbers of what comes in.
        outputs: numbers of what goes out.
        generator: deals the first weights; torch's own where there is none.
    """

    def __init__(self, inputs: int, outputs: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, generator=generator))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.scale = he_scale(inputs)

    def forward(self, x: Tensor) -> Tensor:
        """(…, inputs) → (…, outputs)."""
        return F.linear(x, self.weight * self.scale, self.bias)

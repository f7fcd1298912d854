"""The two players of the game in the plane, so small that a step takes a millisecond, and Adam."""

import math
from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genlab.nn.adversarial import group_deviations

LATENT = 2  # numbers of a code
WIDTH = 64  # units of each hidden layer
GROUP = 8  # points that the minibatch standard deviation compares


class Layer(nn.Module):
    """A linear layer that begins as He et al. (2015) say, https://arxiv.org/abs/1502.01852.

    torch's own begins with numbers from the global generator, which is everybody's.
    """

    def __init__(self, inputs: int, outputs: int, generator: torch.Generator) -> None:
        super().__init__()
        weight = torch.randn(outputs, inputs, generator=generator) * math.sqrt(2 / inputs)
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs) → (B, outputs)."""
        return F.linear(x, self.weight, self.bias)


class Discriminator(nn.Module):
    """2 → 64 → 64 → 1; the score of a point, and with minibatch std of its group, too."""

    def __init__(self, minibatch_std: bool, generator: torch.Generator) -> None:
        super().__init__()
        self.inner = nn.Sequential(Layer(2, WIDTH, generator), nn.LeakyReLU(0.2))
        self.minibatch_std = minibatch_std
        self.outer = nn.Sequential(
            Layer(WIDTH + minibatch_std, WIDTH, generator),
            nn.LeakyReLU(0.2),
            Layer(WIDTH, 1, generator),
        )

    def forward(self, points: Tensor) -> Tensor:
        """(B, 2) → (B,); with minibatch std, neighbours in the batch form a group."""
        features = self.inner(points)  # (B, 64)
        if self.minibatch_std:
            levels = group_deviations(features, GROUP)[:, None]
            features = torch.cat([features, levels], dim=1)  # (B, 65)
        return self.outer(features)[:, 0]

    def level(self, points: Tensor) -> Tensor | None:
        """What the minibatch std says of these points, the mean over groups; None without it."""
        return group_deviations(self.inner(points), GROUP).mean() if self.minibatch_std else None

    def alone(self, points: Tensor, level: Tensor | None) -> Tensor:
        """(B, 2) → (B,): each score of its own point, in a group as varied as `level` says."""
        features = self.inner(points)
        if level is not None:
            features = torch.cat([features, level.expand(len(points), 1)], dim=1)
        return self.outer(features)[:, 0]


def build_generator(generator: torch.Generator) -> nn.Sequential:
    """2 → 64 → 64 → 2: a code to a point."""
    return nn.Sequential(
        Layer(LATENT, WIDTH, generator),
        nn.ReLU(),
        Layer(WIDTH, WIDTH, generator),
        nn.ReLU(),
        Layer(WIDTH, 2, generator),
    )


class Adam:
    """Adam, of one network's parameters.

    torch.optim's is the same, to rounding; but its first step imports torch's compiler, a second
    and 80 MB of a server that compiles nothing.

    Reference: Kingma & Ba (2015), https://arxiv.org/abs/1412.6980
    """

    BETAS = (0.5, 0.99)
    EPSILON = 1e-8

    def __init__(self, parameters: Iterable[nn.Parameter], rate: float) -> None:
        self._parameters, self._rate, self._steps = list(parameters), rate, 0
        self._means = [torch.zeros_like(each) for each in self._parameters]
        self._squares = [torch.zeros_like(each) for each in self._parameters]

    def descend(self, loss: Tensor) -> None:
        """One step down the loss; no other parameter changes or gets a gradient."""
        slopes = torch.autograd.grad(loss, self._parameters)
        self._steps += 1
        first, second = (1 - beta**self._steps for beta in self.BETAS)
        with torch.no_grad():
            for parameter, slope, mean, square in zip(
                self._parameters, slopes, self._means, self._squares, strict=True
            ):
                mean.lerp_(slope, 1 - self.BETAS[0])
                square.mul_(self.BETAS[1]).addcmul_(slope, slope, value=1 - self.BETAS[1])
                spread = square.sqrt().div_(math.sqrt(second)).add_(self.EPSILON)
                parameter.addcdiv_(mean, spread, value=-self._rate / first)

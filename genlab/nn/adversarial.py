"""What two networks that play against each other need: losses, penalties, replay, minibatch std.

A critic gives scores, real numbers; for the losses with probabilities, σ(score) is the probability
that a picture is real. The recipes of the image GANs and the live game in two dimensions use the
same functions.

References: Goodfellow et al. (2014), https://arxiv.org/abs/1406.2661; Mao et al. (2017), least
squares, https://arxiv.org/abs/1611.04076; Arjovsky et al. (2017), https://arxiv.org/abs/1701.07875,
with Gulrajani et al. (2017), gradient penalty, https://arxiv.org/abs/1704.00028; Lim & Ye (2017),
hinge, https://arxiv.org/abs/1705.02894; Mescheder et al. (2018), R1,
https://arxiv.org/abs/1801.04406; Karras et al. (2018), minibatch standard deviation,
https://arxiv.org/abs/1710.10196; Shrivastava et al. (2017), replay of earlier pictures,
https://arxiv.org/abs/1612.07828
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

RECENT = 0.01  # weight of a batch in what `MinibatchStd` usually saw


@dataclass(frozen=True)
class AdversarialLoss:
    """What each of the two minimises; scores are (B,), results scalars.

    Attributes:
        critic: of scores of real and of generated pictures.
        generator: of scores of generated pictures.
    """

    critic: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor], Tensor]


def cross_entropy(real: Tensor, generated: Tensor) -> Tensor:
    """−log σ(real) − log(1 − σ(generated)), a mean each; log 4 where all σ are ½."""
    return F.softplus(-real).mean() + F.softplus(generated).mean()


LOSSES: dict[str, AdversarialLoss] = {
    # G minimises log(1 − σ(s)): no gradient where the critic is sure
    "minimax": AdversarialLoss(cross_entropy, lambda scores: -F.softplus(scores).mean()),
    # G minimises −log σ(s): the same fixed point, and a gradient where it is needed
    "non-saturating": AdversarialLoss(cross_entropy, lambda scores: F.softplus(-scores).mean()),
    "least squares": AdversarialLoss(
        lambda real, generated: ((real - 1) ** 2).mean() / 2 + (generated**2).mean() / 2,
        lambda scores: ((scores - 1) ** 2).mean() / 2,
    ),
    "Wasserstein": AdversarialLoss(
        lambda real, generated: generated.mean() - real.mean(), lambda scores: -scores.mean()
    ),
    "hinge": AdversarialLoss(
        lambda real, generated: F.relu(1 - real).mean() + F.relu(1 + generated).mean(),
        lambda scores: -scores.mean(),
    ),
}


def r1_penalty(critic: Callable[[Tensor], Tensor], real: Tensor) -> Tensor:
    """½ E|∇D(x)|² at real pictures, a scalar; multiply by γ.

    Args:
        critic: (B, …) to (B,). Scores of one picture alone, or else, as with minibatch deviation,
            the slope is that of the sum of all scores.
        real: (B, …).
    """
    return _squared_slopes(critic, real).mean() / 2


def gradient_penalty(
    critic: Callable[[Tensor], Tensor],
    real: Tensor,
    generated: Tensor,
    generator: torch.Generator | None = None,
) -> Tensor:
    """E(|∇D(x̂)| − 1)² between pairs of real and generated pictures, a scalar; multiply by λ."""
    share = torch.rand(len(real), generator=generator).to(real)
    share = share.view(-1, *[1] * (real.dim() - 1))
    between = torch.lerp(generated.detach(), real, share)
    return ((_squared_slopes(critic, between) + 1e-12).sqrt() - 1).square().mean()


def _squared_slopes(critic: Callable[[Tensor], Tensor], places: Tensor) -> Tensor:
    """|∇D|² of each, (B,), itself differentiable."""
    places = places.detach().requires_grad_()
    with torch.enable_grad():
        (slopes,) = torch.autograd.grad(critic(places).sum(), places, create_graph=True)
    return slopes.flatten(1).square().sum(dim=1)


class MinibatchStd(nn.Module):
    """Appends a channel that says how different the pictures of a group are: `group_deviations`.

    A critic that sees it notices when all pictures are alike. In evaluation mode that number is
    what it usually was in training, so that a picture is judged alone.

    Args:
        group: pictures that are compared; a batch must be a multiple of it, or smaller.
    """

    def __init__(self, group: int = 8) -> None:
        super().__init__()
        self.group = group
        self.register_buffer("usual", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, …) → (B, C + 1, …)."""
        if not self.training:
            return torch.cat([x, self.usual.to(x).expand(len(x), 1, *x.shape[2:])], dim=1)
        levels = group_deviations(x, self.group)
        self.usual.lerp_(levels.detach().mean().to(self.usual), RECENT)
        levels = levels.view(-1, *[1] * (x.dim() - 1))
        return torch.cat([x, levels.expand(-1, 1, *x.shape[2:])], dim=1)


def group_deviations(x: Tensor, group: int) -> Tensor:
    """How different the pictures of each one's group are, (B, C, …) → (B,).

    The standard deviation over the group of each feature at each place, then the mean of all these.

    Args:
        group: neighbours in the batch that are compared; the batch must be a multiple, or smaller.

    Raises:
        ValueError: it is neither.
    """
    size = min(group, len(x))
    if len(x) % size:
        raise ValueError(f"the batch must be a multiple of {size}, got {len(x)}")
    groups = x.unflatten(0, (-1, size))  # (B / size, size, C, …)
    deviation = (groups.var(dim=1, correction=0) + 1e-8).sqrt()
    return deviation.flatten(1).mean(dim=1).repeat_interleave(size)


class ReplayBuffer:
    """Keeps earlier generated pictures, so that the critic does not forget them.

    Args:
        capacity: pictures kept; new ones replace random old ones.
    """

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"capacity must be at least 1, got {capacity}")
        self.capacity = capacity
        self._kept: Tensor | None = None

    def __len__(self) -> int:
        return 0 if self._kept is None else len(self._kept)

    def mix(self, generated: Tensor, generator: torch.Generator, share: float = 0.5) -> Tensor:
        """The batch with about `share` of its pictures replaced by earlier ones; remembers it.

        Until the buffer is full the batch comes back as it is. Same shape, no gradients.
        """
        generated = generated.detach()
        if len(self) < self.capacity:
            room = self.capacity - len(self)
            kept = [generated[:room].clone()]
            self._kept = torch.cat(kept if self._kept is None else [self._kept, *kept])
            return generated
        swapped = torch.where(torch.rand(len(generated), generator=generator) < share)[0]
        places = torch.randperm(self.capacity, generator=generator)[: len(swapped)]
        swapped = swapped[: len(places)]
        mixed = generated.clone()
        mixed[swapped] = self._kept[places]
        self._kept[places] = generated[swapped]
        return mixed

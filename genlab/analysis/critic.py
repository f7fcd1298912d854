"""What a critic thinks of pictures: its opinion, and what would have to change for another one.

σ(score) is the opinion "this is real". The gradient of the score tells, pixel by pixel, what the
critic would rather see: a generator in training gets no other news of the real pictures.

A critic with minibatch standard deviation compares the pictures of a batch while it is trained;
later it judges each alone, and what its losses told is seen only in scores as training gives them.

Reference: Goodfellow et al. (2014), https://arxiv.org/abs/1406.2661
"""

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genlab.core.protocols import Critic
from genlab.nn.adversarial import MinibatchStd

UNDECIDED = 0.5  # an opinion above says "real"


@dataclass(frozen=True, eq=False)
class Step:
    """A picture moved along its gradient.

    Attributes:
        picture: (C, H, W) in [0, 1].
        score: that the critic gives it, measured.
        expected: score, were the critic a straight line from the picture on.
    """

    picture: Tensor
    score: float
    expected: float


@torch.inference_mode()
def opinions(critic: Critic, images: Tensor, labels: Tensor | None = None) -> Tensor:
    """σ(score), (B,) in [0, 1], of images, (B, C, H, W) in [0, 1]; labels where it has classes."""
    return critic.score(images, labels).sigmoid()


def group_size(network: nn.Module) -> int:
    """How many pictures it compares in training; 0 where it judges each picture alone."""
    return next((part.group for part in network.modules() if isinstance(part, MinibatchStd)), 0)


@torch.inference_mode()
def training_scores(network: Critic, images: Tensor, labels: Tensor | None = None) -> Tensor:
    """Scores, (B,), as training gives them: neighbours in the batch are compared, if ever.

    Args:
        network: a copy is used, for minibatch standard deviation remembers what it saw.
        images: (B, C, H, W) in [0, 1], B a multiple of `group_size`, or smaller.
        labels: (B,), for a network that knows classes.
    """
    return copy.deepcopy(network).train().score(images, labels)


def score_gradient(
    critic: Critic, images: Tensor, labels: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Scores, (B,), and ∂score/∂pixel, (B, C, H, W), of images, (B, C, H, W) in [0, 1].

    A gradient is the change of the score for a pixel that goes from black to white, as far as a
    straight line tells.
    """
    with torch.enable_grad():
        pixels = images.detach().clone().requires_grad_()
        scores = critic.score(pixels, labels)
        (gradient,) = torch.autograd.grad(scores.sum(), pixels)
    return scores.detach(), gradient


def step_along(
    critic: Critic, image: Tensor, gradient: Tensor, size: float, label: int | None = None
) -> Step:
    """The image, (C, H, W), moved up its gradient, or down for a negative size, and its new score.

    Args:
        gradient: (C, H, W).
        size: how far the most important pixel moves, as a share of the grey range; the others
            move in proportion, and none leaves [0, 1].
    """
    largest = gradient.abs().max().clamp(min=torch.finfo(gradient.dtype).tiny)
    moved = (image + size * gradient / largest).clamp(0, 1)
    labels = None if label is None else torch.tensor([label])
    with torch.inference_mode():
        before, after = (critic.score(each[None], labels).item() for each in (image, moved))
    return Step(moved, after, before + ((moved - image) * gradient).sum().item())

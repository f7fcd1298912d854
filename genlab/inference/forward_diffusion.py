"""The forward process: an image drowns in noise, in one jump or in many small steps.

Both have the same distribution at every t, which is why the training never walks the steps.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.core.frames import Frame
from genlab.core.noise_schedule import CLEAN, NoiseSchedule
from genlab.inference.image_noise import ImageNoise


@dataclass(frozen=True, eq=False)
class ForwardFrame(Frame):
    """After the small step `t`, which is the frame's `step` less 1.

    Attributes:
        x_t: (B, C, H, W) float64, not clipped.
    """

    x_t: Tensor
    t: int


def to_signal(images: Tensor) -> Tensor:
    """[0, 1] → [−1, 1] float64, centred like the noise."""
    return images.double() * 2 - 1


def to_images(x: Tensor) -> Tensor:
    """[−1, 1] → [0, 1] float32, clipped; gives back every float32 that `to_signal` got."""
    return ((x + 1) / 2).clamp(0, 1).float()


def add_noise(
    schedule: NoiseSchedule, x: Tensor, t: int, noise: Tensor, *, since: int = CLEAN
) -> Tensor:
    """The jump q(x_t | x_since): by default from the clean image.

    Args:
        x: (B, C, H, W) of the step `since`, a clean one in [−1, 1].
        noise: the same shape, N(0, I).
        since: at most t.
    """
    share = schedule.alpha_bar(t) / schedule.alpha_bar(since)
    return math.sqrt(share) * x + math.sqrt(1 - share) * noise


@torch.inference_mode()
def stream_forward(
    schedule: NoiseSchedule, images: Tensor, noise: ImageNoise
) -> Iterator[ForwardFrame]:
    """Small steps, one a frame: x_t = √(1 − β_t) · x_{t−1} + √β_t · z.

    Args:
        images: (B, C, H, W) in [0, 1].
    """
    x = to_signal(images)
    for t, beta in enumerate(schedule.betas.tolist()):
        x = math.sqrt(1 - beta) * x + math.sqrt(beta) * noise.draw()
        yield ForwardFrame(to_images(x), t + 1, schedule.steps, x, t)

"""Filling in with a denoiser that was never trained for it.

At every step, what is known is noised to that step and put in place of what the model made of it,
so that the model always sees a picture whose known part is right. Going back up a step and down
again (resampling) lets the invented part adapt to the known one.

Reference: Lugmayr et al. (2022), RePaint, https://arxiv.org/abs/2201.09865, with jumps of one step.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from genlab.core.errors import InputError
from genlab.core.frames import DiffusionFrame
from genlab.core.noise_schedule import spaced_steps
from genlab.core.protocols import Denoiser
from genlab.inference.diffusion import DEFAULTS, DiffusionSettings, Leg, legs, walk
from genlab.inference.forward_diffusion import add_noise, to_signal
from genlab.inference.image_noise import ImageNoise

MOST_ROUNDS = 10


@dataclass(frozen=True, eq=False)
class Known:
    """Pictures with holes.

    Attributes:
        images: (B, C, H, W) in [0, 1]; anything where they are not kept.
        kept: (B, C, H, W) bool.
    """

    images: Tensor
    kept: Tensor


def stream_inpainting(
    model: Denoiser,
    known: Known,
    noise: ImageNoise,
    settings: DiffusionSettings = DEFAULTS,
    *,
    labels: Tensor | None = None,
    rounds: int = 1,
) -> Iterator[DiffusionFrame]:
    """Invent what is not kept; in the last frame, kept pixels are what they were, to the bit.

    Args:
        noise: of as many images as `known` has.
        rounds: how often each step but the last is taken; above 1 costs so many times more.

    Raises:
        InputError: a setting out of range.
    """
    if not 1 <= rounds <= MOST_ROUNDS:
        raise InputError(f"Rounds must be from 1 to {MOST_ROUNDS}, got {rounds}. Change it.")
    clean = to_signal(known.images)

    def hold(x: Tensor, t: int) -> Tensor:
        return torch.where(known.kept, add_noise(model.schedule, clean, t, noise.draw()), x)

    path = in_rounds(legs(spaced_steps(model.schedule.steps, settings.steps)), rounds)
    return walk(model, noise.draw(), path, settings, noise=noise, labels=labels, hold=hold)


def in_rounds(path: list[Leg], rounds: int) -> list[Leg]:
    """Each leg so many times, the last once: what is clean is done."""
    return [leg for leg in path[:-1] for _ in range(rounds)] + path[-1:]


def shrink(images: Tensor, height: int, width: int) -> Known:
    """Pictures made smaller, in the middle; what surrounds them is to be invented.

    Args:
        images: (B, C, H, W) in [0, 1].
        height: of the small picture, from 1 to H.
        width: from 1 to W.

    Raises:
        InputError: a size out of range.
    """
    full_height, full_width = images.shape[-2:]
    if not (1 <= height <= full_height and 1 <= width <= full_width):
        raise InputError(
            f"The small picture has from 1 × 1 to {full_height} × {full_width} pixels, got "
            f"{height} × {width}. Change it."
        )
    small = F.interpolate(
        images, (height, width), mode="bilinear", antialias=True, align_corners=False
    ).clamp(0, 1)
    top, left = (full_height - height) // 2, (full_width - width) // 2
    rows, columns = slice(top, top + height), slice(left, left + width)
    canvas, kept = torch.zeros_like(images), torch.zeros_like(images, dtype=torch.bool)
    canvas[..., rows, columns], kept[..., rows, columns] = small, True
    return Known(canvas, kept)

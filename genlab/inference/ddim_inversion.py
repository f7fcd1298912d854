"""Which noise would have become this image? DDIM without luck, run backwards.

A step back down takes x_t to √ᾱ_s · x̂_0 + √(1 − ᾱ_s) · ε̂. With √ᾱ = cos θ that is a turn,

    x_s = cos(θ_t − θ_s) · x_t − sin(θ_t − θ_s) · v,    v = cos θ_t · ε̂ − sin θ_t · x̂_0,

where v is what the network sees in x_t (Salimans & Ho 2022, https://arxiv.org/abs/2202.00512,
appendix D). Solved for x_t it is an equation with x_t on both sides, since v depends on it. The
usual inversion takes v at x_s for it, and misses the way back by a little at every step. Here that
is only the first guess, which is put in again: the error shrinks by about θ_t − θ_s each time.
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from genlab.core.errors import InputError
from genlab.core.frames import DiffusionFrame
from genlab.core.noise_schedule import spaced_steps
from genlab.core.protocols import Denoiser
from genlab.inference.diffusion import DEFAULTS, DiffusionSettings, legs, with_guidance
from genlab.inference.diffusion_steps import Prediction, predict
from genlab.inference.forward_diffusion import to_images, to_signal

GUESSES = 3  # passes a step
MOST_GUESSES = 20
FEWEST_STEPS = 4  # a turn of more than 45° has no first guess


def stream_inversion(
    model: Denoiser,
    images: Tensor,
    settings: DiffusionSettings = DEFAULTS,
    *,
    labels: Tensor | None = None,
    guesses: int = GUESSES,
) -> Iterator[DiffusionFrame]:
    """From images up to x_T, which is the last frame's `mean`.

    `stream_diffusion` with x_start = x_T, the same settings and labels comes back to the images, if
    its sampler is ddim without luck and without clipping.

    Args:
        images: (B, C, H, W) in [0, 1].
        settings: of which `steps` and `guidance` are used.
        guesses: passes of the network a step.

    Raises:
        InputError: a setting out of range.
    """
    if not 1 <= guesses <= MOST_GUESSES:
        raise InputError(f"Guesses must be from 1 to {MOST_GUESSES}, got {guesses}. Change it.")
    if settings.steps < FEWEST_STEPS:
        raise InputError(
            f"The way up needs at least {FEWEST_STEPS} steps, got {settings.steps}. Change it."
        )
    path = legs(spaced_steps(model.schedule.steps, settings.steps))
    model, labels = with_guidance(model, labels, settings.guidance)
    return _climb(model, to_signal(images), path[::-1], labels, guesses)


@torch.inference_mode()
def _climb(
    model: Denoiser, x: Tensor, path: list[tuple[int, int]], labels: Tensor | None, guesses: int
) -> Iterator[DiffusionFrame]:
    for index, (t, t_before) in enumerate(path):
        turn = _angle(model.schedule.alpha_bar(t)) - _angle(model.schedule.alpha_bar(t_before))
        below, x_t = x, x
        for _ in range(guesses):
            seen = predict(model, x_t, t, labels, clip=False)
            x_t = (below + math.sin(turn) * _velocity(seen)) / math.cos(turn)
        x = x_t
        yield DiffusionFrame(
            to_images(x), index + 1, len(path), t_before, t,
            x_t=below, predicted_noise=seen.noise, x0_hat=seen.x0_hat, mean=x, std=0.0, z=None,
        )  # fmt: skip


def _angle(alpha_bar: float) -> float:
    """θ with cos θ = √ᾱ, exact at both ends."""
    return math.atan2(math.sqrt(1 - alpha_bar), math.sqrt(alpha_bar))


def _velocity(seen: Prediction) -> Tensor:
    signal, rest = math.sqrt(seen.alpha_bar), math.sqrt(1 - seen.alpha_bar)
    return signal * seen.noise - rest * seen.x0_hat

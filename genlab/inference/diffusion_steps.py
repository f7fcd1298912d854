"""One step back, by three rules: from x_t to x at any earlier step, given what the network sees.

Each rule says where the step leads without luck, and how much luck it adds. The noise in x_t and
the image x̂_0 behind it are one thing said twice: x_t = √ᾱ_t · x̂_0 + √(1 − ᾱ_t) · ε̂.
"""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.core.errors import InputError
from genlab.core.protocols import Denoiser


@dataclass(frozen=True, eq=False)
class Prediction:
    """What the network sees in x_t; tensors (B, C, H, W) float64.

    Attributes:
        alpha_bar: ᾱ_t.
        noise: ε̂.
        x0_hat: x̂_0.
    """

    alpha_bar: float
    x_t: Tensor
    noise: Tensor
    x0_hat: Tensor


@dataclass(frozen=True, eq=False)
class Move:
    """x becomes mean + std · z.

    Attributes:
        mean: (B, C, H, W) float64.
        std: 0 for a rule without luck.
    """

    mean: Tensor
    std: float = 0.0


StepRule = Callable[[Prediction, Prediction | None, float], Move]
"""What is seen now, what was seen in the step before (if any), and ᾱ where the step leads."""


def predict(
    model: Denoiser, x_t: Tensor, t: int, labels: Tensor | None = None, *, clip: bool = True
) -> Prediction:
    """Ask the network once.

    Args:
        x_t: (B, C, H, W) float64.
        clip: whether x̂_0 is held in [−1, 1], where images are; the noise is then what is left.
    """
    alpha_bar = model.schedule.alpha_bar(t)
    signal, rest = math.sqrt(alpha_bar), math.sqrt(1 - alpha_bar)
    noise = model.predict_noise(x_t, torch.full((len(x_t),), t), labels).to(x_t.dtype)
    x0_hat = (x_t - rest * noise) / signal
    if clip:
        x0_hat = x0_hat.clamp(-1, 1)
        noise = (x_t - signal * x0_hat) / rest
    return Prediction(alpha_bar, x_t, noise, x0_hat)


def ddpm_step(now: Prediction, before: Prediction | None, alpha_bar: float) -> Move:
    """Ancestral: mean and variance of q(x_next | x_t, x̂_0).

    Reference: Ho, Jain & Abbeel (2020), equations 6 and 7, https://arxiv.org/abs/2006.11239
    """
    kept = now.alpha_bar / alpha_bar  # 1 − β of this step, which may be a long one
    rest, rest_next = 1 - now.alpha_bar, 1 - alpha_bar
    mean = (
        math.sqrt(alpha_bar) * (1 - kept) / rest * now.x0_hat
        + math.sqrt(kept) * rest_next / rest * now.x_t
    )
    return Move(mean, math.sqrt((1 - kept) * rest_next / rest))


def ddim_step(
    now: Prediction, before: Prediction | None, alpha_bar: float, *, eta: float = 0.0
) -> Move:
    """Noise x̂_0 anew, with the noise that was found and a share of fresh one.

    Args:
        eta: 0 is without luck; 1 has the luck of the ancestral step.

    Reference: Song, Meng & Ermon (2021), equations 12 and 16, https://arxiv.org/abs/2010.02502
    """
    rest, rest_next = 1 - now.alpha_bar, 1 - alpha_bar
    std = eta * math.sqrt(rest_next / rest * (1 - now.alpha_bar / alpha_bar))
    found = math.sqrt(max(0.0, rest_next - std**2))
    return Move(math.sqrt(alpha_bar) * now.x0_hat + found * now.noise, std)


def dpm_solver_step(now: Prediction, before: Prediction | None, alpha_bar: float) -> Move:
    """DPM-Solver++ 2M: x̂_0 goes on along the line through its last two values. No luck.

    Time is λ = log(√ᾱ / √(1 − ᾱ)), in which x̂_0 changes smoothly. The very first step, with no
    value before, and the last one, which leads to λ = ∞, take x̂_0 as it is.

    Reference: Lu et al. (2022), algorithm 2, https://arxiv.org/abs/2211.01095
    """
    if alpha_bar == 1:
        return Move(now.x0_hat)
    h = _log_snr(alpha_bar) - _log_snr(now.alpha_bar)
    ahead = now.x0_hat
    if before is not None:
        h_before = _log_snr(now.alpha_bar) - _log_snr(before.alpha_bar)
        ahead = ahead + h / (2 * h_before) * (now.x0_hat - before.x0_hat)
    shrunk = math.sqrt((1 - alpha_bar) / (1 - now.alpha_bar))
    return Move(shrunk * now.x_t - math.sqrt(alpha_bar) * math.expm1(-h) * ahead)


def _log_snr(alpha_bar: float) -> float:
    """λ, half the logarithm of signal to noise."""
    return 0.5 * math.log(alpha_bar / (1 - alpha_bar))


SAMPLERS: dict[str, StepRule] = {
    "ddim": ddim_step,
    "ddpm": ddpm_step,
    "dpm-solver++": dpm_solver_step,
}

SAMPLER_NAMES = {"ddim": "DDIM", "ddpm": "DDPM", "dpm-solver++": "DPM-Solver++"}
"""As their papers write them."""


def choose_step(sampler: str, eta: float = 0.0) -> StepRule:
    """The rule of a name.

    Args:
        eta: of ddim; 0 for the others.

    Raises:
        InputError: no such sampler, η outside [0, 1], η for another sampler than ddim.
    """
    if sampler not in SAMPLERS:
        raise InputError(f"The sampler must be one of {', '.join(SAMPLERS)}, got {sampler!r:.60}.")
    if not 0 <= eta <= 1:  # nor is NaN
        raise InputError(f"The share of luck η must be from 0 to 1, got {eta}. Change it, then go.")
    if eta == 0:
        return SAMPLERS[sampler]
    if sampler != "ddim":
        raise InputError(
            f"The share of luck η is ddim's; {sampler} has none to choose, got {eta}. Choose the "
            "sampler ddim, or set η to 0."
        )
    return functools.partial(ddim_step, eta=eta)

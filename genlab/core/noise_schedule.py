"""How much noise an image has after t steps: x_t = √ᾱ_t · x_0 + √(1 − ᾱ_t) · ε, ε ~ N(0, I).

A step t takes x_{t−1} to √(1 − β_t) · x_{t−1} + √β_t · z, so that ᾱ_t is the product of all 1 − β
up to t. It is what is left of the signal's *variance*; of its amplitude, its root is. Steps count
from 0 as the network hears them: 0 is the first noise, −1 the image itself, T − 1 nearly all noise.

Everything is float64: in a cosine schedule the last ᾱ is near 1e-9, and x_0 is found by dividing by
its root. The schedules live here and not beside a network, because the vocabulary
(`genlab.core.protocols.Denoiser`), the samplers, the training and the pages all speak of them.

References: Ho, Jain & Abbeel (2020), https://arxiv.org/abs/2006.11239 (linear); Nichol & Dhariwal
(2021), https://arxiv.org/abs/2102.09672 (cosine); Salimans & Ho (2022),
https://arxiv.org/abs/2202.00512, and Hang et al. (2023), https://arxiv.org/abs/2303.09556 (weights
of the loss).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import torch
from torch import Tensor

from genlab.core.errors import InputError

FEWEST_STEPS, MOST_STEPS = 10, 4000
LARGEST_BETA = 0.999  # the cosine would end at 1, behind which there is no way back
LARGEST_OFFSET = 1.0
CLEAN = -1  # the step of an image without noise
LEAST_WEIGHT, MOST_WEIGHT = 1.0, 5.0  # of an error of x_0 in the loss


@dataclass(frozen=True, eq=False)
class NoiseSchedule:
    """T steps from an image to noise.

    Attributes:
        betas: (T,) float64 in (0, 1), the variance of the noise that each step adds; of what was
            there, as large a share goes.
    """

    betas: Tensor

    @property
    def steps(self) -> int:
        """T."""
        return len(self.betas)

    @cached_property
    def alpha_bars(self) -> Tensor:
        """(T,) what is left of the signal's variance; falls from nearly 1 towards 0."""
        return (1 - self.betas).cumprod(dim=0)

    @cached_property
    def snr(self) -> Tensor:
        """(T,) signal to noise, ᾱ / (1 − ᾱ), as variances."""
        return self.alpha_bars / (1 - self.alpha_bars)

    @cached_property
    def velocity_weights(self) -> Tensor:
        """(T,) what a squared error of v = √ᾱ · ε − √(1 − ᾱ) · x_0 counts in the loss.

        An error of x_0 counts SNR, which would be the loss of ε, but neither less than
        `LEAST_WEIGHT` (Salimans & Ho: else the noisiest steps, where the picture is decided, count
        nothing) nor more than `MOST_WEIGHT` (Hang et al.: else steps with hardly any noise, where
        x_0 is plain to see, drown the others). The same error is SNR + 1 times as large in v.
        """
        return self.snr.clamp(LEAST_WEIGHT, MOST_WEIGHT) / (self.snr + 1)

    @cached_property
    def posterior_variance(self) -> Tensor:
        """(T,) the variance of q(x_{t−1} | x_t, x_0); 0 at the last step back, t = 0."""
        before = torch.cat([self.alpha_bars.new_ones(1), self.alpha_bars[:-1]])
        return self.betas * (1 - before) / (1 - self.alpha_bars)

    def alpha_bar(self, t: int) -> float:
        """ᾱ of one step; 1 for the clean image, t = −1."""
        return 1.0 if t == CLEAN else self.alpha_bars[t].item()

    def amplitudes(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """√ᾱ_t and √(1 − ᾱ_t) for images: (B,) int64 → (B, 1, 1, 1) float64 each, on its device."""
        alpha_bars = self.alpha_bars.to(t.device)[t].view(-1, 1, 1, 1)
        return alpha_bars.sqrt(), (1 - alpha_bars).sqrt()


def cosine_schedule(
    steps: int = 1000, *, s: float = 0.008, largest: float = LARGEST_BETA
) -> NoiseSchedule:
    """ᾱ falls as cos², evenly slowly at both ends.

    Args:
        steps: T.
        s: offset that keeps the first steps from being too small to notice.
        largest: no β is larger.

    Raises:
        InputError: a value out of range.
    """
    _check_steps(steps)
    if not 0 <= s <= LARGEST_OFFSET:  # nor is NaN
        raise InputError(f"The offset s must be from 0 to {LARGEST_OFFSET:g}, got {s}. Change it.")
    if not 0 < largest <= LARGEST_BETA:
        raise InputError(
            f"The largest β must be above 0 and at most {LARGEST_BETA}, got {largest}. Change it."
        )
    share = torch.arange(steps + 1, dtype=torch.float64, device="cpu") / steps
    signal = ((share + s) / (1 + s) * (math.pi / 2)).cos() ** 2  # (T + 1,)
    return NoiseSchedule((1 - signal[1:] / signal[:-1]).clamp(max=largest))


def linear_schedule(
    steps: int = 1000, *, first: float = 1e-4, final: float = 0.02
) -> NoiseSchedule:
    """β grows evenly; ᾱ does not fall evenly for that.

    The defaults were chosen for T = 1000: with fewer steps, some signal is left at the end.

    Raises:
        InputError: a value out of range.
    """
    _check_steps(steps)
    if not 0 < first <= final <= LARGEST_BETA:
        raise InputError(
            f"The first and the final β must be above 0, in rising order and at most "
            f"{LARGEST_BETA}, got {first} and {final}. Change them."
        )
    return NoiseSchedule(torch.linspace(first, final, steps, dtype=torch.float64, device="cpu"))


def _check_steps(steps: int) -> None:
    if not FEWEST_STEPS <= steps <= MOST_STEPS:
        raise InputError(
            f"A schedule has from {FEWEST_STEPS} to {MOST_STEPS} steps, got {steps}. Change T."
        )


SCHEDULES: dict[str, Callable[..., NoiseSchedule]] = {
    "cosine": cosine_schedule,
    "linear": linear_schedule,
}


def spaced_steps(available: int, steps: int) -> list[int]:
    """`steps` of the steps available − 1 … 0, downwards, as even as whole numbers can be.

    The spacing is "trailing": it begins at the very last step, whose x_t is the pure noise that a
    sampler starts from, and ends some steps above 0 rather than at it.

    Reference: Lin et al. (2024), Common Diffusion Noise Schedules and Sample Steps are Flawed,
    section 3.3, https://arxiv.org/abs/2305.08891

    Raises:
        InputError: no step, or more than there are.
    """
    if not 1 <= steps <= available:
        raise InputError(
            f"The number of steps must be from 1 to {available}, got {steps}. Change it, then go."
        )
    return [round(Fraction(available * left, steps)) - 1 for left in range(steps, 0, -1)]

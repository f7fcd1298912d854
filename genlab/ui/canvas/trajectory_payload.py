"""What a run from noise to images sends to the browser: one string that only ever grows.

A JSON header on a line, then a line for every kept step: JSON of the step's own numbers, a bar, and
base64. That is x_t of all images as little-endian float32, then x̂_0 of all images in multiples of
`UNIT`, as little-endian signed integers of three bytes. What else a step has is linear in these and
follows in the browser, in float64: ε̂ = (x_t − √ᾱ_t · x̂_0) / √(1 − ᾱ_t), the mean by its weights, z
from the next step's x_t. So all numbers on the screen add up. Near pure noise, x̂_0 is a difference
of two numbers that agree in their first four digits: hence x_t in full and ε̂ not at all.

A long run sends some of its steps, evenly chosen. Then the next step's x_t is missing for z, and
the earlier x̂_0 for dpm-solver++: whichever is needed comes as a third block, like x̂_0.
"""

import base64
import json
from dataclasses import dataclass
from typing import Literal

import numpy as np
from torch import Tensor

from genlab.core.frames import DiffusionFrame

LARGEST_RUN = 1_500_000  # characters
MOST_KEPT = 64  # steps; more cannot be told apart on the slider
UNIT = 2.0**-20  # exact at −1 and 1, where x̂_0 is clipped; three bytes reach 8
LINE = 320  # characters of a step's own numbers, at most
_REACH = 2**23 - 1

Extra = Literal["", "z", "before"]
"""What each kept step needs beside x_t and x̂_0: nothing, its z, or the x̂_0 of the step before."""


@dataclass(frozen=True)
class Weights:
    """The mean of a step is this much of each."""

    x_t: float
    noise: float
    x0_hat: float
    before: float


@dataclass(frozen=True)
class Bill:
    """What the run has cost up to a step: passes of the network, images judged in them, seconds."""

    passes: int
    judged: int
    seconds: float


@dataclass(frozen=True)
class TrajectoryEncoder:
    """Writes one run.

    Attributes:
        run: names it; a new name makes the player start over.
        caption: stands under the pictures.
        sampler: a key of `genlab.inference.diffusion_steps.SAMPLERS`.
        eta: of ddim.
        rows, cols: of an image, which is grey.
        images: how many come into being together.
        seed: of the first image; the next ones follow.
        total: steps of the run.
        kept: those that are sent, counted from 1, rising.
        times: t of each kept step.
        alpha_bars: ᾱ of each kept step.
        extra: the third block, if any.
    """

    run: str
    caption: str
    sampler: str
    eta: float
    rows: int
    cols: int
    images: int
    seed: int
    total: int
    kept: tuple[int, ...]
    times: tuple[int, ...]
    alpha_bars: tuple[float, ...]
    extra: Extra

    def header(self) -> str:
        """The first line."""
        return json.dumps(vars(self), separators=(",", ":")) + "\n"

    def line(
        self,
        frame: DiffusionFrame,
        weights: Weights,
        alpha_bar_next: float,
        bill: Bill,
        before: Tensor | None = None,
    ) -> str:
        """A kept step, to be appended.

        Args:
            before: x̂_0 of the step before, (B, 1, H, W); None for the first step.

        Raises:
            ValueError: the pictures are not those that the header tells of.
        """
        shape = (self.images, 1, self.rows, self.cols)
        if tuple(frame.x_t.shape) != shape:
            raise ValueError(f"x_t must be {shape}, got {tuple(frame.x_t.shape)}")
        numbers = {
            "step": frame.step,
            "t": frame.t,
            "t_next": frame.t_next,
            "alpha_bar_next": alpha_bar_next,
            "std": frame.std,
            "weights": [weights.x_t, weights.noise, weights.x0_hat, weights.before],
            "passes": bill.passes,
            "judged": bill.judged,
            "seconds": round(bill.seconds, 3),
        }
        blocks = frame.x_t.numpy().astype("<f4").tobytes() + to_units(frame.x0_hat)
        if self.extra:
            blocks += to_units(frame.z if self.extra == "z" else before, shape)
        content = base64.b64encode(blocks).decode()
        return json.dumps(numbers, separators=(",", ":")) + "|" + content + "\n"


def to_units(values: Tensor | None, shape: tuple[int, ...] = ()) -> bytes:
    """Three bytes a value, the lowest first; zeros of a shape for None."""
    array = np.zeros(shape) if values is None else values.numpy()
    units = np.rint(array / UNIT).clip(-_REACH, _REACH).astype("<i4")
    return units.reshape(-1, 1).view(np.uint8)[:, :3].tobytes()


def plan_steps(total: int, *, pixels: int, extra_in_gaps: Extra) -> tuple[tuple[int, ...], Extra]:
    """Which steps of a run are sent, counted from 1, and what comes with each.

    The first and the last are among them, and between these every k-th, with the smallest k that
    keeps the run within `MOST_KEPT` and `LARGEST_RUN`.

    Args:
        pixels: of all images together.
        extra_in_gaps: what a step needs where its neighbours are not sent.
    """
    if total <= _room(pixels, 7):
        return tuple(range(1, total + 1)), ""
    most = max(2, _room(pixels, 10 if extra_in_gaps else 7))
    every = next(k for k in range(2, total + 1) if len(_every(total, k)) <= most)
    return _every(total, every), extra_in_gaps


def _every(total: int, k: int) -> tuple[int, ...]:
    return tuple(dict.fromkeys((*range(1, total + 1, k), total)))


def _room(pixels: int, each: int) -> int:
    """How many steps fit, with so many bytes a pixel."""
    line = 4 * -(-pixels * each // 3) + LINE
    return min(MOST_KEPT, (LARGEST_RUN - 4096) // line)

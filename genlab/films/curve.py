"""The scale of a validation curve, one for the page and the GIF."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

TOWERING = 2  # first values that may lie above the scale
CLEARLY = 4  # times the range of all the others
TICKS = 4  # about


@dataclass(frozen=True)
class CurveScale:
    """From `low` to `high`, both of them ticks."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def share(self, value: float) -> float:
        """0 at `low`, 1 at `high`."""
        return (value - self.low) / (self.high - self.low)


def curve_scale(values: Sequence[float]) -> CurveScale:
    """Round numbers around the values.

    An untrained network is so much worse than all later ones that a scale with it would show
    nothing else: then the first two values may lie above.
    """
    later = values[TOWERING:]
    is_towering = later and _range(values) > CLEARLY * _range(later)
    shown = later if is_towering else values
    step = round_step(max(_range(shown), 1e-3 * abs(max(shown)), 1e-6) / TICKS)
    first, last = math.floor(min(shown) / step), math.ceil(max(shown) / step)
    last = max(last, first + 1)
    ticks = tuple(round(index * step, 10) for index in range(first, last + 1))
    return CurveScale(ticks[0], ticks[-1], ticks)


def _range(values: Sequence[float]) -> float:
    return max(values) - min(values)


def round_step(least: float) -> float:
    """The smallest of 1, 2, 5, 10, … that is at least `least`."""
    unit = 10.0 ** math.floor(math.log10(least))
    return next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= 0.999 * least)

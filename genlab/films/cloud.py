"""The cloud of a film: where the network puts images that never change, on one scale throughout.

A scale for each moment would hide the two things to see: how far the codes spread, and that a
strong prior keeps them together.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genlab.films.curve import round_step

Cloud = Sequence[Sequence[float]]

AXES = 2
MOST = 98  # percentile of a moment's distances that is no straggler's
STRAYS = 1.25  # times that far; who strays farther goes to the edge
MARGIN = 1.05  # around the others
LEAST = 1e-3  # a reach of untrained codes, which lie in one point
STEPS = 20  # about, from edge to edge; each edge lies on a round number


@dataclass(frozen=True)
class CloudScale:
    """A square map with the origin in its middle.

    Attributes:
        reach: from the middle to each edge.
    """

    reach: float

    def place(self, dot: Sequence[float]) -> tuple[float, float]:
        """Shares of the map from its left and its top; beyond the edge is on it."""
        x, y = (min(max(number / self.reach, -1), 1) for number in dot)
        return (1 + x) / 2, (1 - y) / 2

    def is_beyond(self, dot: Sequence[float]) -> bool:
        """Whether `place` had to move it."""
        return max(map(abs, dot)) > self.reach


def cloud_scale(clouds: Sequence[Cloud]) -> CloudScale:
    """One scale for all moments, with all dots that do not stray far from the others.

    Args:
        clouds: at least one, each with at least one dot.
    """
    reach = max(LEAST, *(MARGIN * _farthest(cloud) for cloud in clouds))
    step = round_step(reach * 2 / STEPS)
    return CloudScale(round(math.ceil(reach / step) * step, 10))


def _farthest(cloud: Cloud) -> float:
    """From the origin, along an axis, of the dots that do not stray."""
    distances = np.abs(np.array(cloud)).max(axis=1)  # (N,)
    return min(distances.max().item(), STRAYS * np.percentile(distances, MOST).item())


def spread(cloud: Cloud) -> tuple[float, float]:
    """Standard deviation of the dots along each axis."""
    across, up = np.array(cloud).std(axis=0).tolist()
    return across, up


def class_mark(names: Sequence[str], name: str) -> str:
    """A name of one letter or digit marks itself, if all are that short; else its number does."""
    return name if all(len(each) == 1 for each in names) else str(names.index(name))


def check_cloud(cloud: Cloud, dots: int, index: int) -> None:
    """Raise a `ValueError` unless moment `index` has so many dots of two finite numbers."""
    if len(cloud) != dots:
        raise ValueError(f"cloud {index} has {len(cloud)} dots instead of {dots}")
    for dot in cloud:
        if len(dot) != AXES or not all(map(math.isfinite, dot)):
            raise ValueError(f"cloud {index} has a dot that is not two finite numbers")

"""What a generator of points in the plane is to learn: points whose density is known exactly.

Every target is a mixture of equal round Gaussians: eight apart on a ring, or so many beside each
other that they make a line or the visitor's own stroke. So its density, and the density of its
blurred copy, are closed forms.

A target also says where it counts coverage: in modes for the ring, in square cells elsewhere. A
region is covered where generated points hold at least a quarter of the share that real points hold.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.core.errors import InputError

EXTENT = 2.0  # the map reaches from −2 to 2 in both directions
SPREAD = 0.06  # σ of each Gaussian
ENOUGH = 0.25  # of the real share: then a region counts as covered
MODES = 8
RADIUS = 1.2  # of the ring
REACH = 3 * SPREAD  # around a mode; 98.9 % of its real points lie there
CELL = 0.25  # side of a cell
FAINTEST = -60.0  # exponents below add nothing, but numbers near 0 are slow to compute with
FULL_ENOUGH = 0.2  # of the fullest cell; emptier ones are its rim and not counted
LINE = ((-1.3, -0.7), (1.3, 0.7))

MOST_CENTRES = 400  # of a drawing
MOST_CORNERS = 1200  # that a drawing may send
MOST_STROKES = 100

Stroke = Sequence[Sequence[float]]


@dataclass(frozen=True, eq=False)
class Regions:
    """Where coverage is counted.

    Attributes:
        name: what one is called, in the plural.
        centres: (K, 2).
        reach: from the centre to the edge.
        order: of the norm that measures it: 2 is a circle, infinity a square.
        shares: (K,), what real points hold.
    """

    name: str
    centres: Tensor
    reach: float
    order: float
    shares: Tensor

    def covered(self, points: Tensor) -> Tensor:
        """(K,) bool, from (N, 2) generated points."""
        distances = torch.cdist(points, self.centres, p=self.order)  # (N, K)
        return (distances <= self.reach).float().mean(dim=0) >= ENOUGH * self.shares


@dataclass(frozen=True, eq=False)
class Target:
    """A mixture of equal round Gaussians.

    Attributes:
        name: its place in `TARGETS`, or "drawing".
        centres: (K, 2).
        spread: σ of each.
        regions: where coverage is counted.
    """

    name: str
    centres: Tensor
    spread: float
    regions: Regions

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """(count, 2) points."""
        which = torch.randint(len(self.centres), (count,), generator=generator)
        noise = torch.randn(count, 2, generator=generator)
        return self.centres[which] + self.spread * noise

    def log_density(self, points: Tensor, blur: float = 0.0) -> Tensor:
        """(N, 2) → (N,); `blur` is the σ of a kernel that the density is convolved with."""
        return log_mixture(points, self.centres, math.hypot(self.spread, blur))


def log_mixture(points: Tensor, centres: Tensor, spread: float) -> Tensor:
    """log of the mean of round Gaussians around the centres, (N, 2), (K, 2) → (N,)."""
    # in place, since new memory costs more than the arithmetic on it
    exponents = torch.cdist(points, centres).square_().div_(-2 * spread**2)  # (N, K)
    most = exponents.amax(dim=1)
    near = exponents.sub_(most[:, None]).clamp_min_(FAINTEST).exp_().mean(dim=1)
    return most + near.log() - math.log(2 * math.pi * spread**2)


def ring() -> Target:
    """Eight Gaussians that no straight path joins."""
    angles = torch.arange(MODES) * (2 * math.pi / MODES)
    centres = RADIUS * torch.stack([angles.cos(), angles.sin()], dim=1)
    shares = torch.full((MODES,), 1 / MODES)
    return Target("ring", centres, SPREAD, Regions("modes", centres, REACH, 2.0, shares))


def line() -> Target:
    """A straight line, as Gaussians σ apart."""
    return _along("line", [LINE])


def drawing(strokes: object) -> Target:
    """What a visitor drew.

    Args:
        strokes: lists of corners [x, y]; comes from a browser, so anything is possible.

    Raises:
        InputError: nothing was drawn, too much, or something that is no drawing.
    """
    return _along("drawing", checked_strokes(strokes))


TARGETS = {"ring": ring, "line": line}
"""Targets that need nothing from the visitor, by name."""


def checked_strokes(strokes: object) -> list[Stroke]:
    """The strokes, if they are some, on the map and not too many.

    Raises:
        InputError: otherwise; an empty drawing is refused too.
    """
    if not isinstance(strokes, (list, tuple)) or not strokes:
        raise InputError("There is no drawing yet. Draw on the map first, then go.")
    if len(strokes) > MOST_STROKES or not all(isinstance(each, (list, tuple)) for each in strokes):
        raise InputError(_NO_DRAWING)
    corners = sum(len(stroke) for stroke in strokes)
    if not len(strokes) <= corners <= MOST_CORNERS or not all(strokes):
        raise InputError(_NO_DRAWING)
    if not all(_is_corner(corner) for stroke in strokes for corner in stroke):
        raise InputError(_NO_DRAWING)
    return list(strokes)


_NO_DRAWING = (
    f"The drawing has more than {MOST_STROKES} strokes or {MOST_CORNERS} corners, or is none. "
    "Clear it and draw a simpler one."
)


def _is_corner(corner: object) -> bool:
    return (
        isinstance(corner, (list, tuple))
        and len(corner) == 2
        and all(type(number) in (int, float) and abs(number) <= EXTENT for number in corner)
    )  # NaN is refused as well


def _along(name: str, strokes: Sequence[Stroke]) -> Target:
    """Gaussians along the strokes: σ apart, or farther where there is more to draw."""
    lengths = [_lengths(stroke) for stroke in strokes]
    total = sum(float(each[-1]) for each in lengths)
    apart = max(SPREAD, total / (MOST_CENTRES - len(strokes)))
    centres = torch.cat([_resampled(*each, apart) for each in zip(strokes, lengths, strict=True)])
    return Target(name, centres, SPREAD, _cells(centres))


def _lengths(stroke: Stroke) -> Tensor:
    """(corners,) the way from the first corner to each."""
    steps = torch.tensor(stroke, dtype=torch.float64).diff(dim=0).norm(dim=1)
    return torch.cat([torch.zeros(1, dtype=torch.float64), steps.cumsum(dim=0)])


def _resampled(stroke: Stroke, lengths: Tensor, apart: float) -> Tensor:
    """(n, 2) places along a stroke, evenly spaced; a dot is one place."""
    corners = torch.tensor(stroke, dtype=torch.float64)
    count = 1 + int(lengths[-1] / apart)
    ways = torch.linspace(0, float(lengths[-1]), count, dtype=torch.float64)
    after = torch.searchsorted(lengths, ways).clamp(1, max(1, len(corners) - 1))
    if len(corners) == 1:
        return corners.float()
    start, end = lengths[after - 1], lengths[after]
    share = (ways - start) / (end - start).clamp_min(1e-12)
    return torch.lerp(corners[after - 1], corners[after], share[:, None]).float()


def _cells(centres: Tensor) -> Regions:
    """The cells of the map that real points fill."""
    side = round(2 * EXTENT / CELL)
    middles = -EXTENT + CELL * (torch.arange(side) + 0.5)
    grid = torch.cartesian_prod(middles, middles)  # (side², 2)
    shares = _mass(grid, centres)
    counted = shares >= FULL_ENOUGH * shares.max()
    return Regions("cells", grid[counted], CELL / 2, math.inf, shares[counted])


def _mass(middles: Tensor, centres: Tensor) -> Tensor:
    """(K,) the share of real points in the cells around (K, 2) middles."""
    offsets = middles[:, None] - centres  # (K, centres, 2)
    below = torch.special.ndtr((offsets - CELL / 2) / SPREAD)
    above = torch.special.ndtr((offsets + CELL / 2) / SPREAD)
    return (above - below).prod(dim=2).mean(dim=1)

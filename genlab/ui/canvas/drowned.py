"""DrownedPicture: a picture under noise, which follows a slider over t at once.

The picture, one noise and the schedule are sent once; the browser adds them up, x_t = √ᾱ_t · x_0 +
√(1 − ᾱ_t) · ε, so a drag asks nothing of the server. What took many steps to compute (the walks and
the counts over many draws) arrives for some of the steps, and the browser looks up the nearest.

It knows numbers alone: what they mean to the page is decided where they are computed.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from genlab.ui.canvas.component import CanvasComponent
from genlab.ui.canvas.grid import to_hex

FINE = 1 / 4096  # of the one noise as it is sent, two bytes
COARSE = 1 / 20  # of a walk's noise, one signed byte: up to 6.35 standard deviations
SCRIPTS = ("drowned_charts", "drowned_pictures", "drowned_walk", "drowned_waves", "drowned")


@dataclass(frozen=True, eq=False)
class Course:
    """How a picture drowns.

    Attributes:
        key: tells this course from all others.
        name: of the schedule, for a sentence.
        betas: (T,) float64.
        alpha_bars: (T,) float64.
        noise: (rows, cols), ε of the picture that is shown.
        waves: (n, waves) in [−1, 1], the time encoding of every `stride`th step.
        stride: steps from one row of `waves` to the next.
    """

    key: str
    name: str
    betas: NDArray[np.float64]
    alpha_bars: NDArray[np.float64]
    noise: NDArray[np.floating]
    waves: NDArray[np.floating]
    stride: int


@dataclass(frozen=True, eq=False)
class Walk:
    """What small steps added to one picture.

    Attributes:
        key: of the course.
        kept: steps.
        noise: (K, rows, cols), at each of them, divided by √(1 − ᾱ_t).
    """

    key: str
    kept: Sequence[int]
    noise: NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Counted:
    """What many walks and many jumps have in common at the kept steps.

    Attributes:
        key: of the course.
        draws: walks, and as many jumps.
        low, high: ends of the histograms.
        means, variances: (3, K): of the walks, of the jumps, expected.
        histograms: (2, K, bins) shares of the pixels: of the walks, of the jumps.
    """

    key: str
    draws: int
    low: float
    high: float
    means: NDArray[np.floating]
    variances: NDArray[np.floating]
    histograms: NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Drowned:
    """A picture, (rows, cols) in [0, 1], and what was counted of it, if anything was."""

    picture: NDArray[np.floating]
    counted: Counted | None = None


class DrownedPicture(CanvasComponent):
    """Shows a `Drowned`; course and walk come as props: `gr.update(course=course_text(…))`.

    It sends no event and is never an event's input.
    """

    VALUE = "JSON: a picture, and counts over many draws"

    def __init__(
        self,
        value: Drowned | str | None = None,
        *,
        label: str,
        course: str = "",
        walk: str = "",
        rows: int = 28,
        cols: int = 28,
        size: int = 308,
        visible: bool | Literal["hidden"] = True,
        elem_id: str | None = None,
        elem_classes: list[str] | str | None = None,
        render: bool = True,
    ) -> None:
        """Declare a picture.

        Args:
            label: names it for screen readers and for its file.
            course: what `course_text` made; "" for none yet.
            walk: what `walk_text` made; "" for none yet.
            rows: cells from top to bottom.
            cols: cells from left to right.
            size: width of the picture in CSS pixels where there is room.
            visible: "hidden" hides it for a while; gradio 6.31 forgets the size of what is False.
            render: set by gradio when it rebuilds the component for an update.
        """
        self._declare(
            value,
            files="drowned",
            scripts=SCRIPTS,
            label=label,
            visible=visible,
            elem_id=elem_id,
            elem_classes=elem_classes,
            render=render,
            course=course,
            walk=walk,
            rows=rows,
            cols=cols,
            size=size,
        )

    def postprocess(self, value: Drowned | str | None) -> str:
        """What drowned.js reads; a text is taken for what this made before."""
        if value is None or isinstance(value, str):
            return value or ""
        if value.picture.shape != (self.rows, self.cols):
            raise ValueError(f"picture must be {(self.rows, self.cols)}, got {value.picture.shape}")
        counted = None if value.counted is None else _counted(value.counted)
        return json.dumps({"picture": to_hex(value.picture), "counted": counted})


def course_text(course: Course) -> str:
    """A course as JSON; the schedule's numbers whole, the rest as bytes."""
    return json.dumps(
        {
            "key": course.key,
            "name": course.name,
            "steps": len(course.betas),
            "betas": _text(course.betas.astype("<f8")),
            "alphaBars": _text(course.alpha_bars.astype("<f8")),
            "noise": _text(_steps(course.noise, FINE, "<i2")),
            "waves": _text(_steps(course.waves, 1 / 127, "i1")),
            "rows": course.waves.shape[1],
            "stride": course.stride,
        }
    )


def walk_text(walk: Walk) -> str:
    """A walk as JSON."""
    noise = _text(_steps(walk.noise, COARSE, "i1"))
    return json.dumps({"key": walk.key, "kept": list(walk.kept), "noise": noise})


def _counted(counted: Counted) -> dict[str, Any]:
    rounded = {
        name: np.round(getattr(counted, name).astype(np.float64), 5).tolist()
        for name in ("means", "variances", "histograms")
    }
    named = {name: getattr(counted, name) for name in ("key", "draws", "low", "high")}
    return named | rounded


def _steps(values: NDArray[np.floating], step: float, kind: str) -> NDArray[np.integer]:
    """As whole numbers of steps; what would be too large stays at the largest."""
    largest = np.iinfo(kind).max
    return np.rint(values / step).clip(-largest, largest).astype(kind)


def _text(values: NDArray[np.generic]) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()

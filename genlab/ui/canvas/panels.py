"""PicturePanels: pictures beside one another, grey, signed or of amounts, pointed at together.

What happened to a picture is seen by comparing it with itself, pixel by pixel: the cell under the
pointer is outlined in every picture, and its values stand in one line. A signed picture is blue,
white and vermilion with zero in the middle, over its scale; amounts are cividis from zero.
"""

import base64
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genlab.ui.canvas.component import CanvasComponent

REACH, LEVELS = 8.0, 65536  # of values as they are sent, two bytes each: a step is 1 / 4096
LIMITS = (
    0.1,
    0.2,
    0.3,
    0.5,
    0.7,
    1.0,
)  # of a signed picture's scale: few, so that it seldom changes
MOST = (0.5, 1.0, 2.0, 4.0, 8.0)  # of the scale of amounts, for the same reason


@dataclass(frozen=True)
class Panel:
    """A place for a picture.

    Attributes:
        title: stands above it; in the line of values, too.
        signed: whether its values are coloured by their sign.
        unit: of amounts from 0, which are coloured by their size; "" for a grey or signed picture.
    """

    title: str
    signed: bool = False
    unit: str = ""


@dataclass(frozen=True, eq=False)
class ShownPicture:
    """What stands in a panel.

    Attributes:
        values: (H, W) floats; grey pictures are clipped to [0, 1] where they are painted.
        note: stands below it.
    """

    values: NDArray[np.floating]
    note: str = ""


class PicturePanels(CanvasComponent):
    """Shows a list of `ShownPicture`, one a panel; None empties the panels.

    Event, with `selectable`: `select` (index [row, column]), a click or Enter on a pixel; listen to
    it with `trigger_mode="multiple"`. It is never an event's input.
    """

    VALUE = "JSON: a note, a limit and values per picture"

    def __init__(
        self,
        value: Sequence[ShownPicture] | str | None = None,
        *,
        label: str,
        panels: Sequence[Panel | dict[str, Any]],
        rows: int = 28,
        cols: int = 28,
        size: int = 224,
        selectable: bool = False,
        visible: bool = True,
        elem_id: str | None = None,
        elem_classes: list[str] | str | None = None,
        render: bool = True,
    ) -> None:
        """Declare the panels.

        Args:
            label: names them for screen readers and for their file.
            rows: cells from top to bottom.
            cols: cells from left to right.
            size: width of a picture in CSS pixels where there is room.
            selectable: whether a click on a pixel asks the server (`select`).
            render: set by gradio when it rebuilds the component for an update.
        """
        count = len(panels)
        self._declare(
            value,
            files="panels",
            scripts=("panels", "panels_words"),
            label=label,
            visible=visible,
            elem_id=elem_id,
            elem_classes=elem_classes,
            render=render,
            rows=rows,
            cols=cols,
            size=size,
            selectable=selectable,
            panels=[vars(each) if isinstance(each, Panel) else each for each in panels],
            count=count,
            narrow=count if count <= 3 else -(-count // 2),  # pictures in a row on a phone
            lines=1 if count <= 4 else 2,  # of a note, where there is room
        )

    def postprocess(self, value: Sequence[ShownPicture] | str | None) -> str:
        """What panels.js reads; a text is taken for what this made before."""
        if value is None or isinstance(value, str):
            return value or ""
        if len(value) > self.count:
            raise ValueError(f"there are {self.count} panels, got {len(value)} pictures")
        return json.dumps(
            [
                self._picture(each, MOST if panel.get("unit") else LIMITS)
                for each, panel in zip(value, self.panels, strict=False)
            ]
        )

    def _picture(self, shown: ShownPicture, limits: Sequence[float]) -> dict[str, Any]:
        if shown.values.shape != (self.rows, self.cols):
            raise ValueError(
                f"a picture must be {(self.rows, self.cols)}, got {shown.values.shape}"
            )
        reach = _reach(shown.values)
        steps = np.rint((shown.values.astype(np.float64) / reach + 1) * LEVELS / 2)
        return {
            "reach": reach,
            "note": shown.note,
            "limit": signed_limit(shown.values, limits),
            "values": base64.b64encode(steps.clip(0, LEVELS - 1).astype(">u2").tobytes()).decode(),
        }


def _reach(values: NDArray[np.floating]) -> float:
    """What a picture's values are sent between, on both sides of 0; seldom more than `REACH`."""
    reach, largest = REACH, float(np.abs(values).max(initial=0.0))
    while math.isfinite(largest) and reach < largest:
        reach *= 2
    return reach


def signed_limit(values: NDArray[np.floating], limits: Sequence[float] = LIMITS) -> float:
    """The end of the scale that holds all values: one of `limits`, or their largest size."""
    largest = float(np.abs(values).max(initial=0.0))
    return next((limit for limit in limits if largest <= limit), largest)

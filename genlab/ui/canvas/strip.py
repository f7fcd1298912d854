"""StripPlayer: paths of pictures, such as the way from one code to another, moved along together.

All rows arrive at once; scrubbing and playing ask nothing of the server.
"""

import json
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from genlab.ui.canvas.component import CanvasComponent
from genlab.ui.canvas.sheet import picture_sheet


@dataclass(frozen=True, eq=False)
class StripRow:
    """A path: what it is called, and its pictures (n, C, H, W) in [0, 1]."""

    name: str
    pictures: Tensor


@dataclass(frozen=True, eq=False)
class Strip:
    """Paths of the same length.

    Attributes:
        rows: from top to bottom, all pictures of one size.
        captions: of each position, a few words.
    """

    rows: list[StripRow]
    captions: list[str]

    def __post_init__(self) -> None:
        shapes = {tuple(row.pictures.shape) for row in self.rows}
        if len(shapes) != 1 or len(next(iter(shapes))) != 4:
            raise ValueError(f"rows must have pictures of one shape (n, C, H, W), got {shapes}")
        count = len(self.rows[0].pictures)
        if not count or len(self.captions) != count:
            raise ValueError(f"captions must be {count} and not 0, got {len(self.captions)}")


class StripPlayer(CanvasComponent):
    """Shows a `Strip`; None empties it. It sends no event and is never an event's input."""

    VALUE = "JSON: captions, and a sheet of pictures a row"

    def __init__(
        self,
        value: Strip | None = None,
        *,
        label: str,
        names: tuple[str, ...] = ("",),
        size: int = 168,
        lines: int = 1,
        visible: bool | Literal["hidden"] = True,
        elem_id: str | None = None,
        elem_classes: list[str] | str | None = None,
        render: bool = True,
    ) -> None:
        """Declare a player.

        Args:
            label: names the pictures for screen readers and for the file.
            names: of the rows to come; as many stand there empty, in their final size.
            size: width of the large pictures in CSS pixels where there is room.
            lines: of a caption where there is room, for which a place is kept.
            visible: "hidden" hides it for a while; gradio 6.31 forgets the size of what is False.
            render: set by gradio when it rebuilds the component for an update.
        """
        self._declare(
            value,
            files="strip",
            scripts=("strip",),
            label=label,
            visible=visible,
            elem_id=elem_id,
            elem_classes=elem_classes,
            render=render,
            size=size,
            lines=lines,
            names=list(names),
        )

    def postprocess(self, value: Strip | None) -> str:
        """What strip.js reads; "" for none."""
        return "" if value is None else strip_payload(value)


def strip_payload(strip: Strip) -> str:
    """A strip as JSON; each row's pictures lie below one another in its sheet."""
    *_, height, width = strip.rows[0].pictures.shape
    return json.dumps(
        {
            "width": width,
            "height": height,
            "captions": strip.captions,
            "rows": [
                {"name": row.name, "sheet": picture_sheet(row.pictures.unsqueeze(1))}
                for row in strip.rows
            ],
        }
    )

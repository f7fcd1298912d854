"""Multiples: small multiples, a row a setting and a column a beginning, such as a noise.

What a setting does is seen by comparing a column with itself: pointing at a picture frames its
column in all rows. The value is a text of lines to which a run only adds, so that gradio sends the
new end of it alone: a line of JSON says something new about one row, see `line`.
"""

import json
from collections.abc import Sequence
from typing import Literal

from torch import Tensor

from genlab.ui.canvas.component import CanvasComponent
from genlab.ui.canvas.sheet import picture_sheet

Mark = Literal["right", "wrong", ""]


def line(
    row: int,
    pictures: Tensor | None = None,
    *,
    title: str | None = None,
    figures: Sequence[str] | None = None,
    notes: Sequence[str] | None = None,
    marks: Sequence[Mark] | None = None,
    note: str | None = None,
) -> str:
    """What is new about a row, a piece of the value; what is left out stays as it was.

    Args:
        pictures: (n, C, H, W) in [0, 1].
        title: in place of the row's own.
        figures: texts, one a figure.
        notes: of each picture, a few words.
        marks: of each picture, a sign in its corner.
        note: under the title, such as how far the row is.
    """
    sheet = None if pictures is None else picture_sheet(pictures.unsqueeze(0))
    said = {"title": title, "sheet": sheet, "figures": figures, "notes": notes, "marks": marks,
            "note": note}  # fmt: skip
    known = {name: each for name, each in said.items() if each is not None}
    return json.dumps({"row": row, **known}) + "\n"


class Multiples(CanvasComponent):
    """Rows of pictures of a fixed size, filled by the lines of its value; "" empties them.

    It sends no event and is never an event's input.
    """

    VALUE = "lines of JSON, each about one row"

    def __init__(
        self,
        value: str = "",
        *,
        label: str,
        titles: Sequence[str],
        pictures: int,
        figures: Sequence[str] = (),
        plain: int = 0,
        across: int | None = None,
        column: str = "noise",
        hint: str = "Point at a picture to find its column in every row.",
        tile: int = 84,
        size: int = 980,
        visible: bool = True,
        elem_id: str | None = None,
        elem_classes: list[str] | str | None = None,
        render: bool = True,
    ) -> None:
        """Declare the rows.

        Args:
            label: names them for screen readers and for their file.
            titles: of the rows, from top to bottom.
            pictures: in a row.
            figures: what is said about every row but the first `plain` ones.
            plain: rows at the top without figures.
            across: pictures side by side; a row of more has several lines. All by default.
            column: what pictures in the same place of all rows have in common.
            hint: stands below while nothing is pointed at.
            tile: width of a picture in CSS pixels, at most.
            size: width of all in CSS pixels where there is room.
            render: set by gradio when it rebuilds the component for an update.
        """
        self._declare(
            value,
            files="multiples",
            scripts=("multiples", "multiples_file"),
            label=label,
            visible=visible,
            elem_id=elem_id,
            elem_classes=elem_classes,
            render=render,
            titles=list(titles),
            figures=list(figures),
            plain=plain,
            pictures=pictures,
            across=across or pictures,
            tile=tile,
            size=size,
            column=column,
            hint=hint,
        )

    def postprocess(self, value: str | None) -> str:
        """The lines as they are, of rows that exist."""
        for each in (value or "").splitlines():
            row = json.loads(each)["row"]
            if not 0 <= row < len(self.titles):
                raise ValueError(f"row must be from 0 to {len(self.titles) - 1}, got {row}")
        return value or ""

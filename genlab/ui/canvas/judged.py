"""JudgedSheet: pictures with an opinion under each, to look at or to mark.

A picture is judged in words and by a bar with a tick at one half. Where pictures can be marked, the
marks live in the browser and are an event's input, so what is sent is checked to the letter; what
stands under the pictures is told by the server alone, when it wants to.
"""

import json
from collections.abc import Sequence
from typing import Any, Literal, TypedDict

import gradio as gr

from genlab.ui.canvas.component import CanvasComponent
from genlab.ui.canvas.example_sheet import DATA_URL, read_groups

MARKED = "Marked"  # the only group of pictures


class Opinion(TypedDict):
    """What stands under a picture.

    Attributes:
        title: what it is.
        note: the opinion in words.
        share: of the bar, in [0, 1]; None for no bar.
        mark: "right", "wrong" or "", a sign in the corner and a frame.
    """

    title: str
    note: str
    share: float | None
    mark: Literal["right", "wrong", ""]


class JudgedSheet(CanvasComponent):
    """Pictures in rows and columns, each with an `Opinion`.

    Its value is the places of the marked pictures as JSON, `{"Marked": [0, 5]}`, row by row from 0;
    a handler gets and may return a list of places. Event: `input`, at every mark. For other
    pictures return `gr.update(value=…, sheet=…, opinions=…)`.
    """

    VALUE = "JSON: the places of the marked pictures"

    def __init__(
        self,
        value: str | Sequence[int] | None = None,
        *,
        label: str,
        sheet: str = "",
        opinions: Sequence[Opinion] = (),
        rows: int = 2,
        cols: int = 8,
        lines: int = 2,
        verb: str = "",
        size: int = 900,
        visible: bool | Literal["hidden"] = True,
        elem_id: str | None = None,
        elem_classes: list[str] | str | None = None,
        render: bool = True,
    ) -> None:
        """Declare a sheet.

        Args:
            label: names the pictures for screen readers and for their file.
            sheet: what `picture_sheet` made of rows · cols pictures; "" for empty frames.
            opinions: one a picture, or none yet; their place is kept.
            lines: of a note.
            verb: what a mark says, such as "real"; "" where nothing can be marked.
            size: width in CSS pixels where there is room.
            visible: "hidden" hides it for a while; gradio 6.31 forgets the size of what is False.
            render: set by gradio when it rebuilds the component for an update.
        """
        if sheet and not sheet.startswith(DATA_URL):
            raise ValueError(f"sheet must begin with {DATA_URL}, got {sheet[:30]!r}")
        self._declare(
            value,
            files="judged",
            scripts=("judged", "judged_file"),
            label=label,
            visible=visible,
            elem_id=elem_id,
            elem_classes=elem_classes,
            render=render,
            sheet=sheet,
            opinions=list(opinions),
            rows=rows,
            cols=cols,
            lines=lines,
            verb=verb,
            size=size,
        )

    def preprocess(self, payload: Any) -> list[int]:  # noqa: ANN401
        """The places of the marked pictures that the browser sent.

        Raises:
            gr.Error: not places of this sheet.
        """
        count = self.rows * self.cols
        try:
            return read_groups(payload, (MARKED,), count, most=count)[MARKED]
        except ValueError as error:
            raise gr.Error(
                f"The marks did not arrive whole: {error}. Mark a picture again.",
                print_exception=False,
            ) from error

    def postprocess(self, value: str | Sequence[int] | None) -> str:
        """JSON of places; JSON is checked, None marks nothing."""
        count = self.rows * self.cols
        text = value if isinstance(value, str) else json.dumps({MARKED: list(value or [])})
        return json.dumps(read_groups(text, (MARKED,), count, most=count))

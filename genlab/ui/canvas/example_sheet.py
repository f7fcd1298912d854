"""ExampleSheet: the shipped examples to click on, one of them or some for each of several groups.

The choice is made in the browser; the component is an event's input, so what it sends is checked
to the letter.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import gradio as gr

from genlab.ui.canvas.component import CanvasComponent

DATA_URL = "data:image/png;base64,"
LONGEST = 2000  # characters of a choice; a hundred numbers need 400

Groups = dict[str, list[int]]


class ExampleSheet(CanvasComponent):
    """A sheet of pictures, of which each group takes up to `most`; one more replaces the oldest.

    Its value is JSON, `{"A": [30, 31], "B": []}`, the places of the chosen pictures in the sheet,
    row by row from 0; a picture is in one group at most. A handler gets and may return the dict.
    Event: `input`, at every click that changes the choice. For another sheet return
    `gr.update(value=…, sheet=…, names=…)`.
    """

    VALUE = "JSON: group → places of its pictures"

    def __init__(
        self,
        value: str | Mapping[str, Sequence[int]] | None = None,
        *,
        label: str,
        sheet: str = "",
        names: Sequence[str] = (),
        rows: int = 10,
        cols: int = 10,
        groups: Sequence[str] = ("Chosen",),
        most: int = 1,
        size: int = 320,
        visible: bool | Literal["hidden"] = True,
        elem_id: str | None = None,
        elem_classes: list[str] | str | None = None,
        render: bool = True,
    ) -> None:
        """Declare a sheet.

        Args:
            label: names the sheet for screen readers.
            sheet: what `picture_sheet` made of rows · cols pictures; "" for empty frames.
            names: of the rows, such as classes.
            groups: their names; of several, a letter each, and three have colours of their own.
            most: pictures in a group.
            size: width in CSS pixels where there is room.
            visible: "hidden" hides it for a while; gradio 6.31 forgets the size of what is False.
            render: set by gradio when it rebuilds the component for an update.
        """
        if sheet and not sheet.startswith(DATA_URL):
            raise ValueError(f"sheet must begin with {DATA_URL}, got {sheet[:30]!r}")
        self._declare(
            value,
            files="example_sheet",
            scripts=("example_sheet",),
            label=label,
            visible=visible,
            elem_id=elem_id,
            elem_classes=elem_classes,
            render=render,
            sheet=sheet,
            names=list(names),
            groups=list(groups),
            rows=rows,
            cols=cols,
            most=most,
            size=size,
        )

    def preprocess(self, payload: Any) -> Groups:  # noqa: ANN401
        """The choice that the browser sent.

        Raises:
            gr.Error: not a choice from this sheet.
        """
        try:
            return read_groups(payload, self.groups, self.rows * self.cols, most=self.most)
        except ValueError as error:
            raise gr.Error(
                f"The choice did not arrive whole: {error}. Click the picture again.",
                print_exception=False,
            ) from error

    def postprocess(self, value: str | Mapping[str, Sequence[int]] | None) -> str:
        """JSON of a choice; JSON is checked, None chooses nothing."""
        text = value if isinstance(value, str) else json.dumps(dict(value or {}))
        count = self.rows * self.cols
        return json.dumps(read_groups(text, self.groups, count, most=self.most))


def read_groups(text: object, groups: Sequence[str], count: int, *, most: int) -> Groups:
    """The choice in a JSON text, with every group in it.

    Args:
        text: what somebody sent; "" and None choose nothing.
        count: of the pictures in the sheet.
        most: pictures in a group.

    Raises:
        ValueError: not JSON, another group, too many, or no different places from 0 to count − 1.
    """
    if text is None or text == "":
        return {group: [] for group in groups}
    if not isinstance(text, str) or len(text) > LONGEST:
        raise ValueError("it is no short text")
    try:
        sent = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError("it is no JSON") from error
    if not isinstance(sent, dict) or not set(sent) <= set(groups):
        raise ValueError(f"it must have the groups {', '.join(groups)}")
    if not all(isinstance(places, list) and len(places) <= most for places in sent.values()):
        raise ValueError(f"each group must be a list of at most {most}")
    every = [place for places in sent.values() for place in places]
    if not all(type(place) is int and 0 <= place < count for place in every):
        raise ValueError(f"pictures are counted from 0 to {count - 1}")
    if len(set(every)) != len(every):
        raise ValueError("a picture can be chosen once")
    return {group: sent.get(group, []) for group in groups}

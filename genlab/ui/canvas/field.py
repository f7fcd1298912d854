"""FieldView: what a masked network sees, in several views that move together in the browser.

The tables of all architectures are sent once, with the stage. Every view of the same bench looks
up the field of the target under the pointer, so that hovering asks nothing of the server.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal

import gradio as gr

from genlab.ui.canvas.component import CanvasComponent
from genlab.ui.canvas.grid import STATES

View = Literal["stage", "film", "pair", "predict", "breaks", "weights", "flip", "race"]

_BASE = ("marks", "field_rules", "field_bench", "field_grid", "field_words")
_SCRIPTS: dict[View, tuple[str, ...]] = {
    "stage": ("field_stage",),
    "film": ("field_masks", "field_film"),
    "pair": ("field_pair",),
    "predict": ("field_why", "field_predict"),
    "breaks": ("field_breaks",),
    "weights": ("field_weights",),
    "flip": ("field_flip",),
    "race": ("field_race",),
}
_MOST_SENT = 1000  # characters of a choice


class FieldView(CanvasComponent):
    """One view of a bench; the stage holds the choice that all views follow.

    The stage's value is a JSON object: `architecture`, `kernel`, `layers`, `size`, `compare` and,
    once it was held, `target` as [row, column]. A handler gets it as a dict, unchecked: a visitor
    can send anything. Event: `chosen`, when a view or the stage changed the choice.
    """

    VALUE = "JSON of the choice: see ui/canvas/field.py"

    def __init__(
        self,
        value: str = "",
        *,
        view: View,
        label: str,
        bench: str,
        tables: Mapping[str, Any] | str = "",
        size: int = 420,
        visible: bool = True,
        elem_id: str | None = None,
        elem_classes: list[str] | str | None = None,
        render: bool = True,
    ) -> None:
        """Declare a view.

        Args:
            value: the choice, for the stage alone.
            view: which one.
            label: names it for screen readers.
            bench: views of the same name share choice and target; a page has one stage a bench.
            tables: for the stage alone, see `genlab.ui.lessons.mask_tables`.
            size: width of a large grid in CSS pixels where there is room.
            render: set by gradio when it rebuilds the component for an update.
        """
        self._declare(
            value,
            files=f"field_{view}",
            scripts=(*_BASE, *_SCRIPTS[view]),
            styles=("field",),
            label=label,
            visible=visible,
            elem_id=elem_id,
            elem_classes=elem_classes,
            render=render,
            view=view,
            bench=bench,
            tables=tables if isinstance(tables, str) else json.dumps(tables),
            size=size,
            states=list(STATES),
        )

    def preprocess(self, payload: Any) -> dict[str, Any]:  # noqa: ANN401
        """The choice as it was sent.

        Raises:
            gr.Error: no JSON object.
        """
        try:
            choice = json.loads(str(payload)[:_MOST_SENT])
        except ValueError:
            choice = None
        if not isinstance(choice, dict):
            raise gr.Error(
                "The choice did not arrive whole. Reload the page and try again.",
                print_exception=False,
            )
        return choice

    def postprocess(self, value: str | None) -> str:
        """The choice as it is."""
        return value or ""

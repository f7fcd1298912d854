"""PixelPlayer: watch a run, one pixel at a time, with what the model thought at each.

The picture, the distribution, the map of doubt and the player are one component, so that they
move in the same moment. The server sends what it computed as fast as it can; pause, step, scrub
and speed belong to the browser and ask nothing of the server.
"""

from typing import Any

import gradio as gr

from genlab.ui.canvas.source import markup, script, stylesheet


class PixelPlayer(gr.HTML):
    """Plays a payload (`genlab.ui.canvas.payload`).

    Events: `branch` (`gr.EventData` with `run` and `position`, the number of positions to keep)
    and, with `selectable`, `select` (`gr.SelectData`, index [image, row, column], value the
    level). It is never an event's input: its whole value would be uploaded.
    Listen to `select` with `trigger_mode="multiple"`, for the reason given at `PixelCanvas`.
    """

    def __init__(
        self,
        value: str = "",
        *,
        label: str,
        rows: int = 28,
        cols: int = 28,
        placeholder: str = "",
        size: int = 392,
        selectable: bool = False,
        visible: bool = True,
        elem_id: str | None = None,
        elem_classes: list[str] | str | None = None,
        render: bool = True,
    ) -> None:
        """Declare a player.

        Args:
            value: a payload; "" shows the empty stage with `placeholder`.
            label: names the picture for screen readers.
            rows: of the first run, so that the stage has its size before anything arrives.
            cols: as `rows`.
            placeholder: what the empty stage says.
            size: width of the stage in CSS pixels where there is room.
            selectable: whether a click on a pixel also asks the server (`select`).
            render: set by gradio when it rebuilds the component for an update.
        """
        super().__init__(
            value=value,
            label=label,
            html_template=markup("player"),
            css_template=stylesheet(),
            js_on_load=script("grid", "player_run", "player_views", "player_stage", "player"),
            apply_default_css=False,
            visible=visible,
            elem_id=elem_id,
            elem_classes=elem_classes,
            render=render,
            rows=rows,
            cols=cols,
            placeholder=placeholder,
            size=size,
            selectable=selectable,
        )
        # Gradio takes an unset attribute that our script names in quotes for an event of it.
        self.rows, self.cols, self.placeholder = rows, cols, placeholder
        self.size, self.selectable = size, selectable

    def preprocess(self, payload: Any) -> None:  # noqa: ANN401
        """Refuse to be an input."""
        raise gr.Error("The player sends no picture back. Reload the page and try again.")

    def postprocess(self, value: str | None) -> str:
        """A payload as it is; None empties the stage."""
        return value or ""

    def api_info(self) -> dict[str, Any]:
        """What the API's description says about the value."""
        return {"type": "string", "description": "JSON header | hex: see ui/canvas/payload.py"}

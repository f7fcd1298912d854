"""TrajectoryPlayer: the way from noise to images, and one step of it opened to a pixel's numbers.

x_t, the noise that the network sees in it and the image that it sees behind it move together. The
server sends what it computed as fast as it can; play, pause and scrub belong to the browser.
"""

from typing import Any, Literal

import gradio as gr

from genlab.ui.canvas.source import markup, script, stylesheet


class TrajectoryPlayer(gr.HTML):
    """Plays a payload of `genlab.ui.canvas.trajectory_payload`; "" shows an empty stage.

    It sends no event and is never an event's input.
    """

    def __init__(
        self,
        value: str = "",
        *,
        label: str,
        rows: int = 28,
        cols: int = 28,
        placeholder: str = "",
        size: int = 252,
        visible: bool | Literal["hidden"] = True,
        elem_id: str | None = None,
        elem_classes: list[str] | str | None = None,
        render: bool = True,
    ) -> None:
        """Declare a player.

        Args:
            value: a payload, or "".
            label: names the pictures for screen readers and for the file.
            rows: of the first run, so that the pictures have their size before anything arrives.
            cols: as `rows`.
            placeholder: what the empty stage says.
            size: width of each of the three large pictures in CSS pixels where there is room.
            visible: "hidden" hides it for a while; gradio 6.31 forgets the size of what is False.
            render: set by gradio when it rebuilds the component for an update.
        """
        super().__init__(
            value=value,
            label=label,
            html_template=markup("trajectory"),
            css_template=stylesheet("trajectory"),
            js_on_load=script(
                *("grid", "trajectory_read", "trajectory_numbers", "trajectory_formula"),
                *("trajectory_views", "trajectory_words", "trajectory_controls", "trajectory"),
            ),
            apply_default_css=False,
            visible=visible,
            elem_id=elem_id,
            elem_classes=elem_classes,
            render=render,
            rows=rows,
            cols=cols,
            placeholder=placeholder,
            size=size,
        )
        # Gradio takes an unset attribute that our script names in quotes for an event of it.
        self.rows, self.cols, self.placeholder, self.size = rows, cols, placeholder, size

    def preprocess(self, payload: Any) -> None:  # noqa: ANN401
        """Refuse to be an input."""
        raise gr.Error("The player sends no picture back. Reload the page and try again.")

    def postprocess(self, value: str | None) -> str:
        """A payload as it is; None empties the stage."""
        return value or ""

    def api_info(self) -> dict[str, Any]:
        """What the API's description says about the value."""
        return {"type": "string", "description": "JSON lines: see ui/canvas/trajectory_payload.py"}

"""TrajectoryPlayer: the way from noise to images, and one step of it opened to a pixel's numbers.

x_t, the noise that the network sees in it and the image that it sees behind it move together. The
server sends what it computed as fast as it can; play, pause and scrub belong to the browser.
"""

from typing import Literal

from genlab.ui.canvas.component import CanvasComponent


class TrajectoryPlayer(CanvasComponent):
    """Plays a payload of `genlab.ui.canvas.trajectory_payload`; "" shows an empty stage.

    It sends no event and is never an event's input.
    """

    VALUE = "JSON lines: see ui/canvas/trajectory_payload.py"

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
        self._declare(
            value,
            files="trajectory",
            scripts=(
                "trajectory_read",
                "trajectory_numbers",
                "trajectory_formula",
                "trajectory_views",
                "trajectory_words",
                "trajectory_controls",
                "trajectory",
            ),
            label=label,
            visible=visible,
            elem_id=elem_id,
            elem_classes=elem_classes,
            render=render,
            rows=rows,
            cols=cols,
            placeholder=placeholder,
            size=size,
        )

    def postprocess(self, value: str | None) -> str:
        """A payload as it is; None empties the stage."""
        return value or ""

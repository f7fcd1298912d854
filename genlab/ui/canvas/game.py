"""GameCanvas: two networks' game over points in the plane, as it is played.

A map shows generated and real points, what the discriminator thinks and where each generated point
is drawn to; beside it stand the courses of both losses and of coverage. On the same map a visitor
draws what the generator is to learn.
"""

from typing import Literal

from genlab.ui.canvas.component import CanvasComponent
from genlab.ui.canvas.game_payload import GamePicture, encode_picture

SIZE = 480


class GameCanvas(CanvasComponent):
    """Shows `GamePicture`s, one after another; None empties the map.

    Event: `drawn`, when a visitor ended a stroke, undid one or cleared all; its data has `strokes`,
    the whole drawing as lists of corners [x, y], from a browser. Listen with
    `trigger_mode="multiple"`, or the last one may be dropped.
    """

    VALUE = "JSON, a bar, and base64 of points and maps"

    def __init__(
        self,
        value: GamePicture | str | None = None,
        *,
        label: str,
        extent: float = 2.0,
        most_corners: int = 1000,
        size: int = SIZE,
        visible: bool | Literal["hidden"] = True,
        elem_id: str | None = None,
        elem_classes: list[str] | str | None = None,
        render: bool = True,
    ) -> None:
        """Declare the map and the courses.

        Args:
            label: names the map for screen readers and for its file.
            extent: the map reaches from −extent to extent in both directions.
            most_corners: of a drawing; the pen is empty then.
            size: side of the map in CSS pixels where there is room; the axes come on top.
            render: set by gradio when it rebuilds the component for an update.

        Raises:
            ValueError: a map without an inside.
        """
        if not extent > 0:
            raise ValueError(f"extent must be positive, got {extent}")
        self._declare(
            value,
            files="game",
            scripts=(
                "marks",
                "plane_axes",
                "game_read",
                "game_map",
                "game_points",
                "game_course",
                "game_pen",
                "game_words",
                "game",
            ),
            label=label,
            visible=visible,
            elem_id=elem_id,
            elem_classes=elem_classes,
            render=render,
            extent=extent,
            most_corners=most_corners,
            size=size,
        )

    def postprocess(self, value: GamePicture | str | None) -> str:
        """What game_read.js reads; a text is taken for what this made before."""
        if value is None or isinstance(value, str):
            return value or ""
        return encode_picture(value)

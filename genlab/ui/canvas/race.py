"""RaceLanes: samplers that draw the same pictures side by side, each with its own clock.

Before the start every lane shows what all of them are given, a random number a pixel; drawing
replaces it. All moments stay in the browser: a slider sets all clocks back to any of them.
"""

from collections.abc import Sequence
from typing import TypedDict

from genlab.ui.canvas.component import CanvasComponent


class LaneWords(TypedDict):
    """What stands at a lane.

    Attributes:
        title: its name.
        text: what it does, in a line or two.
        step: what it counts, such as "fronts".
    """

    title: str
    text: str
    step: str


class RaceLanes(CanvasComponent):
    """Lanes of a fixed size, filled by the lines of its value, see `race_payload`; "" empties them.

    It sends no event and is never an event's input.
    """

    VALUE = "lines of JSON: a race, then a frame of a lane"

    def __init__(
        self,
        value: str = "",
        *,
        label: str,
        lanes: Sequence[LaneWords],
        size: int = 1000,
        visible: bool = True,
        elem_id: str | None = None,
        elem_classes: list[str] | str | None = None,
        render: bool = True,
    ) -> None:
        """Declare the lanes.

        Args:
            label: names them for screen readers and for their file.
            size: width of all in CSS pixels where there is room.
            render: set by gradio when it rebuilds the component for an update.
        """
        self._declare(
            value,
            files="race",
            scripts=("race", "race_paint", "race_replay"),
            label=label,
            visible=visible,
            elem_id=elem_id,
            elem_classes=elem_classes,
            render=render,
            lanes=list(lanes),
            count=len(lanes),
            size=size,
        )

    def postprocess(self, value: str | None) -> str:
        """The lines as they are."""
        return value or ""

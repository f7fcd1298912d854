"""PixelPlayer: watch a run, one pixel at a time, with what the model thought at each.

The picture, the distribution, the map of doubt and the player are one component, so that they
move in the same moment. The server sends what it computed as fast as it can; pause, step, scrub
and speed belong to the browser and ask nothing of the server.
"""

from genlab.ui.canvas.component import CanvasComponent


class PixelPlayer(CanvasComponent):
    """Plays a payload (`genlab.ui.canvas.payload`).

    Events: `branch` (`gr.EventData` with `run` and `position`, the number of positions to keep)
    and, with `selectable`, `select` (`gr.SelectData`, index [image, row, column], value the
    level). It is never an event's input: its whole value would be uploaded.
    Listen to `select` with `trigger_mode="multiple"`, for the reason given at `PixelCanvas`.
    """

    VALUE = "JSON header | hex: see ui/canvas/payload.py"

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
        self._declare(
            value,
            files="player",
            scripts=("player_run", "player_views", "player_stage", "player"),
            styles=(),
            label=label,
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

    def postprocess(self, value: str | None) -> str:
        """A payload as it is; None empties the stage."""
        return value or ""

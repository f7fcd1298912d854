"""DrawingCanvas: a grid to draw on, white on black as the models' own data.

It is an event's input, so what it sends is checked to the letter: a visitor can send anything.
"""

import re
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray

from genlab.ui.canvas.component import CanvasComponent
from genlab.ui.canvas.grid import check_hex, to_hex

_HEX = re.compile(r"[0-9a-f]*")


class DrawingCanvas(CanvasComponent):
    """A board for mouse, finger and keyboard.

    A handler gets (rows, cols) float32 in [0, 1], 0 where nothing is drawn. Event: `input`, after
    each stroke, undo and clear. A handler may return hex or an array as a new drawing.
    """

    VALUE = "hex of rows · cols bytes in raster order, or ''"

    def __init__(
        self,
        value: str | NDArray[np.generic] = "",
        *,
        label: str,
        rows: int = 28,
        cols: int = 28,
        size: int = 336,
        visible: bool = True,
        elem_id: str | None = None,
        elem_classes: list[str] | str | None = None,
        render: bool = True,
    ) -> None:
        """Declare a board.

        Args:
            value: the drawing at first, hex or an array; "" is an empty board.
            label: names the board for screen readers and for its file.
            rows: cells from top to bottom.
            cols: cells from left to right.
            size: width in CSS pixels where there is room.
            render: set by gradio when it rebuilds the component for an update.
        """
        self._declare(
            value,
            files="pen",
            scripts=("marks", "cells", "cells_words", "stroke", "pen"),
            styles=(),
            label=label,
            visible=visible,
            elem_id=elem_id,
            elem_classes=elem_classes,
            render=render,
            rows=rows,
            cols=cols,
            size=size,
        )

    def preprocess(self, payload: Any) -> NDArray[np.float32]:  # noqa: ANN401
        """(rows, cols) in [0, 1] of what the browser sent.

        Raises:
            gr.Error: not "" and not the hex of all cells.
        """
        shape = self.rows, self.cols
        if payload in (None, ""):
            return np.zeros(shape, np.float32)
        length = 2 * self.rows * self.cols
        if not isinstance(payload, str) or len(payload) != length or not _HEX.fullmatch(payload):
            raise gr.Error(
                "The drawing did not arrive whole. Press Clear, then draw it again.",
                print_exception=False,
            )
        cells = np.frombuffer(bytes.fromhex(payload), np.uint8).reshape(shape)
        return cells.astype(np.float32) / 255

    def postprocess(self, value: str | NDArray[np.generic] | None) -> str:
        """Hex of an array; hex is checked, None empties the board."""
        text = value if isinstance(value, str) else "" if value is None else to_hex(value)
        return check_hex(text, self.rows * self.cols, "value")

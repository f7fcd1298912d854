"""PixelCanvas: a picture as a grid of cells, with a state over each cell where there is one.

A state is shown by colour and mark together, and by hatching where cells are too small for marks.
The legend counts every state, so that what the colours say can also be read as numbers.
"""

from collections.abc import Sequence
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from genlab.ui.canvas.component import CanvasComponent


class CellState(TypedDict):
    """What a cell can be.

    Attributes:
        code: its byte in an overlay; 0 and 32 (a space) are no state and cannot be one.
        name: stands in the legend, the readout and the table.
        colour: any CSS colour.
        mark: a letter or sign, "○" and "◎" for a ring without and with a dot, "" for none.
        hatch: whether large cells are hatched too; small ones always are.
        pulse: whether its outline breathes, which reduced motion stills.
    """

    code: int
    name: str
    colour: str
    mark: str
    hatch: bool
    pulse: bool


def _state(
    letter: str, name: str, colour: str, mark: str, *, hatch: bool = False, pulse: bool = False
) -> CellState:
    return CellState(
        code=ord(letter), name=name, colour=colour, mark=mark, hatch=hatch, pulse=pulse
    )


# Okabe and Ito's colours, which every kind of colour vision tells apart. The code is the letter
# that the reference figures use, so a figure in text is an overlay: `figure.encode().hex()`.
STATES: tuple[CellState, ...] = (
    _state("#", "seen", "#0072B2", ""),
    _state("o", "target", "#F0E442", "○"),
    _state("x", "blind, for ever", "#D55E00", "×"),
    _state("?", "pending, needs depth", "#56B4E9", "?", hatch=True),
    _state("-", "lost on the way", "#E69F00", "–", hatch=True),
    _state(".", "future", "#A6A6A6", "·"),
    _state("!", "leak", "#CC79A7", "!", pulse=True),
    _state("@", "target, seen by itself", "#CC79A7", "◎", pulse=True),
    _state("p", "your paint", "#009E73", ":"),
)


def states(letters: str) -> list[CellState]:
    """The states with these letters, in this order, as a legend shows them."""
    by_letter = {chr(state["code"]): state for state in STATES}
    return [by_letter[letter] for letter in letters]


def to_hex(pixels: NDArray[np.generic]) -> str:
    """Cells in raster order as hex.

    Args:
        pixels: uint8 as it is; floats and booleans are grey or colour in [0, 1].
    """
    if pixels.dtype != np.uint8:
        pixels = np.rint(pixels.astype(np.float64).clip(0, 1) * 255).astype(np.uint8)
    return pixels.tobytes().hex()


def check_hex(text: str, length: int, name: str) -> str:
    """The text, if it is the hex of at most `length` bytes.

    Raises:
        ValueError: it is not.
    """
    if len(text) > 2 * length or len(text) % 2 or not set(text) <= set("0123456789abcdef"):
        raise ValueError(f"{name} must be lower-case hex of at most {length} bytes")
    return text


class PixelCanvas(CanvasComponent):
    """Shows a grid and says which cell is pointed at.

    Its value is hex in raster order, a byte a cell, or three with `channels=3`; a part of it is a
    partly drawn picture, "" an empty one. numpy arrays of (rows, cols) or (rows, cols, 3) are
    taken as well. Event: `select` (`gr.SelectData`, index [row, column], value the grey level or
    the colour). To change props with the value, return `gr.update(value=…, overlay=…)`, the
    overlay as hex (`to_hex`).

    Listen to `select` with `trigger_mode="multiple"`: "once" drops what comes while a handler
    runs, and "always_last" (gradio 6.31) repeats the first event's data instead of the last's.
    """

    VALUE = "hex of the cells in raster order"

    def __init__(
        self,
        value: str | NDArray[np.generic] = "",
        *,
        label: str,
        rows: int = 28,
        cols: int = 28,
        channels: int = 1,
        size: int = 392,
        overlay: str = "",
        states: Sequence[CellState] = STATES,
        visible: bool = True,
        elem_id: str | None = None,
        elem_classes: list[str] | str | None = None,
        render: bool = True,
    ) -> None:
        """Declare a grid.

        Args:
            value: hex or an array; see the class.
            label: names the picture for screen readers and for its file.
            rows: cells from top to bottom.
            cols: cells from left to right.
            channels: 1 for grey, 3 for red, green, blue.
            size: width in CSS pixels where there is room.
            overlay: hex of a state's code for each cell, raster order; "" for none.
            states: what the overlay's codes mean, in the order of the legend.
            render: set by gradio when it rebuilds the component for an update.
        """
        self._declare(
            value,
            files="cells",
            scripts=("marks", "cells", "cells_words", "pick"),
            styles=(),
            label=label,
            visible=visible,
            elem_id=elem_id,
            elem_classes=elem_classes,
            render=render,
            rows=rows,
            cols=cols,
            channels=channels,
            size=size,
            overlay=check_hex(overlay, rows * cols, "overlay"),
            states=list(states),
        )

    def postprocess(self, value: str | NDArray[np.generic] | None) -> str:
        """Hex of an array; hex is checked, None empties the grid."""
        text = value if isinstance(value, str) else "" if value is None else to_hex(value)
        return check_hex(text, self.rows * self.cols * self.channels, "value")

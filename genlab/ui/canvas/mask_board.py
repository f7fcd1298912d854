"""MaskBoard: a picture to erase parts of, for whatever invents what is missing.

What is erased is kept in mind, so that it can be restored; it looks like what was never drawn,
neither black nor white. The board is an event's input, so what it sends is checked to the letter.
"""

import re
from dataclasses import dataclass
from typing import Any, Literal

import gradio as gr
import numpy as np
from numpy.typing import NDArray

from genlab.ui.canvas.component import CanvasComponent
from genlab.ui.canvas.grid import to_hex

WIDEST_BRUSH = 5  # pixels; the buttons stand in mask_board.html
BAR = "|"  # between the picture and the mask
KEPT, ERASED = "1", "0"

_VALUE = re.compile(r"([0-9a-f]*)\|([01]*)")


@dataclass(frozen=True, eq=False)
class MaskedPicture:
    """A picture and which of its pixels are kept.

    Attributes:
        image: (rows, cols), uint8 or floats in [0, 1]; the erased pixels are there, too.
        kept: (rows, cols) bool.
    """

    image: NDArray[np.generic]
    kept: NDArray[np.bool_]

    def __post_init__(self) -> None:
        if self.image.ndim != 2 or self.image.shape != self.kept.shape:
            raise ValueError(
                "image and kept must have one shape (rows, cols), got "
                f"{self.image.shape} and {self.kept.shape}"
            )
        if self.kept.dtype != np.bool_:
            raise ValueError(f"kept must be bool, got {self.kept.dtype}")


class MaskBoard(CanvasComponent):
    """A picture with a brush that erases and restores, for mouse, finger and keyboard.

    A handler gets a `MaskedPicture`, its image float32. Event: `input`, after each stroke, preset
    and undo that changed the mask. A handler may return a `MaskedPicture`; None is black and kept.
    The value in the browser is the picture in hex, a bar, and a digit a pixel, 1 where it is kept:
    another picture under the same mask needs no server.
    """

    VALUE = "hex of rows · cols bytes, a bar, and rows · cols digits: 1 is kept"

    def __init__(
        self,
        value: MaskedPicture | str | None = None,
        *,
        label: str,
        rows: int = 28,
        cols: int = 28,
        size: int = 308,
        editable: bool = True,
        visible: bool | Literal["hidden"] = True,
        elem_id: str | None = None,
        elem_classes: list[str] | str | None = None,
        render: bool = True,
    ) -> None:
        """Declare a board.

        Args:
            value: what is on it at first.
            label: names the board for screen readers and for its file.
            rows: pixels from top to bottom.
            cols: pixels from left to right.
            size: width in CSS pixels where there is room.
            editable: whether there are tools; without them it shows what the server says.
            visible: "hidden" hides it for a while; gradio 6.31 forgets the size of what is False.
            render: set by gradio when it rebuilds the component for an update.
        """
        self._declare(
            value,
            files="mask_board",
            scripts=("mask_board", "stroke", "mask_board_tools", "mask_board_words"),
            label=label,
            visible=visible,
            elem_id=elem_id,
            elem_classes=elem_classes,
            render=render,
            rows=rows,
            cols=cols,
            size=size,
            editable=editable,
        )

    def preprocess(self, payload: Any) -> MaskedPicture:  # noqa: ANN401
        """What the browser sent.

        Raises:
            gr.Error: not a picture and a mask of this board.
        """
        try:
            return read_masked(payload, self.rows, self.cols)
        except ValueError as error:
            raise gr.Error(
                f"The erased picture did not arrive whole: {error}. Reload the page and erase "
                "again.",
                print_exception=False,
            ) from error

    def postprocess(self, value: MaskedPicture | str | None) -> str:
        """The value as text; a text is checked."""
        if isinstance(value, MaskedPicture):
            value = write_masked(value)
        return write_masked(read_masked(value, self.rows, self.cols))


def write_masked(masked: MaskedPicture) -> str:
    """A masked picture as the browser has it."""
    digits = (KEPT if kept else ERASED for kept in masked.kept.ravel().tolist())
    return to_hex(masked.image) + BAR + "".join(digits)


def read_masked(text: object, rows: int, cols: int) -> MaskedPicture:
    """The masked picture in a text that anybody may have sent, its image float32 in [0, 1].

    Args:
        text: "" and None are a black picture of which all is kept.

    Raises:
        ValueError: not the hex of all pixels, a bar and a 0 or 1 for each.
    """
    count = rows * cols
    if text is None or text == "":
        return MaskedPicture(np.zeros((rows, cols), np.float32), np.ones((rows, cols), bool))
    if not isinstance(text, str) or len(text) != 3 * count + len(BAR):
        raise ValueError(f"it is no text of {3 * count + len(BAR)} characters")
    found = _VALUE.fullmatch(text)
    if found is None or len(found[1]) != 2 * count:
        raise ValueError("it is no hex of all pixels, a bar and a 0 or 1 for each")
    image = np.frombuffer(bytes.fromhex(found[1]), np.uint8).reshape(rows, cols)
    kept = np.frombuffer(found[2].encode(), np.uint8).reshape(rows, cols) == ord(KEPT)
    return MaskedPicture(image.astype(np.float32) / 255, kept)

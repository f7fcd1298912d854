"""What a race sends to the browser: one string that only ever grows, a line of JSON a frame.

Gradio sends a string that starts with the previous one as its new tail alone. The first line is an
object about the whole race. Each further one is a list about one lane: its number, seconds, steps,
passes of the whole network, final pixels, how many of each image are final (or null where whatever
is drawn is), how it ended ("" while it runs), and the pixels that this frame changed: three bytes
each, where (two, big-endian) and the level, as base64. So the browser can show any moment again.
The browser itself adds "over" when the run behind it has ended, however it did.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

MOST_CELLS = 2**16  # that two bytes can tell apart
CELL = np.dtype([("place", ">u2"), ("level", "u1")])
NEVER = -1  # the level of a cell that was not sent yet

End = Literal["", "finished", "stopped"]


class RaceWriter:
    """Writes one race, line by line.

    Args:
        run: names the race; a new name makes the canvas start over.
        uniforms: (B, H, W) in [0, 1), shown where nothing is drawn.
        levels: values a pixel can have, 2 to 256.
        caption: what is drawn, in words.
        reasons: why a lane, by its number, cannot run.

    Raises:
        ValueError: levels that a byte cannot hold, or more pixels than two bytes can count.
    """

    def __init__(
        self,
        run: str,
        uniforms: NDArray[np.floating],
        *,
        levels: int,
        caption: str = "",
        reasons: Mapping[int, str] | None = None,
    ) -> None:
        if not 2 <= levels <= 256:
            raise ValueError(f"levels must be from 2 to 256, got {levels}")
        if uniforms.size > MOST_CELLS:
            raise ValueError(f"a race must have at most {MOST_CELLS} pixels, got {uniforms.size}")
        self._uniforms, self._levels = uniforms, levels
        self._run, self._caption, self._reasons = run, caption, reasons or {}
        self._sent: dict[int, NDArray[np.int16]] = {}  # of a lane: every cell's level, or NEVER

    def header(self) -> str:
        """The first line."""
        images, rows, cols = self._uniforms.shape
        noise = np.floor(self._uniforms * 256).astype(np.uint8).tobytes()
        content = {
            "run": self._run, "images": images, "rows": rows, "cols": cols, "levels": self._levels,
            "caption": self._caption, "reasons": {str(k): why for k, why in self._reasons.items()},
            "uniforms": base64.b64encode(noise).decode(),
        }  # fmt: skip
        return json.dumps(content) + "\n"

    def frame(
        self,
        lane: int,
        levels: NDArray[np.integer],
        there: NDArray[np.bool_],
        *,
        seconds: float,
        step: int,
        passes: int,
        pixels: int,
        final: Sequence[int] | None = None,
        end: End = "",
    ) -> str:
        """The next line about a lane.

        Args:
            levels: (B, H, W), what the lane shows.
            there: (B, H, W), where it shows anything; what was shown once stays there.
            pixels: how many are final in every image.
            final: of each image how many are, in raster order; None where all that is there is.
        """
        sent = self._sent.setdefault(lane, np.full(levels.size, NEVER, np.int16))
        (places,) = np.nonzero(there.ravel() & (levels.ravel() != sent))
        sent[places] = levels.ravel()[places]
        cells = np.empty(len(places), CELL)
        cells["place"], cells["level"] = places, sent[places]
        told = [lane, round(seconds, 4), step, passes, pixels, final, end]
        text = base64.b64encode(cells.tobytes()).decode()
        return json.dumps([*told, text], separators=(",", ":")) + "\n"

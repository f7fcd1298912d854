"""What a run sends to the browser: one string that only ever grows.

Gradio sends a string that starts with the previous one as its new tail alone, so a stream costs
what it draws. The string is a JSON header, a bar, and hex: a cell per pixel and image, step-major
(all images' first position, then all images' second one). A cell is the concatenation of its
fields, each a big-endian unsigned integer of so many bits, filled up with zeros to whole bytes;
value = integer · unit.

The order of the positions follows from the skew s: sorted by (c + s·r, r). Positions of equal
c + s·r form a front and are independent given all earlier ones. With s = cols every front is one
pixel, which is raster order.
"""

import json
import math
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genlab.ui.canvas.payload_cells import cell_fields, cell_type, read_cells, write_cells

_HEX = re.compile(r"(?:[0-9a-f]{2})*")
_TEXTS = ("run", "caption")
_NUMBERS = ("rows", "cols", "images", "levels", "skew", "start")


def front_order(rows: int, cols: int, skew: int) -> NDArray[np.int64]:
    """(rows · cols, 2) rows and columns in the order of drawing."""
    r, c = np.divmod(np.arange(rows * cols), cols)
    return np.stack((r, c), axis=1)[np.lexsort((r, c + skew * r))]


@dataclass(frozen=True)
class RunEncoder:
    """Writes one run.

    Attributes:
        run: names the run; a new name makes the player start over.
        images: how many images are drawn together.
        levels: values a pixel can have, 2 to 256.
        skew: s of the order, 1 to cols; cols is raster order.
        start: how many positions a branch kept; the player shows them at once.
        caption: stands under the picture.
        laws: from which positions on, in their order, pixels are drawn from something else than the
            model's own distribution, and its settings in words ("top-p 0.5"); "" is the model.
    """

    run: str
    rows: int
    cols: int
    images: int
    levels: int
    skew: int
    start: int = 0
    caption: str = ""
    laws: tuple[tuple[int, str], ...] = ()

    def __post_init__(self) -> None:
        for name, low, high in (
            ("rows", 1, math.inf),
            ("cols", 1, math.inf),
            ("images", 1, math.inf),
            ("levels", 2, 256),
            ("skew", 1, self.cols),
            ("start", 0, self.rows * self.cols),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name} must be from {low} to {high}, got {value}")
        starts = [start for start, _ in self.laws]
        if starts != sorted(set(starts)) or not all(0 <= each < self.positions for each in starts):
            raise ValueError(
                f"laws must start at ever later positions below {self.positions}, got {starts}"
            )

    @property
    def positions(self) -> int:
        """How many pixels an image has."""
        return self.rows * self.cols

    def header(self) -> str:
        """The JSON and its bar: the first thing of a run, sent once."""
        content = {name: getattr(self, name) for name in (*_TEXTS, *_NUMBERS, "laws")}
        content["fields"] = cell_fields(self.levels, self.images)
        text = json.dumps(content, separators=(",", ":"))
        return text.replace("|", "\\u007c") + "|"  # a caption may hold a bar, the JSON must not

    def cells(
        self,
        levels: NDArray[np.integer],
        entropies: NDArray[np.floating],
        surprises: NDArray[np.floating],
        probabilities: NDArray[np.floating],
    ) -> str:
        """The hex of the next n positions, to be appended.

        Args:
            levels: (B, n), the drawn ones, in front order.
            entropies: (B, n) bits.
            surprises: (B, n) bits, −log2 of the probability of the drawn level.
            probabilities: (B, n, levels).
        """
        shape = (self.images, levels.shape[-1])
        if not levels.shape == entropies.shape == surprises.shape == shape:
            raise ValueError(
                f"levels, entropies and surprises must be {shape}, got {levels.shape}, "
                f"{entropies.shape} and {surprises.shape}"
            )
        if probabilities.shape != (*shape, self.levels):
            raise ValueError(
                f"probabilities must be {(*shape, self.levels)}, got {probabilities.shape}"
            )
        values = (levels, entropies, surprises, probabilities)
        return write_cells(*(each.swapaxes(0, 1) for each in values)).tobytes().hex()


@dataclass(frozen=True, eq=False)
class DecodedRun:
    """A payload read back; n positions have arrived.

    Attributes:
        settings: the header, as the encoder that would write it again.
        positions: (n, 2) rows and columns in the order of drawing.
        levels: (B, n) int64.
        entropies: (B, n) bits.
        surprises: (B, n) bits.
        probabilities: (B, n, levels), or None where the run does not send them.
    """

    settings: RunEncoder
    positions: NDArray[np.int64]
    levels: NDArray[np.int64]
    entropies: NDArray[np.float64]
    surprises: NDArray[np.float64]
    probabilities: NDArray[np.float64] | None

    @property
    def is_complete(self) -> bool:
        """Whether every pixel has arrived."""
        return len(self.positions) == self.settings.positions

    def pictures(self) -> NDArray[np.int64]:
        """(B, rows, cols) levels, −1 where nothing has arrived."""
        pictures = np.full((self.settings.images, self.settings.rows, self.settings.cols), -1)
        pictures[:, self.positions[:, 0], self.positions[:, 1]] = self.levels
        return pictures


def decode(payload: str) -> DecodedRun:
    """Read a payload, whole or cut after any step.

    Raises:
        ValueError: not a payload; the text says what is wrong with it.
    """
    text, bar, hexadecimal = payload.partition("|")
    if not bar:
        raise ValueError("payload must hold a header, a bar and hex, found no bar")
    settings = _settings(text)
    if not _HEX.fullmatch(hexadecimal):
        raise ValueError("payload must be lower-case hex after the bar, two digits a byte")
    kind = cell_type(settings.levels, settings.images)
    content = bytes.fromhex(hexadecimal)
    if len(content) % (kind.itemsize * settings.images):
        raise ValueError(f"payload must hold whole steps, got {len(content)} bytes of cells")
    cells = np.frombuffer(content, kind).reshape(-1, settings.images).T  # (B, n)
    order = front_order(settings.rows, settings.cols, settings.skew)
    if cells.shape[1] > len(order):
        raise ValueError(f"payload must hold at most {len(order)} steps, got {cells.shape[1]}")
    levels, entropies, surprises, probabilities = read_cells(cells, settings.levels)
    if cells.size and levels.max() >= settings.levels:
        raise ValueError(f"levels must be below {settings.levels}, got {levels.max()}")
    positions = order[: cells.shape[1]]
    return DecodedRun(settings, positions, levels, entropies, surprises, probabilities)


def _settings(text: str) -> RunEncoder:
    """The header, refused unless it is exactly what an encoder writes."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the header must be JSON: {error}") from error
    keys = (*_TEXTS, *_NUMBERS, "laws", "fields")
    if not isinstance(content, dict) or set(content) != set(keys):
        raise ValueError(f"the header must have the keys {keys}")
    fields = content.pop("fields")
    content["laws"] = _laws(content["laws"])
    for name in _TEXTS:
        if type(content[name]) is not str:
            raise ValueError(f"{name} must be a text, got {content[name]!r}")
    for name in _NUMBERS:
        if type(content[name]) is not int:
            raise ValueError(f"{name} must be a whole number, got {content[name]!r}")
    settings = RunEncoder(**content)
    expected = [list(field) for field in cell_fields(settings.levels, settings.images)]
    if fields != expected:
        raise ValueError("fields must be those of the header's levels and images")
    return settings


def _laws(content: object) -> tuple[tuple[int, str], ...]:
    rows = content if isinstance(content, list) else [None]
    if not all(
        isinstance(row, list) and [type(each) for each in row] == [int, str] for row in rows
    ):
        raise ValueError(f"laws must be pairs of a whole number and a text, got {content!r}")
    return tuple((start, words) for start, words in rows)

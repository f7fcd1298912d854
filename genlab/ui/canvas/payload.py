"""What a run sends to the browser: one string that only ever grows.

Gradio sends a string that starts with the previous one as its new tail alone, so a stream costs
what it draws. The string is a JSON header, a bar, and hex: a cell per pixel and image, step-major
(all images' first position, then all images' second one). A cell is the concatenation of its
fields, each a big-endian unsigned integer; value = integer · unit.

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

Field = tuple[str, int, float]  # name, bytes, unit

FEW_LEVELS = 8  # up to here every image's distribution is sent; beyond it, a lone image's only
SURPRISE_UNIT = 1 / 2048  # bits; 2 bytes reach 32 bits, a probability of 2e-10

_HEX = re.compile(r"(?:[0-9a-f]{2})*")
_TEXTS = ("run", "caption")
_NUMBERS = ("rows", "cols", "images", "levels", "skew", "start")


def cell_fields(levels: int, images: int) -> list[Field]:
    """The fields of one cell, in their order."""
    fields = [
        ("level", 1, 1.0),
        ("entropy", 1, math.log2(levels) / 255),
        ("surprise", 2, SURPRISE_UNIT),
    ]
    if levels == 2:
        return [*fields, ("p1", 2, 1 / 65535)]
    if levels <= FEW_LEVELS or images == 1:
        return fields + [(f"p{level}", 1, 1 / 255) for level in range(levels)]
    return fields


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
    """

    run: str
    rows: int
    cols: int
    images: int
    levels: int
    skew: int
    start: int = 0
    caption: str = ""

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

    def header(self) -> str:
        """The JSON and its bar: the first thing of a run, sent once."""
        content = {name: getattr(self, name) for name in (*_TEXTS, *_NUMBERS)}
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
            surprises: (B, n) bits, −log2 of what the model gave the drawn level.
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
        cells = np.empty(shape[::-1], _cell_type(self.levels, self.images))  # (n, B)
        cells["level"] = levels.T
        cells["entropy"] = _integers(entropies.T, math.log2(self.levels) / 255, 255)
        cells["surprise"] = _integers(surprises.T, SURPRISE_UNIT, 65535)
        if self.levels == 2:
            cells["p"] = np.rint(probabilities[:, :, 1].T * 65535)
        elif "p" in cells.dtype.names:
            cells["p"] = np.rint(probabilities.swapaxes(0, 1) * 255)
        return cells.tobytes().hex()


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
        return len(self.positions) == self.settings.rows * self.settings.cols

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
    kind = _cell_type(settings.levels, settings.images)
    content = bytes.fromhex(hexadecimal)
    if len(content) % (kind.itemsize * settings.images):
        raise ValueError(f"payload must hold whole steps, got {len(content)} bytes of cells")
    cells = np.frombuffer(content, kind).reshape(-1, settings.images).T  # (B, n)
    order = front_order(settings.rows, settings.cols, settings.skew)
    if cells.shape[1] > len(order):
        raise ValueError(f"payload must hold at most {len(order)} steps, got {cells.shape[1]}")
    if cells.size and cells["level"].max() >= settings.levels:
        raise ValueError(f"levels must be below {settings.levels}, got {cells['level'].max()}")
    return DecodedRun(
        settings=settings,
        positions=order[: cells.shape[1]],
        levels=cells["level"].astype(np.int64),
        entropies=cells["entropy"] * (math.log2(settings.levels) / 255),
        surprises=cells["surprise"] * SURPRISE_UNIT,
        probabilities=_probabilities(cells, settings.levels),
    )


def _cell_type(levels: int, images: int) -> np.dtype:
    """One cell as a record; the probabilities of a longer one are its field `p`."""
    kinds = [("level", "u1"), ("entropy", "u1"), ("surprise", ">u2")]
    if levels == 2:
        return np.dtype([*kinds, ("p", ">u2")])
    if levels <= FEW_LEVELS or images == 1:
        return np.dtype([*kinds, ("p", "u1", (levels,))])
    return np.dtype(kinds)


def _integers(values: NDArray[np.floating], unit: float, maximum: int) -> NDArray[np.floating]:
    """The nearest integer multiples; rounding errors below zero and infinities are clipped."""
    return np.rint(values / unit).clip(0, maximum)


def _probabilities(cells: np.ndarray, levels: int) -> NDArray[np.float64] | None:
    if "p" not in cells.dtype.names:
        return None
    if levels == 2:
        p1 = cells["p"] / 65535
        return np.stack((1 - p1, p1), axis=-1)
    return cells["p"] / 255


def _settings(text: str) -> RunEncoder:
    """The header, refused unless it is exactly what an encoder writes."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the header must be JSON: {error}") from error
    if not isinstance(content, dict) or set(content) != {*_TEXTS, *_NUMBERS, "fields"}:
        raise ValueError(f"the header must have the keys {(*_TEXTS, *_NUMBERS, 'fields')}")
    fields = content.pop("fields")
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

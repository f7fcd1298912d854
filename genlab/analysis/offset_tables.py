"""One table for every image, depth and target: a field is one set of offsets, clipped to the image.

For each offset from the target there is a first and a last depth at which it is seen. Clipping is
exact, since the steps of a path commute: whatever path leaves the image, the same steps in another
order stay inside. Only very small images lack the room for it, see `OffsetTable.smallest_size`.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from genlab.analysis.propagation import check_architecture, fields_by_depth

SIZE = 28  # of the largest image
COLUMNS = 2 * SIZE - 1
FOR_EVER = 255


@dataclass(frozen=True, eq=False)
class OffsetTable:
    """The depths at which a pixel is seen, by its place relative to the target.

    Row i is i rows above the target, column j is j − 27 columns to its right; nothing below the
    target is ever seen. Seen is a pixel at all depths from first to last, both included.

    Attributes:
        first: (28, 55) uint8, the first depth; 0 is never.
        last: (28, 55) uint8, the last depth; 255 is for ever, 0 is never.
        smallest_size: from which side of the image on the table holds.
    """

    first: np.ndarray
    last: np.ndarray
    smallest_size: int

    def clipped(self, size: int, target: tuple[int, int], layers: int) -> np.ndarray:
        """The field of a target in a size×size image, (size, size) bool."""
        row, column = target
        rows = slice(None, row + 1)
        columns = slice(SIZE - 1 - column, SIZE - 1 - column + size)
        is_seen = (self.first > 0) & (self.first <= layers) & (layers <= self.last)
        field = np.zeros((size, size), bool)
        field[: row + 1] = is_seen[rows, columns][::-1]
        return field

    def to_hex(self) -> str:
        """2·28·55 bytes in hexadecimal: first, then last, row by row."""
        return self.first.tobytes().hex() + self.last.tobytes().hex()


@lru_cache(maxsize=128)
def offset_table(architecture: str, kernel: int, *, stream: str | None = None) -> OffsetTable:
    """The table of an architecture, for images of up to 28×28 pixels, or of one of its streams.

    Raises:
        ValueError: no such architecture or stream, an even kernel.
    """
    chosen = check_architecture(architecture, kernel)
    if stream is not None and stream not in chosen.stream_names:
        raise ValueError(f"stream must be one of {chosen.stream_names}, got {stream!r}")
    target = SIZE - 1, SIZE - 1
    fields = fields_by_depth(architecture, kernel, (SIZE, COLUMNS), target, stream)[:, ::-1]
    ever = fields.any(axis=0)
    first = np.where(ever, fields.argmax(axis=0) + 1, 0)
    last = np.where(ever, len(fields) - fields[::-1].argmax(axis=0), 0)
    last[fields[-1]] = FOR_EVER
    # A path that loses its own position needs room for its longest step; others can wait.
    smallest = 1 if chosen.keeps else chosen.layer(2, kernel)[0].mask.origin[1] + 1
    return OffsetTable(first.astype(np.uint8), last.astype(np.uint8), smallest)


def unreachable_share(architecture: str, kernel: int, size: int = SIZE) -> float:
    """How much of the earlier pixels no depth ever reaches, from 0 to 1, over all targets."""
    first = offset_table(architecture, kernel).first[:size]
    above = np.arange(size)[:, None]
    aside = np.arange(COLUMNS) - (SIZE - 1)
    pairs = (size - above) * np.maximum(size - abs(aside), 0)  # targets that have this offset
    is_earlier = (above > 0) | (aside < 0)
    return float(pairs[is_earlier & (first == 0)].sum() / pairs[is_earlier].sum())

"""Exact receptive fields: which pixels can reach a prediction at all, by boolean propagation.

The field of a target is the set of pixels from which a path of unmasked weights leads to the
target's output. Nothing here depends on weights; for these see `genlab.analysis.receptive_field`.
"""

from dataclasses import dataclass

import numpy as np

from genlab.analysis.architectures import ARCHITECTURES, Architecture
from genlab.analysis.masks import Mask
from genlab.analysis.offset_tables import OffsetTable, offset_table, unreachable_share
from genlab.analysis.propagation import Position, check_architecture, fields_by_depth

__all__ = [
    "ARCHITECTURES",
    "Architecture",
    "OffsetTable",
    "States",
    "field",
    "layer_masks",
    "offset_table",
    "states",
    "stream_fields",
    "unreachable_share",
]

SEEN, TARGET, BLIND, PENDING, FUTURE, LEAK, TARGET_SEEN, LOST = "#ox?.!@-"
NAMES = {  # of the glyphs; a seen target counts as a leak
    SEEN: "seen",
    BLIND: "blind",
    PENDING: "pending",
    LOST: "lost",
    FUTURE: "future",
    LEAK: "leak",
    TARGET_SEEN: "leak",
    TARGET: "target",
}
UNION = "union"


@dataclass(frozen=True)
class States:
    """What each pixel is to one target.

    Attributes:
        grid: a text a row, a glyph a pixel: # seen, o target, x blind, ? pending, - lost, . future,
            ! leak, @ target seen.
        counts: pixels by state: seen, blind, pending, lost, future, leak, target.
        limit_layer: the first depth at which the field is final; None if it never grows to one.
        empty_layer: the first depth at which nothing is seen; None if there is none.
    """

    grid: list[str]
    counts: dict[str, int]
    limit_layer: int | None
    empty_layer: int | None


def layer_masks(architecture: str, kernel: int, layers: int) -> list[tuple[Mask, ...]]:
    """The masks and shifts that each layer applies, the first layer first.

    Args:
        kernel: odd, at least 3; of no effect where the architecture fixes its own.
    """
    chosen = check_architecture(architecture, kernel)
    return [
        tuple(link.mask for link in chosen.layer(index, kernel)) for index in range(1, layers + 1)
    ]


def field(
    architecture: str, *, kernel: int, layers: int, size: int, target: Position
) -> np.ndarray:
    """The pixels that the target's output depends on, (size, size) bool.

    Raises:
        ValueError: no such architecture, an even kernel, no layer, a target outside the image.
    """
    return _at_depth(fields_by_depth(architecture, kernel, (size, size), target), layers)


def stream_fields(
    architecture: str, *, kernel: int, layers: int, size: int, target: Position
) -> dict[str, np.ndarray]:
    """The field by the stack through which the pixels enter, and their "union", (size, size) bool.

    Of the gated network: "vertical" is what the vertical stack brings, after the shift, and
    "horizontal" what never leaves the horizontal one.
    """
    streams = (*check_architecture(architecture, kernel).stream_names, None)
    fields = {
        stream or UNION: fields_by_depth(architecture, kernel, (size, size), target, stream)
        for stream in streams
    }
    return {name: _at_depth(each, layers) for name, each in fields.items()}


def states(architecture: str, *, kernel: int, layers: int, size: int, target: Position) -> States:
    """What each pixel is to the target: seen, still to come, or never to be seen.

    Raises:
        ValueError: as `field`.
    """
    fields = fields_by_depth(architecture, kernel, (size, size), target)
    now = _at_depth(fields, layers)
    later = np.any(fields[layers - 1 :], axis=0) | fields[-1]
    earlier = np.any(fields[: layers - 1], axis=0)
    order = np.arange(size * size).reshape(size, size) - (target[0] * size + target[1])
    glyphs = np.select(
        [order == 0, order > 0, now, later, earlier],
        [np.where(now, TARGET_SEEN, TARGET), np.where(now, LEAK, FUTURE), SEEN, PENDING, LOST],
        BLIND,
    )
    return States(
        grid=["".join(row) for row in glyphs],
        counts=_count(glyphs),
        limit_layer=_limit(fields) if ARCHITECTURES[architecture].keeps else None,
        empty_layer=next((i for i, each in enumerate(fields, 1) if not each.any()), None),
    )


def _count(glyphs: np.ndarray) -> dict[str, int]:
    counts = dict.fromkeys(NAMES.values(), 0)
    for glyph, name in NAMES.items():
        counts[name] += int((glyphs == glyph).sum())
    return counts


def _limit(fields: np.ndarray) -> int:
    return 1 + next(i for i, each in enumerate(fields) if (fields[i:] == each).all())


def _at_depth(fields: np.ndarray, layers: int) -> np.ndarray:
    """The field of a depth; the last one stays for ever."""
    if layers < 1:
        raise ValueError(f"layers must be at least 1, got {layers}")
    return fields[min(layers, len(fields)) - 1]

"""What the browser needs to look up any field by itself, and the puzzles of *Predict*.

A table is 28 × 55 offsets, hex of a byte each: the first and the last layer at which an offset is
seen. `last` is left out where it says nothing more: whatever is seen once stays seen.
"""

import functools
from typing import Any

import numpy as np

from genlab.analysis.masks import Mask
from genlab.analysis.reachability import (
    ARCHITECTURES,
    Architecture,
    OffsetTable,
    layer_masks,
    offset_table,
)
from genlab.ui.canvas.grid import to_hex

KERNELS = (3, 5, 7)
MOST_LAYERS = 16
LEAST, LARGEST = 3, 28  # pixels to a side
EVER = 255

_STREAM_TITLES = {
    "vertical": "vertical stack, as it arrives",
    "horizontal": "horizontal stack",
    "downward": "downward stream",
    "down-right": "down-right stream",
}
_SHIFTED = (
    "The arrow is the downward shift: the vertical stack reads its own row in full, and its "
    "result is handed to the horizontal stack one row further down."
)
_UNSHIFTED = {
    "gated-no-shift": "Here the downward shift is missing: the vertical stack hands over its own "
    "row, the target and the pixels right of it.",
}


@functools.cache
def tables() -> dict[str, Any]:
    """What a stage sends to the browser once; see `FieldView`."""
    return {
        "rows": LARGEST,
        "cols": 2 * LARGEST - 1,
        "layers": MOST_LAYERS,
        "least": LEAST,
        "smallest": {kernel: _smallest(kernel) for kernel in KERNELS},
        "architectures": [_describe(each) for each in ARCHITECTURES.values()],
        "puzzles": PUZZLES,
    }


def _smallest(kernel: int) -> int:
    """From which side of the image on all tables of a kernel hold; below it, one that fades is
    walked in the browser."""
    return max(offset_table(name, kernel).smallest_size for name in ARCHITECTURES)


def _describe(architecture: Architecture) -> dict[str, Any]:
    fixed = architecture.fixed_kernels is not None
    kernels = KERNELS[:1] if fixed else KERNELS
    return {
        "name": architecture.name,
        "title": architecture.title,
        "wrong": architecture.wrong,
        "fixed": fixed,
        "keeps": architecture.keeps,
        "streams": [
            {"name": name, "title": _STREAM_TITLES[name]} for name in architecture.stream_names
        ],
        "shift": _shift(architecture),
        "kernels": {kernel: _pack(architecture, kernel) for kernel in kernels},
    }


def _shift(architecture: Architecture) -> dict[str, Any] | None:
    """What is said of the downward shift, and whether an arrow shows it."""
    names = [mask.name for mask in layer_masks(architecture.name, KERNELS[0], 1)[0]]
    if architecture.name in _UNSHIFTED:
        return {"arrow": False, "says": _UNSHIFTED[architecture.name]}
    if architecture.stream_names[:1] == ("vertical",) and "down shift" in names:
        return {"arrow": True, "says": _SHIFTED}
    return None


def _pack(architecture: Architecture, kernel: int) -> dict[str, Any]:
    name = architecture.name
    masks = layer_masks(name, kernel, 2)
    return {
        **_hex(offset_table(name, kernel)),
        "streams": {
            stream: _hex(offset_table(name, kernel, stream=stream))
            for stream in architecture.stream_names
        },
        "masks": [[_mask(each) for each in layer] for layer in masks],
    }


def _hex(table: OffsetTable) -> dict[str, str]:
    stays = np.where(table.first > 0, EVER, 0)
    packed = {"first": to_hex(table.first)}
    return packed if (table.last == stays).all() else {**packed, "last": to_hex(table.last)}


def _mask(mask: Mask) -> dict[str, Any]:
    return {
        "name": mask.name,
        "taps": ["".join(map(str, row)) for row in mask.taps.tolist()],
        "origin": list(mask.origin),
    }


def _puzzle(
    title: str, task: str, architecture: str, kernel: int, layers: int, target: list
) -> dict:
    return {
        "title": title, "task": task, "architecture": architecture, "kernel": kernel,
        "layers": layers, "size": 7, "target": target,
    }  # fmt: skip


PUZZLES = [
    _puzzle("Three layers", "", "a-then-b", 3, 3, [3, 3]),
    _puzzle("Does depth help?", "Five layers more.", "a-then-b", 3, 8, [3, 3]),
    _puzzle("Does a larger kernel help?", "", "a-then-b", 5, 3, [3, 3]),
    _puzzle("The last column", "", "a-then-b", 3, 6, [4, 6]),
    _puzzle("Mask A everywhere", "", "a-only", 3, 4, [3, 3]),
    _puzzle("Half of the cure", "", "gated-vertical", 3, 3, [3, 3]),
    _puzzle("Two stacks, two layers", "", "gated", 3, 2, [4, 3]),
    _puzzle("A forgotten shift", "", "gated-no-shift", 3, 2, [3, 2]),
]

"""The cells of a payload: what is sent of one pixel of one image.

A run must stay small, so a distribution is sent as what can be seen of it. Two levels: the
probability of white. Up to 8 levels: bytes that are rounded together, so that all of them sum to
255 and the last level's need not be sent. More levels, one image: the tallest bar, and each bar as
a share of it, 4 bits a level, as finely as a histogram is drawn. More levels and images: nothing.
"""

import math

import numpy as np
from numpy.typing import NDArray

Field = tuple[str, int, float]  # name, bits, unit

FEW_LEVELS = 8  # up to here every image's distribution is sent; beyond it, a lone image's only
SURPRISE_UNIT = 1 / 2048  # bits; 2 bytes reach 32 bits, a probability of 2e-10
SHORT_SURPRISE_UNIT = 1 / 256  # bits; 13 binary digits reach as far, and leave 3 for the level
STEPS = 15  # of a bar, up to the tallest one


def cell_fields(levels: int, images: int) -> list[Field]:
    """The fields of one cell, in their order."""
    entropy = ("entropy", 8, math.log2(levels) / 255)
    if 2 < levels <= FEW_LEVELS:
        shares = [(f"p{level}", 8, 1 / 255) for level in range(levels - 1)]
        return [("level", 3, 1.0), ("surprise", 13, SHORT_SURPRISE_UNIT), entropy, *shares]
    fields = [("level", 8, 1.0), entropy, ("surprise", 16, SURPRISE_UNIT)]
    if levels == 2:
        return [*fields, ("p1", 16, 1 / 65535)]
    if images == 1:
        shares = [(f"p{level}", 4, 1 / STEPS) for level in range(levels)]
        return [*fields, ("tallest", 16, 1 / 65535), *shares]
    return fields


def cell_type(levels: int, images: int) -> np.dtype:
    """One cell as a record of whole bytes; what shares a byte, or is repeated, is one field."""
    if 2 < levels <= FEW_LEVELS:
        return np.dtype([("level_surprise", ">u2"), ("entropy", "u1"), ("p", "u1", (levels - 1,))])
    kinds = [("level", "u1"), ("entropy", "u1"), ("surprise", ">u2")]
    if levels == 2:
        return np.dtype([*kinds, ("p", ">u2")])
    if images == 1:
        pairs = ("pairs", "u1", ((levels + 1) // 2,))
        return np.dtype([*kinds, ("tallest", ">u2"), pairs])
    return np.dtype(kinds)


def write_cells(
    levels: NDArray[np.integer],
    entropies: NDArray[np.floating],
    surprises: NDArray[np.floating],
    probabilities: NDArray[np.floating],
) -> np.ndarray:
    """Records (n, B) of values (n, B) and distributions (n, B, levels); see `cell_type`."""
    count = probabilities.shape[-1]
    cells = np.empty(levels.shape, cell_type(count, levels.shape[1]))
    cells["entropy"] = _integers(entropies, math.log2(count) / 255, 255)
    if "level" in cells.dtype.names:
        cells["level"] = levels
        cells["surprise"] = _integers(surprises, SURPRISE_UNIT, 65535)
    else:
        short = _integers(surprises, SHORT_SURPRISE_UNIT, 2**13 - 1).astype(np.uint16)
        cells["level_surprise"] = levels << 13 | short
    _write_shares(cells, probabilities)
    return cells


def read_cells(
    cells: np.ndarray, count: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64] | None]:
    """Levels, entropies and surprises of the cells' shape, and distributions where they are sent.

    Args:
        count: how many levels there are.
    """
    levels, surprises = _levels_and_surprises(cells)
    entropies = cells["entropy"] * (math.log2(count) / 255)
    return levels, entropies, surprises, _probabilities(cells, count)


def _write_shares(cells: np.ndarray, probabilities: NDArray[np.floating]) -> None:
    """Fill in the distributions, (n, B, levels), where cells have room for them."""
    levels = probabilities.shape[-1]
    if levels == 2:
        cells["p"] = np.rint(probabilities[..., 1] * 65535)
    elif levels <= FEW_LEVELS:
        cells["p"] = _rounded_together(probabilities, 255)[..., :-1]
    elif "pairs" in cells.dtype.names:
        tallest = probabilities.max(axis=-1, keepdims=True)
        bars = np.zeros((*cells.shape, levels + levels % 2), np.uint8)
        bars[..., :levels] = np.rint(probabilities / tallest * STEPS)
        cells["tallest"] = np.rint(tallest[..., 0] * 65535)
        cells["pairs"] = bars[..., ::2] << 4 | bars[..., 1::2]


def _rounded_together(shares: NDArray[np.floating], total: int) -> NDArray[np.int64]:
    """Whole numbers that sum to `total`, each less than 1 from its share of it.

    All are rounded down; those that lose most by it get back what is missing.
    """
    exact = shares / shares.sum(axis=-1, keepdims=True) * total
    whole = np.floor(exact).astype(np.int64)
    missing = total - whole.sum(axis=-1, keepdims=True)
    rank = np.argsort(np.argsort(whole - exact, axis=-1, kind="stable"), axis=-1)
    return whole + (rank < missing)


def _levels_and_surprises(cells: np.ndarray) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Levels, and bits."""
    if "level" in cells.dtype.names:
        return cells["level"].astype(np.int64), cells["surprise"] * SURPRISE_UNIT
    both = cells["level_surprise"].astype(np.int64)
    return both >> 13, (both & 2**13 - 1) * SHORT_SURPRISE_UNIT


def _integers(values: NDArray[np.floating], unit: float, maximum: int) -> NDArray[np.floating]:
    """The nearest integer multiples; rounding errors below zero and infinities are clipped."""
    return np.rint(values / unit).clip(0, maximum)


def _probabilities(cells: np.ndarray, levels: int) -> NDArray[np.float64] | None:
    if "pairs" in cells.dtype.names:
        bars = np.stack((cells["pairs"] >> 4, cells["pairs"] & 15), axis=-1)  # (…, pairs, 2)
        bars = bars.reshape(*cells.shape, -1)[..., :levels]
        return bars / STEPS * (cells["tallest"] / 65535)[..., None]
    if "p" not in cells.dtype.names:
        return None
    if levels == 2:
        p1 = cells["p"] / 65535
        return np.stack((1 - p1, p1), axis=-1)
    shares = cells["p"] / 255
    return np.concatenate((shares, 1 - shares.sum(axis=-1, keepdims=True)), axis=-1)

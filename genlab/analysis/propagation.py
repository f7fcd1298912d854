"""Boolean propagation: which pixels a network of masked layers can hear of, at every depth.

It goes backwards: which positions of the layer below does the target need, which positions do
those need, down to the image. No path leaves the image, since padding carries no information.

Later layers are all equal, so L layers are the first one below L − 1 steps backwards, and all
depths come out of a single walk, which ends where a step changes nothing any more.
"""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from genlab.analysis.architectures import ARCHITECTURES, OLD, Architecture, Layer
from genlab.analysis.masks import Mask

Position = tuple[int, int]  # row, column


def check_architecture(architecture: str, kernel: int) -> Architecture:
    """The architecture of this name.

    Raises:
        ValueError: there is none, or the kernel is even or below 3.
    """
    if architecture not in ARCHITECTURES:
        raise ValueError(
            f"architecture must be one of {', '.join(ARCHITECTURES)}, got {architecture!r}"
        )
    if kernel < 3 or kernel % 2 == 0:
        raise ValueError(f"kernel must be odd and at least 3, got {kernel}")
    return ARCHITECTURES[architecture]


@lru_cache(maxsize=256)
def fields_by_depth(
    architecture: str,
    kernel: int,
    shape: tuple[int, int],
    target: Position,
    stream: str | None = None,
) -> np.ndarray:
    """The fields of 1, 2, 3 … layers up to the final one, (depths, H, W) bool, not to be changed.

    Args:
        shape: of the image.
        stream: keeps the pixels that enter through this stream alone.
    """
    chosen = check_architecture(architecture, kernel)
    if not (0 <= target[0] < shape[0] and 0 <= target[1] < shape[1]):
        raise ValueError(f"target must lie within {shape[0]}×{shape[1]} pixels, got {target}")
    first = chosen.layer(1, kernel)
    needs = _walk(chosen, kernel, shape, target)
    fields = np.stack([_read_image(first, needed, shape, stream) for needed in needs])
    fields.setflags(write=False)
    return fields


def _walk(
    chosen: Architecture, kernel: int, shape: tuple[int, int], target: Position
) -> Iterator[dict[str, np.ndarray]]:
    """What is needed of the first layer's streams, for 1, 2, 3 … layers, until nothing changes."""
    needed = {chosen.output: np.zeros(shape, bool)}
    needed[chosen.output][target] = True
    later, before = chosen.layer(2, kernel), None
    while before is None or not _equal(needed, before):
        yield needed
        before, needed = needed, _below(later, needed, shape)


def _equal(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all((one[name] == other[name]).all() for name in one)


def _below(
    layer: Layer, needed: dict[str, np.ndarray], shape: tuple[int, int]
) -> dict[str, np.ndarray]:
    """What a layer needs of the streams below it to give what is `needed` of its own."""
    needed = dict(needed)
    for link in reversed(layer):
        if link.into in needed:
            read = _reads(needed[link.into], link.mask)
            needed[link.source] = needed.get(link.source, np.zeros(shape, bool)) | read
    return {name.removeprefix(OLD): each for name, each in needed.items() if name.startswith(OLD)}


def _read_image(
    first: Layer, needed: dict[str, np.ndarray], shape: tuple[int, int], stream: str | None
) -> np.ndarray:
    streams = _below(first, needed, shape)
    if stream is not None:
        return streams.get(stream, np.zeros(shape, bool))
    return np.any(list(streams.values()), axis=0)


def _reads(needed: np.ndarray, mask: Mask) -> np.ndarray:
    """The positions inside the image that a mask reads to compute the needed ones."""
    height, width = needed.shape
    up, left = mask.origin
    down, right = (length - 1 - at for length, at in zip(mask.taps.shape, mask.origin, strict=True))
    around = np.zeros((height + up + down, width + left + right), bool)
    for row, column in np.argwhere(mask.taps):
        around[row : row + height, column : column + width] |= needed
    return around[up : up + height, left : left + width]

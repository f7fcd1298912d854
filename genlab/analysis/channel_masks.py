"""Which colours a colour sees: the channel masks of an RGB PixelCNN.

Within a pixel the order is R, G, B: mask A lets a colour see the ones before it, mask B itself,
too. Every colour of an earlier pixel is fair: the channel mask belongs on the centre tap alone. Put
on every tap, a common slip, a mask A in any layer makes R blind.

Reference: van den Oord, Kalchbrenner & Kavukcuoglu (2016), Pixel Recurrent Neural Networks,
section 3.4, https://arxiv.org/abs/1601.06759
"""

from collections.abc import Sequence

import numpy as np

from genlab.analysis.masks import Mask, mask_b

COLOURS = ("R", "G", "B")
TAPS = {"centre": (0, 0), "left": (0, -1), "above": (-1, 0)}  # rows and columns from the target


def channel_mask(mask_type: str) -> np.ndarray:
    """(3, 3) uint8: 1 where the row's colour may read the column's, of the same pixel.

    Raises:
        ValueError: another type than "A" or "B".
    """
    if mask_type not in ("A", "B"):
        raise ValueError(f'mask_type must be "A" or "B", got {mask_type!r}')
    return np.tri(3, k=0 if mask_type == "B" else -1, dtype=np.uint8)


def visibility(
    mask_types: Sequence[str], *, kernel: int = 3, on_every_tap: bool = False
) -> dict[str, np.ndarray]:
    """Which colours of its own and of neighbouring pixels a colour depends on.

    Args:
        mask_types: "A" or "B" of each layer, the first layer first.
        on_every_tap: the common mistake, the channel mask at every tap of the kernel.

    Returns:
        For each name of `TAPS` a (3, 3) uint8, rows the colour that is predicted, columns the
        colours that are read there.

    Raises:
        ValueError: no layer, or another type.
    """
    if not mask_types:
        raise ValueError("mask_types must name at least one layer")
    spatial = mask_b(kernel)
    reach = len(mask_types) * (kernel // 2)
    side = 2 * reach + 1
    needed = np.zeros((3, 3, side, side), bool)  # predicted, read, row, column
    needed[range(3), range(3), reach, reach] = True
    for mask_type in reversed(mask_types):
        needed = _below(needed, spatial, channel_mask(mask_type), on_every_tap=on_every_tap)
    return {
        name: needed[:, :, reach + row, reach + column].astype(np.uint8)
        for name, (row, column) in TAPS.items()
    }


def _below(
    needed: np.ndarray, spatial: Mask, channels: np.ndarray, *, on_every_tap: bool
) -> np.ndarray:
    """What a layer reads to give what is needed of it; no path comes near the window's edge."""
    read = np.zeros_like(needed)
    for row, column in spatial.offsets:
        is_centre = (row, column) == (0, 0)
        mask = channels if is_centre or on_every_tap else np.ones((3, 3), np.uint8)
        moved = np.roll(needed, (row, column), axis=(2, 3))
        read |= np.einsum("prhw,rc->pchw", moved, mask) > 0
    return read

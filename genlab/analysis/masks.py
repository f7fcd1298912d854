"""Which positions a masked convolution or a shift reads, as zeros and ones that can be drawn.

Every convolution is given in its full k×k square, whether the network cuts the kernel or multiplies
it by a mask: the arithmetic is the same. p = k // 2 is the square's centre.

References: van den Oord, Kalchbrenner & Kavukcuoglu (2016), https://arxiv.org/abs/1601.06759 (masks
A and B); van den Oord et al. (2016), https://arxiv.org/abs/1606.05328 (two stacks); Salimans et al.
(2017), https://arxiv.org/abs/1701.05517 (shifts).
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Mask:
    """What one convolution or shift reads.

    Attributes:
        name: as a visitor knows it, such as "mask A" or "down shift".
        taps: (h, w) uint8, 1 where it reads.
        origin: row and column in `taps` of the position that is computed.
    """

    name: str
    taps: np.ndarray
    origin: tuple[int, int]

    @property
    def offsets(self) -> list[tuple[int, int]]:
        """Rows and columns from the computed position to each one that is read."""
        row, column = self.origin
        return [(int(r) - row, int(c) - column) for r, c in np.argwhere(self.taps)]


DOWN_SHIFT = Mask("down shift", np.array([[1], [0]], np.uint8), (1, 0))
RIGHT_SHIFT = Mask("right shift", np.array([[1, 0]], np.uint8), (0, 1))
ONE = Mask("1×1", np.ones((1, 1), np.uint8), (0, 0))  # its own position: nothing is shifted


def mask_a(kernel: int) -> Mask:
    """All rows above, and its own row to the left."""
    return _causal("mask A", kernel, own=False)


def mask_b(kernel: int) -> Mask:
    """As mask A, and its own position."""
    return _causal("mask B", kernel, own=True)


def vertical(kernel: int) -> Mask:
    """The rows above and its own row, in full."""
    return _block("vertical", kernel, slice(kernel // 2 + 1), slice(None))


def vertical_above(kernel: int) -> Mask:
    """The rows above alone."""
    return _block("vertical, above", kernel, slice(kernel // 2), slice(None))


def vertical_figure(kernel: int) -> Mask:
    """The rows above and, of its own row, its own position only."""
    p = kernel // 2
    mask = _block("vertical, figure 1", kernel, slice(p), slice(None))
    mask.taps[p, p] = 1
    return mask


def vertical_mask_b(kernel: int) -> Mask:
    """Mask B where the vertical stack should read its whole row."""
    return _causal("vertical, mask B", kernel, own=True)


def horizontal_a(kernel: int) -> Mask:
    """Its own row to the left."""
    p = kernel // 2
    return _block("horizontal A", kernel, slice(p, p + 1), slice(p))


def horizontal_b(kernel: int) -> Mask:
    """As horizontal A, and its own position."""
    p = kernel // 2
    return _block("horizontal B", kernel, slice(p, p + 1), slice(p + 1))


def downward(kernel: int) -> Mask:
    """PixelCNN++'s down-shifted convolution: the rows above and its own, in full."""
    return _block("downward", kernel, slice(kernel // 2 + 1), slice(None))


def down_right(kernel: int) -> Mask:
    """PixelCNN++'s down-right-shifted convolution: above and left, its own position included."""
    p = kernel // 2
    return _block("down-right", kernel, slice(p + 1), slice(p + 1))


def row(kernel: int) -> Mask:
    """Its own row in full: the 1×k convolution of PixelCNN++'s first layer."""
    p = kernel // 2
    return _block("row", kernel, slice(p, p + 1), slice(None))


def column(kernel: int) -> Mask:
    """Its own column from above: the (p + 1)×1 convolution of PixelCNN++'s first layer."""
    p = kernel // 2
    return _block("column", kernel, slice(p + 1), slice(p, p + 1))


def _block(name: str, kernel: int, rows: slice, columns: slice) -> Mask:
    taps = np.zeros((kernel, kernel), np.uint8)
    taps[rows, columns] = 1
    return Mask(name, taps, (kernel // 2, kernel // 2))


def _causal(name: str, kernel: int, *, own: bool) -> Mask:
    p = kernel // 2
    mask = _block(name, kernel, slice(p), slice(None))
    mask.taps[p, : p + own] = 1
    return mask

"""What becomes of a network of convolutions that draws pictures larger than it learned from."""

import functools

import numpy as np

from genlab.analysis.receptive_field import declared_field
from genlab.core.cards import MaskedArchitecture
from genlab.inference.runs import Run
from genlab.store import ModelStore

FAR = 64  # pixels a side of the picture in which we look; farther than any of our networks sees


def describe_size(store: ModelStore, run: Run) -> str:
    """A paragraph on a run of another size than the card's own; "" for the card's own."""
    card = store.card(run.card)
    if run.size is None or card.masked is None:
        return ""
    side = store.get(run.card).spec.height
    up, aside = reach(card.masked)
    learned, here = (100 * borderless(card.masked, each) / each**2 for each in (side, run.size))
    return (
        f"\n\n**{run.size} × {run.size} pixels from weights that learned at {side} × {side}.** A "
        "convolution's weights belong to no place, so they draw at any size, and the time grows "
        f"with the number of pixels. But this network reads at most {up} rows up and {aside} "
        "columns aside: what is farther apart can agree only through what lies between. And the "
        f"border tells where a pixel is: while the network learned, {learned:.0f} % of the pixels "
        f"saw none of it, and here {here:.0f} % do not."
    )


@functools.cache
def reach(masked: MaskedArchitecture) -> tuple[int, int]:
    """How many rows up, and columns to a side, a pixel can see; computed from the masks."""
    rows, columns = offsets(masked)
    return int(-rows.min()), int(abs(columns).max())


def borderless(masked: MaskedArchitecture, side: int) -> int:
    """How many pixels of a square picture see no border, on the top or at a side."""
    rows, columns = offsets(masked)
    high = side + min(0, int(rows.min()))
    wide = side + min(0, int(columns.min())) - max(0, int(columns.max()))
    return max(0, high) * max(0, wide)


@functools.cache
def offsets(masked: MaskedArchitecture) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of what a pixel sees far from every border, as steps from the pixel."""
    target = FAR - 1, FAR // 2
    rows, columns = np.nonzero(declared_field(masked, FAR, target))
    return rows - target[0], columns - target[1]

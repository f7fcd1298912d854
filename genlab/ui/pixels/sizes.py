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
    return (
        f"\n\n**{run.size} × {run.size} pixels from weights that learned at {side} × {side}.** A "
        "convolution's weights belong to no place, so they draw at any size, and the time grows "
        f"with the number of pixels. But this network reads at most {up} rows up and {aside} "
        "columns aside. The strokes have the right width everywhere; what is farther apart cannot "
        "agree on being one digit. And while it learned, no pixel was farther than "
        f"{side // 2} from the border; in the middle of a large picture nothing tells it where "
        "it is."
    )


@functools.cache
def reach(masked: MaskedArchitecture) -> tuple[int, int]:
    """How many rows up, and columns to a side, a pixel can see; computed from the masks."""
    target = FAR - 1, FAR // 2
    rows, columns = np.nonzero(declared_field(masked, FAR, target))
    return int(target[0] - rows.min()), int(abs(columns - target[1]).max())

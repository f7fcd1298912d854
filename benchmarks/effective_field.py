"""How long a visitor waits for a trained network's field, a target: at most 0.3 s is the aim.

`python -m benchmarks.effective_field` asks for targets in the middle, whose fields are the largest,
and in corners, one after the other, none of them twice, with one thread of arithmetic a worker as
in the app. The ratio is to a full pass over the same images.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported

import time

import torch

from benchmarks.report import write
from genlab import data
from genlab.analysis.receptive_field import EffectiveFields
from genlab.core.cards import ModelCard
from genlab.core.protocols import Autoregressive
from genlab.store import ModelStore

TARGETS = ((14, 14), (14, 10), (20, 18), (27, 27), (27, 0), (5, 5))
IMAGES = 50


def measure(store: ModelStore, card: ModelCard, pixels: torch.Tensor) -> list[dict]:
    """A row a target."""
    model, fields = store.get(card.name), EffectiveFields(pixels)
    fields.of(card, model, (3, 3))  # warms up
    full_pass = _seconds(lambda: torch.inference_mode()(model.logits)(pixels))
    rows = []
    for target in TARGETS:
        own = _seconds(lambda target=target: fields.of(card, model, target))
        rows.append(
            {
                "card": card.name,
                "target": "{}, {}".format(*target),
                "wall_seconds": round(own, 3),
                "ratio_to_full_pass": round(own / full_pass, 2),
            }
        )
    return rows


def _seconds(act) -> float:  # noqa: ANN001 (anything without arguments)
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def main() -> None:
    """Measure all masked cards."""
    torch.set_num_threads(1)
    store = ModelStore()
    pixels = data.binarise_thresholded(data.examples("mnist").images)[:IMAGES]
    cards = [card for card in store.cards_with(Autoregressive) if card.masked]
    rows = [row for card in cards for row in measure(store, card, pixels)]
    write("effective_field", "python -m benchmarks.effective_field", rows, images=IMAGES)


if __name__ == "__main__":
    main()

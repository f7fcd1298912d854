"""How long a visitor waits for decoded codes: a move of a slider has 60 ms at most.

`python -m benchmarks.latent` measures, on every latent card with weights, what the pages ask for in
one call: the picture of one code as hex, the small pictures along two sliders and along all as one
PNG, and, where a code is a point of a plane, the map of 20 × 20 pictures. Each runs alone in a
worker thread, as in the app, with one thread of arithmetic. CPU milliseconds are the process's.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported

import argparse
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.report import write
from benchmarks.sampling import measure
from genlab.core.protocols import LatentDecoder
from genlab.inference.latent import MAX_CODES, along_axis, decode_points, plane_codes
from genlab.store import CHECKPOINTS, ModelStore
from genlab.ui.canvas.grid import to_hex
from genlab.ui.canvas.latents import thumbnail_sheet
from genlab.ui.canvas.plane import plane_sheet

VALUES = (-3.0, -1.5, 0.0, 1.5, 3.0)  # of the small pictures along a slider
SIDE = 20  # pictures along an edge of the map
MOST_MS = 60  # a move of a slider


def calls(model: LatentDecoder) -> dict[str, tuple[int, Callable[[], object]]]:
    """What is asked for: its name, how many codes it decodes, and how it is done."""
    z = torch.randn(model.latent_dim, generator=torch.Generator().manual_seed(0))
    most = min(model.latent_dim, MAX_CODES // len(VALUES))
    found = {"move": (1, lambda: to_hex(decode_points(model, z)[0, 0].numpy()))}
    for sliders in sorted({2, most}):
        name = f"thumbnails of {sliders} sliders"
        found[name] = (sliders * len(VALUES), lambda count=sliders: thumbnails(model, z, count))
    if model.latent_dim == 2:
        found["map"] = (SIDE**2, lambda: map_sheet(model))
    return found


def thumbnails(model: LatentDecoder, z: Tensor, sliders: int) -> dict:
    """Pictures along the first sliders, as the page gets them."""
    codes = torch.cat([along_axis(z, dimension, VALUES) for dimension in range(sliders)])
    pictures = decode_points(model, codes).unflatten(0, (sliders, len(VALUES)))
    return thumbnail_sheet(pictures, range(sliders), [VALUES] * sliders)


def map_sheet(model: LatentDecoder) -> str:
    """Pictures of the middle of the plane, as the page gets them."""
    return plane_sheet(decode_points(model, plane_codes((-3, -3), (3, 3), SIDE)), SIDE)


def rows_of(name: str, model: LatentDecoder) -> list[dict]:
    """A row for each thing that is asked for."""
    asked = calls(model)
    times = measure({what: call for what, (_, call) in asked.items()})
    return [
        {
            "card": name,
            "what": what,
            "codes": count,
            "cpu_ms": round(1000 * times[what].cpu, 2),
            "wall_ms": round(1000 * times[what].wall, 2),
        }
        for what, (count, _) in asked.items()
    ]


def main() -> None:
    """Measure all cards that decode and have weights."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.latent", description=__doc__)
    parser.add_argument("--checkpoints", type=Path, default=CHECKPOINTS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    store = ModelStore(options.checkpoints)
    cards = [card.name for card in store.cards_with(LatentDecoder)]
    rows = [row for name in cards for row in rows_of(name, store.get(name))]
    if not rows:
        parser.error("no latent card has weights there; train one with python -m train")
    write("latent", "python -m benchmarks.latent", rows, most_ms_of_a_move=MOST_MS)


if __name__ == "__main__":
    main()

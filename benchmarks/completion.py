"""How long six endings of a digit take: *Live* wants them within 0.5 s of a stroke.

`python -m benchmarks.completion` asks, on every card that may complete a picture, for what the page
asks: the top rows of a test image are kept, six variants are drawn and read by the judge, each
message is made as it is sent. Under guidance a network is asked twice. It runs with one thread of
arithmetic, as a visitor's run does in the app. The way through the network and the browser comes on
top. CPU seconds are the process's.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported

import argparse
from pathlib import Path

import torch

from benchmarks.report import write
from benchmarks.sampling import measure
from genlab import data
from genlab.core.protocols import Autoregressive, Conditional
from genlab.inference.completion import keep_rows
from genlab.store import CHECKPOINTS, ModelStore
from genlab.ui.latent.codes import data_name
from genlab.ui.pixels import completion_asked, completion_views

ROWS = (7, 14, 21)  # that are kept
GUIDANCE = 2.0
EXAMPLE = 30  # of the shipped test images
MOST_SECONDS = 0.5


def asked(
    store: ModelStore, name: str, model: Autoregressive, rows: int, guidance: float
) -> completion_asked.Asked:
    """The wish of a visitor who keeps so many rows, and asks for the first class if guided."""
    examples = data.examples(data_name(store, name)).images
    pixels = data.to_levels(examples[EXAMPLE], model.spec.levels)
    kept = keep_rows(model.spec, rows)
    return completion_asked.Asked(
        name,
        model,
        pixels,
        kept,
        label=None if guidance == 1 else 0,
        guidance=guidance,
        temperature=1.0,
        seed=0,
    )


def rows_of(store: ModelStore, name: str) -> list[dict]:
    """A row for each number of kept rows; where there are classes, one under guidance as well."""
    model = store.get(name)
    ways = [(rows, 1.0) for rows in ROWS]
    ways += [(ROWS[0], GUIDANCE)] if isinstance(model, Conditional) else []
    wishes = {way: asked(store, name, model, *way) for way in ways}
    times = measure(
        {
            way: (lambda wish=wish: list(completion_views.fill_in(store, wish)))
            for way, wish in wishes.items()
        }
    )
    return [
        {
            "card": name,
            "rows_kept": rows,
            "guidance": guidance,
            "variants": completion_asked.VARIANTS,
            "cpu_seconds": round(timing.cpu, 4),
            "wall_seconds": round(timing.wall, 4),
        }
        for (rows, guidance), timing in times.items()
    ]


def main() -> None:
    """Measure all cards that the page offers."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.completion", description=__doc__)
    parser.add_argument("--checkpoints", type=Path, default=CHECKPOINTS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    store = ModelStore(options.checkpoints)
    names = [card.name for card in completion_asked.offered(store)]
    rows = [row for name in names for row in rows_of(store, name)]
    write("completion", "python -m benchmarks.completion", rows, most_wall_seconds=MOST_SECONDS)


if __name__ == "__main__":
    main()

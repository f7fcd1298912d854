"""How fast pixels come: the naive sampler, the cached ones, on the shipped weights.

`python -m benchmarks.sampling` measures every incremental card at several numbers of images, each
sampler alone in a worker thread, as in the app, with one thread of arithmetic. CPU seconds are the
process's. The naive sampler would take minutes, so some pixels in the middle of the picture are
drawn by full passes and the time is multiplied. Every sampler must draw the same pixels.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported

import argparse
import copy
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from benchmarks.report import write
from genlab.core.frames import last
from genlab.core.protocols import Autoregressive, Incremental
from genlab.inference.autoregressive import (
    NAIVE,
    draw_uniforms,
    inverse_cdf,
    make_stepper,
    stream_pixels,
)
from genlab.nn.masked import MaskedConv2d
from genlab.store import ModelStore

BATCHES = (1, 16, 64)
REPEATS = 5  # the median of so many, after a first one that warms up
NAIVE_PIXELS = 12  # drawn by full passes
NAMES = {"raster": "cached", "wavefront": "wavefront"}


@dataclass(frozen=True)
class Timing:
    """Median seconds of one call."""

    cpu: float
    wall: float


def measure(calls: dict[str, Callable[[], object]]) -> dict[str, Timing]:
    """Time calls in a worker thread, warm, in turns: a busy moment of the machine hits them all."""

    def timed(call: Callable[[], object]) -> tuple[float, float]:
        wall, cpu = time.perf_counter(), time.process_time()
        call()
        return time.process_time() - cpu, time.perf_counter() - wall

    with ThreadPoolExecutor(max_workers=1) as worker:
        rounds = [
            {name: worker.submit(timed, call).result() for name, call in calls.items()}
            for _ in range(1 + REPEATS)
        ]
    return {
        name: Timing(
            *map(statistics.median, zip(*(each[name] for each in rounds[1:]), strict=True))
        )
        for name in calls
    }


def with_masks_multiplied(model: nn.Module) -> nn.Module:
    """A copy whose full pass need not multiply masks: a fair opponent."""
    model = copy.deepcopy(model)
    for layer in model.modules():
        if isinstance(layer, MaskedConv2d):
            weight = layer.masked_weight().clone()
            layer.masked_weight = lambda weight=weight: weight
    return model


@torch.inference_mode()
def naive_levels(model: Autoregressive, pixels: Tensor, uniforms: Tensor, at: list) -> Tensor:
    """The levels that full passes draw at some positions, (B, positions)."""
    drawn = []
    for row, column in at:
        undrawn = pixels.clone()  # what comes later may be anything
        undrawn[:, :, row, column:] = 0
        undrawn[:, :, row + 1 :] = 0
        probabilities = model.logits(undrawn)[:, :, 0, row, column].softmax(dim=1)
        drawn.append(inverse_cdf(probabilities, uniforms[:, 0, row, column]))
    return torch.stack(drawn, dim=1)


def compare(name: str, model: Incremental, batch: int) -> list[dict]:
    """The rows of one card and one number of images."""
    _, height, width = model.spec.shape
    uniforms = draw_uniforms(model.spec, 0, batch)

    def images(order: str) -> Tensor:
        stepper = make_stepper(model, batch, order=order)
        return last(stream_pixels(model, uniforms, stepper=stepper)).images

    pixels = (images("raster") * (model.spec.levels - 1)).round().long()
    opponent = with_masks_multiplied(model)
    middle = [divmod(height * width // 2 + i, width) for i in range(NAIVE_PIXELS)]
    levels = naive_levels(opponent, pixels, uniforms, middle)
    rows, columns = zip(*middle, strict=True)
    agree = bool((levels == pixels[:, 0, list(rows), list(columns)]).all())
    calls = {order: lambda order=order: images(order) for order in sorted(model.orders)}
    times = measure({NAIVE: lambda: naive_levels(opponent, pixels, uniforms, middle)} | calls)
    scale = height * width / NAIVE_PIXELS
    naive = Timing(times[NAIVE].cpu * scale, times[NAIVE].wall * scale)
    found = [_row(name, NAIVE, batch, naive, naive, True)]
    for order in calls:
        same = agree and bool((images(order) * (model.spec.levels - 1) == pixels).all())
        found.append(_row(name, NAMES[order], batch, times[order], naive, same))
    return found


def _row(card: str, sampler: str, batch: int, own: Timing, naive: Timing, same: bool) -> dict:
    return {
        "card": card,
        "sampler": sampler,
        "batch": batch,
        "cpu_seconds": round(own.cpu, 4),
        "wall_seconds": round(own.wall, 4),
        "cpu_per_wall": round(own.cpu / own.wall, 2),
        "ratio_to_naive": round(naive.cpu / own.cpu, 1),
        "identical": same,
    }


def main() -> None:
    """Measure all cards that can be stepped."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sampling", description=__doc__)
    parser.add_argument("--batches", type=int, nargs="+", default=BATCHES)
    options = parser.parse_args()
    torch.set_num_threads(1)
    store = ModelStore()
    rows = [
        row
        for card in store.cards_with(Incremental)
        for batch in options.batches
        for row in compare(card.name, store.get(card.name), batch)
    ]
    write("sampling", "python -m benchmarks.sampling", rows, naive_pixels=NAIVE_PIXELS)


if __name__ == "__main__":
    main()

"""How fast pixels come: the naive sampler, the cached ones, the fixed point, on shipped weights.

`python -m benchmarks.sampling` measures every incremental card at several numbers of images, each
sampler alone in a worker thread, as in the app, with one thread of arithmetic. CPU seconds are the
process's. The naive sampler would take minutes, so some pixels in the middle of the picture are
drawn by full passes and the time is multiplied. The fixed point is made of full passes as well, and
its time is that of as many as it takes. Every sampler must draw the same pixels.

The table of sizes has the time of larger pictures from the same weights, an image alone, the
card's fastest order: it should grow with the number of pixels, not with its square.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported

import argparse
import copy
import functools
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from benchmarks.report import table, write
from genlab.core.frames import last
from genlab.core.images import quantise
from genlab.core.protocols import Autoregressive, Incremental
from genlab.inference.autoregressive import (
    NAIVE,
    draw_uniforms,
    inverse_cdf,
    make_stepper,
    stream_pixels,
)
from genlab.inference.conditions import at_size
from genlab.inference.fixed_point import stream_fixed_point
from genlab.nn.masked import MaskedConv2d
from genlab.store import ModelStore

BATCHES = (1, 16, 64)
REPEATS = 5  # the median of so many, after a first one that warms up
NAIVE_PIXELS = 12  # drawn by full passes
NAMES = {"raster": "cached", "wavefront": "wavefront"}
FIXED_POINT = "fixed point"
SIDES = (28, 56, 112)  # pixels


@dataclass(frozen=True)
class Timing:
    """Median seconds of one call."""

    cpu: float
    wall: float

    def times(self, factor: float) -> "Timing":
        """So many times as long."""
        return Timing(self.cpu * factor, self.wall * factor)


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

    pixels = quantise(images("raster"), model.spec.levels)
    opponent = with_masks_multiplied(model)
    middle = [divmod(height * width // 2 + i, width) for i in range(NAIVE_PIXELS)]
    levels = naive_levels(opponent, pixels, uniforms, middle)
    rows, columns = zip(*middle, strict=True)
    agree = bool((levels == pixels[:, 0, list(rows), list(columns)]).all())
    calls = {order: lambda order=order: images(order) for order in sorted(model.orders)}
    times = measure({NAIVE: lambda: naive_levels(opponent, pixels, uniforms, middle)} | calls)
    naive = times[NAIVE].times(height * width / NAIVE_PIXELS)
    found = [_row(name, NAIVE, batch, naive, naive, True, height * width)]
    for order in calls:
        same = agree and torch.equal(quantise(images(order), model.spec.levels), pixels)
        steps = len(make_stepper(model, batch, order=order).fronts)
        found.append(_row(name, NAMES[order], batch, times[order], naive, same, steps))
    frame = last(stream_fixed_point(opponent, uniforms))
    own = times[NAIVE].times(frame.total / NAIVE_PIXELS)
    same = agree and torch.equal(quantise(frame.images, model.spec.levels), pixels)
    return [*found, _row(name, FIXED_POINT, batch, own, naive, same, frame.total)]


def grow(name: str, model: Incremental) -> list[dict]:
    """The rows of one card and all sizes."""

    def draw(side: int) -> Tensor:
        resized = at_size(model, side, side)
        return last(stream_pixels(resized, draw_uniforms(resized.spec, 0, 1))).images

    times = measure({str(side): functools.partial(draw, side) for side in SIDES})
    smallest = times[str(SIDES[0])]
    return [
        {
            "card": name,
            "side": side,
            "pixels": side**2,
            "cpu_seconds": round(times[str(side)].cpu, 4),
            "wall_seconds": round(times[str(side)].wall, 4),
            "times_the_pixels": (side / SIDES[0]) ** 2,
            "times_the_time": round(times[str(side)].cpu / smallest.cpu, 2),
        }
        for side in SIDES
    ]


def _row(
    card: str, sampler: str, batch: int, own: Timing, naive: Timing, same: bool, steps: int
) -> dict:
    return {
        "card": card,
        "sampler": sampler,
        "batch": batch,
        "steps": steps,
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
    sizes = [
        row
        for card in store.cards_with(Incremental)
        for row in grow(card.name, store.get(card.name))
    ]
    print(table(sizes))
    command = "python -m benchmarks.sampling"
    if options.batches != BATCHES:
        command += f" --batches {' '.join(map(str, options.batches))}"
    write("sampling", command, rows, naive_pixels=NAIVE_PIXELS, sizes=sizes)


if __name__ == "__main__":
    main()

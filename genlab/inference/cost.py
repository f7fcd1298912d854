"""What a run cost, against what the naive sampler would have paid on this very machine."""

import functools
import statistics
import time
from dataclasses import dataclass

import torch

from genlab.core.protocols import Autoregressive
from genlab.inference.conditions import at_size

PASSES = 3  # the median of so many; the first, cold one is not counted


@dataclass(frozen=True)
class RunCost:
    """The bill of one run.

    Attributes:
        images: drawn together.
        steps: fronts that the sampler took.
        seconds: wall time of the computation, without the show.
        full_passes: how often a naive sampler runs the whole network, once a pixel.
        full_pass_seconds: measured for this network and number of images on this machine.
    """

    images: int
    steps: int
    seconds: float
    full_passes: int
    full_pass_seconds: float

    @property
    def naive_seconds(self) -> float:
        """What the naive sampler would take."""
        return self.full_passes * self.full_pass_seconds

    @property
    def speed_up(self) -> float:
        """How many times faster the run was than the naive sampler."""
        return self.naive_seconds / self.seconds


@functools.lru_cache(maxsize=64)
@torch.inference_mode()
def full_pass_seconds(model: Autoregressive, images: int, size: int | None = None) -> float:
    """Wall seconds of one pass of the whole network; measured once a process, then remembered.

    Args:
        size: pixels a side of the pictures; None for the model's own.
    """
    model = model if size is None else at_size(model, size, size)
    pixels = torch.zeros(images, *model.spec.shape, dtype=torch.int64)
    model.logits(pixels)
    times = []
    for _ in range(PASSES):
        started = time.perf_counter()
        model.logits(pixels)
        times.append(time.perf_counter() - started)
    return statistics.median(times)

"""Completing a picture as the page shows it: what is drawn, and what is said of it.

A run stops at the last erased pixel: what is kept behind it changes nothing, so nobody waits for
it.
"""

import contextlib
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.core.errors import InputError
from genlab.core.images import dequantise, quantise, to_picture
from genlab.core.protocols import Autoregressive
from genlab.inference.completion import stream_completions
from genlab.inference.pixel_frames import PixelFrame
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas.panels import ShownPicture
from genlab.ui.latent import sliders
from genlab.ui.latent.reading import read_classes, with_classes
from genlab.ui.pixels.completion_asked import VARIANTS, Asked

BYTES = 256  # grey levels of a board
NOT_DRAWN = 0.5  # grey, while a run is under way
TOO_LONG = (
    "The run was stopped after a minute, so that others can compute too. What was drawn stays. "
    "Erase less, or choose another model, then run again."
)

Message = tuple[list[ShownPicture], str]


@dataclass(frozen=True, eq=False)
class Progress:
    """Where a run is.

    Attributes:
        images: (B, C, H, W) in [0, 1], `NOT_DRAWN` where nothing is drawn yet.
        drawn: how many of the `erased` pixels of an image there are.
        seconds: so far.
        left: seconds more, at most; None as long as the network was asked for nothing.
    """

    images: Tensor
    drawn: int
    erased: int
    seconds: float
    left: float | None

    @property
    def is_last(self) -> bool:
        """Whether nothing is missing."""
        return self.drawn == self.erased


# — what is drawn —


def fill_in(
    store: ModelStore, asked: Asked, interval: float = kit.MESSAGE_INTERVAL
) -> Iterator[Message]:
    """Six variants of what is erased: pictures and words, as they are computed.

    Args:
        interval: seconds between two messages, at least.

    Raises:
        InputError: it takes more than a minute.
    """
    notes = [f"seed {asked.seed + i}" for i in range(VARIANTS)]
    if asked.kept.all():
        whole = dequantise(asked.pixels, asked.model.spec.levels).expand(VARIANTS, -1, -1, -1)
        yield _shown(whole, [""] * VARIANTS), "Nothing is erased, so there is nothing to draw."
        return
    frames = stream_completions(
        asked.model, asked.pixels, asked.kept, seed=asked.seed, count=VARIANTS,
        temperature=asked.temperature, label=asked.label, guidance=asked.guidance,
    )  # fmt: skip
    for progress in follow(frames, asked.kept, interval):
        if progress.is_last:
            notes = with_classes(notes, read_classes(store, asked.card, progress.images))
            words = f"{store.card(asked.card).title}: {tell_progress(progress)} "
            yield _shown(progress.images, notes), words + account(asked, progress.images)
        else:
            yield _shown(progress.images, notes), tell_progress(progress)


def follow(
    frames: Iterator[PixelFrame], kept: Tensor, interval: float = kit.MESSAGE_INTERVAL
) -> Iterator[Progress]:
    """A message an interval, and always the one after the last erased pixel.

    Raises:
        InputError: it takes more than a minute.
    """
    erased = int(kept.logical_not().sum())
    there = kept.clone()  # (H, W) bool
    started, told = time.monotonic(), 0.0
    pace = _Pace(started)
    with contextlib.closing(frames):
        for frame in frames:
            there[frame.front[:, 0], frame.front[:, 1]] = True
            missing = int(there.logical_not().sum())
            now = time.monotonic()
            left = pace.seconds_left(frame, now)
            if not missing or now - told >= interval:
                told = now
                images = frame.images.where(there, NOT_DRAWN)
                yield Progress(images, erased - missing, erased, now - started, left)
            if not missing:
                return
            if now - started > kit.LONGEST_RUN:
                raise InputError(TOO_LONG)


class _Pace:
    """How long a run goes on at most, by the steps for which the network was asked so far.

    A row that is kept whole is passed in one frame. That takes less time than drawing it, so it
    says nothing of the rows that are left.
    """

    def __init__(self, started: float) -> None:
        self._before, self._step = started, 0
        self._asked, self._spent = 0, 0.0  # steps, and the seconds that they took

    def seconds_left(self, frame: PixelFrame, now: float) -> float | None:
        """Take in the next frame; None before the first step for which the network was asked."""
        if frame.step == self._step + 1:
            self._asked += 1
            self._spent += now - self._before
        self._before, self._step = now, frame.step
        return (frame.total - frame.step) * self._spent / self._asked if self._asked else None


def _shown(images: Tensor, notes: list[str]) -> list[ShownPicture]:
    return [
        ShownPicture(sliders.cells(image), note) for image, note in zip(images, notes, strict=True)
    ]


# — in words —


def tell_progress(progress: Progress) -> str:
    """How far a run is, and how long it takes; it stays true when somebody stops it."""
    if progress.is_last:
        return f"{progress.erased} erased pixels, {VARIANTS} times, in {progress.seconds:.2f} s."
    is_told = progress.left is not None and progress.seconds > 1
    more = f"; the rest takes at most {math.ceil(progress.left)} s" if is_told else ""
    return f"Pixel {progress.drawn} of {progress.erased}, {progress.seconds:.1f} s{more}."


def account(asked: Asked, final: Tensor) -> str:
    """Whether the kept pixels are what they were, compared byte by byte.

    Args:
        final: (B, C, H, W) in [0, 1].
    """
    kept, total = int(asked.kept.sum()), asked.kept.numel()
    if not kept:
        return "Nothing was kept: these are samples like any other."
    before = to_picture(dequantise(asked.pixels, asked.model.spec.levels))
    changed = int(((to_picture(final) != before) & asked.kept).sum())
    verdict = f"**no**, {changed} differ" if changed else "**yes**, byte for byte"
    return f"Kept pixels unchanged: {verdict}, {kept} of {total} in each of {len(final)} variants."


def tell_rounding(model: Autoregressive) -> str:
    """By which rule a board's grey becomes a level of the model."""
    levels = model.spec.levels
    if levels == BYTES:
        return f"The model knows all {BYTES} greys of your picture."
    if levels > 2:
        return f"The model knows {levels} greys: each of your pixels is rounded to the nearest."
    greys = torch.arange(BYTES) / (BYTES - 1)
    first = int(quantise(greys, levels).argmax())
    return f"The model knows black and white alone: grey from {first} of {BYTES - 1} on is white."

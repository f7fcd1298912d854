"""Lets a game run for a bounded time and a bounded share of a processor, and takes its pictures.

A frame does as many rounds as fit into its share of computing, then sleeps: two games and the other
pages then share two cores well. The time that counts is the thread's own, so that a busy machine
makes a game slower and never hungrier.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from genlab.inference.adversarial_game import Game, Moment, best_discriminator
from genlab.inference.game_targets import EXTENT, log_mixture

INTERVAL = 0.05  # seconds between two frames, where the rounds are quick enough
SHARE = 0.25  # of a core, for the arithmetic; sending takes some of the third that a game may use
CROWDED = (
    0.6  # of the interval; on a busy machine the rounds stop then, and the frame comes in time
)
LONGEST = 120.0  # seconds, then the place is free for others
SIDE = 24  # cells along an edge of the maps
ARROWS = 96  # points that carry an arrow
KERNEL = 0.1  # σ that both densities are blurred with for the best discriminator
RARE = 1e-3  # points a unit of area; the best discriminator says nothing where both have fewer

T = TypeVar("T")


@dataclass(frozen=True)
class Clock:
    """Seconds on the wall, seconds this thread computed, and sleep; tests bring their own."""

    now: Callable[[], float] = time.monotonic
    spent: Callable[[], float] = time.thread_time
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What there is to see of a game.

    Attributes:
        samples: (512, 2).
        pull: (96, 2), of the first samples: see `Game.pull`.
        opinion: (576,), of `map_places`.
        best: (576,), of the same; NaN where hardly a point is, of either kind.
        covered: (K,) bool, the target's regions.
        course: its last entry is how it stands.
        every: steps of G between two entries of the course, but for the last.
    """

    samples: Tensor
    pull: Tensor
    opinion: Tensor
    best: Tensor
    covered: Tensor
    course: tuple[Moment, ...]
    every: int
    steps: dict[str, int]
    losses: dict[str, float]


def take_snapshot(game: Game) -> Snapshot:
    """Look at a game; it stays as it is, to the bit."""
    samples = game.samples()
    places = map_places()
    return Snapshot(
        samples=samples,
        pull=game.pull(samples[:ARROWS]),
        opinion=game.opinion(places, samples),
        best=best_opinion(game, places, samples),
        covered=game.covered(samples),
        course=(*game.course, game.now()),
        every=game.every,
        steps=dict(game.steps),
        losses=dict(game.losses),
    )


def map_places() -> Tensor:
    """(576, 2), the middles of the map's cells, rows from the top."""
    middles = EXTENT * ((torch.arange(SIDE) + 0.5) / SIDE * 2 - 1)
    up, across = torch.meshgrid(-middles, middles, indexing="ij")
    return torch.stack([across, up], dim=-1).flatten(0, 1)


def best_opinion(game: Game, places: Tensor, samples: Tensor) -> Tensor:
    """What the best possible D would say, (N, 2) → (N,).

    The density of the generator is not known: a Gaussian kernel around each sample estimates it.
    The target's density is known and blurred with the same kernel, so that equal densities give ½.
    """
    log_generated = log_mixture(places, samples, KERNEL)
    log_data = game.settings.target.log_density(places, blur=KERNEL)
    best = best_discriminator(log_data, log_generated)
    is_empty = (log_data.exp() + log_generated.exp()) < RARE
    return best.masked_fill(is_empty, torch.nan)


def play(
    game: Game,
    show: Callable[[Snapshot], T],
    *,
    goes_on: Callable[[], bool] = lambda: True,
    clock: Clock | None = None,
) -> Iterator[T]:
    """Play rounds and show a snapshot every 50 ms or so, until two minutes are over.

    Args:
        show: makes of a snapshot what is yielded; its computing counts, too.
        goes_on: asked before every frame.
        clock: measures and sleeps.
    """
    clock = clock or Clock()
    now = clock.now()
    end = now + LONGEST
    showing = 0.0  # seconds of computing that the last snapshot took
    while goes_on() and now < end:
        spent = clock.spent()
        _play_rounds(game, clock, SHARE * INTERVAL - showing)
        played = clock.spent()
        shown = show(take_snapshot(game))
        showing = clock.spent() - played
        due = now + max(INTERVAL, (clock.spent() - spent) / SHARE)
        yield shown
        clock.sleep(max(0.0, due - clock.now()))  # whoever sends it does so meanwhile
        now = clock.now()


def _play_rounds(game: Game, clock: Clock, seconds: float) -> None:
    """One round at least; no more than fit into the seconds of computing, and into a frame."""
    spent, began = clock.spent(), clock.now()
    game.play_round()
    while clock.spent() - spent < seconds and clock.now() - began < CROWDED * INTERVAL:
        game.play_round()

"""What the page of the forward process shows: a schedule, a walk along it, and what was counted.

A walk takes a second or more and serves every picture, so the last few are kept for all visitors.
"""

import functools
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab import data
from genlab.analysis.forward_noise import (
    BINS,
    HIGHEST,
    LOWEST,
    Crowd,
    expected_moments,
    jump_noise,
    kept_steps,
    measure,
    time_table,
    walk_steps,
    waves_of,
)
from genlab.core.errors import InputError
from genlab.core.noise_schedule import FEWEST_STEPS, MOST_STEPS, SCHEDULES, NoiseSchedule
from genlab.inference.forward_diffusion import to_signal
from genlab.inference.latent import MAX_SEED
from genlab.store import ModelStore, skeleton
from genlab.ui import kit
from genlab.ui.canvas.drowned import (
    Counted,
    Course,
    Drowned,
    Walk,
    course_text,
    walk_text,
)

DRAWS = 32  # walks, and as many jumps
KEPT = 31  # steps at which a walk is looked at
COLUMNS = 1000  # of the heat map, at most
WALKS = 8  # that are kept; 3 MB each
LARGEST_OFFSET = 0.5  # s; beyond, the schedule hardly changes
SMALLEST_FIRST, LARGEST_FIRST = 1e-4, 0.02  # β of the first step
SMALLEST_FINAL, LARGEST_FINAL = 1e-3, 0.5  # β of the final one

Added = dict[int, Tensor]
"""For each kept step, (DRAWS, 1, 28, 28), what small steps added to √ᾱ_t · x_0."""


@dataclass(frozen=True)
class Asked:
    """A schedule and a seed.

    Attributes:
        kind: a key of `SCHEDULES`.
        steps: T.
        s: offset of the cosine.
        first, final: β of the first and the final step of the linear one.
    """

    kind: str = "cosine"
    steps: int = 1000
    s: float = 0.008
    first: float = 1e-4
    final: float = 0.02
    seed: int = 0

    @property
    def options(self) -> dict[str, float]:
        """Those that this kind of schedule has."""
        return (
            {"s": self.s} if self.kind == "cosine" else {"first": self.first, "final": self.final}
        )

    @property
    def name(self) -> str:
        """For a heading."""
        numbers = f"s = {self.s:g}"
        if self.kind == "linear":
            numbers = f"β from {self.first:g} to {self.final:g}"
        return f"{self.kind}, {numbers}, T = {self.steps:,}"

    @property
    def key(self) -> str:
        """The same for the same noise."""
        return f"{self.name}, seed {self.seed}"


def ask(
    kind: object, steps: object, s: object, first: object, final: object, seed: object
) -> Asked:
    """Check what a visitor sent.

    Raises:
        InputError: a value out of range.
    """
    return Asked(
        kit.choice(kind, "Schedule", tuple(SCHEDULES)),
        kit.whole_number(steps, "T", FEWEST_STEPS, MOST_STEPS),
        kit.number(s, "s", 0.0, LARGEST_OFFSET),
        kit.number(first, "The first β", SMALLEST_FIRST, LARGEST_FIRST),
        kit.number(final, "The final β", SMALLEST_FINAL, LARGEST_FINAL),
        kit.whole_number(seed, "Seed", 0, MAX_SEED),
    )


@functools.lru_cache(maxsize=32)
def schedule_of(asked: Asked) -> NoiseSchedule:
    """The schedule itself.

    Raises:
        InputError: β would fall.
    """
    return SCHEDULES[asked.kind](asked.steps, **asked.options)


def jumps(asked: Asked) -> tuple[Tensor, torch.Generator]:
    """ε of each jump, (DRAWS, 1, 28, 28), and the generator as it is then."""
    generator = torch.Generator().manual_seed(asked.seed)
    return torch.randn(DRAWS, 1, data.SIDE, data.SIDE, generator=generator), generator


def course(store: ModelStore, card: str | None, asked: Asked) -> str:
    """The schedule, the noise and the time encoding, for the component."""
    schedule = schedule_of(asked)
    stride = -(-asked.steps // COLUMNS)
    waves = waves_of(skeleton(store.card(card)) if card else None)
    return course_text(
        Course(
            key=asked.key,
            name=asked.name,
            betas=schedule.betas.numpy(),
            alpha_bars=schedule.alpha_bars.numpy(),
            noise=jumps(asked)[0][0, 0].numpy(),
            waves=time_table(range(0, asked.steps, stride), waves).numpy(),
            stride=stride,
        )
    )


class Walks:
    """The last walks, by what was asked; safe among threads."""

    def __init__(self, most: int = WALKS) -> None:
        self._most, self._kept = most, OrderedDict[Asked, Added]()
        self._lock = threading.Lock()

    def known(self, asked: Asked) -> Added | None:
        """A walk, where it is still kept."""
        with self._lock:
            if asked in self._kept:
                self._kept.move_to_end(asked)
            return self._kept.get(asked)

    def keep(self, asked: Asked, added: Added) -> None:
        """Keep a walk; the one that was longest unused goes."""
        with self._lock:
            self._kept[asked] = added
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


def take_walk(walks: Walks, asked: Asked) -> Iterator[int]:
    """Walk all the small steps and keep the walk; yields how many are done.

    Raises:
        InputError: it took longer than a minute.
    """
    schedule, started = schedule_of(asked), time.monotonic()
    noise, generator = jumps(asked)
    added: Added = {}
    kept = kept_steps(asked.steps, KEPT)
    for t, x in walk_steps(schedule, noise.shape, generator, kept):
        added[t] = x
        yield t + 1
        if time.monotonic() - started > kit.LONGEST_RUN:
            raise InputError(
                "The walk was stopped after a minute, so that others can compute too. Choose a "
                "smaller T, then press Walk again."
            )
    walks.keep(asked, added)


def shown_walk(walks: Walks, asked: Asked) -> str | None:
    """The first of the walks, for the component; None where none is known."""
    added = walks.known(asked)
    if added is None:
        return None
    rest = (1 - schedule_of(asked).alpha_bars[list(added)]).sqrt().view(-1, 1, 1)
    noise = torch.stack([each[0, 0] for each in added.values()]) / rest
    return walk_text(Walk(asked.key, list(added), noise.numpy()))


def drown(walks: Walks, asked: Asked, image: Tensor) -> Drowned:
    """A picture, (1, 1, 28, 28) in [0, 1], and what is counted of it where a walk is known."""
    added = walks.known(asked)
    counted = None if added is None else count(asked, image, added)
    return Drowned(image[0, 0].numpy(), counted)


def count(asked: Asked, image: Tensor, added: Added) -> Counted:
    """Moments and histograms of the walks and of as many jumps, of one picture."""
    schedule, x_0, kept = schedule_of(asked), to_signal(image[0]).float(), list(added)
    noise = jumps(asked)[0]
    jumped = {t: jump_noise(schedule, noise, t) for t in kept}
    crowds = [measure(schedule, x_0, each) for each in (added, jumped)]
    means, variances = expected_moments(schedule, x_0, kept)
    return Counted(
        key=asked.key,
        draws=DRAWS,
        low=LOWEST,
        high=HIGHEST,
        means=torch.stack([*(crowd.means for crowd in crowds), means]).numpy(),
        variances=torch.stack([*(crowd.variances for crowd in crowds), variances]).numpy(),
        histograms=torch.stack([_shares(crowd) for crowd in crowds]).numpy(),
    )


def _shares(crowd: Crowd) -> Tensor:
    """(K, BINS), which add up to 1 at each step."""
    total = crowd.histograms.sum(dim=1, keepdim=True)
    assert crowd.histograms.shape[1] == BINS
    return crowd.histograms / total

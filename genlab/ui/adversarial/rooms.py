"""Where visitors' games are kept: one room a visitor, and only the latest request plays in it.

A request takes the room's turn; what played there before notices and ends. So a second start in the
same session stops the first, and a step by hand never meets a running game. A picture carries the
turn that it was taken in: the browser shows none of an earlier turn than the one it shows.
"""

import itertools
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from genlab.inference.adversarial_game import Game, Settings
from genlab.inference.game_targets import TARGETS, Stroke, drawing

KEPT = 64  # rooms; each holds some 200 kB. Whoever comes back later begins anew


@dataclass(frozen=True)
class Asked:
    """What a visitor asked for: equal requests mean the same game.

    Attributes:
        points: a name in `TARGETS`, or "drawing".
        strokes: of the drawing.
    """

    points: str
    seed: int
    loss: str
    rate_d: float
    rate_g: float
    steps_d: int
    minibatch_std: bool
    replay: bool
    strokes: tuple[Stroke, ...] = ()

    def begin(self) -> Game:
        """A game at its first moment.

        Raises:
            InputError: the points are a drawing and there is none.
        """
        target = drawing(self.strokes) if self.points == "drawing" else TARGETS[self.points]()
        return Game(
            Settings(
                target,
                self.seed,
                loss=self.loss,
                rate_d=self.rate_d,
                rate_g=self.rate_g,
                steps_d=self.steps_d,
                minibatch_std=self.minibatch_std,
                replay=self.replay,
            )
        )


class Room:
    """A visitor's game; whoever touches it holds `lock`.

    Args:
        turns: numbers that grow.
    """

    def __init__(self, turns: Iterator[int]) -> None:
        self.lock = threading.Lock()
        self._turns = turns
        self._players = 0
        self._turn = 0
        self._asked: Asked | None = None
        self._game: Game | None = None

    @property
    def is_playing(self) -> bool:
        """Whether a run has not ended yet."""
        return self._players > 0

    @contextmanager
    def playing(self) -> Iterator[None]:
        """Around a run."""
        with self.lock:
            self._players += 1
        try:
            yield
        finally:
            with self.lock:
                self._players -= 1

    def take_turn(self) -> int:
        """From now on only the holder of this number plays here."""
        with self.my_turn() as turn:
            return turn

    @contextmanager
    def my_turn(self) -> Iterator[int]:
        """Around what holds the lock and takes the turn."""
        with self.lock:
            self._turn = next(self._turns)
            yield self._turn

    def is_turn(self, turn: int) -> bool:
        """Whether nobody else took it since."""
        return turn == self._turn

    def game(self, asked: Asked, *, anew: bool = False) -> Game:
        """The room's game if it is the one that was asked for, else a new one."""
        if anew or self._game is None or asked != self._asked:
            self._game, self._asked = asked.begin(), asked
        return self._game


class Rooms:
    """Rooms by visitor; the one that was entered longest ago is given up first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # later numbers after a restart of the server, too: pages outlive it
        self._turns = itertools.count(time.time_ns() // 1000)
        self._rooms: OrderedDict[str, Room] = OrderedDict()

    def enter(self, visitor: str) -> Room:
        """The visitor's room."""
        with self._lock:
            room = self._rooms.setdefault(visitor, Room(self._turns))
            self._rooms.move_to_end(visitor)
            while len(self._rooms) > KEPT:
                _, left = self._rooms.popitem(last=False)
                left.take_turn()  # what plays there ends
            return room

    def playing(self) -> int:
        """Visitors whose run has not ended yet."""
        with self._lock:
            return sum(room.is_playing for room in self._rooms.values())

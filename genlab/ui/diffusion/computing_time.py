"""How long a run computed: the one meaning of the times that the diffusion tab tells."""

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

Piece = TypeVar("Piece")


class Timed(Iterator[Piece]):
    """The pieces of a run, computed as they are asked for.

    Attributes:
        seconds: that computing took so far. What happens to a piece before the next one is asked
            for (it is encoded, it waits until it is sent) is not in them.
    """

    def __init__(self, pieces: Iterable[Piece]) -> None:
        self._pieces, self.seconds = iter(pieces), 0.0

    def __next__(self) -> Piece:
        began = time.perf_counter()
        try:
            return next(self._pieces)
        finally:
            self.seconds += time.perf_counter() - began

"""Ctrl+C and SIGTERM mean the same: stop soon, and leave what can be gone on with."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Handler = Callable[[int, object], None]


@contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM raises KeyboardInterrupt, as Ctrl+C does."""
    with _handled({signal.SIGTERM: signal.default_int_handler}):
        yield


@contextmanager
def deferred_stop() -> Iterator[Callable[[], bool]]:
    """Yield a function that says whether a stop was asked for; nothing is interrupted meanwhile.

    A training step changes weights, optimiser and average one after the other, so that a state
    saved in its midst would belong to no step.
    """
    asked = []

    def ask(number: int, _frame: object) -> None:
        asked.append(number)

    with _handled({signal.SIGINT: ask, signal.SIGTERM: ask}):
        yield lambda: bool(asked)


@contextmanager
def _handled(handlers: dict[signal.Signals, Handler]) -> Iterator[None]:
    earlier = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)

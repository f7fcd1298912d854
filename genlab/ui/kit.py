"""What every tab shares: the tab's own type, the queue, paced streams and readable errors."""

import contextlib
import functools
import inspect
import logging
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.context import get_render_context

from genlab.core.errors import GenLabError, InputError
from genlab.store import ModelStore

COMPUTE = {"concurrency_id": "compute", "concurrency_limit": 2}
"""Event settings of everything that takes longer than 100 ms: one queue for the whole site."""

QUICK = {
    "queue": False,
    "show_progress": "hidden",
    "trigger_mode": "always_last",
    "api_visibility": "private",
}
"""Event settings of what follows a drag: a decode of some milliseconds, see `quick`."""

AT_ONCE = 2  # unqueued decodes, of all visitors together
PATIENCE = 5.0  # seconds that one waits for its turn

MESSAGE_INTERVAL = 0.033  # seconds; at most 30 messages a second leave room to paint
LONGEST_RUN = 60.0  # seconds of computing, then the visitor is told and the place is free

FAMILY = "genlab-family"
"""Class of the outermost tabs, one for each `Tab`."""

TEXTS = Path(__file__).parent / "tabs" / "texts" / "en"

_log = logging.getLogger(__name__)
_turns = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True)
class Tab:
    """A page.

    Attributes:
        title: stands on the tab.
        order: the lowest is leftmost.
        build: declares the components inside the tab and wires their events.
        warm_up: computes what the page shows first, before anybody asks.
    """

    title: str
    order: int
    build: Callable[[ModelStore], None]
    warm_up: Callable[[ModelStore], object]


def text(name: str) -> str:
    """A long text for visitors, `texts/en/<name>.md`."""
    return (TEXTS / f"{name}.md").read_text(encoding="utf8")


def tex(value: float, digits: int = 3) -> str:
    """So many digits for a formula, times a power of ten where they are far from 1."""
    number, _, power = f"{value:.{digits}g}".partition("e")
    return rf"{number}\cdot 10^{{{int(power)}}}" if power else number


def paced(pieces: Generator[str, None, None], remedy: str) -> Iterator[str]:
    """The text so far, at most 30 times a second, and always the whole of it at the end.

    It never sleeps: the pieces come at full speed, and the browser plays them at its own. When it
    ends, however it ends, so does the computation behind `pieces`.

    Args:
        remedy: a sentence, what a visitor of this page can do about a run that takes too long.

    Raises:
        InputError: the run took longer than a minute; what was sent stays with the visitor.
    """
    sent, content = "", ""
    started = told = time.monotonic()
    with contextlib.closing(pieces):
        for piece in pieces:
            content += piece
            now = time.monotonic()
            if now - told >= MESSAGE_INTERVAL or not sent:
                sent, told = content, now
                yield content
            if now - started > LONGEST_RUN:
                raise InputError(
                    "The run was stopped after a minute, so that others can compute too. What is "
                    f"shown stays. {remedy}"
                )
    if content != sent:
        yield content


def readable_errors(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Show what went wrong as a message that names the remedy; log what we did not foresee."""
    if inspect.isgeneratorfunction(handler):

        @functools.wraps(handler)
        def streaming(*inputs: object) -> Iterator[object]:
            try:
                yield from handler(*inputs)
            except Exception as error:
                raise _visible(error) from error

        return streaming

    @functools.wraps(handler)
    def answering(*inputs: object) -> object:
        try:
            return handler(*inputs)
        except Exception as error:
            raise _visible(error) from error

    return answering


def quick(handler: Callable[..., Any]) -> Callable[..., Any]:
    """For `QUICK` events: readable errors, and never more than `AT_ONCE` of them at work.

    Gradio's queue does not see these events, so nothing else would hold a crowd of sliders back.
    """

    @functools.wraps(handler)
    def waiting(*inputs: object) -> object:
        if not _turns.acquire(timeout=PATIENCE):
            raise InputError("The server is busy at the moment. Move it again in a few seconds.")
        try:
            return handler(*inputs)
        finally:
            _turns.release()

    return readable_errors(waiting)


def _visible(error: Exception) -> gr.Error:
    if isinstance(error, gr.Error):
        return error
    if isinstance(error, GenLabError):
        return gr.Error(str(error), print_exception=False)
    _log.error("unforeseen error in a handler", exc_info=error)
    return gr.Error("Something went wrong on the server. Reload the page and try again.")


def whole_number(value: object, name: str, low: int, high: int) -> int:
    """A visitor's number as an int.

    Raises:
        InputError: not a whole number from low to high.
    """
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not low <= value <= high or value != int(value):
        raise InputError(f"{name} must be a whole number from {low} to {high}. Change it, then go.")
    return int(value)


def number(value: object, name: str, low: float, high: float) -> float:
    """A visitor's number as a float.

    Raises:
        InputError: not a number from low to high; NaN is none.
    """
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not low <= value <= high:
        raise InputError(f"{name} must be a number from {low:g} to {high:g}. Change it, then go.")
    return float(value)


def choice(value: object, name: str, offered: tuple) -> Any:  # noqa: ANN401 (one of `offered`)
    """A visitor's choice.

    Raises:
        InputError: not among what is offered.
    """
    if not any(value == each and type(value) is type(each) for each in offered):
        shown = ", ".join(str(each) for each in offered)
        raise InputError(f"{name} must be one of {shown}. Change it, then go.")
    return value


def becomes_stop(start: gr.Button, stop: gr.Button, trigger: Callable) -> None:
    """Let the start button become *Stop* at once when `trigger` fires.

    Call it before wiring the run itself: the browser works through a trigger's listeners one
    after another, so a later one would wait for the run's end. Both buttons need an `elem_id`.
    """
    trigger(**_swap(start, stop))


def until_the_end(start: gr.Button, stop: gr.Button, events: list) -> None:
    """Let *Stop* end the events, and become the start button again when they end or fail."""
    for event in events:
        event.then(**_swap(stop, start))  # at the end, or when stopped
        event.failure(**_swap(stop, start))  # which `then` does not follow in gradio 6.31
    stop.click(**_swap(stop, start), cancels=events)


def _swap(leaving: gr.Button, coming: gr.Button) -> dict[str, Any]:
    """An event that shows one button in place of another and hands on the keyboard's focus."""
    return {
        "fn": None,
        "inputs": None,
        "outputs": [leaving, coming],
        "js": _SWAP.replace("LEAVING", leaving.elem_id).replace("COMING", coming.elem_id),
        "api_visibility": "private",
    }


_SWAP = """() => {
    const focus = (frames) => {
        const coming = document.getElementById('COMING');
        if (coming) coming.focus({preventScroll: true});
        else if (frames) requestAnimationFrame(() => focus(frames - 1));
    };
    if (document.activeElement?.id === 'LEAVING') focus(60);
    const visible = (is) => ({__type__: 'update', visible: is});
    return [visible(false), visible(true)];
}"""


def on_first_sight(
    handler: Callable[[], object], output: gr.components.Component | list[gr.components.Component]
) -> None:
    """Fill components when a visitor first opens their family's tab, not in the queue of long work.

    The tab that is open from the start is filled as the page loads. A class that opens the page
    together thus waits for one family's first pictures and not for all of them.
    """
    family = _closed_family()
    gr.on(
        None if family is None else _opened(family).change,
        readable_errors(handler),
        None,
        output,
        show_progress="hidden",
        concurrency_limit=None,
        api_visibility="private",
    )


def _closed_family() -> gr.Tab | None:
    """The family's tab around what is being declared, unless it is open from the start.

    Not a tab within it: its model may have been changed before a visitor comes there.
    """
    block = get_render_context()
    while block is not None and FAMILY not in (block.elem_classes or ()):
        block = block.parent
    return None if block is None or block is block.parent.children[0] else block


def _opened(family: gr.Tab) -> gr.State:
    """Changes once for a visitor, when the tab is first selected; each tab has one."""
    if not hasattr(family, "opened"):
        family.opened = gr.State(False)
        family.select(
            lambda: True,
            None,
            family.opened,
            show_progress="hidden",
            concurrency_limit=None,
            api_visibility="private",
        )
    return family.opened

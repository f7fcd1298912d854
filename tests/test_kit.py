"""What every page is built on: paced streams, readable errors, checks of what visitors send."""

import contextlib
import inspect
import logging
import math
from types import SimpleNamespace

import gradio as gr
import pytest
from gradio.helpers import special_args

from genlab.core.errors import CheckpointError, DataError, GenLabError, InputError, UnknownModel
from genlab.ui import kit

NEUTRAL = "Something went wrong on the server. Reload the page and try again."
REMEDY = "Choose fewer pictures"


@pytest.fixture
def clock(monkeypatch):
    fake = SimpleNamespace(now=50.0)
    monkeypatch.setattr(kit, "time", SimpleNamespace(monotonic=lambda: fake.now))
    return fake


class Source:
    """A stream of numbered pieces, each after `seconds` on the fake clock; knows its end."""

    def __init__(self, clock, *seconds):
        self._clock, self._seconds = clock, seconds
        self.sent = []
        self.was_closed = False

    def __call__(self):
        try:
            for number, pause in enumerate(self._seconds):
                self._clock.now += pause
                self.sent.append(f"<{number}>")
                yield self.sent[-1]
        except GeneratorExit:
            self.was_closed = True
            raise


def watched(clock, pieces):
    """The messages with the times at which they came."""
    return [(clock.now, content) for content in kit.paced(pieces, REMEDY)]


@pytest.mark.parametrize(
    "seconds",
    [(0.0,) * 50, (0.01,) * 50, (1.0,) * 50, (0.0, 0.02) * 25, (0.5,), (0.0,), (0.0, 0.04, 0.0)],
)
def test_every_message_continues_the_one_before_it_and_the_last_is_the_whole(clock, seconds):
    source = Source(clock, *seconds)

    messages = [content for _, content in watched(clock, source())]

    pairs = zip(messages, messages[1:], strict=False)
    assert all(later.startswith(before) and later != before for before, later in pairs)
    assert messages[-1] == "".join(source.sent)
    assert len(source.sent) == len(seconds)


@pytest.mark.parametrize("pause", [0.0001, 0.001, 0.007, 0.03])
def test_messages_come_at_most_thirty_times_a_second(clock, pause):
    times = [time for time, _ in watched(clock, Source(clock, *[pause] * 500)())]

    gaps = [later - before for before, later in zip(times, times[1:], strict=False)]
    assert min(gaps[:-1], default=1) >= kit.MESSAGE_INTERVAL >= 1 / 31  # the last needs no wait
    assert len(times) <= 500 * pause * 30 + 2


def test_a_slow_stream_is_told_piece_by_piece(clock):
    source = Source(clock, *[0.05] * 20)

    assert len(watched(clock, source())) == 20


def test_the_first_piece_goes_out_at_once(clock):
    messages = kit.paced(Source(clock, 0.0, 0.0)(), REMEDY)

    assert next(messages) == "<0>"


def test_an_empty_stream_sends_nothing(clock):
    assert watched(clock, Source(clock)()) == []


def test_a_run_of_more_than_a_minute_is_stopped_and_keeps_what_was_sent(clock):
    source = Source(clock, *[1.0] * 100)
    pieces, messages = source(), []

    with pytest.raises(InputError, match=rf"stopped after a minute.*stays\. {REMEDY}$"):
        for content in kit.paced(pieces, REMEDY):
            messages.append(content)

    assert messages[-1] == "".join(source.sent)
    assert len(source.sent) == 61
    assert source.was_closed


def test_a_run_of_a_minute_is_not_stopped(clock):
    source = Source(clock, *[1.0] * 60)

    assert watched(clock, source())[-1][1] == "".join(source.sent)


def test_closing_the_messages_ends_the_computation_behind_them(clock):
    """This is what frees the server when a visitor presses Stop or leaves."""
    source = Source(clock, *[1.0] * 100)
    pieces = source()
    messages = kit.paced(pieces, REMEDY)
    next(messages)

    messages.close()

    assert source.was_closed
    assert source.sent == ["<0>"]
    assert list(pieces) == []


def test_an_error_of_the_computation_comes_through(clock):
    def broken():
        yield "a"
        raise InputError("no")

    messages = kit.paced(broken(), REMEDY)

    assert next(messages) == "a"
    with pytest.raises(InputError, match="no"):
        next(messages)


def plain(error):
    def handler(value):
        raise error

    return lambda: kit.readable_errors(handler)(1)


def streaming(error):
    def handler(value):
        yield value
        raise error

    return lambda: list(kit.readable_errors(handler)(1))


both_kinds = pytest.mark.parametrize("kind", [plain, streaming])


@pytest.mark.parametrize("error", [GenLabError, UnknownModel, CheckpointError, DataError])
@both_kinds
def test_a_text_meant_for_visitors_reaches_them(kind, error, caplog):
    with pytest.raises(gr.Error) as caught:
        kind(error("The weights are gone. Train them again."))()

    assert caught.value.message == "The weights are gone. Train them again."
    assert not caught.value.print_exception, "what we foresaw needs no traceback in the log"
    assert caplog.records == []


@pytest.mark.parametrize("error", [ValueError, KeyError, ZeroDivisionError, OSError, StopIteration])
@both_kinds
def test_what_nobody_foresaw_is_a_neutral_text_and_is_logged(kind, error, caplog):
    cause = error("/somewhere/secret.txt")

    with pytest.raises(gr.Error) as caught:
        kind(cause)()

    assert caught.value.message == NEUTRAL
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    logged = record.exc_info[1]
    assert cause in (logged, logged.__cause__), "StopIteration in a generator is a RuntimeError"


@both_kinds
def test_gradio_s_own_errors_pass_as_they_are(kind):
    error = gr.Error("Not so.")

    with pytest.raises(gr.Error) as caught:
        kind(error)()

    assert caught.value is error


def test_what_was_streamed_before_an_error_has_arrived():
    def handler():
        yield from "ab"
        raise InputError("no")

    stream = kit.readable_errors(handler)()

    assert [next(stream), next(stream)] == ["a", "b"]
    with pytest.raises(gr.Error, match="no"):
        next(stream)


def test_closing_a_wrapped_stream_ends_the_handler():
    ended = []

    def handler():
        with contextlib.ExitStack() as stack:
            stack.callback(ended.append, True)
            yield 1
            yield 2

    stream = kit.readable_errors(handler)()
    next(stream)
    stream.close()

    assert ended == [True]


def test_a_wrapped_handler_answers_as_before():
    assert kit.readable_errors(lambda a, b: a - b)(5, 3) == 2
    assert list(kit.readable_errors(iterate)(3)) == [0, 1, 2]


def iterate(count):
    yield from range(count)


def answer(value: int, event: gr.EventData) -> object:
    return value, event._data


def stream_answer(value: int, event: gr.EventData) -> object:
    yield value, event._data


@pytest.mark.parametrize("handler", [answer, stream_answer])
def test_gradio_still_finds_what_a_wrapped_handler_asks_for(handler):
    wrapped = kit.readable_errors(handler)
    event = gr.EventData(None, {"position": 3})

    inputs, _, event_index, _ = special_args(wrapped, inputs=[1], event_data=event)

    assert inspect.signature(wrapped) == inspect.signature(handler)
    assert inspect.isgeneratorfunction(wrapped) == inspect.isgeneratorfunction(handler)
    assert event_index == 1
    answered = wrapped(*inputs)
    assert (answered if handler is answer else next(answered)) == (1, {"position": 3})


NO_NUMBERS = [None, True, False, "3", "", "nan", [3], [], {"a": 3}, (3,), 3 + 0j, b"3"]
OUT_OF_RANGE = [-1, 11, -(10**400), 10**400, 1e308, math.inf, -math.inf, math.nan]


@pytest.mark.parametrize("value", [*NO_NUMBERS, *OUT_OF_RANGE, 3.5, 9.999999, 1e-300])
def test_what_is_no_whole_number_in_the_range_is_refused(value):
    with pytest.raises(InputError, match=r"^Seed must be a whole number from 0 to 10\. Change it"):
        kit.whole_number(value, "Seed", 0, 10)


@pytest.mark.parametrize("value", [0, 10, 3, 3.0, -0.0])
def test_a_whole_number_in_the_range_comes_back_as_an_int(value):
    checked = kit.whole_number(value, "Seed", 0, 10)

    assert checked == value and type(checked) is int


@pytest.mark.parametrize("value", [*NO_NUMBERS, *OUT_OF_RANGE, 0.0999, 10.0001])
def test_what_is_no_number_in_the_range_is_refused(value):
    with pytest.raises(InputError, match=r"^Heat must be a number from 0\.1 to 10\. Change it"):
        kit.number(value, "Heat", 0.1, 10)


@pytest.mark.parametrize("value", [0.1, 10, 1, 3.7])
def test_a_number_in_the_range_comes_back_as_a_float(value):
    checked = kit.number(value, "Heat", 0.1, 10)

    assert checked == value and type(checked) is float


@pytest.mark.parametrize("value", [None, True, 7, "1", 1.0, math.nan, [1], {"a": 1}, 10**400])
def test_what_is_not_offered_is_refused(value):
    with pytest.raises(InputError, match=r"^Images must be one of 1, 4, 16\. Change it"):
        kit.choice(value, "Images", (1, 4, 16))


@pytest.mark.parametrize("value", [1, 4, 16])
def test_what_is_offered_comes_back(value):
    assert kit.choice(value, "Images", (1, 4, 16)) == value


def test_a_text_for_visitors_is_found_by_its_name():
    assert kit.text("pixelcnn").startswith("## ")


# — numbers in formulas —


@pytest.mark.parametrize(
    ("value", "digits", "told"),
    [
        (0.25, 3, "0.25"),
        (0.0123456, 3, "0.0123"),
        (8.5169e-5, 4, r"8.517\cdot 10^{-5}"),
        (-3.2e-9, 3, r"-3.2\cdot 10^{-9}"),
        (1234567.0, 3, r"1.23\cdot 10^{6}"),
        (0.0, 3, "0"),
    ],
)
def test_a_formula_has_no_e_for_a_power_of_ten(value, digits, told):
    assert kit.tex(value, digits) == told

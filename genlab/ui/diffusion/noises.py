"""The page of noises: from one to another, and from a picture to the noise that makes it."""

from collections.abc import Callable, Generator, Iterator
from typing import Any

import gradio as gr

from genlab.core.images import ImageSpec
from genlab.inference.ddim_inversion import FEWEST_STEPS, GUESSES
from genlab.inference.latent import MAX_SEED
from genlab.store import ModelStore, skeleton
from genlab.ui import kit
from genlab.ui.canvas.panels import PicturePanels
from genlab.ui.canvas.strip import StripPlayer
from genlab.ui.diffusion import asked
from genlab.ui.diffusion import inversion_views as inversion
from genlab.ui.diffusion import noises_views as between
from genlab.ui.diffusion.same_noise_views import UNTRAINED, declare_run, wire_run
from genlab.ui.latent import codes, pictures

BOARD = "Picture"
FIRST = {"mnist": {BOARD: [32]}, "fashion-mnist": {BOARD: [82]}}  # a three, a bag
FIRST_STEPS, MOST = 20, 100
MOST_GUESSES = 5
UNMEASURED = "Nothing is measured of this picture, class and model yet. Press There and back."

Measured = list[tuple[tuple, inversion.Journey]]
"""Journeys, each with the model, class and picture that it is about."""

WHY_ARC = """
Two noises are nearly at right angles and of nearly equal length: 784 numbers of variance 1. Mixed
half and half on the straight line they keep half of the variance, (½)² + (½)². A sampler begins
where the noise has variance 1, and nothing tells the network that this noise is weaker. The arc
between them turns from one to the other and keeps the length.
"""
WHY_INVERSION = """
DDIM without luck follows a path that can be walked both ways. A step up needs the noise that the
network *would* see at its end, which is not known yet: the usual inversion takes what it sees at
the start. Here that is a first guess, which is put in again; with 1 guess you have the usual one.
The shorter the steps, the less it matters, so the error falls with their number.

Nothing makes the noise found exactly N(0, 1). Compare it with the drawn one: where your picture is
empty, it may be too quiet, which mean and spread of the whole do not show. The class above counts
too, since that is what the network is asked about.
"""


def build(store: ModelStore, card: gr.Dropdown, label: gr.Dropdown) -> None:
    """Declare the page and wire it."""
    gr.Markdown(
        "## What lies between two noises?\nEvery noise has its picture. The two ways lead from A "
        "to B through noises; the last row only mixes the pixels.",
        elem_classes="genlab-question",
    )
    if card.value is None:
        gr.Markdown(UNTRAINED)
        return
    _build_between(store, card, label)
    gr.Markdown(
        "## Which noise would have become your picture?\nDraw, upload or pick one. The sampler "
        "runs backwards to a noise, and forwards again from there.",
        elem_classes="genlab-question",
    )
    _build_inversion(store, card, label)


def _build_between(store: ModelStore, card: gr.Dropdown, label: gr.Dropdown) -> None:
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            strip = StripPlayer(
                label="From noise A to noise B", names=(between.ARC, between.LINE, between.PIXELS),
                lines=2, elem_id="noises-strip",
            )  # fmt: skip
            words = gr.Markdown(
                "", elem_id="noises-words", elem_classes="genlab-status", min_height=56
            )
        with gr.Column(scale=1, min_width=304):
            seeds = [_declare_seed(f"Seed of {name}", at) for at, name in enumerate("AB")]
            steps = _declare_steps("noises-steps", 1)
            start, stop = declare_run("Draw the ways", "noises")
    gr.Markdown(WHY_ARC)

    @kit.readable_errors
    def draw(card: str, label: object, *sent: object) -> Iterator[tuple]:
        model = asked.asked_model(store, card)
        *numbers, count = sent
        ends = [kit.whole_number(n, f"Seed of {name}", 0, MAX_SEED)
                for n, name in zip(numbers, "AB", strict=True)]  # fmt: skip
        count = kit.whole_number(count, "Steps", 1, MOST)
        ways, told = between.ways_between(model, tuple(ends)), asked.asked_label(model, label)
        name = between.name_run(store, card, told, count, tuple(ends))
        run = between.draw_ways(model, ways, count, told)
        yield from _watch(run, lambda drawn: (
            between.strip_of(ways, drawn, name), between.describe_ways(ways)
        ), "Choose fewer steps.")  # fmt: skip

    wire_run(start, stop, draw, [card, label, *seeds, steps], [strip, words])


def _build_inversion(store: ModelStore, card: gr.Dropdown, label: gr.Dropdown) -> None:
    first = FIRST[codes.data_name(store, card.value)]
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            with gr.Row():
                with gr.Column(min_width=304):
                    board = pictures.declare_board(
                        store, card, label="Your picture", elem_id="inversion-board",
                        first=first[BOARD][0], size=252,
                    )  # fmt: skip
                with gr.Column(min_width=304):
                    table = gr.Markdown(inversion.table_of([]), elem_id="inversion-table")
            panels = PicturePanels(
                label="The picture's noise and what it becomes", panels=inversion.PANELS,
                size=200, elem_id="inversion-panels",
            )  # fmt: skip
            words = gr.Markdown(
                "", elem_id="inversion-words", elem_classes="genlab-status", min_height=150
            )
        with gr.Column(scale=1, min_width=304):
            steps = _declare_steps("inversion-steps", FEWEST_STEPS)
            start, stop = declare_run("There and back", "inversion")
            with gr.Accordion("More", open=False):
                guesses = gr.Slider(
                    1, MOST_GUESSES, value=GUESSES, step=1, label="Guesses",
                    info="Passes of the network for a step to the noise",
                    elem_id="inversion-guesses",
                )  # fmt: skip
            sheet = pictures.declare_sheet(
                store, card, label="Test pictures", elem_id="inversion-examples", chosen=first
            )
    gr.Markdown(WHY_INVERSION)
    measured = gr.State([])
    inputs = [card, label, board.canvas, steps, guesses, measured]
    spec = skeleton(store.card(card.value)).spec

    def show(card: str, label: object, sent: object, measured: Measured) -> tuple:
        return _show_measured(spec, [each for subject, each in measured
                                     if subject == (card, label, sent)])  # fmt: skip

    # Asked for at the end of a run, too: meanwhile another picture may have come onto the board.
    travelled = wire_run(start, stop, _inverter(store, board), inputs, [measured, words])
    for change in (
        label.change, card.change, *pictures.board_changes(board),
        *pictures.sheet_changes(store, card, sheet, {BOARD: board}, FIRST), travelled,
    ):  # fmt: skip
        change(kit.quick(show), [card, label, board.canvas, measured], [panels, table, words],
               **pictures.QUIET)  # fmt: skip
    kit.on_first_sight(lambda: inversion.drawn_noise(spec), panels)


def _show_measured(spec: ImageSpec, journeys: list[inversion.Journey]) -> tuple:
    """What was found of a picture, as it is asked about: the last panels and words, all rows."""
    if not journeys:
        return inversion.drawn_noise(spec), inversion.table_of([]), UNMEASURED
    last = journeys[-1]
    return inversion.panels_of(last), inversion.table_of(journeys), inversion.describe_journey(last)


def _inverter(store: ModelStore, board: pictures.Board) -> Callable[..., Iterator[tuple]]:
    """The handler of the second part."""

    @kit.readable_errors
    def invert(
        card: str, label: object, sent: object, steps: object, guesses: object, before: Measured
    ) -> Iterator[tuple]:
        model = asked.asked_model(store, card)
        run = inversion.travel(
            model, pictures.read_board(board, sent),
            steps=kit.whole_number(steps, "Steps", FEWEST_STEPS, MOST),
            guesses=kit.whole_number(guesses, "Guesses", 1, MOST_GUESSES),
            label=asked.asked_label(model, label),
        )  # fmt: skip
        subject = (card, label, sent)

        def keep(journey: inversion.Journey) -> tuple:
            same = [each for each in before if each[0] == subject][1 - inversion.KEPT :]
            return [*same, (subject, journey)], gr.skip()

        yield from _watch(run, keep, "Choose fewer steps or guesses.")

    return invert


def _watch(
    run: Generator[str, None, Any],
    show: Callable[[Any], tuple],
    remedy: str,
) -> Iterator[tuple]:
    """How far a run is, in words, then what it shows.

    Args:
        remedy: see `kit.paced`.
    """
    result = []

    def pieces() -> Generator[str, None, None]:
        result.append((yield from run))

    for content in kit.paced(pieces(), remedy):
        yield gr.skip(), content.splitlines()[-1]
    yield show(result[0])


def _declare_seed(label: str, value: int) -> gr.Number:
    return gr.Number(value, label=label, precision=0, minimum=0, maximum=MAX_SEED)


def _declare_steps(elem_id: str, fewest: int) -> gr.Slider:
    return gr.Slider(fewest, MOST, value=FIRST_STEPS, step=1, label="Steps", elem_id=elem_id)

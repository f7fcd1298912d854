"""The page that draws: a picture comes into being pixel by pixel, the model's doubt beside it."""

import functools
import random
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import gradio as gr

from genlab.core.cards import ModelCard
from genlab.core.errors import InputError
from genlab.core.protocols import Incremental
from genlab.inference.cost import full_pass_seconds
from genlab.inference.runs import Run, Segment, sized
from genlab.store import ModelStore
from genlab.ui import kit, real_row
from genlab.ui.canvas import PixelPlayer
from genlab.ui.pixels import sampling_controls as controls
from genlab.ui.pixels.sampling_controls import COUNTS, DICE, Controls, asked_run, fitting
from genlab.ui.pixels.sizes import describe_size
from genlab.ui.shown_runs import describe_cost, draw_run, measure

FIRST = "pixelcnn-mnist"  # the card that the page begins with
REMEDY = (
    "Choose fewer images or, under More, a smaller size; or draw again when the server is less "
    "busy."
)
KEPT_RUNS = 20  # of each visitor; older ones can no longer be branched from

Runs = dict[str, Run]


@dataclass(frozen=True)
class Parts:
    """What lessons attach themselves to."""

    card: gr.Dropdown
    player: PixelPlayer
    runs: gr.State


def offered_cards(store: ModelStore) -> list[ModelCard]:
    """What the page can draw; the plain PixelCNN comes first, since the others build upon it."""
    return sorted(store.cards_with(Incremental), key=lambda card: card.name != FIRST)


def opening(store: ModelStore) -> Runs:
    """What the page shows first, by its name: seed 0 of the first card; nothing without a card."""
    cards = offered_cards(store)
    if not cards:
        return {}
    segment = Segment(0, seed=0, temperature=1.0)
    return {"opening": Run(cards[0].name, COUNTS[0], "raster", (segment,))}


@functools.cache
def draw_opening(store: ModelStore) -> str:
    """The first picture, drawn before anybody asks; the naive rates are measured beside it."""
    for name, run in opening(store).items():
        for count in COUNTS:
            full_pass_seconds(store.get(run.card), count, run.size)
        return "".join(draw_run(store, run, name))
    raise InputError(
        "No PixelCNN is trained yet. Run `python -m train pixelcnn-mnist`, then reload the page."
    )


def build(store: ModelStore) -> Parts:
    """Declare the page and wire it; who calls it may put lessons beneath."""
    cards = offered_cards(store)
    runs = gr.State(opening(store))
    gr.Markdown(kit.text("pixelcnn"), elem_classes="genlab-question")
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            real = real_row.declare("pixelcnn-real")
            player = PixelPlayer(
                label="The picture that the PixelCNN draws",
                placeholder="Warming up: the network draws its first picture",
                selectable=True,
                elem_id="pixelcnn-player",
            )
            status = gr.Markdown("", elem_classes="genlab-status")
        with gr.Column(scale=1, min_width=304):
            asked = controls.declare(store, cards)
    real_row.follow(
        real, store, asked.card, seed=asked.seed, label=asked.label, drawn=asked.drawing.click
    )
    _connect(store, asked, player, status, runs)
    kit.on_first_sight(lambda: draw_opening(store), player)
    return Parts(asked.card, player, runs)


def _connect(
    store: ModelStore, asked: Controls, player: PixelPlayer, status: gr.Markdown, runs: gr.State
) -> None:
    """Events of the page."""
    shown = [player, status, runs]
    draw, branch_off = _handlers(store)
    # `preprocess=False`: our own checks name the remedy, gradio's do not (or raise on NaN).
    kit.becomes_stop(asked.drawing, asked.stop, asked.drawing.click)
    kit.becomes_stop(asked.drawing, asked.stop, player.branch)
    started = asked.drawing.click(draw, [*asked.settings, runs], shown, show_progress="minimal",
                                  show_progress_on=status, api_name="draw_pixels",
                                  preprocess=False, **kit.COMPUTE)  # fmt: skip
    branched = player.branch(branch_off, [asked.seed, asked.temperature, asked.top_p, runs],
                             [*shown, asked.seed],
                             show_progress="minimal", show_progress_on=status,
                             api_visibility="private", preprocess=False,
                             **kit.COMPUTE)  # fmt: skip
    kit.until_the_end(asked.drawing, asked.stop, [started, branched])
    refit = kit.readable_errors(lambda name: [gr.update(**each) for each in fitting(store, name)])
    asked.card.change(refit, asked.card,
                      [asked.label, asked.guidance, asked.order, asked.scale],
                      show_progress="hidden", queue=False,
                      api_visibility="private", preprocess=False)  # fmt: skip


def _handlers(store: ModelStore) -> tuple:
    """The two streaming handlers of the page."""

    def stream(run: Run, runs: Runs) -> Iterator[tuple]:
        name = uuid.uuid4().hex[:8]
        told = dict(list(runs.items())[-KEPT_RUNS + 1 :]) | {name: run}
        bill, started = "", time.perf_counter()  # the last run's bill goes with its picture
        for content in kit.paced(draw_run(store, run, name), REMEDY):
            yield content, bill, told
            bill = told = gr.skip()
        cost = measure(store, run, time.perf_counter() - started)
        yield gr.skip(), describe_cost(cost) + describe_size(store, run), gr.skip()

    @kit.readable_errors
    def draw(
        card: str,
        images: int,
        seed: float,
        temperature: float,
        order: str,
        label: str | int,
        guidance: float,
        top_p: float,
        scale: int,
        runs: Runs,
    ) -> Iterator[tuple]:
        settings = card, images, seed, temperature, order, label, guidance, top_p, scale
        yield from stream(asked_run(store, *settings), runs)

    @kit.readable_errors
    def branch_off(
        seed: float, temperature: float, top_p: float, runs: Runs, event: gr.EventData
    ) -> Iterator[tuple]:
        asked = event._data if isinstance(event._data, dict) else {}
        run = runs.get(str(asked.get("run")))
        if run is None:
            raise InputError("This run is no longer known here. Press Draw, then branch again.")
        spec = sized(store.get(run.card), run).spec
        last_position = spec.height * spec.width - 1
        position = kit.whole_number(
            asked.get("position"), "The pixel to branch at", 1, last_position
        )
        segment = controls.segment(position, seed, temperature, top_p, run.images)
        segment = _differing(segment, run)
        for values in stream(run.branch(segment), runs):
            yield *values, segment.seed

    return draw, branch_off


def _differing(segment: Segment, run: Run) -> Segment:
    """The segment, with another seed where nothing in it would change the picture.

    Raises:
        InputError: no seed can, since the likeliest level is drawn before and after.
    """
    settings = [_settings(each) for each in _replaced(run, segment.start)]
    if any(each != _settings(segment) for each in settings):
        return segment
    if segment.top_p == 0:
        raise InputError(
            "At top-p 0 the likeliest level is always drawn, so neither a seed nor a temperature "
            "changes the picture. Raise Top-p under More, then branch again."
        )
    return Segment(segment.start, _another_seed(segment.seed), segment.temperature, segment.top_p)


def _replaced(run: Run, start: int) -> list[Segment]:
    """What draws the run's pixels from a position on, before it is branched there."""
    earlier = [each for each in run.segments if each.start <= start]
    return [earlier[-1], *(each for each in run.segments if each.start > start)]


def _settings(segment: Segment) -> tuple:
    """What of a segment can change a picture; the argmax heeds neither seed nor temperature."""
    if segment.top_p == 0:
        return (0.0,)
    return segment.top_p, segment.seed, segment.temperature


def _another_seed(seed: int) -> int:
    return (seed + random.randint(1, DICE)) % (DICE + 1)

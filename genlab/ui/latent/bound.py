"""The loss opened up: what one picture costs, by pixel and by dimension, and how tight that is."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass

import gradio as gr
import numpy as np

from genlab.inference.latent import MAX_SEED
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas import PixelCanvas
from genlab.ui.latent import bound_views as views
from genlab.ui.latent.codes import data_name, example_images
from genlab.ui.latent.gaussians import UNTRAINED
from genlab.ui.latent.pictures import (
    Board,
    board_changes,
    declare_board,
    declare_sheet,
    read_board,
    sheet_changes,
    touches,
)

GROUP = "Picture"
FIRST = {"mnist": {GROUP: [30]}, "fashion-mnist": {GROUP: [82]}}  # a three, a bag
DICE = 9999  # seeds that a visitor can remember
SIZE = 224  # of a picture, in CSS pixels
BARS, CURVE = 280, 370  # least heights of the charts

QUESTION = """## What does a picture cost?
A VAE pays twice: for the pixels that its decoder gets wrong, and for a code that differs from the
prior. Both together bound the picture's ln p(x) from below, and more codes tighten the bound."""


@dataclass(frozen=True)
class Panel:
    """What a visitor sets."""

    board: Board
    seed: gr.Number
    pixels: gr.Radio
    compare: gr.Button
    stop: gr.Button


@dataclass(frozen=True)
class Stage:
    """The cost and its parts, and the bounds."""

    seen: PixelCanvas
    rebuilt: PixelCanvas
    costs: PixelCanvas
    scale: gr.HTML
    words: gr.Markdown
    bars: gr.HTML
    curve: gr.HTML
    told: gr.Markdown


def build(store: ModelStore, card: gr.Dropdown) -> None:
    """Declare the page, for any card that knows log p(x | z) and q(z | x), and wire it."""
    gr.Markdown(QUESTION, elem_classes="genlab-question")
    if card.value is None:
        gr.Markdown(UNTRAINED)
        return
    first = FIRST[data_name(store, card.value)]
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            stage = _stage()
        with gr.Column(scale=1, min_width=304):
            gr.Markdown("**Your picture**")
            board = declare_board(
                store, card, label="Your picture", elem_id="bound-board", first=first[GROUP][0]
            )
            with gr.Row(elem_classes="genlab-seed"):
                seed = gr.Number(0, label="Seed", precision=0, minimum=0, maximum=MAX_SEED)
                dice = gr.Button("Roll", min_width=64, elem_classes="genlab-dice")
            compare = gr.Button("Compare bounds", variant="primary", elem_id="bound-compare")
            stop = gr.Button("Stop", variant="stop", visible=False, elem_id="bound-stop")
            with gr.Accordion("Examples", open=False):
                sheet = declare_sheet(store, card, label="Test pictures to take",
                                      elem_id="bound-sheet",
                                      chosen=first)  # fmt: skip
            with gr.Accordion("More", open=False):
                pixels = gr.Radio(
                    [(title, name) for name, title in views.PIXELS.items()], value="binary",
                    label="Pixels", info="A grey pixel costs the mean over its coin tosses",
                )  # fmt: skip
    panel = Panel(board, seed, pixels, compare, stop)
    run = _wire_run(store, card, panel, stage)
    # Before all other listeners: the browser works through them one after another.
    for touch in (*touches(board, sheet), card.change, seed.change, pixels.change):
        touch(None, None, None, cancels=[run], show_progress="hidden")
    changes = [*board_changes(board), *sheet_changes(store, card, sheet, {GROUP: board}, FIRST)]
    _wire_changes(store, card, panel, stage, [*changes, seed.change, pixels.change])
    dice.click(None, None, seed, js=f"() => Math.floor(Math.random() * {DICE + 1})")


def _stage() -> Stage:
    with gr.Row():
        pictures = []
        for title, name in (
            ("As the model is asked", "seen"),
            ("Rebuilt from its mean code", "rebuilt"),
            ("What each pixel costs", "costs"),
        ):
            with gr.Column(min_width=150):
                gr.Markdown(f"**{title}**")
                channels = 3 if name == "costs" else 1
                pictures.append(PixelCanvas(
                    label=title, size=SIZE, channels=channels, elem_id=f"bound-{name}"
                ))  # fmt: skip
                if name == "costs":
                    scale = gr.HTML("", min_height=80, elem_id="bound-scale")
    words = gr.Markdown("", elem_classes="genlab-status", elem_id="bound-words")
    with gr.Row():
        with gr.Column(min_width=320):
            gr.Markdown("**What each dimension of the code costs**")
            bars = gr.HTML("", min_height=BARS, elem_id="bound-bars")
        with gr.Column(min_width=320):
            gr.Markdown("**The bound with more codes**")
            curve = gr.HTML("", min_height=CURVE, elem_id="bound-curve")
            told = gr.Markdown("", elem_classes="genlab-status", elem_id="bound-told")
    return Stage(*pictures, scale, words, bars, curve, told)


def _wire_run(store: ModelStore, card: gr.Dropdown, panel: Panel, stage: Stage) -> dict:
    """Let the button compare bounds until it is stopped; the run."""

    def compare(*sent: object) -> Iterator[tuple[str, str]]:
        yield from views.compare(_read(store, panel, *sent))

    kit.becomes_stop(panel.compare, panel.stop, panel.compare.click)
    run = panel.compare.click(kit.readable_errors(compare), _inputs(card, panel),
                              [stage.curve, stage.told], show_progress="minimal",
                              show_progress_on=stage.told, api_visibility="private",
                              preprocess=False, **kit.COMPUTE)  # fmt: skip
    kit.until_the_end(panel.compare, panel.stop, [run])
    return run


def _wire_changes(
    store: ModelStore, card: gr.Dropdown, panel: Panel, stage: Stage, changes: list
) -> None:
    """Let everything follow the changes."""
    outputs = [stage.seen, stage.rebuilt, stage.costs, stage.scale, stage.words, stage.bars,
               stage.curve, stage.told]  # fmt: skip

    def take_apart(*sent: object) -> tuple:
        return views.take_apart(_read(store, panel, *sent))

    for change in changes:
        change(kit.readable_errors(take_apart), _inputs(card, panel), outputs,
               show_progress="hidden", trigger_mode="always_last", api_visibility="private",
               preprocess=False, **kit.COMPUTE)  # fmt: skip
    kit.on_first_sight(lambda: opening(store, card.value), outputs)


def _inputs(card: gr.Dropdown, panel: Panel) -> list[gr.components.Component]:
    """In the order of `_read`."""
    return [card, panel.board.canvas, panel.pixels, panel.seed]


def _read(
    store: ModelStore, panel: Panel, name: str | None, sent: object, pixels: object, seed: object
) -> views.Asked:
    return views.ask(store, name, read_board(panel.board, sent), pixels, seed)


@functools.lru_cache(maxsize=4)
def opening(store: ModelStore, name: str) -> tuple[np.ndarray | str, ...]:
    """The first picture taken apart, its bounds compared, before anybody asks."""
    picture = example_images(store, name)[FIRST[data_name(store, name)][GROUP]]
    asked = views.ask(store, name, picture, "binary", 0)
    *_, compared = views.compare(asked)
    return *views.take_apart(asked)[:-2], *compared

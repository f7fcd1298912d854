"""The page of scribbles: how much of a crude drawing must drown before it comes back real?"""

from collections.abc import Iterator
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray

from genlab import data
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas import DrawingCanvas, PixelCanvas
from genlab.ui.canvas.strip import StripPlayer
from genlab.ui.diffusion import scribble_views as views
from genlab.ui.diffusion import variants_views as variants
from genlab.ui.diffusion.asked import asked_model
from genlab.ui.diffusion.headline import declare_headline, draws_digits
from genlab.ui.latent import pictures

IDS = "scribble"
SHARE = 0.55  # of T: the gist is left, the corners are not
QUESTION = """## How much of your scribble must drown?
Draw a digit as clumsily as you can. Choose how far it is noised, then press Run: the network
denoises it. Find the t at which it looks real and is still yours."""
QUESTION_OF_OTHERS = QUESTION.replace("a digit", "what this model draws,")
# Rows and columns of white bars: a three and a bag out of straight lines.
THREE = (((4, 6), (8, 20)), ((4, 23), (18, 20)), ((12, 14), (10, 20)), ((21, 23), (8, 20)))
BAG = (((11, 25), (3, 25)), ((4, 6), (9, 19)), ((6, 11), (9, 11)), ((6, 11), (17, 19)))
BEFORE = "Press Run: six variants start from your drowned scribble, each with its own noise."
STRIP_BEFORE = "Press Compare: the same noise at six values of t."
HOW = (
    "Nothing here was trained on scribbles. Noise hides the small things first: at a small t the "
    "corners are still there, and the network can only polish them. At a large t hardly anything "
    "is left, and it draws what it likes. In between, the gist is yours and the rest is its own."
)


def build(store: ModelStore, card: gr.Dropdown, label: gr.Dropdown) -> None:
    """Declare the page and wire it."""
    declare_headline(store, card, digits=QUESTION, others=QUESTION_OF_OTHERS)
    if card.value is None:
        gr.Markdown(variants.UNTRAINED)
        return
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            with gr.Row():
                with gr.Column(min_width=310):
                    gr.Markdown("**Your scribble**")
                    board = _declare_board(first_scribble(store, card.value))
                with gr.Column(min_width=310):
                    gr.Markdown("**What is left of it at t**: variant 1 starts here")
                    drowned = PixelCanvas(
                        label="The drowned scribble", size=280, elem_id=f"{IDS}-drowned"
                    )
                    left = gr.Markdown("", elem_id=f"{IDS}-left", elem_classes="genlab-status")
            panels = variants.declare_panels(IDS)
            status = gr.Markdown(BEFORE, elem_id=f"{IDS}-status", elem_classes="genlab-status")
        with gr.Column(scale=1, min_width=304):
            share = gr.Slider(
                0.0, 1.0, value=SHARE, step=0.01, label="How much is drowned, t / T",
                info="0 leaves it as it is, 1 leaves nothing of it", elem_id=f"{IDS}-share",
            )  # fmt: skip
            controls = variants.declare_controls(IDS, variants.declare_steps(IDS))
    strip, strip_status, buttons = _declare_strip()
    settings = [controls.steps, controls.guidance, controls.view, controls.seed]
    picture = [card, label, board.canvas]
    _wire_drowned(store, card, board, share, controls.seed, [drowned, left])
    run, compare = _handlers(store, board)
    variants.wire_button(
        controls.run, controls.stop, run, [*picture, share, *settings], [panels, status],
        api_name="sdedit",
    )  # fmt: skip
    variants.wire_button(
        *buttons, compare, [*picture, *settings], [strip, strip_status], api_name="sdedit_strip"
    )


def scribble(bars: tuple = THREE) -> NDArray[np.float32]:
    """A crude drawing, (28, 28)."""
    drawn = np.zeros((data.SIDE, data.SIDE), np.float32)
    for (top, bottom), (left, right) in bars:
        drawn[top:bottom, left:right] = 1
    return drawn


def first_scribble(store: ModelStore, card: str | None) -> NDArray[np.float32]:
    """What the page begins with, and another card's that takes its place."""
    return scribble(THREE if draws_digits(store, card) else BAG)


def _declare_board(drawn: NDArray[np.float32]) -> pictures.Board:
    canvas = DrawingCanvas(drawn, label="Your scribble", size=280, elem_id=f"{IDS}-board")
    with gr.Row():
        upload = gr.UploadButton(
            "Upload", file_types=pictures.ENDINGS, size="sm", min_width=80,
            elem_id=f"{IDS}-board-upload",
        )  # fmt: skip
        invert = gr.Button("Invert", size="sm", min_width=80)
    return pictures.Board(canvas, upload, invert)


def _declare_strip() -> tuple[StripPlayer, gr.Markdown, tuple[gr.Button, gr.Button]]:
    gr.Markdown(
        f"### Faithful or real?\nThe same scribble and the same noise at six values of t. {HOW}",
        elem_classes="genlab-section",
    )
    ids = f"{IDS}-strip"
    compare = gr.Button("Compare six values of t", elem_id=f"{ids}-run")
    stop = gr.Button("Stop", variant="stop", visible=False, elem_id=f"{ids}-stop")
    strip = StripPlayer(
        label="The scribble over t", names=views.ROWS, size=140, elem_id=f"{IDS}-strip"
    )
    status = gr.Markdown(STRIP_BEFORE, elem_id=f"{IDS}-strip-status", elem_classes="genlab-status")
    return strip, status, (compare, stop)


def _follow_card(store: ModelStore, card: gr.Dropdown, board: pictures.Board) -> pictures.Change:
    """Let another card bring its own scribble, unless the visitor's stands there."""
    ours = [board.canvas.postprocess(scribble(bars)) for bars in (THREE, BAG)]

    def follow(name: str, sent: object) -> Any:  # noqa: ANN401 (a skip or an array)
        return first_scribble(store, name) if sent in ours else gr.skip()

    return card.change(
        kit.quick(follow), [card, board.canvas], board.canvas, **pictures.QUIET
    ).success


def _wire_drowned(
    store: ModelStore,
    card: gr.Dropdown,
    board: pictures.Board,
    share: gr.Slider,
    seed: gr.Number,
    outputs: list[gr.components.Component],
) -> None:
    """Let the drowned scribble follow everything that it depends on."""

    def show(card: object, sent: object, share: object, seed: object) -> tuple:
        model, image = asked_model(store, card), pictures.read_board(board, sent)
        t = views.step_of(model.schedule, share)
        picture = views.drown(model, image, t, variants.read_seed(seed))
        return picture[0, 0].numpy(), f"{views.describe_step(model.schedule, t)}."

    def begin() -> tuple:
        drawn = board.canvas.postprocess(first_scribble(store, card.value))
        return show(card.value, drawn, SHARE, 0)

    inputs = [card, board.canvas, share, seed]
    followed = _follow_card(store, card, board)
    for change in (*pictures.board_changes(board), share.input, seed.change, followed):
        change(kit.quick(show), inputs, outputs, **pictures.QUIET)
    kit.on_first_sight(begin, outputs)


def _handlers(store: ModelStore, board: pictures.Board) -> tuple:
    """The two streamed runs of the page."""

    @kit.readable_errors
    def run(
        card: object, label: object, sent: object, share: object, *settings: object
    ) -> Iterator[tuple]:
        asked = views.read_asked(store, card, label, *settings)
        t = views.step_of(asked.model.schedule, share)
        yield from views.stream_variants(store, asked, pictures.read_board(board, sent), t)

    @kit.readable_errors
    def compare(card: object, label: object, sent: object, *settings: object) -> Iterator[tuple]:
        asked = views.read_asked(store, card, label, *settings)
        yield from views.stream_strip(store, asked, pictures.read_board(board, sent))

    return run, compare

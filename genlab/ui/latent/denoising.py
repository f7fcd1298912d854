"""The page of noise: a picture, its corruption, what a network makes of it, what is still wrong."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import gradio as gr

from genlab import data
from genlab.core.cards import ModelCard
from genlab.core.errors import InputError
from genlab.core.protocols import Restorer
from genlab.nn.corruption import CORRUPTIONS
from genlab.store import ModelStore, skeleton
from genlab.ui import kit
from genlab.ui.canvas.panels import Panel, PicturePanels
from genlab.ui.latent.codes import data_name, example_images
from genlab.ui.latent.pictures import (
    board_changes,
    declare_board,
    declare_sheet,
    read_board,
    sheet_changes,
)
from genlab.ui.latent.restored import (
    MAX_SEED,
    NAMES,
    Shown,
    read_shown,
    show_restoration,
    spoken,
)

FIRST_EXAMPLE = 92  # an ankle boot
GROUP = "Picture"
FIRST = dict.fromkeys(data.DESCRIBED.values(), {GROUP: [FIRST_EXAMPLE]})
OPENING_LEVEL = 0.5
CURVE_HEIGHT = 430  # CSS px, about: nothing below moves when it arrives
DICE = 9999  # seeds that a visitor can remember


@dataclass(frozen=True)
class Stage:
    """The controls, how to read what they send, and the views that show it.

    Attributes:
        card: the choice of the network.
        inputs: picture, card, corruption, level and seed.
        views: the pictures, the verdict and the curve.
        read: takes the inputs' values as sent, raises InputError.
    """

    card: gr.Dropdown
    inputs: list[gr.components.Component]
    views: list[gr.components.Component]
    read: Callable[..., Shown]


def offered(store: ModelStore) -> list[ModelCard]:
    """The networks that restore, the one for Gaussian noise first."""
    cards = store.cards_with(Restorer)
    return sorted(cards, key=lambda card: skeleton(card).corruption != "gaussian")


def build(store: ModelStore) -> Stage:
    """Declare the page and wire it."""
    cards = offered(store)
    first = cards[0].name if cards else None
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            panels = PicturePanels(
                label="A picture, corrupted and restored",
                panels=[Panel("Original"), Panel("Corrupted"), Panel("Restored"),
                        Panel("Restored − original", signed=True)],
                elem_id="denoising-panels",
            )  # fmt: skip
            level = gr.Slider(
                0.0, 1.0, value=OPENING_LEVEL, step=0.01, label="Level of corruption",
                info=level_info(store, first), elem_id="denoising-level",
            )  # fmt: skip
            verdict = gr.Markdown("", elem_classes="genlab-status", elem_id="denoising-verdict")
            curve = gr.HTML("", min_height=CURVE_HEIGHT, elem_id="denoising-curve")
        with gr.Column(scale=1, min_width=304):
            card = gr.Dropdown(
                [(f"Trained on {in_words(each)}", each.name) for each in cards],
                value=first, label="Model", elem_id="denoising-model",
            )  # fmt: skip
            corruption = gr.Radio(
                [(NAMES[each], each) for each in CORRUPTIONS], value="gaussian", label="Corruption",
                info="Try the one that the model never saw", elem_id="denoising-corruption",
            )  # fmt: skip
            with gr.Row(elem_classes="genlab-seed"):
                seed = gr.Number(
                    0, label="Seed", precision=0, minimum=0, maximum=MAX_SEED,
                    elem_id="denoising-seed",
                )  # fmt: skip
                dice = gr.Button("Roll", min_width=64, elem_classes="genlab-dice")
            board = declare_board(
                store, card, label="Your picture", elem_id="denoising-board", first=FIRST_EXAMPLE
            )
            sheet = declare_sheet(
                store, card, label="Test pictures to take", elem_id="denoising-sheet",
                chosen=FIRST[data_name(store, card.value)],
            )  # fmt: skip

    inputs = [board.canvas, card, corruption, level, seed]
    views = [panels, verdict, curve]

    def read(sent: object, *settings: object) -> Shown:
        return read_shown(store, read_board(board, sent), *settings)

    show = kit.quick(lambda *sent: show_restoration(store, read(*sent)))
    changes = [*board_changes(board), *sheet_changes(store, card, sheet, {GROUP: board}, FIRST)]
    for change in (*changes, card.change, corruption.change, level.input, seed.change):
        change(show, inputs, views, preprocess=False, **kit.QUICK)
    retell = kit.readable_errors(lambda name: gr.update(info=level_info(store, name)))
    card.change(retell, card, level, queue=False, show_progress="hidden",
                api_visibility="private", preprocess=False)  # fmt: skip
    dice.click(None, None, seed, js=f"() => Math.floor(Math.random() * {DICE + 1})")
    return Stage(card, inputs, views, read)


def in_words(card: ModelCard) -> str:
    """What the card's network learned to undo, within a sentence."""
    return spoken(skeleton(card).corruption)


def level_info(store: ModelStore, name: str | None) -> str:
    """What stands under the slider's name."""
    if name is None:
        return "How strong the corruption is"
    network = skeleton(store.card(name))
    if not isinstance(network, Restorer):
        raise InputError(f"{store.card(name).title} restores nothing. Choose another model.")
    return (
        f"The network was trained on {spoken(network.corruption)} of the level "
        f"{network.corruption_level:g}, and is never told the level"
    )


@functools.cache
def open_page(store: ModelStore) -> tuple:
    """Values of the views before a visitor asks."""
    cards = offered(store)
    name = cards[0].name if cards else None
    picture = example_images(store, name)[FIRST_EXAMPLE : FIRST_EXAMPLE + 1]
    shown = read_shown(store, picture, name, "gaussian", OPENING_LEVEL, 0)
    return show_restoration(store, shown)

"""The page of one training pass: one picture goes in, as many losses come out as it has pixels.

The masks hide from every pixel what comes at it or behind it, and a training picture is known
before. So one pass answers for all pixels at once, and their losses add up to what training lowers.
"""

import functools

import gradio as gr

from genlab.core.protocols import Conditional
from genlab.data import SIDE
from genlab.inference.autoregressive import MAX_SEED
from genlab.store import ModelStore, skeleton
from genlab.ui import kit
from genlab.ui.canvas.example_sheet import ExampleSheet
from genlab.ui.canvas.panels import PicturePanels
from genlab.ui.closer import LATEX
from genlab.ui.latent import codes, pictures, sliders
from genlab.ui.pixels import training_pass_views as views

QUESTION = (
    "## One picture, one pass: how many losses?\nTraining shows the network a whole picture and "
    "asks about every pixel at once. Which pixel surprises it, and what does that cost? Click one."
)
UNTRAINED = (
    "No PixelCNN is trained yet. Run `python -m train pixelcnn-mnist`, then start GenLab again."
)
TOLD_INFO = "Training tells it the class of most pictures"
NO_CLASSES = "This network was trained without classes"
DRAWN = "Training on black and white draws each grey pixel anew every time: by this seed."
PIXEL, WHOLE = 260, 440  # px that stay free for the accounts of a pixel and of all


def build(store: ModelStore, card: gr.Dropdown) -> None:
    """Declare the page and wire it.

    Args:
        card: the autoregressive cards that may sample, by name.
    """
    gr.Markdown(QUESTION, elem_classes="genlab-question")
    if card.value is None:
        gr.Markdown(UNTRAINED)
        return
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            panels = PicturePanels(
                label="One training pass", panels=views.PANELS, rows=SIDE, cols=SIDE, size=270,
                selectable=True,
                elem_id="training-pass",
            )  # fmt: skip
            with gr.Row():
                with gr.Column(min_width=320):
                    pixel = gr.Markdown(
                        "", latex_delimiters=LATEX, min_height=PIXEL, elem_id="training-pass-pixel",
                        elem_classes="genlab-finding",
                    )  # fmt: skip
                with gr.Column(min_width=320):
                    words = gr.Markdown("", min_height=WHOLE, elem_id="training-pass-words",
                                        elem_classes="genlab-finding")  # fmt: skip
        with gr.Column(scale=1, min_width=304):
            told = gr.Radio(label="The network is told", elem_id="training-pass-told",
                            **fitting(store, card.value))  # fmt: skip
            lucky, remark = luck(store, card.value)
            with gr.Row(visible=lucky, elem_classes="genlab-seed") as luck_row:
                seed = gr.Number(0, label="Seed", precision=0, minimum=0, maximum=MAX_SEED)
                dice = gr.Button("Roll", min_width=64, elem_classes="genlab-dice")
            note = gr.Markdown(remark)
            sheet = pictures.declare_sheet(
                store, card, label="Test pictures", elem_id="training-pass-pictures",
                chosen=views.FIRST[codes.data_name(store, card.value)],
            )  # fmt: skip
    brought = _follow_card(store, card, sheet, [told, luck_row, note])
    _wire(store, [card, sheet, told, seed], dice, brought, [panels, pixel, words])


def fitting(store: ModelStore, name: str) -> dict:
    """Settings of the choice of what the network is told, as the card's network has classes."""
    has_classes = isinstance(skeleton(store.card(name)), Conditional)
    return {
        "choices": list(views.TOLD),
        "value": views.TOLD[0] if has_classes else views.TOLD[1],
        "interactive": has_classes,
        "info": TOLD_INFO if has_classes else NO_CLASSES,
    }


def luck(store: ModelStore, name: str) -> tuple[bool, str]:
    """Whether a seed says which target a card's network gets of a picture; and how it gets it."""
    levels = skeleton(store.card(name)).spec.levels
    if levels == 2:
        return True, DRAWN
    return False, f"Training rounds each grey to the nearest of {levels} levels, always the same."


@functools.lru_cache(maxsize=8)
def opening(store: ModelStore, name: str) -> tuple:
    """What the page begins with: the first example and its dearest pixel."""
    places = views.FIRST[codes.data_name(store, name)][views.GROUP]
    opened = views.open_pass(store, name, places, fitting(store, name)["value"], 0)
    return views.show(store, opened)


def _wire(
    store: ModelStore,
    inputs: list[gr.components.Component],
    dice: gr.Button,
    brought: pictures.Change,
    outputs: list[gr.components.Component],
) -> None:
    """Let all follow another picture, and the account of a pixel follow a click."""
    card, sheet, told, seed = inputs
    _, pixel, _ = outputs

    def opened(name: object, sent: object, told: object, seed: object) -> views.TrainingPass:
        places = pictures.read_choice(sheet, sent)[views.GROUP]
        return views.open_pass(store, name, places, told, seed)

    @kit.readable_errors
    def renew(*asked: object) -> tuple:
        return views.show(store, opened(*asked))

    def explain(name: object, sent: object, told: object, seed: object, event: gr.EventData) -> str:
        asked = event._data if isinstance(event._data, dict) else {}
        return views.explain_clicked(opened(name, sent, told, seed), asked.get("index"))

    rolled = dice.click(None, None, seed, js=sliders.ROLL)
    for change in (sheet.input, told.input, seed.input, rolled.success, brought):
        change(renew, inputs, outputs, show_progress="hidden", trigger_mode="always_last",
               api_visibility="private", preprocess=False, **kit.COMPUTE)  # fmt: skip
    panels = outputs[0]
    clicked = {**pictures.QUIET, "trigger_mode": "multiple"}
    panels.select(kit.quick(explain), inputs, pixel, **clicked)
    kit.on_first_sight(lambda: opening(store, card.value), outputs)


def _follow_card(
    store: ModelStore, card: gr.Dropdown, sheet: ExampleSheet, fitted: list[gr.blocks.Block]
) -> pictures.Change:
    """Let another card bring its examples, classes and luck; what to listen to for that."""

    def fit(name: str) -> tuple:
        lucky, remark = luck(store, name)
        return gr.update(**fitting(store, name)), gr.update(visible=lucky), remark

    brought = pictures.follow_card(store, card, sheet, {}, views.FIRST)
    return brought(kit.quick(fit), card, fitted, **pictures.QUIET).success

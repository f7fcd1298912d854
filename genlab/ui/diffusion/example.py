"""The page of one training example: what the network sees, what it is asked, what it answers."""

import functools

import gradio as gr

from genlab.inference.latent import MAX_SEED
from genlab.store import ModelStore, skeleton
from genlab.ui import kit
from genlab.ui.canvas.example_sheet import ExampleSheet
from genlab.ui.canvas.panels import PicturePanels
from genlab.ui.closer import LATEX
from genlab.ui.diffusion import example_views as views
from genlab.ui.diffusion.asked import ANY, asked_model
from genlab.ui.latent import codes, pictures, sliders

SHARE = 0.4  # of the schedule, where the page begins
QUESTION = (
    "## What is one training example?\nA picture, a step t and a noise, all three at random. The "
    "network gets only xₜ, t and perhaps the class. At which t is its question hardest? Guess, "
    "then drag t."
)
UNTRAINED = (
    "No diffusion model is trained yet. Run `python -m train ddpm-mnist`, then start GenLab again."
)


def build(store: ModelStore, card: gr.Dropdown, label: gr.Dropdown) -> None:
    """Declare the page and wire it."""
    gr.Markdown(QUESTION, elem_classes="genlab-question")
    if card.value is None:
        gr.Markdown(UNTRAINED)
        return
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            gr.Markdown(
                "**What the network sees, xₜ, what that was made of, and what it is asked**"
            )
            asked = PicturePanels(
                label="A training example", panels=views.ASKED, size=190, elem_id="example-asked"
            )
            gr.Markdown("**What it answers, how wrong that is, and what the answer means**")
            answered = PicturePanels(
                label="The answer", panels=views.ANSWERED, size=190, elem_id="example-answered"
            )
        with gr.Column(scale=1, min_width=304):
            t = gr.Slider(
                0, elem_id="example-t", label="t", step=1, info="How noisy xₜ is",
                **time_settings(store, card.value),
            )  # fmt: skip
            with gr.Row(elem_classes="genlab-seed"):
                seed = gr.Number(0, label="Seed", precision=0, minimum=0, maximum=MAX_SEED)
                dice = gr.Button("Roll", min_width=64, elem_classes="genlab-dice")
            sheet = pictures.declare_sheet(
                store, card, label="Test pictures", elem_id="example-pictures",
                chosen=views.FIRST[codes.data_name(store, card.value)],
            )  # fmt: skip
    with gr.Row():
        with gr.Column(min_width=320):
            words = gr.Markdown("", min_height=330, elem_id="example-words",
                                elem_classes="genlab-finding", latex_delimiters=LATEX)  # fmt: skip
        with gr.Column(min_width=320):
            gr.Markdown("**The loss of this picture at other t**")
            curve = gr.HTML("", min_height=370, elem_id="example-curve")
    losses = gr.State([])
    inputs = [card, label, sheet, seed, t]
    _wire(store, inputs, sheet, dice, losses, [asked, answered, words, curve])


def time_settings(store: ModelStore, name: str) -> dict[str, int]:
    """Of the slider: the schedule's last step, and where the page begins."""
    steps = skeleton(store.card(name)).schedule.steps
    return {"maximum": steps - 1, "value": round(SHARE * steps)}


@functools.lru_cache(maxsize=8)
def opening(store: ModelStore, name: str) -> tuple:
    """What the page begins with, and the losses of its curve."""
    asked = (store, name, ANY, views.FIRST[codes.data_name(store, name)][views.GROUP], 0)
    t, losses = time_settings(store, name)["value"], views.measure_losses(*asked)
    curve = views.draw_losses(asked_model(store, name).schedule.steps, losses, t)
    return *views.show(*asked, t), curve, losses


def _wire(
    store: ModelStore,
    inputs: list[gr.components.Component],
    sheet: ExampleSheet,
    dice: gr.Button,
    losses: gr.State,
    outputs: list[gr.components.Component],
) -> None:
    """Let the example follow a drag of t; all else changes the curve, too, and takes longer."""
    card, label, _, seed, t = inputs

    def places_of(sent: object) -> list[int]:
        return pictures.read_choice(sheet, sent)[views.GROUP]

    def follow_time(name: object, label: object, sent: object, seed: object, t: object,
               known: views.Losses) -> tuple:  # fmt: skip
        shown = views.show(store, name, label, places_of(sent), seed, t)
        return *shown, views.draw_losses(asked_model(store, name).schedule.steps, known, int(t))

    @kit.readable_errors
    def renew(name: object, label: object, sent: object, seed: object) -> views.Losses:
        return views.measure_losses(store, name, label, places_of(sent), seed)

    def follow(change: pictures.Change) -> None:
        change(kit.quick(follow_time), [*inputs, losses], outputs, **pictures.QUIET)

    follow(t.input)
    rolled = dice.click(None, None, seed, js=sliders.ROLL)
    brought = _follow_card(store, card, sheet, t)
    for change in (label.change, sheet.input, seed.input, rolled.success, brought):
        renewed = change(
            renew, inputs[:-1], losses, show_progress="hidden", trigger_mode="always_last",
            api_visibility="private", preprocess=False, **kit.COMPUTE,
        )  # fmt: skip
        follow(renewed.success)  # at the t of then, which may have been dragged meanwhile
    kit.on_first_sight(lambda: opening(store, card.value), [*outputs, losses])


def _follow_card(
    store: ModelStore, card: gr.Dropdown, sheet: ExampleSheet, t: gr.Slider
) -> pictures.Change:
    """Let another card bring its own examples and its own steps; what to listen to for that."""

    def fit(name: object, t: object) -> dict:
        last = asked_model(store, name).schedule.steps - 1
        return gr.update(maximum=last, value=min(t, last) if isinstance(t, (int, float)) else last)

    brought = pictures.follow_card(store, card, sheet, {}, views.FIRST)
    return brought(kit.quick(fit), [card, t], t, **pictures.QUIET).success

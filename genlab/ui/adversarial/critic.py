"""The page of the critic: which pixels would it change, and does the change convince it?"""

import math
from typing import Any

import gradio as gr
import torch
from torch import Tensor

from genlab.analysis.critic import Step, score_gradient, step_along
from genlab.inference.latent import MAX_SEED
from genlab.inference.real_or_generated import LabelledPictures, generate, some_of
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.adversarial import classes
from genlab.ui.adversarial.opinions import in_words, percent
from genlab.ui.canvas.example_sheet import ExampleSheet
from genlab.ui.canvas.panels import Panel, PicturePanels, ShownPicture
from genlab.ui.canvas.sheet import picture_sheet
from genlab.ui.latent import codes, pictures, sliders

COLS = 8
KINDS = ("generated", "real")  # a row of the sheet each
STEP, MOST_STEP = 0.3, 1.0  # of the grey range, for the pixel that counts most
PICTURE = "Picture"  # the only group of the sheet
PANELS = (Panel("Picture"), Panel("∂score/∂pixel", signed=True), Panel("After the step"))


def build(store: ModelStore, choice: classes.Choice) -> None:
    """Declare the page and wire it."""
    gr.Markdown(
        "## What would the critic change?\nVermilion pixels should be lighter, blue ones darker, "
        "if the picture is to look more real to it. This map is all that a generator in training "
        "ever learns about real pictures.",
        elem_classes="genlab-question",
    )
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            panels = PicturePanels(
                label="What the critic sees", panels=PANELS, size=260, elem_id="gan-critic"
            )
            words = gr.Markdown("", elem_id="gan-critic-words", elem_classes="genlab-status")
        with gr.Column(scale=1, min_width=304):
            step = gr.Slider(
                -MOST_STEP, MOST_STEP, value=STEP, step=0.05, label="Step",
                info="Up the gradient, or down: how far the pixel that counts most moves, of the "
                "grey range", elem_id="gan-critic-step",
            )  # fmt: skip
            gr.Markdown("**A picture:** generated ones above, real test pictures below")
            sheet = ExampleSheet(
                {PICTURE: [0]}, label="Pictures to judge", groups=(PICTURE,), names=KINDS,
                rows=len(KINDS), cols=COLS, elem_id="gan-critic-pictures",
            )  # fmt: skip
            with gr.Row(elem_classes="genlab-seed"):
                seed = gr.Number(0, label="Seed", precision=0, minimum=0, maximum=MAX_SEED)
                dice = gr.Button("Roll", min_width=64, elem_classes="genlab-dice")
    _wire(store, choice, sheet, step, seed, dice, [panels, words])


def dealt(store: ModelStore, name: str, seed: object) -> tuple[LabelledPictures, LabelledPictures]:
    """Generated pictures and real ones, `COLS` each, of a seed that a visitor sent."""
    number = kit.whole_number(seed, "Seed", 0, MAX_SEED - COLS + 1)
    _, label = classes.split(store, name)
    model = classes.generator_of(store, name)
    real = some_of(classes.real_pictures(store, name), seed=number, count=COLS)
    return generate(model, seed=number, count=COLS, label=label), real


def show_sheet(store: ModelStore, name: str, seed: object) -> dict[str, Any]:
    """The pictures to choose from."""
    rows = [each.images for each in dealt(store, name, seed)]
    return gr.update(sheet=picture_sheet(torch.stack(rows)))


def look(
    store: ModelStore, name: str, seed: object, place: int, size: object
) -> tuple[list[ShownPicture], str]:
    """The panels and the words for the picture at a place of the sheet."""
    amount = kit.number(size, "Step", -MOST_STEP, MOST_STEP)
    model = classes.generator_of(store, name)
    shown = dealt(store, name, seed)[place // COLS]
    at = slice(place % COLS, place % COLS + 1)
    labels = None if shown.labels is None else shown.labels[at]
    scores, gradient = score_gradient(model, shown.images[at], labels)
    label = None if labels is None else int(labels)
    step = step_along(model, shown.images[at][0], gradient[0], amount, label)
    score = scores.item()
    panels = _panels(shown.images[at][0], gradient[0], score, step)
    title = classes.titles(store, name, labels, [""])[0]
    kind = f"{KINDS[place // COLS]} picture{f' of class {title}' if title else ''}"
    words = describe(codes.title_of(store, name), kind, score, step, amount)
    return panels, words


def describe(title: str, kind: str, score: float, step: Step, amount: float) -> str:
    """The score before and after the step, and what a straight line would have given."""
    given = f"The critic of {title} gives this {kind} a score of {_signed(score)}."
    if not amount:
        return f"{given} With a step of 0 the picture stays as it is, and so does its score."
    return (
        f"{given} A step {'up' if amount > 0 else 'down'} the gradient takes it to "
        f"**{_signed(step.score)}**, measured; were the critic a straight line, it would be "
        f"{_signed(step.expected)}."
    )


def _panels(image: Tensor, gradient: Tensor, score: float, step: Step) -> list[ShownPicture]:
    """The map is shown as a share of its largest value, since critics differ a hundredfold."""
    largest = gradient.abs().max().item()
    share = gradient / largest if largest else gradient
    return [
        ShownPicture(sliders.cells(image), _opinion(score)),
        ShownPicture(
            sliders.cells(share), f"±1 is a slope of {largest:.3g} a pixel from black to white"
        ),
        ShownPicture(sliders.cells(step.picture), _opinion(step.score)),
    ]


def _opinion(score: float) -> str:
    share = 1 / (1 + math.exp(-max(min(score, 700.0), -700.0)))  # beyond, exp overflows
    return f"score {_signed(score)}: {in_words(share)}, {percent(share)}"


def _signed(score: float) -> str:
    return f"{score:+.2f}".replace("-", "−")


def _wire(
    store: ModelStore,
    choice: classes.Choice,
    sheet: ExampleSheet,
    step: gr.Slider,
    seed: gr.Number,
    dice: gr.Button,
    outputs: list[gr.components.Component],
) -> None:
    """Let the sheet follow the seed, and the map everything."""

    def show(name: str, seed: object, sent: object, size: object) -> tuple:
        return look(store, name, seed, chosen_place(sheet, sent), size)

    def deal(name: str, seed: object, sent: object, size: object) -> tuple:
        return show_sheet(store, name, seed), *show(name, seed, sent, size)

    def begin() -> tuple:
        name = choice.every.value
        return show_sheet(store, name, 0), *look(store, name, 0, 0, STEP)

    inputs = [choice.every, seed, sheet, step]
    for change in (sheet.input, step.input):
        change(kit.quick(show), inputs, outputs, **pictures.QUIET)
    rolled = dice.click(None, None, seed, js=sliders.ROLL)
    for change in (seed.input, rolled.success, choice.every.change):
        change(kit.quick(deal), inputs, [sheet, *outputs], **pictures.QUIET)
    kit.on_first_sight(begin, [sheet, *outputs])


def chosen_place(sheet: ExampleSheet, sent: object) -> int:
    """The place of the chosen picture, of what the browser sent unprocessed; else the first."""
    return next(iter(pictures.read_choice(sheet, sent)[PICTURE]), 0)

"""The page of sums for generators without an encoder: A, B and C are picked from dealt codes."""

import gradio as gr
import torch
from torch import Tensor

from genlab.inference.code_sums import combine_codes
from genlab.inference.latent import (
    MAX_SEED,
    Arithmetic,
    decode_points,
    posterior_codes,
    prior_codes,
)
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.adversarial.classes import Choice
from genlab.ui.canvas.example_sheet import ExampleSheet, Groups
from genlab.ui.canvas.panels import ShownPicture
from genlab.ui.canvas.sheet import picture_sheet
from genlab.ui.latent import arithmetic, codes, pictures, sliders

ROWS, COLS = 4, 6
DEALT = ROWS * COLS
MOST = 8  # pictures in a group
FIRST = {"A": [0, 1, 2], "B": [3, 4, 5], "C": [6, 7, 8]}  # three each, as in the paper


def build(store: ModelStore, choice: Choice) -> None:
    """Declare the page and wire it."""
    gr.Markdown(
        "## Can you add and subtract what it draws?\nClick pictures into A, B and C. Each group's "
        "codes are averaged, summed and decoded; the same sum of pixels stands below. One code is "
        "an accident, three on average say what their pictures share.",
        elem_classes="genlab-question",
    )
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            shown = arithmetic.declare_stage("gan-arithmetic")
        with gr.Column(scale=1, min_width=304):
            sheet = ExampleSheet(
                FIRST, label="Dealt pictures for A, B and C", groups=arithmetic.GROUPS, most=MOST,
                names=[f"Row {row}" for row in range(1, ROWS + 1)], rows=ROWS, cols=COLS,
                elem_id="gan-arithmetic-sheet",
            )  # fmt: skip
            with gr.Row(elem_classes="genlab-seed"):
                seed = gr.Number(0, label="Seed", precision=0, minimum=0, maximum=MAX_SEED)
                dice = gr.Button("Roll", min_width=64, elem_classes="genlab-dice")
            with gr.Accordion("More", open=False):
                noise = gr.Slider(
                    0.0, arithmetic.MOST_NOISE, value=arithmetic.NOISE, step=0.05, label="Noise",
                    info="Standard deviation of what is added to every number of a neighbour",
                )  # fmt: skip
    outputs = [shown.decoded, shown.pixels, shown.neighbours, shown.words]
    _wire(store, choice, sheet, seed, dice, noise, outputs)


def dealt_codes(store: ModelStore, name: str, seed: object) -> Tensor:
    """The codes of the sheet, (DEALT, D), of a seed that a visitor sent."""
    number = kit.whole_number(seed, "Seed", 0, MAX_SEED - DEALT + 1)
    return prior_codes(codes.decoder_of(store, name), number, DEALT)


def show_sheet(store: ModelStore, name: str, seed: object) -> dict:
    """The pictures to choose from."""
    decoded = decode_points(codes.decoder_of(store, name), dealt_codes(store, name, seed))
    return gr.update(sheet=picture_sheet(decoded.unflatten(0, (ROWS, COLS))))


def sum_up(
    store: ModelStore, name: str, chosen: Groups, seed: object, noise: object
) -> tuple[list, list, list, str]:
    """What the page shows of the places in A, B and C: both sums, neighbours, words."""
    spread = kit.number(noise, "Noise", 0.0, arithmetic.MOST_NOISE)
    empty = [group for group, places in chosen.items() if not places]
    if empty:
        return *([gr.skip()] * 3), arithmetic.remedy(empty)
    model, dealt = codes.decoder_of(store, name), dealt_codes(store, name, seed)
    result = combine_codes(model, [dealt[chosen[group]] for group in arithmetic.GROUPS])
    counts = [len(chosen[group]) for group in arithmetic.GROUPS]
    return (
        arithmetic.shown_pictures(result.decoded, counts),
        arithmetic.shown_pictures(result.pixels, counts),
        _neighbours(model, result, int(seed), spread),
        arithmetic.describe(store, name, result),
    )


def _neighbours(model: object, result: Arithmetic, seed: int, noise: float) -> list[ShownPicture]:
    code = result.codes[-1]
    generator = torch.Generator().manual_seed(seed)
    spread = torch.full_like(code, noise)
    near = posterior_codes(code, spread, arithmetic.NEIGHBOURS, generator)
    return [ShownPicture(sliders.cells(picture)) for picture in decode_points(model, near)]


def _wire(
    store: ModelStore,
    choice: Choice,
    sheet: ExampleSheet,
    seed: gr.Number,
    dice: gr.Button,
    noise: gr.Slider,
    outputs: list[gr.components.Component],
) -> None:
    """Let the sheet follow the seed, and the sums every choice."""

    def show(name: str, sent: object, seed: object, noise: object) -> tuple:
        return sum_up(store, name, pictures.read_choice(sheet, sent), seed, noise)

    def deal(name: str, sent: object, seed: object, noise: object) -> tuple:
        return show_sheet(store, name, seed), *show(name, sent, seed, noise)

    def begin() -> tuple:
        name = choice.one.value
        return show_sheet(store, name, 0), *sum_up(store, name, FIRST, 0, arithmetic.NOISE)

    inputs = [choice.one, sheet, seed, noise]
    for change in (sheet.input, noise.input):
        change(kit.quick(show), inputs, outputs, **pictures.QUIET)
    rolled = dice.click(None, None, seed, js=sliders.ROLL)
    for change in (seed.input, rolled.success, choice.one.change):
        change(kit.quick(deal), inputs, [sheet, *outputs], **pictures.QUIET)
    kit.on_first_sight(begin, [sheet, *outputs])

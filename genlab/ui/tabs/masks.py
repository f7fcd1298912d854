"""The Masks page: what a masked network sees, what it can never see, and why two stacks cure it."""

import json

import gradio as gr

from genlab.analysis.reachability import ARCHITECTURES
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas.field import FieldView
from genlab.ui.closer import common_mistakes
from genlab.ui.lessons import (
    mask_cheat,
    mask_claims,
    mask_colour,
    mask_figure,
    mask_orders,
    mask_tables,
)
from genlab.ui.lessons import mask_trained as trained
from genlab.ui.lessons import masks as lessons

BENCH = "masks"
OPENING = {"architecture": "a-then-b", "kernel": 3, "layers": 3, "size": 7, "compare": "gated"}

SECTIONS = (  # view, headline, what to do with it
    (
        "film",
        "Layer by layer",
        "One layer more from left to right: a field grows until it reaches its limit, and with "
        "mask A in every layer it shrinks again. Click a layer to put it on the stage; below it "
        "stands what its kernels may read, 1 for yes, the ring on the pixel itself.",
    ),
    (
        "pair",
        "Side by side",
        "Two networks look from the same target. Choose the second one under *Compare with*.",
    ),
    (
        "predict",
        "Predict, then reveal",
        "Say first what you think, then look: what surprises you is what you learn.",
    ),
    (
        "breaks",
        "Break it",
        "These are wrong on purpose. Press a name to put it on the stage. Purple cells are leaks: "
        "pixels that are not drawn yet and are read all the same.",
    ),
)

_TO_STAGE = """(value, architecture, kernel, layers, size, compare) =>
    JSON.stringify({...JSON.parse(value), architecture, kernel, layers, size, compare})"""
_TO_PANEL = """(value) => {
    const choice = JSON.parse(value);
    return ['architecture', 'kernel', 'layers', 'size', 'compare'].map((name) => choice[name]);
}"""


def build(store: ModelStore) -> None:
    """Declare the page and wire it."""
    gr.Markdown(kit.text("masks"), elem_classes="genlab-question")
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            stage = FieldView(
                json.dumps(OPENING), view="stage", bench=BENCH, tables=mask_tables.tables(),
                label="What the target sees", elem_id="masks-stage",
            )  # fmt: skip
        with gr.Column(scale=1, min_width=304):
            panel = _panel()
            with gr.Accordion("More", open=False):
                make = gr.Button("Figure for slides", size="sm")
                figure = gr.HTML("", elem_id="masks-figure")
    for view, headline, words in SECTIONS:
        gr.Markdown(f"### {headline}\n\n{words}", elem_classes="genlab-section")
        FieldView(view=view, bench=BENCH, label=headline, elem_id=f"masks-{view}")
    mask_cheat.build(store)
    trained.build(store, bench=BENCH)
    mask_orders.build(store, bench=BENCH)
    mask_colour.build()
    lessons.build(stage)
    common_mistakes(mask_claims.claims(lessons.read_choice), stage)

    quiet = {"show_progress": "hidden", "api_visibility": "private"}
    for control in panel:
        control.input(None, [stage, *panel], stage, js=_TO_STAGE, **quiet)
    stage.chosen(None, stage, panel, js=_TO_PANEL, **quiet)
    make.click(kit.readable_errors(make_figure), stage, figure, show_progress="minimal",
               api_visibility="private", preprocess=False, **kit.COMPUTE)  # fmt: skip


def _panel() -> list[gr.components.Component]:
    """The five controls of the stage, in the order of `OPENING`."""
    titles = [(each.title, each.name) for each in ARCHITECTURES.values()]
    return [
        gr.Dropdown(titles, value=OPENING["architecture"], label="Architecture"),
        gr.Radio(
            [(f"{kernel}×{kernel}", kernel) for kernel in mask_tables.KERNELS],
            value=OPENING["kernel"], label="Kernel",
        ),
        gr.Slider(1, mask_tables.MOST_LAYERS, value=OPENING["layers"], step=1, label="Layers"),
        gr.Slider(
            mask_tables.LEAST, mask_tables.LARGEST, value=OPENING["size"], step=1, label="Size",
        ),
        gr.Dropdown(titles, value=OPENING["compare"], label="Compare with"),
    ]  # fmt: skip


def make_figure(sent: object) -> str:
    """The stage's grid as HTML with a PNG and an SVG to save."""
    choice = lessons.read_choice(sent)
    title = mask_figure.title_of(
        choice.architecture, kernel=choice.kernel, layers=choice.layers, size=choice.size
    )
    figure = mask_figure.draw_figure(choice.states(), title)
    return mask_figure.links(figure, f"genlab-{choice.architecture}")


def warm_up(store: ModelStore) -> None:
    """Compute what the folded sections show first."""
    trained.warm_up(store)


TAB = kit.Tab(title="Masks", order=2, build=build, warm_up=warm_up)

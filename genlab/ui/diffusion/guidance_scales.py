"""The page of guidance: how far towards the class, and what that costs in diversity and time."""

from collections.abc import Iterator

import gradio as gr

from genlab.inference.diffusion import DiffusionSettings
from genlab.inference.latent import MAX_SEED
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas.multiples import Multiples
from genlab.ui.diffusion import guidance_scales_views as views
from genlab.ui.diffusion.same_noise_views import (
    UNTRAINED,
    begin,
    declare_run,
    heading,
    noise_line,
    watch,
    wire_run,
)
from genlab.ui.latent import sliders

STRONGEST, FIRST_SCALE = 8.0, 2.0
FEWEST, MOST, FIRST_STEPS = 4, 50, 20
# Whether the row is on the screen, which the last input takes.
LOOK = """(...sent) =>
    [...sent.slice(0, -1), !!document.getElementById('guidance-yours')?.checkVisibility()]"""

WHY = """
**What the scale does.** At each step the network is asked twice: with the class (ε_c) and without
(ε_0). The step then goes by ε_0 + w · (ε_c − ε_0). At w = 0 the class is forgotten, w = 1 is the
network as it was trained, and beyond 1 the difference is overdrawn: away from what any picture
looks like, towards what only this class looks like.

**What it costs.** Two passes a step in place of one, except at 0 and 1, where one of the two has no
weight. And variety: all pictures move towards the same typical ones. *Apart* is how far two
pictures of a row are from each other (root mean square of a pixel as a share of the grey range,
mean over all pairs). *Of the class* counts the pictures that a classifier, the judge, takes for the
class; it errs too, and sixteen pictures that are all the same can please it as well. *Time now* is
what the server spent on computing, without sending, as under *Backward*.
"""


def build(store: ModelStore, card: gr.Dropdown, label: gr.Dropdown) -> None:
    """Declare the page and wire it."""
    gr.Markdown(
        "## What does it cost to insist on a class?\nChoose a class and move the scale: the noises "
        "stay, the pictures lean towards the class.",
        elem_classes="genlab-question",
    )
    if card.value is None:
        gr.Markdown(UNTRAINED)
        return
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            yours = Multiples(
                label="Your scale", titles=["Your scale"], pictures=views.FEW,
                figures=views.FIGURES, elem_id="guidance-yours",
                hint="Move the slider: it draws from the same eight noises.",
            )  # fmt: skip
            your_words = gr.Markdown(
                "", elem_id="guidance-words", elem_classes="genlab-status", min_height=56
            )
        with gr.Column(scale=1, min_width=304):
            scale = gr.Slider(
                0.0, STRONGEST, value=FIRST_SCALE, step=0.25, label="Scale",
                info="0 forgets the class, 1 is the model", elem_id="guidance-scale",
            )  # fmt: skip
            steps = gr.Slider(
                FEWEST, MOST, value=FIRST_STEPS, step=1, label="Steps", elem_id="guidance-steps"
            )
            with gr.Row(elem_classes="genlab-seed"):
                seed = gr.Number(0, label="Seed", precision=0, minimum=0, maximum=MAX_SEED)
                dice = gr.Button("Roll", min_width=64, elem_classes="genlab-dice")
    gr.Markdown("### Scale by scale\nSixteen noises in every row, and what a row gains and loses.")
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            board = Multiples(
                label="Guidance", titles=["Noise x_T", *map(views.title, views.SCALES)],
                pictures=views.COLUMNS, across=views.ACROSS, figures=views.FIGURES, plain=1,
                tile=64, elem_id="guidance-rows",
            )  # fmt: skip
            words = gr.Markdown(
                "", elem_id="guidance-found", elem_classes="genlab-status", min_height=80
            )
        with gr.Column(scale=1, min_width=304):
            start, stop = declare_run("Compare", "guidance")
    gr.Markdown(WHY)
    try_one, compare = _handlers(store)
    inputs = [card, label, seed, steps, scale]
    dice.click(None, None, seed, js=sliders.ROLL)
    is_shown = gr.Checkbox(True, visible=False)  # the class is chosen on other pages, too
    # One event for all of them, so that of several answers on their way the last one is shown.
    gr.on(
        [scale.input, steps.input, seed.change, label.change, card.change],
        try_one, [*inputs, is_shown], [yours, your_words], js=LOOK, show_progress="hidden",
        trigger_mode="always_last", api_visibility="private", preprocess=False, **kit.COMPUTE,
    )  # fmt: skip
    wire_run(start, stop, compare, inputs[:-1], [board, words])
    kit.on_first_sight(lambda: _opening(store, card.value), board)


def _opening(store: ModelStore, card: str) -> str:
    """The noise that the table begins with."""
    return noise_line(begin(store, card, "any", 0, views.COLUMNS))


def _handlers(store: ModelStore) -> tuple:
    """The streaming handlers of the slider and of the table."""

    @kit.readable_errors
    def try_one(
        card: str, label: object, seed: object, steps: object, scale: object,
        is_shown: object = True,
    ) -> Iterator[tuple]:  # fmt: skip
        if is_shown is False:
            yield "", ""
            return
        asked = begin(store, card, label, seed, views.FEW)
        start, chosen = views.pointed(asked), kit.number(scale, "Scale", 0.0, STRONGEST)
        settings = DiffusionSettings(_steps(steps), guidance=chosen)
        done: list[views.Row] = []
        pieces = views.stream_scale(store, start, settings, 0, done)
        is_told = asked.label is not None
        told = heading(store, start, [f"DDIM, {settings.steps} steps"])
        yield from watch(
            pieces,
            told,
            lambda: views.describe(store, start, settings.steps, done, is_told=is_told),
        )

    @kit.readable_errors
    def compare(card: str, label: object, seed: object, steps: object) -> Iterator[tuple]:
        asked = begin(store, card, label, seed, views.COLUMNS)
        start, count = views.pointed(asked), _steps(steps)
        done: list[views.Row] = []
        is_told = asked.label is not None
        yield from watch(
            views.stream_scales(store, start, count, done),
            heading(store, start, [f"DDIM, {count} steps"]),
            lambda: views.describe(store, start, count, done, is_told=is_told),
        )

    return try_one, compare


def _steps(sent: object) -> int:
    return kit.whole_number(sent, "Steps", FEWEST, MOST)

"""The page of grey levels: two networks, two numbers of levels, four cards side by side.

All four learned from the same pictures. Between the rows the levels differ; between the columns
more than the stacks: the gated networks know classes, and parameters and steps are others. A card
without weights says how to get them.
"""

import functools
from collections.abc import Iterator

import gradio as gr

from genlab.inference.latent import MAX_SEED
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas.multiples import Multiples
from genlab.ui.canvas.panels import PicturePanels
from genlab.ui.latent import pictures, sliders
from genlab.ui.pixels import levels_grey as grey
from genlab.ui.pixels import levels_views as views

QUESTION = (
    "## What do grey levels cost?\nTwo networks, each with 8 and with all 256 greys, four seeds. "
    "Which of the four draws the best digits, and which had the harder task?"
)


def is_trained(store: ModelStore) -> bool:
    """Whether any of the four cards has weights: without, there is nothing to compare."""
    return any(views.is_trained(store, name) for row in views.GRID for name in row)


def build(store: ModelStore) -> None:
    """Declare the page and wire it."""
    gr.Markdown(QUESTION, elem_classes="genlab-question")
    cells: dict[str, Multiples] = {}
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            for row in views.GRID:
                with gr.Row():
                    for name in row:
                        with gr.Column(min_width=320):
                            _declare_cell(store, name, cells)
        if cells:
            with gr.Column(scale=1, min_width=304):
                seed, dice, start, stop, words = _declare_controls()
    with gr.Accordion("Why 256 levels are harder", open=False) as why:
        _declare_why(store, why)
    if cells:
        _wire(store, cells, seed, dice, start, stop, words)


def _declare_cell(store: ModelStore, name: str, cells: dict[str, Multiples]) -> None:
    """A card of the grid, where it is trained also among `cells`."""
    if not views.is_trained(store, name):
        gr.Markdown(views.untrained(store, name), elem_id=f"levels-{name}",
                    min_height=190)  # fmt: skip
        return
    cells[name] = Multiples(
        label=views.title_of(store, name), titles=[views.title_of(store, name)],
        pictures=views.COUNT, figures=views.FIGURES, tile=116, size=520, column="picture",
        hint="Four seeds, the same in every card.", elem_id=f"levels-{name}",
    )  # fmt: skip


def _declare_controls() -> tuple:
    with gr.Row(elem_classes="genlab-seed"):
        seed = gr.Number(
            0, label="Seed", precision=0, minimum=0, maximum=MAX_SEED - views.COUNT + 1
        )
        dice = gr.Button("Roll", min_width=64, elem_classes="genlab-dice")
    start = gr.Button(
        "Draw", variant="primary", elem_id="levels-draw", elem_classes="genlab-primary"
    )
    stop = gr.Button(
        "Stop", variant="stop", visible=False, elem_id="levels-stop",
        elem_classes="genlab-primary",
    )  # fmt: skip
    words = gr.Markdown("", min_height=400, elem_id="levels-words", elem_classes="genlab-status")
    return seed, dice, start, stop, words


def _declare_why(store: ModelStore, section: gr.Accordion) -> None:
    """What is known without a model, then what a trained one says of a picture."""
    gr.Markdown(grey.explain_counts(), elem_classes="genlab-finding")
    trained = [name for name in views.FINEST if views.is_trained(store, name)]
    if not trained:
        told = ", ".join(f"`python -m train {name}`" for name in views.FINEST)
        gr.Markdown(f"With a model of 256 levels there is more to see here. Train one: {told}.")
        return
    gr.Markdown(grey.introduce(store, trained[-1]), elem_id="levels-whose")
    panels = PicturePanels(label="What a fine grey costs", panels=grey.PANELS, size=210,
                           elem_id="levels-cost")  # fmt: skip
    chart = gr.HTML("", min_height=390, elem_id="levels-chart")
    section.expand(kit.quick(lambda: grey.show_cost(store, trained[-1])), None, [panels, chart],
                   **pictures.QUIET)  # fmt: skip


def _wire(
    store: ModelStore,
    cells: dict[str, Multiples],
    seed: gr.Number,
    dice: gr.Button,
    start: gr.Button,
    stop: gr.Button,
    words: gr.Markdown,
) -> None:
    """Draw all cells from one seed, one card after another."""
    names, outputs = list(cells), [*cells.values(), words]

    @kit.readable_errors
    def draw(sent: object) -> Iterator[list]:
        first = kit.whole_number(sent, "Seed", 0, MAX_SEED - views.COUNT + 1)
        yield from _shown(store, names, first)

    kit.becomes_stop(start, stop, start.click)
    run = start.click(draw, seed, outputs, show_progress="minimal", show_progress_on=words,
                      api_name="draw_levels", preprocess=False, **kit.COMPUTE)  # fmt: skip
    kit.until_the_end(start, stop, [run])
    dice.click(None, None, seed, js=sliders.ROLL)
    kit.on_first_sight(lambda: list(draw_opening(store)), outputs)


@functools.lru_cache(maxsize=4)
def draw_opening(store: ModelStore) -> tuple[str, ...]:
    """What the trained cells begin with, seed 0, and the words below; drawn once for all."""
    names = [name for row in views.GRID for name in row if views.is_trained(store, name)]
    *_, last = _shown(store, names, 0)
    return tuple(last)


def warm_up(store: ModelStore) -> None:
    """Draw what the page opens with."""
    if any(views.is_trained(store, name) for row in views.GRID for name in row):
        draw_opening(store)


def _shown(store: ModelStore, names: list[str], seed: int) -> Iterator[list]:
    """All cells as they are so far and the words, a message at a time."""
    contents = dict.fromkeys(names, "")
    for name, piece, words in views.stream_grid(store, names, seed):
        contents[name] += piece
        yield [*contents.values(), words]

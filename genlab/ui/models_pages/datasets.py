"""The data sets: examples of each class, grey levels, and two ways to black and white."""

from functools import cache
from html import escape

import gradio as gr
import torch

from genlab import data
from genlab.analysis.datasets import BINS, CLASS_COUNTS, GreyLevels, grey_levels
from genlab.inference.latent import MAX_SEED
from genlab.ui import kit
from genlab.ui.canvas.sheet import picture_sheet
from genlab.ui.models_pages.histogram import draw_histogram
from genlab.ui.models_pages.sprites import SPRITES, frame_style, window
from genlab.ui.models_pages.words import STYLE, html_table, linked

TITLES = {"MNIST": "mnist", "Fashion-MNIST": "fashion-mnist"}
SOURCES = {
    "mnist": "LeCun, Cortes & Burges, handwritten digits; LeCun et al. (1998), "
    "https://doi.org/10.1109/5.726791",
    "fashion-mnist": "Xiao, Rasul & Vollgraf (2017), articles of Zalando, "
    "https://arxiv.org/abs/1708.07747",
}
SHOWN = 5  # which example of each class is binarised
DATA_STYLE = (
    STYLE
    + SPRITES
    + """
.gl-sheet { display: grid; grid-template-columns: 88px repeat(10, minmax(0, 48px));
  gap: 2px; align-items: center; margin: 4px 0 12px; }
.gl-sheet b { padding-right: 8px; font-weight: 400; font-size: var(--text-sm); }
.gl-two { display: grid; gap: 0 36px; margin-top: 22px;
  grid-template-columns: repeat(auto-fit, minmax(min(340px, 100%), 1fr)); }
.gl-two h4 { margin-top: 0; }
.gl-hist { display: block; width: 100%; max-width: 460px; margin-bottom: 8px;
  font: 12px system-ui, sans-serif; }
.gl-hist text { fill: var(--body-text-color); }
.gl-hist rect { fill: #0072B2; }
.gl-hist path { stroke: var(--gl-line); }
@media (max-width: 640px) { .gl-sheet b { font-size: 11px; overflow-wrap: anywhere;
  padding-right: 4px; } .gl-sheet { grid-template-columns: 62px repeat(10, minmax(0, 1fr)); }
  .gl-two > * + * { margin-top: 22px; } }
"""
)
DICE = 9_999  # the highest seed that a roll gives
QUIET = {
    "show_progress": "hidden",
    "trigger_mode": "always_last",
    "api_visibility": "private",
    "preprocess": False,
}
LOOK = {"css_template": DATA_STYLE, "js_on_load": None, "apply_default_css": False}


def build() -> None:
    """Declare the part."""
    chosen = gr.Radio(list(TITLES), value="MNIST", label="Data set", elem_id="data-set")
    about = gr.HTML(describe("MNIST"), elem_id="data-about", **LOOK)
    gr.Markdown("### In black and white")
    with gr.Row():
        with gr.Column(scale=1, min_width=260), gr.Row(elem_classes="genlab-seed"):
            seed = gr.Number(0, label="Seed", minimum=0, maximum=MAX_SEED, precision=0,
                             elem_id="data-seed")  # fmt: skip
            dice = gr.Button("Roll", min_width=64, elem_id="data-dice")
        with gr.Column(scale=3, min_width=320):
            rows = gr.HTML(binarised_rows("MNIST", 0), elem_id="data-binary", **LOOK)

    chosen.change(kit.readable_errors(describe), chosen, about, **QUIET)
    for change in (chosen.change, seed.change):
        change(kit.readable_errors(binarised_rows), [chosen, seed], rows, **QUIET)
    dice.click(None, None, seed, js=f"() => Math.floor(Math.random() * {DICE + 1})")


def describe(title: str) -> str:
    """Licence and source, examples, counts, grey levels, as HTML.

    Raises:
        InputError: no such data set.
    """
    name = TITLES[kit.choice(title, "Data set", tuple(TITLES))]
    counts = CLASS_COUNTS[name]
    sizes = ", ".join(f"{split} {sum(counts[split]):,}" for split in data.SPLITS)
    return (
        f"<dl><dt>Source</dt><dd>{linked(SOURCES[name])}</dd>"
        f"<dt>Licence</dt><dd>{escape(data.LICENCES[name])}</dd>"
        f"<dt>Images</dt><dd>{sizes}; {data.SIDE} × {data.SIDE} pixels, 256 grey levels</dd></dl>"
        f'<div class="gl-two"><div><h4>{data.EXAMPLES} test images of each class</h4>'
        f"{_examples(name)}</div><div><h4>How grey they are</h4>{draw_histogram(_levels(name))}"
        f"<p>{tell_levels(_levels(name))}</p></div>"
        f"<div><h4>Images of each class</h4>{_counts(name)}</div></div>"
    )


@cache
def _examples(name: str) -> str:
    shipped = data.examples(name)
    rows, columns = len(shipped.classes), data.EXAMPLES
    sheet = picture_sheet((shipped.images / 255).unflatten(0, (rows, columns)))
    cells = []
    for row, title in enumerate(shipped.classes):
        cells.append(f"<b>{escape(title)}</b>")
        for column in range(columns):
            label = f"{title}, example {column + 1}"
            cells.append(window("sheet", row * columns + column, columns, rows, label=label))
    style = frame_style(columns, rows, sheet=sheet)
    return f'<div class="gl-sheet" style="{style}">{"".join(cells)}</div>'


@cache
def _levels(name: str) -> GreyLevels:
    return grey_levels(data.examples(name).images)


def tell_levels(levels: GreyLevels) -> str:
    """What the histogram shows, in numbers."""
    return (
        f"Of the pixels of these {levels.images} shipped images {levels.black:.1%} are black (0), "
        f"{levels.white:.1%} white (255), and {levels.between:.1%} something between: only about "
        f"those does a binarisation decide. The mean level is {levels.mean:.0f}. A bar counts "
        f"{256 // BINS} levels."
    )


def _counts(name: str) -> str:
    counts, classes = CLASS_COUNTS[name], data.examples(name).classes
    head = ("Class", *(f"{split}:" for split in data.SPLITS))
    rows = [
        (escape(title), *(f"{counts[split][row]:,}" for split in data.SPLITS))
        for row, title in enumerate(classes)
    ]
    return html_table(head, rows, label="Images of each class")


def binarised_rows(title: str, seed: float) -> str:
    """One example of each class in grey and three times in black and white, as HTML.

    Raises:
        InputError: no such data set, or no seed.
    """
    name = TITLES[kit.choice(title, "Data set", tuple(TITLES))]
    number = kit.whole_number(seed, "Seed", 0, MAX_SEED)
    shipped = data.examples(name)
    grey = shipped.images[SHOWN :: data.EXAMPLES]  # (classes, 1, 28, 28)
    generator = torch.Generator().manual_seed(number)
    cut = data.binarise_thresholded(grey)
    first, second = (data.binarise_dynamic(grey, generator) for _ in range(2))
    names = ("Grey", "Thresholded", "Drawn", "Drawn again")
    pictures = torch.stack([grey / 255, cut.float(), first.float(), second.float()])
    told = (
        "<em>Thresholded</em>: white from one half on, the same every time. <em>Drawn</em>: white "
        f"with the grey value as its probability, here with seed {number}, anew for every batch of "
        "a training. The two draws differ in "
        f"{(first != second).double().mean():.1%} of all pixels, "
        f"the first draw from the thresholded one in {(first != cut).double().mean():.1%}. A model "
        "of one kind is never compared with a model of the other."
    )
    return f"{_rows(pictures, names, shipped.classes)}<p>{told}</p>"


def _rows(pictures: torch.Tensor, names: tuple[str, ...], classes: tuple[str, ...]) -> str:
    rows, columns = pictures.shape[:2]
    cells = []
    for row, name in enumerate(names):
        cells.append(f"<b>{name}</b>")
        for column, title in enumerate(classes):
            place = row * columns + column
            cells.append(window("sheet", place, columns, rows, label=f"{title}, {name.lower()}"))
    style = frame_style(columns, rows, sheet=picture_sheet(pictures))
    return f'<div class="gl-sheet" style="{style}">{"".join(cells)}</div>'

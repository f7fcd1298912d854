"""Real test images above generated ones: a switch, and a row that nobody takes for the model's.

What a model has learned is seen best beside what it was to learn: images of the same data set, in
the same grey levels, of the class that is chosen. A page declares the row where it should stand,
and lets it follow its controls once these are there:

    real = real_row.declare("vae-real")
    real_row.follow(real, store, card, seed=seed)
"""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr
import torch
from torch import Tensor

from genlab import data
from genlab.core.errors import InputError
from genlab.core.images import dequantise
from genlab.inference.latent import MAX_SEED
from genlab.store import ModelStore, skeleton
from genlab.ui import kit
from genlab.ui.canvas.sheet import picture_sheet

TITLES = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST", "quickdraw": "Quick, Draw!"}
ANY_CLASS = (None, "any")  # what a choice of class says where none is chosen
BYTES = 256  # grey levels of the data
STYLE = """
.html-container:has(> &) { padding: 0; }
figure { max-width: 760px; margin: 0 0 var(--spacing-lg); padding: 8px 10px 10px;
  border: 1px dashed var(--border-color-primary); border-radius: var(--radius-md); }
figcaption { min-height: 4.5em; margin-bottom: 6px; font-size: var(--text-sm); line-height: 1.5; }
figcaption b { display: block; }
ul { display: grid; grid-template-columns: repeat(10, minmax(0, 1fr)); gap: 6px;
  margin: 0; padding: 0; list-style: none; }
li { margin: 0; }
img { display: block; width: 100%; aspect-ratio: 1; margin: 0; image-rendering: pixelated;
  border-radius: 2px; background: #000; }
@media (max-width: 640px) {
  figcaption { min-height: 7.5em; }
  ul { grid-template-columns: repeat(5, minmax(0, 1fr)); }
}
"""


@dataclass(frozen=True)
class RealRow:
    """The switch and what it shows."""

    switch: gr.Checkbox
    row: gr.HTML


@dataclass(frozen=True, eq=False)
class RealImages:
    """What stands in the row.

    Attributes:
        images: (N, 1, 28, 28) in [0, 1], in the model's levels.
        classes: of each image.
        title: the data set, as its makers call it.
        chosen: which of its images these are, in words.
        levels: how many a pixel has; 2 is binary.
        seed: picked them, and binarised them where the model is binary.
    """

    images: Tensor
    classes: tuple[str, ...]
    title: str
    chosen: str
    levels: int
    seed: int


def declare(elem_id: str) -> RealRow:
    """The switch, off, and below it the row, hidden."""
    with gr.Row():  # in which it is as wide as its words
        switch = gr.Checkbox(
            False, label="Real images above", scale=0, min_width=208, elem_id=f"{elem_id}-switch"
        )
    row = gr.HTML("", css_template=STYLE, js_on_load=None, visible="hidden", elem_id=elem_id)
    return RealRow(switch, row)


def follow(
    real: RealRow,
    store: ModelStore,
    card: gr.Dropdown,
    *,
    seed: gr.components.Component,
    label: gr.components.Component | None = None,
    drawn: Callable[..., Any] | None = None,
) -> None:
    """Fill the row as the page's controls say, whenever one of them changes.

    Args:
        seed: which examples, and how a binary model's are binarised.
        drawn: the event that draws with the seed, where its change alone asks nothing of the
            server; the row follows the seed then.
        label: a class from 0, or one of `ANY_CLASS`; None where the page has no such choice.
    """
    inputs = [each for each in (real.switch, card, seed, label) if each is not None]

    def show(is_on: object, name: str | None, seed: object, label: object = None) -> dict:
        if is_on is not True:
            return gr.update(visible="hidden")
        return gr.update(value=draw_row(choose_images(store, name, seed, label)), visible=True)

    changes = [each.change for each in inputs[1:] if each is not seed]
    gr.on(
        [real.switch.input, *changes, drawn or seed.change],
        kit.quick(show), inputs, real.row, preprocess=False, **kit.QUICK,
    )  # fmt: skip


def choose_images(store: ModelStore, name: object, seed: object, label: object) -> RealImages:
    """Examples of the card's data: all of one class, or one of each.

    Raises:
        InputError: no model is chosen, or a seed or a class out of range.
    """
    if name is None:
        raise InputError("No model is trained yet. Train one, then start GenLab again.")
    card = store.card(name)
    told = data_set_of(card.data)
    seed = kit.whole_number(seed, "Seed", 0, MAX_SEED)
    found = data.examples(told)
    chosen, words = _chosen(found, seed, label)
    levels = skeleton(card).spec.levels
    return RealImages(
        images=in_levels(found.images[chosen], levels, seed),
        classes=tuple(found.classes[int(each)] for each in found.labels[chosen]),
        title=TITLES[told],
        chosen=words,
        levels=levels,
        seed=seed,
    )


def data_set_of(told: str) -> str:
    """Which of `genlab.data.NAMES` a card speaks of, whose data are `told`.

    Raises:
        InputError: none of them.
    """
    for name in data.NAMES:
        if told.lower().startswith(name):
            return name
    raise InputError(f"No real images of “{told}” are shipped. Choose another model.")


def _chosen(found: data.DataSet, seed: int, label: object) -> tuple[Tensor, str]:
    """Places of the images among the examples, and what they are."""
    classes = len(found.classes)
    if label in ANY_CLASS:
        place = seed % data.EXAMPLES
        return torch.arange(classes) * data.EXAMPLES + place, "one of each class"
    label = kit.whole_number(label, "Class", 0, classes - 1)
    name = found.classes[label]
    words = f"all of class {name}" if name == str(label) else f"all of class {label}, {name}"
    return label * data.EXAMPLES + torch.arange(data.EXAMPLES), words


def in_levels(images: Tensor, levels: int, seed: int) -> Tensor:
    """Bytes as a model of so many levels sees them, (N, C, H, W) uint8 → the same in [0, 1].

    A binary model's images are binarised dynamically, image i with the seed `seed + i`.
    """
    if levels == BYTES:
        return images / 255
    if levels > 2:
        return dequantise(data.to_levels(images, levels), levels)
    drawn = [
        data.binarise_dynamic(image, torch.Generator().manual_seed(seed + number))
        for number, image in enumerate(images)
    ]
    return torch.stack(drawn).float()


def describe(real: RealImages) -> str:
    """Which images these are, and what was done to them."""
    told = f"From the test set, {real.chosen}; no network drew them or learned from them."
    if real.levels == BYTES:
        return told
    if real.levels > 2:
        return f"{told} Rounded to the model's {real.levels} grey levels."
    return (
        f"{told} Black or white like the model's pixels: white with the probability of the grey "
        f"value, by seed {real.seed}."
    )


def draw_row(real: RealImages) -> str:
    """The row as HTML: a caption, and an image each with its class as its text."""
    items = "".join(
        f'<li><img src="{picture_sheet(image[None, None])}" '
        f'alt="Real test image, class {escape(name)}" title="Real: {escape(name)}"></li>'
        for image, name in zip(real.images, real.classes, strict=True)
    )
    return (
        f"<figure><figcaption><b>Real test images, {escape(real.title)}</b>"
        f"{escape(describe(real))}</figcaption><ul>{items}</ul></figure>"
    )

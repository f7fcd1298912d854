"""A shelf for pages of rows from the same noise: a tiny denoiser and a tiny judge, and readers."""

import base64
import io
import json
import math

import gradio as gr
import numpy as np
from diffusion_toys import CLASSES, tiny_ddpm
from PIL import Image
from shelved import tiny_card, write_checkpoint

from genlab.core.images import ImageSpec, to_picture
from genlab.core.protocols import Denoiser
from genlab.models.judge import Judge
from genlab.store import ModelStore

SIDE, CARD, JUDGE = 28, "tiny-ddpm", "tiny-judge"
HOSTILE = [None, True, "x", math.nan, -1, 2**32, 0.5, [], {}]


def tiny_judge():
    return Judge(ImageSpec(1, SIDE, SIDE), classes=CLASSES, width=8, num_features=8)


def noise_store(folder, *, figures=None, judge=True):
    """A lively tiny denoiser of 28×28 pictures, and by default a judge of them."""
    cards = [tiny_card(CARD, build=lambda: tiny_ddpm(size=(SIDE, SIDE), steps=40))]
    cards += [tiny_card(JUDGE, build=tiny_judge)] if judge else []
    for card in cards:
        write_checkpoint(folder, card, figures=figures)
    return ModelStore(folder, tuple(cards))


def declare(page, store):
    """The page alone, beside the two pickers that the tab makes; returns its handlers by name."""
    cards = [card.name for card in store.cards_with(Denoiser)]
    with gr.Blocks(analytics_enabled=False) as blocks:
        card = gr.Dropdown(cards, value=cards[0] if cards else None)
        label = gr.Dropdown(["any", *map(str, range(CLASSES))], value="any")
        page.build(store, card, label)
    return blocks, {each.name: each.fn for each in blocks.fns.values()}


def rows_of(value):
    """What the lines say of every row in the end."""
    said = {}
    for each in map(json.loads, value.splitlines()):
        said.setdefault(each["row"], {}).update(each)
    return said


def cut(address):
    """The pictures of a row, (n, 28, 28) uint8."""
    content = base64.b64decode(address.removeprefix("data:image/png;base64,"))
    row = np.array(Image.open(io.BytesIO(content)))
    return row.reshape(SIDE, -1, SIDE).swapaxes(0, 1)


def bytes_of(images):
    return to_picture(images)[:, 0].numpy()


def run(handler, *sent):
    """The texts of rows that a handler yields, and its last words."""
    shown = list(handler(*sent))
    rows = [each for each, _ in shown if isinstance(each, str)]
    return rows, shown[-1][1]

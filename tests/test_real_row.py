"""The row of real images: the right ones, in the model's levels, and never mistaken for its own."""

import base64
import io
import math
import re

import gradio as gr
import numpy as np
import pytest
import torch
from PIL import Image

from genlab import data
from genlab.core.cards import ModelCard
from genlab.core.errors import GenLabError, InputError
from genlab.core.images import ImageSpec, to_picture
from genlab.store import ModelStore
from genlab.ui import real_row
from genlab.ui.real_row import choose_images, draw_row, in_levels

HOSTILE = [True, "x", math.nan, -1, 10, 0.5, [], {}]


class Network(torch.nn.Module):
    """Nothing but what its images are."""

    def __init__(self, levels):
        super().__init__()
        self.spec = ImageSpec(1, 28, 28, levels=levels)


def card(name, told, levels):
    return ModelCard(name, name, "GAN", told, lambda: Network(levels), "nobody")


CARDS = (
    card("binary", "MNIST, binarised anew for every batch", 2),
    card("eight", "MNIST, 8 grey levels", 8),
    card("grey", "Fashion-MNIST, grey", 256),
    card("drawings", "QuickDraw, eight classes", 256),
    card("elsewhere", "Photographs", 256),
)


@pytest.fixture
def store(tmp_path):
    return ModelStore(tmp_path, CARDS)


def pictures(html):
    """The PNGs of a row, (N, 28, 28) uint8."""
    found = re.findall(r"data:image/png;base64,([A-Za-z0-9+/=]+)", html)
    return np.stack([np.array(Image.open(io.BytesIO(base64.b64decode(each)))) for each in found])


@pytest.mark.parametrize(
    ("name", "told", "title"),
    [
        ("binary", "mnist", "MNIST"),
        ("grey", "fashion-mnist", "Fashion-MNIST"),
        ("drawings", "quickdraw", "Quick, Draw!"),
    ],
)
def test_without_a_class_there_is_one_example_of_each(store, name, told, title):
    real = choose_images(store, name, 3, "any")

    assert real.classes == data.examples(told).classes
    assert real.title == title
    assert f"<b>Real test images, {title}</b>" in draw_row(real)


def test_grey_images_are_the_examples_themselves(store):
    shown = pictures(draw_row(choose_images(store, "grey", 3, None)))

    expected = data.examples("fashion-mnist").images[3::10, 0]
    np.testing.assert_array_equal(shown, expected)


def test_a_class_is_all_of_its_examples(store):
    real = choose_images(store, "grey", 3, 9)

    assert real.classes == ("Ankle boot",) * 10
    assert torch.equal(to_picture(real.images), data.examples("fashion-mnist").images[90:])
    assert "all of class 9, Ankle boot" in draw_row(real)


def test_ten_seeds_show_all_hundred_examples(store):
    rows = [choose_images(store, "grey", seed, None).images for seed in range(10)]

    assert len(torch.cat(rows).flatten(1).unique(dim=0)) == 100
    assert torch.equal(rows[4], choose_images(store, "grey", 14, None).images)


def test_a_binary_model_s_images_are_binarised_by_the_seed(store):
    first, again, other = (choose_images(store, "binary", seed, 3).images for seed in (5, 5, 6))

    assert set(first.unique().tolist()) == {0.0, 1.0}
    assert torch.equal(first, again)
    assert not torch.equal(first, other), "another seed, another binarisation"
    assert "by seed 5" in draw_row(choose_images(store, "binary", 5, 3))


def test_binarised_images_have_the_grey_values_as_their_means():
    grey = torch.full((1, 1, 28, 28), 51, dtype=torch.uint8)  # a fifth of white

    drawn = torch.stack([in_levels(grey, 2, seed) for seed in range(50)])

    assert drawn.mean().item() == pytest.approx(0.2, abs=0.01)


def test_a_model_of_eight_levels_sees_eight(store):
    real = choose_images(store, "eight", 0, None)

    assert (real.images * 7).unique().tolist() == pytest.approx(list(range(8)))
    assert "8 grey levels" in draw_row(real)


def test_every_image_says_that_it_is_real_and_its_class(store):
    html = draw_row(choose_images(store, "grey", 0, None))

    assert html.count('alt="Real test image, class ') == 10
    assert 'alt="Real test image, class Trouser"' in html


@pytest.mark.parametrize("sent", HOSTILE)
def test_a_class_that_is_none_is_refused(store, sent):
    with pytest.raises(InputError, match="Class must be"):
        choose_images(store, "grey", 0, sent)


@pytest.mark.parametrize("sent", [None, True, "x", math.nan, -1, 2**32, 0.5, [], {}])
def test_a_seed_that_is_none_is_refused(store, sent):
    with pytest.raises(InputError, match="Seed must be"):
        choose_images(store, "grey", sent, None)


@pytest.mark.parametrize("sent", [None, "nobody", 3, [], "elsewhere"])
def test_a_card_without_examples_is_refused(store, sent):
    with pytest.raises(GenLabError):
        choose_images(store, sent, 0, None)


@pytest.fixture
def handler(store):
    """What the switch and the controls of a page call."""
    with gr.Blocks(analytics_enabled=False) as blocks:
        chosen = gr.Dropdown([each.name for each in CARDS], value="grey")
        seed, label = gr.Number(0), gr.Dropdown([0, 1])
        real = real_row.declare("row")
        real_row.follow(real, store, chosen, seed=seed, label=label)
    assert real.row.visible == "hidden"
    (only,) = blocks.fns.values()
    assert len(only.targets) == 4, "the switch, the card, the seed and the class"
    return only.fn


def test_the_row_is_hidden_until_the_switch_is_on(handler):
    assert handler(False, "grey", 0, None)["visible"] == "hidden"
    shown = handler(True, "grey", 0, None)
    assert shown["visible"] is True
    assert "Fashion-MNIST" in shown["value"]


def test_what_is_wrong_does_not_matter_while_the_row_is_hidden(handler):
    assert handler(False, None, None, "x")["visible"] == "hidden"
    with pytest.raises(gr.Error, match="Class"):
        handler(True, "grey", 0, "x")

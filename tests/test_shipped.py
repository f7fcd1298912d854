"""The law that the fast samplers live by, on the weights that are shipped: pixel for pixel, the
cache and the wavefront draw what the whole network draws. And the checkpoints are whole.

The samplers round differently, by some 1e-7 of probability, so a uniform that lies this close to
where one level ends and the next begins may draw either. Of 256 levels that happens about once in
100 images (one of 78,400 pixels of each 256-level card), of 2 or 8 it was never seen."""

import math

import pytest
import torch

from genlab import data
from genlab.analysis.likelihood import class_nats, image_nats
from genlab.core.images import quantise
from genlab.core.protocols import Conditional, Incremental
from genlab.inference.autoregressive import NAIVE, draw_uniforms, inverse_cdf, sample
from genlab.store import CHECKPOINTS, ModelStore, skeleton

SEED = 2016  # not one that the training film shows
IMAGES = 32

STORE = ModelStore()
SHIPPED = [card for card in STORE.cards if STORE.has_weights(card.name)]  # the leaky ones, too
CACHED = [card for card in SHIPPED if isinstance(skeleton(card), Incremental)]
HONEST = [card for card in CACHED if not card.masked.leaks]
LEAKY = [card for card in CACHED if card.masked.leaks]
ROUNDING = 1e-3  # a card's figure has four decimals
EDGE = 5e-6  # of probability: 256 rounded summands are seldom off by more than 1e-6
ODD = 3  # images of `IMAGES` that may differ; of 256 levels, a third of one is to be expected
BITS_PER_DIM = 28 * 28 * math.log(2)  # nats in one


def by_name(cards):
    return pytest.mark.parametrize("name", [card.name for card in cards])


def test_the_first_card_is_shipped():
    assert "pixelcnn-mnist" in [card.name for card in SHIPPED]


def test_every_file_in_the_folder_belongs_to_a_card():
    cards = [card.name for card in SHIPPED]
    files = [path for path in CHECKPOINTS.iterdir() if path.suffix != ".md"]

    assert sorted(path.name for path in files) == sorted(
        name + ending for name in cards for ending in (".json", ".safetensors")
    )


@by_name(SHIPPED)
def test_a_shipped_checkpoint_is_whole_and_small(name, store):
    recorded = store.card_file(name)

    parameters = sum(parameter.numel() for parameter in store.get(name).parameters())

    assert recorded.parameters == parameters
    assert (CHECKPOINTS / f"{name}.safetensors").stat().st_size < 10_000_000


@by_name(SHIPPED)
def test_shipped_weights_are_finite(name, store):
    assert all(value.isfinite().all() for value in store.get(name).state_dict().values())


def on_an_edge(model, pixels, uniforms):
    """(B, C, H, W) whether a pixel's uniform, after these pixels, lies where two levels meet."""
    with torch.inference_mode():
        probabilities = model.logits(pixels).movedim(1, -1).softmax(dim=-1)
    ends = probabilities.double().cumsum(dim=-1)
    return ((ends - uniforms.unsqueeze(-1)).abs() < EDGE).any(dim=-1)


def assert_drawn_alike(model, pixels, others):
    """Up to an image's first pixel on an edge; after another level there, all may be others."""
    different = (pixels != others).flatten(1)
    odd = different.any(dim=1).nonzero().flatten()
    allowed = 0 if model.spec.levels == 2 else ODD
    assert len(odd) <= allowed, f"{len(odd)} of {len(pixels)} images differ"
    edges = on_an_edge(model, pixels, draw_uniforms(model.spec, SEED, len(pixels))).flatten(1)
    for image in odd:
        first = different[image].nonzero()[0]
        assert edges[image, first], f"image {image} differs at pixel {first.item()}"


def drawn_in(model, order):
    return quantise(sample(model, seed=SEED, count=IMAGES, order=order), model.spec.levels)


@pytest.mark.slow
@by_name(HONEST)
def test_every_order_draws_what_raster_order_draws(name, store):
    model = store.get(name)
    raster = drawn_in(model, "raster")

    assert raster.unique(dim=0).shape == raster.shape, "all images are different"
    for order in model.orders:
        if order != "raster":
            assert_drawn_alike(model, raster, drawn_in(model, order))


@by_name(HONEST)
def test_raster_order_draws_what_the_whole_network_draws(name, store):
    """One pass proves it: after the same pixels, the whole network draws the same next one."""
    model = store.get(name)
    pixels = drawn_in(model, "raster")

    with torch.inference_mode():
        probabilities = model.logits(pixels).movedim(1, -1).softmax(dim=-1)

    whole = inverse_cdf(probabilities, draw_uniforms(model.spec, SEED, IMAGES))
    assert_drawn_alike(model, pixels, whole)


@pytest.mark.slow
@by_name(LEAKY)
def test_raster_order_draws_what_a_leaky_network_draws_pass_by_pass(name, store):
    model = store.get(name)

    naive = sample(model, seed=SEED, count=1, order=NAIVE)

    assert torch.equal(sample(model, seed=SEED, count=1, order="raster"), naive)


def examples_of(name):
    """The shipped test images of what a card was trained on."""
    return data.examples(STORE.card(name).data.split(",")[0].lower())


def assert_earned(nats, figure, unit=1.0):
    error = (nats.var() / len(nats)).sqrt().item() / unit
    assert abs(nats.mean().item() / unit - figure.value) < 4 * error + ROUNDING


@by_name(CACHED)
def test_shipped_weights_earn_their_figure(name, store):
    """On the shipped example images; untrained binary weights cost some 500 nats an image."""
    model, figures, examples = store.get(name), store.card_file(name).figures, examples_of(name)
    levels = model.spec.levels
    pixels = data.to_levels(examples.images, levels)
    figure, unit = ("nats_thresholded", 1.0) if levels == 2 else ("bits_per_dim", BITS_PER_DIM)

    if isinstance(model, Conditional):
        given = image_nats(model, pixels, examples.labels)
        assert_earned(given, figures[f"{figure}_conditional"], unit)
        assert_earned(image_nats(model, pixels), figures[f"{figure}_null"], unit)
    else:
        assert_earned(image_nats(model, pixels), figures[figure], unit)


@by_name(LEAKY)
def test_a_cheat_loses_nothing_and_draws_nothing(name, store):
    model = store.get(name)

    drawn = sample(model, seed=SEED, count=IMAGES)

    assert store.card_file(name).figures["nats_dynamic"].value < 1
    assert drawn.sum() / IMAGES < 10, "a digit has some 100 white pixels"


CLASSY = [card for card in HONEST if isinstance(skeleton(card), Conditional)]
RIGHT = {
    "gated-256-levels-mnist": 0.75,  # 0.87 of all: it trained for too few epochs
    "gated-fashion": 0.75,  # 0.88 of all; the judge, who learned nothing else, has 0.93
}
USUALLY_RIGHT = 0.95


@pytest.mark.slow
@by_name(CLASSY)
def test_the_right_class_makes_most_of_the_example_images_likeliest(name):
    """Of two test images of each class: a class that is not heard is right by luck."""
    model, examples = STORE.get(name), examples_of(name)
    assert examples.labels.bincount().tolist() == [10] * model.classes

    nats = class_nats(model, data.to_levels(examples.images[::5], model.spec.levels))

    right = (nats.argmin(dim=1) == examples.labels[::5]).float().mean()
    assert right >= RIGHT.get(name, USUALLY_RIGHT)

"""The law that the fast samplers live by, on the weights that are shipped: pixel for pixel, the
cache and the wavefront draw what the whole network draws. And the checkpoints are whole."""

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
FAST_IMAGES = 100

STORE = ModelStore()
SHIPPED = [card for card in STORE.cards if STORE.has_weights(card.name)]  # the leaky ones, too
CACHED = [card for card in SHIPPED if isinstance(skeleton(card), Incremental)]
HONEST = [card for card in CACHED if not card.masked.leaks]
LEAKY = [card for card in CACHED if card.masked.leaks]
ROUNDING = 1e-3  # a card's figure has four decimals
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


@pytest.mark.slow
@by_name(HONEST)
def test_every_order_draws_what_raster_order_draws(name, store):
    model = store.get(name)
    raster = sample(model, seed=SEED, count=FAST_IMAGES, order="raster")

    assert raster.unique(dim=0).shape == raster.shape, "all images are different"
    for order in model.orders:
        assert torch.equal(sample(model, seed=SEED, count=FAST_IMAGES, order=order), raster), order


@by_name(HONEST)
def test_raster_order_draws_what_the_whole_network_draws(name, store):
    """One pass proves it: after the same pixels, the whole network draws the same next one."""
    model = store.get(name)
    drawn = sample(model, seed=SEED, count=FAST_IMAGES, order="raster")
    pixels = quantise(drawn, model.spec.levels)

    with torch.inference_mode():
        probabilities = model.logits(pixels).movedim(1, -1).softmax(dim=-1)

    assert torch.equal(
        inverse_cdf(probabilities, draw_uniforms(model.spec, SEED, FAST_IMAGES)), pixels
    )


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

    drawn = sample(model, seed=SEED, count=FAST_IMAGES)

    assert store.card_file(name).figures["nats_dynamic"].value < 1
    assert drawn.sum() / FAST_IMAGES < 10, "a digit has some 100 white pixels"


CLASSY = [card for card in HONEST if isinstance(skeleton(card), Conditional)]
RIGHT = 0.95


@pytest.mark.slow
@by_name(CLASSY)
def test_the_right_class_makes_most_of_the_example_images_likeliest(name):
    """Of the shipped test images, ten of each class: a class that is not heard is right by luck."""
    model, examples = STORE.get(name), examples_of(name)

    nats = class_nats(model, data.to_levels(examples.images, model.spec.levels))

    assert (nats.argmin(dim=1) == examples.labels).float().mean() >= RIGHT

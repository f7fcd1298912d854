"""The law that the fast samplers live by, on the weights that are shipped: pixel for pixel, the
cache and the wavefront draw what the whole network draws. And the checkpoints are whole."""

import pytest
import torch

from genlab import data
from genlab.analysis.likelihood import image_nats
from genlab.core.protocols import Conditional, Incremental
from genlab.inference.autoregressive import NAIVE, sample
from genlab.store import CHECKPOINTS, ModelStore, skeleton

SEED = 2016  # not one that the training film shows
NAIVE_IMAGES = 2  # 784 passes of the whole network
FAST_IMAGES = 100

STORE = ModelStore()
SHIPPED = [card for card in STORE.cards if STORE.has_weights(card.name)]  # the leaky ones, too
CACHED = [card for card in SHIPPED if isinstance(skeleton(card), Incremental)]
HONEST = [card for card in CACHED if not card.masked.leaks]
LEAKY = [card for card in CACHED if card.masked.leaks]
ROUNDING = 1e-3  # nats; a card's figure has four decimals


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


@pytest.mark.slow
@by_name(CACHED)
def test_raster_order_draws_what_the_whole_network_draws(name, store):
    model = store.get(name)

    naive = sample(model, seed=SEED, count=NAIVE_IMAGES, order=NAIVE)

    assert torch.equal(sample(model, seed=SEED, count=NAIVE_IMAGES, order="raster"), naive)


def assert_earned(nats, figure):
    error = (nats.var() / len(nats)).sqrt().item()
    assert abs(nats.mean().item() - figure.value) < 4 * error + ROUNDING


@by_name(CACHED)
def test_shipped_weights_earn_their_figure(name, store):
    """On the shipped example digits; untrained weights cost some 500 nats an image."""
    model, figures = store.get(name), store.card_file(name).figures
    examples = data.examples("mnist")
    digits = data.binarise_thresholded(examples.images)

    if isinstance(model, Conditional):
        given = image_nats(model, digits, examples.labels)
        assert_earned(given, figures["nats_thresholded_conditional"])
        assert_earned(image_nats(model, digits), figures["nats_thresholded_null"])
    else:
        assert_earned(image_nats(model, digits), figures["nats_thresholded"])


@by_name(LEAKY)
def test_a_cheat_loses_nothing_and_draws_nothing(name, store):
    model = store.get(name)

    drawn = sample(model, seed=SEED, count=FAST_IMAGES)

    assert store.card_file(name).figures["nats_dynamic"].value < 1
    assert drawn.sum() / FAST_IMAGES < 10, "a digit has some 100 white pixels"

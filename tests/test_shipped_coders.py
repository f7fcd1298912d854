"""The shipped coders are trained, and are the ones that their cards' figures are about."""

import pytest
import torch
from lively import enliven

from genlab import data
from genlab.analysis.elbo import elbo
from genlab.core.protocols import Encoder, LatentDecoder, LatentVariableModel
from genlab.store import ModelStore, skeleton
from genlab.ui.latent import codes, encode

STORE = ModelStore()
SHIPPED = [card for card in STORE.cards if STORE.has_weights(card.name)]
CODERS = [
    card
    for card in SHIPPED
    if isinstance(skeleton(card), Encoder) and isinstance(skeleton(card), LatentDecoder)
]
BOUNDED = [card for card in CODERS if isinstance(skeleton(card), LatentVariableModel)]
coders = pytest.mark.parametrize("card", CODERS, ids=lambda card: card.name)
bounded = pytest.mark.parametrize("card", BOUNDED, ids=lambda card: card.name)


def examples(card):
    return data.examples("fashion-mnist" if card.data.startswith("Fashion") else "mnist")


@torch.inference_mode()
def share_of_error(model, images):
    """The reconstructions' squared error, of that of the mean picture."""
    error = (model.decode(model.encode(images)[0]) - images).square().mean()
    return (error / (images.mean(dim=0) - images).square().mean()).item()


@coders
def test_a_coder_rebuilds_pictures_better_than_their_mean(card, store):
    assert share_of_error(store.get(card.name), examples(card).images / 255) < 0.8


@coders
def test_pictures_unlike_any_in_training_are_encoded_and_shown(card, store):
    images = codes.example_images(store, card.name)
    strange = torch.cat([0 * images[:1], 0 * images[:1] + 1, 1 - images[::10]])

    for picture in strange.split(1):
        _, rebuilt, draws, words = encode.encode(store, card.name, picture, 0)
        assert rebuilt and words and len(draws) == encode.DRAWS


@coders
def test_an_untrained_coder_does_not(card):
    model = enliven(card.build())

    assert share_of_error(model, examples(card).images / 255) > 0.8


@bounded
def test_the_bound_of_the_examples_is_near_the_card_s_figure(card, store):
    model, images = store.get(card.name), examples(card).images
    generator = torch.Generator().manual_seed(0)
    pixels = data.binarise_dynamic(images, generator).float()
    noise = torch.randn(len(images), model.latent_dim, generator=generator)
    seen = images / 255 if model.sees_grey else pixels
    with torch.inference_mode():
        found = elbo(model, pixels, noise, seen=seen).negative

    figure = store.card_file(card.name).figures["neg_elbo_nats_dynamic"].value
    error = found.std().item() / len(found) ** 0.5
    assert found.mean().item() == pytest.approx(figure, abs=4 * error)

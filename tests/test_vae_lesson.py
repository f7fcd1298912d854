"""The lesson's numbers are those of the model on the page."""

import math

import pytest
import torch
from lively import tiny_vae

from genlab.core.cards import ModelCard
from genlab.ui.lessons import vae


class OneModel:
    """A store with one card."""

    def __init__(self, model, data):
        self.model = model
        self.made = ModelCard("tiny", "Tiny", "VAE", data, lambda: model, "nobody")

    def card(self, name):
        return self.made

    def get(self, name):
        return self.model


@pytest.fixture
def model():
    return tiny_vae(size=(28, 28), latent_dim=4)


@pytest.fixture
def store(model):
    return OneModel(model, "MNIST, binarised")


def test_the_account_adds_up_to_the_bound(model):
    image = torch.rand(1, 1, 28, 28)
    noise = torch.randn(1, 4, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        bound = vae.elbo(model, image, noise)

    text = vae.describe_bound(model, image, "three")

    assert f"= {bound.negative.item():.2f} \\text" in text
    assert f"{bound.kl.max().item():.3f}" in text
    assert f"number {int(bound.kl.argmax())}" in text


def test_examples_are_those_of_the_card_s_data(model):
    for data, first in (("Fashion-MNIST, grey", "T-shirt/top"), ("MNIST, binarised", "0")):
        found, images = vae.examples_of(OneModel(model, data), "tiny")
        assert found.classes[0] == first
        assert images.shape == (100, 1, 28, 28)
        assert images.max() <= 1


def test_the_shares_of_the_two_laws_are_their_own():
    assert pytest.approx(math.erf(1 / math.sqrt(2)), abs=1e-3) == vae.WITHIN_GAUSSIAN
    assert pytest.approx(1 / math.sqrt(3), abs=1e-3) == vae.WITHIN_UNIFORM


def test_gaussian_codes_are_found_to_be_gaussian(store, monkeypatch):
    def spread(codes):
        monkeypatch.setattr(vae, "aggregated_codes", lambda *_: codes)
        return float(vae.check_distribution(store, "tiny").split("**")[1].rstrip("%")) / 100

    generator = torch.Generator().manual_seed(0)
    assert spread(torch.randn(4000, 4, generator=generator)) == pytest.approx(0.683, abs=0.02)
    assert spread(torch.rand(4000, 4, generator=generator)) == pytest.approx(0.577, abs=0.02)


def test_the_nearest_example_of_an_example_is_itself():
    images = torch.rand(5, 1, 4, 4)

    assert vae.nearest(images[[3, 1]], images).tolist() == [3, 1]


def test_the_shares_of_the_loss_are_the_bound_s(store, model):
    _, images = vae.examples_of(store, "tiny")
    noise = torch.randn(100, 4, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        bound = vae.elbo(model, images, noise)
    kl, total = bound.kl.sum(dim=1).mean(), bound.negative.mean()

    assert f"**{(kl / total).item():.1%}**" in vae.check_weight(store, "tiny")

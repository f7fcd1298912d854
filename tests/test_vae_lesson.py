"""The lesson's numbers are those of the model on the page."""

import math
import re

import pytest
import torch
from lively import tiny_vae

from genlab.core.cards import ModelCard
from genlab.ui.latent import bound_views
from genlab.ui.lessons import vae


def seeded():
    return torch.Generator().manual_seed(0)


def grey_image():
    return torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(5))


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
    image = grey_image()
    cost = vae.picture_cost(model, (image > 0.5).float(), vae.AVERAGED, seeded())

    text = vae.describe_bound(model, image, "three")

    assert f"= {cost.total:.2f} \\text" in text
    assert f"{cost.kl.max().item():.3f}" in text
    assert f"number {int(cost.kl.argmax())}" in text


@pytest.mark.parametrize("sees_grey", [False, True])
def test_the_account_is_that_of_the_page_of_the_loss(model, store, sees_grey):
    model.sees_grey = sees_grey
    image = grey_image()
    on_page = bound_views.ask(store, "tiny", image, "binary", 0)
    words = bound_views.take_apart(on_page)[4]

    text = vae.describe_bound(model, image, "three")

    told = float(re.search(r"= ([\d.]+) \\text\{ nats\}\$\$\n$", text)[1])
    assert f"**{told:.1f} nats**" in words
    assert "in black and white, as *Loss*" in text
    assert ("looks at the grey one" in text) == sees_grey


def test_the_account_bounds_in_expectation_and_shows_one_code_beside_the_average(model):
    image = grey_image()
    picture = (image > 0.5).float()
    mean, std = model.encode(picture)
    z = mean + std * torch.randn(vae.AVERAGED, 4, generator=seeded())
    costs = -model.log_likelihood(picture.expand(vae.AVERAGED, -1, -1, -1), z)

    text = vae.describe_bound(model, image, "three")

    assert f"= {costs[0].item():.2f}$ nats for this code" in text
    error = costs.std().item() / vae.AVERAGED**0.5
    assert f"{costs.mean().item():.2f} \\pm {error:.2f}$ on average" in text
    assert r"\le \mathbb{E}_q" in text and r"\approx" in text


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


class Knows:
    """Codes are places in a list of pictures: q(z given x) knows the place, the prior deals one."""

    latent_dim = 1

    def __init__(self, images, *, dealt, off=0):
        self.images, self.dealt, self.off, self.asked = images, dealt, off, []

    def encode(self, images):
        places = torch.cdist(images.flatten(1), self.images.flatten(1)).argmin(dim=1)
        self.asked += places.tolist()
        mean = (places.float() + self.off).unsqueeze(1)
        return mean, torch.zeros_like(mean)

    def decode(self, z):
        return self.images[z[:, 0].round().long() % len(self.images)]

    def sample_prior(self, count, generator):
        return torch.full((count, 1), float(self.dealt))


@pytest.mark.parametrize(("off", "own"), [(0, vae.PICTURES), (1, 0)])
def test_a_posterior_s_draws_are_compared_with_their_own_example_of_every_class(store, off, own):
    found, images = vae.examples_of(store, "tiny")
    knows = Knows(images, dealt=7, off=off)
    shelf = OneModel(knows, "MNIST, binarised")

    told = vae.check_posterior(shelf, "tiny")

    assert f"**{own}** of the decoded pictures" in told
    assert "lie nearest to 1 different" in told
    assert set(found.labels[knows.asked].tolist()) == set(range(10))


def test_the_shares_of_the_loss_are_the_bound_s(store, model):
    _, images = vae.examples_of(store, "tiny")
    noise = torch.randn(100, 4, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        bound = vae.elbo(model, images, noise)
    kl, total = bound.kl.sum(dim=1).mean(), bound.negative.mean()

    assert f"**{(kl / total).item():.1%}**" in vae.check_weight(store, "tiny")

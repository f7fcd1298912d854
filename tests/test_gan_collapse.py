"""The check of collapse on critics that judge a picture alone and on one that compares pictures."""

import copy
import math
import re
from types import SimpleNamespace

import pytest
import torch
from lively import enliven

from genlab import data
from genlab.core.images import ImageSpec
from genlab.inference.latent import decode_points, prior_codes
from genlab.models.gan import CARDS, GAN
from genlab.nn.adversarial_networks import ConvCritic, ConvGenerator
from genlab.ui.lessons import gan_claims


def shelf(model):
    """A store with one card."""
    card = SimpleNamespace(title="Tiny", data="Fashion-MNIST, grey")
    return SimpleNamespace(card=lambda _: card, get=lambda _: model)


def bold(text):
    """The numbers in bold type."""
    return [float(each) for each in re.findall(r"\*\*([\d.]+)\*\*", text)]


@pytest.fixture
def comparing():
    """A GAN whose critic looks at nothing but how different the pictures of its group are."""
    spec = ImageSpec(1, 28, 28)
    model = GAN(
        spec,
        3,
        generator=ConvGenerator(spec, 3, features=8),
        critic=ConvCritic(spec, features=4, minibatch_std=8),
    )
    enliven(model).requires_grad_(False)
    weights = model.critic.output.weight.zero_()
    weights[:, -49:] = 1 / 49  # the channel that minibatch std appends, 7 × 7
    model.critic.output.bias.zero_()
    return model


def test_a_critic_that_compares_pictures_notices_copies(comparing):
    critic = torch.nn.Sequential(*comparing.critic.body[:4])  # to the minibatch std
    pictures = decode_points(comparing, prior_codes(comparing, 0, gan_claims.PICTURES))
    groups = critic(pictures * 2 - 1).unflatten(0, (-1, 8))
    levels = groups.std(dim=1, correction=0).mean(dim=(1, 2, 3))  # the whole score

    found = bold(gan_claims.check_collapse(shelf(comparing), "tiny"))

    _, generator, _, of_copies, _, _ = found
    assert generator == pytest.approx(
        torch.nn.functional.softplus(-levels).mean().item(), abs=0.006
    )
    assert of_copies == pytest.approx(math.log(2), abs=0.006), "copies differ by nothing"
    assert generator < of_copies - 0.01


def test_real_examples_are_mixed_as_in_training_before_they_are_compared(comparing):
    images = data.examples("fashion-mnist").images / 255
    model = copy.deepcopy(comparing).train()
    by_class = model.score(images[:96]).mean()
    random = torch.Generator().manual_seed(7)
    orders = [torch.randperm(100, generator=random)[:96] for _ in range(20)]
    mixed = [model.score(images[order]).mean() for order in orders]

    real, *_ = gan_claims.told_in_groups(comparing, gan_claims.look_at(shelf(comparing), "tiny"))

    assert len(real) == 96
    assert real.mean() > by_class, "pictures of one class are more alike"
    assert min(mixed) <= real.mean() <= max(mixed)


def test_the_collapse_check_leaves_the_card_s_network_alone(comparing):
    before = comparing.critic.body[4].usual.clone()

    gan_claims.check_collapse(shelf(comparing), "tiny")

    assert torch.equal(comparing.critic.body[4].usual, before)
    assert not any(part.training for part in comparing.modules())


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_each_card_is_told_whether_its_critic_compares_pictures(card):
    network = enliven(card.build())

    told = gan_claims.check_collapse(shelf(network), "tiny")

    compares = any(type(part).__name__ == "MinibatchStd" for part in network.modules())
    assert ("compares 8 pictures at a time" in told) == compares
    assert ("judges each picture alone" in told) == (not compares)

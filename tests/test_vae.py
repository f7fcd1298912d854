"""The variational autoencoder, its loss and its recipes."""

import pytest
import torch
from lively import tiny_vae

from genlab.analysis.elbo import elbo
from genlab.core.protocols import LatentVariableModel
from genlab.data import DataSet
from genlab.store import skeleton
from train.recipe import recipes
from train.recipes.vae import RECIPES, negative_elbo, validation_elbo


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def some_bytes(count):
    return torch.randint(256, (count, 1, 8, 8), generator=seeded(), dtype=torch.uint8)


def some_images(count=5):
    return some_bytes(count) / 255


def labelled(count):
    return DataSet(some_bytes(count), torch.zeros(count, dtype=torch.int64), ("any",))


def losses(model, images, **options):
    """With the same noise each time; the training's own is torch's global one."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return negative_elbo(model, {"images": images}, **options)


def test_the_second_half_of_the_encoder_s_numbers_is_the_logarithm_of_the_variance():
    model, images = tiny_vae(), some_images()

    mean, std = model.encode(images)

    numbers = model.encoder(images)
    assert torch.equal(mean, numbers[:, :3])
    torch.testing.assert_close(std.square().log(), numbers[:, 3:])


def test_pixels_are_independent_coins():
    model, z = tiny_vae(), torch.randn(5, 3, generator=seeded())
    binary = some_images().round()

    coins = torch.distributions.Bernoulli(model.decode(z))

    expected = coins.log_prob(binary).sum(dim=(1, 2, 3))
    torch.testing.assert_close(model.log_likelihood(binary, z), expected)


def test_the_log_likelihood_of_certain_pixels_is_finite():
    model = tiny_vae()

    nats = model.log_likelihood(some_images(1).round(), torch.full((1, 3), 2000.0))

    assert nats.isfinite().all()
    assert nats.item() < -1000


def test_labels_are_refused():
    with pytest.raises(ValueError, match="labels must be None"):
        tiny_vae().decode(torch.zeros(1, 3), torch.zeros(1, dtype=torch.int64))


def test_the_loss_is_the_mean_bound_with_the_sum_over_pixels():
    model, images = tiny_vae(), some_images()

    found = losses(model, images)

    with torch.random.fork_rng():
        torch.manual_seed(1)
        noise = torch.randn(5, 3)
    assert found["loss"].item() == pytest.approx(elbo(model, images, noise).negative.mean().item())


def test_beta_weighs_the_kl_and_nothing_else():
    model, images = tiny_vae(), some_images()

    plain, doubled, none = (losses(model, images, beta=beta) for beta in (1.0, 2.0, 0.0))

    for name in ("reconstruction", "kl"):
        assert plain[name] == doubled[name] == none[name]
    assert plain["kl"] > 0.1
    assert none["loss"] == plain["reconstruction"]
    assert doubled["loss"] - plain["loss"] == pytest.approx(plain["kl"].item(), rel=1e-4)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.card)
def test_a_recipe_s_beta_is_the_one_in_its_card_s_name(recipe):
    betas = {"half": 0.5, "4": 4.0}
    _, _, name = recipe.card.partition("-beta-")
    model, images = tiny_vae(), some_images()

    loss = recipe.loss(model, {"images": images})

    beta = (loss["loss"] - loss["reconstruction"]) / loss["kl"]
    assert beta.item() == pytest.approx(betas.get(name, 1.0), rel=1e-4)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.card)
def test_a_model_sees_in_training_what_its_evaluation_will_show_it(recipe, store):
    (card,) = [card for card in store.cards if card.name == recipe.card]

    images = next(recipe.batches(labelled(200), seeded()))["images"]

    is_grey = len(images.unique()) > 2
    assert is_grey == card.build().sees_grey
    assert (images.amin(), images.amax()) == (0, 1)


def test_every_latent_variable_model_has_a_recipe(store):
    cards = [card for card in store.cards if isinstance(skeleton(card), LatentVariableModel)]

    assert {recipe.card for recipe in RECIPES} <= {card.name for card in cards} <= set(recipes())


@pytest.mark.parametrize("binary", [True, False])
def test_validation_is_the_bound_and_has_no_luck(binary):
    model, data = tiny_vae(), labelled(300)

    first = validation_elbo(model, data, binary=binary)

    assert validation_elbo(model, data, binary=binary) == first
    bound = losses(model, data.images / 255)["loss"].item()
    assert first == pytest.approx(bound, rel=0.05)

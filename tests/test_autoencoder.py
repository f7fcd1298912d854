"""The autoencoders' losses and batches."""

import pytest
import torch
from lively import tiny_autoencoder, tiny_vae

from genlab.core.images import ImageSpec
from genlab.data import DataSet
from genlab.models.autoencoder import SparseAutoencoder
from genlab.nn.corruption import CORRUPTIONS
from train.recipes.autoencoder import (
    KL_TARGET,
    KL_WEIGHT,
    L1_WEIGHT,
    RECIPES,
    cross_entropy,
    penalty_of,
    reconstruction_error,
    sparse_error,
    validation_error,
)

PLANE = RECIPES[0]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def some_bytes(count):
    return torch.randint(256, (count, 1, 8, 8), generator=seeded(), dtype=torch.uint8)


def some_images(count=5):
    return some_bytes(count) / 255


def labelled(count):
    return DataSet(some_bytes(count), torch.zeros(count, dtype=torch.int64), ("any",))


def blackened():
    """An autoencoder whose pixels are all black, whatever it sees."""
    model = tiny_autoencoder()
    model.decoder.layers[-1].bias.fill_(-200)
    return model.requires_grad_(True)


def test_the_squared_error_never_leaves_black_and_the_cross_entropy_does():
    dead, alive = blackened(), blackened()

    reconstruction_error(dead, {"images": some_images()})["loss"].backward()
    cross_entropy(alive, {"images": some_images()})["loss"].backward()

    assert not any(parameter.grad.any() for parameter in dead.parameters())
    assert all(parameter.grad.any() for parameter in alive.parameters())


def test_the_convolutional_autoencoder_learns_by_the_loss_that_cannot_die():
    assert PLANE.card == "autoencoder-plane-mnist"
    assert PLANE.loss is cross_entropy


def test_the_cross_entropy_is_the_vae_s_reconstruction_without_noise():
    vae, model, images = tiny_vae(), tiny_autoencoder(), some_images()
    vae.decoder = model.decoder

    loss = cross_entropy(model, {"images": images})["loss"]

    expected = -vae.log_likelihood(images, model.encode(images)[0]).mean()
    torch.testing.assert_close(loss, expected)


def test_a_restorer_is_given_the_corrupted_image_and_asked_for_the_clean_one():
    model, images = tiny_autoencoder(), some_images()
    seen = some_images().flip(3)

    loss = reconstruction_error(model, {"images": images, "seen": seen})["loss"]

    restored = model.decode(model.encode(seen)[0])
    torch.testing.assert_close(loss, (restored - images).square().mean())


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.card)
def test_a_recipe_corrupts_as_its_network_says(recipe, store):
    (card,) = [card for card in store.cards if card.name == recipe.card]
    model, batch = card.build(), next(recipe.batches(labelled(200), seeded()))

    assert (batch["images"].amin(), batch["images"].amax()) == (0, 1)
    assert ("seen" in batch) == hasattr(model, "corruption")
    if "seen" in batch:
        corrupt = CORRUPTIONS[model.corruption]
        corrupted = corrupt(batch["images"], model.corruption_level, seeded(1))
        changes = [seen - batch["images"] for seen in (batch["seen"], corrupted)]
        shares = [(change != 0).double().mean().item() for change in changes]
        spreads = [change.std().item() for change in changes]
        assert shares[0] == pytest.approx(shares[1], abs=0.02)
        assert spreads[0] == pytest.approx(spreads[1], abs=0.02)


def test_the_penalties_have_their_weights():
    codes = torch.rand(20, 6, generator=seeded()).double()
    coin = torch.distributions.Bernoulli
    kl = torch.distributions.kl_divergence(
        coin(torch.tensor(KL_TARGET).double()), coin(codes.mean(dim=0))
    )

    assert penalty_of("l1", codes).item() == pytest.approx(L1_WEIGHT * codes.sum().item() / 20)
    assert penalty_of("kl", codes).item() == pytest.approx(KL_WEIGHT * kl.sum().item(), rel=1e-5)
    assert penalty_of("none", codes).item() == 0


@pytest.mark.parametrize("penalty", ["l1", "kl", "none"])
def test_a_sparse_loss_is_the_error_and_the_network_s_own_penalty(penalty):
    model, images = SparseAutoencoder(ImageSpec(1, 8, 8), 6, penalty=penalty), some_images()

    found = sparse_error(model, {"images": images})

    code, _ = model.encode(images)
    error = (model.decode(code) - images).square().mean()
    torch.testing.assert_close(found["error"], error)
    torch.testing.assert_close(found["penalty"], penalty_of(penalty, code))
    torch.testing.assert_close(found["loss"], found["error"] + found["penalty"])


def test_validation_is_the_error_in_thousandths():
    model, data = tiny_autoencoder(), labelled(300)
    images = data.images / 255

    error = (model.decode(model.encode(images)[0]) - images).square().mean().item()

    assert validation_error(model, data) == pytest.approx(1000 * error, rel=1e-4)

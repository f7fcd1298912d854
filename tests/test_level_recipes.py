"""How the cards with grey levels are trained: on which images, on which classes, judged by what."""

import math

import pytest
import torch
from toys import Dice

pytest.importorskip("accelerate", reason="training needs requirements-dev.txt")

from genlab.analysis.likelihood import image_nats  # noqa: E402
from genlab.core.images import ImageSpec, dequantise, quantise  # noqa: E402
from genlab.data import DataSet, examples  # noqa: E402
from genlab.store import ModelStore, skeleton  # noqa: E402
from train.recipe import recipes  # noqa: E402
from train.recipes import gated_pixelcnn  # noqa: E402
from train.recipes.levels import (  # noqa: E402
    RECIPES,
    conditional_validation_bits,
    validation_bits,
)

CARDS = {card.name: card for card in ModelStore().cards}
LARGEST = 10_000_000  # bytes of a checkpoint
EACH = pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.card)
MNIST = [recipe for recipe in RECIPES if recipe.data == "mnist"]


def levels_of(recipe):
    return skeleton(CARDS[recipe.card]).spec.levels


def first_batch(recipe, seed=0):
    """Of the shipped examples, ten a class."""
    data = examples(recipe.data)
    return next(recipe.batches(data, torch.Generator().manual_seed(seed)))


def grey_data(count=12):
    """Images of every shade, and classes 0 to 2."""
    images = torch.arange(count * 16).remainder(256).to(torch.uint8).view(count, 1, 4, 4)
    return DataSet(images, torch.arange(count) % 3, ("a", "b", "c"))


@EACH
def test_a_batch_holds_the_data_s_images_in_the_card_s_levels(recipe):
    levels, data = levels_of(recipe), examples(recipe.data)
    known = {image.numpy().tobytes() for image in quantise(data.images / 255, levels)}

    images = first_batch(recipe)["images"]

    assert images.dtype == torch.int64
    assert {image.numpy().tobytes() for image in images} <= known
    assert images.max() == levels - 1
    assert torch.equal(quantise(dequantise(images, levels), levels), images)


@EACH
def test_labels_are_those_of_the_images_or_the_null_class(recipe):
    data, batch = examples(recipe.data), first_batch(recipe)
    if not hasattr(skeleton(CARDS[recipe.card]), "classes"):
        assert set(batch) == {"images"}
        return
    known = quantise(data.images / 255, levels_of(recipe))

    for image, label in zip(batch["images"], batch["labels"], strict=True):
        own = data.labels[(known == image).flatten(1).all(dim=1)]
        assert label == gated_pixelcnn.CLASSES or label in own
    dropped = (batch["labels"] == gated_pixelcnn.CLASSES).double().mean()
    assert 0 < dropped < 0.5


@EACH
def test_the_generator_alone_decides_the_batches(recipe):
    torch.manual_seed(1)
    first = first_batch(recipe)
    torch.manual_seed(2)

    assert all(map(torch.equal, first.values(), first_batch(recipe).values()))
    assert not torch.equal(first["images"], first_batch(recipe, seed=1)["images"])


@EACH
def test_the_loss_is_the_exact_likelihood_of_the_batch(recipe):
    torch.manual_seed(0)
    model = CARDS[recipe.card].build()
    batch = {name: values[:3] for name, values in first_batch(recipe).items()}

    loss = recipe.loss(model, batch)["loss"]

    expected = image_nats(model, batch["images"], batch.get("labels")).mean()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    loss.backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


@pytest.mark.parametrize("levels", [8, 256])
def test_even_dice_cost_the_logarithm_of_their_sides(levels):
    model = Dice(ImageSpec(1, 4, 4, levels=levels), torch.ones(levels) / levels)

    assert validation_bits(model, grey_data()) == pytest.approx(math.log2(levels))


def test_validation_is_about_the_images_in_the_model_s_levels():
    weights = torch.tensor([0.5, 0.25, 0.25])
    model = Dice(ImageSpec(1, 4, 4, levels=3), weights)
    data = grey_data()

    shares = (quantise(data.images / 255, 3) == 0).double().mean().item()

    assert validation_bits(model, data) == pytest.approx(2 - shares)


def test_conditional_validation_is_given_the_class():
    weights = torch.tensor([[0.5, 0.5], [0.75, 0.25], [0.125, 0.875]])
    model = Dice(ImageSpec(1, 4, 4, levels=2), weights)
    data = grey_data()
    white = quantise(data.images / 255, 2).flatten(1)  # (N, 16)

    bits = conditional_validation_bits(model, data)

    expected = -weights.log2()[data.labels[:, None], white].mean()
    assert bits == pytest.approx(expected.item(), rel=1e-6)


@EACH
def test_the_exported_file_is_small(recipe):
    parameters = skeleton(CARDS[recipe.card]).parameters()
    size = recipe.stored_as.itemsize * sum(parameter.numel() for parameter in parameters)

    assert size < LARGEST / 5


def test_cards_that_are_compared_are_trained_for_the_same_time_and_stored_alike():
    assert len(MNIST) == 4
    assert len({(recipe.minutes, recipe.stored_as, recipe.ema) for recipe in MNIST}) == 1


def test_what_differs_between_compared_cards_is_stacks_and_levels():
    networks = {recipe.card: skeleton(CARDS[recipe.card]) for recipe in MNIST}
    shapes = {
        name: {key: value.shape for key, value in network.state_dict().items()}
        for name, network in networks.items()
    }

    for stack in ("pixelcnn", "gated"):
        eight, all_levels = (shapes[f"{stack}-{levels}-levels-mnist"] for levels in (8, 256))
        differing = {key for key in eight if eight[key] != all_levels[key]}
        assert differing == {"output.weight", "output.bias"}


@EACH
def test_the_film_has_a_seed_for_every_picture(recipe):
    known = recipes()[recipe.card]

    assert known is recipe
    assert len(recipe.film.seeds) in (16, 20)
    assert len(recipe.film.classes) in (0, len(recipe.film.seeds))
    assert recipe.film.unit == "bits a pixel"

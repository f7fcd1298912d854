"""Generators and critics: their sizes, their ranges, and whom a picture's values depend on."""

import pytest
import torch

from genlab.core.images import ImageSpec
from genlab.nn.adversarial_networks import (
    NORMS,
    ConvCritic,
    ConvGenerator,
    DenseCritic,
    DenseGenerator,
    PixelNorm,
)

SPEC = ImageSpec(1, 28, 28)


def seeded(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_pixel_norm_leaves_a_mean_square_of_one_at_every_place():
    places = PixelNorm()(5 * seeded(2, 7, 3, 3))

    torch.testing.assert_close(places.square().mean(dim=1), torch.ones(2, 3, 3))


@pytest.mark.parametrize(
    "generator",
    [
        DenseGenerator(SPEC, 6, (9, 11)),
        ConvGenerator(SPEC, 6, features=8),
        ConvGenerator(SPEC, 6, features=8, refining=4, norm="batch"),
    ],
    ids=["dense", "convolutional", "refining"],
)
def test_a_generator_fills_pictures_between_minus_one_and_one(generator):
    pictures = generator(100 * seeded(5, 6))

    assert pictures.shape == (5, *SPEC.shape)
    assert -1 <= pictures.min() < 0 < pictures.max() <= 1


@pytest.mark.parametrize("norm", NORMS)
def test_only_batch_norm_lets_a_picture_see_its_batch(norm):
    generator = ConvGenerator(SPEC, 6, features=8, norm=norm).train()
    codes = seeded(4, 6)

    alone_too = torch.allclose(generator(codes)[:2], generator(codes[:2]), atol=1e-6)

    assert alone_too == (norm == "pixel")


@pytest.mark.parametrize(
    "critic",
    [
        DenseCritic(SPEC, (9, 11)),
        ConvCritic(SPEC, features=4),
        ConvCritic(SPEC, features=4, first=3, width=5),
        ConvCritic(SPEC, features=4, minibatch_std=3),
    ],
    ids=["dense", "convolutional", "wide", "with minibatch std"],
)
def test_a_critic_gives_one_score_a_picture(critic):
    assert critic(seeded(6, *SPEC.shape)).shape == (6,)


def test_minibatch_std_tells_a_critic_that_all_pictures_are_alike():
    critic = ConvCritic(SPEC, features=4, minibatch_std=4)
    pictures = seeded(4, *SPEC.shape)
    alike = pictures[:1].repeat(4, 1, 1, 1)

    assert not torch.allclose(critic(pictures)[0], critic(alike)[0])


def test_the_class_is_a_direction_in_the_critic_s_last_features():
    critic = ConvCritic(SPEC, features=4, width=5, classes=3)
    pictures, labels = seeded(2, *SPEC.shape), torch.tensor([0, 2])

    difference = critic(pictures, labels) - critic.output(critic.body(pictures)).squeeze(1)

    expected = torch.stack(
        [critic.body(pictures)[i] @ critic.projection.weight[y] for i, y in enumerate((0, 2))]
    )
    torch.testing.assert_close(difference, expected)


def test_a_generator_s_class_moves_its_picture():
    generator = ConvGenerator(SPEC, 6, features=8, classes=3)
    z = seeded(1, 6).repeat(3, 1)

    pictures = generator(z, torch.arange(3))

    assert not torch.allclose(pictures[0], pictures[1])
    assert not torch.allclose(pictures[1], pictures[2])

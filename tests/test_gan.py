"""A GAN's two networks see pictures in [−1, 1], everybody else in [0, 1]; classes are checked."""

import pytest
import torch
from lively import CLASSES, tiny_conditional_gan, tiny_gan


def seeded(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_pictures_are_what_the_generator_makes_moved_to_0_and_1():
    model, z = tiny_gan(), seeded(4, 3)

    torch.testing.assert_close(model.decode(z), model.generator(z) / 2 + 0.5)


def test_the_critic_sees_what_the_generator_made():
    model, z = tiny_gan(), seeded(4, 3)

    torch.testing.assert_close(model.score(model.decode(z)), model.critic(model.generator(z)))


def test_a_gan_without_classes_refuses_them():
    model, labels = tiny_gan(), torch.zeros(2, dtype=torch.int64)

    for ask in (model.decode, model.score):
        with pytest.raises(ValueError, match="without classes"):
            ask(model.sample_prior(2, torch.Generator()), labels)


def test_each_picture_is_judged_as_one_of_its_class():
    model = tiny_conditional_gan()
    z, labels = seeded(CLASSES, 3), torch.arange(CLASSES)
    pictures = model.decode(z, labels)

    scores = model.score(pictures, labels)

    for index in range(CLASSES):
        alone = model.score(pictures[index : index + 1], labels[index : index + 1])
        torch.testing.assert_close(alone[0], scores[index])
    assert not torch.allclose(scores, model.score(pictures, labels.roll(1)))


def test_labels_must_be_one_a_picture():
    model = tiny_conditional_gan()

    with pytest.raises(ValueError, match="one a picture"):
        model.decode(seeded(4, 3), torch.zeros(3, dtype=torch.int64))


def test_codes_are_standard_normal_and_the_seed_s():
    model = tiny_gan()

    codes = model.sample_prior(20_000, torch.Generator().manual_seed(1))

    assert torch.equal(codes, model.sample_prior(20_000, torch.Generator().manual_seed(1)))
    assert codes.mean(dim=0).abs().max() < 0.04
    assert (codes.std(dim=0) - 1).abs().max() < 0.03

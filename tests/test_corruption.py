"""What noise and dropped pixels do to images."""

import math

import pytest
import torch

from genlab.nn.corruption import CORRUPTIONS, add_gaussian_noise, drop_pixels

every_corruption = pytest.mark.parametrize("corrupt", CORRUPTIONS.values(), ids=CORRUPTIONS)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def images():
    """No pixel is exactly 0."""
    return 0.1 + 0.9 * torch.rand(200, 1, 10, 10, generator=seeded(1))


@every_corruption
def test_level_zero_changes_nothing(corrupt, images):
    assert torch.equal(corrupt(images, 0.0, seeded()), images)


@every_corruption
def test_the_images_stay_and_the_generator_says_what_becomes_of_them(corrupt, images):
    before = images.clone()

    first = corrupt(images, 0.5, seeded(3))

    assert torch.equal(images, before)
    assert first.shape == images.shape
    assert torch.equal(corrupt(images, 0.5, seeded(3)), first)
    assert not torch.equal(corrupt(images, 0.5, seeded(4)), first)


def test_noise_is_gaussian_with_the_level_as_its_spread(images):
    noise = add_gaussian_noise(images, 0.5, seeded()) - images

    assert noise.mean().item() == pytest.approx(0, abs=0.02)
    assert noise.std().item() == pytest.approx(0.5, rel=0.02)
    within = (noise.abs() < 0.5).double().mean().item()
    assert within == pytest.approx(math.erf(1 / math.sqrt(2)), abs=0.02)


def test_noise_leaves_the_range_of_pictures(images):
    noisy = add_gaussian_noise(images, 0.5, seeded())

    assert noisy.min() < -0.5
    assert noisy.max() > 1.5


def test_twice_the_level_is_twice_the_same_noise(images):
    once, twice = (add_gaussian_noise(images, level, seeded()) - images for level in (0.3, 0.6))

    torch.testing.assert_close(twice, 2 * once, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("level", [0.1, 0.5, 0.9])
def test_pixels_are_dropped_with_the_level_as_their_chance(level, images):
    dropped = drop_pixels(images, level, seeded()) == 0

    error = math.sqrt(level * (1 - level) / dropped.numel())
    assert dropped.double().mean().item() == pytest.approx(level, abs=4 * error)
    by_place = dropped.double().mean(dim=0)
    assert (by_place - level).abs().max() < 5 * math.sqrt(level * (1 - level) / len(images))


def test_kept_pixels_are_not_scaled(images):
    corrupted = drop_pixels(images, 0.5, seeded())

    kept = corrupted != 0
    assert torch.equal(corrupted[kept], images[kept])


def test_at_level_one_nothing_is_kept(images):
    assert not drop_pixels(images, 1.0, seeded()).any()


def test_what_a_low_level_drops_a_high_one_drops_too(images):
    low, high = (drop_pixels(images, level, seeded()) == 0 for level in (0.25, 0.5))

    assert (high & low).sum() == low.sum() < high.sum()

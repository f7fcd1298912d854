"""Corruption, restoration and their errors, on networks whose answers are known."""

import numpy as np
import pytest
import torch

from genlab.analysis.denoising import (
    ErrorCurve,
    corrupt,
    measure_errors,
    restore,
    squared_error,
)
from genlab.core.protocols import Restorer
from genlab.nn.corruption import CORRUPTIONS

every_corruption = pytest.mark.parametrize("corruption", CORRUPTIONS)


@pytest.fixture
def images():
    return torch.rand(5, 1, 6, 6, generator=torch.Generator().manual_seed(0))


class Clipping:
    """A restorer that keeps everything and clips it to [0, 1]."""

    latent_dim, spec = 36, None
    corruption, corruption_level = "gaussian", 0.5

    def encode(self, images):
        code = images.flatten(1)
        return code, torch.zeros_like(code)

    def decode(self, z, labels=None):
        return z.unflatten(1, (1, 6, 6)).clamp(0, 1)


class Grey(Clipping):
    """A restorer that says 0.5 whatever it is given."""

    def decode(self, z, labels=None):
        return torch.full((len(z), 1, 6, 6), 0.5)


def test_the_fakes_are_restorers():
    assert isinstance(Clipping(), Restorer) and isinstance(Grey(), Restorer)


@every_corruption
def test_a_picture_s_noise_depends_on_its_seed_alone(images, corruption):
    together = corrupt(images, corruption, level=0.5, seed=7)

    for index, image in enumerate(images):
        alone = corrupt(image.unsqueeze(0), corruption, level=0.5, seed=7 + index)
        assert torch.equal(together[index], alone[0])
    assert not torch.equal(together, corrupt(images, corruption, level=0.5, seed=8))


def test_gaussian_noise_keeps_its_pattern_at_every_level(images):
    weak, strong = (corrupt(images, "gaussian", level=level, seed=3) for level in (0.2, 0.8))

    torch.testing.assert_close((weak - images) / 0.2, (strong - images) / 0.8)


def test_a_pixel_dropped_at_a_low_level_is_dropped_at_every_higher_one(images):
    dropped = [corrupt(images + 1, "dropout", level=level, seed=3) == 0 for level in (0.1, 0.4, 1)]

    assert (dropped[0] <= dropped[1]).all() and dropped[2].all()
    assert dropped[0].sum() < dropped[1].sum()


@every_corruption
def test_level_zero_changes_nothing(images, corruption):
    assert torch.equal(corrupt(images, corruption, level=0.0, seed=0), images)


def test_errors_are_means_over_pixels_of_squared_differences(images):
    found = restore(Grey(), images, corruption="gaussian", level=0.3, seed=1)
    original, corrupted = images.numpy(), found.corrupted.numpy()

    assert found.error_after == pytest.approx(((0.5 - original) ** 2).mean(), rel=1e-5)
    assert found.error_before == pytest.approx(((corrupted - original) ** 2).mean(), rel=1e-5)
    clipped = (np.clip(corrupted, 0, 1) - original) ** 2
    assert found.error_clipped == pytest.approx(clipped.mean(), rel=1e-5)
    assert found.error_clipped < found.error_before


def test_a_difference_is_positive_where_the_network_is_too_bright(images):
    found = restore(Grey(), images, corruption="dropout", level=0.3, seed=1)

    assert ((found.difference > 0) == (images < 0.5)).all()


def test_the_code_is_of_what_was_given_and_not_of_the_original(images):
    found = restore(Clipping(), images, corruption="gaussian", level=0.5, seed=1)

    assert torch.equal(found.code, found.corrupted.flatten(1))


@every_corruption
def test_a_network_that_only_clips_never_does_better_than_clipping(images, corruption):
    levels = (0.0, 0.25, 0.5, 1.0)

    found = measure_errors(Clipping(), images, corruption=corruption, levels=levels, seed=0)

    assert found.restored == found.clipped
    assert found.helps_from is None
    assert found.best == 0.0
    assert found.levels == levels


def test_a_curve_s_errors_are_those_of_single_restorations(images):
    found = measure_errors(Grey(), images, corruption="gaussian", levels=(0.1, 0.9), seed=4)

    for at, level in enumerate((0.1, 0.9)):
        noisy = corrupt(images, "gaussian", level=level, seed=4)
        assert found.corrupted[at] == squared_error(noisy, images)
        assert found.restored[at] == squared_error(torch.full_like(images, 0.5), images)


def test_help_begins_where_the_restored_error_falls_below_the_clipped_one():
    curve = ErrorCurve(
        levels=(0.0, 0.5, 1.0),
        corrupted=(0.0, 4.0, 9.0),
        clipped=(0.0, 2.0, 3.0),
        restored=(2.5, 2.0, 2.2),
    )

    assert curve.helps_from == 1.0, "equal is no better"
    assert curve.best == 0.5

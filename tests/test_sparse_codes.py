"""Units, their effects and their penalties, against arithmetic done another way."""

import itertools
import math

import pytest
import torch
from lively import enliven

from genlab.analysis.sparse_codes import (
    CodedImages,
    Pull,
    code_images,
    penalty_curves,
    pulls,
    unit_effect,
)
from genlab.core.images import ImageSpec
from genlab.core.protocols import SparseCoder
from genlab.models.autoencoder import SparseAutoencoder

TARGET = 0.1
CODES = torch.tensor([[0.0, 0.5, 0.1, 0.9], [0.2, 0.5, 0.1, 0.0], [0.1, 0.5, 0.1, 0.95]])


@pytest.fixture
def coded():
    pictures = torch.zeros(3, 1, 2, 2)
    return CodedImages(pictures, CODES, pictures + 0.25)


@pytest.fixture
def model():
    return enliven(SparseAutoencoder(ImageSpec(1, 8, 8), 12, penalty="l1")).requires_grad_(False)


class Summing:
    """Decodes a code of four units as the sum of four fixed pictures."""

    latent_dim, spec, penalty = 4, None, "l1"
    atoms = torch.arange(16.0).view(4, 1, 2, 2) / 100

    def encode(self, images):
        codes = torch.einsum("bchw,dchw->bd", images, self.atoms)
        return codes, torch.zeros_like(codes)

    def decode(self, z, labels=None):
        return torch.einsum("bd,dchw->bchw", z, self.atoms)


def test_active_units_are_those_strictly_above_the_threshold(coded):
    assert coded.active(0.1).tolist() == [2, 2, 2]
    assert coded.active(0.0).tolist() == [3, 3, 4]
    assert coded.active(0.95).tolist() == [0, 0, 0]


def test_a_silent_unit_is_above_the_threshold_for_no_picture(coded):
    assert coded.silent(0.1) == 1
    assert coded.silent(0.5) == 3
    assert coded.silent(0.0) == 0


def test_activity_is_a_unit_s_mean_over_pictures(coded):
    torch.testing.assert_close(coded.activity, torch.tensor([0.1, 0.5, 0.1, 1.85 / 3]).double())


def test_the_strongest_pictures_come_first_and_equal_ones_in_their_order(coded):
    assert coded.strongest(3, 2).tolist() == [2, 0]
    assert coded.strongest(1, 3).tolist() == [0, 1, 2]


def test_the_error_is_the_mean_squared_difference(coded):
    assert coded.error == pytest.approx(0.0625)


def test_codes_and_pictures_are_the_network_s_own(model):
    images = torch.rand(4, 1, 8, 8, generator=torch.Generator().manual_seed(1))

    found = code_images(model, images)

    assert isinstance(model, SparseCoder)
    assert torch.equal(found.codes, model.encode(images)[0])
    assert torch.equal(found.decoded, model.decode(found.codes))


@pytest.mark.parametrize("unit", range(4))
def test_a_unit_s_effect_is_its_own_picture_where_pictures_add_up(unit):
    effect = unit_effect(Summing(), CODES[1], unit)

    torch.testing.assert_close(effect.difference[0], Summing.atoms[unit])


def test_a_unit_s_effect_leaves_all_other_units_as_they_are(model):
    code = torch.rand(12, generator=torch.Generator().manual_seed(2))
    before = code.clone()

    effect = unit_effect(model, code, 5)

    on, off = code.clone(), code.clone()
    on[5], off[5] = 1.0, 0.0
    torch.testing.assert_close(effect.on, model.decode(on[None]))
    torch.testing.assert_close(effect.off, model.decode(off[None]))
    assert torch.equal(code, before)
    assert effect.difference.abs().max() > 1e-3


def kl_by_hand(activity):
    return TARGET * math.log(TARGET / activity) + (1 - TARGET) * math.log(
        (1 - TARGET) / (1 - activity)
    )


@pytest.mark.parametrize("activity", [0.01, 0.05, 0.1, 0.3, 0.9])
def test_penalties_and_their_slopes_agree_with_a_difference_quotient(activity):
    found, step = pulls(activity, TARGET), 1e-6
    laws = {"kl": kl_by_hand, "squared": lambda x: (x - TARGET) ** 2}

    for name, law in laws.items():
        slope = (law(activity + step) - law(activity - step)) / (2 * step)
        assert found[name].value == pytest.approx(law(activity), abs=1e-9)
        assert found[name].slope == pytest.approx(slope, abs=1e-4)


def test_only_the_kl_s_slope_grows_without_bound_near_zero():
    near = [pulls(10.0**-power, TARGET) for power in range(2, 13)]

    kl, squared = ([abs(each[name].slope) for each in near] for name in ("kl", "squared"))
    assert all(less < more / 5 for less, more in itertools.pairwise(kl))
    assert max(squared) < 2 * TARGET


@pytest.mark.parametrize("activity", [1e-4, 1e-7, 7.2e-9, 1e-12, 1 - 1e-9])
def test_the_kl_told_is_the_formula_s_where_training_ends_its_logarithm(activity):
    found, step = pulls(activity, TARGET)["kl"], 1e-3 * min(activity, 1 - activity)

    slope = (kl_by_hand(activity + step) - kl_by_hand(activity - step)) / (2 * step)
    assert found.value == pytest.approx(kl_by_hand(activity))
    assert found.slope == pytest.approx(slope, rel=1e-3)


def test_the_kl_of_a_unit_that_is_always_silent_or_always_loud_is_infinite():
    assert pulls(0.0, TARGET)["kl"] == Pull(math.inf, -math.inf)
    assert pulls(1.0, TARGET)["kl"] == Pull(math.inf, math.inf)


def test_the_mean_of_units_that_nearly_sleep_keeps_its_small_difference():
    codes = torch.full((3, 2), 1.0) - torch.tensor([[2.0**-24], [0.0], [0.0]])

    assert (CodedImages(codes, codes, codes).activity < 1).all()


def test_penalty_curves_are_the_penalties_and_ascend():
    found = penalty_curves(TARGET, 50)

    assert list(found.activities) == sorted(found.activities)
    assert 0 < found.activities[0] < 1e-3 and 0.9 < found.activities[-1] < 1
    for at in (0, 10, 49):
        expected = pulls(found.activities[at], TARGET)
        assert found.kl[at] == pytest.approx(expected["kl"].value)
        assert found.squared[at] == pytest.approx(expected["squared"].value)

"""Units that sleep are woken, and the network says the same before and after."""

import pytest
import torch
from lively import tiny_pixelcnn

pytest.importorskip("accelerate", reason="training needs requirements-dev.txt")

from train.revive import pairs_of, revive, silent_units  # noqa: E402


def seeded():
    return torch.Generator().manual_seed(0)


@pytest.fixture
def pixels():
    return torch.randint(2, (64, 1, 6, 6), generator=seeded())


@pytest.fixture
def drowsy():
    """A network whose layers each have some units that nothing wakes."""
    model = tiny_pixelcnn()
    for speaking, _ in pairs_of(model):
        speaking.bias[:2] = -1e3
    return model


def test_the_units_that_sleep_are_found(drowsy, pixels):
    found = silent_units(drowsy, pixels, pairs_of(drowsy))

    assert len(found) == 2 * len(drowsy.blocks) + 1
    for silent in found:
        assert silent[:2].all()
    assert not all(silent.all() for silent in found)


def test_all_wake_and_the_network_says_what_it_said(drowsy, pixels):
    before = drowsy.logits(pixels)
    slept = sum(int(each.sum()) for each in silent_units(drowsy, pixels, pairs_of(drowsy)))

    woken = revive(drowsy, pixels, seeded())

    assert woken == slept >= 2 * len(pairs_of(drowsy))
    assert torch.equal(drowsy.logits(pixels), before)
    assert not any(each.any() for each in silent_units(drowsy, pixels, pairs_of(drowsy)))


def test_what_listens_to_a_woken_unit_has_a_gradient_again(drowsy, pixels):
    revive(drowsy, pixels, seeded())
    drowsy.requires_grad_(True)

    drowsy.logits(pixels).square().sum().backward()

    for _, listening in pairs_of(drowsy):
        assert (listening.weight.grad[:, :2].abs().amax(dim=(0, 2, 3)) > 0).all()


def test_a_network_that_is_awake_stays_as_it_is(pixels):
    model = tiny_pixelcnn()
    pairs = pairs_of(model)
    if any(each.any() for each in silent_units(model, pixels, pairs)):
        revive(model, pixels, seeded())
    before = {name: value.clone() for name, value in model.state_dict().items()}

    assert revive(model, pixels, seeded()) == 0
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name

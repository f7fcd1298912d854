"""Networks without values: the shapes of the real ones, and nothing else."""

import subprocess
import sys

import pytest
import torch
from torch import nn

from genlab.core.shapes import shapes_only, zeroed
from genlab.store import ModelStore, skeleton

CARDS = ModelStore().cards


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_a_skeleton_has_the_shapes_of_the_network(card):
    real = card.build().state_dict()
    bare = skeleton(card).state_dict()

    assert {name: value.shape for name, value in bare.items()} == {
        name: value.shape for name, value in real.items()
    }
    assert {each.device.type for each in skeleton(card).parameters()} == {"meta"}


def test_a_skeleton_is_built_once():
    assert skeleton(CARDS[0]) is skeleton(CARDS[0])


def test_no_random_number_is_drawn():
    before = torch.get_rng_state()

    with shapes_only():
        layer = nn.Conv2d(1, 4, 3)
        assert nn.init.normal_(layer.weight) is layer.weight
        assert nn.init.uniform_(tensor=layer.weight) is layer.weight

    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.slow
def test_torch_s_compiler_is_not_imported():
    code = (
        "import sys; from genlab.store import ModelStore; from genlab.ui.shell import build_app\n"
        "build_app(ModelStore())\n"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_a_zeroed_network_has_the_shapes_of_the_network_and_no_values(card):
    before = torch.get_rng_state()
    found = zeroed(card.build)

    assert torch.equal(torch.get_rng_state(), before)
    shapes = {name: value.shape for name, value in skeleton(card).named_parameters()}
    assert {name: value.shape for name, value in found.named_parameters()} == shapes
    assert not any(value.any() for value in found.parameters())


def test_outside_everything_is_as_it_was():
    with shapes_only():
        nn.Linear(2, 2)

    weight = nn.Linear(2, 2).weight
    assert weight.device.type == "cpu"
    assert nn.init.constant_(weight, 3.0).detach().eq(3.0).all()

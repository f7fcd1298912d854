"""The factor against the two laws that it is there for: sizes that stay, steps that are equal."""

import math

import pytest
import torch
import torch.nn.functional as F

from genlab.nn.equalised import EqualisedLinear, he_scale

WIDTH, DEPTH = 256, 10


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_the_factor_is_he_s():
    assert he_scale(2) == 1
    assert he_scale(50) == pytest.approx(0.2)
    with pytest.raises(ValueError, match="inputs"):
        he_scale(0)


def test_the_mean_square_stays_through_ten_layers():
    deal = generator()
    x = torch.randn(512, WIDTH, generator=deal)
    for _ in range(DEPTH):
        x = EqualisedLinear(WIDTH, WIDTH, deal)(F.relu(x))

    # each half of the inputs is cut off, each output is 2 / n times n / 2 of the mean square
    assert x.square().mean().item() == pytest.approx(1, abs=0.5)


def test_the_layer_is_torch_s_with_scaled_weights():
    layer = EqualisedLinear(50, 3, generator())
    with torch.no_grad():
        layer.bias.copy_(torch.tensor([1.0, 2.0, 3.0]))
    x = torch.randn(4, 7, 50, generator=generator(1))

    torch.testing.assert_close(layer(x), x @ (0.2 * layer.weight).T + layer.bias)


def test_the_weights_are_of_size_1_and_stay_as_they_are():
    layer = EqualisedLinear(1000, 100, generator())
    before = layer.weight.clone()

    layer(torch.randn(2, 1000, generator=generator(1)))

    assert layer.weight.std().item() == pytest.approx(1, abs=0.02)
    assert torch.equal(layer.weight, before)


@pytest.mark.parametrize("inputs", [10, 1000])
def test_a_step_of_adam_means_the_same_to_every_layer(inputs):
    layer = EqualisedLinear(inputs, 5, generator())
    before = layer.weight.detach().clone()
    adam = torch.optim.Adam(layer.parameters(), lr=0.01)
    layer(torch.randn(8, inputs, generator=generator(1))).square().mean().backward()

    adam.step()

    moved = (layer.weight.detach() - before).square().mean().sqrt() / before.square().mean().sqrt()
    assert moved.item() == pytest.approx(0.01, rel=0.2)


def test_the_same_seed_gives_the_same_weights():
    first, second = (EqualisedLinear(3, 2, generator(7)).weight for _ in range(2))

    assert torch.equal(first, second)
    assert math.isfinite(first.sum().item())

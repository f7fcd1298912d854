"""Which colours a colour sees, as the specification says and as a network's derivatives do."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from genlab.analysis.channel_masks import TAPS, channel_mask, visibility
from genlab.nn.masked import causal_mask

ONES = [[1, 1, 1]] * 3
A = [[0, 0, 0], [1, 0, 0], [1, 1, 0]]
B = [[1, 0, 0], [1, 1, 0], [1, 1, 1]]


def test_the_channel_masks_are_triangles_without_and_with_their_diagonal():
    assert channel_mask("A").tolist() == A
    assert channel_mask("B").tolist() == B


@pytest.mark.parametrize(
    ("mask_types", "centre"), [("A", A), ("B", B), ("AB", A), ("ABB", A), ("ABBBBB", A)]
)
def test_a_colour_sees_the_earlier_ones_of_its_pixel_and_all_of_its_neighbours(mask_types, centre):
    found = visibility(mask_types)

    assert found["centre"].tolist() == centre
    assert found["left"].tolist() == found["above"].tolist() == ONES


def test_two_masks_a_lose_colours():
    found = visibility("AA")

    assert found["centre"].tolist() == [[0, 0, 0], [0, 0, 0], [1, 0, 0]]
    assert found["left"][0].tolist() == [1, 1, 0]


@pytest.mark.parametrize("tap", TAPS)
def test_on_every_tap_mask_a_hides_all_from_red(tap):
    wrong = visibility("A", on_every_tap=True)

    assert wrong[tap].tolist() == A
    assert wrong[tap][0].sum() == 0


def jacobian_support(mask_types, kernel, on_every_tap, size=7):
    """(predicted, read, H, W) by float64 derivatives of a stack of masked convolutions."""
    p, middle = kernel // 2, size // 2
    x = torch.ones(3, 3, size, size, dtype=torch.float64, requires_grad=True)
    features = x
    for mask_type in mask_types:
        weight = causal_mask(kernel, "B").double().expand(3, 3, kernel, kernel).clone()
        channels = torch.ones(3, 3).tril(0 if mask_type == "B" else -1).double()
        if on_every_tap:
            weight *= channels[..., None, None]
        weight[:, :, p, p] = channels
        features = F.conv2d(features, weight, padding=p)
    colours = torch.arange(3)
    features[colours, colours, middle, middle].sum().backward()
    return (x.grad != 0).int().numpy()


@pytest.mark.parametrize("on_every_tap", [False, True])
@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("mask_types", ["A", "B", "AB", "BA", "AA", "ABB", "AAA"])
def test_derivatives_of_masked_convolutions_say_the_same(mask_types, kernel, on_every_tap):
    support = jacobian_support(mask_types, kernel, on_every_tap)

    found = visibility(mask_types, kernel=kernel, on_every_tap=on_every_tap)

    for name, (row, column) in TAPS.items():
        assert np.array_equal(found[name], support[:, :, 3 + row, 3 + column]), name


def test_no_layer_and_no_such_mask_are_refused():
    with pytest.raises(ValueError, match="at least one layer"):
        visibility("")
    with pytest.raises(ValueError, match='mask_type must be "A" or "B", got \'C\''):
        visibility("AC")

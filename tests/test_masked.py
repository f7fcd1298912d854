"""Masks against their closed form, and the masked convolution against torch's full one."""

import pytest
import torch
import torch.nn.functional as F
from lively import enliven

from genlab.nn.masked import MaskedConv2d, causal_mask
from genlab.nn.residual import MaskedResidualBlock

KERNELS = (1, 3, 5, 7)


def taps(kernel_size, mask_type):
    """The offsets (dr, dc) that the specification lets a pixel read."""
    p = kernel_size // 2
    above = {(dr, dc) for dr in range(-p, 0) for dc in range(-p, p + 1)}
    left = {(0, dc) for dc in range(-p, 0)}
    return above | left | ({(0, 0)} if mask_type == "B" else set())


@pytest.mark.parametrize("kernel_size", KERNELS)
@pytest.mark.parametrize("mask_type", "AB")
def test_a_mask_reads_exactly_the_specified_taps(kernel_size, mask_type):
    mask = causal_mask(kernel_size, mask_type)

    p = kernel_size // 2
    assert mask.shape == (kernel_size, kernel_size)
    assert {(r - p, c - p) for r, c in mask.nonzero().tolist()} == taps(kernel_size, mask_type)
    assert set(mask.unique().tolist()) <= {0.0, 1.0}


@pytest.mark.parametrize("kernel_size", KERNELS)
def test_a_mask_a_has_half_of_all_taps_but_the_centre_and_b_one_more(kernel_size):
    assert causal_mask(kernel_size, "A").sum() == (kernel_size**2 - 1) // 2
    assert causal_mask(kernel_size, "B").sum() == (kernel_size**2 + 1) // 2


def test_the_mask_a_of_3_is_drawn_like_this():
    assert causal_mask(3, "A").tolist() == [[1, 1, 1], [1, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize("kernel_size", [-1, 0, 2, 4])
def test_a_kernel_without_a_centre_is_refused(kernel_size):
    with pytest.raises(ValueError, match=f"kernel_size .* got {kernel_size}"):
        causal_mask(kernel_size, "A")


@pytest.mark.parametrize("mask_type", ["C", "a", "", None])
def test_another_mask_type_is_refused(mask_type):
    with pytest.raises(ValueError, match="mask_type"):
        causal_mask(3, mask_type)


@pytest.fixture(params=[(k, m) for k in KERNELS for m in "AB"], ids=str)
def layer(request):
    kernel_size, mask_type = request.param
    return enliven(MaskedConv2d(2, 3, kernel_size, mask_type=mask_type)).double()


def test_a_masked_convolution_is_torch_s_with_zeros_at_the_masked_taps(layer):
    x = torch.randn(2, 2, 5, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    mask = causal_mask(layer.kernel_size, layer.mask_type)
    full = F.conv2d(x, layer.weight * mask, layer.bias, padding=layer.kernel_size // 2)

    torch.testing.assert_close(layer(x), full, rtol=1e-12, atol=1e-12)


def test_masked_weights_keep_their_values_and_get_no_gradient(layer):
    before = layer.weight.detach().clone()

    layer(torch.ones(1, 2, 5, 8, dtype=torch.float64)).sum().backward()

    masked = (layer.mask == 0).expand_as(layer.weight)
    assert torch.equal(layer.weight, before)
    assert layer.weight[masked].ne(0).all()
    assert layer.weight.grad[masked].eq(0).all()


def test_the_mask_is_no_part_of_a_checkpoint(layer):
    assert set(layer.state_dict()) == {"weight", "bias"}


def test_a_residual_block_adds_its_branch_to_its_input_once():
    block = enliven(MaskedResidualBlock(4))
    x = torch.randn(1, 4, 5, 5, generator=torch.Generator().manual_seed(0))
    hidden = F.conv2d(x.relu(), block.reduce.weight, block.reduce.bias).relu()
    weight = block.masked.weight * causal_mask(3, "B")
    hidden = F.conv2d(hidden, weight, block.masked.bias, padding=1).relu()
    expected = x + F.conv2d(hidden, block.expand.weight, block.expand.bias)

    torch.testing.assert_close(block(x), expected)


def test_a_residual_block_leaves_its_input_as_it_is():
    x = torch.randn(1, 4, 5, 5, generator=torch.Generator().manual_seed(0))
    before = x.clone()

    enliven(MaskedResidualBlock(4))(x)

    assert torch.equal(x, before)


@pytest.mark.parametrize("mask_type", ["A", "B"])
@pytest.mark.parametrize("kernel_size", [1, 3, 5, 7])
def test_taps_counts_what_the_mask_lets_through(kernel_size, mask_type):
    layer = MaskedConv2d(1, 1, kernel_size, mask_type=mask_type)

    assert layer.taps == layer.mask.sum().item()

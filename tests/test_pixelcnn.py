"""What a pixel of PixelCNN sees: nothing from itself on, and before that all but the blind spot."""

import pytest
import torch
from lively import tiny_pixelcnn
from torch import nn

from genlab.core.images import ImageSpec
from genlab.core.protocols import Autoregressive, Incremental
from genlab.models.pixelcnn import CARDS, PixelCNN
from genlab.nn.masked import MaskedConv2d

(CARD,) = [card for card in CARDS if card.name == "pixelcnn-mnist"]


def gradients(model, targets):
    """(len(targets), H, W): ∂(sum of the target's outputs) / ∂input in float64."""
    height, width = model.spec.shape[1:]
    noise = torch.randn(len(targets), 1, height, width, generator=torch.Generator().manual_seed(0))
    x = noise.double().requires_grad_(True)
    output = model.double().requires_grad_(False)(x)  # (B, outputs, H, W)
    rows, columns = torch.tensor(targets).unbind(dim=1)
    output[torch.arange(len(targets)), :, rows, columns].sum().backward()
    return x.grad[:, 0]


def assert_causal(model, targets):
    """No target's logits have a derivative by itself or a later pixel; exactly zero, not small."""
    width = model.spec.width
    for (row, column), gradient in zip(targets, gradients(model, targets), strict=True):
        later = gradient.flatten()[row * width + column :]
        assert not later.any(), f"({row}, {column}) sees itself or the future"


def all_positions(size):
    return [(row, column) for row in range(size[0]) for column in range(size[1])]


def some_positions(count):
    """Corners, their neighbours and others: `count` positions of 28×28."""
    edges = [(0, 0), (0, 27), (27, 0), (27, 27), (0, 1), (1, 0), (1, 27), (26, 27)]
    drawn = torch.randperm(784, generator=torch.Generator().manual_seed(0))[: count - len(edges)]
    return edges + [divmod(index, 28) for index in drawn.tolist()]


@pytest.fixture(scope="module")
def shipped_network():
    """The architecture of the card, with torch's own initial weights."""
    torch.manual_seed(0)
    return CARD.build()


def test_the_binary_network_has_389249_parameters(shipped_network):
    assert sum(parameter.numel() for parameter in shipped_network.parameters()) == 389_249


def test_it_offers_likelihoods_and_a_cache(shipped_network):
    assert isinstance(shipped_network, Autoregressive)
    assert isinstance(shipped_network, Incremental)


def test_the_card_names_the_kernels_that_the_network_has(shipped_network):
    layers = [layer for layer in shipped_network.modules() if isinstance(layer, MaskedConv2d)]

    assert CARD.masked.kernels == tuple(layer.kernel_size for layer in layers)
    assert CARD.masked.layers == 8
    assert [layer.mask_type for layer in layers] == ["A"] + ["B"] * 7


@pytest.mark.parametrize("first_kernel", [3, 5, 7])
@pytest.mark.parametrize("levels", [2, 4])
def test_no_pixel_of_a_tiny_network_sees_itself_or_a_later_one(first_kernel, levels):
    model = tiny_pixelcnn(size=(12, 12), first_kernel=first_kernel, levels=levels)

    assert_causal(model, all_positions((12, 12)))


def test_no_pixel_of_the_shipped_network_sees_itself_or_a_later_one(shipped_network):
    assert_causal(shipped_network, some_positions(24))


class AroundA(nn.Module):
    """The mistake: a residual around the first layer."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return x + self.layer(x)


def with_mask_b_first(model):
    model.first.mask[3, 3] = 1


def with_a_residual_around_a(model):
    model.first = AroundA(model.first)


def with_negated_masks(model):
    model.first.mask.neg_().add_(1)


def with_a_mask_mirrored(model):
    model.blocks[0].masked.mask.copy_(model.blocks[0].masked.mask.flip(1))


@pytest.mark.parametrize(
    "mistake",
    [with_mask_b_first, with_a_residual_around_a, with_negated_masks, with_a_mask_mirrored],
)
def test_a_network_that_cheats_is_caught(mistake):
    model = tiny_pixelcnn(size=(12, 12))
    assert_causal(model, all_positions((12, 12)))

    mistake(model)

    with pytest.raises(AssertionError, match="sees itself or the future"):
        assert_causal(model, all_positions((12, 12)))


def reachable(target, kernels, size):
    """Input pixels with a dependency path to the target, by walking the taps layer by layer."""
    reached = {target}
    for depth, kernel in reversed(list(enumerate(kernels))):
        p = kernel // 2
        taps = {(dr, dc) for dr in range(-p, 0) for dc in range(-p, p + 1)}
        taps |= {(0, dc) for dc in range(-p, 1 if depth else 0)}
        reached = {(r + dr, c + dc) for r, c in reached for dr, dc in taps}
        reached = {(r, c) for r, c in reached if 0 <= r < size[0] and 0 <= c < size[1]}
    return reached


def positive(model):
    """The same network with positive weights and biases: no path is lost in a dead ReLU."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.abs_().add_(0.01)
        model.first.bias.add_(1000)  # the input is noise around zero
    return model


def seen(model, targets):
    """The input pixels that each target's gradient reaches."""
    return [{tuple(each) for each in g.nonzero().tolist()} for g in gradients(model, targets)]


@pytest.mark.parametrize("first_kernel", [3, 5, 7])
@pytest.mark.parametrize("blocks", [1, 3])
def test_each_pixel_sees_all_that_its_masks_reach(first_kernel, blocks):
    model = positive(tiny_pixelcnn(size=(9, 8), first_kernel=first_kernel, blocks=blocks))
    targets = all_positions((9, 8))

    for target, field in zip(targets, seen(model, targets), strict=True):
        assert field == reachable(target, (first_kernel,) + (3,) * blocks, (9, 8)), target


def test_a_deep_enough_network_sees_351_of_the_406_earlier_pixels():
    """The limit of A7→B3 at (14, 14) of 28×28; the other 55 are the blind spot."""
    spec = ImageSpec(1, 28, 28, levels=2)
    model = positive(PixelCNN(spec, features=2, blocks=14, head=2))

    (field,) = seen(model, [(14, 14)])

    blind = {(14 - d, 14 + j) for d in range(1, 15) for j in range(3 + d, 14)}
    assert len(field) == 351
    assert field.isdisjoint(blind)
    assert len(field | blind) == 406


@pytest.mark.parametrize("levels", [2, 4])
def test_black_and_white_are_minus_one_and_one_to_the_network(levels):
    model = tiny_pixelcnn(levels=levels)
    pixels = torch.tensor([0, levels - 1]).view(2, 1, 1, 1).expand(2, 1, 6, 6)
    ends = torch.tensor([-1.0, 1.0]).view(2, 1, 1, 1).expand(2, 1, 6, 6)

    output = model(ends)
    logits = model.logits(pixels).squeeze(2)

    difference = logits[:, 1:] - logits[:, :1]
    expected = output if levels == 2 else output[:, 1:] - output[:, :1]
    torch.testing.assert_close(difference, expected)


def test_a_binary_head_gives_zero_and_the_logit():
    logits = tiny_pixelcnn().logits(torch.zeros(1, 1, 6, 6, dtype=torch.int64))

    assert logits[:, 0].eq(0).all()
    assert logits[:, 1].ne(0).any()


def test_labels_are_refused():
    model = tiny_pixelcnn()
    pixels, labels = torch.zeros(1, 1, 6, 6, dtype=torch.int64), torch.zeros(1, dtype=torch.int64)

    with pytest.raises(ValueError, match="labels must be None"):
        model.logits(pixels, labels)
    with pytest.raises(ValueError, match="labels must be None"):
        model.stepper(1, labels)


def test_colour_images_are_refused():
    with pytest.raises(ValueError, match=r"spec\.channels must be 1, got 3"):
        PixelCNN(ImageSpec(3, 6, 6))


def test_the_blocks_of_a_new_network_are_the_identity():
    block = PixelCNN(ImageSpec(1, 6, 6, levels=2), features=8, blocks=1, head=8).blocks[0]
    x = torch.randn(1, 8, 6, 6)

    assert torch.equal(block(x), x)

"""Experiments on the network itself, against the passes that they stand for."""

import pytest
import torch
from lively import enliven, tiny_pixelcnn

from genlab.analysis.causality import fill_effect, flip_effect, most_doubtful
from genlab.core.images import ImageSpec
from genlab.models.gated_pixelcnn import GatedPixelCNN
from genlab.models.pixelcnn import PixelCNN

TARGET = (3, 2)


def noise(model, seed=0):
    """(1, 1, H, W) levels."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(model.spec.levels, (1, *model.spec.shape), generator=generator)


def all_positions(model):
    return [(row, col) for row in range(model.spec.height) for col in range(model.spec.width)]


def tiny_gated():
    return enliven(GatedPixelCNN(ImageSpec(1, 6, 6, levels=2), features=4, layers=3, head=8))


def at_full_size():
    """The architecture of the shipped card: its arithmetic may choose other kernels."""
    return enliven(PixelCNN(ImageSpec(1, 28, 28, levels=2))).requires_grad_(False)


def distribution(model, pixels, target):
    """(C, levels) of one pass."""
    return model.logits(pixels).softmax(dim=1)[0, ..., target[0], target[1]].T


@pytest.mark.parametrize("build", [tiny_pixelcnn, tiny_gated])
def test_a_flip_of_the_target_or_of_a_later_pixel_moves_nothing_at_all(build):
    model = build()
    pixels = noise(model)

    for flipped in all_positions(model):
        before, after = flip_effect(model, pixels, TARGET, flipped)
        assert flipped < TARGET or torch.equal(before, after), flipped


def test_a_flip_in_the_future_of_a_large_network_moves_nothing_at_all():
    model = at_full_size()
    pixels = noise(model)

    for flipped in [(14, 14), (14, 15), (15, 0), (20, 20), (27, 27)]:
        before, after = flip_effect(model, pixels, (14, 14), flipped)
        assert torch.equal(before, after), flipped


def test_a_flip_of_an_earlier_pixel_moves_the_distribution(tiny):
    pixels = noise(tiny)

    for flipped in [(3, 1), (2, 2), (2, 1), (0, 0)]:
        before, after = flip_effect(tiny, pixels, TARGET, flipped)
        assert (before - after).abs().max() > 1e-4, flipped


@pytest.mark.parametrize("levels", [2, 4])
def test_a_flip_is_two_passes_with_and_without_the_opposite_level(levels):
    model = tiny_pixelcnn(levels=levels)
    pixels = noise(model)

    for row, column in all_positions(model):
        changed = pixels.clone()
        changed[0, 0, row, column] = levels - 1 - changed[0, 0, row, column]
        before, after = flip_effect(model, pixels, TARGET, (row, column))
        assert before.shape == after.shape == (1, levels)
        torch.testing.assert_close(before, distribution(model, pixels, TARGET))
        torch.testing.assert_close(after, distribution(model, changed, TARGET))


def test_a_flip_leaves_the_visitor_s_pixels_alone(tiny):
    pixels = noise(tiny)
    kept = pixels.clone()

    flip_effect(tiny, pixels, TARGET, (0, 0))
    fill_effect(tiny, pixels, TARGET)

    assert torch.equal(pixels, kept)


@pytest.mark.parametrize("levels", [2, 4])
@pytest.mark.parametrize(
    "within",
    [
        (slice(0, 6), slice(0, 6)),
        (slice(None), slice(None)),
        (slice(2, 5), slice(1, 4)),
        (slice(4, 6), slice(0, 2)),
        (slice(None, 3), slice(3, None)),
        (slice(5, 6), slice(2, 3)),
        (slice(1, 3), slice(0, 6)),
        (slice(0, 6), slice(3, 5)),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_the_most_doubtful_pixel_has_the_largest_entropy_of_those_looked_at(within, levels, seed):
    model = tiny_pixelcnn(levels=levels)
    pixels = noise(model, seed)

    found = most_doubtful(model, pixels, within)

    doubts = {
        (row, column): torch.distributions.Categorical(
            distribution(model, pixels, (row, column))[0]
        ).entropy()
        for row in range(6)[within[0]]
        for column in range(6)[within[1]]
    }
    assert found == max(doubts, key=doubts.get)


@pytest.mark.parametrize("build", [tiny_pixelcnn, tiny_gated])
def test_the_fill_of_undrawn_pixels_has_no_effect_on_a_causal_network(build):
    model = build()

    for target in all_positions(model):
        assert fill_effect(model, noise(model), target) == 0, target


def test_the_fill_has_no_effect_on_a_large_network():
    model = at_full_size()

    for target in [(0, 0), (14, 14), (27, 27)]:
        assert fill_effect(model, noise(model), target) == 0, target


def with_mask_b_first(model):
    model.first.mask[3, 3] = 1


def with_a_pixel_of_the_future(model):
    model.first.mask[3, 4] = 1


@pytest.mark.parametrize("mistake", [with_mask_b_first, with_a_pixel_of_the_future])
def test_the_fill_has_an_effect_on_a_network_that_cheats(tiny, mistake):
    mistake(tiny)

    assert fill_effect(tiny, noise(tiny), TARGET) > 1e-3


def test_the_fill_s_effect_is_the_largest_difference_between_black_white_and_noise(tiny):
    with_mask_b_first(tiny)
    pixels = noise(tiny)
    undrawn = torch.arange(36).view(6, 6) >= 3 * 6 + 2
    logits = [tiny.logits(pixels.where(~undrawn, fill))[0, 1, 0, 3, 2] for fill in (0, 1)]

    difference = abs(logits[0] - logits[1]).item()

    assert fill_effect(tiny, pixels, TARGET) >= difference > 1e-3

"""Bytes become pixels: quantisation and the two binarisations."""

import math

import pytest
import torch

from genlab.core.images import dequantise, quantise, to_picture
from genlab.data import binarise_dynamic, binarise_thresholded, to_levels

BYTES = torch.arange(256, dtype=torch.uint8)


@pytest.mark.parametrize("levels", [2, 4, 8, 256])
def test_a_level_survives_the_way_to_an_image_and_back(levels):
    pixels = torch.arange(levels)

    assert torch.equal(quantise(dequantise(pixels, levels), levels), pixels)
    assert torch.equal(to_levels(to_picture(dequantise(pixels, levels)), levels), pixels)


@pytest.mark.parametrize("levels", [2, 3, 4, 8, 255, 256])
def test_every_byte_goes_to_its_nearest_level_and_every_level_is_hit(levels):
    pixels = to_levels(BYTES, levels)

    distance = (pixels.double() / (levels - 1) - BYTES.double() / 255).abs().max()
    assert distance <= 0.5 / (levels - 1) + 1e-9
    assert pixels.unique().tolist() == list(range(levels))
    assert pixels.dtype == torch.int64


def test_256_levels_are_the_bytes():
    assert torch.equal(to_levels(BYTES, 256), BYTES.long())


@pytest.mark.parametrize("levels", [1, 257])
def test_levels_outside_2_to_256_are_refused(levels):
    with pytest.raises(ValueError, match=f"levels .* got {levels}"):
        to_levels(BYTES, levels)


def test_the_threshold_lies_between_127_and_128():
    assert binarise_thresholded(BYTES).tolist() == [0] * 128 + [1] * 128
    assert binarise_thresholded(BYTES).dtype == torch.int64


def test_dynamic_binarisation_is_one_with_probability_x_over_255():
    draws = 10_000
    images = BYTES.expand(draws, 256)

    pixels = binarise_dynamic(images, torch.Generator().manual_seed(0))

    probability = BYTES[1:-1].double() / 255
    deviation = (probability * (1 - probability) / draws).sqrt()
    z = (pixels.double().mean(0)[1:-1] - probability) / deviation
    assert pixels.unique().tolist() == [0, 1]
    assert pixels.dtype == torch.int64
    assert z.abs().max() < 4.5  # of 254 normal values: once in 500 seeds
    assert z.square().sum() < 254 + 4 * math.sqrt(2 * 254)  # chi-squared, four deviations
    assert z.sum().abs() < 4 * math.sqrt(254)  # a common drift


@pytest.mark.parametrize("uniform", [0.0, 1 - 2**-24])  # the ends of what torch.rand returns
def test_black_and_white_never_move(uniform, monkeypatch):
    monkeypatch.setattr(torch, "rand", lambda shape, **options: torch.full(shape, uniform))

    pixels = binarise_dynamic(torch.tensor([0, 255], dtype=torch.uint8), torch.Generator())

    assert pixels.tolist() == [0, 1]


def test_the_generator_alone_decides_a_dynamic_binarisation():
    images = torch.full((2, 1, 28, 28), 128, dtype=torch.uint8)

    def draw(seed, global_seed):
        torch.manual_seed(global_seed)
        return binarise_dynamic(images, torch.Generator().manual_seed(seed))

    assert torch.equal(draw(5, 0), draw(5, 1))
    assert not torch.equal(draw(5, 0), draw(6, 0))
    assert not torch.equal(draw(5, 0)[0], draw(5, 0)[1])


@pytest.mark.parametrize(
    "convert",
    [
        binarise_thresholded,
        lambda images: to_levels(images, 4),
        lambda images: binarise_dynamic(images, torch.Generator()),
    ],
)
def test_only_bytes_are_converted(convert):
    with pytest.raises(ValueError, match="images must be uint8, got torch.float32"):
        convert(torch.rand(1, 1, 28, 28))

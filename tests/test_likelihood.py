"""Likelihoods against enumeration, closed forms and the sampler's own surprises."""

import math

import pytest
import torch
from lively import CLASSES, tiny_gated, tiny_pixelcnn
from toys import Alternating, Coins, Dice, all_images

from genlab.analysis.likelihood import class_nats, image_nats, mixture_nats, pixel_nats
from genlab.core.images import ImageSpec, quantise
from genlab.inference.autoregressive import draw_uniforms, stream_pixels


@pytest.mark.parametrize(("levels", "size"), [(2, (3, 3)), (4, (2, 2)), (3, (2, 3))])
def test_the_likelihoods_of_all_images_sum_to_one(levels, size):
    model = tiny_pixelcnn(size=size, levels=levels, first_kernel=3)

    likelihoods = (-image_nats(model, all_images(model.spec))).exp()

    assert likelihoods.sum().item() == pytest.approx(1, abs=1e-6)
    assert likelihoods.max() > 10 * likelihoods.mean(), "the distribution is not flat"


def test_an_image_of_coins_costs_the_logarithms_of_their_probabilities():
    white = torch.tensor([[[0.5, 0.9], [0.2, 0.75]]])
    pixels = torch.tensor([[[[1, 1], [0, 0]]]])

    nats = pixel_nats(Coins(white), pixels)

    expected = -torch.tensor([[[[0.5, 0.9], [0.8, 0.25]]]]).double().log()
    torch.testing.assert_close(nats, expected, rtol=1e-6, atol=1e-6)


def test_a_board_costs_one_coin_and_its_flaws_are_impossible():
    model = Alternating(3, 5)
    board = torch.arange(15).remainder(2).view(1, 1, 3, 5)
    flawed = board.clone()
    flawed[..., 1, 2] = 1 - flawed[..., 1, 2]

    assert image_nats(model, board).item() == pytest.approx(math.log(2), abs=1e-6)
    assert image_nats(model, flawed).item() > 100


def test_images_are_scored_with_their_own_labels():
    weights = torch.tensor([[0.9, 0.1], [0.2, 0.8]])
    model = Dice(ImageSpec(1, 1, 3, levels=2), weights)
    labels = torch.tensor([0, 1, 1, 0, 1])
    pixels = torch.tensor([0, 0, 1, 1, 1]).view(5, 1, 1, 1).expand(5, 1, 1, 3)

    nats = image_nats(model, pixels, labels, batch=2)

    expected = [-3 * math.log(p) for p in (0.9, 0.2, 0.8, 0.1, 0.8)]
    assert nats.tolist() == pytest.approx(expected, rel=1e-5)


def test_a_likelihood_does_not_depend_on_the_batches(tiny):
    pixels = torch.randint(2, (7, 1, 6, 6), generator=torch.Generator().manual_seed(0))

    whole = image_nats(tiny, pixels)

    assert whole.shape == (7,)
    assert whole.dtype == torch.float64
    torch.testing.assert_close(image_nats(tiny, pixels, batch=3), whole, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(image_nats(tiny, pixels, batch=7), whole, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("levels", [2, 8])
def test_an_image_costs_what_the_sampler_was_surprised_by(levels):
    model = tiny_pixelcnn(levels=levels)
    frames = list(stream_pixels(model, draw_uniforms(model.spec, 0, 5)))

    bits = sum(frame.surprise.sum(dim=1) for frame in frames)

    nats = image_nats(model, quantise(frames[-1].images, levels))
    torch.testing.assert_close(bits.double() * math.log(2), nats, rtol=1e-4, atol=1e-4)


def test_the_mixture_over_classes_is_a_law_too():
    model = tiny_gated(size=(3, 3), first_kernel=3)
    images = all_images(model.spec)

    by_class = class_nats(model, images)

    likelihoods = (-mixture_nats(by_class)).exp()
    expected = torch.stack(
        [(-image_nats(model, images, torch.full((512,), k))).exp() for k in range(CLASSES)]
    ).mean(dim=0)
    assert by_class.shape == (512, CLASSES)
    torch.testing.assert_close(likelihoods, expected)
    assert likelihoods.sum().item() == pytest.approx(1, abs=1e-6)


def test_an_image_gains_at_most_the_logarithm_of_the_classes_from_its_class():
    by_class = torch.tensor([[5.0, 5.0, 5.0], [1.0, 900.0, 900.0]]).double()

    assert mixture_nats(by_class).tolist() == pytest.approx([5.0, 1.0 + math.log(3)])

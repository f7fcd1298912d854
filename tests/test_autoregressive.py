"""The sampler: its law, its random numbers, its temperature, its refusals."""

import math

import pytest
import torch
from lively import tiny_pixelcnn
from toys import Alternating, Coins, Dice, all_images, count_images, deviation

from genlab.analysis.likelihood import image_nats
from genlab.core.frames import last
from genlab.core.images import ImageSpec, quantise
from genlab.inference.autoregressive import (
    MAX_SEED,
    draw_uniforms,
    inverse_cdf,
    make_stepper,
    sample,
    stream_pixels,
)

LARGEST_UNIFORM = 1 - 2**-24


@pytest.mark.parametrize(("levels", "size"), [(2, (3, 3)), (4, (2, 2))])
def test_images_are_drawn_with_the_model_s_own_probabilities(levels, size):
    model = tiny_pixelcnn(size=size, levels=levels, first_kernel=3)
    images = all_images(model.spec)
    expected = 20_000 * (-image_nats(model, images)).exp()

    drawn = quantise(sample(model, seed=0, count=20_000), levels)

    assert abs(deviation(count_images(drawn, model.spec), expected)) < 4


def test_another_law_is_told_apart():
    """The chi-square above is worth something: with the model's columns mirrored it is far off."""
    model = tiny_pixelcnn(size=(3, 3), first_kernel=3)
    images = all_images(model.spec)
    mirrored = 20_000 * (-image_nats(model, images.flip(-1))).exp()

    drawn = quantise(sample(model, seed=0, count=20_000), 2)

    assert deviation(count_images(drawn, model.spec), mirrored) > 40


def test_a_coin_is_white_where_its_uniform_reaches_the_probability_of_black():
    white = torch.rand(3, 4, 5, generator=torch.Generator().manual_seed(0))
    uniforms = draw_uniforms(ImageSpec(3, 4, 5, levels=2), 7, 50)

    drawn = sample(Coins(white), seed=7, count=50)

    assert torch.equal(drawn, (uniforms >= 1 - white).float())


def test_each_pixel_is_drawn_given_the_one_before_it():
    drawn = sample(Alternating(3, 5), seed=0, count=20)

    first = drawn[:, :, :1, :1]
    board = torch.arange(15).remainder(2).view(3, 5).float()
    assert torch.equal(drawn, (first - board).abs())
    assert 0 < first.mean() < 1


def test_image_i_of_a_batch_is_image_0_of_seed_plus_i(tiny):
    batch = sample(tiny, seed=5, count=6)

    for index in range(6):
        assert torch.equal(sample(tiny, seed=5 + index, count=1)[0], batch[index])
    assert len(batch.unique(dim=0)) == 6


def test_uniforms_are_torch_s_own_for_each_seed():
    uniforms = draw_uniforms(ImageSpec(2, 3, 4), 11, 3)

    assert uniforms.shape == (3, 2, 3, 4)
    for index in range(3):
        generator = torch.Generator().manual_seed(11 + index)
        assert torch.equal(uniforms[index], torch.rand(2, 3, 4, generator=generator))


def test_the_global_random_state_is_neither_read_nor_moved(tiny):
    torch.manual_seed(1)
    first = sample(tiny, seed=0, count=2)
    torch.manual_seed(2)
    before = torch.get_rng_state()

    second = sample(tiny, seed=0, count=2)

    assert torch.equal(first, second)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_level_is_drawn_from_its_own_interval_closed_below():
    probabilities = torch.tensor([0.25, 0.5, 0.0, 0.25])
    uniforms = torch.tensor([0, 0.2499, 0.25, 0.5, 0.7499, 0.75, LARGEST_UNIFORM])

    levels = inverse_cdf(probabilities.expand(7, 4), uniforms)

    assert levels.tolist() == [0, 0, 1, 1, 1, 3, 3]


def test_a_level_of_probability_zero_is_never_drawn():
    logits = torch.randn(500, 256, generator=torch.Generator().manual_seed(0))
    logits[:, :20] = logits[:, 236:] = -math.inf
    probabilities = logits.softmax(dim=-1)

    lowest = inverse_cdf(probabilities, torch.zeros(500))
    highest = inverse_cdf(probabilities, torch.full((500,), LARGEST_UNIFORM))

    assert (probabilities.cumsum(dim=-1)[:, -1] <= LARGEST_UNIFORM).any(), "sums that round down"
    assert lowest.min() == lowest.max() == 20
    assert highest.max() == 235


@pytest.mark.parametrize("levels", [2, 5])
@pytest.mark.parametrize("temperature", [1e-3, 1e-40])
def test_a_temperature_near_zero_draws_the_likeliest_level(levels, temperature):
    model = tiny_pixelcnn(levels=levels)

    drawn = quantise(sample(model, seed=0, count=3, temperature=temperature), levels)

    assert torch.equal(model.logits(drawn).argmax(dim=1), drawn)


@pytest.mark.parametrize("order", ["wavefront", "raster", "naive"])
@pytest.mark.parametrize("levels", [2, 5])
def test_a_temperature_for_each_position_divides_the_logits_there(order, levels):
    model = tiny_pixelcnn(size=(5, 7), levels=levels)
    heat = torch.linspace(0.3, 3, 35).view(5, 7)
    uniforms = draw_uniforms(model.spec, 0, 4)
    stepper = make_stepper(model, 4, order=order)

    frames = list(stream_pixels(model, uniforms, temperature=heat, stepper=stepper))

    pixels = quantise(frames[-1].images, levels)
    expected = (model.logits(pixels) / heat).softmax(dim=1)  # (B, levels, C, H, W)
    for frame in frames:
        rows, columns = frame.front.unbind(dim=1)
        there = expected[..., rows, columns].permute(0, 3, 2, 1)
        torch.testing.assert_close(frame.probabilities, there, rtol=1e-4, atol=1e-5)


def test_one_temperature_is_the_same_everywhere(tiny):
    uniforms = draw_uniforms(tiny.spec, 0, 4)

    number = last(stream_pixels(tiny, uniforms, temperature=0.5)).images
    everywhere = last(stream_pixels(tiny, uniforms, temperature=torch.full((6, 6), 0.5))).images

    assert torch.equal(number, sample(tiny, seed=0, count=4, temperature=0.5))
    assert torch.equal(number, everywhere)
    assert not torch.equal(number, sample(tiny, seed=0, count=4))


def test_labels_reach_the_model():
    certain = torch.eye(3).clamp(min=1e-30)  # class y draws the level y
    model = Dice(ImageSpec(1, 2, 2, levels=3), certain)
    labels = torch.tensor([2, 0, 1])

    drawn = last(stream_pixels(model, draw_uniforms(model.spec, 0, 3), labels=labels)).images

    assert torch.equal(quantise(drawn, 3), labels.view(3, 1, 1, 1).expand(3, 1, 2, 2))


def test_the_first_order_of_a_model_is_the_default(tiny):
    assert len(make_stepper(tiny, 1).fronts) == len(tiny.stepper(1, order=tiny.orders[0]).fronts)
    assert len(make_stepper(Alternating(3, 3), 1).fronts) == 9


BAD_TEMPERATURES = (0, 0.0, -1, math.nan, math.inf, -math.inf, torch.tensor([[1.0] * 5 + [0]]))


@pytest.mark.parametrize("temperature", BAD_TEMPERATURES, ids=str)
def test_a_temperature_that_is_not_positive_and_finite_is_refused(tiny, temperature):
    with pytest.raises(ValueError, match="temperature must be positive and finite, got"):
        sample(tiny, seed=0, count=1, temperature=temperature)


@pytest.mark.parametrize("seed", [-1, MAX_SEED + 1, 2**64])
def test_a_seed_out_of_range_is_refused(tiny, seed):
    with pytest.raises(ValueError, match=f"seed must be from 0 to 4294967295, got {seed}"):
        sample(tiny, seed=seed, count=1)


def test_the_largest_seed_serves_a_whole_batch(tiny):
    assert sample(tiny, seed=MAX_SEED, count=2).shape == (2, 1, 6, 6)


@pytest.mark.parametrize("count", [0, -1])
def test_no_image_is_refused(tiny, count):
    with pytest.raises(ValueError, match=f"count must be at least 1, got {count}"):
        sample(tiny, seed=0, count=count)


@pytest.mark.parametrize("order", ["column", "", "Raster"])
def test_an_order_that_is_not_on_offer_is_refused_with_those_that_are(tiny, order):
    with pytest.raises(ValueError, match="'wavefront', 'raster', 'naive'"):
        sample(tiny, seed=0, count=1, order=order)


def test_a_model_without_a_cache_offers_the_naive_order_alone():
    with pytest.raises(ValueError, match=r"order must be one of \('naive',\), got 'raster'"):
        sample(Alternating(3, 3), seed=0, count=1, order="raster")

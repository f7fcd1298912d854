"""Walks and jumps, counted; training examples, opened."""

import pytest
import torch
from diffusion_toys import CLASSES, GaussianDenoiser, tiny_ddpm

from genlab.analysis.forward_noise import (
    BINS,
    HIGHEST,
    LOWEST,
    count_bins,
    expected_moments,
    jump_noise,
    kept_steps,
    measure,
    open_examples,
    open_over_time,
    time_table,
    walk_steps,
    waves_of,
)
from genlab.core.noise_schedule import cosine_schedule, linear_schedule
from genlab.inference.forward_diffusion import add_noise, stream_forward, to_signal
from genlab.nn.time_embedding import TimeEmbedding
from train.recipes import ddpm as recipe

SHAPE = (64, 1, 8, 8)
SCHEDULES = [cosine_schedule(50), linear_schedule(50, final=0.2)]
EXACT = {"atol": 1e-9, "rtol": 1e-7}


@pytest.fixture
def image():
    """(1, 8, 8) in [0, 1]."""
    return torch.rand(1, 8, 8, generator=torch.Generator().manual_seed(5))


@pytest.fixture
def noise():
    return torch.randn(3, 1, 8, 8, generator=torch.Generator().manual_seed(6)).double()


class Replayed:
    """The noise of a walk, draw after draw."""

    def __init__(self, count, seed):
        self._count, self._generator = count, torch.Generator().manual_seed(seed)

    def draw(self):
        return torch.randn(self._count, *SHAPE[1:], generator=self._generator).double()


def walked(schedule, kept, seed=0):
    return dict(walk_steps(schedule, SHAPE, torch.Generator().manual_seed(seed), kept))


# — walks —


@pytest.mark.parametrize(("steps", "most"), [(10, 31), (31, 31), (1000, 31), (4000, 31)])
def test_the_kept_steps_are_different_and_hold_both_ends(steps, most):
    kept = kept_steps(steps, most)

    assert kept == sorted(set(kept)) and len(kept) == min(steps, most)
    assert (kept[0], kept[-1]) == (0, steps - 1)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_walked_noise_and_the_faded_image_are_the_walked_image(schedule, image):
    kept = kept_steps(schedule.steps, 7)
    added = walked(schedule, kept)
    frames = stream_forward(schedule, image.expand(SHAPE), Replayed(SHAPE[0], 0))

    for frame in frames:
        if frame.t in kept:
            signal = schedule.alpha_bar(frame.t) ** 0.5
            torch.testing.assert_close(
                (signal * to_signal(image) + added[frame.t]).double(), frame.x_t, atol=1e-5, rtol=0
            )
    assert list(added) == kept


def test_a_jump_adds_what_the_core_adds(image, noise):
    schedule = SCHEDULES[0]

    for t in (0, 20, 49):
        expected = add_noise(schedule, torch.zeros_like(noise), t, noise)
        torch.testing.assert_close(jump_noise(schedule, noise, t), expected, **EXACT)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("kind", ["walks", "jumps"])
def test_measured_moments_are_those_of_theory(schedule, kind, image):
    kept = kept_steps(schedule.steps, 9)
    x_0 = to_signal(0.2 * image)  # dark, so that its mean has far to go
    noise = torch.randn(SHAPE, generator=torch.Generator().manual_seed(2))
    jumped = {t: jump_noise(schedule, noise, t) for t in kept}

    crowd = measure(schedule, x_0, walked(schedule, kept, 3) if kind == "walks" else jumped)

    means, variances = expected_moments(schedule, x_0, kept)
    pixels = SHAPE[0] * 64
    torch.testing.assert_close(crowd.means, means, atol=5 / pixels**0.5, rtol=0)
    torch.testing.assert_close(crowd.variances, variances, atol=8 / pixels**0.5, rtol=0)


def test_the_mean_goes_to_0_and_the_variance_to_1(image):
    schedule = cosine_schedule(1000)

    means, variances = expected_moments(schedule, to_signal(image), [0, 999])

    assert means[0] != pytest.approx(0, abs=0.01) and variances[0] != pytest.approx(1, abs=0.1)
    assert means[1] == pytest.approx(0, abs=1e-3) and variances[1] == pytest.approx(1, abs=1e-3)


def test_every_pixel_is_counted_once_in_the_bin_where_it_lies():
    width = (HIGHEST - LOWEST) / BINS
    values = torch.tensor([LOWEST - 9, LOWEST + width / 2, 0.0, HIGHEST - width / 2, HIGHEST, 99.0])

    bins = count_bins(values)

    assert bins.sum() == len(values) and bins.shape == (BINS,)
    assert (bins[0], bins[BINS // 2], bins[-1]) == (2, 1, 3)


def test_the_time_table_is_what_the_network_hears():
    network = TimeEmbedding(12, 4)

    assert waves_of(torch.nn.Sequential(network)) == 12
    assert waves_of(tiny_ddpm()) == tiny_ddpm().time.waves
    assert waves_of(GaussianDenoiser(SCHEDULES[0])) == waves_of(None) == 32
    table = time_table(range(5, 8), 12)
    heard = network.layers(table)
    torch.testing.assert_close(heard, network(torch.arange(5, 8)))


# — training examples —


def test_the_answers_are_one_answer_in_three_units(noise, image):
    model = tiny_ddpm()
    t = torch.tensor([0, 50, 99])

    opened = open_examples(model, image.expand(3, 1, 8, 8), t, noise, 1)

    alpha_bars = model.schedule.alpha_bars[t]
    torch.testing.assert_close(opened.noise_error, alpha_bars * opened.v_error)
    torch.testing.assert_close(opened.x0_error, (1 - alpha_bars) * opened.v_error)
    signal, rest = model.schedule.amplitudes(t)
    rebuilt = signal * opened.x0_hat + rest * opened.noise_hat
    torch.testing.assert_close(rebuilt, opened.x_t, **EXACT)


@pytest.mark.parametrize("label", [None, 2])
def test_the_velocity_is_what_the_network_itself_says(noise, image, label):
    model = tiny_ddpm()
    t = torch.tensor([3, 60, 99])

    opened = open_examples(model, image.expand(3, 1, 8, 8), t, noise, label)

    labels = torch.full((3,), CLASSES if label is None else label)
    torch.testing.assert_close(
        opened.v_hat.float(), model(opened.x_t, t, labels), atol=1e-5, rtol=1e-4
    )


@pytest.mark.parametrize("label", [0, CLASSES])
def test_the_loss_is_the_one_of_the_training(noise, image, label):
    model = tiny_ddpm()
    t = torch.tensor([2, 40, 95])
    images = image.expand(3, 1, 8, 8)

    opened = open_examples(model, images, t, noise, None if label == CLASSES else label)

    errors = recipe.squared_errors(model, images, torch.full((3,), label), t, noise.float())
    expected = model.schedule.velocity_weights[t] * errors
    torch.testing.assert_close(opened.loss, expected, atol=1e-6, rtol=1e-4)


def test_the_loss_is_the_error_of_x_0_or_of_the_noise_by_how_noisy_the_image_is(noise, image):
    model = tiny_ddpm()
    t = torch.tensor([1, 35, 80])
    snr = model.schedule.snr[t]
    assert snr[0] > 5 > snr[1] > 1 > snr[2]

    opened = open_examples(model, image.expand(3, 1, 8, 8), t, noise)

    torch.testing.assert_close(opened.loss[0], 5 * opened.x0_error[0])
    torch.testing.assert_close(opened.loss[1], opened.noise_error[1])
    torch.testing.assert_close(opened.loss[2], opened.x0_error[2])


def test_examples_over_time_are_those_of_each_time_and_noise(noise, image):
    model = tiny_ddpm()

    together = open_over_time(model, image, [10, 70], noise, 1)

    alone = open_examples(model, image[None], torch.tensor([70]), noise[1:2], 1)
    torch.testing.assert_close(together.loss[3 + 1], alone.loss[0], atol=1e-7, rtol=1e-4)
    assert len(together.loss) == 6

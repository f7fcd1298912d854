"""The schedules against diffusers' tables, and by what they are for."""

import math

import pytest
import torch

from genlab.core.errors import InputError
from genlab.core.noise_schedule import (
    CLEAN,
    LARGEST_BETA,
    SCHEDULES,
    NoiseSchedule,
    cosine_schedule,
    linear_schedule,
    spaced_steps,
)
from genlab.torchvision_guard import prepare_torchvision

diffusers = pytest.importorskip("diffusers")
prepare_torchvision()  # diffusers' training helpers import torchvision

from diffusers.training_utils import compute_snr  # noqa: E402

LENGTHS = (10, 37, 1000, 4000)
THEIR_NAMES = {"cosine": "squaredcos_cap_v2", "linear": "linear"}
both = pytest.mark.parametrize("name", SCHEDULES)
all_lengths = pytest.mark.parametrize("steps", LENGTHS)


def theirs(name, steps):
    """diffusers' scheduler, in its own float32."""
    return diffusers.DDPMScheduler(steps, beta_schedule=THEIR_NAMES[name])


def close(found, expected):
    torch.testing.assert_close(found, expected.double(), rtol=0, atol=1e-6)


@both
def test_an_error_of_x_0_counts_its_snr_within_bounds(name):
    schedule = SCHEDULES[name](100)
    generator = torch.Generator().manual_seed(0)
    x_0, noise, error = torch.randn(3, 100, 1, 1, 1, generator=generator).double()
    signal, rest = schedule.amplitudes(torch.arange(100))
    x_t, v = signal * x_0 + rest * noise, signal * noise - rest * x_0

    of_x_0 = (signal * x_t - rest * (v + error) - x_0).square().flatten()  # what v's error does
    found = schedule.velocity_weights * error.square().flatten()

    torch.testing.assert_close(found, schedule.snr.clamp(1, 5) * of_x_0)


@both
@all_lengths
def test_beta_and_alpha_bar_are_those_of_diffusers(name, steps):
    schedule, oracle = SCHEDULES[name](steps), theirs(name, steps)

    close(schedule.betas, oracle.betas)
    close(schedule.alpha_bars, oracle.alphas_cumprod)


@both
@all_lengths
def test_snr_and_posterior_variance_are_those_of_diffusers(name, steps):
    schedule, oracle = SCHEDULES[name](steps), theirs(name, steps)
    oracle.alphas_cumprod = schedule.alpha_bars  # their float32 has three digits left in 1 − ᾱ_0
    oracle.one = oracle.one.double()
    oracle.set_timesteps(steps)

    snr = compute_snr(oracle, torch.arange(steps)).double()
    variance = torch.stack([oracle._get_variance(t) for t in range(steps)])

    torch.testing.assert_close(schedule.snr, snr, rtol=1e-6, atol=1e-12)
    close(schedule.posterior_variance, variance)
    assert schedule.posterior_variance[0] == 0


@both
@all_lengths
def test_a_schedule_is_float64_and_loses_signal_at_every_step(name, steps):
    schedule = SCHEDULES[name](steps)

    assert schedule.steps == steps
    assert schedule.betas.dtype == schedule.alpha_bars.dtype == torch.float64
    assert (schedule.betas > 0).all()
    assert schedule.betas.max() <= LARGEST_BETA
    assert (schedule.alpha_bars.diff() < 0).all()


@pytest.mark.parametrize("s", [0.0, 0.008, 0.3, 1.0])
def test_the_cosine_s_offset_turns_alpha_bar_into_a_squared_cosine(s):
    schedule = cosine_schedule(50, s=s)

    def signal(share):
        return math.cos((share + s) / (1 + s) * math.pi / 2) ** 2

    expected = [signal((t + 1) / 50) / signal(0) for t in range(49)]  # the last β is clipped
    torch.testing.assert_close(schedule.alpha_bars[:-1], torch.tensor(expected).double())
    assert schedule.betas[-1] == LARGEST_BETA


def test_no_beta_of_a_cosine_is_above_the_chosen_largest():
    betas = cosine_schedule(100, largest=0.25).betas

    assert betas.max() == 0.25
    assert torch.equal(betas, cosine_schedule(100).betas.clamp(max=0.25))


def test_a_linear_schedule_begins_and_ends_where_it_is_told():
    betas = linear_schedule(11, first=0.1, final=0.3).betas

    torch.testing.assert_close(betas.diff(), torch.full((10,), 0.02).double())
    assert (betas[0].item(), betas[-1].item()) == pytest.approx((0.1, 0.3))


def test_alpha_bar_of_the_clean_image_is_one_and_else_that_of_the_table():
    schedule = NoiseSchedule(torch.tensor([0.1, 0.2]).double())

    assert schedule.alpha_bar(CLEAN) == 1
    assert schedule.alpha_bar(0) == pytest.approx(0.9)
    assert schedule.alpha_bar(1) == pytest.approx(0.72)


def test_amplitudes_are_roots_one_an_image():
    schedule = linear_schedule(10)
    t = torch.tensor([0, 9, 3])

    signal, rest = schedule.amplitudes(t)

    assert signal.shape == rest.shape == (3, 1, 1, 1)
    torch.testing.assert_close(signal.flatten() ** 2, schedule.alpha_bars[t])
    torch.testing.assert_close(signal**2 + rest**2, torch.ones(3, 1, 1, 1).double())


@pytest.mark.parametrize(
    ("make", "wrong"),
    [
        (cosine_schedule, {"steps": 9}),
        (cosine_schedule, {"steps": 4001}),
        (cosine_schedule, {"steps": 100, "s": -0.1}),
        (cosine_schedule, {"steps": 100, "s": math.nan}),
        (cosine_schedule, {"steps": 100, "largest": 1.0}),
        (cosine_schedule, {"steps": 100, "largest": 0.0}),
        (linear_schedule, {"steps": 0}),
        (linear_schedule, {"steps": 100, "first": 0.0}),
        (linear_schedule, {"steps": 100, "first": 0.3, "final": 0.2}),
        (linear_schedule, {"steps": 100, "final": math.nan}),
    ],
)
def test_a_schedule_that_cannot_be_is_refused_with_the_remedy(make, wrong):
    with pytest.raises(InputError, match="Change"):
        make(**wrong)


@pytest.mark.parametrize("available", [10, 100, 999, 1000])
def test_steps_are_spread_as_diffusers_trailing_spacing_spreads_them(available):
    oracle = diffusers.DDPMScheduler(available, timestep_spacing="trailing")

    for steps in (1, 2, 5, 7, 10):
        oracle.set_timesteps(steps)
        assert spaced_steps(available, steps) == oracle.timesteps.tolist()


def test_spaced_steps_begin_at_the_last_and_fall_without_repeating():
    for steps in range(1, 51):
        found = spaced_steps(50, steps)
        assert len(found) == steps
        assert found[0] == 49
        assert found == sorted(set(found), reverse=True)
        assert found[-1] >= 0
    assert spaced_steps(50, 50) == list(range(49, -1, -1))


@pytest.mark.parametrize("steps", [0, -1, 51])
def test_no_step_and_more_steps_than_there_are_is_refused(steps):
    with pytest.raises(InputError, match="from 1 to 50"):
        spaced_steps(50, steps)

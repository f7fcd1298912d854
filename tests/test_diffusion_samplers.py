"""Each rule step by step against diffusers, and whole runs against Gaussian data's exact answer."""

import math
from itertools import pairwise

import pytest
import torch
from diffusion_toys import CLASSES, Counting, GaussianDenoiser, tiny_ddpm

from genlab.core.errors import InputError
from genlab.core.frames import last
from genlab.core.noise_schedule import CLEAN, SCHEDULES, cosine_schedule, linear_schedule
from genlab.inference.diffusion import (
    DiffusionSettings,
    GuidedDenoiser,
    legs,
    stream_diffusion,
    walk,
)
from genlab.inference.diffusion_steps import (
    SAMPLERS,
    Prediction,
    choose_step,
    ddim_step,
    ddpm_step,
    predict,
)
from genlab.inference.forward_diffusion import to_images
from genlab.inference.image_noise import ImageNoise

diffusers = pytest.importorskip("diffusers")
TRAINED = 20  # steps
STEEP = linear_schedule(250, first=4e-4, final=0.08)
THEIR_NAMES = {"cosine": "squaredcos_cap_v2", "linear": "linear"}
both = pytest.mark.parametrize("name", SCHEDULES)
some_steps = pytest.mark.parametrize("steps", [1, 4, TRAINED])
clipped_or_not = pytest.mark.parametrize("clip", [False, True])


def oracle_of(kind, name, schedule, steps, **options):
    """A scheduler of diffusers with our float64 table; theirs is compared in another test."""
    options |= {"beta_schedule": THEIR_NAMES[name], "timestep_spacing": "trailing"}
    oracle = kind(schedule.steps, **options)
    oracle.alphas_cumprod = schedule.alpha_bars
    oracle.one = oracle.final_alpha_cumprod = torch.tensor(1.0).double()
    oracle.set_timesteps(steps)
    return oracle


def run(model, steps, *, seed=0, count=2, labels=None, **settings):
    """All frames."""
    noise = ImageNoise(model.spec, seed, count)
    settings = DiffusionSettings(steps, **settings)
    return list(stream_diffusion(model, noise, settings, labels=labels))


def network_noise(model, frame):
    """What the network said before anything was clipped."""
    return model.predict_noise(frame.x_t, torch.full((len(frame.x_t),), frame.t))


def close(found, expected, tolerance=1e-9):
    scale = expected.abs().max().clamp(min=1)
    torch.testing.assert_close(found / scale, expected.double() / scale, rtol=0, atol=tolerance)


@both
@some_steps
@clipped_or_not
def test_ddpm_s_steps_are_those_of_diffusers(name, steps, clip):
    model = tiny_ddpm(steps=TRAINED)
    model.schedule = SCHEDULES[name](TRAINED)
    oracle = oracle_of(
        diffusers.DDPMScheduler, name, model.schedule, steps,
        clip_sample=clip, variance_type="fixed_small",
    )  # fmt: skip

    frames = run(model, steps, sampler="ddpm", clip=clip)

    assert [frame.t for frame in frames] == oracle.timesteps.tolist()
    for frame in frames:
        theirs = oracle.step(network_noise(model, frame), frame.t, frame.x_t)
        close(frame.x0_hat, theirs.pred_original_sample)
        variance = oracle._get_variance(frame.t).item() if frame.t_next != CLEAN else 0.0
        assert frame.std == pytest.approx(math.sqrt(variance), abs=1e-9)
        oracle_mean = theirs.prev_sample
        if frame.std:  # they drew their own luck: ask again without
            oracle._get_variance = lambda *_, **__: torch.tensor(0.0)
            oracle_mean = oracle.step(network_noise(model, frame), frame.t, frame.x_t).prev_sample
            del oracle._get_variance
        close(frame.mean, oracle_mean)


@both
@some_steps
@pytest.mark.parametrize(("eta", "clip"), [(0.0, True), (0.4, True), (0.4, False), (1.0, False)])
def test_ddim_s_steps_are_those_of_diffusers(name, steps, eta, clip):
    model = tiny_ddpm(steps=TRAINED)
    model.schedule = SCHEDULES[name](TRAINED)
    oracle = oracle_of(diffusers.DDIMScheduler, name, model.schedule, steps, clip_sample=clip)

    for frame in run(model, steps, sampler="ddim", eta=eta, clip=clip):
        luck = frame.x_t * 0 if frame.z is None else frame.z
        theirs = oracle.step(
            network_noise(model, frame), frame.t, frame.x_t,
            eta=eta, use_clipped_model_output=True, variance_noise=luck,
        )  # fmt: skip
        close(frame.x0_hat, theirs.pred_original_sample)
        close(frame.x_next, theirs.prev_sample)
        assert (frame.z is None) == (eta == 0 or frame.t_next == CLEAN)


@both
@some_steps
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # diffusers' own
def test_dpm_solver_s_steps_are_those_of_diffusers(name, steps):
    model = tiny_ddpm(steps=TRAINED)
    model.schedule = SCHEDULES[name](TRAINED)
    oracle = oracle_of(diffusers.DPMSolverMultistepScheduler, name, model.schedule, steps)

    frames = run(model, steps, sampler="dpm-solver++", clip=False)

    assert [frame.t for frame in frames] == oracle.timesteps.tolist()
    for frame in frames:
        theirs = oracle.step(network_noise(model, frame), frame.t, frame.x_t)
        rounding = 1e-6 / math.sqrt(model.schedule.alpha_bar(frame.t))  # their sigmas are float32
        close(frame.mean, theirs.prev_sample, rounding)
        assert frame.std == 0


@both
def test_ddim_with_all_steps_and_eta_one_has_ddpm_s_mean_and_variance(name):
    model = tiny_ddpm(steps=TRAINED)
    model.schedule = SCHEDULES[name](TRAINED)

    frames = run(model, TRAINED, eta=1.0)

    stds = torch.tensor([frame.std for frame in frames], dtype=torch.float64)
    close(stds**2, model.schedule.posterior_variance.flip(0))
    for frame in frames:
        now = predict(model, frame.x_t, frame.t)
        move = ddpm_step(now, None, model.schedule.alpha_bar(frame.t_next))
        close(frame.mean, move.mean)


def flow_error(sampler, steps):
    """How far so many steps from t = 899 down to 99 miss the probability flow of Gaussian data."""
    model = GaussianDenoiser(cosine_schedule(1000))
    noise = ImageNoise(model.spec, 0, 2)
    start = noise.draw()
    path = legs(list(range(899, 98, -800 // steps)))[:-1]

    final = last(walk(model, start, path, DiffusionSettings(0, sampler, clip=False), noise=noise))

    return (final.mean - model.flow(start, 899, 99)).abs().max().item()


def test_ddim_is_of_first_order_and_dpm_solver_of_second():
    errors = {sampler: [flow_error(sampler, steps) for steps in (20, 40, 80)]
              for sampler in ("ddim", "dpm-solver++")}  # fmt: skip

    halved = {name: [a / b for a, b in pairwise(found)] for name, found in errors.items()}
    assert halved["ddim"] == pytest.approx([2, 2], abs=0.3)
    assert halved["dpm-solver++"] == pytest.approx([4, 4], abs=1.2)
    assert errors["dpm-solver++"][-1] < 1e-3


@pytest.mark.parametrize("sampler", ["ddim", "dpm-solver++"])
def test_whole_runs_without_luck_end_where_the_probability_flow_ends(sampler):
    model = GaussianDenoiser(cosine_schedule(1000))
    start = ImageNoise(model.spec, 0, 2).draw()

    final = run(model, 200, sampler=sampler, clip=False)[-1]

    torch.testing.assert_close(final.mean, model.flow(start, 999), rtol=0, atol=0.02)


@pytest.mark.parametrize("schedule", [cosine_schedule(250), STEEP])
@pytest.mark.parametrize(("sampler", "eta"), [("ddpm", 0.0), ("ddim", 0.5), ("ddim", 1.0)])
def test_samplers_with_luck_make_gaussian_data_of_the_right_mean_and_spread(schedule, sampler, eta):
    model = GaussianDenoiser(schedule, side=64)

    frames = run(model, 250, sampler=sampler, eta=eta, clip=False)

    made = frames[-1].mean
    assert made.mean().item() == pytest.approx(model.mean, abs=0.02)
    assert made.std().item() == pytest.approx(model.std, rel=0.03)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_one_and_the_same_noise_starts_every_sampler(sampler):
    model = tiny_ddpm()
    expected = torch.stack(
        [torch.randn(1, 8, 8, generator=torch.Generator().manual_seed(7 + i)) for i in range(3)]
    )

    frames = run(model, 5, seed=7, count=3, sampler=sampler)

    assert torch.equal(frames[0].x_t, expected.double())


@pytest.mark.parametrize(("sampler", "eta"), [("ddim", 0.0), ("dpm-solver++", 0.0), ("ddpm", 0.0),
                                              ("ddim", 0.7)])  # fmt: skip
def test_a_run_repeats_to_the_bit_and_another_seed_is_another_image(sampler, eta):
    model = tiny_ddpm()

    first, again, other = (
        run(model, 6, seed=seed, sampler=sampler, eta=eta)[-1].mean for seed in (3, 3, 5)
    )

    assert torch.equal(first, again)
    assert (first - other).abs().amax(dim=(1, 2, 3)).min() > 0.01


@pytest.mark.parametrize(("sampler", "eta"), [("ddim", 0.0), ("ddpm", 0.0), ("ddim", 1.0)])
def test_an_image_depends_on_its_seed_and_not_on_its_batch(sampler, eta):
    model = tiny_ddpm().double()

    together = run(model, 6, seed=3, count=4, sampler=sampler, eta=eta)[-1]
    alone = run(model, 6, seed=5, count=1, sampler=sampler, eta=eta)[-1]

    torch.testing.assert_close(alone.mean[0], together.mean[2], rtol=0, atol=1e-9)
    assert (together.mean[1] - together.mean[2]).abs().max() > 0.01


@both
@clipped_or_not
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_x0_hat_and_the_predicted_noise_are_one_thing_said_twice(name, clip, sampler):
    model = tiny_ddpm(steps=TRAINED)
    model.schedule = SCHEDULES[name](TRAINED)

    for frame in run(model, 10, sampler=sampler, clip=clip):
        alpha_bar = model.schedule.alpha_bar(frame.t)
        seen = frame.x_t - math.sqrt(1 - alpha_bar) * frame.predicted_noise
        close(frame.x0_hat, seen / math.sqrt(alpha_bar), 1e-5)
        if clip:
            assert frame.x0_hat.abs().max() <= 1
        else:
            close(frame.predicted_noise, network_noise(model, frame))


@pytest.mark.parametrize(("sampler", "eta"), [("ddim", 0.0), ("ddpm", 0.0), ("dpm-solver++", 0.0)])
def test_each_frame_goes_on_where_the_one_before_ended(sampler, eta):
    model = tiny_ddpm()

    frames = run(model, 7, sampler=sampler, eta=eta)

    assert [(frame.t, frame.t_next) for frame in frames] == legs([frame.t for frame in frames])
    assert [frame.step for frame in frames] == list(range(1, 8))
    assert {frame.total for frame in frames} == {7}
    for before, after in pairwise(frames):
        assert torch.equal(before.x_next, after.x_t)
    for frame in frames:
        assert torch.equal(frame.images, to_images(frame.x_next))
    assert frames[-1].t_next == CLEAN


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_last_step_ends_at_x0_hat(sampler):
    final = run(tiny_ddpm(), 5, sampler=sampler)[-1]

    torch.testing.assert_close(final.mean, final.x0_hat)
    assert final.std == 0


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_start_of_one_s_own_replaces_the_first_draw(sampler):
    model = tiny_ddpm()
    usual = run(model, 5, seed=4, sampler=sampler)[-1]
    noise = ImageNoise(model.spec, 4, 2)

    again = last(
        stream_diffusion(
            model, noise, DiffusionSettings(5, sampler), x_start=noise.draw()
        )
    )  # fmt: skip

    assert torch.equal(again.mean, usual.mean)


def test_guidance_one_is_the_class_itself_and_zero_forgets_it_at_the_price_of_one_pass():
    model = tiny_ddpm()
    labels = torch.tensor([0, 2])
    free = run(model, 5)[-1].mean
    given = run(model, 5, labels=labels)[-1].mean
    counted = {scale: Counting(model) for scale in (0.0, 1.0, 3.0)}

    made = {
        scale: run(each, 5, labels=labels, guidance=scale)[-1].mean
        for scale, each in counted.items()
    }

    assert torch.equal(made[0.0], free)
    assert torch.equal(made[1.0], given)
    assert (made[3.0] - given).abs().max() > 0.01
    assert (given - free).abs().max() > 0.01
    assert [each.images for each in counted.values()] == [10, 10, 20]


@pytest.mark.parametrize("scale", [-1.0, 0.0, 0.5, 1.0, 4.0])
def test_guidance_moves_the_noise_along_the_difference_that_the_class_makes(scale):
    model = tiny_ddpm().double()
    x_t = ImageNoise(model.spec, 0, 3).draw()
    t, labels = torch.tensor([9, 25, 49]), torch.tensor([0, 1, 2])
    free, given = model.predict_noise(x_t, t), model.predict_noise(x_t, t, labels)

    found = GuidedDenoiser(model, scale).predict_noise(x_t, t, labels)

    torch.testing.assert_close(found, free + scale * (given - free))


def test_guided_gaussians_move_their_mean():
    model = GaussianDenoiser(cosine_schedule(200), side=16)
    labels = torch.tensor([1, 1])

    made = [
        run(model, 200, labels=labels, guidance=scale, clip=False)[-1].mean.mean().item()
        for scale in (0.0, 1.0, 2.0)
    ]

    assert made == pytest.approx([0.2, 1.2, 2.2], abs=0.06)  # classes 0 and "any" are the same


def refused(**settings):
    """What the sampler says to settings that cannot be."""
    model, labels = tiny_ddpm(steps=TRAINED), settings.pop("labels", None)
    with pytest.raises(InputError) as error:
        stream_diffusion(
            model, ImageNoise(model.spec, 0, 1), DiffusionSettings(**settings), labels=labels
        )  # at once, not at the first frame
    return str(error.value)


@pytest.mark.parametrize("steps", [0, -3, TRAINED + 1])
def test_no_step_and_more_steps_than_trained_are_refused(steps):
    assert "from 1 to 20" in refused(steps=steps)


def test_an_unknown_sampler_and_a_wrong_eta_are_refused_with_the_remedy():
    assert "ddim, ddpm, dpm-solver++" in refused(steps=5, sampler="euler")
    assert "from 0 to 1" in refused(steps=5, eta=1.5)
    assert "from 0 to 1" in refused(steps=5, eta=math.nan)
    assert "Choose the sampler ddim" in refused(steps=5, sampler="ddpm", eta=0.5)


def test_wrong_guidance_and_wrong_classes_are_refused_with_the_remedy():
    labels = torch.tensor([1])
    assert "Guidance must be" in refused(steps=5, guidance=math.nan, labels=labels)
    assert "Guidance must be" in refused(steps=5, guidance=math.inf, labels=labels)
    assert "Choose a class" in refused(steps=5, guidance=2.0)
    assert "Classes are from 0" in refused(steps=5, labels=torch.tensor([CLASSES + 1]))
    assert "Classes are from 0" in refused(steps=5, labels=torch.tensor([-1]))


def test_a_rule_is_chosen_by_its_name():
    x = torch.ones(1, 1, 1, 1).double()
    now = Prediction(0.5, x, x * 0.3, x * 0.2)

    assert choose_step("ddpm") is ddpm_step
    found = choose_step("ddim", 0.5)(now, None, 0.8)
    assert found.std == pytest.approx(ddim_step(now, None, 0.8, eta=1.0).std / 2)

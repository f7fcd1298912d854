"""Drowning, walking back by name and by seed, inversion, interpolation, SDEdit."""

import json
import math
from itertools import pairwise

import pytest
import torch
from diffusion_toys import CLASSES, Counting, GaussianDenoiser, tiny_ddpm

from genlab.core.errors import InputError
from genlab.core.frames import last
from genlab.core.images import ImageSpec
from genlab.core.noise_schedule import CLEAN, SCHEDULES, cosine_schedule, spaced_steps
from genlab.inference.ddim_inversion import stream_inversion
from genlab.inference.diffusion import CHUNK, SAMPLER, DiffusionSettings, sample, stream_diffusion
from genlab.inference.forward_diffusion import add_noise, stream_forward, to_images, to_signal
from genlab.inference.image_noise import ImageNoise, interpolate_noise
from genlab.inference.sdedit import stream_sdedit

SPEC = ImageSpec(1, 8, 8)
UNCLIPPED = DiffusionSettings(20, clip=False)
both = pytest.mark.parametrize("name", SCHEDULES)


def pictures(count, *, side=8, seed=0):
    """(count, 1, side, side) in [0, 1]."""
    return torch.rand(count, 1, side, side, generator=torch.Generator().manual_seed(seed))


def test_images_become_signals_and_come_back_to_the_bit():
    images = torch.cat([pictures(2), torch.zeros(1, 1, 8, 8), torch.ones(1, 1, 8, 8)])

    signal = to_signal(images)

    assert (signal.min(), signal.max(), signal.dtype) == (-1, 1, torch.float64)
    assert torch.equal(to_images(signal), images)
    assert to_images(signal * 9).max() <= 1


def test_noise_comes_from_each_image_s_own_seed_draw_after_draw():
    together, alone = ImageNoise(SPEC, 5, 3), ImageNoise(SPEC, 6, 1)

    for _ in range(2):
        draws, draw = together.draw(), alone.draw()
        assert torch.equal(draws[1], draw[0])
        assert not torch.equal(draws[0], draws[1])
    generator = torch.Generator().manual_seed(5)
    expected = [torch.randn(SPEC.shape, generator=generator) for _ in range(2)]
    assert torch.equal(ImageNoise(SPEC, 5, 1).draw()[0], expected[0].double())
    assert not torch.equal(expected[0], expected[1])


@pytest.mark.parametrize(("seed", "count"), [(-1, 1), (2**32, 1), (2**32 - 2, 4), (0, 0), (0, 999)])
def test_noise_of_no_seed_or_no_image_is_refused(seed, count):
    with pytest.raises(InputError, match="Change it"):
        ImageNoise(SPEC, seed, count)


@both
def test_the_jump_has_the_amplitude_root_alpha_bar_not_alpha_bar(name):
    schedule = SCHEDULES[name](100)
    x, noise = to_signal(pictures(2)), ImageNoise(SPEC, 0, 2).draw()

    for t in (0, 40, 99):
        alpha_bar = schedule.alpha_bars[t]
        expected = alpha_bar.sqrt() * x + (1 - alpha_bar).sqrt() * noise
        torch.testing.assert_close(add_noise(schedule, x, t, noise), expected)


@both
def test_two_jumps_have_the_mean_and_the_variance_of_one(name):
    schedule = SCHEDULES[name](100)
    one = torch.ones(1, 1, 1, 1).double()

    signal = add_noise(schedule, add_noise(schedule, one, 30, 0 * one), 70, 0 * one, since=30)
    luck = [
        add_noise(schedule, add_noise(schedule, 0 * one, 30, one), 70, 0 * one, since=30),
        add_noise(schedule, 0 * one, 70, one, since=30),
    ]

    assert signal.item() ** 2 == pytest.approx(schedule.alpha_bar(70))
    assert sum(each.item() ** 2 for each in luck) == pytest.approx(1 - schedule.alpha_bar(70))


@both
def test_many_small_steps_have_the_mean_and_variance_of_the_jump(name):
    schedule = SCHEDULES[name](50)
    images = torch.full((1, 1, 100, 100), 0.9)

    frames = list(stream_forward(schedule, images, ImageNoise(ImageSpec(1, 100, 100), 0, 1)))

    assert [frame.t for frame in frames] == list(range(50))
    assert frames[-1].is_last
    for frame in frames[::10]:
        alpha_bar = schedule.alpha_bar(frame.t)
        error = math.sqrt((1 - alpha_bar) / 10_000)
        assert frame.x_t.mean().item() == pytest.approx(0.8 * math.sqrt(alpha_bar), abs=4 * error)
        assert frame.x_t.var().item() == pytest.approx(1 - alpha_bar, rel=0.06)
        assert torch.equal(frame.images, to_images(frame.x_t))


@pytest.mark.parametrize("sampler", ["ddim", "ddpm", "dpm-solver++"])
def test_the_streamed_end_is_what_the_command_line_gets(sampler):
    model, label = tiny_ddpm(), 1
    settings = DiffusionSettings(6, sampler, guidance=2.0)
    labels = torch.full((3,), label)

    streamed = last(stream_diffusion(model, ImageNoise(SPEC, 9, 3), settings, labels=labels)).images
    offline = sample(model, seed=9, count=3, label=label, steps=6, sampler=sampler, guidance=2.0)

    assert torch.equal(streamed, offline)
    assert (streamed.min() >= 0) & (streamed.max() <= 1)


def test_more_images_than_a_pass_holds_are_the_same_images():
    model = tiny_ddpm().double()

    many = sample(model, seed=0, count=CHUNK + 3, steps=3)
    few = sample(model, seed=CHUNK - 1, count=2, steps=3)

    assert len(many) == CHUNK + 3
    torch.testing.assert_close(many[CHUNK - 1 : CHUNK + 1], few)


def test_a_sampler_takes_one_pass_a_step():
    model = Counting(tiny_ddpm())

    sample(model, seed=0, count=2, steps=11)

    assert model.passes == 11


def test_every_option_s_default_is_the_function_s_own():
    options = {option.name: option.default for option in SAMPLER.options}
    model = tiny_ddpm()

    assert torch.equal(
        sample(model, seed=1, count=1, **options), sample(model, seed=1, count=1)
    )  # fmt: skip


@pytest.mark.parametrize("wrong", [{"label": CLASSES}, {"label": -1}, {"count": 0}, {"seed": -1},
                                   {"steps": 0}, {"guidance": math.nan}])  # fmt: skip
def test_what_cannot_be_sampled_is_refused(wrong):
    with pytest.raises(InputError):
        sample(tiny_ddpm(), **{"seed": 0, "count": 1, "steps": 5} | wrong)


def test_inversion_comes_back_and_the_more_guesses_the_better():
    model, images = tiny_ddpm(), pictures(3)
    labels = torch.tensor([0, 1, 2])

    errors = []
    for guesses in (1, 3, 8):
        up = list(stream_inversion(model, images, UNCLIPPED, labels=labels, guesses=guesses))
        noise = ImageNoise(SPEC, 0, 3)
        back = last(
            stream_diffusion(model, noise, UNCLIPPED, labels=labels, x_start=up[-1].mean)
        )  # fmt: skip
        errors.append((back.mean - to_signal(images)).abs().max().item())

    assert errors[0] > 5 * errors[1] > 5 * errors[2]
    assert errors[2] < 1e-3


def test_inversion_of_gaussian_data_finds_the_noise_of_the_probability_flow():
    model, images = GaussianDenoiser(cosine_schedule(1000, largest=0.5)), pictures(2)

    up = last(stream_inversion(model, images, DiffusionSettings(200)))

    expected = model.flow(up.mean, 999)
    torch.testing.assert_close(expected, to_signal(images), rtol=0, atol=0.02)


def test_inversion_climbs_the_steps_that_the_way_back_falls():
    model = tiny_ddpm()

    frames = list(stream_inversion(model, pictures(1), UNCLIPPED))

    assert [frame.t_next for frame in frames] == spaced_steps(100, 20)[::-1]
    assert frames[0].t == CLEAN
    assert torch.equal(frames[0].x_t, to_signal(pictures(1)))
    for before, after in pairwise(frames):
        assert torch.equal(before.x_next, after.x_t)


@pytest.mark.parametrize(("steps", "guesses"), [(3, 3), (101, 3), (20, 0), (20, 21)])
def test_inversion_with_too_few_or_too_many_steps_or_guesses_is_refused(steps, guesses):
    with pytest.raises(InputError, match="Change it"):
        stream_inversion(tiny_ddpm(), pictures(1), DiffusionSettings(steps), guesses=guesses)


def test_noise_between_two_noises_is_as_loud_as_they_are():
    start, end = ImageNoise(ImageSpec(1, 28, 28), 3, 2).draw()

    path = interpolate_noise(start, end, 5)

    assert path.shape == (5, 1, 28, 28)
    assert torch.equal(path[0], start)
    assert torch.equal(path[-1], end)
    assert path.flatten(1).std(dim=1).tolist() == pytest.approx([1.0] * 5, abs=0.06)
    assert ((start + end) / 2).std() < 0.8  # what the straight line would give


def test_sdedit_noises_to_t_and_walks_back_over_the_steps_below():
    model, images = tiny_ddpm(), pictures(2)

    frames = list(stream_sdedit(model, images, ImageNoise(SPEC, 1, 2), UNCLIPPED, t=52))

    assert [frame.t for frame in frames] == [52] + [t for t in spaced_steps(100, 20) if t < 52]
    jump = add_noise(model.schedule, to_signal(images), 52, ImageNoise(SPEC, 1, 2).draw())
    assert torch.equal(frames[0].x_t, jump)
    assert frames[-1].t_next == CLEAN


def test_sdedit_keeps_what_was_drawn_the_more_the_less_it_is_noised():
    model = GaussianDenoiser(cosine_schedule(100), side=32)
    images = pictures(1, side=32)

    changes = [
        (last(stream_sdedit(model, images, ImageNoise(model.spec, 0, 1), UNCLIPPED, t=t)).mean
         - to_signal(images)).std().item()
        for t in (0, 30, 60, 99)
    ]  # fmt: skip

    assert changes == sorted(changes)
    assert changes[0] < 0.05
    assert changes[-1] > 0.6


@pytest.mark.parametrize("t", [-1, 100])
def test_sdedit_at_a_step_that_does_not_exist_is_refused(t):
    with pytest.raises(InputError, match="from 0 to 99"):
        stream_sdedit(tiny_ddpm(), pictures(1), ImageNoise(SPEC, 0, 1), t=t)


def test_a_stream_that_is_closed_computes_no_more():
    model = Counting(tiny_ddpm())
    frames = stream_diffusion(model, ImageNoise(SPEC, 0, 1), UNCLIPPED)

    next(frames)
    frames.close()

    assert model.passes == 1


def test_gradients_are_off_inside_a_stream_and_not_outside():
    frames = stream_diffusion(tiny_ddpm(), ImageNoise(SPEC, 0, 1), UNCLIPPED)

    frame = next(frames)

    assert frame.x0_hat.is_inference()
    assert not torch.is_inference_mode_enabled()


@pytest.mark.slow
def test_the_command_line_takes_every_option(run_cli, tmp_path, monkeypatch):
    from shelved import write_checkpoint

    from genlab.models.ddpm import CARDS

    write_checkpoint(tmp_path, CARDS[0])
    out = tmp_path / "grid.png"

    code, text, error = run_cli(
        "sample", CARDS[0].name, "--checkpoints", tmp_path, "--out", out, "--count", 2, "--json",
        "--steps", 3, "--sampler", "dpm-solver++", "--label", 7, "--guidance", 2.5,
    )  # fmt: skip

    assert (code, error) == (0, "")
    assert json.loads(text)["options"] == {
        "label": 7, "steps": 3, "sampler": "dpm-solver++", "eta": 0.0, "guidance": 2.5,
    }  # fmt: skip
    assert out.exists()
    refused = run_cli("sample", CARDS[0].name, "--checkpoints", tmp_path, "--out", out,
                      "--steps", 1001)  # fmt: skip
    assert refused[0] == 2
    assert "from 1 to 1000" in refused[2]

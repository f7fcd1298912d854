"""What a run from noise to images sends to the browser, and what follows from it there."""

import base64
import json
from dataclasses import replace
from itertools import pairwise

import gradio as gr
import numpy as np
import pytest
import torch
from diffusion_toys import tiny_ddpm
from test_whole_app import assert_plain

from genlab.core.noise_schedule import CLEAN, cosine_schedule, spaced_steps
from genlab.inference.diffusion import DiffusionSettings, stream_diffusion
from genlab.inference.diffusion_steps import choose_step
from genlab.inference.image_noise import ImageNoise
from genlab.ui.canvas.trajectory import TrajectoryPlayer
from genlab.ui.canvas.trajectory_payload import (
    LARGEST_RUN,
    MOST_KEPT,
    Bill,
    TrajectoryEncoder,
    Weights,
    plan_steps,
)
from genlab.ui.diffusion.one_step import mean_weights

MODEL = tiny_ddpm(size=(8, 12), steps=100)
SAMPLERS = {
    "ddim": DiffusionSettings(10),
    "ddim with luck": DiffusionSettings(10, eta=0.7),
    "ddpm": DiffusionSettings(10, "ddpm"),
    "dpm-solver++": DiffusionSettings(10, "dpm-solver++"),
}
NEEDED = {"ddim": "", "ddim with luck": "z", "ddpm": "z", "dpm-solver++": "before"}
every_sampler = pytest.mark.parametrize("name", SAMPLERS)


def run(settings, *, kept=None, extra="", images=2, model=MODEL):
    """The frames of a run and their payload; the page's own way of making it is tried elsewhere."""
    noise = ImageNoise(model.spec, 3, images)
    frames = list(stream_diffusion(model, noise, settings))
    kept = tuple(range(1, len(frames) + 1)) if kept is None else kept
    encoder = make_encoder(settings, kept, extra, images, frames)
    lines = [encoder.header()]
    for before, frame in pairwise([None, *frames]):
        if frame.step in kept:
            lines.append(encode(encoder, settings, before, frame))
    return frames, "".join(lines)


def make_encoder(settings, kept, extra, images, frames):
    times = tuple(frames[step - 1].t for step in kept)
    return TrajectoryEncoder(
        run="a", caption="b | c", sampler=settings.sampler, eta=settings.eta, rows=8, cols=12,
        images=images, seed=3, total=len(frames), kept=kept, times=times,
        alpha_bars=tuple(MODEL.schedule.alpha_bar(t) for t in times), extra=extra,
    )  # fmt: skip


def encode(encoder, settings, before, frame):
    rule = choose_step(settings.sampler, settings.eta)
    weights = mean_weights(
        rule, MODEL.schedule, frame.t, frame.t_next, t_before=None if before is None else before.t
    )
    return encoder.line(
        frame, weights, MODEL.schedule.alpha_bar(frame.t_next), Bill(1, 2, 0.5),
        None if before is None else before.x0_hat,
    )  # fmt: skip


def read(payload):
    """The header and the steps, read with nothing but the format's description at hand."""
    header, *lines = payload.splitlines()
    header, steps = json.loads(header), []
    cells = header["images"] * header["rows"] * header["cols"]
    for line in lines:
        numbers, content = line.split("|")
        content = base64.b64decode(content)
        blocks = [np.frombuffer(content[: 4 * cells], "<f4").astype(float)]
        for at in range(4 * cells, len(content), 3 * cells):
            triples = np.frombuffer(content[at : at + 3 * cells], np.uint8).reshape(-1, 3)
            wide = np.pad(triples, ((0, 0), (1, 0))).copy().view("<i4")[:, 0] // 256
            blocks.append(wide * 2.0**-20)
        steps.append((json.loads(numbers), blocks))
    return header, steps


def recompute(header, steps, index):
    """ε̂, the mean and z of a kept step, as the browser has them."""
    numbers, (x, guess, *more) = steps[index]
    alpha_bar = header["alpha_bars"][index]
    noise = (x - alpha_bar**0.5 * guess) / (1 - alpha_bar) ** 0.5
    before = np.zeros_like(x)
    if header["extra"] == "before":
        before = more[0]
    elif index and not header["extra"]:
        before = steps[index - 1][1][1]
    mean = sum(w * v for w, v in zip(numbers["weights"], (x, noise, guess, before), strict=True))
    if not numbers["std"]:
        return noise, mean, None
    z = more[0] if header["extra"] else (steps[index + 1][1][0] - mean) / numbers["std"]
    return noise, mean, z


def flat(tensor):
    return tensor.flatten().numpy()


# — the weights —


@every_sampler
def test_the_weights_are_those_of_the_rule(name):
    settings = SAMPLERS[name]
    frames, _ = run(settings)

    for before, frame in pairwise([None, *frames]):
        rule = choose_step(settings.sampler, settings.eta)
        got = mean_weights(
            rule, MODEL.schedule, frame.t, frame.t_next, t_before=before and before.t
        )
        earlier = 0 if before is None else before.x0_hat
        mean = (
            got.x_t * frame.x_t
            + got.noise * frame.predicted_noise
            + got.x0_hat * frame.x0_hat
            + got.before * earlier
        )
        torch.testing.assert_close(mean, frame.mean, rtol=0, atol=1e-12)


def test_a_ddim_step_without_luck_is_made_of_image_and_noise_alone():
    schedule = cosine_schedule(100)

    got = mean_weights(choose_step("ddim"), schedule, 60, 40, t_before=80)

    alpha_bar = schedule.alpha_bar(40)
    assert got == Weights(
        0.0, pytest.approx((1 - alpha_bar) ** 0.5), pytest.approx(alpha_bar**0.5), 0.0
    )


# — the stream —


@every_sampler
@pytest.mark.parametrize("is_sparse", [False, True])
def test_all_numbers_of_a_step_follow_from_what_is_sent(name, is_sparse):
    kept = (1, 4, 7, 10) if is_sparse else None
    frames, payload = run(SAMPLERS[name], kept=kept, extra=NEEDED[name] if is_sparse else "")

    header, steps = read(payload)

    assert [numbers["step"] for numbers, _ in steps] == list(kept or range(1, 11))
    for index, (numbers, (x, guess, *_)) in enumerate(steps):
        frame = frames[numbers["step"] - 1]
        np.testing.assert_array_equal(x, flat(frame.x_t.float()))
        np.testing.assert_allclose(guess, flat(frame.x0_hat), rtol=0, atol=5e-7)
        noise, mean, z = recompute(header, steps, index)
        np.testing.assert_allclose(noise, flat(frame.predicted_noise), rtol=0, atol=2e-5)
        np.testing.assert_allclose(mean, flat(frame.mean), rtol=0, atol=3e-6)
        assert (z is None) == (frame.std == 0)
        if z is not None:
            np.testing.assert_allclose(z, flat(frame.z), rtol=0, atol=1e-4)


@every_sampler
def test_a_step_becomes_the_next_one(name):
    _, payload = run(SAMPLERS[name])
    header, steps = read(payload)

    for index in range(len(steps) - 1):
        _, mean, z = recompute(header, steps, index)
        becomes = mean if z is None else mean + steps[index][0]["std"] * z
        np.testing.assert_allclose(becomes, steps[index + 1][1][0], rtol=0, atol=3e-6)


def test_what_is_clipped_arrives_as_exactly_one():
    frames, payload = run(DiffusionSettings(10))
    clipped = [flat(frame.x0_hat.abs()) == 1 for frame in frames]
    index = next(i for i, each in enumerate(clipped) if each.any() and not each.all())
    is_clipped = clipped[index]

    guess = read(payload)[1][index][1][1]

    np.testing.assert_array_equal(np.abs(guess) == 1, is_clipped)


def test_the_header_and_every_line_end_where_the_next_begins():
    _, payload = run(DiffusionSettings(4))

    lines = payload.splitlines(keepends=True)

    assert len(lines) == 5 and all(line.endswith("\n") for line in lines)
    assert json.loads(lines[0])["caption"] == "b | c"
    assert json.loads(lines[0])["times"] == spaced_steps(100, 4)
    assert json.loads(lines[-1].split("|")[0])["t_next"] == CLEAN


def test_pictures_of_another_size_are_refused():
    settings = DiffusionSettings(4)
    frames, _ = run(settings)
    encoder = replace(make_encoder(settings, (1,), "", 2, frames), rows=7)

    with pytest.raises(ValueError, match="x_t must be"):
        encode(encoder, settings, None, frames[0])


# — which steps —


@pytest.mark.parametrize("total", [1, 2, 4, 50, 64, 65, 100, 250, 999, 1000])
@pytest.mark.parametrize("pixels", [784, 4 * 784])
@pytest.mark.parametrize("needed", ["", "z", "before"])
def test_the_kept_steps_are_even_and_fit(total, pixels, needed):
    kept, extra = plan_steps(total, pixels=pixels, extra_in_gaps=needed)

    assert kept[0] == 1 and kept[-1] == total
    apart = {later - step for step, later in pairwise(kept[:-1])}
    assert len(apart) <= 1 and (
        len(kept) < 2 or 0 < kept[-1] - kept[-2] <= max(apart, default=total)
    )
    assert len(kept) <= MOST_KEPT
    each = 10 if extra else 7
    assert len(kept) * pixels * each * 4 / 3 <= LARGEST_RUN
    assert extra == ("" if len(kept) == total else needed)


def test_four_images_of_fifty_steps_are_sent_whole():
    assert plan_steps(50, pixels=4 * 784, extra_in_gaps="z") == (tuple(range(1, 51)), "")


def test_no_more_steps_are_left_out_than_must_be():
    kept, _ = plan_steps(1000, pixels=784, extra_in_gaps="")

    apart = kept[1] - kept[0]
    assert len({*range(1, 1001, apart - 1), 1000}) > MOST_KEPT


# — the component —


def test_the_player_s_settings_are_plain_data():
    assert_plain(TrajectoryPlayer(label="A way"))


def test_the_player_is_no_input():
    with pytest.raises(gr.Error, match="Reload the page"):
        TrajectoryPlayer(label="A way").preprocess("x")

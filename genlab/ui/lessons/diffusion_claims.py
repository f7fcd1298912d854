"""*Common mistakes* about diffusion, each tried on the spot: on the schedule, or on the network."""

import torch
from torch import Tensor

from genlab.core.frames import last
from genlab.core.noise_schedule import NoiseSchedule, linear_schedule
from genlab.core.protocols import Denoiser
from genlab.inference.diffusion_steps import ddpm_step, predict
from genlab.inference.forward_diffusion import add_noise, stream_forward, to_images, to_signal
from genlab.inference.image_noise import ImageNoise
from genlab.store import ModelStore
from genlab.ui.closer import Claim
from genlab.ui.lessons import diffusion_runs as runs
from genlab.ui.lessons.diffusion_example import examples_of

SEED = 0
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)  # of the way through a schedule
NOISINESS = (0.1, 0.3, 0.5, 0.7, 0.9)  # shares of the way at which the network is asked
BATCH = 6  # examples of the training batch that is shown


def claims(store: ModelStore) -> tuple[Claim, ...]:
    """The cards; their checks take the name of a denoiser's card."""
    return (
        Claim(
            "After t steps the signal has the amplitude ᾱₜ.",
            "Its amplitude is √ᾱₜ. ᾱₜ is what is left of its variance, while the noise has the "
            "variance 1 − ᾱₜ.",
            lambda name: check_amplitude(store, name),
        ),
        Claim(
            "A linear schedule makes the signal vanish linearly.",
            "β grows linearly. The signal is the product of all √(1 − β) so far, which bends.",
            lambda name: check_linear(store, name),
        ),
        Claim(
            "The network removes a little noise at each step.",
            "It says at once what all of the noise is, and so what the whole picture x̂₀ is. The "
            "sampler goes only a part of the way there, because the first answers are vague.",
            lambda name: check_at_once(store, name),
        ),
        Claim(
            "Training walks through all steps, one after the other.",
            "Each example gets one random step, reached in one jump. Neighbours in a batch have "
            "other steps and do not know of one another.",
            lambda name: check_batch(store, name),
        ),
        Claim(
            "More steps are always better.",
            "Each doubling costs as many passes again. Without luck it moves a picture little once "
            "that has settled. Whether pictures get better must be measured.",
            lambda name: runs.check_more_steps(store, name),
        ),
        Claim(
            "The same seed gives the same picture, whatever the sampler.",
            "Nearly so for samplers without luck (η = 0), which follow one path. A sampler with "
            "luck adds fresh noise at each step, and ends elsewhere.",
            lambda name: runs.check_same_seed(store, name),
        ),
        Claim(
            "More guidance makes better pictures.",
            "It makes pictures more typical of their class, at twice the passes, and more like "
            "one another. A class has more than one kind of picture.",
            lambda name: runs.check_guidance(store, name),
        ),
    )


def one_of_each(store: ModelStore, name: str) -> tuple[Tensor, Tensor]:
    """The first example of each class, (N, 1, 28, 28) in [0, 1], and their classes, (N,)."""
    found = examples_of(store, name)
    step = len(found.images) // len(found.classes)
    return found.images[::step] / 255, found.labels[::step]


def check_amplitude(store: ModelStore, name: str) -> str:
    """Small steps until half of the variance is gone; then how much of x_0 is in x_t."""
    schedule, images = store.get(name).schedule, one_of_each(store, name)[0]
    t = int((schedule.alpha_bars - 0.5).abs().argmin())
    x_t = walk_to(store.get(name), images, t)
    amplitude, rest = split(x_t, to_signal(images))
    alpha_bar = schedule.alpha_bar(t)
    return (
        f"{len(images)} examples walked {t + 1} small steps of this card's schedule; what part of "
        f"$x_t$ looks like $x_0$ was measured ({images.numel():,} pixels):\n\n"
        "| | measured | formula |\n|---|---:|---:|\n"
        f"| amplitude of $x_0$ | **{amplitude:.3f}** | "
        rf"$\sqrt{{\bar\alpha_t}}$ = **{alpha_bar**0.5:.3f}** |"
        "\n"
        rf"| its square: what is left of the variance | {amplitude**2:.3f} | $\bar\alpha_t$ = "
        f"{alpha_bar:.3f} |\n"
        rf"| variance of the rest | {rest:.3f} | $1 - \bar\alpha_t$ = {1 - alpha_bar:.3f} |"
        "\n\nOther noise moves the measured numbers by about a hundredth."
    )


@torch.inference_mode()
def walk_to(model: Denoiser, images: Tensor, t: int) -> Tensor:
    """x_t after all small steps from 0 to t, (B, C, H, W) float64."""
    until = NoiseSchedule(model.schedule.betas[: t + 1])
    return last(stream_forward(until, images, ImageNoise(model.spec, SEED, len(images)))).x_t


def split(x_t: Tensor, x_0: Tensor) -> tuple[float, float]:
    """How much of x_0 is in x_t, by least squares, and the mean square of what is left."""
    amplitude = ((x_t * x_0).sum() / x_0.square().sum()).item()
    return amplitude, (x_t - amplitude * x_0).square().mean().item()


def check_linear(store: ModelStore, name: str) -> str:
    """What is left of the signal along a linear schedule, and when half of it is gone."""
    own = store.get(name).schedule
    linear = linear_schedule(own.steps)
    rows = []
    for share in SHARES:
        t = round(share * (own.steps - 1))
        left = linear.alpha_bar(t) ** 0.5
        rows.append(f"| {t} | {linear.betas[t]:.5f} | {1 - share:.2f} | **{left:.3f}** |")
    return (
        f"β from {linear.betas[0]:g} to {linear.betas[-1]:g} in {own.steps} steps, and the "
        "signal's amplitude:\n\n"
        r"| $t$ | β | if it fell evenly | $\sqrt{\bar\alpha_t}$ |"
        "\n|---:|---:|---:|---:|\n" + "\n".join(rows) + "\n\nHalf of the amplitude is gone "
        f"{half_gone(linear)}; in an even fall it would be at t = {own.steps // 2}, and in this "
        f"card's own schedule it is {half_gone(own)}. With another number of steps these differ."
    )


def half_gone(schedule: NoiseSchedule) -> str:
    """From which step on less than half of the signal's amplitude is left, in words."""
    gone = (schedule.alpha_bars.sqrt() < 0.5).nonzero()
    return f"at t = **{int(gone[0])}**" if len(gone) else "**never**, with so few steps"


@torch.inference_mode()
def check_at_once(store: ModelStore, name: str) -> str:
    """How far the picture that one pass sees is from the clean one, and what one step changes."""
    model, images = store.get(name), one_of_each(store, name)[0][::2]
    last_step = model.schedule.steps - 1
    steps = [round(share * last_step) for share in NOISINESS]
    rows = []
    for t in steps:
        noisy, stepped, seen = errors_at(model, images, t)
        rows.append(f"| {t} | {noisy:.4f} | {stepped:.4f} | **{seen:.4f}** |")
    return (
        f"{len(images)} examples that the network has not seen, not told their class, drowned in "
        f"one jump; one pass each. Distance of a pixel from the clean picture (black to white is "
        "1):\n\n| $t$ | noisy | after one step of DDPM | x̂₀ of the same pass |\n"
        "|---:|---:|---:|---:|\n" + "\n".join(rows) + f"\n\nThe step is one of {last_step + 1:,}, "
        "without its fresh noise. Both come from one answer of the network. Other noise and "
        "other pictures give somewhat other numbers."
    )


def errors_at(model: Denoiser, images: Tensor, t: int) -> tuple[float, float, float]:
    """Root mean squares of what x_t, one step of DDPM from there and x̂_0 show, less the images."""
    noise = ImageNoise(model.spec, SEED, len(images)).draw()
    seen = predict(model, add_noise(model.schedule, to_signal(images), t, noise), t)
    stepped = ddpm_step(seen, None, model.schedule.alpha_bar(t - 1)).mean
    noisy, after, at_once = (
        (to_images(x) - images).square().mean().sqrt().item()
        for x in (seen.x_t, stepped, seen.x0_hat)
    )
    return noisy, after, at_once


@torch.inference_mode()
def check_batch(store: ModelStore, name: str) -> str:
    """A small batch as training deals it: the random steps, their losses, and one of them alone."""
    model, (images, labels) = store.get(name), one_of_each(store, name)
    generator = torch.Generator().manual_seed(SEED)
    places = torch.randperm(len(images), generator=generator)[:BATCH]
    t = torch.randint(model.schedule.steps, (len(places),), generator=generator)
    labels = labels[places].clamp(max=model.null_label)  # of a fork's model that knows fewer
    errors = velocity_errors(model, images[places], labels, t)
    alone = velocity_errors(model, images[places[:1]], labels[:1], t[:1]).item()
    apart = abs(alone - errors[0].item())
    weights = model.schedule.velocity_weights[t].tolist()
    rows = [
        f"| {step} | {error:.4f} | {weight:.4f} | {weight * error:.5f} |"
        for step, error, weight in zip(t.tolist(), errors.tolist(), weights, strict=True)
    ]
    return (
        f"{len(places)} examples, each with a step of its own, **one** pass for all:\n\n"
        "| $t$ | error of $v$ | weight | loss |\n|---:|---:|---:|---:|\n"
        + "\n".join(rows)
        + f"\n\nThe first of them alone has the same error, but for **{apart:.9f}**. A walk would "
        f"need {model.schedule.steps:,} passes for one example. The steps are drawn anew each time."
    )


def velocity_errors(model: Denoiser, images: Tensor, labels: Tensor, t: Tensor) -> Tensor:
    """Mean squares of v's error, (B,); that of ε is √ᾱ times as large, x_t being known.

    Args:
        labels, t: (B,) int64 each.
    """
    noise = ImageNoise(model.spec, SEED, len(images)).draw()
    signal, rest = model.schedule.amplitudes(t)
    found = model.predict_noise(signal * to_signal(images) + rest * noise, t, labels)
    return ((found - noise) / signal).square().flatten(1).mean(dim=1)

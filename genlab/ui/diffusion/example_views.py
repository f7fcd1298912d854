"""What the page of one training example shows: panels, the loss in numbers, the loss over t."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genlab.analysis.forward_noise import (
    OpenedExamples,
    kept_steps,
    open_examples,
    open_over_time,
)
from genlab.core.noise_schedule import LEAST_WEIGHT, MOST_WEIGHT
from genlab.core.protocols import Denoiser
from genlab.inference.forward_diffusion import to_images
from genlab.inference.image_noise import ImageNoise
from genlab.inference.latent import MAX_SEED
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas.panels import Panel, ShownPicture
from genlab.ui.diffusion.asked import asked_label, asked_model
from genlab.ui.drawing.curves import Axis, Curve, draw_curves
from genlab.ui.latent import codes

GROUP = "Picture"
FIRST = {"mnist": {GROUP: [32]}, "fashion-mnist": {GROUP: [82]}}  # a three, a bag
TIMES = 20  # of the curve
NOISES = 4  # at each of them
HEIGHTS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)  # of the curve's axis
LOOKS = {"mean": ("#0072B2", ""), "lowest": ("#56B4E9", "2 3"), "highest": ("#56B4E9", "6 3")}
LARGEST_PANEL = 7.9  # of a signed value; a panel sends no more than 8

ASKED = (Panel("x₀"), Panel("ε, noise", signed=True), Panel("xₜ"), Panel("v, asked", signed=True))
ANSWERED = (
    Panel("v̂, answered", signed=True),
    Panel("v̂ − v", signed=True),
    Panel("ε̂", signed=True),
    Panel("x̂₀"),
)

Losses = list[list[float]]
"""For each of the times, the loss with each of the noises."""


def image_of(store: ModelStore, name: str, places: Sequence[int]) -> Tensor:
    """The chosen example, (1, C, H, W) in [0, 1]; the page's first one where none is chosen."""
    chosen = places or FIRST[codes.data_name(store, name)][GROUP]
    return codes.example_images(store, name)[list(chosen[:1])]


def noise_of(model: Denoiser, seed: object) -> Tensor:
    """ε of the example and of the curve's others, (NOISES, C, H, W); the example's is the first."""
    number = kit.whole_number(seed, "Seed", 0, MAX_SEED - NOISES + 1)
    return ImageNoise(model.spec, number, NOISES).draw()


def show(
    store: ModelStore, name: object, label: object, places: Sequence[int], seed: object, t: object
) -> tuple[list[ShownPicture], list[ShownPicture], str]:
    """Panels of what is asked and of what is answered, and the loss in words."""
    model = asked_model(store, name)
    step = kit.whole_number(t, "t", 0, model.schedule.steps - 1)
    opened = open_examples(
        model,
        image_of(store, name, places),
        torch.tensor([step]),
        noise_of(model, seed)[:1],
        asked_label(model, label),
    )
    return asked_panels(opened), answered_panels(opened), describe(model, opened, step)


def asked_panels(opened: OpenedExamples) -> list[ShownPicture]:
    """x₀, ε, xₜ and v."""
    return [
        ShownPicture(_grey(opened.x_0)),
        ShownPicture(_signed(opened.noise), "mean 0, variance 1"),
        ShownPicture(_grey(opened.x_t), "the network sees this"),
        ShownPicture(_signed(opened.v), "√ᾱ · ε − √(1 − ᾱ) · x₀"),
    ]


def answered_panels(opened: OpenedExamples) -> list[ShownPicture]:
    """v̂, its error, and the noise and the image that follow from it."""
    return [
        ShownPicture(_signed(opened.v_hat)),
        ShownPicture(_signed(opened.v_hat - opened.v), f"mean square {_short(opened.v_error)}"),
        ShownPicture(_signed(opened.noise_hat), f"error {_short(opened.noise_error)}"),
        ShownPicture(_grey(opened.x0_hat), f"error {_short(opened.x0_error)}"),
    ]


def describe(model: Denoiser, opened: OpenedExamples, t: int) -> str:
    """The loss with this example's numbers in it."""
    alpha_bar, snr = model.schedule.alpha_bar(t), model.schedule.snr[t].item()
    weight, error = opened.weight.item(), opened.v_error.item()
    return (
        f"**Loss at t = {t}: {_short(opened.loss)}**\n\n"
        rf"$$L = \frac{{\min(\max(\mathrm{{SNR}}_t,\ {LEAST_WEIGHT:g}),\ {MOST_WEIGHT:g})}}"
        r"{\mathrm{SNR}_t + 1}\cdot\overline{(\hat v - v)^2}"
        rf" = {kit.tex(weight)} \cdot {kit.tex(error)} = {kit.tex(weight * error)}$$"
        "\n\nHere $\\mathrm{SNR}_t = \\bar\\alpha_t / (1 - \\bar\\alpha_t) = "
        f"{kit.tex(snr)}$. One answer is wrong in three units at once:\n\n"
        "| mean square error, a pixel | share of v's | here |\n|---|---|---|\n"
        f"| of v | 1 | {_short(opened.v_error)} |\n"
        f"| of ε | $\\bar\\alpha_t = {kit.tex(alpha_bar)}$ | {_short(opened.noise_error)} |\n"
        f"| of x₀ | $1 - \\bar\\alpha_t = {kit.tex(1 - alpha_bar)}$ | "
        f"{_short(opened.x0_error)} |\n\n"
        f"{_unit(snr)} The error of ε alone would hardly count the noisiest steps, where the "
        "picture is decided; that of x₀ alone would hardly count the last ones, which sharpen it."
    )


def _unit(snr: float) -> str:
    """Which of the three errors the loss is, up to a factor."""
    if snr <= LEAST_WEIGHT:
        return f"The SNR is at most {LEAST_WEIGHT:g} here, so the loss is just the error of x₀."
    if snr <= MOST_WEIGHT:
        return (
            f"The SNR is between {LEAST_WEIGHT:g} and {MOST_WEIGHT:g} here, so the loss is just "
            "the error of ε."
        )
    return (
        f"The SNR is above {MOST_WEIGHT:g} here, so the loss is {MOST_WEIGHT:g} times the error of "
        "x₀."
    )


def measure_losses(
    store: ModelStore, name: object, label: object, places: Sequence[int], seed: object
) -> Losses:
    """The loss of one picture over the times of the curve, with a few noises each; one pass."""
    model = asked_model(store, name)
    times = kept_steps(model.schedule.steps, TIMES)
    opened = open_over_time(
        model,
        image_of(store, name, places)[0],
        times,
        noise_of(model, seed),
        asked_label(model, label),
    )
    return opened.loss.unflatten(0, (len(times), NOISES)).tolist()


def draw_losses(steps: int, losses: Losses, t: int) -> str:
    """The curve with a cursor at t, and how much to trust it."""
    if not losses:
        return "The curve is being computed."
    times = kept_steps(steps, TIMES)
    rows = {
        "mean": [sum(each) / len(each) for each in losses],
        "lowest": [min(each) for each in losses],
        "highest": [max(each) for each in losses],
    }
    curves = [
        Curve(f"{name} of {NOISES} noises", tuple(zip(times, row, strict=True)), *LOOKS[name])
        for name, row in rows.items()
    ]
    top = max(rows["highest"])
    high = next((each for each in HEIGHTS if each >= top), top)
    marks = tuple(round(share * (steps - 1)) for share in (0, 0.25, 0.5, 0.75, 1))
    drawn = draw_curves(
        curves,
        Axis("t", 0, steps - 1, marks),
        Axis("weighted loss", 0, high, (0, high / 2, high)),
        label=f"Loss of this picture over t; at t = {t} the mean is {curves[0].at(t):.3g}",
        name="loss-over-t",
        cursor=t,
    )
    return drawn + _trust(losses)


def _trust(losses: Losses) -> str:
    ratios = sorted(max(each) / min(each) for each in losses if min(each) > 0)
    spread = ratios[len(ratios) // 2] if ratios else math.nan
    return (
        f"<p>{len(losses)} values of t, {NOISES} noises each; between them it is a straight line. "
        f"At a typical t the worst noise costs {spread:.1f} times the best. Training averages over "
        "a batch of other pictures, other t and other noises in every step.</p>"
    )


def _grey(x: Tensor) -> NDArray[np.float32]:
    """The first picture, from [−1, 1] to [0, 1]."""
    return to_images(x)[0, 0].numpy()


def _signed(x: Tensor) -> NDArray[np.float64]:
    return x[0, 0].clamp(-LARGEST_PANEL, LARGEST_PANEL).numpy()


def _short(value: Tensor) -> str:
    return f"{value.item():.3g}"

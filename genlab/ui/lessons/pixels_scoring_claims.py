"""*Common mistakes* about what is given: completion, likelihood, classes, the training pass."""

import math

import torch
from torch import Tensor

from genlab import data
from genlab.analysis.likelihood import class_nats, pixel_nats
from genlab.core.protocols import Autoregressive
from genlab.inference.autoregressive import draw_uniforms, stream_pixels
from genlab.inference.completion import complete
from genlab.store import ModelStore
from genlab.ui.closer import Claim
from genlab.ui.lessons.pixels_examples import (
    conditional_of,
    first_example,
    model_of,
    some_of_each,
    told,
)

SEED, VARIANTS = 0, 4
ERASED = slice(8, 20)  # rows; what is above and below is kept
SCORED = 1  # examples of each class: a pass for each of them and each class
LEVELS = (2, 8, 256)
ROUNDING = 1e-4  # nats of a pixel; ten times what float32 does to the shipped cards


def completion_claims(store: ModelStore) -> tuple[Claim, ...]:
    """The card about completion; its check takes the name of a card."""
    return (
        Claim(
            "The completion fits what I keep below the gap.",
            "Only by luck. The model draws in reading order, so an erased pixel knows the kept "
            "ones before it and none behind it.",
            lambda name: check_below(store, name),
        ),
    )


def likelihood_claims(store: ModelStore) -> tuple[Claim, ...]:
    """The cards about likelihood; their checks take the name of a card."""
    return (
        Claim(
            "For p(class | x) the mean log-likelihood of a pixel does as well as the sum.",
            "The order of the classes stays, the probabilities do not: Bayes' rule wants p(x | "
            "class), the whole product, times how frequent the class is.",
            lambda name: check_bayes(store, name),
        ),
        Claim(
            "Bits/dim make all models comparable.",
            "Only of the same pictures in the same levels. Rounding throws away what the others "
            "have to pay for.",
            lambda name: check_levels(store, name),
        ),
    )


def training_claims(store: ModelStore) -> tuple[Claim, ...]:
    """The card about training; its check takes the name of a card."""
    return (
        Claim(
            "Training, too, must go pixel by pixel, or it would train something else.",
            "In training all pixels are known, and the masks hide the later ones. One pass gives "
            "the very losses that a walk through the pixels gives.",
            lambda name: check_parallel(store, name),
        ),
    )


# — completion —


def check_below(store: ModelStore, name: str) -> str:
    """How many drawn pixels change with what is kept behind the gap, and with what is before it."""
    model, (pixels, _) = model_of(store, name), first_example(store, name)
    kept = torch.ones(pixels.shape[1:], dtype=torch.bool)
    kept[ERASED] = False
    plain, below, above = (
        complete(model, each, kept, seed=SEED, count=VARIANTS)[..., ERASED, :]
        for each in (
            pixels,
            inverted(model, pixels, slice(ERASED.stop, None)),
            inverted(model, pixels, slice(0, ERASED.start)),
        )
    )
    of_all = f"of {plain.numel():,} drawn pixels"
    return (
        f"Rows {ERASED.start} to {ERASED.stop - 1} of a test picture are erased and drawn "
        f"{VARIANTS} times, with the same seeds each time. All kept pixels **below** turned into "
        f"their opposite: **{int((below != plain).sum())}** {of_all} change. All kept pixels "
        f"**above** turned instead: **{int((above != plain).sum())}**."
    )


def inverted(model: Autoregressive, pixels: Tensor, rows: slice) -> Tensor:
    """The picture, (C, H, W) int64, with some rows turned into their opposite."""
    turned = pixels.clone()
    turned[:, rows] = model.spec.levels - 1 - turned[:, rows]
    return turned


# — likelihood —


def check_bayes(store: ModelStore, name: str) -> str:
    """p(class | x) by the sum and by the mean over pixels, and what a prior would have to be."""
    card, model = conditional_of(store, name)
    pixels, labels = some_of_each(store, card, SCORED)
    nats = class_nats(model, pixels)  # (N, classes)
    right = int((nats.argmin(dim=1) == labels).sum())
    by_sum, by_mean = sureness(nats, pixels[0].numel())
    gaps = nats.sort(dim=1).values.diff(dim=1)[:, 0]  # (N,) nats between the best two classes
    return (
        f"{len(pixels)} test pictures, {store.card(card).title}, all classes equally frequent: "
        f"the likeliest class is the right one **{right}** times, either way. How sure it is of "
        "it, on average:\n\n| from | p of the likeliest class |\n|---|---:|\n"
        f"| the sum, Bayes' rule | **{by_sum:.3f}** |\n| the mean over pixels | **{by_mean:.3f}** "
        f"|\n| knowing nothing | {1 / nats.shape[1]:.3f} |\n\n"
        f"The prior counts, too: the least sure of these pictures has its best two classes "
        f"{gaps.min().item():.2f} nats apart, so a prior of {_odds(gaps.min().item())} for the "
        f"other one turns the answer. For the median picture it takes "
        f"{_odds(gaps.median().item())}."
    )


def sureness(nats: Tensor, values: int) -> tuple[float, float]:
    """The mean p of the likeliest class by the sum, and by the mean over `values` pixels."""
    by_sum, by_mean = (-nats).softmax(dim=1), (-nats / values).softmax(dim=1)
    return by_sum.amax(dim=1).mean().item(), by_mean.amax(dim=1).mean().item()


def _odds(nats: float) -> str:
    """e^nats to 1."""
    if nats < math.log(1000):
        return f"{math.exp(nats):.1f} to 1"
    power = f"{nats / math.log(10):.0f}".translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"about 10{power} to 1"


def check_levels(store: ModelStore, name: str) -> str:
    """What one and the same simple model pays for the same pictures in several levels."""
    images = data.examples("mnist").images
    rows = [
        f"| {levels} | {math.log2(levels):g} | **{histogram_bits(images, levels):.3f}** |"
        for levels in LEVELS
    ]
    own = model_of(store, name).spec.levels
    return (
        f"The {len(images)} shipped digits in several levels, and the simplest model there is: "
        "every pixel by itself, by the histogram of all pixels.\n\n"
        "| levels | most it could pay, bits/dim | pays, bits/dim |\n|---:|---:|---:|\n"
        + "\n".join(rows)
        + f"\n\nThe model did not get worse from row to row: the pictures got finer. The chosen "
        f"card knows {own} levels; compare it with models of {own} levels."
    )


def histogram_bits(images: Tensor, levels: int) -> float:
    """Bits a pixel that the pictures' own histogram pays for them, rounded to `levels`."""
    counts = data.to_levels(images, levels).flatten().bincount(minlength=levels)
    return torch.special.entr(counts / counts.sum()).sum().item() / math.log(2)


# — training —


def check_parallel(store: ModelStore, name: str) -> str:
    """The losses of one pass beside those of a walk through the pixels, with the largest gap."""
    model, (pixels, label) = model_of(store, name), first_example(store, name)
    labels = told(model, label)
    at_once = pixel_nats(model, pixels[None], labels)[0, 0]  # (H, W)
    walked, steps = walk(model, pixels, labels)
    apart = (walked - at_once).abs().max().item()
    return (
        f"A test picture. One pass: {at_once.numel()} losses, sum **{at_once.sum():.4f} nats**. "
        f"The cached sampler walked over the same picture in {steps} steps, one after another: "
        f"sum **{walked.sum():.4f} nats**. {tell_apart(apart)}"
    )


def tell_apart(apart: float) -> str:
    """Whether both ways gave the same losses, by the largest difference of a pixel, nats."""
    found = f"The largest difference of a pixel is {apart:.1e} nats"
    if apart <= ROUNDING:
        return f"{found}, no more than the rounding of float32."
    return f"{found}, **more than rounding**: here the two are not the same."


def walk(model: Autoregressive, pixels: Tensor, labels: Tensor | None) -> tuple[Tensor, int]:
    """−ln p of each pixel, (H, W), from a sampler to which all of (1, H, W) is given; its steps."""
    nats = torch.zeros(pixels.shape[1:], dtype=torch.float64)
    uniforms = draw_uniforms(model.spec, SEED, 1)
    steps = 0
    for frame in stream_pixels(model, uniforms, given=pixels[None], labels=labels):
        nats[frame.front[:, 0], frame.front[:, 1]] = math.log(2) * frame.surprise[0].double()
        steps += 1
    return nats, steps

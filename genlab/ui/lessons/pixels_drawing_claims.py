"""*Common mistakes* about drawing: temperature, top-p, likely pictures, reach, the fixed point."""

import math

import torch
from torch import Tensor

from genlab.analysis.diversity import mean_pairwise_distance
from genlab.analysis.likelihood import image_nats
from genlab.analysis.receptive_field import logit_gradients
from genlab.core.frames import last
from genlab.core.images import quantise
from genlab.core.protocols import Autoregressive
from genlab.inference.autoregressive import draw_uniforms, sample, stream_pixels
from genlab.inference.fixed_point import stream_fixed_point
from genlab.inference.top_p import keep_top_p
from genlab.store import ModelStore
from genlab.ui.closer import Claim
from genlab.ui.lessons.pixels_examples import as_in_training, first_example, model_of

SEED = 0
COOL, WARM, TOP_P = 0.5, 2.0, 0.9
HEATS = (1.0, 0.6, 0.3)
PICTURES = 16  # drawn at each temperature
EACH = 2  # test pictures of each class
IN_DOUBT = 0.6  # of the most that a pixel can be in doubt, about which the temperature is tried
RACED = 2  # pictures of the fixed point
KEPT = (None, 20, 16, 14, 12, 8, 0)  # rows of a test picture above the cut; None: all of it
FOOT = 2  # rows at the foot, which are empty in most pictures


def sampling_claims(store: ModelStore) -> tuple[Claim, ...]:
    """The cards about drawing; their checks take the name of a card."""
    return (
        Claim(
            "The temperature divides the probabilities.",
            "It divides the logits. All probabilities divided by the same number are the same "
            "odds as before, and a softmax of probabilities is another model even at T = 1.",
            lambda name: check_temperature(store, name),
        ),
        Claim(
            "Whether top-p or the temperature comes first is a detail.",
            "The temperature decides how much mass the tail has, and so what top-p cuts off. We "
            "take the temperature first.",
            lambda name: check_order(store, name),
        ),
        Claim(
            "A lower temperature draws better pictures: the model finds them likelier.",
            "It finds them far likelier than real ones, and they grow empty and alike. What the "
            "data costs is the mark to meet, not to undercut.",
            lambda name: check_cool(store, name),
        ),
        Claim(
            "It sees all that is drawn already, so it knows that there is a digit.",
            "It sees as many rows up as its layers reach. Where a stroke ended early, all rows in "
            "sight are empty, as they are where a picture begins, so it begins once more: hence "
            "the second strokes at the foot of some samples.",
            lambda name: check_reach(store, name),
        ),
    )


def fixed_point_claims(store: ModelStore) -> tuple[Claim, ...]:
    """The card about the fixed point; its check takes the name of a card."""
    return (
        Claim(
            "The fixed point is an approximation: it stops when little moves.",
            "For the same random numbers there is one picture only that a pass leaves as it is, "
            "and it is the one that drawing pixel by pixel gives. The run ends there.",
            lambda name: check_fixed_point(store, name),
        ),
    )


# — temperature and top-p —


@torch.inference_mode()
def check_temperature(store: ModelStore, name: str) -> str:
    """A pixel's likeliest level under the temperature, and under both mistakes."""
    logits, (row, column) = doubtful_logits(store, name)
    rows = []
    for heat in (1.0, COOL, WARM):
        right, divided, again = (
            each.max().item() for each in under_temperature(logits, heat)
        )  # fmt: skip
        rows.append(f"| {heat:g} | **{right:.4f}** | {divided:.4f} | {again:.4f} |")
    return (
        f"p of the likeliest level at row {row}, column {column} of a test picture:\n\n"
        "| T | softmax(logits / T) | p / T, summed to 1 again | softmax(p / T) |\n"
        "|---:|---:|---:|---:|\n" + "\n".join(rows) + "\n\nThe column of p / T never moves. The "
        "last one is not even the model at T = 1."
    )


def under_temperature(logits: Tensor, heat: float) -> tuple[Tensor, Tensor, Tensor]:
    """A distribution, (levels,), as it should be at this temperature, and as two mistakes do it."""
    chances = logits.softmax(dim=0)
    divided = chances / heat
    return (logits / heat).softmax(dim=0), divided / divided.sum(), divided.softmax(dim=0)


def doubtful_logits(store: ModelStore, name: str) -> tuple[Tensor, tuple[int, int]]:
    """Logits, (levels,), of a pixel of the first example that is in some doubt, and its place."""
    model, (pixels, _) = model_of(store, name), first_example(store, name)
    logits = model.logits(pixels[None])[0, :, 0].double()  # (levels, H, W)
    doubt = torch.special.entr(logits.softmax(dim=0)).sum(dim=0)  # (H, W)
    wanted = IN_DOUBT * math.log(len(logits))
    row, column = divmod(int((doubt - wanted).abs().argmin()), doubt.shape[1])
    return logits[:, row, column], (row, column)


@torch.inference_mode()
def check_order(store: ModelStore, name: str) -> str:
    """At how many pixels the order of temperature and top-p changes the distribution, how far."""
    model, (pixels, _) = model_of(store, name), first_example(store, name)
    logits = model.logits(pixels[None])[0, :, 0].double().movedim(0, -1)  # (H, W, levels)
    first, swapped = in_both_orders(logits, WARM, TOP_P)
    apart = (first - swapped).abs().sum(dim=-1) / 2  # (H, W)
    row, column = divmod(int(apart.argmax()), apart.shape[1])
    kept = [int((each[row, column] > 0).sum()) for each in (first, swapped)]
    chances = [each[row, column].max().item() for each in (first, swapped)]
    return (
        f"With T = {WARM:g} and top-p = {TOP_P:g}, at all pixels of a test picture: the order "
        f"changes the distribution of **{int((apart > 1e-6).sum())} of {apart.numel()}**. The most "
        f"at row {row}, column {column}, where {100 * apart[row, column].item():.1f} % of the mass "
        f"moves: temperature first keeps {kept[0]} of {logits.shape[-1]} levels, the likeliest "
        f"with p = {chances[0]:.3f}; top-p first keeps {kept[1]}, with p = {chances[1]:.3f}."
    )


def in_both_orders(logits: Tensor, heat: float, share: float) -> tuple[Tensor, Tensor]:
    """Distributions, (…, levels), with the temperature before top-p, and behind it."""
    top = torch.tensor(share, dtype=logits.dtype)
    ours = keep_top_p((logits / heat).softmax(dim=-1), top)
    cut = keep_top_p(logits.softmax(dim=-1), top)
    return ours, (cut.log() / heat).softmax(dim=-1)


def check_cool(store: ModelStore, name: str) -> str:
    """What samples at several temperatures cost, how much ink they have, how alike they are."""
    model, real = model_of(store, name), as_in_training(store, name, EACH)
    rows = [_facts(f"{len(real)} test pictures", model, real)]
    for heat in HEATS:
        drawn = sample(model, seed=SEED, count=PICTURES, temperature=heat)
        rows.append(_facts(f"T = {heat:g}", model, quantise(drawn, model.spec.levels)))
    return (
        f"{PICTURES} pictures a temperature, the same seeds, without a class:\n\n"
        "| | nats | mean grey | apart |\n|---|---:|---:|---:|\n" + "\n".join(rows) + "\n\n"
        "*Apart* is the mean distance between two of them, a pixel's root mean square."
    )


def _facts(title: str, model: Autoregressive, pixels: Tensor) -> str:
    nats = image_nats(model, pixels).mean().item()
    greys = pixels / (model.spec.levels - 1)
    apart = mean_pairwise_distance(greys)
    return f"| {title} | **{nats:.1f}** | {100 * greys.mean().item():.1f} % | {apart:.3f} |"


# — how far a network sees —


def check_reach(store: ModelStore, name: str) -> str:
    """What the network expects at the foot of test pictures that end early, and what it sees."""
    model, pixels = model_of(store, name), as_in_training(store, name, EACH)
    drawn = sample(model, seed=SEED, count=PICTURES)
    reach, top = rows_in_reach(model, pixels), pixels.shape[-2] - FOOT
    rows = []
    for kept in KEPT:
        expected = expected_ink(model, cut_off(pixels, kept))[-FOOT:].sum().item()
        seen = in_sight(pixels.shape[-2] if kept is None else kept, top, reach)
        told = "all" if kept is None else kept
        rows.append(f"| {told} | {seen} | **{expected:.3f}** |")
    return (
        f"From row {top}, this network sees **{reach} rows** up. Of {len(pixels)} test pictures "
        "the first rows are kept, all below is black; how many pixels that are not black it then "
        f"expects in the last {FOOT} rows:\n\n"
        "| rows kept | in sight | expected |\n|---:|---:|---:|\n" + "\n".join(rows) + "\n\n"
        "With no kept row in sight, what was drawn cannot matter: the number is that of an empty "
        "picture. Of the pictures that it draws itself, "
        f"**{ending_in_ink(quantise(drawn, model.spec.levels))} of {len(drawn)}** are not black "
        f"there; of the test pictures, **{ending_in_ink(pixels)} of {len(pixels)}**. A deeper "
        "network sees further."
    )


def ending_in_ink(pixels: Tensor) -> int:
    """How many of the pictures, (N, C, H, W), are not black in their last rows."""
    return int(pixels[..., -FOOT:, :].flatten(1).any(dim=1).sum())


def in_sight(kept: int, top: int, reach: int) -> int:
    """How many of the first `kept` rows a network sees from row `top`, `reach` rows up."""
    return min(reach, max(0, kept - (top - reach)))


def cut_off(pixels: Tensor, kept: int | None) -> Tensor:
    """The pictures, (N, C, H, W), with level 0 from row `kept` on; all of them for None."""
    ended = pixels.clone()
    ended[..., slice(kept, None) if kept is not None else slice(0), :] = 0
    return ended


@torch.inference_mode()
def expected_ink(model: Autoregressive, pixels: Tensor) -> Tensor:
    """Mean number of pixels above level 0 that the model expects in each row, (H,) float64.

    Each pixel is expected from those before it, as they stand in the picture.
    """
    chances = model.logits(pixels)[:, :, 0].double().softmax(dim=1)  # (N, levels, H, W)
    return (1 - chances[:, 0]).sum(dim=-1).mean(dim=0)


def rows_in_reach(model: Autoregressive, pixels: Tensor) -> int:
    """How many rows up the prediction of a pixel in the last row can see, by the gradient."""
    _, _, height, width = pixels.shape
    gradients = logit_gradients(model, pixels, target=(height - 1, width // 2))
    seen = (gradients != 0).any(dim=-1).flatten(0, 1).any(dim=0)  # (H,)
    return height - 1 - int(seen.nonzero().min()) if seen.any() else 0


# — the fixed point —


def check_fixed_point(store: ModelStore, name: str) -> str:
    """Both samplers from the same random numbers: are all pixels the same, and after how much."""
    model = model_of(store, name)
    uniforms = draw_uniforms(model.spec, SEED, RACED)
    ancestral = last(stream_pixels(model, uniforms))
    frames = list(stream_fixed_point(model, uniforms))
    end = frames[-1]
    differing = int((end.images != ancestral.images).sum())
    halfway = frames[len(frames) // 2 - 1]
    right = (halfway.images == ancestral.images).double().mean().item()
    final = halfway.final.double().mean().item() / uniforms[0].numel()
    return (
        f"{RACED} pictures from seed {SEED}. The cached sampler: {ancestral.total} steps. Fixed "
        f"point: **{end.step} passes**. Pixels that differ at the end: **{differing} of "
        f"{ancestral.images.numel():,}**.\n\nAfter {halfway.step} passes {100 * right:.1f} % of "
        f"the pixels were right, yet only the first {100 * final:.0f} % could not move any more. "
        "Stopping there would have been an approximation."
    )

"""*Common mistakes* about what a PixelCNN is: what it reads, what its likelihood is worth, levels.

Each check takes the chosen card's network and test pictures in that card's own data and levels.
"""

import math
from collections.abc import Iterator

import torch

from genlab import data
from genlab.analysis.causality import fill_effect, flip_effect, most_doubtful
from genlab.analysis.figure_kinds import KINDS, FigureKind
from genlab.analysis.figures import describe
from genlab.analysis.likelihood import image_nats
from genlab.analysis.rankings import Ranked, rank, tell_agreement
from genlab.core.errors import CheckpointError
from genlab.core.images import ImageSpec, dequantise, quantise
from genlab.core.protocols import Autoregressive, Conditional
from genlab.store import ModelStore, skeleton
from genlab.ui.closer import Claim
from genlab.ui.lessons.pixels_examples import as_in_training, data_of, first_example, model_of

TARGET = (14, 14)  # a pixel amid the picture
FAR_UP, FAR_ASIDE = range(3, 9), range(-4, 5, 2)  # pixels from the target
AMID = slice(10, 20), slice(8, 20)  # rows and columns in which a digit still goes on
NLL, BITS, FID = (next(each for each in KINDS if each.key == key) for key in ("nll", "bits", "fid"))


def claims(store: ModelStore) -> tuple[Claim, ...]:
    """The cards; their checks take the name of a card."""
    return (
        Claim(
            "p(x) is the product of p(xᵢ given xᵢ₋₁).",
            "That is a first-order chain. A PixelCNN conditions on all earlier pixels that its "
            "masks let through, far ones too.",
            lambda name: check_far(store, name),
        ),
        Claim(
            "It matters what the canvas is filled with at the start.",
            "A causal network never reads what is not drawn yet, so the fill changes nothing.",
            lambda name: check_fill(store, name),
        ),
        Claim(
            "A high likelihood means a good picture.",
            "An empty picture is no good one, and yet cheap: black next to black is easy to "
            "foresee. Nor need the model with the better likelihood draw the better pictures.",
            lambda name: check_likely(store, name),
        ),
        Claim(
            "Round to grey levels any way you like.",
            "Making levels of a picture and a picture of levels must be exact inverses, or the "
            "model reads other values than it drew.",
            lambda name: check_rounding(),
        ),
    )


# — what it reads —


def check_far(store: ModelStore, name: str) -> str:
    """A doubtful pixel's distribution before and after the far pixel that moves it most is turned.

    Of two levels it tells p(white), of more the level that moves most.
    """
    model, pixels = model_of(store, name), first_example(store, name)[0][None]
    target = most_doubtful(model, pixels, AMID)
    far = [(target[0] - up, target[1] + aside) for up in FAR_UP for aside in FAR_ASIDE]
    effects = [(flip_effect(model, pixels, target, each), each) for each in far]
    (before, after), (row, column) = max(
        effects, key=lambda effect: (effect[0][0] - effect[0][1]).abs().max().item()
    )
    levels = model.spec.levels
    level = 1 if levels == 2 else int((before - after)[0].abs().argmax())
    there = int(pixels[0, 0, row, column])
    return (
        f"On a test picture, {_chance_of(level, levels)} of row {target[0]}, column {target[1]} is "
        f"**{before[0, level]:.4f}**. With the one pixel of row {row}, column {column} turned from "
        f"{_grey(there, levels)} into {_grey(levels - 1 - there, levels)}, {target[0] - row} rows "
        f"above it, it is **{after[0, level]:.4f}**."
    )


def _chance_of(level: int, levels: int) -> str:
    return "p(white)" if levels == 2 else f"p({_grey(level, levels)})"


def _grey(level: int, levels: int) -> str:
    """What a level is called: 0 is black, the highest white, and what lies between has numbers."""
    return {0: "black", levels - 1: "white"}.get(level, f"level {level} of {levels - 1}")


def check_fill(store: ModelStore, name: str) -> str:
    """How far the logits of a pixel move with what stands in its place and behind it."""
    model, pixels = model_of(store, name), first_example(store, name)[0][None]
    change = fill_effect(model, pixels, TARGET)
    logits = "the logit" if model.spec.levels == 2 else f"each of the {model.spec.levels} logits"
    return (
        "Everything from the pixel on filled with black, with white, with noise: "
        f"{logits} moves by at most **{change:g}**."
    )


# — likelihood —


def check_likely(store: ModelStore, name: str) -> str:
    """What test pictures and an empty one cost, and how the cards of such pictures rank."""
    model, pixels = model_of(store, name), as_in_training(store, name, data.EXAMPLES)
    scores = image_nats(model, pixels)
    empty = image_nats(model, torch.zeros_like(pixels[:1])).item()
    untold = ", without a class," if isinstance(model, Conditional) else ""
    return (
        f"{len(pixels)} test pictures{untold} cost {scores.mean():.1f} nats on average, the "
        f"cheapest of them {scores.min():.1f}. An empty picture costs **{empty:.1f} nats**, less "
        f"than {int((scores > empty).sum())} of them." + compare_cards(store, name)
    )


def compare_cards(store: ModelStore, name: str) -> str:
    """Both figures of the cards about the same pictures and levels; "" for fewer than two."""
    kind, unit = (NLL, "nats") if spec_of(store, name).levels == 2 else (BITS, "bits/dim")
    found = [each for each in rivals(store, name, kind) if each is not None]
    if len(found) < 2:
        return ""
    rows = "\n".join(
        f"| {each.title} | {describe(each.cost)} | {describe(each.distance)} |" for each in found
    )
    return (
        f"\n\nThe cards about such pictures, scored on {min(each.cost.n for each in found):,} of "
        f"them or more:\n\n| | {unit} | {FID.title} |\n|---|---:|---:|\n{rows}\n\n"
        f"{tell_agreement(found, unit=unit)}"
    )


def rivals(store: ModelStore, name: str, kind: FigureKind) -> Iterator[Ranked | None]:
    """The cards about the same pictures in the same levels, None for one that is not measured.

    Their families tell them apart. Bounds stay out: who has the better one need not have the
    better likelihood.
    """
    spec, about = spec_of(store, name), data_of(store, name)
    for card in store.cards_with(Autoregressive):
        if (spec_of(store, card.name), data_of(store, card.name)) == (spec, about):
            try:
                figures = store.card_file(card.name).figures
            except CheckpointError:  # the Models tab says so; the others still compare
                continue
            yield rank(card.family, kind, figures, values=math.prod(spec.shape))


def spec_of(store: ModelStore, name: str) -> ImageSpec:
    """Of a card's pictures."""
    return skeleton(store.card(name)).spec


# — levels —


def check_rounding() -> str:
    """How many levels come back from our own pair of functions, and from a mixed one."""
    levels = torch.arange(8)
    ours = (quantise(dequantise(levels, 8), 8) == levels).sum().item()
    mixed = ((dequantise(levels, 8) * 8).floor().clamp(max=7) / 8 * 7).floor().long()
    other = (mixed == levels).sum().item()
    return (
        f"Of 8 levels, {ours} come back from our own pair of functions. Of a mixed pair "
        f"(floor(8·x), then x / 8 against floor(7·x)) only **{other}** do."
    )

"""What the lens says about a picture: its cost by pixel, its place among others, its class."""

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab import data
from genlab.analysis.likelihood_lens import (
    PictureScore,
    RecordedScores,
    ScoreDistribution,
    recorded_scores,
    score_picture,
)
from genlab.core.cards import Figure
from genlab.core.errors import InputError
from genlab.core.images import dequantise, quantise
from genlab.core.protocols import Autoregressive
from genlab.store import ModelStore
from genlab.ui.canvas.panels import ShownPicture
from genlab.ui.latent import codes

MOST_BITS = 8.0  # of a pixel in a map
KEPT = 32  # cards whose scores are kept
ACCURACY = "test_accuracy"  # of a card, as a classifier


@dataclass(frozen=True, eq=False)
class Seen:
    """A picture as a model reads it, (C, H, W) int64, and what it costs."""

    pixels: Tensor
    score: PictureScore


@dataclass(frozen=True)
class ExampleScore:
    """What a shipped test picture costs, and whether Bayes' rule finds its class.

    Attributes:
        is_right: None where the model has no classes.
    """

    nats: float
    is_right: bool | None


@dataclass(frozen=True, eq=False)
class Place:
    """Where a picture stands among test pictures.

    Attributes:
        nats: what it costs.
        others: scored here; None before the first.
        right: how many of those are classified rightly; None without classes.
        of: so many there are to score.
        recorded: of the whole test set; None where the card has no such figure.
    """

    nats: float
    others: ScoreDistribution | None
    right: int | None
    of: int
    recorded: RecordedScores | None


def likelihood_model(store: ModelStore, name: object) -> Autoregressive:
    """The card's network, if what it knows is a likelihood.

    Raises:
        InputError: no card, one without a likelihood, or one that cheats.
    """
    if name is None:
        raise InputError("No model is trained yet. Train one, then start GenLab again.")
    card = store.card(name)
    model = store.get(card.name)
    if not isinstance(model, Autoregressive) or (card.masked and card.masked.leaks):
        raise InputError(f"{card.title} knows no likelihood. Choose another model.")
    return model


def reading_rule(levels: int) -> str:
    """How grey values become what the model knows."""
    if levels == 2:
        return (
            "This model knows black and white only: grey values from 128 of 255 on are read as "
            "white, darker ones as black."
        )
    if levels < 256:
        return f"Grey values are rounded to the nearest of this model's {levels} levels."
    return "This model reads all 256 grey values as they are."


def look(store: ModelStore, name: object, image: Tensor) -> Seen:
    """A picture, (1, 1, 28, 28) in [0, 1], through the card's network."""
    model = likelihood_model(store, name)
    pixels = quantise(image, model.spec.levels)[0]
    return Seen(pixels, score_picture(model, pixels))


def show_maps(seen: Seen, levels: int) -> list[ShownPicture]:
    """The picture as it is read, bits paid, bits expected, and their difference."""
    score = seen.score
    totals = [each.sum().item() for each in (score.bits, score.expected_bits, score.surplus)]
    notes = [f"{totals[0]:,.1f} bits", f"{totals[1]:,.1f} bits", f"{totals[2]:+,.1f} bits"]
    maps = (score.bits, score.expected_bits, score.surplus)
    return [
        ShownPicture(dequantise(seen.pixels, levels)[0].numpy(), f"{levels} levels"),
        *(
            ShownPicture(each.clamp(-MOST_BITS, MOST_BITS).numpy(), note.replace("-", "−"))
            for each, note in zip(maps, notes, strict=True)
        ),
    ]


def describe(seen: Seen, levels: int) -> str:
    """The total in nats and in bits, what was expected, and the dearest pixel."""
    score = seen.score
    width = score.bits.shape[1]
    row, column = divmod(int(score.bits.argmax()), width)
    dearest = score.bits.max().item()
    expected = score.expected_bits.sum().item() * math.log(2)
    words = (
        f"**{score.nats:,.1f} nats, {score.bits_per_dim:.3f} bits/dim**: ln p(x) = "
        f"−{score.nats:,.1f}. All pixels together, the model expected to pay "
        f"{expected:,.1f} nats. The dearest pixel, row {row}, column {column}, costs "
        f"{dearest:,.1f} bits."
    )
    clipped = " The maps end at 8 bits a pixel." if dearest > MOST_BITS else ""
    return f"{words}{clipped} {reading_rule(levels)}"


@functools.lru_cache(maxsize=KEPT)
def known_scores(store: ModelStore, name: str) -> dict[int, ExampleScore]:
    """Those of the shipped test pictures so far, by place; all visitors fill it together."""
    return {}


def score_examples(store: ModelStore, name: object) -> Iterator[int]:
    """Score the shipped test pictures that nobody scored yet; how many are scored, each time.

    One of each class, then the next of each: a part of them is fair to all classes.
    """
    likelihood_model(store, name)
    examples = codes.examples_of(store, name)
    known = known_scores(store, name)
    for place in _by_turns(len(examples.labels)):
        if place not in known:
            score = look(store, name, examples.images[place, None] / 255).score
            label = examples.labels[place].item()
            is_right = None if score.classes is None else int(score.classes.argmax()) == label
            known[place] = ExampleScore(score.nats, is_right)
            yield len(known)


def _by_turns(count: int) -> list[int]:
    return [place for first in range(data.EXAMPLES) for place in range(first, count, data.EXAMPLES)]


def place_among(store: ModelStore, name: str, score: PictureScore) -> Place:
    """Where a score stands among those of test pictures."""
    known = list(known_scores(store, name).values())
    nats = torch.tensor([each.nats for each in known]).double().sort().values
    right = sum(each.is_right is True for each in known)
    return Place(
        nats=score.nats,
        others=ScoreDistribution(nats) if known else None,
        right=None if score.classes is None else right,
        of=len(codes.examples_of(store, name).labels),
        recorded=recorded_scores(store.card_file(name).figures, score.values),
    )


def measured_accuracy(store: ModelStore, name: str) -> Figure | None:
    """The card's figure as a classifier, if it was measured."""
    return store.card_file(name).figures.get(ACCURACY)


def class_chances(store: ModelStore, name: str, score: PictureScore) -> list[tuple[str, float]]:
    """(class, p(class | x)) of each class; empty where the model has none."""
    if score.classes is None:
        return []
    return [
        (codes.class_name(store, name, label), chance)
        for label, chance in enumerate(score.classes.tolist())
    ]

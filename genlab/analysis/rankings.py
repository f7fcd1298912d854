"""Two rankings of the same cards, by likelihood and by samples, and whether they agree.

Reference: Theis, van den Oord & Bethge (2016), A note on the evaluation of generative models,
https://arxiv.org/abs/1511.01844: neither follows from the other.

A bound on the NLL that is lower than another card's exact NLL proves the better likelihood; one
that is higher proves nothing, for the NLL below it is unknown.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from genlab.analysis.figure_kinds import KINDS, FigureKind
from genlab.analysis.figures import figure_of
from genlab.core.cards import Figure

CLEAR = 2.0  # standard errors of a difference; below, nobody can tell
DIGITS = {"nats": 1, "bits/dim": 3}  # behind the point, of a likelihood's unit
BOUNDS = ("neg_elbo_nats_dynamic", "iwae_100_nats", "iwae_nats")  # on the same NLL
FID = next(kind for kind in KINDS if kind.key == "fid")
CAVEAT = (
    "A bound is at or above the NLL: a card with one may have a better likelihood than its place "
    "says, but no worse one."
)


@dataclass(frozen=True)
class Ranked:
    """A card with both figures.

    Attributes:
        title: of the card.
        cost: NLL or a bound on it, in one unit for all cards; lower is better.
        is_bound: the NLL may be lower.
        distance: FID × floor, lower is better.
    """

    title: str
    cost: Figure
    is_bound: bool
    distance: Figure


def rank(
    title: str, kind: FigureKind, figures: Mapping[str, Figure], *, values: int
) -> Ranked | None:
    """A card with an exact likelihood; None where one of the figures is not measured.

    Args:
        kind: of the likelihood.
        values: of one picture.
    """
    cost, distance = (figure_of(each, figures, values) for each in (kind, FID))
    return Ranked(title, cost, False, distance) if cost and distance else None


def tightest_bound(figures: Mapping[str, Figure]) -> str | None:
    """The name of the lowest bound in nats, of those on as many test pictures as any."""
    found = [name for name in BOUNDS if name in figures]
    most = max((figures[name].n for name in found), default=0)
    whole = (name for name in found if figures[name].n == most)
    return min(whole, key=lambda name: figures[name].value, default=None)


def is_clearly_lower(first: Figure, second: Figure) -> bool:
    """By more than two standard errors of the difference.

    Two distances over one floor share its error, which is counted twice: silent rather than wrong.
    """
    error = math.hypot(first.standard_error, second.standard_error)
    return second.value - first.value > CLEAR * error


def disagreements(cards: Sequence[Ranked]) -> list[tuple[Ranked, Ranked]]:
    """Pairs of which the first has the clearly better likelihood and the clearly worse samples.

    The second's figure is exact: below a bound there may be any NLL.
    """
    return [
        (first, second)
        for first, second in itertools.permutations(cards, 2)
        if not second.is_bound
        and is_clearly_lower(first.cost, second.cost)
        and is_clearly_lower(second.distance, first.distance)
    ]


def tell_agreement(cards: Sequence[Ranked], *, unit: str = "nats") -> str:
    """One or two sentences about the cards on show; at least two of them.

    Args:
        unit: of their likelihoods, one of `DIGITS`.
    """
    found = disagreements(cards)
    caveat = f" {CAVEAT}" if any(card.is_bound for card in cards) else ""
    need = "The two need not agree"
    if not found:
        return f"{need}; of these {len(cards)} cards no pair contradicts itself clearly.{caveat}"
    first, second = max(found, key=lambda pair: pair[0].distance.value - pair[1].distance.value)
    costs = (
        f"{'at most ' * each.is_bound}{each.cost.value:.{DIGITS[unit]}f}"
        for each in (first, second)
    )
    return (
        f"{need}, and here they do not: {first.title} has the better likelihood "
        f"({' against '.join(costs)} {unit}), {second.title} the better "
        f"samples ({second.distance.value:.1f} against {first.distance.value:.1f} × floor).{caveat}"
    )

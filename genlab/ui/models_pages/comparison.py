"""Likelihood and samples side by side: two rankings of the same cards, and lines between them.

Figures compare only where the pictures are the same, in the same number of levels: nats of binary
pictures are no bits of grey ones, and samples are held against equally rounded pictures.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import gradio as gr
from torch import nn

from genlab.analysis.figure_kinds import BOUND, EXACT, KINDS
from genlab.analysis.figures import describe, figure_of, name_of
from genlab.analysis.rankings import Ranked, tell_agreement, tightest_bound
from genlab.core.cards import Figure
from genlab.core.errors import CheckpointError
from genlab.store import ModelStore, skeleton
from genlab.ui import kit
from genlab.ui.models_pages.table import data_of, shipped_cards
from genlab.ui.models_pages.words import STYLE, with_code

NLL, BITS, FID = (next(kind for kind in KINDS if kind.key == key) for key in ("nll", "bits", "fid"))
ROW = 76  # height of a rank in CSS pixels
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES = ("", "7 4", "2 4")
UNMEASURED = (
    "Of fewer than two of these cards are both figures measured. `python -m train.evaluate CARD` "
    "measures all that a card lacks."
)
UNLIKELY = "With fewer than two likelihoods there is nothing to hold the samples' ranking against."
GROUPS = (
    "Figures compare only where the pictures are the same, in the same number of levels. So each "
    "such group has its own two rankings."
)
RANKS_STYLE = (
    STYLE
    + f"""
section {{ margin-bottom: 28px; }}
.gl-ranks {{ display: grid; grid-template-columns: minmax(0, 1fr) min(64px, 12vw) minmax(0, 1fr);
  max-width: 780px; margin: 6px 0 8px; }}
.gl-ranks ol {{ list-style: none; margin: 0; padding: 0; }}
.gl-ranks li {{ box-sizing: border-box; height: {ROW}px; margin: 0; display: flex;
  flex-direction: column; justify-content: center; line-height: 1.2; }}
.gl-ranks ol:first-of-type li {{ text-align: right; padding-right: 8px; }}
.gl-ranks ol:last-of-type li {{ padding-left: 8px; }}
.gl-ranks li span {{ text-wrap: balance; }}
.gl-ranks small {{ color: var(--gl-dim); font-size: var(--text-sm); }}
.gl-ranks svg {{ display: block; width: 100%; height: 100%; overflow: visible; }}
.gl-ranks path {{ fill: none; stroke-width: 2.5; vector-effect: non-scaling-stroke; }}
.gl-ranks h5 {{ margin: 0; font-size: var(--text-sm); font-weight: 600; }}
.gl-ranks h5:first-of-type {{ text-align: right; padding-right: 8px; }}
.gl-ranks h5:last-of-type {{ padding-left: 8px; }}
@media (max-width: 640px) {{ .gl-ranks small {{ font-size: 12px; }} }}
"""
)


@dataclass(frozen=True)
class Entry:
    """What a card has of both.

    Attributes:
        about: the data set and the levels of its pictures, of which binary ones have 2.
        has_likelihood: its network has one, or a bound, whether measured or not.
        cost: its likelihood, of binary pictures in nats, of others in bits per dim.
        bound: the name of `cost`, where that is a bound; "" for an exact one.
    """

    title: str
    about: tuple[str, int]
    has_likelihood: bool
    cost: Figure | None
    bound: str
    distance: Figure | None

    @property
    def lacks(self) -> bool:
        """One of the figures that it can have is not measured."""
        return not self.distance or (self.has_likelihood and not self.cost)


def build(store: ModelStore) -> None:
    """Declare the part, which fills itself at each page load."""
    shown = gr.HTML(comparison(store), css_template=RANKS_STYLE, js_on_load=None,
                    apply_default_css=False, elem_id="models-ranks")  # fmt: skip
    kit.on_first_sight(lambda: comparison(store), shown)


def comparison(store: ModelStore) -> str:
    """A section for the pictures of a data set in as many levels, as HTML."""
    found: dict[tuple[str, int], list[Entry]] = {}
    for entry in _entries(store):
        found.setdefault(entry.about, []).append(entry)
    first = list(dict.fromkeys(name for name, _ in found))
    order = sorted(found, key=lambda about: (first.index(about[0]), about[1]))
    sections = "".join(_section(about, found[about]) for about in order)
    return f"<p>{GROUPS}</p>{sections}" if sections else f"<p>{with_code(UNMEASURED)}</p>"


def _entries(store: ModelStore) -> Iterator[Entry]:
    """All cards with either figure; one that cheats has no likelihood, and is left out."""
    for card in shipped_cards(store):
        if card.masked and card.masked.leaks:
            continue
        try:
            figures = store.card_file(card.name).figures
        except CheckpointError:  # the table says so
            continue
        network = skeleton(card)
        cost, bound = _cost(network, figures)
        distance = figure_of(FID, figures, math.prod(network.spec.shape))
        if cost or distance:
            about, has_likelihood = (data_of(card), network.spec.levels), _has_likelihood(network)
            yield Entry(card.title, about, has_likelihood, cost, bound, distance)


def _cost(network: nn.Module, figures: Mapping[str, Figure]) -> tuple[Figure | None, str]:
    """A card's likelihood, and the bound's name where it is one; see `Entry`."""
    if not _has_likelihood(network):
        return None, ""
    kind = NLL if network.spec.levels == 2 else BITS
    if isinstance(network, EXACT):
        return figure_of(kind, figures, math.prod(network.spec.shape)), ""
    name = tightest_bound(figures)
    return (figures[name], name) if name else (None, "")


def _has_likelihood(network: nn.Module) -> bool:
    """Exact in any levels; a bound in nats is one on the likelihood of binary pictures."""
    return isinstance(network, EXACT) or (isinstance(network, BOUND) and network.spec.levels == 2)


def _section(about: tuple[str, int], entries: Sequence[Entry]) -> str:
    (name, levels), unit = about, unit_of(entries)
    ranked = [
        Ranked(entry.title, entry.cost, bool(entry.bound), entry.distance)
        for entry in entries
        if entry.cost and entry.distance
    ]
    lacking = UNMEASURED if any(entry.lacks for entry in entries) else UNLIKELY
    told = tell_agreement(ranked, unit=unit) if len(ranked) > 1 else lacking
    kind = "binary" if levels == 2 else f"{levels} grey levels"
    return (
        f"<section><h4>{escape(name)}, {kind}</h4>{draw_ranks(entries)}<p>{with_code(told)}</p>"
        "</section>"
    )


def unit_of(entries: Sequence[Entry]) -> str:
    """Of the likelihoods of cards about the same pictures."""
    return "nats" if entries[0].about[1] == 2 else "bits/dim"


def draw_ranks(entries: Sequence[Entry]) -> str:
    """Both rankings, the best on top, as HTML; a card in both has a line."""
    left = sorted((each for each in entries if each.cost), key=lambda each: each.cost.value)
    right = sorted((each for each in entries if each.distance), key=lambda e: e.distance.value)
    lines = "".join(_line(left.index(each), right.index(each)) for each in left if each in right)
    height = ROW * max(len(left), len(right))
    costs = "".join(_item(each.title, _likelihood(each)) for each in left)
    could = any(each.has_likelihood for each in entries)
    return (
        f'<div class="gl-ranks"><h5>Likelihood: {unit_of(entries)}, best on top</h5><span></span>'
        f"<h5>Samples: {escape(FID.title)}, best on top</h5>"
        f"<ol>{costs or _nothing('not measured yet' if could else 'no card has one')}</ol>"
        f'<svg viewBox="0 0 64 {height}" preserveAspectRatio="none" aria-hidden="true" '
        f'style="height: {height}px">{lines}</svg>'
        f"<ol>{''.join(_item(each.title, _distance(each)) for each in right) or _nothing()}"
        "</ol></div>"
    )


def _item(title: str, value: str) -> str:
    return f"<li><span>{escape(title)}</span><small>{escape(value)}</small></li>"


def _nothing(why: str = "not measured yet") -> str:
    return f"<li><small>{why}</small></li>"


def _likelihood(entry: Entry) -> str:
    """Nats are of two kinds; bits per dim, which the head names, are exact."""
    if unit_of([entry]) != "nats":
        return describe(entry.cost)
    return f"{name_of(entry.bound) if entry.bound else NLL.title}: {describe(entry.cost)}"


def _distance(entry: Entry) -> str:
    told = f"{describe(entry.distance)} × floor"
    if entry.cost:
        return told
    return f"{told}, {'likelihood not measured' if entry.has_likelihood else 'no likelihood'}"


def _line(left: int, right: int) -> str:
    """From a rank on the left to one on the right; told apart by colours, then by dashes."""
    start, end = ROW * (left + 0.5), ROW * (right + 0.5)
    colour, dash = COLOURS[left % len(COLOURS)], DASHES[left // len(COLOURS) % len(DASHES)]
    return (
        f'<path d="M0 {start:g} C 32 {start:g} 32 {end:g} 64 {end:g}" stroke="{colour}" '
        f'stroke-dasharray="{dash}"/>'
    )

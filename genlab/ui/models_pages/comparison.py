"""Likelihood and samples side by side: two rankings of the same cards, and lines between them."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

import gradio as gr

from genlab.analysis.figure_kinds import KINDS
from genlab.analysis.figures import describe, figure_of, name_of
from genlab.analysis.rankings import Ranked, tell_agreement, tightest_bound
from genlab.core.cards import Figure, ModelCard
from genlab.core.errors import CheckpointError
from genlab.store import ModelStore, skeleton
from genlab.ui import kit
from genlab.ui.models_pages.table import data_of, shipped_cards
from genlab.ui.models_pages.words import STYLE, with_code

NLL, FID = (next(kind for kind in KINDS if kind.key == key) for key in ("nll", "fid"))
ROW = 76  # height of a rank in CSS pixels
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES = ("", "7 4", "2 4")
UNMEASURED = (
    "Of fewer than two of these cards are both figures measured. `python -m train.evaluate CARD "
    "--only sample_quality` measures the samples of a card."
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
        bound: the name of its figure in nats, where that is a bound; "" for an exact one.
    """

    title: str
    nats: Figure | None
    bound: str
    distance: Figure | None


def build(store: ModelStore) -> None:
    """Declare the part, which fills itself at each page load."""
    shown = gr.HTML(comparison(store), css_template=RANKS_STYLE, js_on_load=None,
                    apply_default_css=False, elem_id="models-ranks")  # fmt: skip
    kit.on_first_sight(lambda: comparison(store), shown)


def comparison(store: ModelStore) -> str:
    """A section a data set, as HTML."""
    found: dict[str, list[Entry]] = {}
    for card, entry in _entries(store):
        found.setdefault(data_of(card), []).append(entry)
    sections = (_section(name, entries) for name, entries in found.items())
    return "".join(sections) or f"<p>{with_code(UNMEASURED)}</p>"


def _entries(store: ModelStore) -> Iterator[tuple[ModelCard, Entry]]:
    """All cards with either figure; one that cheats has no likelihood, and is left out."""
    for card in shipped_cards(store):
        if card.masked and card.masked.leaks:
            continue
        try:
            figures = store.card_file(card.name).figures
        except CheckpointError:  # the table says so
            continue
        values = math.prod(skeleton(card).spec.shape)
        exact, distance = (figure_of(kind, figures, values) for kind in (NLL, FID))
        bound = "" if exact else tightest_bound(figures) or ""
        entry = Entry(card.title, figures[bound] if bound else exact, bound, distance)
        if entry.nats or entry.distance:
            yield card, entry


def _section(name: str, entries: Sequence[Entry]) -> str:
    ranked = [
        Ranked(entry.title, entry.nats, bool(entry.bound), entry.distance)
        for entry in entries
        if entry.nats and entry.distance
    ]
    told = tell_agreement(ranked) if len(ranked) > 1 else UNMEASURED
    return (
        f"<section><h4>{escape(name)}</h4>{draw_ranks(entries)}<p>{with_code(told)}</p></section>"
    )


def draw_ranks(entries: Sequence[Entry]) -> str:
    """Both rankings, the best on top, as HTML; a card in both has a line."""
    left = sorted((each for each in entries if each.nats), key=lambda each: each.nats.value)
    right = sorted((each for each in entries if each.distance), key=lambda e: e.distance.value)
    lines = "".join(_line(left.index(each), right.index(each)) for each in left if each in right)
    height = ROW * max(len(left), len(right))
    return (
        '<div class="gl-ranks"><h5>Likelihood: nats, best on top</h5><span></span>'
        f"<h5>Samples: {escape(FID.title)}, best on top</h5>"
        f"<ol>{''.join(_item(each.title, _nats(each)) for each in left)}</ol>"
        f'<svg viewBox="0 0 64 {height}" preserveAspectRatio="none" aria-hidden="true" '
        f'style="height: {height}px">{lines}</svg>'
        f"<ol>{''.join(_item(each.title, _distance(each)) for each in right) or _nothing()}"
        "</ol></div>"
    )


def _item(title: str, value: str) -> str:
    return f"<li><span>{escape(title)}</span><small>{escape(value)}</small></li>"


def _nothing() -> str:
    return "<li><small>not measured yet</small></li>"


def _nats(entry: Entry) -> str:
    return f"{name_of(entry.bound) if entry.bound else NLL.title}: {describe(entry.nats)}"


def _distance(entry: Entry) -> str:
    without = "" if entry.nats else ", no likelihood"
    return f"{describe(entry.distance)} × floor{without}"


def _line(left: int, right: int) -> str:
    """From a rank on the left to one on the right; told apart by colours, then by dashes."""
    start, end = ROW * (left + 0.5), ROW * (right + 0.5)
    colour, dash = COLOURS[left % len(COLOURS)], DASHES[left // len(COLOURS) % len(DASHES)]
    return (
        f'<path d="M0 {start:g} C 32 {start:g} 32 {end:g} 64 {end:g}" stroke="{colour}" '
        f'stroke-dasharray="{dash}"/>'
    )

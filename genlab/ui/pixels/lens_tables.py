"""What the lens says in tables: the classes as bars, scores side by side; and how it looks."""

from collections.abc import Sequence
from html import escape

import gradio as gr

from genlab.analysis.likelihood_lens import PictureScore
from genlab.core.cards import Figure
from genlab.ui.pixels.lens_views import Place

STYLE = """
.html-container:has(> &) { padding: 0; }
.gl-lens { font: 13px system-ui, sans-serif; font-variant-numeric: tabular-nums;
  color: var(--body-text-color); }
.gl-lens svg { display: block; width: 100%; max-width: 520px; overflow: visible; }
.gl-lens text { fill: currentColor; font-size: 12px; }
.gl-lens .line { stroke: var(--border-color-primary); }
.gl-lens .bar { fill: #0072B2; }
.gl-lens .band { fill: currentColor; opacity: 0.09; }
.gl-lens .mean { stroke: currentColor; stroke-dasharray: 3 3; opacity: 0.7; }
.gl-lens .mark { stroke: #D55E00; stroke-width: 2.5; }
.gl-lens .tip { fill: #D55E00; }
.gl-lens .told { font-weight: 600; paint-order: stroke; stroke-width: 4; stroke-linejoin: round;
  stroke: var(--background-fill-primary); }
.gl-lens p { min-height: 4.4em; margin: 6px 0; line-height: 1.45; }
.gl-lens summary { padding: 8px 0; cursor: pointer; }
.gl-lens .scroll { max-width: 100%; overflow: auto; }
.gl-lens details .scroll { max-height: 240px; }
.gl-lens table { border-collapse: collapse; }
.gl-lens td, .gl-lens th { padding: 3px 14px 3px 0; text-align: right; font-weight: 400;
  white-space: nowrap; word-break: normal; }
.gl-lens th:first-child { text-align: left; }
.gl-lens tr > * { border-bottom: 1px solid var(--border-color-primary); }
.gl-lens .classes tr > * { border: 0; }
.gl-lens thead th { color: color-mix(in srgb, currentColor 75%, transparent); }
.gl-lens .best > * { font-weight: 600; }
.gl-lens .classes { width: 100%; max-width: 520px; }
.gl-lens .classes td:nth-child(2) { width: 100%; }
.gl-lens .classes i { display: block; height: 12px; min-width: 1px; background: #0072B2; }
.gl-lens .classes .best i { background: #D55E00; }
"""


def declare(value: str, *, min_height: int, elem_id: str) -> gr.HTML:
    """A place for what is drawn here, or for plain words."""
    return gr.HTML(
        value, css_template=STYLE, apply_default_css=False, js_on_load=None,
        min_height=min_height, elem_id=elem_id,
    )  # fmt: skip


def draw_classes(
    chances: Sequence[tuple[str, float]], place: Place, accuracy: Figure | None
) -> str:
    """p(class | x) as bars with their numbers, and how often the likeliest class is the right one.

    Args:
        chances: of each class; none where the model has no classes.
    """
    if not chances:
        return boxed(
            "<p>This model was trained without classes: it knows p(x), not p(x | class). Choose "
            "a class-conditional one to let it classify your picture.</p>"
        )
    best = max(range(len(chances)), key=lambda index: chances[index][1])
    rows = "".join(
        f'<tr{_best(index == best)}><th scope="row">{escape(name)}</th>'
        f'<td><i style="width: {100 * chance:.1f}%"></i></td><td>{percent(chance)}</td></tr>'
        for index, (name, chance) in enumerate(chances)
    )
    return boxed(
        f'<table class="classes"><tbody>{rows}</tbody></table><p>{_accuracy(place, accuracy)}</p>'
    )


def draw_scores(
    titles: Sequence[str],
    scores: Sequence[PictureScore],
    places: Sequence[Place],
    classes: Sequence[str],
) -> str:
    """What several pictures cost, side by side.

    Args:
        titles: of each picture.
        classes: the likeliest one of each; none where the model has no classes.
    """
    best = min(range(len(scores)), key=lambda index: scores[index].nats)
    heads = ["Picture", "nats", "bits/dim", "dearest pixel"]
    heads += ["against test pictures"] if places[0].recorded else []
    heads += ["taken for"] if classes else []
    rows = []
    for index, (title, score, place) in enumerate(zip(titles, scores, places, strict=True)):
        cells = [f"{score.nats:,.1f}", f"{score.bits_per_dim:.3f}"]
        cells += [f"{score.bits.max().item():,.2f} bits"]
        cells += [deviations(place)] if place.recorded else []
        cells += [escape(classes[index])] if classes else []
        shown = "".join(f"<td>{cell}</td>" for cell in cells)
        head = f'<th scope="row">{escape(title)}</th>'
        rows.append(f"<tr{_best(index == best)}>{head}{shown}</tr>")
    return boxed(draw_table(heads, "".join(rows), "What the pictures cost"))


def deviations(place: Place) -> str:
    """How far a score is from the mean of the whole test set."""
    off = place.recorded.deviations(place.nats)
    return f"{abs(off):,.1f} SD {'dearer' if off > 0 else 'cheaper'}"


def percent(chance: float) -> str:
    """A share with a digit; what would round to nothing or to all is said to be near it."""
    if chance < 0.0005:
        return "< 0.1 %"
    return "> 99.9 %" if chance > 0.9995 else f"{100 * chance:.1f} %"


def _accuracy(place: Place, accuracy: Figure | None) -> str:
    told = "Measured test accuracy of the likeliest class: "
    if accuracy is None:
        told += "not measured."
    else:
        told += (
            f"{100 * accuracy.value:.1f} ± {100 * accuracy.standard_error:.1f} % of "
            f"{accuracy.n:,} test pictures."
        )
    if place.others is None or place.right is None:
        return told
    return f"{told} Of the {len(place.others.nats)} scored here, {place.right} are right."


def _best(is_best: bool) -> str:
    return ' class="best"' if is_best else ""


def draw_table(heads: Sequence[str], rows: str, label: str) -> str:
    """Rows of HTML under their heads; it scrolls where there is no room."""
    head = "".join(f'<th scope="col">{each}</th>' for each in heads)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{label}"><table><thead><tr>'
        f"{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def boxed(inside: str) -> str:
    """In the style of `STYLE`."""
    return f'<div class="gl-lens">{inside}</div>'

"""q(z | x) as a chart and a table: the cloud of codes that the encoder gives one picture.

The chart is an SVG as wide as there is room: places across are shares of the width, so that its
words keep their size on a phone.
"""

from dataclasses import dataclass
from html import escape

from torch import Tensor

from genlab.analysis.figures import amount
from genlab.ui.drawing.curves import short
from genlab.ui.drawing.saving import saveable

MOST = 60  # dimensions in the chart, the most used first; the table has all
HEIGHT, TOP, BOTTOM = 190, 8, 22  # px; the chart lies between
NAMED = 16  # so many dimensions have room for their names
LEAST_REACH, MOST_REACH = 3.0, 20.0  # of the scale from 0

STYLE = """
.gl-q { font-size: 12px; color: var(--body-text-color); }
.gl-q > div { margin-left: 34px; } /* the scale stands there */
.gl-q svg { display: block; width: 100%; overflow: visible; }
.gl-q text { fill: currentColor; font-size: 12px; font-variant-numeric: tabular-nums; }
.gl-q .prior { fill: currentColor; opacity: 0.09; }
.gl-q .rule { stroke: currentColor; opacity: 0.35; }
.gl-q .spread { stroke: color-mix(in srgb, #0072B2 72%, currentColor); stroke-width: 5; }
.gl-q .mean { fill: currentColor; }
.gl-q .idle .spread { stroke: currentColor; opacity: 0.3; stroke-dasharray: 3 2; }
.gl-q .idle .mean { fill: var(--background-fill-primary); stroke: currentColor; }
.gl-q p { margin: 6px 0; color: color-mix(in srgb, currentColor 75%, transparent); }
.gl-q summary { padding: 6px 0; cursor: pointer; }
.gl-q .scroll { width: fit-content; max-width: 100%; max-height: 260px; overflow: auto; }
.gl-q table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.gl-q td, .gl-q th { padding: 2px 14px 2px 0; text-align: right; font-weight: 400; }
"""


@dataclass(frozen=True, eq=False)
class Posterior:
    """q(z | x) of one picture.

    Attributes:
        mean, std: (D,) each.
        kl: to the prior in nats, (D,); None where there is no prior.
        order: of the dimensions, the most used on the test pictures first, (D,).
        is_used: (D,) bool.
    """

    mean: Tensor
    std: Tensor
    kl: Tensor | None
    order: Tensor
    is_used: Tensor


def draw_posterior(posterior: Posterior) -> str:
    """The chart, what its marks mean, and the table, as HTML."""
    shown = posterior.order.tolist()[:MOST]
    return (
        f'<div class="gl-q"><style>{STYLE}</style>{_chart(posterior, shown)}'
        f"<p>{_legend(posterior, len(shown))}</p>{_table(posterior)}</div>"
    )


def _chart(posterior: Posterior, shown: list[int]) -> str:
    reach = _reach(posterior, shown)
    parts = [_scale(reach)]
    if posterior.kl is not None:
        top, bottom = _y(1, reach), _y(-1, reach)
        parts.append(f'<rect class="prior" y="{top}" width="100%" height="{bottom - top:.1f}"/>')
    columns = [_column(posterior, index, reach) for index in shown]
    width = 100 / len(shown)
    inner = "".join(
        f'<svg x="{width * place:.3f}%" width="{width:.3f}%" height="{HEIGHT}">{column}</svg>'
        for place, column in enumerate(columns)
    )
    named = "" if len(shown) > NAMED else _names(shown)
    label = f"Mean and standard deviation of {len(shown)} numbers of the code; the table has all"
    chart = (
        f'<div><svg height="{HEIGHT}" role="img" aria-label="{escape(label)}">{"".join(parts)}'
        f"{inner}{named}</svg></div>"
    )
    return saveable(chart, "code")


def _reach(posterior: Posterior, shown: list[int]) -> float:
    """The scale goes this far up and down: a whole number that holds μ ± σ, up to the most."""
    return min(MOST_REACH, max(LEAST_REACH, float(_ends(posterior)[shown].max().ceil())))


def _ends(posterior: Posterior) -> Tensor:
    """How far from 0 the bars go, (D,)."""
    return posterior.mean.abs() + posterior.std


def _y(value: float, reach: float) -> float:
    """The place of a value; what lies beyond the scale stands at its end."""
    share = (reach - min(max(value, -reach), reach)) / (2 * reach)
    return round(TOP + share * (HEIGHT - TOP - BOTTOM), 1)


def _scale(reach: float) -> str:
    marks = []
    for value in (reach, 0.0, -reach):
        y, text = _y(value, reach), short(value)
        marks.append(f'<line class="rule" x2="100%" y1="{y}" y2="{y}"/>')
        marks.append(f'<text x="-6" y="{y + 4}" text-anchor="end">{text}</text>')
    return "".join(marks)


def _column(posterior: Posterior, index: int, reach: float) -> str:
    mean, std = posterior.mean[index].item(), posterior.std[index].item()
    idle = "" if posterior.is_used[index] else ' class="idle"'
    spread = f"{amount(mean)} ± {amount(std)}" if std else amount(mean)
    return (
        f"<g{idle}><title>Dimension {index}: {spread}</title>"
        f'<rect width="100%" height="{HEIGHT}" fill="transparent"/>'
        f'<line class="spread" x1="50%" x2="50%" y1="{_y(mean + std, reach)}" '
        f'y2="{_y(mean - std, reach)}"/>'
        f'<circle class="mean" cx="50%" cy="{_y(mean, reach)}" r="3"/></g>'
    )


def _names(shown: list[int]) -> str:
    width = 100 / len(shown)
    return "".join(
        f'<text x="{width * (place + 0.5):.3f}%" y="{HEIGHT - 4}" text-anchor="middle">{index}'
        "</text>"
        for place, index in enumerate(shown)
    )


def _legend(posterior: Posterior, shown: int) -> str:
    count = len(posterior.mean)
    which = f"The {shown} most used of {count} dimensions" if shown < count else "Every dimension"
    words = [f"{which}, the most used first: the dot is the mean μ"]
    if posterior.kl is not None:
        words.append(", the bar goes from μ − σ to μ + σ, the band is the prior's −1 to 1")
    idle = int((~posterior.is_used).sum())
    hollow = f". Hollow dots: {idle} dimensions that the model does not use" if idle else ""
    cut = int((_ends(posterior)[posterior.order[:shown]] > MOST_REACH).sum())
    bars = "bar goes" if cut == 1 else "bars go"
    beyond = f". {cut} {bars} on beyond ±{MOST_REACH:g}" if cut else ""
    return "".join(words) + hollow + beyond + "."


def _table(posterior: Posterior) -> str:
    heads = ["Dimension", "μ", "σ", *(["KL in nats"] if posterior.kl is not None else [])]
    rows = []
    for index in posterior.order.tolist():
        numbers = [posterior.mean[index], posterior.std[index]]
        numbers += [posterior.kl[index]] if posterior.kl is not None else []
        shown = "".join(f"<td>{amount(number.item(), 3)}</td>" for number in numbers)
        rows.append(f'<tr><th scope="row">{index}</th>{shown}</tr>')
    head = "".join(f'<th scope="col">{each}</th>' for each in heads)
    return (
        '<details><summary>Read as table</summary><div class="scroll" tabindex="0" role="region" '
        f'aria-label="The code as a table"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div></details>"
    )

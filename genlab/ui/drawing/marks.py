"""The marks of a diagram: boxes, arrows, words, as elements of an SVG.

Colours come from the page's theme; alone in a file, the drawing falls back to light ones.
"""

from html import escape

from genlab.analysis.diagram import Shape

Line = tuple[str, str]  # style and text

LINE = 14  # height of a line of text

STYLE = """
.gl-d { --ink: var(--body-text-color, #1f2937); --page: var(--background-fill-primary, #ffffff);
  font: 11.5px system-ui, sans-serif; }
.gl-d text { fill: var(--ink); text-anchor: middle; }
.gl-d .t { font-size: 12px; font-weight: 600; }
.gl-d .n { font-size: 17px; font-weight: 600; }
.gl-d .s { text-anchor: start; }
.gl-d .e { text-anchor: end; }
.gl-d rect, .gl-d circle { stroke: var(--ink); fill: var(--page); }
.gl-d .f { fill: color-mix(in srgb, var(--ink) 6%, var(--page)); stroke-opacity: 0.4; }
.gl-d .k { fill: color-mix(in srgb, #0072B2 22%, var(--page)); stroke: #0072B2; }
.gl-d .m { fill: color-mix(in srgb, #E69F00 28%, var(--page)); stroke: #E69F00; }
.gl-d .c { fill: color-mix(in srgb, #009E73 22%, var(--page)); stroke: #009E73; }
.gl-d path { stroke: var(--ink); stroke-width: 1.2; fill: none; }
.gl-d .a { fill: var(--ink); stroke: none; }
"""


def shape_text(shape: Shape) -> str:
    """(64, 28, 28) becomes 64×28×28."""
    return "×".join(map(str, shape))


class Marks:
    """Collects elements; `parts` are those so far, the first lowest."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def plus(self, x: float, y: float, radius: float) -> None:
        """A ring with a plus in it."""
        self.parts.append(f'<circle cx="{x}" cy="{y}" r="{radius}"/>')
        self.path(f"M{x - 5} {y} h10 M{x} {y - 5} v10")

    def box(self, x: float, y: float, width: float, lines: list[Line], kind: str = "") -> float:
        """A box below `y` with `x` in its middle; its bottom."""
        height = LINE * len(lines) + 9
        self.parts.append(
            f'<rect class="{kind}" x="{x - width / 2}" y="{y}" width="{width}" '
            f'height="{height}" rx="{5 if len(lines) > 1 else 11}"/>'
        )
        for number, (style, text) in enumerate(lines):
            self.text(x, y + 15 + LINE * number, style, text)
        return y + height

    def across(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """A straight arrow, level or downwards."""
        self.line(x0, y0, x1, y1)
        if y0 == y1:
            self.head_of_arrow(x1, y1, 1 if x1 > x0 else -1)
        else:
            self.parts.append(f'<path class="a" d="M{x1} {y1} l-4 -7 h8 Z"/>')

    def head_of_arrow(self, x: float, y: float, sign: int) -> None:
        """The tip of a level arrow; `sign` is 1 where it points to the right."""
        self.parts.append(f'<path class="a" d="M{x} {y} l{-7 * sign} -4 v8 Z"/>')

    def line(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """A straight line."""
        self.path(f"M{x0} {y0} L{x1} {y1}")

    def path(self, way: str) -> None:
        """A line with corners, as SVG writes it."""
        self.parts.append(f'<path d="{way}"/>')

    def text(self, x: float, y: float, style: str, text: str) -> None:
        """Words; `style` names classes of `STYLE`."""
        self.parts.append(f'<text class="{style.strip()}" x="{x}" y="{y}">{escape(text)}</text>')

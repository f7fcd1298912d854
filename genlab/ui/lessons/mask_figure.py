"""The stage as a figure for slides: PNG and SVG, drawn by matplotlib."""

import base64
import io
import textwrap

from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from genlab.analysis.reachability import ARCHITECTURES, States
from genlab.ui.canvas.grid import STATES

WIDTH, HEIGHT = 8.0, 5.0  # inches
DPI = 200
TITLE_WIDTH = 68  # characters on a line of the title
INK = "#1a1a1a"
SHOWN = "#?x-o.!@"


def draw_figure(found: States, title: str) -> Figure:
    """The grid with its marks, the legend with its counts, the title over both."""
    figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
    axes = figure.subplots()
    size = len(found.grid)
    for row, line in enumerate(found.grid):
        for column, glyph in enumerate(line):
            _paint_cell(axes, row, column, glyph, size)
    axes.set(xlim=(0, size), ylim=(size, 0), aspect="equal", xticks=[], yticks=[])
    figure.suptitle(textwrap.fill(title, TITLE_WIDTH))
    text = "".join(found.grid)
    handles = [_handle(glyph, text.count(glyph)) for glyph in SHOWN if glyph in text]
    figure.legend(handles=handles, loc="outside right center", frameon=False)
    return figure


def _paint_cell(axes, row: int, column: int, glyph: str, size: int) -> None:  # noqa: ANN001
    state = _look(glyph)
    axes.add_patch(
        Rectangle((column, row), 1, 1, facecolor=state["colour"], edgecolor=INK, linewidth=0.4)
    )
    if state["mark"]:
        axes.text(column + 0.5, row + 0.5, state["mark"], ha="center", va="center", color=INK,
                  fontsize=110 / size, family="DejaVu Sans")  # fmt: skip


def _handle(glyph: str, count: int) -> Patch:
    state = _look(glyph)
    mark = f" ({state['mark']})" if state["mark"] else ""
    return Patch(facecolor=state["colour"], edgecolor=INK, label=f"{count} {state['name']}{mark}")


def _look(glyph: str) -> dict:
    return next(state for state in STATES if chr(state["code"]) == glyph)


def title_of(architecture: str, *, kernel: int, layers: int, size: int) -> str:
    """The setting on one line."""
    chosen = ARCHITECTURES[architecture]
    square = "" if chosen.fixed_kernels else f", {kernel}×{kernel}"
    depth = "1 layer" if layers == 1 else f"{layers} layers"
    return f"{chosen.title}{square}, {depth}, {size}×{size} pixels"


def links(figure: Figure, name: str) -> str:
    """The figure as HTML: a preview and two files to save; nothing of it stays on the server."""
    png, svg = (_file(figure, kind) for kind in ("png", "svg"))
    data = f"data:image/png;base64,{png}"
    return (
        f'<img alt="The figure for slides" src="{data}" style="max-width: 100%">'
        f'<p><a download="{name}.png" href="{data}">Save PNG</a> · '
        f'<a download="{name}.svg" href="data:image/svg+xml;base64,{svg}">Save SVG</a></p>'
    )


def _file(figure: Figure, kind: str) -> str:
    content = io.BytesIO()
    figure.savefig(content, format=kind, dpi=DPI)
    return base64.b64encode(content.getvalue()).decode()

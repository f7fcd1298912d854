"""The block diagram of a denoiser, drawn from a pass of the network itself."""

import base64
from functools import cache
from html import escape

import gradio as gr

from genlab.analysis.layers import LayerRow
from genlab.analysis.network_layers import layers_at_work
from genlab.analysis.unet_diagram import Part, UNetDiagram, draw_up_unet
from genlab.core.cards import ModelCard
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.closer import layer_rows
from genlab.ui.drawing.marks import shape_text
from genlab.ui.drawing.unet import draw_unet
from genlab.ui.lessons.diagram import STYLE

KEY = (
    "A green box hears the time and the class. Beside the arrows stand channels×rows×columns. "
    "A level arrow is a bridge: what the left side knew at that resolution, handed across."
)
NO_U = "This network is no U-Net: there is no diagram of it, only the table of its layers below."


def build(store: ModelStore, card: gr.Dropdown) -> None:
    """Declare the diagram and the table of layers; both follow the choice of model."""
    with gr.Accordion("The network as a block diagram", open=False):
        diagram = gr.HTML(_page(store, card.value), css_template=STYLE, js_on_load=None,
                          elem_id="unet-diagram")  # fmt: skip
    with gr.Accordion("Layer by layer", open=False):
        layers = gr.Markdown(_layers(store, card.value), elem_classes="genlab-layers")
    follow = kit.readable_errors(lambda name: (_page(store, name), _layers(store, name)))
    card.change(follow, card, [diagram, layers], show_progress="hidden",
                api_visibility="private", preprocess=False)  # fmt: skip


def _page(store: ModelStore, name: str | None) -> str:
    return "" if name is None else draw_page(store.card(name))


def _layers(store: ModelStore, name: str | None) -> str:
    return "" if name is None else describe_layers(store.card(name))


@cache
def draw_page(card: ModelCard) -> str:
    """The drawing, the same in words, and the file to save; drawn once a card."""
    try:
        diagram = draw_up_unet(card.build)
    except ValueError:
        return f"<p>{NO_U}</p>"
    svg = draw_unet(diagram, summary(diagram, card.title))
    content = base64.b64encode(svg.encode()).decode()
    return (
        f'<p class="gl-key">{KEY}</p>{svg}'
        f'<div class="gl-foot"><details><summary>Read as text</summary>{words(diagram)}</details>'
        f'<a download="{card.name}.svg" href="data:image/svg+xml;base64,{content}">Save SVG</a>'
        "</div>"
    )


def summary(diagram: UNetDiagram, title: str) -> str:
    """What a screen reader says of the drawing."""
    return (
        f"Block diagram of {title}: a U-Net over {len(diagram.levels)} resolutions with "
        f"{diagram.parameters:,} parameters. The same in words follows under Read as text."
    )


def words(diagram: UNetDiagram) -> str:
    """The diagram as a list in HTML."""
    groups = [("Time and class", diagram.conditions)]
    groups += [(f"Down, {_size(level.down)}", level.down) for level in diagram.levels]
    groups += [("At the bottom", diagram.middle)]
    groups += [(f"Up, {_size(level.up)}", level.up) for level in diagram.levels[::-1]]
    items = "".join(
        f"<li>{name}<ul>{''.join(f'<li>{_part(part)}</li>' for part in parts)}</ul></li>"
        for name, parts in groups
        if parts
    )
    return f"<ol>{items}</ol>"


def _size(parts: tuple[Part, ...]) -> str:
    """Rows and columns where the first of them works."""
    return shape_text(parts[0].shape[1:])


def _part(part: Part) -> str:
    count = f", {part.parameters:,} parameters" if part.parameters else ""
    hears = ", hears time and class" if part.hears else ""
    inside = f": {'; '.join(part.inside)}" if part.inside else ""
    return escape(f"{part.text} ({shape_text(part.shape)}{count}{hears}){inside}")


def describe_layers(card: ModelCard) -> str:
    """The layers in the order in which they run, with shapes and parameters."""
    rows = [
        LayerRow(row.name, row.kind, (1, *row.shape), row.parameters)
        for row in layers_at_work(card.build)
        if row.shape is not None
    ]
    return layer_rows(rows)

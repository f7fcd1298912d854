"""The block diagram of the chosen network, drawn from a pass of the network itself."""

import base64
from functools import cache
from html import escape

import gradio as gr

from genlab.analysis.diagram import Block, Diagram, Step, draw_up
from genlab.core.cards import ModelCard
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.drawing.marks import shape_text
from genlab.ui.drawing.network import draw_svg

ADDED = {
    "input": "what came into the block",
    "bridge": "what comes over from the other stack",
    "class": "the bias of the class",
}
STYLE = """
.html-container:has(> &) { padding: 0; }
svg { display: block; width: min(440px, 100%); height: auto; margin: 0 auto; }
.gl-key { margin: 0 0 10px; font-size: var(--text-sm); }
.gl-foot { display: flex; flex-wrap: wrap; gap: 4px 24px; align-items: start; }
details { flex: 1 1 260px; }
summary, a { padding: 12px 0; color: inherit; font-size: var(--text-sm); }
summary { cursor: pointer; }
ol { margin: 0; padding-left: 1.6em; font-size: var(--text-sm); }
"""


def build(store: ModelStore, card: gr.Dropdown) -> None:
    """Declare the diagram; it follows the choice of model."""
    gr.Markdown("### The network as a block diagram")
    diagram = gr.HTML(_page(store, card.value), css_template=STYLE, js_on_load=None,
                      elem_id="network-diagram")  # fmt: skip
    card.change(kit.readable_errors(lambda name: _page(store, name)), card, diagram,
                show_progress="hidden", api_visibility="private", preprocess=False)  # fmt: skip


def _page(store: ModelStore, name: str | None) -> str:
    return "" if name is None else draw_page(store.card(name))


@cache
def draw_page(card: ModelCard) -> str:
    """The drawing, the same in words, and the file to save; drawn once a card."""
    diagram = draw_up(card.build)
    svg = draw_svg(diagram, summary(diagram, card.title))
    content = base64.b64encode(svg.encode()).decode()
    return (
        f'<p class="gl-key">{key(diagram)}</p>{svg}'
        f'<div class="gl-foot"><details><summary>Read as text</summary>{words(diagram)}</details>'
        f'<a download="{card.name}.svg" href="data:image/svg+xml;base64,{content}">Save SVG</a>'
        "</div>"
    )


def key(diagram: Diagram) -> str:
    """What the colours and numbers mean, of those that there are."""
    colours = ["Blue looks at other pixels."]
    if any(block.bridge for block in diagram.blocks):
        colours.append("Orange moves everything by a row.")
    if any(block.condition for block in diagram.blocks):
        colours.append("Green hears the class.")
    return (
        f"{' '.join(colours)} All else works at each pixel by itself. Beside the arrows stand "
        "channels×rows×columns, at the corner of a block how many equal ones follow one another."
    )


def summary(diagram: Diagram, title: str) -> str:
    """What a screen reader says of the drawing."""
    return (
        f"Block diagram of {title}: from {shape_text(diagram.image)} to "
        f"{shape_text(diagram.logits)} with {diagram.parameters:,} parameters. "
        "The same in words follows under Read as text."
    )


def words(diagram: Diagram) -> str:
    """The diagram as a list in HTML."""
    return f"<ol>{''.join(f'<li>{_block(block)}</li>' for block in diagram.blocks)}</ol>"


def _block(block: Block) -> str:
    if not block.title:
        return _step(block.lanes[0][0])
    times = f", {len(block.names)} times" if len(block.names) > 1 else ""
    parts = [
        *((f"Stack {number}", lane) for number, lane in enumerate(block.lanes, 1)),
        ("From stack 1 to stack 2", block.bridge),
        ("From the class", block.condition),
        ("Skip", (block.skip.step,) if block.skip else ()),
    ]
    if len(block.lanes) == 1:
        parts[0] = ("In order", block.lanes[0])
    lines = [f"{part}: {'; '.join(map(_step, steps))}" for part, steps in parts if steps]
    head = f"{escape(block.title)}{times}, {block.parameters:,} parameters"
    return f"{head}<ul>{''.join(f'<li>{line}</li>' for line in lines)}</ul>"


def _step(step: Step) -> str:
    text = step.text
    if step.text == "+":
        added = [ADDED[each] for each in step.adds if each in ADDED]
        text = step.note or f"plus {' and '.join(added) or 'the other'}"
        return f"{escape(text)} ({shape_text(step.shape)})"
    how = f", {step.note}" if step.note else ""
    count = f", {step.parameters:,} parameters" if step.parameters else ""
    return escape(f"{text}{how} ({shape_text(step.shape)}{count})")

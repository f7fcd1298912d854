"""One card: where its weights come from, every figure with its command, and its layers."""

from html import escape

import gradio as gr

from genlab.analysis.diffusion_figures import about
from genlab.analysis.figures import describe, name_of
from genlab.core.cards import CardFile, Figure, ModelCard
from genlab.core.errors import CheckpointError
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.models_pages import layers
from genlab.ui.models_pages.table import shipped_cards
from genlab.ui.models_pages.words import STYLE, html_table, linked

FIRST = "pixelcnn-mnist"  # the card that the page begins with
NOTHING = "<p>No model is trained yet: <code>python -m train pixelcnn-mnist</code> trains one.</p>"


def build(store: ModelStore) -> gr.Dropdown:
    """Declare the part; its choice of card."""
    cards = sorted(shipped_cards(store), key=lambda card: card.name != FIRST)
    card = gr.Dropdown(
        [(f"{each.title} ({each.name})", each.name) for each in cards],
        value=cards[0].name if cards else None,
        label="Card",
        elem_id="models-card",
    )
    shown = gr.HTML(card_page(store, card.value), css_template=STYLE, js_on_load=None,
                    apply_default_css=False, elem_id="models-facts")  # fmt: skip
    card.change(
        kit.readable_errors(lambda name: card_page(store, name)), card, shown,
        show_progress="hidden", trigger_mode="always_last", api_visibility="private",
        preprocess=False,
    )  # fmt: skip
    return card


def card_page(store: ModelStore, name: str | None) -> str:
    """The whole part as HTML; of a damaged card, what is wrong, and its layers all the same.

    Raises:
        UnknownModel: there is no such card.
    """
    if name is None:
        return NOTHING
    card = store.card(name)
    try:
        recorded = store.card_file(name)
    except CheckpointError as error:
        return f'<p class="gl-loud">{escape(str(error))}</p>{layers.describe(card, None)}'
    return f"{facts(card, recorded)}{figures(recorded)}{layers.describe(card, recorded)}"


def facts(card: ModelCard, recorded: CardFile) -> str:
    """Where the weights come from, as HTML."""
    pairs = (
        ("Card", f"<b>{escape(card.title)}</b> · <code>{escape(card.name)}</code>"),
        ("Family", escape(recorded.family)),
        ("Data", escape(recorded.data)),
        ("Source", linked(recorded.source)),
        ("Licence", escape(recorded.licence)),
        ("Trained by", f"<code>{escape(recorded.command)}</code>"),
        ("Took", f"{recorded.minutes:g} minutes, {recorded.steps:,} steps, seed {recorded.seed}"),
        ("On", f"{escape(recorded.device)}, {escape(recorded.created)}"),
        ("Revision", f"<code>{escape(recorded.revision)}</code>"),
        ("sha256", f"<code>{escape(recorded.sha256)}</code>"),
    )
    return f"<dl>{''.join(f'<dt>{name}</dt><dd>{value}</dd>' for name, value in pairs)}</dl>"


def figures(recorded: CardFile) -> str:
    """Every figure of the card file, as HTML."""
    head = f"<h4>Figures of {escape(recorded.title)}</h4>"
    if not recorded.figures:
        return (
            f"{head}<p>None is measured yet: run "
            f"<code>python -m train.evaluate {escape(recorded.card)}</code>.</p>"
        )
    rows = (_figure(name, figure) for name, figure in recorded.figures.items())
    table = html_table(
        ("Figure", "Value ± standard error:", "Images:", "Measured by"), rows, label="Figures"
    )
    return f"{head}{table}{''.join(f'<p>{text}</p>' for text in about(recorded.figures))}"


def _figure(name: str, figure: Figure) -> tuple[str, str, str, str]:
    return (
        f'<span title="{escape(name)}">{escape(name_of(name))}</span>',
        describe(figure),
        f"{figure.n:,}",
        f"<code>{escape(figure.command)}</code>",
    )

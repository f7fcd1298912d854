"""The layers of a card's network, as the modules themselves say while they run."""

from functools import cache
from html import escape

from genlab.analysis.network_layers import LayerAtWork, layers_at_work
from genlab.core.cards import CardFile, ModelCard
from genlab.inference.sampling import draw_seeded
from genlab.ui.models_pages.words import html_table


def describe(card: ModelCard, recorded: CardFile | None) -> str:
    """The table of layers and whether its sum is what the card says, as HTML."""
    rows = layers_of(card)
    total = sum(row.parameters for row in rows)
    return f"<h4>The network, layer by layer</h4><p>{_sum(total, recorded)}</p>{_table(rows)}"


@cache
def layers_of(card: ModelCard) -> tuple[LayerAtWork, ...]:
    """See `layers_at_work`; run once a card. A capability of a fork's own is used by a sample."""
    return tuple(layers_at_work(card.build, lambda network: draw_seeded(network, 1)))


def _sum(total: int, recorded: CardFile | None) -> str:
    read = (
        "Read off the modules: everything that the network can do is done once, and each layer "
        f"notes what it gives. All layers together have <b>{total:,}</b> parameters"
    )
    if recorded is None:
        return f"{read}."
    if total == recorded.parameters:
        return f"{read}, as many as the card says."
    return (
        f"{read}, but the card says {recorded.parameters:,}. Its file belongs to another network: "
        f"make it anew with <code>{escape(recorded.command)}</code>."
    )


def _table(rows: tuple[LayerAtWork, ...]) -> str:
    return html_table(
        ("Layer", "Kind", "Output", "Runs:", "Parameters:"),
        (
            (
                f"<code>{escape(row.name)}</code>",
                escape(row.kind),
                " × ".join(map(str, row.shape)) if row.shape else "–",
                str(row.runs) if row.runs else "never",
                f"{row.parameters:,}",
            )
            for row in rows
        ),
        label="Layers",
        is_long=True,
    )

"""The headline of a page that speaks of what the chosen card draws: digits, or something else."""

import gradio as gr

from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.latent import pictures


def draws_digits(store: ModelStore, name: str | None) -> bool:
    """Whether a card was trained on digits; without a card, the examples are digits, too."""
    return name is None or store.card(name).data.startswith("MNIST")


def declare_headline(store: ModelStore, card: gr.Dropdown, *, digits: str, others: str) -> None:
    """Declare the headline, and let it follow the card.

    Args:
        digits: what it says where the card draws digits.
        others: what it says of any other.
    """

    def words(name: str | None) -> str:
        return digits if draws_digits(store, name) else others

    shown = gr.Markdown(words(card.value), elem_classes="genlab-question")
    if card.value is not None:
        card.change(kit.quick(words), card, shown, **pictures.QUIET)

"""The page of all trained models: their figures, where they come from, and what they remember."""

import gradio as gr

from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.models_pages import card, comparison, datasets, neighbours, table


def build(store: ModelStore) -> None:
    """Declare the page and wire it."""
    gr.Markdown(kit.text("models"), elem_classes="genlab-question")
    with gr.Tabs() as parts:
        with gr.Tab("All cards", id="all"):
            cards = table.build(store)
        with gr.Tab("One card", id="one"):
            chosen = card.build(store)
        with gr.Tab("Likelihood and samples", id="ranks"):
            comparison.build(store)
        with gr.Tab("Nearest images", id="nearest") as nearest:
            neighbours.build(store, nearest)
        with gr.Tab("Data sets", id="data"):
            datasets.build()

    @kit.readable_errors
    def open_card(name: object) -> tuple[dict, str]:
        offered = tuple(each.name for each in table.shipped_cards(store))
        return gr.update(selected="one"), kit.choice(name, "Card", offered)

    cards.input(
        open_card, cards, [parts, chosen], show_progress="hidden", trigger_mode="always_last",
        api_visibility="private", preprocess=False,
    )  # fmt: skip


def warm_up(store: ModelStore) -> None:
    """Read the cards; samples wait until somebody asks for them."""
    table.table_rows(store)


TAB = kit.Tab(title="Models", order=8, build=build, warm_up=warm_up)

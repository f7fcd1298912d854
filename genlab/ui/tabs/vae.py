"""The VAE page: one network's codes, dragged, mapped, mixed and dealt; one part of it a question.

The parts are written against capabilities and live in `genlab.ui.latent`; this page chooses the
cards and their order.
"""

import gradio as gr

from genlab.core.cards import ModelCard
from genlab.core.protocols import LatentVariableModel
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.latent import aggregated, arithmetic, between, bound, encode, plane, sliders
from genlab.ui.lessons import film
from genlab.ui.lessons import vae as lessons

FIRST = "vae-conv-mnist"  # the card that the page begins with


def offered_cards(store: ModelStore) -> list[ModelCard]:
    """What the page can show, the best first."""
    return sorted(store.cards_with(LatentVariableModel), key=lambda card: card.name != FIRST)


def build(store: ModelStore) -> None:
    """Declare the page and wire it."""
    cards = offered_cards(store)
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            gr.Markdown(kit.text("vae"), elem_classes="genlab-question")
        with gr.Column(scale=2, min_width=340):
            card = gr.Dropdown(
                [(each.title, each.name) for each in cards],
                value=cards[0].name if cards else None,
                label="Model",
            )
    with gr.Tabs():
        with gr.Tab("Sliders"):
            page = sliders.build(store, card)
        with gr.Tab("Your picture"):
            encode.build(store, card, page)
        with gr.Tab("Plane"):
            plane.build(store, card)
        with gr.Tab("Between"):
            between.build(store, card)
        with gr.Tab("Arithmetic"):
            arithmetic.build(store, card)
        with gr.Tab("Prior"):
            aggregated.build(store, card)
        with gr.Tab("Loss"):
            bound.build(store, card)
    film.build(store, card)
    lessons.build(store, card)


def warm_up(store: ModelStore) -> None:
    """Load the first card and measure its dimensions."""
    for card in offered_cards(store)[:1]:
        sliders.opening(store, card.name)


TAB = kit.Tab(title="VAE", order=3, build=build, warm_up=warm_up)

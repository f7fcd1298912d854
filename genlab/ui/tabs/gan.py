"""The GAN page: what a generator draws, what its critic thinks, and how both came to be.

The parts about codes are those of the autoencoders' page; the parts about the critic live in
`genlab.ui.adversarial`. This page chooses the cards and their order.
"""

import gradio as gr

from genlab.core.cards import ModelCard
from genlab.core.protocols import Critic, LatentPrior
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.adversarial import (
    arithmetic,
    classes,
    critic,
    game,
    grid,
    guess,
    guidelines,
    recordings,
)
from genlab.ui.closer import common_mistakes
from genlab.ui.latent import between, sliders
from genlab.ui.lessons import film, gan_claims
from genlab.ui.lessons import gan as lessons

FIRST = "cgan-mnist"  # the card that the page begins with: its pictures are the best
UNTRAINED = (
    f"No GAN is trained yet. Run `python -m train {FIRST}`, then start GenLab again. The recorded "
    "runs and the live game need no trained network."
)


def offered_cards(store: ModelStore) -> list[ModelCard]:
    """What the page can show, the best first."""
    critics = {card.name for card in store.cards_with(Critic)}
    cards = [card for card in store.cards_with(LatentPrior) if card.name in critics]
    return sorted(cards, key=lambda card: card.name != FIRST)


def build(store: ModelStore) -> None:
    """Declare the page and wire it."""
    cards = offered_cards(store)
    if not cards:
        gr.Markdown(kit.text("gan"), elem_classes="genlab-question")
        gr.Markdown(UNTRAINED)
        recordings.build()
        game.build(store)
        return
    with gr.Row():
        with gr.Column(scale=3, min_width=320):
            gr.Markdown(kit.text("gan"), elem_classes="genlab-question")
        with gr.Column(scale=3, min_width=340), gr.Row():
            card = gr.Dropdown(
                [(each.title, each.name) for each in cards],
                value=cards[0].name, label="Model", min_width=260,
            )  # fmt: skip
            choice = classes.build(store, card)
    with gr.Tabs():
        with gr.Tab("Grid"):
            grid.build(store, choice)
        with gr.Tab("Guess"):
            guess.build(store, choice)
        with gr.Tab("Sliders"):
            sliders.build(store, choice.one, ids="gan-sliders")
        with gr.Tab("Between"):
            between.build(store, choice.one, ids="gan-between")
        with gr.Tab("Arithmetic"):
            arithmetic.build(store, choice)
        with gr.Tab("Critic"):
            critic.build(store, choice)
        with gr.Tab("Guidelines"):
            guidelines.build(store, card)
        with gr.Tab("Collapse"):
            recordings.build()
        with gr.Tab("Live game in 2-D"):
            game.build(store)
    film.build(store, card)
    lessons.build(store, card)
    common_mistakes(gan_claims.claims(store), card)


def warm_up(store: ModelStore) -> None:
    """Load the first card, draw its first grid and measure its dimensions."""
    for card in offered_cards(store)[:1]:
        grid.draw(store, card.name, 0)
        sliders.opening(store, classes.names_of(store, card.name)[1])


TAB = kit.Tab(title="GAN", order=5, build=build, warm_up=warm_up)

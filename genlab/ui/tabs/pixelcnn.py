"""The PixelCNN tab: the page that draws, its lessons, and what else such a model can be asked."""

import gradio as gr

from genlab.core.cards import ModelCard
from genlab.data import SIDE
from genlab.store import ModelStore, skeleton
from genlab.ui import kit
from genlab.ui.lessons import diagram, film, pixels_depth, streams
from genlab.ui.lessons import pixelcnn as lessons
from genlab.ui.pixels import completion, lens, levels, race, sampling, training_pass
from genlab.ui.pixels.sampling_controls import pick_card

PAGES = {
    "Completion": completion,
    "Likelihood": lens,
    "Race": race,
    "Training pass": training_pass,
}
"""What else such a model can be asked, each beside a model picker."""


def build(store: ModelStore) -> None:
    """Declare the pages."""
    with gr.Tabs():
        with gr.Tab("Sampling"):
            build_sampling(store)
        for title, page in PAGES.items():
            with gr.Tab(title):
                card = pick_card(taking_examples(store))
                page.build(store, card)
                pixels_depth.build(store, card, title)
        if levels.is_trained(store):
            with gr.Tab("Levels"):
                levels.build(store)


def build_sampling(store: ModelStore) -> None:
    """The page that draws, with its lessons."""
    page = sampling.build(store)
    film.build(store, page.card)

    def views() -> None:
        diagram.build(store, page.card)
        streams.build(store, page.card, page.player, page.runs)

    lessons.build(store, page.card, page.player, page.runs, views=views)


def taking_examples(store: ModelStore) -> list[ModelCard]:
    """The cards whose pictures are as large as the shipped examples."""
    size = (1, SIDE, SIDE)
    return [card for card in sampling.offered_cards(store) if skeleton(card).spec.shape == size]


def warm_up(store: ModelStore) -> None:
    """What the pages open with, and the scores that many visitors ask for."""
    sampling.draw_opening(store)
    for card in taking_examples(store)[:1]:
        lens.warm_up(store, card.name)
        training_pass.opening(store, card.name)
    levels.warm_up(store)


TAB = kit.Tab(title="PixelCNN", order=1, build=build, warm_up=warm_up)

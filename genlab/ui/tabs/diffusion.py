"""The diffusion page: an image drowns in noise, and a network walks back.

The pages live in `genlab.ui.diffusion`; this one chooses the card and the class that all of them
follow, and their order.
"""

from typing import Any

import gradio as gr

from genlab.core.cards import ModelCard
from genlab.core.protocols import Denoiser
from genlab.store import ModelStore, skeleton
from genlab.ui import kit
from genlab.ui.closer import common_mistakes
from genlab.ui.diffusion import (
    backward,
    example,
    fewer_steps,
    forward,
    guidance_scales,
    inpaint,
    noises,
    outpaint,
    scribble,
)
from genlab.ui.diffusion.asked import ANY
from genlab.ui.latent import codes
from genlab.ui.lessons import diffusion as lessons
from genlab.ui.lessons import diffusion_claims, film

FIRST = "ddpm-mnist"  # the card that the page begins with: the longer trained
UNTRAINED = (
    f"No diffusion model is trained yet. Run `python -m train {FIRST}`, then start GenLab again. "
    "Forward needs no trained network."
)
WITHOUT_NETWORK = "Forward"  # of `PAGES`: where the tab opens as long as no card is trained
PAGES = {
    "Backward": backward,
    "Forward": forward,
    "Fewer steps": fewer_steps,
    "Guidance": guidance_scales,
    "Noises": noises,
    "Inpaint": inpaint,
    "Outpaint": outpaint,
    "Scribble": scribble,
    "Training example": example,
}


def build(store: ModelStore) -> None:
    """Declare the page and wire it."""
    cards = offered_cards(store)
    first = cards[0].name if cards else None
    with gr.Row():
        with gr.Column(scale=3, min_width=320):
            gr.Markdown(kit.text("diffusion"), elem_classes="genlab-question")
            if not cards:
                gr.Markdown(UNTRAINED)
        with gr.Column(scale=3, min_width=340, visible=bool(cards)), gr.Row():
            card = gr.Dropdown(
                [(each.title, each.name) for each in cards], value=first, label="Model",
                min_width=260,
            )  # fmt: skip
            label = gr.Dropdown(
                label="Class", min_width=260, elem_id="diffusion-class",
                **offered_classes(store, first),
            )  # fmt: skip
    card.change(
        lambda name: gr.update(**offered_classes(store, name)), card, label,
        show_progress="hidden", api_visibility="private",
    )  # fmt: skip
    with gr.Tabs(selected=None if cards else WITHOUT_NETWORK):
        for title, page in PAGES.items():
            with gr.Tab(title, id=title):
                page.build(store, card, label)
    if cards:
        film.build(store, card)
        lessons.build(store, card)
        common_mistakes(diffusion_claims.claims(store), card)


def offered_cards(store: ModelStore) -> list[ModelCard]:
    """What the page can show, beginning with `FIRST`."""
    return sorted(store.cards_with(Denoiser), key=lambda card: card.name != FIRST)


def offered_classes(store: ModelStore, name: str | None) -> dict[str, Any]:
    """Settings of the class picker as the card's network has classes; first, any of them."""
    count = skeleton(store.card(name)).classes if name else 0
    named = [(codes.class_name(store, name, label), str(label)) for label in range(count)]
    return {"choices": [("Any", ANY), *named], "value": ANY}


def warm_up(store: ModelStore) -> None:
    """Draw what the pages open with; noise alone needs no card."""
    forward.warm_up(store)
    for card in offered_cards(store)[:1]:
        backward.draw_opening(store, card.name)
        example.opening(store, card.name)


TAB = kit.Tab(title="Diffusion", order=6, build=build, warm_up=warm_up)

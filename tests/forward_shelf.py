"""A shelf with one tiny denoiser of 28×28 pictures, for the pages of the forward process."""

import gradio as gr
from diffusion_toys import CLASSES, tiny_ddpm
from shelved import tiny_card, write_checkpoint

from genlab.core.protocols import Denoiser
from genlab.store import ModelStore

CARD, STEPS = "tiny-ddpm", 40


def forward_store(folder):
    """A lively denoiser with three classes and 40 steps."""
    card = tiny_card(CARD, build=lambda: tiny_ddpm(size=(28, 28), steps=STEPS))
    write_checkpoint(folder, card)
    return ModelStore(folder, (card,))


def declare_pages(store, *pages, **settings):
    """The pages, each in a tab, below the two pickers that the diffusion tab makes."""
    names = [card.name for card in store.cards_with(Denoiser)]
    with gr.Blocks(analytics_enabled=False, **settings) as blocks:
        card = gr.Dropdown(names, value=names[0] if names else None, label="Model")
        label = gr.Dropdown(["any", *map(str, range(CLASSES))], value="any", label="Class")
        with gr.Tabs():
            for page in pages:
                with gr.Tab(page.__name__.rpartition(".")[2]):
                    page.build(store, card, label)
    return blocks

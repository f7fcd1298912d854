"""A shelf for the page of completion: tiny networks of 28×28, two levels and four, with classes."""

import gradio as gr
from shelved import write_checkpoint

from genlab.core.cards import MaskedArchitecture, ModelCard
from genlab.core.images import ImageSpec
from genlab.models.gated_pixelcnn import GatedPixelCNN
from genlab.models.judge import Judge
from genlab.models.pixelcnn import PixelCNN
from genlab.store import ModelStore

SIDE = 28
PLAIN, GATED, SMALL, LEAKY = "plain", "gated", "small", "leaky"


def _plain(side=SIDE, first_mask="A"):
    spec = ImageSpec(1, side, side, levels=2)
    return PixelCNN(spec, features=8, blocks=1, head=8, first_mask=first_mask)


def _gated():
    return GatedPixelCNN(ImageSpec(1, SIDE, SIDE, levels=4), features=4, layers=2, head=8)


BUILDS = {  # name: network, whether it leaks
    PLAIN: (_plain, False),
    GATED: (_gated, False),
    SMALL: (lambda: _plain(8), False),
    LEAKY: (lambda: _plain(first_mask="B"), True),
    "judge": (lambda: Judge(ImageSpec(1, SIDE, SIDE), width=8, num_features=8), None),
}


def completion_store(folder):
    """All of `BUILDS`."""
    cards = []
    for name, (build, leaks) in BUILDS.items():
        masked = None if leaks is None else MaskedArchitecture("tiny", (7, 3), leaks=leaks)
        card = ModelCard(
            name, f"Tiny {name}", family="PixelCNN", data="MNIST, of a kind", build=build,
            source="https://arxiv.org", masked=masked,
        )  # fmt: skip
        cards.append(card)
        write_checkpoint(folder, card, seed=len(cards))
    return ModelStore(folder, tuple(cards))


def declare_card(*names):
    """What the tab hands to its page."""
    return gr.Dropdown([(f"Tiny {name}", name) for name in names],
                       value=names[0] if names else None, label="Model")  # fmt: skip


def build_page(build, store, *names):
    """The Blocks of the page, and its named handlers."""
    with gr.Blocks(analytics_enabled=False, fill_width=True) as blocks:
        build(store, declare_card(*names))
    return blocks, {each.api_name: each.fn for each in blocks.fns.values() if each.api_name}

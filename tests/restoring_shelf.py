"""A shelf for the pages that restore: tiny denoisers of 28×28 and of 8×8, and a tiny judge."""

import gradio as gr
from shelved import write_checkpoint

from genlab.core.cards import ModelCard
from genlab.core.images import ImageSpec
from genlab.core.noise_schedule import cosine_schedule
from genlab.models.ddpm import DDPM
from genlab.models.judge import Judge
from genlab.store import ModelStore

SIDE, STEPS, CLASSES = 28, 100, 3
DENOISER, OTHER, SMALL = "digits-noise", "clothes-noise", "small-noise"


def _denoiser(side):
    return DDPM(
        ImageSpec(1, side, side),
        schedule=cosine_schedule(STEPS),
        classes=CLASSES,
        widths=(8, 16),
        conditions=8,
    )


def _judge():
    return Judge(ImageSpec(1, SIDE, SIDE), width=8, num_features=8)


BUILDS = {  # name: data, network
    DENOISER: ("MNIST, with its classes", lambda: _denoiser(SIDE)),
    OTHER: ("Fashion-MNIST, with its classes", lambda: _denoiser(SIDE)),
    SMALL: ("MNIST, with its classes", lambda: _denoiser(8)),
    "judge": ("MNIST, grey", _judge),
}


def restoring_store(folder, *names):
    """Those of `BUILDS`, by default all."""
    cards = []
    for name in names or BUILDS:
        told, build = BUILDS[name]
        card = ModelCard(
            name, f"Tiny {name}", family="Diffusion", data=told, build=build,
            source="https://arxiv.org",
        )  # fmt: skip
        cards.append(card)
        write_checkpoint(folder, card, seed=len(cards))
    return ModelStore(folder, tuple(cards))


def declare_pickers(names):
    """What the tab hands to its pages."""
    card = gr.Dropdown([(f"Tiny {name}", name) for name in names], value=next(iter(names), None),
                       label="Model")  # fmt: skip
    label = gr.Dropdown([("Any class", "any"), *((str(k), str(k)) for k in range(CLASSES))],
                        value="any", label="Class")  # fmt: skip
    return card, label


def build_page(build, store, *names):
    """The Blocks of one page, and its named handlers."""
    with gr.Blocks(analytics_enabled=False, fill_width=True) as blocks:
        build(store, *declare_pickers(names))
    return blocks, {each.api_name: each.fn for each in blocks.fns.values() if each.api_name}

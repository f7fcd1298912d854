"""A shelf for the likelihood lens: tiny models of 28×28 pictures, and some that cannot serve it."""

import gradio as gr
from shelved import write_checkpoint

from genlab.core.cards import Figure, MaskedArchitecture, ModelCard
from genlab.core.images import ImageSpec
from genlab.models.autoencoder import Autoencoder
from genlab.models.gated_pixelcnn import GatedPixelCNN
from genlab.models.pixelcnn import PixelCNN
from genlab.nn.latent_networks import DenseDecoder, DenseEncoder
from genlab.store import ModelStore

SIDE, CLASSES = 28, 10
PLAIN, CLASSY, LEVELS, LEAKY, CODES = "plain", "classy", "levels", "leaky", "codes"
RECORDED = Figure(400.0, 0.5, 10_000, "")  # its standard deviation is 50
MEASURED = Figure(0.913, 0.003, 10_000, "")


def _plain(levels, mask="A"):
    spec = ImageSpec(1, SIDE, SIDE, levels=levels)
    return PixelCNN(spec, features=8, blocks=1, first_kernel=3, first_mask=mask, head=8)


def _gated():
    spec = ImageSpec(1, SIDE, SIDE, levels=2)
    return GatedPixelCNN(spec, classes=CLASSES, features=4, layers=2, first_kernel=3, head=8)


def _codes():
    spec = ImageSpec(1, SIDE, SIDE)
    return Autoencoder(
        spec, 3, encoder=DenseEncoder(spec, (8,), 3), decoder=DenseDecoder(spec, 3, (8,))
    )


BUILDS = {  # name: data, network, figures
    PLAIN: ("MNIST, binarised", lambda: _plain(2), {"nats_thresholded": RECORDED}),
    CLASSY: ("MNIST, with its classes", _gated, {"test_accuracy": MEASURED}),
    LEVELS: ("Fashion-MNIST in 8 levels", lambda: _plain(8), {}),
    LEAKY: ("MNIST, binarised", lambda: _plain(2, "B"), {}),
    CODES: ("MNIST, grey", _codes, {}),
}

MASKED = {
    PLAIN: MaskedArchitecture("a-then-b", kernels=(3, 3)),
    CLASSY: MaskedArchitecture("gated", kernels=(3, 3)),
    LEVELS: MaskedArchitecture("a-then-b", kernels=(3, 3)),
    LEAKY: MaskedArchitecture("b3", kernels=(3,), leaks=True),
}


def lens_store(folder):
    """All of `BUILDS`."""
    cards = []
    for seed, (name, (told, build, figures)) in enumerate(BUILDS.items()):
        card = ModelCard(
            name, f"Tiny {name}", family="PixelCNN", data=told, build=build,
            source="https://arxiv.org", masked=MASKED.get(name),
        )  # fmt: skip
        cards.append(card)
        write_checkpoint(folder, card, seed=seed, figures=figures or {"fid": MEASURED})
    return ModelStore(folder, tuple(cards))


def build_page(build, store, *names):
    """The Blocks of a page that follows a choice of cards, and its named handlers."""
    with gr.Blocks(analytics_enabled=False, fill_width=True) as blocks:
        card = gr.Dropdown([(f"Tiny {name}", name) for name in names],
                           value=next(iter(names), None), label="Model",
                           elem_id="card")  # fmt: skip
        build(store, card)
    return blocks, {each.api_name: each.fn for each in blocks.fns.values() if each.api_name}

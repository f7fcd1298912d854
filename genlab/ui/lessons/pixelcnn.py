"""What lies under the PixelCNN page: one pixel in numbers, the code, the layers, the mistakes."""

import inspect
from collections.abc import Callable

import gradio as gr

from genlab.analysis.layers import autoregressive_layers
from genlab.inference.autoregressive import inverse_cdf
from genlab.nn.gated import GatedLayer, down_shift, gate
from genlab.nn.masked import MaskedConv2d, causal_mask
from genlab.store import ModelStore, skeleton
from genlab.ui import kit
from genlab.ui.canvas import PixelPlayer
from genlab.ui.closer import common_mistakes, layer_rows
from genlab.ui.lessons import pixel_account, pixelcnn_claims, pixels_depth


def build(
    store: ModelStore,
    card: gr.Dropdown,
    player: PixelPlayer,
    runs: gr.State,
    *,
    views: Callable[[], None],
) -> None:
    """Declare both folded parts; a click on a pixel of the player fills in its numbers.

    Args:
        views: declares further views of the network, above the table of its layers.
    """
    with gr.Accordion("Look closer", open=False):
        pixel_account.build(store, player, runs)
        gr.Markdown("### The lines of our code that did this")
        code = gr.Code(
            _code(store, card.value), language="python", show_label=False, interactive=False
        )
        views()
        with gr.Accordion("Layer by layer", open=False):
            layers = gr.Markdown(_layers(store, card.value), elem_classes="genlab-layers")
    common_mistakes((*pixelcnn_claims.claims(store), *pixels_depth.claims(store, "Sampling")), card)
    follow = kit.readable_errors(lambda name: (_layers(store, name), _code(store, name)))
    card.change(follow, card, [layers, code],
                show_progress="hidden", api_visibility="private", preprocess=False)  # fmt: skip


def _code(store: ModelStore, name: str | None) -> str:
    """The functions that the card's network runs; those of a plain one where there is no card."""
    modules = skeleton(store.card(name)).modules() if name else ()
    if any(isinstance(each, GatedLayer) for each in modules):
        parts = (inverse_cdf, down_shift, gate, GatedLayer.before_gates)
    else:
        parts = (inverse_cdf, causal_mask, MaskedConv2d.forward)
    return "\n\n".join(inspect.cleandoc("\n" + inspect.getsource(part)) for part in parts)


def _layers(store: ModelStore, name: str | None) -> str:
    if name is None:
        return ""
    return layer_rows(autoregressive_layers(store.card(name).build))

"""What lies under the PixelCNN page: one pixel in numbers, the code, the layers, the mistakes."""

import inspect
from collections.abc import Callable

import gradio as gr
import torch
from torch import Tensor

from genlab import data
from genlab.analysis.causality import fill_effect, flip_effect, most_doubtful
from genlab.analysis.layers import autoregressive_layers
from genlab.analysis.likelihood import image_nats
from genlab.core.images import dequantise, quantise
from genlab.inference.autoregressive import inverse_cdf
from genlab.nn.gated import GatedLayer, down_shift, gate
from genlab.nn.masked import MaskedConv2d, causal_mask
from genlab.store import ModelStore, skeleton
from genlab.ui import kit
from genlab.ui.canvas import PixelPlayer
from genlab.ui.closer import Claim, common_mistakes, layer_rows
from genlab.ui.lessons import pixel_account, pixels_depth

TARGET = (14, 14)  # a pixel amid the digit
FAR_UP, FAR_ASIDE = range(3, 9), range(-4, 5, 2)  # pixels from the target
AMID = slice(10, 20), slice(8, 20)  # rows and columns in which a digit still goes on


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
    common_mistakes((*_claims(store), *pixels_depth.claims(store, "Sampling")), card)
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


def _digits() -> Tensor:
    return data.binarise_thresholded(data.examples("mnist").images)  # (100, 1, 28, 28)


def _claims(store: ModelStore) -> tuple[Claim, ...]:
    def far_pixels(name: str) -> str:
        model, digit = store.get(name), _digits()[30:31]
        target = most_doubtful(model, digit, AMID)
        far = [(target[0] - up, target[1] + aside) for up in FAR_UP for aside in FAR_ASIDE]
        effects = [(flip_effect(model, digit, target, each), each) for each in far]
        (before, after), (row, column) = max(
            effects, key=lambda effect: (effect[0][0] - effect[0][1]).abs().max().item()
        )
        return (
            f"On a real digit, p(white) of row {target[0]}, column {target[1]} is "
            f"**{before[0, 1]:.4f}**. With the one pixel of row {row}, column {column} flipped, "
            f"{target[0] - row} rows above it, it is **{after[0, 1]:.4f}**."
        )

    def fills(name: str) -> str:
        change = fill_effect(store.get(name), _digits()[:1], TARGET)
        return (
            "Everything from the pixel on filled with black, with white, with noise: the logit "
            f"moves by at most **{change:g}**."
        )

    def likelihoods(name: str) -> str:
        model, digits = store.get(name), _digits()
        scores = image_nats(model, digits)
        empty = image_nats(model, torch.zeros_like(digits[:1])).item()
        return (
            f"{len(digits)} real digits cost {scores.mean():.1f} nats on average, the cheapest of "
            f"them {scores.min():.1f}. An empty image costs **{empty:.1f} nats**."
        )

    def rounding(name: str) -> str:
        levels = torch.arange(8)
        ours = (quantise(dequantise(levels, 8), 8) == levels).sum().item()
        mixed = ((dequantise(levels, 8) * 8).floor().clamp(max=7) / 8 * 7).floor().long()
        other = (mixed == levels).sum().item()
        return (
            f"Of 8 levels, {ours} come back from our own pair of functions. Of a mixed pair "
            f"(floor(8·x), then x / 8 against floor(7·x)) only **{other}** do."
        )

    return (
        Claim(
            "p(x) is the product of p(xᵢ given xᵢ₋₁).",
            "That is a first-order chain. A PixelCNN conditions on all earlier pixels that its "
            "masks let through, far ones too.",
            far_pixels,
        ),
        Claim(
            "It matters what the canvas is filled with at the start.",
            "A causal network never reads what is not drawn yet, so the fill changes nothing.",
            fills,
        ),
        Claim(
            "A high likelihood means a good picture.",
            "The emptiest images score best: black next to black is easy to foresee.",
            likelihoods,
        ),
        Claim(
            "Round to grey levels any way you like.",
            "Making levels of a picture and a picture of levels must be exact inverses, or the "
            "model reads other values than it drew.",
            rounding,
        ),
    )

"""What lies under the page of autoencoders: both losses in numbers, the code, the layers."""

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import gradio as gr
import torch
from torch import Tensor

from genlab.analysis.denoising import Restoration
from genlab.analysis.layers import coder_layers
from genlab.analysis.sparse_codes import CodedImages, pulls
from genlab.core.cards import ModelCard
from genlab.nn.corruption import add_gaussian_noise, drop_pixels
from genlab.nn.sparsity import kl_penalty, l1_penalty, squared_penalty
from genlab.store import ModelStore, skeleton
from genlab.ui import kit
from genlab.ui.closer import LATEX, layer_rows

TARGET = 0.1  # of the KL penalty, in training
FIRST_NUMBERS = 5  # of a code, that are shown
LEAST = 1e-3  # a smaller number is told with its power of ten
LOSSES = {
    "none": "has no penalty: it is the mean squared error of the pixels alone",
    "l1": "is the mean squared error of the pixels plus a small weight times L1",
    "kl": "is the mean squared error of the pixels plus a small weight times KL, summed over units",
}


class Restored(Protocol):
    """What the page of noise shows; `logits` are those of the restored pixels, (1, 1, H, W)."""

    card: ModelCard
    corruption: str
    level: float
    seed: int
    found: Restoration
    logits: Tensor


class Coded(Protocol):
    """What the page of sparse codes shows."""

    card: str
    penalty: str
    picture: CodedImages
    examples: CodedImages
    unit: int


@dataclass(frozen=True)
class Asked:
    """A page's controls, and how to read what they send."""

    inputs: list[gr.components.Component]
    read: Callable[..., Restored | Coded]


def build(store: ModelStore, restoring: Asked, coding: Asked) -> None:
    """Declare the folded part; it reads both pages when it is unfolded."""
    with gr.Accordion("Look closer", open=False) as section:
        restored, coded = (
            gr.Markdown("", latex_delimiters=LATEX, elem_classes="genlab-account") for _ in range(2)
        )
        again = gr.Button("Take what is on the page now", size="sm")
        gr.Markdown("### The lines of our code that did this")
        code = _code(store)
        gr.Code(code, language="python", show_label=False, interactive=False)
        with gr.Accordion("Layer by layer", open=False):
            gr.Markdown(_layers(store), elem_classes="genlab-layers")
    pages = (
        (restoring, restored, describe_restoration),
        (coding, coded, describe_unit),
    )
    for page, account, describe in pages:
        explain = kit.readable_errors(
            lambda *sent, page=page, describe=describe: describe(page.read(*sent))
        )
        for trigger in (section.expand, again.click):
            trigger(explain, page.inputs, account, show_progress="hidden", queue=False,
                    api_visibility="private", preprocess=False)  # fmt: skip


def describe_restoration(shown: Restored) -> str:
    """One pixel's way through the network, and the error of all of them."""
    found = shown.found
    row, column = _chosen_pixel(found)
    logit, after = (each[0, 0, row, column].item() for each in (shown.logits, found.restored))
    code = ", ".join(f"{value:.2f}" for value in found.code[0, :FIRST_NUMBERS].tolist())
    sees = "The network is not told so" if _is_clean(found) else "The network never sees $x$"
    return rf"""
### {_heading(found, row, column)}: row {row}, column {column}

{_corruption(shown, row, column)}

{sees}. It reads all {found.original.numel()} values $\tilde x$ and keeps
{found.code.shape[1]} numbers of them, $z = ({code}, \dots)$. From these alone it gives this pixel
the logit $\ell = {logit:.3f}$, that is

$$\hat x = \sigma(\ell) = \frac{{1}}{{1 + e^{{-({logit:.3f})}}}} = {after:.3f}$$

{_errors(found, row, column)}
"""


def _is_clean(found: Restoration) -> bool:
    """Whether the corruption changed no pixel: its level is 0, or it dropped only black ones."""
    return torch.equal(found.corrupted, found.original)


def _chosen_pixel(found: Restoration) -> tuple[int, int]:
    """The one that the network improves most; of a clean picture the one that it changes most."""
    before = (found.corrupted - found.original).square()
    after = found.difference.square()
    chosen = after if _is_clean(found) else before - after
    row, column = divmod(chosen[0, 0].argmax().item(), found.original.shape[-1])
    return row, column


def _pixel(found: Restoration, row: int, column: int) -> tuple[float, float, float]:
    """Its value before, as the network gets it and as the network gives it."""
    every = (found.original, found.corrupted, found.restored)
    before, given, after = (each[0, 0, row, column].item() for each in every)
    return before, given, after


def _heading(found: Restoration, row: int, column: int) -> str:
    if _is_clean(found):
        return "A pixel with nothing to put right"
    before, given, after = _pixel(found, row, column)
    is_better = (after - before) ** 2 < (given - before) ** 2
    return "A pixel that is put right" if is_better else "No pixel is put right; the least harmed"


def _corruption(shown: Restored, row: int, column: int) -> str:
    """The corruption's own formula with this pixel's random number."""
    before, given, _ = _pixel(shown.found, row, column)
    generator = torch.Generator().manual_seed(shown.seed)
    draw = torch.randn if shown.corruption == "gaussian" else torch.rand
    drawn = draw(shown.found.original.shape[1:], generator=generator)[0, row, column].item()
    clean = "\n\nSo it is with all pixels: **nothing is corrupted**, the network gets $x$ itself."
    told = _noise if shown.corruption == "gaussian" else _drop
    return told(shown, drawn, before, given) + (clean if _is_clean(shown.found) else "")


def _noise(shown: Restored, drawn: float, before: float, given: float) -> str:
    return (
        rf"Seed {shown.seed} gives it $\varepsilon = {drawn:.3f}$, so the network gets"
        "\n\n"
        rf"$$\tilde x = x + \text{{level}} \cdot \varepsilon = {before:.3f} + {shown.level:g} "
        rf"\cdot ({drawn:.3f}) = {given:.3f}$$"
    )


def _drop(shown: Restored, drawn: float, before: float, given: float) -> str:
    """A black pixel is 0 whatever is drawn."""
    relation, became = r"\ge", f"kept: $x = {before:.3f}$ stays"
    if drawn < shown.level:
        dropped = rf"dropped: $x = {before:.3f}$ becomes $\tilde x = {given:.3f}$"
        relation, became = "<", dropped if before else f"set to 0, which $x = {before:.3f}$ is"
    return (
        rf"Seed {shown.seed} gives it $u = {drawn:.3f}$. As $u {relation} {shown.level:g}$, the "
        rf"level, it is {became}."
    )


def _errors(found: Restoration, row: int, column: int) -> str:
    """This pixel's squared errors and the means of all; a clean picture has none before."""
    before, given, after = _pixel(found, row, column)
    own = f"({after:.3f} - {before:.3f})^2 = {_tex((after - before) ** 2)}"
    share = rf"\frac{{1}}{{{found.original.numel()}}} \sum_i"
    mean = rf"{share} (\hat x_i - x_i)^2 = {_tex(found.error_after, 5)}"
    if _is_clean(found):
        return rf"""so this pixel's squared error is ${own}$, all of it the network's own. Training
made the mean over all pixels small, of pictures corrupted anew each time; here it can only be harm:

$${mean}$$"""
    return rf"""so this pixel's squared error is $({given:.3f} - {before:.3f})^2 =
{_tex((given - before) ** 2)}$ before and ${own}$ after. Training made the mean over all pixels
small, of pictures corrupted anew each time:

$${mean} \quad \text{{instead of}} \quad
{share} (\tilde x_i - x_i)^2 = {_tex(found.error_before, 5)}$$"""


def describe_unit(shown: Coded) -> str:
    """The three penalties with one unit's and one code's numbers."""
    codes, unit = shown.picture.codes[0], shown.unit
    activity = shown.examples.activity[unit].item()
    at = pulls(activity, TARGET)
    rest, told, silent = 1 - TARGET, _tex(activity), _tex(1 - activity)
    return rf"""
### Unit {unit} and the penalties

For this picture the unit's activity is $a_{{{unit}}} = {codes[unit].item():.3f}$. Its mean over the
{len(shown.examples.codes)} test pictures that are shipped, where training takes a batch, is

$$\hat\rho_{{{unit}}} = \frac{{1}}{{{len(shown.examples.codes)}}} \sum_n a_{{{unit}}}(x_n)
= {told}$$

L1 adds up all activities of a picture, whichever unit they are in: here

$$\sum_j |a_j| = {l1_penalty(shown.picture.codes).item():.2f}
\quad \text{{over {len(codes)} units}}$$

KL asks every unit for the same mean, $\rho = {TARGET:g}$. With logarithms to the base $e$,

$$\rho \log \frac{{\rho}}{{\hat\rho_{{{unit}}}}} + (1 - \rho) \log \frac{{1 - \rho}}{{1 -
\hat\rho_{{{unit}}}}} = {TARGET:g} \log \frac{{{TARGET:g}}}{{{told}}} + {rest:g} \log
\frac{{{rest:g}}}{{{silent}}} = {_tex(at["kl"].value)} \text{{ nats}}$$

and the squared distance would be $({told} - {TARGET:g})^2 = {at["squared"].value:.5f}$.
This network's loss {LOSSES[shown.penalty]}.
"""


def _tex(number: float, digits: int = 4) -> str:
    """So many decimals of a number from 0 on, or its power of ten where they would not do."""
    if math.isinf(number):
        return r"\infty"
    return f"{number:.{digits}f}" if number >= LEAST else kit.tex(number)


def _code(store: ModelStore) -> str:
    """The corruptions, how a network of each kind encodes, the penalties."""
    parts = [add_gaussian_noise, drop_pixels]
    parts += [type(skeleton(card)).encode for card in _shown_cards(store)]
    parts += [l1_penalty, kl_penalty, squared_penalty]
    return "\n\n".join(inspect.cleandoc("\n" + inspect.getsource(part)) for part in parts)


def _layers(store: ModelStore) -> str:
    tables = [
        f"**{card.title}**\n\n{layer_rows(coder_layers(card.build))}"
        for card in _shown_cards(store)
    ]
    return "\n\n".join(tables)


def _shown_cards(store: ModelStore) -> list[ModelCard]:
    """One card of each kind of network, trained or not."""
    kinds = {}
    for card in store.cards:
        network = skeleton(card)
        if hasattr(network, "corruption") or hasattr(network, "penalty"):
            kinds.setdefault(type(network), card)
    return list(kinds.values())

"""*Look closer* of the GAN page: both players' losses with two pictures' own numbers in them."""

import inspect
import math
from dataclasses import dataclass

import gradio as gr
import torch
import torch.nn.functional as F
from torch import Tensor

from genlab import data
from genlab.analysis.layers import LayerRow
from genlab.analysis.network_layers import layers_at_work
from genlab.core.cards import ModelCard
from genlab.core.protocols import ConditionalDecoder, Critic
from genlab.inference.latent import MAX_SEED
from genlab.inference.prior_samples import sample
from genlab.nn.adversarial import LOSSES, cross_entropy, group_deviations, r1_penalty
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas.panels import Panel, PicturePanels, ShownPicture
from genlab.ui.closer import LATEX, layer_rows

FIRST_EXAMPLE = 90  # an ankle boot, or a nine
DICE = 9999  # seeds that a visitor can remember
SCORES = (-8.0, -4.0, 0.0, 4.0)  # at which both slopes are compared
PARTS = {"generator": "The generator", "critic": "The critic"}
UNTRAINED = "No GAN is trained yet: run `python -m train dcgan-fashion`."


@dataclass(frozen=True, eq=False)
class ScoredPair:
    """A batch of one: a picture that the generator made and a real one, before the critic.

    Attributes:
        pictures: the generated and the real one, (H, W) each, in [0, 1].
        generated, real: their scores.
        squared_slope: half of |∇D|² at the real one, as R1 counts it.
        told: what they are, the generated one first.
    """

    pictures: tuple[Tensor, Tensor]
    generated: float
    real: float
    squared_slope: float
    told: tuple[str, str]


def build(store: ModelStore, card: gr.Dropdown) -> None:
    """Declare the folded part; it follows the page's choice of card."""
    with gr.Accordion("Look closer", open=False) as section:
        with gr.Row():
            with gr.Column(min_width=260), gr.Row(elem_classes="genlab-seed"):
                seed = gr.Number(
                    0, label="Seed of the generated picture", precision=0,
                    minimum=0, maximum=MAX_SEED,
                )  # fmt: skip
                dice = gr.Button("Roll", scale=0, min_width=96, elem_classes="genlab-dice")
            with gr.Column(min_width=260):
                example = gr.Slider(
                    0, 99, value=FIRST_EXAMPLE, step=1, label="Real picture",
                    info="One of the 100 shipped test images, ten of each class",
                )  # fmt: skip
        pictures = PicturePanels(
            label="What the critic compares", panels=(Panel("Generated"), Panel("Real")),
            size=168, elem_id="gan-pair",
        )  # fmt: skip
        account = gr.Markdown(
            "", latex_delimiters=LATEX, min_height=700, elem_classes="genlab-account"
        )
        gr.Markdown("### The lines of our code that did this")
        gr.Code(code(), language="python", show_label=False, interactive=False)
        with gr.Accordion("Layer by layer", open=False):
            layers = gr.Markdown(_layers(store, card.value), elem_classes="genlab-layers")

    def explain(name: str | None, seed: object, example: object) -> tuple[object, str]:
        if name is None:
            return None, UNTRAINED
        pair = score_pair(store, name, seed, example)
        return shown(pair), describe_pair(pair)

    gr.on(
        [section.expand, card.change, seed.change, example.change],
        kit.quick(explain), [card, seed, example], [pictures, account],
        preprocess=False, **kit.QUICK,
    )  # fmt: skip
    dice.click(None, None, seed, js=f"() => Math.floor(Math.random() * {DICE + 1})")
    card.change(kit.readable_errors(lambda name: _layers(store, name)), card, layers,
                show_progress="hidden", api_visibility="private", preprocess=False)  # fmt: skip


def score_pair(store: ModelStore, name: str, seed: object, example: object) -> ScoredPair:
    """What the critic says of the seed's picture and of an example, of the same class if any.

    Raises:
        InputError: a value out of range.
        GenLabError: see `ModelStore.get`.
    """
    seed = kit.whole_number(seed, "Seed", 0, MAX_SEED)
    place = kit.whole_number(example, "Real picture", 0, 99)
    model, found = store.get(name), examples_of(store, name)
    image, label = found.images[place : place + 1] / 255, int(found.labels[place])
    told = f"class {found.classes[label]}"
    is_told = isinstance(model, ConditionalDecoder)
    if is_told:
        label = min(label, model.classes - 1)  # of a fork's model that knows fewer
    generated = sample(model, seed=seed, label=label if is_told else None)
    labels = torch.tensor([label]) if is_told else None
    return ScoredPair(
        pictures=(generated[0, 0], image[0, 0]),
        generated=score(model, generated, labels).item(),
        real=score(model, image, labels).item(),
        squared_slope=r1_penalty(lambda places: model.score(places, labels), image).item(),
        told=(f"seed {seed}, {told}" if is_told else f"seed {seed}", told),
    )


@torch.inference_mode()
def score(model: Critic, images: Tensor, labels: Tensor | None) -> Tensor:
    """See `genlab.core.protocols.Critic.score`."""
    return model.score(images, labels)


def examples_of(store: ModelStore, name: str) -> data.DataSet:
    """The shipped examples of what a card was trained on."""
    fashion = store.card(name).data.startswith("Fashion")
    return data.examples("fashion-mnist" if fashion else "mnist")


def shown(pair: ScoredPair) -> list[ShownPicture]:
    """Both pictures, with their scores below."""
    scores = (pair.generated, pair.real)
    return [
        ShownPicture(picture.numpy(), f"{told}: score {score:.2f}".replace("-", "−"))
        for picture, told, score in zip(pair.pictures, pair.told, scores, strict=True)
    ]


def slope(loss: str, score: float) -> float:
    """By how much a generator's loss changes with the score of its picture; autograd's answer."""
    at = torch.tensor([score], dtype=torch.float64, requires_grad=True)
    return torch.autograd.grad(LOSSES[loss].generator(at), at)[0].item()


def describe_pair(pair: ScoredPair) -> str:
    """Both losses with the pair's own numbers in them, and why one of them is not used."""
    generated, real = pair.generated, pair.real
    opinion, real_opinion = _sigmoid(generated), _sigmoid(real)
    first, second = _softplus(-real), _softplus(generated)
    third = _softplus(-generated)
    minimax, used = (slope(name, generated) for name in ("minimax", "non-saturating"))
    return rf"""
### One generated picture, one real one, and the critic between them

The critic gives each picture one number, its score $s$. Its opinion that the picture is real is
$\sigma(s) = 1 / (1 + e^{{-s}})$:

| | score $s$ | opinion $\sigma(s)$ |
|---|---:|---:|
| real, {pair.told[1]} | {real:.3f} | {real_opinion:.4f} |
| generated, {pair.told[0]} | {generated:.3f} | {opinion:.4f} |

**The critic** should say 1 to the first and 0 to the second. Its loss is the cross entropy

$$L_D = -\ln \sigma(s_\text{{real}}) - \ln (1 - \sigma(s_\text{{gen}}))
= {first:.3f} + {second:.3f} = {first + second:.3f}$$

where $\ln 4 = {math.log(4):.3f}$ would be that of a critic that answers ½ to everything. The
penalty R1 keeps its slopes at real pictures small: at this one,
$\tfrac12 |\nabla_x s|^2 = {pair.squared_slope:.4f}$, which training multiplies by a weight
$\gamma$ and adds.

**The generator** can move only $s_\text{{gen}}$. Two losses reward it for raising that score; the
slope says how strongly. The minimax one is the critic's own term with the other sign,

$$\ln(1 - \sigma(s)) = {-second:.3f}, \quad \text{{slope }} -\sigma(s) = {minimax:.4f}$$

and the non-saturating one asks for the opposite answer:

$$-\ln \sigma(s) = {third:.3f}, \quad \text{{slope }} -(1 - \sigma(s)) = {used:.4f}$$

For this picture the non-saturating loss pulls $e^{{-s}} = {used / minimax:.3g}$ times as hard as
the minimax one. Where the critic is sure that a picture is generated, and early in training it is
sure of nearly all, that decides everything:

{_slope_table()}

With the minimax loss the worst pictures move least: the generator stands still just where it has
most to learn. That is why the other one is used. Both have the same fixed point, and every slope
here is autograd's, from the functions below.
"""


def _sigmoid(score: float) -> float:
    return torch.tensor(score, dtype=torch.float64).sigmoid().item()


def _softplus(score: float) -> float:
    """ln(1 + e^s), which is −ln(1 − σ(s)), and −ln σ(−s)."""
    return F.softplus(torch.tensor(score, dtype=torch.float64)).item()


def _slope_table() -> str:
    head = "| score | slope, minimax | slope, non-saturating |\n|---:|---:|---:|"
    rows = [
        f"| {at:g} | {slope('minimax', at):.4f} | {slope('non-saturating', at):.4f} |"
        for at in SCORES
    ]
    return "\n".join([head, *rows])


def code() -> str:
    """Our functions, as they run."""
    chosen = ("minimax", "non-saturating")
    losses = "".join(inspect.getsource(LOSSES[name].generator) for name in chosen)
    parts = (cross_entropy, r1_penalty, group_deviations)
    sources = [inspect.cleandoc("\n" + inspect.getsource(part)) for part in parts]
    sources.insert(1, f"LOSSES = {{  # of critic and generator\n{losses}    ...\n}}")
    return "\n\n\n".join(sources)


def _layers(store: ModelStore, name: str | None) -> str:
    return "" if name is None else describe_layers(store.card(name))


def describe_layers(card: ModelCard) -> str:
    """The tensor shapes of both networks, in the order in which their layers run."""
    rows = layers_at_work(card.build)
    tables = []
    for part, title in PARTS.items():
        own = [
            LayerRow(row.name.removeprefix(f"{part}."), row.kind, (1, *row.shape), row.parameters)
            for row in rows
            if row.name.startswith(f"{part}.") and row.shape is not None
        ]
        tables.append(f"**{title}**\n\n{layer_rows(own)}")
    return "\n\n".join(tables)

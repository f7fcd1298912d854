"""What the page of one training pass computes, shows and says: all losses, then one of them."""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.analysis.receptive_field import tell_reading
from genlab.core.cards import MaskedArchitecture, ModelCard
from genlab.core.errors import InputError
from genlab.core.images import dequantise
from genlab.core.protocols import Autoregressive, Conditional, Incremental
from genlab.data import SIDE, binarise_dynamic, to_levels
from genlab.inference.autoregressive import MAX_SEED, make_stepper
from genlab.inference.cost import full_pass_seconds
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas.panels import Panel, ShownPicture
from genlab.ui.latent import codes
from genlab.ui.pixels.lens_views import likelihood_model

GROUP = "Picture"
FIRST = {"mnist": {GROUP: [32]}, "fashion-mnist": {GROUP: [82]}}  # a three, a bag
TOLD = ("its class", "nothing")
PANELS = (Panel("The picture"), Panel("Expected grey"), Panel("Loss", unit="nats"))
MOST = 7.9  # nats of a pixel in the map; a panel sends no more than 8
DEAREST = 0.1  # of the pixels, whose part of the whole loss is told
SHOWN_LEVELS = 3  # of a pixel with more levels than two
LEAST = 0.0005  # what three digits behind the point still tell from 0
ORDERS = {"raster": "Drawing, cached, row by row", "wavefront": "Drawing, cached, wavefront"}


@dataclass(frozen=True, eq=False)
class TrainingPass:
    """One picture and what one pass of the network answered.

    Attributes:
        pixels: (H, W) int64, the picture, which is the target, too.
        logs: (levels, H, W) float64, ln p of each level given all earlier pixels.
        label: the class that the network was told; None for nothing.
        masked: what its masks let through, where the card says so.
    """

    card: str
    model: Autoregressive
    pixels: Tensor
    logs: Tensor
    label: int | None
    masked: MaskedArchitecture | None = None

    @property
    def losses(self) -> Tensor:
        """(H, W) float64, nats: −ln p of what is there."""
        return -self.logs.gather(0, self.pixels[None])[0]

    @property
    def expected(self) -> Tensor:
        """(H, W), the mean of each distribution as a grey in [0, 1]; p(white) of a binary one."""
        greys = torch.linspace(0, 1, len(self.logs), dtype=torch.float64)
        return torch.einsum("lhw,l->hw", self.logs.exp(), greys)


def open_pass(
    store: ModelStore, name: object, places: Sequence[int], told: object, seed: object
) -> TrainingPass:
    """The pass over a chosen example, made of it as training makes its pictures.

    Raises:
        InputError: something that is not on offer.
    """
    model = likelihood_model(store, name)
    if model.spec.shape != (1, SIDE, SIDE):
        raise InputError("This model knows pictures of another size. Choose another model.")
    number = kit.whole_number(seed, "Seed", 0, MAX_SEED)
    place = (places or FIRST[codes.data_name(store, name)][GROUP])[0]
    examples = codes.examples_of(store, name)
    label = _label(model, told, int(examples.labels[place]))
    return run_pass(model, store.card(name), _target(model, examples.images[place], number), label)


@torch.inference_mode()
def run_pass(
    model: Autoregressive, card: ModelCard, pixels: Tensor, label: int | None
) -> TrainingPass:
    """One pass of a picture, (1, H, W) int64."""
    labels = None if label is None else torch.tensor([label])
    logits = model.logits(pixels[None], labels)[0, :, 0]  # (levels, H, W)
    logs = logits.double().log_softmax(dim=0)
    return TrainingPass(card.name, model, pixels[0], logs, label, card.masked)


def _target(model: Autoregressive, image: Tensor, seed: int) -> Tensor:
    """The picture in the model's levels, (1, H, W) int64, of bytes."""
    if model.spec.levels == 2:
        return binarise_dynamic(image, torch.Generator().manual_seed(seed))
    return to_levels(image, model.spec.levels)


def _label(model: Autoregressive, told: object, own: int) -> int | None:
    chosen = kit.choice(told, "What the network is told", TOLD)
    has_it = isinstance(model, Conditional) and own < model.classes
    return own if has_it and chosen == TOLD[0] else None


# — all pixels —


def show(store: ModelStore, opened: TrainingPass) -> tuple[list[ShownPicture], str, str]:
    """The panels, the account of the dearest pixel, and what the pass gives."""
    row, column = divmod(int(opened.losses.argmax()), opened.pixels.shape[1])
    return panels(opened), explain(opened, row, column), describe(store, opened)


def panels(opened: TrainingPass) -> list[ShownPicture]:
    """The picture, the answers and the losses."""
    levels, losses = len(opened.logs), opened.losses
    answer = "p(white)" if levels == 2 else f"means over {levels} levels"
    return [
        ShownPicture(dequantise(opened.pixels, levels).numpy(), f"{losses.numel()} targets"),
        ShownPicture(opened.expected.numpy(), f"{losses.numel()} distributions: {answer}"),
        ShownPicture(
            losses.clamp(max=MOST).numpy(),
            f"{losses.numel()} losses, sum {losses.sum().item():,.1f} nats",
        ),
    ]


def describe(store: ModelStore, opened: TrainingPass) -> str:
    """The sum, where it comes from, and what the same answers cost a sampler."""
    losses, count = opened.losses.flatten(), opened.losses.numel()
    total = losses.sum().item()
    dearest = round(DEAREST * count)
    share = 100 * losses.topk(dearest).values.sum().item() / total
    blind = math.log(len(opened.logs))
    worse = int((losses > blind).sum())
    guess = "a coin toss" if len(opened.logs) == 2 else "a level taken at random"
    bits = total / count / math.log(2)
    return (
        f"**The loss of this picture: {total:,.1f} nats** ({bits:.3f} bits/dim), the sum of "
        f"{count} losses that **one pass** gave at once{_told(store, opened)}. The dearest "
        f"{dearest} pixels cost {share:.0f} % of it; {worse} pixels cost more than {guess} "
        f"({blind:.2f} nats).{_clipped(losses)}\n\n"
        f"**Training is parallel, drawing is not**\n\n{_compare(opened.model, count)}\n\n"
        "All pixels of a training picture are known before the pass. To draw a pixel, the network "
        "must know those before it, and nobody has drawn them yet. The times are of the forward "
        "pass, measured on this server; training then goes back through the same pass once. What a "
        "cached sampler takes is told under *Sampling*, with each picture that you draw."
    )


def _told(store: ModelStore, opened: TrainingPass) -> str:
    if not isinstance(opened.model, Conditional):
        return ""
    if opened.label is None:
        return ", without telling the class"
    return f", told the class {codes.class_name(store, opened.card, opened.label)}"


def _clipped(losses: Tensor) -> str:
    return f" The map ends at {MOST} nats a pixel." if losses.max() > MOST else ""


def _compare(model: Autoregressive, count: int) -> str:
    """One pass beside a sampler's, as a table."""
    seconds = full_pass_seconds(model, 1)
    rows = [
        ("Training, this picture", "1 pass", f"{count}", _time(seconds)),
        ("Drawing, naive", f"{count} passes", "1", _time(count * seconds)),
    ]
    for order, steps in steps_of(model).items():
        each = "1" if steps == count else f"{count / steps:.1f} on average"
        rows.append((ORDERS.get(order, order), f"{steps} small steps", each, "–"))
    body = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"| | one after another | pixels each | time |\n|---|---:|---:|---:|\n{body}"


@functools.lru_cache(maxsize=32)
def steps_of(model: Autoregressive) -> dict[str, int]:
    """How many steps a cached sampler takes, by its order."""
    orders = sorted(model.orders) if isinstance(model, Incremental) else ()
    return {order: len(make_stepper(model, 1, order=order).fronts) for order in orders}


def _time(seconds: float) -> str:
    words = f"{1000 * seconds:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
    return words.replace(" ", "\N{NO-BREAK SPACE}")  # a narrow column would part them


# — one pixel —


def explain_clicked(opened: TrainingPass, place: object) -> str:
    """The account of the pixel that a click names, [row, column].

    Raises:
        InputError: no pixel of this picture.
    """
    if not isinstance(place, list) or len(place) != 2:
        raise InputError("The click did not arrive whole. Click the pixel again.")
    height, width = opened.pixels.shape
    row = kit.whole_number(place[0], "Row", 0, height - 1)
    return explain(opened, row, kit.whole_number(place[1], "Column", 0, width - 1))


def explain(opened: TrainingPass, row: int, column: int) -> str:
    """One pixel's distribution, its loss, and what training would do about it."""
    logs, there = opened.logs[:, row, column], int(opened.pixels[row, column])
    chance, loss = logs[there].exp().item(), -logs[there].item()
    width, count = opened.pixels.shape[1], opened.pixels.numel()
    reading = tell_reading(opened.masked, width, (row, column))
    share = 100 * loss / opened.losses.sum().item()
    told = _binary(logs, there) if len(logs) == 2 else _levels(logs, there)
    return (
        f"**Row {row}, column {column}: loss {row * width + column + 1} of {count}**\n\n"
        f"For its distribution the network {reading}. {told}\n\n"
        rf"$$-\ln p = -\ln {kit.tex(chance, 4)} = {loss:.3f}\ \text{{nats}}$$"
        f"\n\nThat is {share:.2f} % of the picture's loss. {_gradient(logs, there)}: the further "
        "$p$ is from 1, the harder this pixel pulls at the weights."
    )


def _gradient(logs: Tensor, there: int) -> str:
    """The loss's derivative by a logit that the network gives; of two levels it gives white's."""
    chances = logs.exp()
    if len(logs) > 2:
        return (
            f"Its gradient on the logit of level {there}, which is there, is "
            rf"$p - 1 = {_slope_text(chances[there].item() - 1)}$"
        )
    told = "Its gradient on the network's one logit, that of white, is"
    if there:
        return rf"{told} $p - 1 = {_slope_text(chances[1].item() - 1)}$"
    return rf"{told} $p(\text{{white}}) = 1 - p = {_slope_text(chances[1].item())}$"


def _slope_text(slope: float) -> str:
    """Three digits behind the point; as a power of ten where nothing but a sign would be left."""
    return f"{slope:.3f}" if abs(slope) >= LEAST else kit.tex(slope, 2)


def _chance_text(chance: float) -> str:
    return f"p = {chance:.3f}" if chance >= LEAST else "p < 0.001"


def _binary(logs: Tensor, there: int) -> str:
    names, chance = ("black", "white"), logs[1].exp().item()
    told = f"= **{chance:.4f}**"
    if not 0.00005 <= chance < 0.99995:  # four digits would call it sure, and no network is
        told = "> **0.9999**" if chance > 0.5 else "< **0.0001**"
    return f"p(white) {told}, and the picture is {names[there]} there."


def _levels(logs: Tensor, there: int) -> str:
    best = logs.topk(SHOWN_LEVELS)
    likeliest = ", ".join(
        f"{level} ({_chance_text(log.exp().item())})"
        for level, log in zip(best.indices.tolist(), best.values, strict=True)
    )
    return (
        f"Of {len(logs)} levels, 0 is black; the likeliest are {likeliest}. The picture has "
        f"**level {there}** there, $p = {kit.tex(logs[there].exp().item(), 4)}$."
    )

"""Masks and a trained network: how much each pixel counts, and what flipping one changes."""

import copy
import functools
import json
import math

import gradio as gr
from torch import Tensor, nn

from genlab import data
from genlab.analysis.causality import flip_effect
from genlab.analysis.reachability import states, unreachable_share
from genlab.analysis.receptive_field import EffectiveFields
from genlab.core.cards import ModelCard
from genlab.core.errors import InputError
from genlab.store import ModelStore, skeleton
from genlab.ui import kit
from genlab.ui.canvas.field import FieldView

IMAGES = 50  # example digits over which the weights are averaged
TARGET, FLIPPED = (14, 14), (12, 16)
EXAMPLES = 10  # of each digit
SMALLEST = 1e-12  # bits; below, 64-bit numbers leave no digit of the sum
DIGITS = tuple(range(10))
QUIET = {"show_progress": "hidden", "api_visibility": "private", "preprocess": False, **kit.COMPUTE}
CHOSEN = QUIET | {"trigger_mode": "always_last"}  # two choices in a row: the last is shown
CLICKED = QUIET | {"trigger_mode": "multiple"}

_NEVER = {  # why nothing can arrive, by the state of the flipped pixel
    "x": "It lies in the blind spot: no path leads from it to the target, at any depth.",
    "?": "It is out of reach at this network's depth: only more layers would let it arrive.",
    "-": "It was in reach of fewer layers and is lost at this network's depth.",
    ".": "It is drawn after the target, and the masks let nothing later through.",
    "o": "It is the target itself, which the first layer's mask hides.",
}


def cards(store: ModelStore) -> list[ModelCard]:
    """Trained cards of black and white images whose masks are right, the blindest first."""
    masked = [card for card in store.cards if card.masked and not card.masked.leaks]
    offered = [card for card in masked if store.has_weights(card.name) and _is_binary(card)]
    return sorted(offered, key=lambda card: -unreachable_share(card.masked.name, _first(card)))


def _is_binary(card: ModelCard) -> bool:
    spec = skeleton(card).spec
    return (spec.shape, spec.levels) == ((1, data.SIDE, data.SIDE), 2)


def _first(card: ModelCard) -> int:
    return card.masked.kernels[0]


def build(store: ModelStore, *, bench: str) -> None:
    """Declare both folded sections; they compute when they are unfolded."""
    offered = cards(store)
    with gr.Accordion("Theory and trained network", open=False) as theory:
        if not offered:
            gr.Markdown("No masked network is trained yet: `python -m train pixelcnn-mnist`.")
            return
        gr.Markdown(
            "Left, what the masks let through; right, what a trained network makes of it: how "
            "strongly the target's logit reacts to each pixel. The white line is the edge of the "
            "exact set. Click a pixel to make it the target."
        )
        model = _choose(offered)
        weights = FieldView(
            view="weights", bench=bench, label="The exact set", elem_id="masks-weights"
        )
    with gr.Accordion("Flip a pixel", open=False) as flipping:
        gr.Markdown(
            "A real digit, a target and one other pixel: how does the target's distribution change "
            "when that pixel turns from black to white or back?"
        )
        with gr.Row():
            flipped_model = _choose(offered)
            digit = gr.Dropdown(DIGITS, value=3, label="Digit", min_width=120)
        flip = FieldView(view="flip", bench=bench, label="The digit", elem_id="masks-flip")
    _wire_weights(store, theory, model, weights)
    _wire_flips(store, flipping, flipped_model, digit, flip)


def _choose(offered: list[ModelCard]) -> gr.Dropdown:
    return gr.Dropdown(
        [(card.title, card.name) for card in offered], value=offered[0].name, label="Model",
        scale=3, min_width=240,
    )  # fmt: skip


def _wire_weights(
    store: ModelStore, section: gr.Accordion, model: gr.Dropdown, view: FieldView
) -> None:
    places = gr.State(TARGET)

    @kit.readable_errors
    def show(name: str, target: tuple[int, int]) -> str:
        return describe_weights(store, name, target)

    @kit.readable_errors
    def move(name: str, event: gr.EventData) -> tuple[str, tuple[int, int]]:
        target = read_place(event._data, "index")
        return describe_weights(store, name, target), target

    for trigger in (section.expand, model.input):
        trigger(show, [model, places], view, **CHOSEN)
    view.select(move, model, [view, places], **CLICKED)


def _wire_flips(
    store: ModelStore,
    section: gr.Accordion,
    model: gr.Dropdown,
    digit: gr.Dropdown,
    view: FieldView,
) -> None:
    places = gr.State((TARGET, FLIPPED))

    @kit.readable_errors
    def show(name: str, digit: int, places: tuple) -> str:
        return describe_flip(store, name, digit, *places)

    @kit.readable_errors
    def move(name: str, digit: int, event: gr.EventData) -> tuple[str, tuple]:
        places = read_place(event._data, "target"), read_place(event._data, "flipped")
        return describe_flip(store, name, digit, *places), places

    for trigger in (section.expand, model.input, digit.input):
        trigger(show, [model, digit, places], view, **CHOSEN)
    view.select(move, [model, digit], [view, places], **CLICKED)


def read_place(sent: object, name: str) -> tuple[int, int]:
    """A pixel that the browser sent as [row, column].

    Raises:
        InputError: it is none of a 28×28 image.
    """
    place = sent.get(name) if isinstance(sent, dict) else None
    if not isinstance(place, list) or len(place) != 2:
        raise InputError("The click did not arrive whole. Click the pixel again.")
    row, column = (
        kit.whole_number(value, title, 0, data.SIDE - 1)
        for value, title in zip(place, ("Row", "Column"), strict=True)
    )
    return row, column


@functools.cache
def _fields() -> EffectiveFields:
    return EffectiveFields(_digits()[:: EXAMPLES * len(DIGITS) // IMAGES])


@functools.cache
def _digits() -> Tensor:
    return data.binarise_thresholded(data.examples("mnist").images)  # (100, 1, 28, 28)


def describe_weights(store: ModelStore, name: str, target: tuple[int, int]) -> str:
    """What the view of weights shows, as JSON."""
    card = _offered(store, name)
    weights = _fields().of(card, store.get(name), target)  # (28, 28)
    return json.dumps(
        {
            **_masked(card),
            "target": target,
            "weights": [float(f"{weight:.4g}") for weight in weights.flatten().tolist()],
            "unit": f"Mean of |∂ logit / ∂ x| over {IMAGES} digits: logits from black to white, "
            "logarithmic; only an exact 0 stays blank",
        }
    )


def _offered(store: ModelStore, name: object) -> ModelCard:
    offered = {card.name: card for card in cards(store)}
    return offered[kit.choice(name, "Model", tuple(offered))]


def _masked(card: ModelCard) -> dict:
    return {
        "architecture": card.masked.name,
        "kernel": _first(card),
        "layers": card.masked.layers,
        "size": data.SIDE,
    }


@functools.cache
def _exact(store: ModelStore, name: str) -> nn.Module:
    """The card's network with 64-bit numbers, in which no rounding passes for an effect."""
    return copy.deepcopy(store.get(name)).double()


def describe_flip(
    store: ModelStore, name: str, digit: object, target: tuple[int, int], flipped: tuple[int, int]
) -> str:
    """What the view of a flip shows, as JSON."""
    card = _offered(store, name)
    pixels = _digits()[[EXAMPLES * kit.choice(digit, "Digit", DIGITS)]]  # (1, 1, 28, 28)
    before, after = (
        each[0, 1].item() for each in flip_effect(_exact(store, name), pixels, target, flipped)
    )
    return json.dumps(
        {
            **_masked(card),
            "pixels": "".join(map(str, pixels.flatten().tolist())),
            "target": target,
            "flipped": flipped,
            "before": before,
            "after": after,
            "bits": describe_bits(before, after),
            "verdict": _verdict(card, target, flipped, before, after),
        }
    )


def change_in_bits(before: float, after: float) -> float:
    """The Kullback–Leibler divergence of a coin's new odds from its old ones."""
    pairs = (before, after), (1 - before, 1 - after)
    parts = (old * math.log2(old / new) if new else math.inf for old, new in pairs if old)
    return max(sum(parts), 0.0)  # rounding could leave it just below 0


def describe_bits(before: float, after: float) -> str:
    """The change in words; 0 is said only where it is exact."""
    if before == after:
        return "exactly 0 bits"
    bits = change_in_bits(before, after)
    return f"{bits:.2g} bits" if bits > SMALLEST else f"below {SMALLEST:g} bits"


def _verdict(
    card: ModelCard, target: tuple[int, int], flipped: tuple[int, int], before: float, after: float
) -> str:
    asked = _masked(card)
    grid = states(asked.pop("architecture"), **asked, target=target).grid
    state = grid[flipped[0]][flipped[1]]
    if state in _NEVER:
        found = "The change is exactly 0" if before == after else "Yet the output moved"
        return f"{_NEVER[state]} {found}, computed with 64-bit numbers."
    if before == after:
        return "The target can read this pixel, but on this digit its odds stay the same."
    direction = "more" if after > before else "less"
    return (
        f"The target reads this pixel: white becomes {direction} likely. The bits are the "
        "Kullback–Leibler divergence of the new distribution from the old one."
    )


def warm_up(store: ModelStore) -> None:
    """Compute what both sections show first."""
    for card in cards(store)[:1]:
        describe_weights(store, card.name, TARGET)
        describe_flip(store, card.name, DIGITS[3], TARGET, FLIPPED)

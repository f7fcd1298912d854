"""Which generator a page shows: a model and, where it has classes, one of them or all in order.

Pages get it as one name, "<card>" or "<card>/<class>", in a state that the server keeps: whatever
the visitor changes, model or class, arrives at every page as one change.
"""

from dataclasses import dataclass
from typing import Any

import gradio as gr
from torch import Tensor

from genlab.core.errors import InputError
from genlab.core.protocols import ConditionalDecoder, Critic, LatentPrior
from genlab.inference.real_or_generated import LabelledPictures
from genlab.store import ModelStore, skeleton
from genlab.ui import kit
from genlab.ui.latent import codes

ALL = "all"
TOLD = "Sliders, paths and sums need one class: with all of them it is the first"
UNTOLD = "This network was trained without classes"


@dataclass(frozen=True)
class Choice:
    """What the pages follow.

    Attributes:
        every: the name of what is chosen; a card alone means all its classes in order.
        one: the same, and with all classes the first: the name of a single generator.
    """

    every: gr.State
    one: gr.State


def build(store: ModelStore, card: gr.Dropdown) -> Choice:
    """Declare the class picker, which belongs beside the model picker."""
    offered = _offered(store, card.value)
    label = gr.Dropdown(label="Class", min_width=260, elem_id="gan-class", **offered)
    names = names_of(store, card.value)
    choice = Choice(gr.State(names[0]), gr.State(names[1]))

    def follow_card(name: str) -> tuple:
        return gr.update(**_offered(store, name)), *names_of(store, name)

    def follow_label(name: str, sent: object) -> tuple:
        return names_of(store, name, sent)

    outputs = [choice.every, choice.one]
    # Through the queue: gradio 6.31 tells no listener of a state about an unqueued event's change.
    settings = {"show_progress": "hidden", "concurrency_limit": None, "api_visibility": "private",
                "preprocess": False, "trigger_mode": "always_last"}  # fmt: skip
    card.change(kit.readable_errors(follow_card), card, [label, *outputs], **settings)
    label.input(kit.readable_errors(follow_label), [card, label], outputs, **settings)
    return choice


def split(store: ModelStore, name: str) -> tuple[str, int | None]:
    """The card of a name, and its class where there is one."""
    card = codes.card_of(store, name).name
    return card, None if name == card else codes.decoder_of(store, name).label


def generator_of(store: ModelStore, name: str) -> LatentPrior:
    """The network of a name, a generator with a critic.

    Raises:
        InputError: it is another kind of network.
    """
    card = codes.card_of(store, name)
    model = store.get(card.name)
    if not isinstance(model, LatentPrior) or not isinstance(model, Critic):
        raise InputError(f"{card.title} is no generator with a critic. Choose another model.")
    return model


def real_pictures(store: ModelStore, name: str) -> LabelledPictures:
    """The shipped test pictures of what a generator draws, as its critic takes them.

    Of a class where the name has one; else of all classes that the model knows.
    """
    card, label = split(store, name)
    found, images = codes.examples_of(store, card), codes.example_images(store, card)
    model = generator_of(store, card)
    if not isinstance(model, ConditionalDecoder):
        return LabelledPictures(images, None)
    kept = found.labels < model.classes if label is None else found.labels == label
    return LabelledPictures(images[kept], found.labels[kept])


def titles(store: ModelStore, name: str, labels: Tensor | None, otherwise: list[str]) -> list[str]:
    """What stands above pictures: their classes where these differ, else `otherwise`."""
    card, label = split(store, name)
    if labels is None or label is not None:
        return otherwise
    return [codes.class_name(store, card, label) for label in labels.tolist()]


def _offered(store: ModelStore, name: str) -> dict[str, Any]:
    """Settings of the picker as the card's network has classes; it stays in place without."""
    network = skeleton(store.card(name))
    classes = network.classes if isinstance(network, ConditionalDecoder) else 0
    named = [(codes.class_name(store, name, label), label) for label in range(classes)]
    return {
        "choices": [("All, one after the other" if classes else "No classes", ALL), *named],
        "value": ALL,
        "interactive": classes > 0,
        "info": TOLD if classes else UNTOLD,
    }


def names_of(store: ModelStore, name: str, sent: object = ALL) -> tuple[str, str]:
    """The values of a `Choice`, for a card and what the class picker sent."""
    network = skeleton(store.card(name))
    if not isinstance(network, ConditionalDecoder):
        return name, name
    if sent == ALL:
        return name, codes.of_class(name, 0)
    chosen = codes.of_class(name, kit.whole_number(sent, "Class", 0, network.classes - 1))
    return chosen, chosen

"""The codes that the pages begin with: random ones, resting ones, those of the shipped examples.

A page names a model by its card, and one class of a generator that must be told a class by
"<card>/<class>": all pages of codes then serve it as any other generator. What a card's network
cannot do is said here once, so that a generator without an encoder can share the pages that need
none.
"""

import functools

import torch
from torch import Tensor

from genlab import data
from genlab.analysis.latent_codes import Dimensions, measure_dimensions, measure_effects
from genlab.core.cards import ModelCard
from genlab.core.errors import InputError
from genlab.core.images import ImageSpec
from genlab.core.protocols import (
    Conditional,
    ConditionalDecoder,
    Encoder,
    LatentDecoder,
    LatentPrior,
)
from genlab.inference.latent import MAX_SEED, checked_codes, encode_images, farthest, prior_codes
from genlab.inference.prior_samples import OfClass
from genlab.store import ModelStore, skeleton
from genlab.ui import kit
from genlab.ui.canvas.latents import read_code

KEPT = 32  # cards whose measurements are kept
OF_CLASS = "/"  # between a card's name and a class
MOST_DIGITS = 4  # of a class


def of_class(card: str, label: int) -> str:
    """The name under which the pages know a conditional generator with its class fixed."""
    return f"{card}{OF_CLASS}{label}"


def card_of(store: ModelStore, name: str) -> ModelCard:
    """The card of a name, whatever its class."""
    return store.card(name.split(OF_CLASS)[0] if isinstance(name, str) else name)


def title_of(store: ModelStore, name: str) -> str:
    """The card's title, and the class where one is fixed."""
    card = card_of(store, name)
    if name == card.name:
        return card.title
    return f"{card.title}, class {class_name(store, card.name, decoder_of(store, name).label)}"


def class_name(store: ModelStore, name: str, label: int) -> str:
    """What a class is called in the card's data."""
    return data.class_name(card_of(store, name).data, label)


def named_classes(store: ModelStore, name: str) -> list[tuple[str, int]]:
    """The classes that the card's network can be told, and what each is called; none of others."""
    network = skeleton(card_of(store, name))
    count = network.classes if isinstance(network, Conditional) else 0
    return [(class_name(store, name, label), label) for label in range(count)]


def decoder_of(store: ModelStore, name: str) -> LatentDecoder:
    """The card's network, which is a `LatentDecoder`, with its class fixed where the name has one.

    Raises:
        InputError: it has no codes, or it has classes and the name has none of them.
    """
    card = card_of(store, name)
    model = store.get(card.name)
    if not isinstance(model, LatentDecoder):
        raise InputError(f"{card.title} has no codes. Choose another model.")
    if name == card.name:
        return model
    label = name.removeprefix(card.name + OF_CLASS)
    if not isinstance(model, ConditionalDecoder):
        raise InputError(f"{card.title} was trained without classes. Choose no class for it.")
    if not (label.isascii() and label.isdecimal() and len(label) <= MOST_DIGITS):
        raise InputError(f"Class must be from 0 to {model.classes - 1}. Change it.")
    return OfClass(model, int(label))


def spec_of(store: ModelStore, name: str) -> ImageSpec:
    """Of the card's pictures."""
    return skeleton(card_of(store, name)).spec


def latent_dim_of(store: ModelStore, name: str) -> int:
    """How many numbers a code has."""
    return skeleton(card_of(store, name)).latent_dim


def encoder_of(store: ModelStore, name: str) -> Encoder:
    """The card's network, which is a `LatentDecoder` and an `Encoder`.

    Raises:
        InputError: it cannot encode.
    """
    model = decoder_of(store, name)
    if not isinstance(model, Encoder):
        raise InputError(without_encoder(title_of(store, name)))
    return model


def can_encode(store: ModelStore, name: str | None) -> bool:
    """Whether the card's network has an encoder; no card has none."""
    return name is not None and isinstance(skeleton(card_of(store, name)), Encoder)


def without_encoder(title: str) -> str:
    """Why there is nothing to see."""
    return f"{title} has no encoder, so no picture has a code. Choose another model."


def nothing_to_encode(store: ModelStore, name: str | None) -> str:
    """What a page that needs an encoder says where there is none."""
    if name is None:
        return "No model is trained yet. Train one, then start GenLab again."
    return without_encoder(title_of(store, name))


def data_name(store: ModelStore, name: str | None) -> str:
    """Which data set's examples belong to a card, one of `genlab.data.NAMES`."""
    return data.name_of(card_of(store, name).data if name else "")


def examples_of(store: ModelStore, name: str | None) -> data.DataSet:
    """The shipped examples of what a card was trained on."""
    return data.examples(data_name(store, name))


def example_images(store: ModelStore, name: str | None) -> Tensor:
    """The examples as the models see them, (N, 1, 28, 28) in [0, 1]."""
    return examples_of(store, name).images / 255


@functools.lru_cache(maxsize=KEPT)
def example_codes(store: ModelStore, name: str) -> Tensor:
    """The means that the encoder gives the examples, (N, D)."""
    return encode_images(encoder_of(store, name), example_images(store, name))[0]


@functools.lru_cache(maxsize=KEPT)
def measured(store: ModelStore, name: str) -> Dimensions:
    """What the numbers of the card's codes are used for; without an encoder, what they do."""
    model = decoder_of(store, name)
    if isinstance(model, Encoder):
        return measure_dimensions(model, example_images(store, name))
    return measure_effects(model)


def random_code(store: ModelStore, name: str, seed: object) -> tuple[Tensor, str]:
    """A code that the seed decides, (D,), and where it comes from.

    Without a prior there is no law to draw from; then the seed picks one of the examples.
    """
    model = decoder_of(store, name)
    number = kit.whole_number(seed, "Seed", 0, MAX_SEED)
    if isinstance(model, LatentPrior):
        return prior_codes(model, number, 1)[0], f"drawn from the prior, seed {number}"
    codes = example_codes(store, name)
    generator = torch.Generator().manual_seed(number)
    place = int(torch.randint(len(codes), (), generator=generator))
    told = "the code of a test picture that the seed picked, since this model has no prior"
    return codes[place], told


def resting_code(store: ModelStore, name: str) -> tuple[Tensor, str]:
    """The middle of the codes, (D,), and what it is."""
    model = decoder_of(store, name)
    if isinstance(model, LatentPrior):
        return torch.zeros(model.latent_dim), "all numbers 0, the middle of the prior"
    return example_codes(store, name).mean(dim=0), "the mean of all test pictures' codes"


def read_sent_code(model: LatentDecoder, sent: object) -> Tensor:
    """A code as the sliders send it, (D,).

    Raises:
        InputError: not as many numbers as this model's codes have, or one too far from 0.
    """
    if sent in (None, ""):
        raise InputError("No code arrived. Move a slider, then try again.")
    try:
        return checked_codes(model, read_code(sent, model.latent_dim, farthest(model)))[0]
    except ValueError as error:
        raise InputError(str(error)) from error

"""What a visitor may ask of a completion, checked once at the border."""

from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.core.cards import ModelCard
from genlab.core.errors import InputError
from genlab.core.images import dequantise, quantise
from genlab.core.protocols import Autoregressive, Conditional, Incremental
from genlab.inference.autoregressive import MAX_SEED
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas.mask_board import MaskedPicture
from genlab.ui.pixels.guidance_asked import read_guidance

VARIANTS = 6
COOLEST, HOTTEST = 0.1, 3.0  # temperature
ANY = "any"  # class


@dataclass(frozen=True, eq=False)
class Asked:
    """A checked wish.

    Attributes:
        pixels: (C, H, W) int64, the whole picture in the model's levels.
        kept: (H, W) bool.
        label: None for any class.
        seed: of the first variant; each further one has the next.
    """

    card: str
    model: Autoregressive
    pixels: Tensor
    kept: Tensor
    label: int | None
    guidance: float
    temperature: float
    seed: int


def offered(store: ModelStore) -> list[ModelCard]:
    """The cards that can go on with a picture: those that cheat see what is not there."""
    return [
        card for card in store.cards_with(Autoregressive) if not (card.masked and card.masked.leaks)
    ]


def read_asked(
    store: ModelStore, card: object, masked: MaskedPicture, label: object, guidance: object,
    temperature: object, seed: object,
) -> Asked:  # fmt: skip
    """Check what a visitor sent.

    Raises:
        InputError: a value that is not on offer, or does not fit the model.
    """
    model = asked_model(store, card)
    pixels = as_levels(model, masked)
    chosen = _read_label(model, label)
    return Asked(
        card=card,
        model=model,
        pixels=pixels,
        kept=torch.from_numpy(masked.kept),
        label=chosen,
        guidance=read_guidance(guidance, chosen),
        temperature=kit.number(temperature, "Temperature", COOLEST, HOTTEST),
        seed=kit.whole_number(seed, "Seed", 0, MAX_SEED - VARIANTS + 1),
    )


def asked_model(store: ModelStore, card: object) -> Autoregressive:
    """The network of a card's name.

    Raises:
        InputError: no model with this name can go on with a picture.
    """
    return store.get(kit.choice(card, "The model", tuple(each.name for each in offered(store))))


def as_levels(model: Autoregressive, masked: MaskedPicture) -> Tensor:
    """The picture as the model knows pictures: rounded to its nearest level, (1, H, W) int64.

    Raises:
        InputError: a model of other pictures than the board's.
    """
    image = torch.from_numpy(masked.image)[None]
    if model.spec.shape != image.shape:
        raise InputError("This model draws pictures of another size. Choose another model.")
    return quantise(image, model.spec.levels)


def in_levels(model: Autoregressive, masked: MaskedPicture) -> MaskedPicture:
    """The picture as the model sees it, under the same mask.

    Raises:
        InputError: a model of other pictures than the board's.
    """
    seen = dequantise(as_levels(model, masked), model.spec.levels)
    return MaskedPicture(seen[0].numpy(), masked.kept)


def must_be_quick(asked: Asked) -> None:
    """Whether completions can follow a hand.

    Raises:
        InputError: the model runs as a whole for every pixel.
    """
    if not isinstance(asked.model, Incremental):
        raise InputError(
            "This model keeps no cache, so its completions cannot follow your hand. Switch Live "
            "off and press Run, or choose another model."
        )


def _read_label(model: Autoregressive, label: object) -> int | None:
    classes = model.classes if isinstance(model, Conditional) else 0
    chosen = kit.choice(label, "The class", (ANY, *(str(each) for each in range(classes))))
    return None if chosen == ANY else int(chosen)

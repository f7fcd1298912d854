"""What a visitor asked for, as every page of the diffusion tab reads it."""

import torch
from torch import Tensor

from genlab.core.protocols import Denoiser
from genlab.store import ModelStore
from genlab.ui import kit

ANY = "any"  # value of the class picker where no class is asked for


def asked_model(store: ModelStore, card: object) -> Denoiser:
    """The network of a card's name.

    Raises:
        InputError: no denoiser has this name.
    """
    offered = tuple(each.name for each in store.cards_with(Denoiser))
    return store.get(kit.choice(card, "The model", offered))


def asked_label(model: Denoiser, label: object) -> int | None:
    """The class, from 0; None for any.

    Raises:
        InputError: neither one of the model's classes nor `ANY`.
    """
    offered = (ANY, *(str(each) for each in range(model.classes)))
    chosen = kit.choice(label, "The class", offered)
    return None if chosen == ANY else int(chosen)


def repeated(label: int | None, count: int) -> Tensor | None:
    """The class of each of `count` images, (count,) int64; None for any."""
    return None if label is None else torch.full((count,), label)

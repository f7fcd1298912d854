"""A card that a page on bounds is about, and where its encoder puts the shipped test pictures."""

import functools

from torch import Tensor

from genlab.core.errors import InputError
from genlab.core.protocols import LatentVariableModel
from genlab.inference.latent import encode_images
from genlab.store import ModelStore
from genlab.ui.latent.codes import example_images

UNTRAINED = "No VAE is trained yet. Run `python -m train vae-plane-mnist`, then start GenLab again."
KEPT = 32  # cards whose codes are kept


def variable_model(store: ModelStore, name: str | None) -> LatentVariableModel:
    """The network of a card that knows p(z), q(z | x) and p(x | z).

    Raises:
        InputError: it knows less, or no card is trained.
    """
    if name is None:
        raise InputError(UNTRAINED)
    model = store.get(name)
    if not isinstance(model, LatentVariableModel):
        raise InputError(f"{store.card(name).title} has no bound. Choose a VAE.")
    return model


@functools.lru_cache(maxsize=KEPT)
def example_gaussians(store: ModelStore, name: str) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of q(z | x) of each example, (N, D) each."""
    return encode_images(store.get(name), example_images(store, name))

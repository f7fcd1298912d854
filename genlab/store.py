"""The shelf of trained models: cards by name and by capability, weights loaded once.

A model is shared by all visitors, so it comes frozen and in evaluation mode, and nothing writes to
it. A damaged checkpoint is one clear error for whoever asks for that model, every time, and
nothing to the others; once the file is whole again, it loads.
"""

import difflib
import threading
from functools import cache
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import nn

from genlab.core.cards import CardFile, ModelCard, remedy, sha256
from genlab.core.errors import CheckpointError, UnknownModel
from genlab.core.shapes import shapes_only
from genlab.registry import discover

FEW = 5  # names that an error lists
CHECKPOINTS = Path(__file__).parent.parent / "checkpoints"


class ModelStore:
    """Loads cards' models lazily and keeps them; safe to use from many threads.

    Args:
        folder: where `<card>.safetensors` and `<card>.json` are.
        cards: those on offer; by default all of `genlab.models`.
    """

    def __init__(
        self, folder: Path = CHECKPOINTS, cards: tuple[ModelCard, ...] | None = None
    ) -> None:
        self._folder = folder
        found = cards if cards is not None else sum(discover("genlab.models", "CARDS"), ())
        self._cards = {card.name: card for card in found}
        self._locks = {name: threading.Lock() for name in self._cards}
        self._models: dict[str, nn.Module] = {}

    @property
    def cards(self) -> list[ModelCard]:
        """All cards, those without a checkpoint too."""
        return list(self._cards.values())

    def cards_with(self, capability: type) -> list[ModelCard]:
        """Cards whose network has a capability (a runtime protocol) and whose file is here.

        A card that leaks on purpose is left out: its network has the methods, but not the laws. Who
        wants to show it asks for it by its name.
        """
        return [
            card
            for card in self.cards
            if self.has_weights(card.name)
            and not (card.masked and card.masked.leaks)
            and isinstance(skeleton(card), capability)
        ]

    def has_weights(self, name: str) -> bool:
        """Whether a card's weights are here; whether they are whole, only `get` finds out."""
        return self._weights(name).exists()

    def card(self, name: str) -> ModelCard:
        """The card of this name.

        Raises:
            UnknownModel: there is none.
        """
        if not isinstance(name, str) or name not in self._cards:
            raise UnknownModel(
                f"There is no model called {str(name)[:60]!r}. Choose one of: "
                f"{_offer(str(name)[:60], list(self._cards))}."
            )
        return self._cards[name]

    def card_file(self, name: str) -> CardFile:
        """What is recorded about a card's weights.

        Raises:
            UnknownModel, CheckpointError
        """
        self.card(name)
        recorded = CardFile.read(self._folder / f"{name}.json")
        if recorded.card != name:
            raise CheckpointError(
                f"The card {name}.json describes {recorded.card!r} instead. {remedy(name)}"
            )
        return recorded

    def get(self, name: str) -> nn.Module:
        """The card's network with its trained weights, frozen, on the CPU.

        Raises:
            UnknownModel: no such card.
            CheckpointError: the file is missing, damaged or made for another network.
        """
        card = self.card(name)
        with self._locks[name]:
            if name not in self._models:
                with torch.inference_mode(False):  # else nobody could ever ask for a gradient
                    self._models[name] = self._load(card)
            return self._models[name]

    def weights_size(self, name: str) -> int:
        """Bytes of a card's file of weights.

        Raises:
            CheckpointError: it is missing.
        """
        try:
            return self._weights(name).stat().st_size
        except OSError as error:
            raise CheckpointError(
                f"The checkpoint {name}.safetensors is missing or cannot be read. {remedy(name)}"
            ) from error

    def _weights(self, name: str) -> Path:
        return self._folder / f"{name}.safetensors"

    def _load(self, card: ModelCard) -> nn.Module:
        recorded = self.card_file(card.name)
        weights = read_weights(self._weights(card.name), expected_sha256=recorded.sha256)
        return with_weights(card, weights)


def _offer(name: str, known: list[str]) -> str:
    """All names where they are few, else those that look most like this one."""
    if len(known) <= FEW:
        return ", ".join(known)
    alike = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or known[:3]
    return f"{', '.join(alike)} (`python -m genlab models` lists all {len(known)})"


def read_weights(path: Path, *, expected_sha256: str | None = None) -> dict[str, torch.Tensor]:
    """The tensors of a safetensors file; nothing in it is ever executed.

    Raises:
        CheckpointError: missing, not the file that the card describes, or damaged.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CheckpointError(
            f"The checkpoint {path.name} is missing or cannot be read. {remedy(path.stem)}"
        ) from error
    if expected_sha256 is not None and sha256(content) != expected_sha256:
        raise CheckpointError(
            f"The checkpoint {path.name} is not the file that its card describes (its sha256 "
            f"differs). {remedy(path.stem)}"
        )
    try:
        return safetensors.torch.load(content)
    except SafetensorError as error:
        raise CheckpointError(
            f"The checkpoint {path.name} is damaged ({error}). {remedy(path.stem)}"
        ) from error


def with_weights(card: ModelCard, weights: dict[str, torch.Tensor]) -> nn.Module:
    """A frozen network of `card` that holds `weights`.

    Raises:
        CheckpointError: they were made for another network.
    """
    model = card.build()
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise CheckpointError(
            f"The checkpoint {card.name}.safetensors was made for another network than this "
            f"version builds. {remedy(card.name)}"
        ) from error
    return model.eval().requires_grad_(False)


@cache
def skeleton(card: ModelCard) -> nn.Module:
    """The card's network without values, for what its shape and its methods tell.

    Built once and shared, for every page asks for many cards: nothing may be written to it.
    """
    with shapes_only():
        return card.build()

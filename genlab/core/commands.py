"""A subcommand of `python -m genlab`, for whoever has one to offer.

`genlab.cli` has its own; a module of `genlab.analysis` may end with `COMMANDS`, a tuple of these.
What a command returns is data; the command line prints it as JSON or as a text.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from torch import nn

from genlab.core.cards import CardFile, ModelCard


class Shelf(Protocol):
    """What a command may ask of `genlab.store.ModelStore`, which most layers cannot import."""

    cards: list[ModelCard]

    def card_file(self, name: str) -> CardFile:
        """What is recorded about a card's weights, or CheckpointError."""

    def has_weights(self, name: str) -> bool:
        """Whether a card's weights are here."""

    def get(self, name: str) -> nn.Module:
        """The card's network with its weights, frozen, or CheckpointError."""


@dataclass(frozen=True)
class Command:
    """One subcommand.

    Attributes:
        name: as it is typed.
        help: one line.
        add_arguments: declares its own; `--json` and `--checkpoints` come by themselves.
        run: does the work; its result is whatever `json.dumps` accepts. Raises a GenLabError
            where the world or the person is at fault.
        as_text: the result for a person to read.
    """

    name: str
    help: str
    add_arguments: Callable[[ArgumentParser], None]
    run: Callable[[Shelf, Namespace], object]
    as_text: Callable[..., str]

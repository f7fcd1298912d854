"""The command line of `python -m train` on tiny recipes, and what it leaves in a folder."""

import dataclasses

import torch
from tiny_training import CARD, RECIPE, build

from genlab.core.cards import CardFile
from genlab.store import ModelStore, read_weights
from train.__main__ import main
from train.run_folder import RunFolder


def start(home, *arguments, card="tiny", recipe=RECIPE, offered=None):
    """Run the command line in `home`; its exit code."""
    offered = offered or {"tiny": recipe}
    cards = tuple(dataclasses.replace(CARD, name=name) for name in offered)
    # Of an option that is named twice, the last one holds: a test may name its own folders.
    return main([card, *folders(home), *arguments], offered=offered, store=ModelStore(cards=cards))


def folders(home):
    """The options that keep a run in `home`."""
    return ["--runs", str(home / "runs"), "--checkpoints", str(home / "checkpoints")]


def run_folder(home, card="tiny"):
    """The run's files."""
    return RunFolder(home / "runs" / card)


def card_of(home, card="tiny"):
    """The exported card file."""
    return CardFile.read(home / "checkpoints" / f"{card}.json")


def weights_of(home, card="tiny"):
    """The exported weights."""
    return read_weights(home / "checkpoints" / f"{card}.safetensors")


def network(weights):
    """The tiny network with these weights."""
    model = build()
    model.load_state_dict(weights)
    return model.eval().requires_grad_(False)


def untrained():
    """The tiny network as a run with seed 0 begins."""
    torch.manual_seed(0)
    return build().requires_grad_(False)


def complaint(capsys):
    """The one line that a failed command leaves."""
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    return lines[0]

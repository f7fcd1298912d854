"""What the cells of the page of grey levels show: pictures as they are drawn, and the figures."""

import time
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from genlab.analysis.figures import describe
from genlab.core.cards import CardFile
from genlab.core.errors import InputError
from genlab.core.frames import Frame
from genlab.core.protocols import Autoregressive, Conditional
from genlab.inference.autoregressive import draw_uniforms, make_stepper, stream_pixels
from genlab.store import ModelStore, skeleton
from genlab.ui import kit
from genlab.ui.canvas.multiples import line

GRID = (
    ("pixelcnn-8-levels-mnist", "gated-8-levels-mnist"),
    ("pixelcnn-256-levels-mnist", "gated-256-levels-mnist"),
)
"""Cards: a row a number of levels, a column a network."""

FINEST = GRID[-1]
COUNT = 4  # pictures of a card
FIGURES = ("Bits/dim", "Given the class", "Parameters", "Trained", "Drawn in")
UNKNOWN = "not measured"
NONE = "no classes"
INTERVAL = 0.15  # seconds between the pictures of a run: each message holds them all
TOO_LONG = (
    "The run was stopped after a minute, so that others can draw too. What was drawn stays. Press "
    "Draw again when the server is less busy."
)

Piece = tuple[str, str, str]  # card, what is new in its cell, the words about the run


def is_trained(store: ModelStore, name: str) -> bool:
    """Whether a card of the grid exists and has its weights."""
    return any(card.name == name for card in store.cards) and store.has_weights(name)


def title_of(store: ModelStore, name: str) -> str:
    """The network and its levels, as the grid names them."""
    model = skeleton(store.card(name))
    network = "Gated PixelCNN" if isinstance(model, Conditional) else "PixelCNN"
    return f"{network}, {model.spec.levels} levels"


def untrained(store: ModelStore, name: str) -> str:
    """What stands in place of a card's pictures."""
    known = any(card.name == name for card in store.cards)
    head = title_of(store, name) if known else name
    return (
        f"**{head}**\n\nNot trained yet. Run `python -m train {name}`, then start GenLab again: "
        "its pictures and figures stand here."
    )


def figures_of(recorded: CardFile, has_classes: bool, seconds: float | None = None) -> list[str]:
    """The texts of `FIGURES`.

    Args:
        seconds: of drawing; None while it is under way.
    """
    found = recorded.figures
    whole = found.get("bits_per_dim") or found.get("bits_per_dim_mixture")
    told = found.get("bits_per_dim_conditional")
    return [
        describe(whole) if whole else UNKNOWN,
        (describe(told) if told else UNKNOWN) if has_classes else NONE,
        f"{recorded.parameters:,}",
        f"{recorded.minutes:g} minutes",
        "–" if seconds is None else f"{seconds:.2f} s",
    ]


def labels_of(model: Autoregressive) -> Tensor | None:
    """Classes dealt evenly to the pictures, (COUNT,); None for a network without classes."""
    if not isinstance(model, Conditional):
        return None
    return torch.arange(COUNT) * model.classes // COUNT


def stream_grid(store: ModelStore, names: Sequence[str], seed: int) -> Iterator[Piece]:
    """Draw the cards one after another from the same seeds.

    Raises:
        InputError: it takes more than a minute.
    """
    started = time.monotonic()
    for name in names:
        for piece in stream_cell(store, name, seed):
            if time.monotonic() - started > kit.LONGEST_RUN:
                raise InputError(TOO_LONG)
            yield name, piece, f"Drawing: {title_of(store, name)}."
    yield names[-1], "", describe_run(store, names, seed)


def stream_cell(store: ModelStore, name: str, seed: int) -> Iterator[str]:
    """The pictures of a card while they come into being, then how long that took."""
    model, recorded = store.get(name), store.card_file(name)
    labels = labels_of(model)
    notes = _notes(seed, labels)
    has_classes, began, told = labels is not None, time.perf_counter(), 0.0
    yield line(0, figures=figures_of(recorded, has_classes), notes=notes, note="begins")
    uniforms = draw_uniforms(model.spec, seed, COUNT)
    stepper = make_stepper(model, COUNT, labels)
    for frame in stream_pixels(model, uniforms, labels=labels, stepper=stepper):
        now = time.perf_counter()
        if frame.is_last or now - told > INTERVAL:
            told, seconds = now, now - began if frame.is_last else None
            figures = figures_of(recorded, has_classes, seconds)
            yield line(0, frame.images, figures=figures, note=_progress(frame))


def _notes(seed: int, labels: Tensor | None) -> list[str]:
    seeds = [f"seed {seed + place}" for place in range(COUNT)]
    if labels is None:
        return seeds
    return [f"{each}, class {label}" for each, label in zip(seeds, labels.tolist(), strict=True)]


def _progress(frame: Frame) -> str:
    return "" if frame.is_last else f"step {frame.step} of {frame.total}"


def describe_run(store: ModelStore, names: Sequence[str], seed: int) -> str:
    """Which seeds drew what, and what of the figures may be compared."""
    told = f"Seeds {seed} to {seed + COUNT - 1} in every card."
    gated = next((name for name in names if labels_of(store.get(name)) is not None), None)
    if gated:
        dealt = ", ".join(map(str, labels_of(store.get(gated)).tolist()))
        told += f" The gated network is told the classes {dealt}; the plain one knows none."
    return (
        f"{told} Compare bits/dim along a row, where both models are about the same pictures. "
        "Down a column it must grow: finer greys are more to tell. Why some pictures begin a "
        "second stroke at the foot, the page *Sampling* checks under *Common mistakes*."
    )

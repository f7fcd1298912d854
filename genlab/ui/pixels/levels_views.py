"""What the cells of the page of grey levels show: pictures as they are drawn, and the figures."""

import math
import time
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from genlab.analysis.figure_kinds import KINDS
from genlab.analysis.figures import describe
from genlab.analysis.rankings import Ranked, disagreements, rank
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
BITS = next(kind for kind in KINDS if kind.key == "bits")
COUNT = 4  # pictures of a card
FIGURES = ("Bits/dim", "Given the class", "FID × floor", "Parameters", "Trained", "Drawn in")
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
    return f"{network_of(store, name)}, {skeleton(store.card(name)).spec.levels} levels"


def network_of(store: ModelStore, name: str) -> str:
    """The kind of a card's network."""
    is_gated = isinstance(skeleton(store.card(name)), Conditional)
    return "Gated PixelCNN" if is_gated else "PixelCNN"


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
    told, distance = found.get("bits_per_dim_conditional"), found.get("fid_times_floor")
    return [
        f"{describe(whole)} of {whole.n:,} test pictures" if whole else UNKNOWN,
        (describe(told) if told else UNKNOWN) if has_classes else NONE,
        describe(distance) if distance else UNKNOWN,
        f"{recorded.parameters:,}",
        f"{recorded.minutes:g} minutes, {recorded.steps:,} steps",
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
    for done, name in enumerate(names):
        for piece in stream_cell(store, name, seed):
            if time.monotonic() - started > kit.LONGEST_RUN:
                raise InputError(TOO_LONG)
            yield name, piece, f"{done} of {len(names)} models are done."
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
        f"{told}\n\n{compare_rows(store, names)}\n\nDown a column bits/dim must grow: finer greys "
        "are more to tell. Why some pictures begin a second stroke at the foot, the page "
        "*Sampling* checks under *Common mistakes*."
    )


def compare_rows(store: ModelStore, names: Sequence[str]) -> str:
    """What may be compared along a row, and where likelihood and samples disagree about who won."""
    rows = {row: rank_row(store, row) for row in GRID if set(row) <= set(names)}
    measured = {row: ranked for row, ranked in rows.items() if len(ranked) == len(row)}
    same = all(len({each.cost.n for each in ranked}) == 1 for ranked in measured.values())
    told = "Compare bits/dim along a row: the same data in the same levels" + (
        "." if same else ", though not as many test pictures."
    )
    if not measured:
        return told
    verdicts = " ".join(_verdict(store, row, ranked) for row, ranked in measured.items())
    return (
        f"{told} FID × floor says how many times as far samples are from test pictures as training "
        f"pictures are.\n\n{verdicts}"
    )


def rank_row(store: ModelStore, row: Sequence[str]) -> list[Ranked]:
    """The networks of a row that have both figures."""
    values = (math.prod(skeleton(store.card(name)).spec.shape) for name in row)
    found = (
        rank(network_of(store, name), BITS, store.card_file(name).figures, values=count)
        for name, count in zip(row, values, strict=True)
    )
    return [each for each in found if each is not None]


def _verdict(store: ModelStore, row: Sequence[str], ranked: Sequence[Ranked]) -> str:
    levels = f"At {skeleton(store.card(row[0])).spec.levels} levels"
    found = disagreements(ranked)
    if not found:
        return f"{levels} distance and likelihood do not contradict each other."
    better, nearer = found[0]
    return (
        f"**{levels} the two disagree**: {better.title} has the better likelihood "
        f"({better.cost.value:.3f} against {nearer.cost.value:.3f} bits/dim), {nearer.title} the "
        f"samples nearer to real pictures ({nearer.distance.value:.1f} against "
        f"{better.distance.value:.1f} × floor)."
    )

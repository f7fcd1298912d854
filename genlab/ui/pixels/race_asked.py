"""What a visitor may ask of a race, checked once at the border."""

from dataclasses import dataclass

from torch import Tensor

from genlab.core.protocols import Autoregressive, Conditional
from genlab.inference.autoregressive import MAX_SEED, NAIVE, draw_uniforms
from genlab.inference.conditions import with_class
from genlab.inference.race import CACHED, FIXED_POINT, LANES, WAVEFRONT, Lane, line_up
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.latent import codes
from genlab.ui.pixels import completion_asked as asking

COUNTS = (1, 4)
TURNS, ONE_BY_ONE = "turns", "one by one"
ORDERS = {TURNS: "In turns", ONE_BY_ONE: "One after another"}
NAMES = {NAIVE: "Naive", CACHED: "Cached", WAVEFRONT: "Wavefront", FIXED_POINT: "Fixed point"}
SPOKEN = {NAIVE: "the naive lane", CACHED: "the cached lane", WAVEFRONT: "the wavefront",
          FIXED_POINT: "the fixed point"}  # fmt: skip
RUNS = {"0": (0, 0), "1 to 9": (1, 9), "10 to 99": (10, 99), "100 to 783": (100, 783),
        "784": (784, 784)}  # fmt: skip
"""How often a fixed point may run the network: what a visitor may guess."""

GLANCE = 1 / 200  # seconds of computing between two frames: a wavefront is over after 0.1 s


@dataclass(frozen=True, eq=False)
class Asked:
    """A checked wish.

    Attributes:
        seed: of the first picture; each further one has the next.
        label: None for any class.
        order: one of `ORDERS`.
    """

    card: str
    model: Autoregressive
    count: int
    seed: int
    label: int | None = None
    order: str = TURNS

    @property
    def uniforms(self) -> Tensor:
        """(B, C, H, W) in [0, 1), the same for all lanes."""
        return draw_uniforms(self.model.spec, self.seed, self.count)


@dataclass(frozen=True)
class Guess:
    """What a visitor expects; None where nothing was guessed.

    Attributes:
        first: one of `LANES`.
        runs: one of `RUNS`.
    """

    first: str | None = None
    runs: str | None = None


def read_asked(
    store: ModelStore, card: object, count: object, seed: object, label: object, order: object
) -> Asked:
    """Check what a visitor sent.

    Raises:
        InputError: a value that is not on offer, or does not fit the model.
    """
    model = asking.asked_model(store, card)
    images = kit.choice(count, "Images", COUNTS)
    classes = model.classes if isinstance(model, Conditional) else 0
    names = (asking.ANY, *(str(each) for each in range(classes)))
    chosen = kit.choice(label, "The class", names)
    return Asked(
        card=card,
        model=model,
        count=images,
        seed=kit.whole_number(seed, "Seed", 0, MAX_SEED - images + 1),
        label=None if chosen == asking.ANY else int(chosen),
        order=kit.choice(order, "The order of the lanes", tuple(ORDERS)),
    )


def read_guess(first: object, runs: object) -> Guess:
    """Check what a visitor guessed.

    Raises:
        InputError: a guess that is not on offer.
    """
    return Guess(
        None if first is None else kit.choice(first, "Your guess of the first lane", LANES),
        None if runs is None else kit.choice(runs, "Your guess of the runs", tuple(RUNS)),
    )


def make_lanes(asked: Asked) -> tuple[Lane, ...]:
    """The lanes at the start; nothing is computed yet."""
    model, labels = with_class(asked.model, asked.count, asked.label, 1.0)
    return line_up(model, asked.uniforms, labels=labels, turn=GLANCE)


def caption(store: ModelStore, asked: Asked) -> str:
    """What is drawn."""
    seeds = f"seed {asked.seed}"
    if asked.count > 1:
        seeds = f"seeds {asked.seed} to {asked.seed + asked.count - 1}"
    told = [store.card(asked.card).title, seeds]
    if asked.label is not None:
        told.append(f"class {codes.class_name(store, asked.card, asked.label)}")
    return " · ".join([*told, "coloured: the random numbers, the same in all lanes"])

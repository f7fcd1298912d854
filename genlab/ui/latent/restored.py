"""A restoration as the page shows it: four pictures, a verdict, errors over the level."""

import functools
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.analysis.denoising import ErrorCurve, Restoration, measure_errors, restore
from genlab.core.cards import ModelCard
from genlab.core.errors import InputError
from genlab.core.protocols import Restorer
from genlab.nn.corruption import CORRUPTIONS
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas.panels import ShownPicture
from genlab.ui.drawing.curves import Axis, Curve, draw_curves, signed
from genlab.ui.latent.codes import example_images

NAMES = {"gaussian": "Gaussian noise", "dropout": "Dropped pixels"}
LEVELS = tuple(step / 20 for step in range(21))  # of the curve
MAX_SEED = 2**32 - 101  # the curve's last picture has seed + 99
BLUE, VERMILION, GREEN = "#0072B2", "#D55E00", "#009E73"
THOUSANDTHS = 1000

LEVEL_AXIS = Axis("level of corruption", 0.0, 1.0, (0, 0.2, 0.4, 0.6, 0.8, 1))
ERROR_AXIS = Axis("mean squared error of a pixel, thousandths", 1, 1000, (1, 10, 100, 1000), True)


@dataclass(frozen=True, eq=False)
class Shown:
    """One restoration as the stage shows it.

    Attributes:
        card: of the network.
        corruption: a key of `CORRUPTIONS`.
        level: in [0, 1].
        seed: of the noise.
        found: with one picture.
        logits: of the restored pixels, before the last sigmoid, which rounds them off to 0 and 1.
    """

    card: ModelCard
    corruption: str
    level: float
    seed: int
    found: Restoration
    logits: Tensor


def restorer(store: ModelStore, name: object) -> Restorer:
    """The card's network.

    Raises:
        InputError: it restores nothing.
    """
    network = store.get(name)
    if not isinstance(network, Restorer):
        raise InputError(f"{store.card(name).title} restores nothing. Choose another model.")
    return network


def read_shown(
    store: ModelStore,
    picture: Tensor,
    card: object,
    corruption: object,
    level: object,
    seed: object,
) -> Shown:
    """Check what a visitor sent, and restore the picture, (1, 1, 28, 28).

    Raises:
        InputError: a value out of range, or a model that restores nothing.
    """
    if card is None:
        raise InputError(
            "No denoising autoencoder is trained yet. Run `python -m train "
            "denoising-autoencoder-fashion`, then reload the page."
        )
    chosen, model = store.card(card), restorer(store, card)
    settings = {
        "corruption": kit.choice(corruption, "Corruption", tuple(CORRUPTIONS)),
        "level": kit.number(level, "Level", 0.0, 1.0),
        "seed": kit.whole_number(seed, "Seed", 0, MAX_SEED),
    }
    found = restore(model, picture, **settings)
    with torch.inference_mode():
        logits = model.decoder(found.code)
    return Shown(chosen, found=found, logits=logits, **settings)


def show_restoration(store: ModelStore, shown: Shown) -> tuple[list[ShownPicture], str, str]:
    """The four pictures, the verdict, and the curve with the level's place on it."""
    return show_pictures(shown), judge(store, shown), draw_errors(store, shown)


def show_pictures(shown: Shown) -> list[ShownPicture]:
    """Original, corrupted, restored and the difference, each with its numbers."""
    found = shown.found
    difference = found.difference
    clipped = f", {thousandths(found.error_clipped)} clipped" if _leaves_range(shown) else ""
    notes = (
        "what the network never sees",
        f"error {thousandths(found.error_before)}{clipped}",
        f"error {thousandths(found.error_after)}",
        f"from {signed(difference.min().item())} to {signed(difference.max().item())}",
    )
    pictures = (found.original, found.corrupted, found.restored, difference)
    return [
        ShownPicture(each[0, 0].numpy(), note) for each, note in zip(pictures, notes, strict=True)
    ]


def judge(store: ModelStore, shown: Shown) -> str:
    """What the network made of this picture, and whether it was trained for it."""
    found, network = shown.found, restorer(store, shown.card.name)
    before, after = found.error_clipped, found.error_after
    words = f"Nothing is corrupted, and the network does harm: {thousandths(after)} thousandths."
    if before:
        base = (
            f"Clipped to [0, 1], as on a screen, the error is {thousandths(before)} thousandths"
            if _leaves_range(shown)
            else f"The error is {thousandths(before)} thousandths"
        )
        share = f"{after / before:.0%}" if after < before else f"{after / before:.1f} times"
        harm = "" if after < before else ": here it does harm"
        words = f"{base}. The network leaves **{share}** of that{harm}."
    if network.corruption == shown.corruption:
        return words
    return (
        f"{words} It was trained on {spoken(network.corruption)} and **never saw "
        f"{spoken(shown.corruption)}**."
    )


def draw_errors(store: ModelStore, shown: Shown) -> str:
    """The errors of the example pictures over the level, and the level's place on them."""
    network = restorer(store, shown.card.name)
    is_own = network.corruption == shown.corruption
    picture = draw_curves(
        error_curves(store, shown), LEVEL_AXIS, ERROR_AXIS, cursor=shown.level,
        mark=(network.corruption_level, "trained here") if is_own else None,
        label="Errors over the level of corruption", name="errors-over-corruption",
    )  # fmt: skip
    words = describe_errors(_errors(store, shown))
    return f"{picture}<p style='text-align: center'>{words}</p>"


def error_curves(store: ModelStore, shown: Shown) -> list[Curve]:
    """Restored and corrupted, in thousandths; clipped, too, where that is something else."""
    found = _errors(store, shown)
    lines = [
        ("restored", found.restored, BLUE, ""),
        ("corrupted", found.corrupted, VERMILION, "7 4"),
    ]
    if found.clipped != found.corrupted:
        lines.append(("corrupted, clipped", found.clipped, GREEN, "2 3"))
    return [
        Curve(name, tuple(zip(found.levels, (THOUSANDTHS * e for e in errors), strict=True)), *look)
        for name, errors, *look in lines
    ]


def _errors(store: ModelStore, shown: Shown) -> ErrorCurve:
    return errors_of_examples(store, shown.card.name, shown.corruption, shown.seed)


def describe_errors(found: ErrorCurve) -> str:
    """Where on the curve the network helps."""
    base = (
        "clipping the pictures" if found.clipped != found.corrupted else "leaving them as they are"
    )
    helps = (
        f"The network does better than {base} from the level {found.helps_from:g} on"
        if found.helps_from is not None
        else f"The network never does better than {base}"
    )
    return (
        f"Mean of the 100 test pictures that are shipped. {helps}; what it restores is closest to "
        f"the originals at {found.best:g}."
    )


@functools.lru_cache(maxsize=64)
def errors_of_examples(store: ModelStore, card: str, corruption: str, seed: int) -> ErrorCurve:
    """Over all `LEVELS`, of the shipped test images."""
    images = example_images(store, card)
    return measure_errors(store.get(card), images, corruption=corruption, levels=LEVELS, seed=seed)


def _leaves_range(shown: Shown) -> bool:
    return shown.found.error_clipped != shown.found.error_before


def spoken(corruption: str) -> str:
    """Its name within a sentence."""
    name = NAMES[corruption]
    return name if corruption == "gaussian" else name.lower()


def thousandths(error: float) -> str:
    """0.0175 as 17.5."""
    return f"{THOUSANDTHS * error:.1f}"

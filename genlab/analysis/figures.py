"""How a figure is read from a card file, and written with its error.

A figure that is not there has a reason: it was not measured, or it cannot exist for such a model.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from torch import nn

from genlab.analysis import diffusion_figures
from genlab.analysis.figure_kinds import KINDS, FigureKind
from genlab.core.cards import CardFile, Figure

LEAKS = "This network sees the pixel that it predicts, so this is no likelihood. It cheats."
GREY = (
    "It is of pictures drawn black or white, and this network draws grey levels: its likelihood, "
    "exact as well, stands under Bits per dim."
)
THOUSAND = 1000
ROUNDING = 1e-6  # of a value: an error below is that of adding floats


@dataclass(frozen=True)
class Reading:
    """What one card says about one figure.

    Attributes:
        text: with its error, or "–".
        value: to sort by; None where there is none.
        note: why it is missing, or what to know about it; "" for nothing.
    """

    text: str
    value: float | None = None
    note: str = ""


def read_figure(
    kind: FigureKind, recorded: CardFile, model: nn.Module, *, leaks: bool = False
) -> Reading:
    """What a card says about a figure, or why it says nothing.

    Args:
        model: the card's network; its values are not read.
        leaks: see `genlab.core.cards.MaskedArchitecture`.
    """
    if not isinstance(model, kind.applies_to):
        return Reading("–", note=f"{kind.title} does not apply. {kind.without}")
    if kind.key == "nll" and model.spec.levels > 2:
        return Reading("–", note=f"{kind.title} in nats does not apply. {GREY}")
    found = figure_of(kind, recorded.figures, math.prod(model.spec.shape))
    if found is None:
        return Reading("–", note=f"{kind.title} is not measured yet: run `{command(recorded)}`.")
    if leaks and kind.key in ("nll", "bits"):
        return Reading(f"({describe(found)})", note=LEAKS)
    return Reading(describe(found), found.value, _told(kind, recorded.figures))


def figure_of(kind: FigureKind, figures: Mapping[str, Figure], values: int) -> Figure | None:
    """The first figure of the kind that is recorded; bits are made of nats.

    Args:
        values: of one picture.
    """
    named = next((figures[name] for name in kind.names if name in figures), None)
    if named is None and kind.key == "bits":
        nats = next(
            (found for each in KINDS[:2] if (found := figure_of(each, figures, values))), None
        )
        return nats and _in_bits(nats, values)
    return named


def _in_bits(nats: Figure, values: int) -> Figure:
    unit = values * math.log(2)
    return Figure(nats.value / unit, nats.standard_error / unit, nats.n, nats.command)


def _told(kind: FigureKind, figures: Mapping[str, Figure]) -> str:
    if kind.key == "nll" and "nats_dynamic" not in figures:
        return "Of the mixture over all classes, so that it compares with models without classes."
    if kind.key == "bits" and "neg_elbo_nats_dynamic" in figures:
        return "Made of −ELBO: the true figure is not higher."
    return ""


def command(recorded: CardFile) -> str:
    """What measures all figures of a card."""
    return f"python -m train.evaluate {recorded.card}"


def describe(figure: Figure) -> str:
    """See `with_error`."""
    return with_error(figure.value, figure.standard_error)


def with_error(value: float, error: float) -> str:
    """A value with as many digits as its error deserves; without one that is rounding alone."""
    if error <= ROUNDING * abs(value):
        return f"{value:.4g}".replace("-", "−")
    decimals = 2
    while error < 10**-decimals and decimals < 5:
        decimals += 1
    return f"{value:.{decimals}f} ± {error:.{decimals}f}".replace("-", "−")


def amount(value: float, decimals: int = 2) -> str:
    """A number to read: from a thousand on without decimals, a minus that is one, no "−0.00"."""
    decimals = 0 if abs(value) >= THOUSAND else decimals
    return f"{round(value, decimals) + 0.0:,.{decimals}f}".replace("-", "−")


NAMES = {
    "nats_dynamic": "NLL",
    "nats_dynamic_conditional": "NLL given the class",
    "nats_dynamic_mixture": "NLL, mixture over the classes",
    "nats_dynamic_null": "NLL without a class",
    "nats_thresholded": "NLL, thresholded pictures",
    "nats_thresholded_conditional": "NLL given the class, thresholded",
    "nats_thresholded_mixture": "NLL, mixture, thresholded",
    "nats_thresholded_null": "NLL without a class, thresholded",
    "neg_elbo_nats_dynamic": "−ELBO",
    "neg_elbo_nats_thresholded": "−ELBO, thresholded pictures",
    "reconstruction_nats": "Reconstruction, nats",
    "kl_nats": "KL divergence, nats",
    "active_dimensions": "Dimensions in use",
    "iwae_100_nats": "Tighter bound, 100 codes",
    "iwae_nats": "Tighter bound, 5,000 codes, of the first 1,000 images",
    "neg_elbo_nats_of_the_first": "−ELBO of those first images, to compare with",
    "reconstruction_mse_thousandths": "Squared error, thousandths",
    "mean_activity": "Mean activity of a unit",
    "silent_units": "Units that are never on",
    "fid": "FID",
    "fid_floor": "FID of real training pictures",
    "fid_times_floor": "FID × floor",
    "kid": "KID",
    "precision": "Precision",
    "recall": "Recall",
    "density": "Density",
    "coverage": "Coverage",
    "class_entropy_bits": "Entropy of the classes, bits",
    "class_accuracy": "Class accuracy",
    "test_accuracy": "Test accuracy",
    "nearest_training_distance": "Distance to the nearest training picture",
    "nearest_training_distance_of_test": "The same, of test pictures",
}
"""Of what stands in card files, for people; another name is shown as it is."""


def name_of(name: str) -> str:
    """A figure's name for people."""
    return NAMES.get(name) or diffusion_figures.title_of(name) or name.replace("_", " ")

"""A picture's codes as the page shows them: bars and numbers of each network, one unit's views."""

import functools
from dataclasses import dataclass

from torch import Tensor

from genlab.analysis.sparse_codes import CodedImages, code_images
from genlab.core.errors import InputError
from genlab.core.protocols import SparseCoder
from genlab.store import ModelStore, skeleton
from genlab.ui import kit
from genlab.ui.canvas.panels import ShownPicture
from genlab.ui.canvas.units import ShownUnits
from genlab.ui.latent import sparse_unit
from genlab.ui.latent.codes import example_images, examples_of

TITLES = {"none": "No penalty", "l1": "L1 penalty", "kl": "KL penalty"}
HIGHEST_THRESHOLD = 0.95


@dataclass(frozen=True, eq=False)
class Coded:
    """One picture as a network codes it, and as the page shows it.

    Attributes:
        card: of the network.
        penalty: a key of `TITLES`.
        picture: the code of one picture.
        examples: the codes of the shipped test images.
        unit: the chosen one.
        threshold: above it a unit counts as active.
    """

    card: str
    penalty: str
    picture: CodedImages
    examples: CodedImages
    unit: int
    threshold: float


@functools.cache  # of many networks' skeletons, and asked for at every move of a slider
def offered(store: ModelStore) -> dict[str, str]:
    """Cards of sparse coders by their penalty, in the order of `TITLES`."""
    found = {skeleton(card).penalty: card.name for card in store.cards_with(SparseCoder)}
    return {penalty: found[penalty] for penalty in TITLES if penalty in found}


@functools.cache
def coded_examples(store: ModelStore, card: str) -> CodedImages:
    """The shipped test images and their codes."""
    return code_images(store.get(card), example_images(store, card))


@functools.cache
def example_classes(store: ModelStore, card: str) -> tuple[str, ...]:
    """What each of the test images shows."""
    found = examples_of(store, card)
    return tuple(found.classes[label] for label in found.labels)


def read_coded(
    store: ModelStore, picture: Tensor, threshold: object, card: object, unit: object
) -> Coded:
    """Check what a visitor sent, and code the picture, (1, 1, 28, 28).

    Raises:
        InputError: a value out of range, or nothing is trained.
    """
    cards = offered(store)
    if not cards:
        raise InputError(
            "No sparse autoencoder is trained yet. Run `python -m train "
            "sparse-autoencoder-l1-fashion`, then reload the page."
        )
    kit.choice(card, "Network", tuple(cards.values()))
    model = store.get(card)
    return Coded(
        card=card,
        penalty=model.penalty,
        picture=code_images(model, picture),
        examples=coded_examples(store, card),
        unit=kit.whole_number(unit, "Unit", 0, model.latent_dim - 1),
        threshold=kit.number(threshold, "Threshold", 0.0, HIGHEST_THRESHOLD),
    )


def show_codes(store: ModelStore, shown: Coded) -> list:
    """Values of all views: bars, their words, decoded pictures, and the chosen unit's own."""
    codes = {
        penalty: code_images(store.get(card), shown.picture.images)
        for penalty, card in offered(store).items()
    }
    bars = [
        ShownUnits(
            tuple(code.codes[0].tolist()),
            shown.threshold,
            shown.unit if penalty == shown.penalty else None,
        )
        for penalty, code in codes.items()
    ]
    words = [describe_code(code, shown.threshold, TITLES[each]) for each, code in codes.items()]
    original = ShownPicture(shown.picture.images[0, 0].numpy(), "what goes in")
    decoded = [
        ShownPicture(code.decoded[0, 0].numpy(), f"error {1000 * code.error:.1f}")
        for code in codes.values()
    ]
    name = TITLES[shown.penalty]
    unit = sparse_unit.show_unit(
        store.get(shown.card), shown.picture, shown.examples, shown.unit, name=name,
        threshold=shown.threshold, captions=example_classes(store, shown.card),
    )  # fmt: skip
    return [*bars, *words, [original, *decoded], *unit]


def describe_code(code: CodedImages, threshold: float, name: str) -> str:
    """How sparse the code of one picture is, and what it costs."""
    return (
        f"**{name}** · **{code.active(threshold).item()} of {code.codes.shape[1]}** units above "
        f"{threshold:g} · mean activity {code.codes.mean().item():.3f} · error "
        f"{1000 * code.error:.1f} thousandths"
    )

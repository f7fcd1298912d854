"""What a shipped classifier reads in pictures, for every page that draws some."""

from collections.abc import Sequence

from torch import Tensor

from genlab.core.images import ImageSpec
from genlab.core.protocols import Classifier
from genlab.store import ModelStore
from genlab.ui.latent import codes


def judge_of(store: ModelStore, card: str, spec: ImageSpec) -> Classifier | None:
    """The classifier of the data that a card was trained on; None where there is none."""
    wanted = codes.data_name(store, card)
    for each in store.cards_with(Classifier):
        if codes.data_name(store, each.name) == wanted:
            judge = store.get(each.name)
            return judge if judge.spec.shape == spec.shape else None
    return None


def read_classes(store: ModelStore, card: str, images: Tensor) -> list[str]:
    """What it takes each picture for, (B, C, H, W) in [0, 1]; nothing where there is none."""
    judge = judge_of(store, card, ImageSpec(*images.shape[1:]))
    if judge is None:
        return []
    found = judge.classify(images).argmax(dim=1)
    return [codes.class_name(store, card, label) for label in found.tolist()]


def with_classes(notes: Sequence[str], read: Sequence[str]) -> list[str]:
    """Notes, and what each picture is taken for where that is known."""
    if not read:
        return list(notes)
    return [f"{note}, read as {name}" for note, name in zip(notes, read, strict=True)]

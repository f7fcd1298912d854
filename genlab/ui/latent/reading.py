"""What a shipped classifier reads in pictures, for every page that draws some."""

from collections.abc import Sequence

from torch import Tensor

from genlab.core.images import ImageSpec
from genlab.store import ModelStore
from genlab.ui.judges import judge_of
from genlab.ui.latent import codes


def read_classes(store: ModelStore, card: str, images: Tensor) -> list[str]:
    """What it takes each picture for, (B, C, H, W) in [0, 1]; nothing where there is none."""
    judge = judge_of(store, codes.card_of(store, card).name, ImageSpec(*images.shape[1:]))
    if judge is None:
        return []
    found = judge.classify(images).argmax(dim=1)
    return [codes.class_name(store, card, label) for label in found.tolist()]


def with_classes(notes: Sequence[str], read: Sequence[str]) -> list[str]:
    """Notes, and what each picture is taken for where that is known."""
    if not read:
        return list(notes)
    return [f"{note}, read as {name}" for note, name in zip(notes, read, strict=True)]

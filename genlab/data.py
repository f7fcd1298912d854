"""The data sets as visitor and trainer see them: uint8 images, int64 labels, three splits.

A split is fixed for good, since figures of different models are compared on it:

- MNIST, Fashion-MNIST: `test` is the data set's own 10,000. Of its 60,000 training images, one
  permutation with the seed `SPLIT_SEED` sets 1,000 aside as `validation`; `train` is the other
  59,000. Both keep the order of the file.
- QuickDraw has no split of its own. Of the N drawings in a class's file, the last 10 are the
  shipped examples, the N // 10 before them `test`, the N // 20 before those `validation`, and
  everything before that `train`.

Images stay bytes up to here, because a model chooses its own levels: `binarise_dynamic`,
`binarise_thresholded` and `to_levels` turn them into pixels, int64 in [0, levels).
"""

import os
import zlib
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from pickle import UnpicklingError
from tokenize import TokenError

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from genlab.core.errors import DataError
from genlab.core.images import quantise
from genlab.torchvision_guard import prepare_torchvision

NAMES = ("mnist", "fashion-mnist", "quickdraw")
SPLITS = ("train", "validation", "test")
LICENCES = {"mnist": "CC BY-SA 3.0", "fashion-mnist": "MIT", "quickdraw": "CC BY 4.0"}
DESCRIBED = {"Fashion-MNIST": "fashion-mnist", "MNIST": "mnist"}
"""How a card's description of its data begins, and which of `NAMES` that is."""

SIDE = 28  # pixels
EXAMPLES = 10  # shipped images of each class
VALIDATION = 1_000  # of the 60,000 training images
SPLIT_SEED = 1998  # the year of MNIST's paper
SMALLEST_FILE = 20  # drawings; below, a class has no validation image

_FOLDERS = {"mnist": "MNIST", "fashion-mnist": "FashionMNIST"}  # also torchvision's class names
_CLASSES = {
    "mnist": tuple("0123456789"),
    "fashion-mnist": (
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ),
    "quickdraw": ("apple", "bicycle", "cat", "diamond", "eye", "fish", "rainbow", "train"),
}
_UNREADABLE = (  # what torchvision, numpy and pillow raise on absent, damaged or hostile files
    *(OSError, EOFError, RuntimeError, ValueError, TypeError, LookupError, AssertionError),
    *(OverflowError, SyntaxError, TokenError, HTTPException, UnpicklingError, zlib.error),
)


@dataclass(frozen=True, eq=False)
class DataSet:
    """Labelled images.

    Attributes:
        images: (N, 1, 28, 28) uint8.
        labels: (N,) int64, indices into `classes`.
    """

    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]


def data_root(chosen: Path | None = None) -> Path:
    """The folder of the data sets: `chosen`, else the variable GENLAB_DATA, else `data`."""
    return Path(chosen or os.environ.get("GENLAB_DATA") or "data")


def load(name: str, split: str, root: Path | None = None) -> DataSet:
    """Read one split; downloads MNIST and Fashion-MNIST where their files are absent.

    Args:
        name: one of `NAMES`.
        split: one of `SPLITS`.
        root: see `data_root`.

    Raises:
        DataError: absent, damaged, or not to be downloaded.
    """
    _check_name(name)
    if split not in SPLITS:
        raise ValueError(f"split must be one of {', '.join(SPLITS)}, got {split!r}")
    if name == "quickdraw":
        return _quickdraw(split, data_root(root))
    return _mnist(name, split, data_root(root))


def examples(name: str) -> DataSet:
    """The shipped test images, ten a class, ordered by class; needs no data set and no network.

    Raises:
        DataError: the sheet is missing or damaged.
    """
    _check_name(name)
    path = Path(__file__).parent / "assets" / "examples" / f"{name}.png"
    classes = _CLASSES[name]
    try:
        with Image.open(path) as sheet:
            picture = torch.from_numpy(np.array(sheet))  # (classes·28, 10·28) uint8
        cells = picture.reshape(len(classes), SIDE, EXAMPLES, SIDE).transpose(1, 2)
    except _UNREADABLE as error:
        raise DataError(
            f"The example images {path.name} cannot be read ({_sentence(error)}). Restore them "
            "with `git checkout -- genlab/assets`."
        ) from error
    labels = torch.arange(len(classes)).repeat_interleave(EXAMPLES)
    return DataSet(cells.flatten(0, 1).unsqueeze(1), labels, classes)


def name_of(described: str) -> str:
    """Which of `NAMES` a card's description of its data is about; MNIST where it names none."""
    begins = (name for start, name in DESCRIBED.items() if described.startswith(start))
    return next(begins, "mnist")


def class_name(described: str, label: int) -> str:
    """What a class is called in the data that a card describes; its number where it has no name."""
    names = _CLASSES[name_of(described)]
    return names[label] if label < len(names) else str(label)


def choose_examples(name: str, root: Path | None = None) -> DataSet:
    """Pick what `examples` ships from the whole data set, in the same order.

    Raises:
        DataError: as `load`.
    """
    _check_name(name)
    if name == "quickdraw":
        return _quickdraw("examples", data_root(root), _CLASSES[name])
    test = load(name, "test", root)
    chosen = torch.cat(
        [torch.where(test.labels == label)[0][:EXAMPLES] for label in range(len(test.classes))]
    )
    return DataSet(test.images[chosen], test.labels[chosen], test.classes)


def binarise_dynamic(images: Tensor, generator: torch.Generator) -> Tensor:
    """Draw each pixel anew: 1 with probability x / 255, which never moves 0 and 255.

    Args:
        images: uint8, any shape, on the generator's device.

    Returns:
        int64 in {0, 1}, same shape.
    """
    _check_bytes(images)
    uniforms = torch.rand(images.shape, generator=generator, device=generator.device)
    return (uniforms < images / 255).long()


def binarise_thresholded(images: Tensor) -> Tensor:
    """1 where x / 255 > 0.5, that is from byte 128 on, else 0; int64, same shape."""
    return to_levels(images, 2)


def to_levels(images: Tensor, levels: int) -> Tensor:
    """Round uint8 images to the nearest of `levels` values, 2 to 256; 256 changes nothing.

    Returns:
        int64 in [0, levels), same shape.
    """
    _check_bytes(images)
    if not 2 <= levels <= 256:
        raise ValueError(f"levels must lie between 2 and 256, got {levels}")
    return quantise(images / 255, levels)


def _mnist(name: str, split: str, root: Path) -> DataSet:
    prepare_torchvision()
    from torchvision import datasets

    folder = _FOLDERS[name]
    try:
        whole = getattr(datasets, folder)(root, train=split != "test", download=True)
        expected = (10_000 if split == "test" else 60_000, SIDE, SIDE)
        if whole.data.shape != expected or whole.targets.shape != expected[:1]:
            raise ValueError(f"images of shape {tuple(whole.data.shape)} instead of {expected}")
        if whole.targets.max() >= len(_CLASSES[name]):
            raise ValueError("labels above 9")
    except _UNREADABLE as error:
        raise DataError(
            f"{folder} can be neither read from {root / folder / 'raw'} nor downloaded to it "
            f"({_sentence(error)}). Delete that folder if its files are damaged, so that they are "
            f"downloaded again, or name a folder that holds {folder}/raw with --data-root or the "
            "environment variable GENLAB_DATA."
        ) from error
    images, labels = whole.data.unsqueeze(1), whole.targets
    if split != "test":
        kept = _kept(len(labels), split)
        images, labels = images[kept], labels[kept]
    return DataSet(images, labels, _CLASSES[name])


def _kept(count: int, split: str) -> Tensor:
    """Which of `count` training images are the split's, in ascending order."""
    order = torch.randperm(count, generator=torch.Generator().manual_seed(SPLIT_SEED))
    kept = order[-VALIDATION:] if split == "validation" else order[:-VALIDATION]
    return kept.sort().values


def _quickdraw(part: str, root: Path, classes: tuple[str, ...] = ()) -> DataSet:
    """A split or the "examples", of the named classes or of every file in the folder."""
    folder = root / "QuickDraw"
    classes = classes or tuple(sorted(path.stem for path in folder.glob("*.npy")))
    if not classes:
        raise DataError(
            f"There are no drawings in {folder}. Take numpy bitmaps (one .npy a class) of the "
            "Quick, Draw! dataset, github.com/googlecreativelab/quickdraw-dataset, and put them "
            "there, or name the folder that holds QuickDraw with --data-root or the environment "
            "variable GENLAB_DATA."
        )
    parts = [_drawings(folder / f"{name}.npy", part) for name in classes]
    labels = torch.arange(len(classes)).repeat_interleave(torch.tensor([len(p) for p in parts]))
    images = torch.from_numpy(np.concatenate(parts)).unflatten(1, (1, SIDE, SIDE))
    return DataSet(images, labels, classes)


def _drawings(path: Path, part: str) -> np.ndarray:
    """The part's (n, 784) uint8 rows of one class's file; only those leave the disk."""
    try:
        drawings = np.lib.format.open_memmap(path, mode="r")  # refuses pickles and archives
        if drawings.dtype != np.uint8 or drawings.shape[1:] != (SIDE * SIDE,):
            raise ValueError(f"{drawings.dtype} of shape {drawings.shape}, not uint8 of (N, 784)")
        if len(drawings) < SMALLEST_FILE:
            raise ValueError(f"{len(drawings)} drawings, fewer than {SMALLEST_FILE}")
    except _UNREADABLE as error:
        raise DataError(
            f"The drawings {path} cannot be used ({_sentence(error)}). Take this file anew from "
            "the numpy bitmaps of the Quick, Draw! dataset, or name another folder with "
            "--data-root or the environment variable GENLAB_DATA."
        ) from error
    return drawings[_rows(len(drawings), part)]


def _rows(count: int, part: str) -> slice:
    examples = count - EXAMPLES
    test = examples - count // 10
    validation = test - count // 20
    return {
        "train": slice(0, validation),
        "validation": slice(validation, test),
        "test": slice(test, examples),
        "examples": slice(examples, count),
    }[part]


def _check_name(name: str) -> None:
    if name not in NAMES:
        raise ValueError(f"name must be one of {', '.join(NAMES)}, got {name!r}")


def _check_bytes(images: Tensor) -> None:
    if images.dtype != torch.uint8:
        raise ValueError(f"images must be uint8, got {images.dtype}")


def _sentence(error: Exception) -> str:
    """The error on one line; an assertion has only its name."""
    return " ".join(str(error).split()) or type(error).__name__

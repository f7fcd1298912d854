"""The nearest training images of a card's samples: the search, and the record of what it found.

A generator that has learnt pictures by heart shows training images. Training data does not come
with the site, so `python -m train.neighbours` looks and writes a record here: a sheet of the
nearest images, and a JSON beside it that says of which samples, by their hashes.

Reference: Mathisen (1943), A method of testing the hypothesis that two samples are from the same
population, https://doi.org/10.1214/aoms/1177731460: the median of one sample is all it needs.
"""

import dataclasses
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from genlab.core.cards import MALFORMED, check_fields, sha256
from genlab.core.errors import DataError

NEIGHBOURS = Path(__file__).parent.parent / "assets" / "neighbours"
SAMPLES = 16  # pictures of a card, the seeds 0 to 15
RARE = 0.05  # a verdict comes by chance alone no more often than this
COPY = 0.25  # of the test images' median: nearer than so is a copy, or nearly one


@dataclass(frozen=True)
class NeighbourRecord:
    """What stands in `assets/neighbours/<card>.json`.

    Attributes:
        weights: sha256 of the checkpoint that drew the samples.
        data: the data set, one of `genlab.data.NAMES`; its `train` split was searched.
        levels: of grey that the compared pictures have; 2 for binarised ones.
        hashes: of the samples, `genlab.inference.sampling.picture_hash`; sample i has seed i.
        labels: the classes that were asked for; empty where the model knows none.
        indices: of the nearest images in the `train` split.
        classes: of the nearest images, in words.
        distances: Euclidean, pixels in [0, 1].
        test_median: the median distance of as many test images to their nearest training image.
        sheet: sha256 of the PNG, one row of the nearest images.
    """

    card: str
    weights: str
    data: str
    levels: int
    hashes: list[str]
    labels: list[int]
    indices: list[int]
    classes: list[str]
    distances: list[float]
    test_median: float
    sheet: str
    command: str
    revision: str

    def __post_init__(self) -> None:
        check_fields(self)
        told = (self.hashes, self.indices, self.classes, self.distances)
        if {len(each) for each in told} != {SAMPLES} or len(self.labels) not in (0, SAMPLES):
            got = ", ".join(str(len(each)) for each in (*told, self.labels))
            raise ValueError(
                "hashes, indices, classes and distances must say as much of every sample, "
                f"{SAMPLES} each, and labels {SAMPLES} or none; got {got}"
            )

    @property
    def median(self) -> float:
        """Of the samples' distances."""
        return torch.tensor(self.distances, dtype=torch.float64).quantile(0.5).item()

    @property
    def copies(self) -> list[int]:
        """The samples that are a training image, or nearly so: see `COPY`."""
        least = COPY * self.test_median
        return [place for place, each in enumerate(self.distances) if each == 0 or each < least]

    def lean(self) -> int:
        """−1 where samples lie clearly nearer to training images than test images do, 1 farther.

        0 where so few pictures cannot tell. Were both of one kind, each verdict would come at most
        every 1 / `RARE`-th time, whatever the law of the distances.
        """
        nearer = sum(each < self.test_median for each in self.distances)
        farther = sum(each > self.test_median for each in self.distances)
        most = max(nearer, farther)
        if 2 * chance_beyond_median(most, len(self.distances)) > RARE:
            return 0
        return -1 if nearer > farther else 1

    def write(self, path: Path) -> None:
        """Write the JSON in a stable layout."""
        path.write_text(json.dumps(dataclasses.asdict(self), indent=1) + "\n", encoding="utf8")


def read_neighbours(card: str, folder: Path = NEIGHBOURS) -> tuple[NeighbourRecord, bytes] | None:
    """The record of a card and its PNG; None where nothing is recorded.

    Raises:
        DataError: the files are damaged or do not belong together.
    """
    path = folder / f"{card}.json"
    if not path.exists():
        return None
    try:
        record = NeighbourRecord(**json.loads(path.read_text(encoding="utf8")))
        content = path.with_suffix(".png").read_bytes()
        if record.card != card or sha256(content) != record.sheet:
            raise ValueError("it belongs to another sheet")
    except MALFORMED as error:
        raise DataError(
            f"The recorded neighbours of {card} cannot be read ({error}). Restore them with `git "
            f"checkout -- genlab/assets/neighbours`, or make them anew with `{remedy(card)}`."
        ) from error
    return record, content


def chance_beyond_median(count: int, size: int) -> float:
    """How often, at most, `count` or more of `size` numbers lie below the median of as many others.

    All are drawn independently from one continuous law. The chance is that of lying below the
    middle number of the others, for an even `size` the upper one of the two in the middle; by
    symmetry it is also that of lying above the lower one.
    """
    rank = size // 2 + 1
    orders = (
        math.comb(below + rank - 1, below) * math.comb(2 * size - below - rank, size - below)
        for below in range(count, size + 1)
    )
    return sum(orders) / math.comb(2 * size, size)


def remedy(card: str) -> str:
    """The command that records a card's neighbours."""
    return f"python -m train.neighbours {card}"


def find_nearest(pictures: Tensor, parts: Iterable[Tensor]) -> tuple[Tensor, Tensor]:
    """The nearest reference of each picture.

    Args:
        pictures: (M, …) in [0, 1].
        parts: the references, (n, …) at a time.

    Returns:
        Euclidean distances, (M,), and places in the order of the references, (M,) int64.
    """
    flat = pictures.flatten(1)
    least = torch.full((len(flat),), torch.inf)
    places = torch.zeros(len(flat), dtype=torch.int64)
    start = 0
    for part in parts:
        references = part.flatten(1)
        nearest = torch.cdist(flat, references).argmin(dim=1)
        distances = (flat - references[nearest]).norm(dim=1)  # cdist rounds what is close to 0
        closer = distances < least
        least = torch.where(closer, distances, least)
        places = torch.where(closer, nearest + start, places)
        start += len(references)
    return least, places

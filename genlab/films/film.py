"""A training film and its two files: `film.png`, all pictures below one another, and `film.json`.

The hash of each picture's pixels was taken when the training drew it, and is compared whenever a
film is read: what a page shows is what the network drew then.
"""

import dataclasses
import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from genlab.core.cards import MALFORMED, check_fields
from genlab.core.errors import DataError
from genlab.core.images import UNREADABLE
from genlab.films.cloud import check_cloud

FILMS = Path(__file__).parents[1] / "assets" / "films"
SHEET, NOTES = "film.png", "film.json"
LISTS = ("seeds", "classes", "cloud_classes")  # that JSON does not know to be tuples


@dataclass(frozen=True)
class FilmMoment:
    """When a picture was drawn.

    Attributes:
        step: of the training.
        seconds: of training time until then.
        validation: the film's figure at that step.
        sha256: of the picture's pixels.
        cloud: codes of images that never change, (N, D) rounded to thousandths; empty where the
            recipe has none.
    """

    step: int
    seconds: float
    validation: float
    sha256: str
    cloud: tuple[tuple[float, ...], ...] = ()

    @property
    def time(self) -> str:
        """The training time as a visitor reads it."""
        minutes = self.seconds / 60
        return f"{self.seconds:.0f} s" if minutes < 1 else f"{minutes:.{int(minutes < 10)}f} min"


@dataclass(frozen=True, eq=False)
class Film:
    """What the weights of one run drew from the same inputs at every moment.

    Attributes:
        pictures: (T, H, W) uint8, a grid of images at each moment.
        seeds: of each image of the grid, row by row.
        classes: of each image, empty where the network knows none.
        columns: images a row of the grid.
        figure: what `validation` measures; smaller is better.
        unit: of the figure.
        command: trains the same again.
        init_from: the checkpoint that the run began with; None for random weights.
        earlier_steps: that this checkpoint had behind it.
        weights: sha256 of the checkpoint that holds the last moment's weights, None where the
            training went on from there.
        cloud_classes: of each dot of the moments' clouds.
        constant: what all pictures are made from, as a sentence; "" where the seeds are all.
        inputs: sha256 of that, see `inputs_sha256`; None where the seeds are all.
    """

    card: str
    pictures: NDArray[np.uint8]
    moments: tuple[FilmMoment, ...]
    seeds: tuple[int, ...]
    classes: tuple[str, ...]
    columns: int
    figure: str
    unit: str
    command: str
    init_from: str | None
    earlier_steps: int
    weights: str | None
    cloud_classes: tuple[str, ...] = ()
    constant: str = ""
    inputs: str | None = None

    def sheet(self) -> bytes:
        """All pictures below one another, as an 8-bit grey PNG."""
        content = io.BytesIO()
        Image.fromarray(np.concatenate(self.pictures)).save(content, "PNG", optimize=True)
        return content.getvalue()

    def notes(self) -> bytes:
        """Everything but the pictures, as JSON."""
        fields = [field.name for field in dataclasses.fields(self) if field.name != "pictures"]
        content = {name: getattr(self, name) for name in fields}
        content["moments"] = [dataclasses.asdict(moment) for moment in self.moments]
        return (json.dumps(content, indent=1) + "\n").encode()

    def check(self) -> None:
        """Compare every picture with its hash.

        Raises:
            TypeError: a field is of another type than it is declared to have.
            ValueError: one differs, or a cloud has not the dots that the others have.
        """
        check_fields(self)
        for index, (picture, moment) in enumerate(zip(self.pictures, self.moments, strict=True)):
            if pixels_sha256(picture) != moment.sha256:
                raise ValueError(f"picture {index} is not the one that the training drew")
            check_fields(moment, f"picture {index}: ")
            check_cloud(moment.cloud, len(self.cloud_classes), index)


def pixels_sha256(picture: NDArray[np.uint8]) -> str:
    """The hexadecimal sha256 of a picture's pixels in raster order."""
    return hashlib.sha256(picture.tobytes()).hexdigest()


def inputs_sha256(inputs: Tensor) -> str:
    """The hexadecimal sha256 of codes or images as float32, in raster order."""
    return hashlib.sha256(inputs.float().contiguous().numpy().tobytes()).hexdigest()


def film_cards(folder: Path = FILMS) -> list[str]:
    """The cards with a film, by name; whether it is whole, only `load_film` finds out."""
    return sorted(path.parent.name for path in folder.glob(f"*/{NOTES}"))


def load_film(card: str, folder: Path = FILMS) -> Film:
    """The film of a card, each picture compared with its hash.

    Raises:
        DataError: there is none, or it is damaged.
    """
    if card not in film_cards(folder):
        raise DataError(f"There is no training film of {str(card)[:60]!r}. Choose another model.")
    try:
        content = json.loads((folder / card / NOTES).read_text(encoding="utf8"))
        moments = tuple(_moment(**each) for each in content.pop("moments"))
        pictures = _pictures(folder / card / SHEET, len(moments))
        lists = {name: tuple(content.pop(name)) for name in LISTS if name in content}
        film = Film(**content, **lists, moments=moments, pictures=pictures)
        film.check()
    except (*MALFORMED, *UNREADABLE) as error:
        raise DataError(
            f"The training film of {card} is damaged ({error}). Restore it with `git checkout -- "
            f"genlab/assets/films/{card}`, or make it anew from its run with `python -m train.film "
            f"{card}`."
        ) from error
    return film


def _moment(*, cloud: list[list[float]] | None = None, **fields: object) -> FilmMoment:
    return FilmMoment(**fields, cloud=tuple(map(tuple, cloud or ())))


def _pictures(path: Path, count: int) -> NDArray[np.uint8]:
    with Image.open(path, formats=("PNG",)) as sheet:
        if sheet.mode != "L" or not count or sheet.height % count:
            raise ValueError(f"{path.name} is no sheet of {count} grey pictures of one size")
        return np.array(sheet).reshape(count, -1, sheet.width)

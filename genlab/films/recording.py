"""A recorded training run: what the same codes became, and what was measured, moment by moment.

Unlike the film of a card, it belongs to no shipped network: it is kept to show what a setting does.
Each is two files, `<seed>.png`, all pictures below one another, and `<seed>.json`. The hash of each
picture's pixels was taken when the training drew it, and is compared whenever it is read.
"""

import dataclasses
import io
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from genlab.core.cards import MALFORMED, check_fields
from genlab.core.errors import DataError
from genlab.core.images import UNREADABLE
from genlab.films.film import pixels_sha256

RECORDINGS = Path(__file__).parents[1] / "assets" / "recordings"


@dataclass(frozen=True)
class Measure:
    """One figure that is measured at every moment.

    Attributes:
        label: what it is.
        unit: "" where it has none.
        real: the same of real images; None where there is no such thing.
        low, high: its least and largest possible value; None where there is no bound.
    """

    label: str
    unit: str = ""
    real: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class RecordedMoment:
    """When a picture was drawn.

    Attributes:
        epoch: times that every training image was seen.
        values: one for each measure of the recording; None where nothing was known yet.
        sha256: of the picture's pixels.
    """

    step: int
    epoch: float
    values: dict[str, float | None]
    sha256: str


@dataclass(frozen=True, eq=False)
class Recording:
    """What one run drew from the same codes.

    Attributes:
        name: of the kind of run; runs of one kind differ in their seed.
        title: as a visitor knows it.
        told: what the settings are about, a sentence or two.
        settings: what decides the run, by name.
        pictures: (T, H, W) uint8, a grid of images at each moment.
        columns: images a row of the grid.
        measures: by name; every moment has a value of each.
        curve: of the losses' names, their means over equal stretches of steps.
        codes: sha256 of the codes.
        command: records it again.
        revision: the commit whose code recorded it.
        torch: version, which decides the last bits.
    """

    name: str
    title: str
    told: str
    settings: dict[str, str]
    seed: int
    pictures: NDArray[np.uint8]
    columns: int
    moments: tuple[RecordedMoment, ...]
    measures: dict[str, Measure]
    curve: dict[str, list[float]]
    codes: str
    command: str
    revision: str
    torch: str

    def sheet(self) -> bytes:
        """All pictures below one another, as an 8-bit grey PNG."""
        content = io.BytesIO()
        Image.fromarray(np.concatenate(self.pictures)).save(content, "PNG", optimize=True)
        return content.getvalue()

    def notes(self) -> bytes:
        """Everything but the pictures, as JSON."""
        names = [field.name for field in dataclasses.fields(self) if field.name != "pictures"]
        content = {name: getattr(self, name) for name in names}
        content["moments"] = [dataclasses.asdict(moment) for moment in self.moments]
        content["measures"] = {
            name: dataclasses.asdict(each) for name, each in self.measures.items()
        }
        return (json.dumps(content, indent=1) + "\n").encode()

    def check(self) -> None:
        """Compare every picture with its hash, every moment with the measures.

        Raises:
            TypeError: a field is of another type than it is declared to have.
            ValueError: one differs, or a value is no number.
        """
        check_fields(self)
        for name, measure in self.measures.items():
            check_fields(measure, f"{name}: ")
        for index, (picture, moment) in enumerate(zip(self.pictures, self.moments, strict=True)):
            if pixels_sha256(picture) != moment.sha256:
                raise ValueError(f"picture {index} is not the one that the training drew")
            if moment.values.keys() != self.measures.keys():
                raise ValueError(f"moment {index} has other figures than the recording")
            check_fields(moment, f"moment {index}: ")
            known = [value for value in moment.values.values() if value is not None]
            if not all(map(math.isfinite, known)):
                raise ValueError(f"the figures of moment {index} are not finite numbers")
        if not all(math.isfinite(value) for line in self.curve.values() for value in line):
            raise ValueError("the curve has values that are not finite numbers")


def recorded(folder: Path = RECORDINGS) -> dict[str, list[int]]:
    """Seeds by name of all recordings; whether one is whole, only `load_recording` finds out."""
    found: dict[str, list[int]] = {}
    for path in sorted(folder.glob("*/*.json")):
        if path.stem.isdecimal():
            found.setdefault(path.parent.name, []).append(int(path.stem))
    return {name: sorted(seeds) for name, seeds in found.items()}


def load_recording(name: str, seed: int, folder: Path = RECORDINGS) -> Recording:
    """One run, each picture compared with its hash.

    Raises:
        DataError: there is none, or it is damaged.
    """
    if seed not in recorded(folder).get(name, []):
        raise DataError(
            f"There is no recording of {str(name)[:60]!r} with seed {seed}. Choose another one."
        )
    try:
        content = json.loads((folder / name / f"{seed}.json").read_text(encoding="utf8"))
        moments = tuple(RecordedMoment(**each) for each in content.pop("moments"))
        measures = {key: Measure(**each) for key, each in content.pop("measures").items()}
        with Image.open(folder / name / f"{seed}.png", formats=("PNG",)) as sheet:
            if sheet.mode != "L" or not moments or sheet.height % len(moments):
                raise ValueError(f"{seed}.png is no sheet of {len(moments)} grey pictures")
            pictures = np.array(sheet).reshape(len(moments), -1, sheet.width)
        recording = Recording(**content, moments=moments, measures=measures, pictures=pictures)
        recording.check()
    except (*MALFORMED, *UNREADABLE) as error:
        raise DataError(
            f"The recording {name}/{seed} is damaged ({error}). Restore it with `git checkout -- "
            f"genlab/assets/recordings/{name}`, or make it anew with `python -m train film {name} "
            f"--seed {seed}`."
        ) from error
    return recording

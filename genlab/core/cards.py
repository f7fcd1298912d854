"""A card says which network there is; a card file says which weights of it are here.

`ModelCard` is code (a constant `CARDS` in each module of `genlab.models`). `CardFile` is the JSON
beside the weights: where they come from, their sha256 and their measured figures.
"""

import dataclasses
import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from torch import nn

from genlab.core.errors import CheckpointError

MALFORMED = (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError)
LARGEST = 2**63  # what a page can carry of a whole number; a larger one counts nothing here
CUT = 200  # letters of what is wrong with a file


@dataclass(frozen=True)
class MaskedArchitecture:
    """The part of an autoregressive network that decides what a pixel can see.

    Attributes:
        name: as `TEACHING.md`-style specifications name it, such as "a7-then-b3".
        kernels: the side of each spatial layer's kernel, first layer first.
        leaks: wrong on purpose: a pixel's distribution depends on the pixel itself.
    """

    name: str
    kernels: tuple[int, ...]
    leaks: bool = False

    @property
    def layers(self) -> int:
        """How many spatial layers there are; 1×1 convolutions widen no field."""
        return len(self.kernels)


@dataclass(frozen=True)
class ModelCard:
    """One trained model that GenLab offers.

    Attributes:
        name: the file name in `checkpoints/`, without an ending.
        title: how a visitor knows it.
        family: "PixelCNN", "VAE", …
        data: what it was trained on, with the binarisation or levels.
        build: makes the network with random weights.
        source: the paper, with its address.
    """

    name: str
    title: str
    family: str
    data: str
    build: Callable[[], nn.Module]
    source: str
    masked: MaskedArchitecture | None = None


@dataclass(frozen=True)
class Figure:
    """One measured number, with the command that measured it."""

    value: float
    standard_error: float
    n: int
    command: str


@dataclass(frozen=True)
class CardFile:
    """What stands in `checkpoints/<card>.json`.

    Attributes:
        command: trains these weights.
        minutes: training time, summed over all runs that led here.
        revision: the commit whose code trained them.
        created: ISO date, UTC.
    """

    card: str
    title: str
    family: str
    data: str
    licence: str
    parameters: int
    sha256: str
    source: str
    command: str
    seed: int
    steps: int
    minutes: float
    device: str
    revision: str
    created: str
    figures: dict[str, Figure] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "CardFile":
        """Read a card file.

        Raises:
            CheckpointError: missing, not JSON, or with other fields or kinds of values than these.
        """
        try:
            content = json.loads(path.read_text(encoding="utf8"))
            figures = {name: Figure(**each) for name, each in content.pop("figures").items()}
            recorded = cls(**content, figures=figures)
            check_fields(recorded)
            for name, figure in figures.items():
                _check_text("the name of a figure", name)
                check_fields(figure, f"{name}: ")
            return recorded
        except FileNotFoundError as error:
            raise CheckpointError(
                f"The card {path.name} is missing. {remedy(path.stem)}"
            ) from error
        except MALFORMED as error:
            raise CheckpointError(
                f"The card {path.name} cannot be read ({_readable(error)}). {remedy(path.stem)}"
            ) from error

    def write(self, path: Path) -> None:
        """Write the card file in a stable layout, so that a changed figure is a one-line diff.

        Raises:
            TypeError: a value that `read` would refuse, such as a figure that is not finite.
        """
        check_fields(self)
        for name, figure in self.figures.items():
            check_fields(figure, f"{name}: ")
        path.write_text(json.dumps(dataclasses.asdict(self), indent=2) + "\n", encoding="utf8")


def check_fields(record: object, where: str = "") -> None:
    """Refuse a value of another type than its field is declared to have.

    Args:
        record: a dataclass, of whose fields those of the types in `CHECKS` are looked at.
        where: leads the name of what is wrong.

    Raises:
        TypeError
    """
    for each in dataclasses.fields(record):
        if each.type in CHECKS:
            CHECKS[each.type](f"{where}{each.name}", getattr(record, each.name))


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a text, got {value!r}")
    value.encode("utf8")  # JSON can hold halves of letters, which no page can show


def _check_whole(name: str, value: object) -> None:
    if type(value) is not int or abs(value) >= LARGEST:  # a bool is an int, too
        raise TypeError(f"{name} must be a whole number, got {value!r}")


def _check_number(name: str, value: object) -> None:
    if type(value) is float and math.isfinite(value):
        return
    if type(value) is not int or abs(value) >= LARGEST:
        raise TypeError(f"{name} must be a finite number, got {value!r}")


def _of_each(check: Callable[[str, object], None]) -> Callable[[str, object], None]:
    def check_all(name: str, values: object) -> None:
        if not isinstance(values, (list, tuple)):
            raise TypeError(f"{name} must be a list, got {values!r}")
        for value in values:
            check(f"each of {name}", value)

    return check_all


_ONE = {str: _check_text, int: _check_whole, float: _check_number}
CHECKS = {
    **_ONE,
    **{list[kind]: _of_each(check) for kind, check in _ONE.items()},
    **{tuple[kind, ...]: _of_each(check) for kind, check in _ONE.items()},
}


def _readable(error: BaseException) -> str:
    """What is wrong with a file, fit for a page whatever the file holds."""
    return str(error)[:CUT].encode("utf8", "replace").decode()


def remedy(card: str) -> str:
    """The sentence that says how to get a whole checkpoint back."""
    return (
        f"Restore it with `git checkout -- checkpoints/{card}.json "
        f"checkpoints/{card}.safetensors`, or make it anew with `python -m train {card}`."
    )


def sha256(content: bytes) -> str:
    """The hexadecimal sha256 of a file's bytes."""
    return hashlib.sha256(content).hexdigest()

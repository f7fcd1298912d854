"""What `python -m train.evaluate` finds in `train.evaluators`: by capability, never by family."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from torch import nn

from genlab.data import DataSet
from genlab.registry import discover
from train.errors import TrainingError
from train.kept_pictures import Keeper


@dataclass(frozen=True)
class Measurement:
    """One number to be, with its sampling error.

    Attributes:
        name: one of DESIGN.md's names of figures.
        standard_error: over `n` images.
        note: what is printed behind it, for whoever reads along.
    """

    name: str
    value: float
    standard_error: float
    n: int
    note: str = ""


@dataclass(frozen=True, eq=False)
class Subject:
    """What is to be measured.

    Attributes:
        model: frozen, float32, on the CPU.
        load: a split of the data set that it was trained on.
        quick: few images are enough; nothing is kept.
        judge: the trained `genlab.core.protocols.Classifier` of its data set, if there is one.
        samples: at most so many are drawn for a figure; None for as many as it is made for.
        images: at most so many test images are measured by their likelihood; None for all.
        keeper: of pictures that take hours to draw; None to keep nothing.
    """

    model: nn.Module
    load: Callable[[str], DataSet]
    quick: bool = False
    judge: nn.Module | None = None
    samples: int | None = None
    images: int | None = None
    keeper: Keeper | None = None

    def at_most(self, count: int) -> int:
        """`count` samples, or as many as are allowed."""
        return count if self.samples is None else min(count, self.samples)


@dataclass(frozen=True)
class Evaluator:
    """Measures every model that has a capability.

    Attributes:
        capability: a runtime protocol.
        measure: yields each number as soon as it is known. Raises TrainingError, before the first,
            for a model of this capability that it is not made for.
        part: as `--only` knows it; by default the name of the function.
        limit: the field of `Subject` that limits it, "samples" or "images"; "" for none.
    """

    capability: type
    measure: Callable[[Subject], Iterator[Measurement]]
    part: str = ""
    limit: str = ""

    @property
    def name(self) -> str:
        """As `--only` knows it."""
        return self.part or self.measure.__name__


def evaluators_of(model: nn.Module) -> list[Evaluator]:
    """Those that the model's capabilities call for.

    Raises:
        TrainingError: none.
    """
    offered = sum(discover("train.evaluators", "EVALUATORS"), ())
    fitting = [each for each in offered if isinstance(model, each.capability)]
    found = list({each.measure: each for each in fitting}.values())  # by whichever capability
    if not found:
        raise TrainingError(
            "Nothing is measured yet of a model with these capabilities. Add an evaluator to "
            "train/evaluators."
        )
    return found

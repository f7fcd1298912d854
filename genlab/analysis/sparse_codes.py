"""What the units of a sparse code say: of one picture, of many, and what each of them draws."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.analysis.denoising import squared_error
from genlab.core.protocols import SparseCoder
from genlab.nn.sparsity import kl_penalty, squared_penalty


@dataclass(frozen=True, eq=False)
class CodedImages:
    """Images and their codes.

    Attributes:
        images: (N, C, H, W) in [0, 1].
        codes: (N, D) in [0, 1].
        decoded: (N, C, H, W) in [0, 1].
    """

    images: Tensor
    codes: Tensor
    decoded: Tensor

    @property
    def error(self) -> float:
        """Mean squared error of a pixel."""
        return squared_error(self.decoded, self.images)

    @property
    def activity(self) -> Tensor:
        """Mean of each unit over the images, (D,) float64: some differ from 0 by 1e-9."""
        return self.codes.double().mean(dim=0)

    def active(self, threshold: float) -> Tensor:
        """How many units of each image are above the threshold, (N,) int64."""
        return (self.codes > threshold).sum(dim=1)

    def silent(self, threshold: float) -> int:
        """How many units are above the threshold for none of the images."""
        return int((self.codes.amax(dim=0) <= threshold).sum())

    def strongest(self, unit: int, count: int) -> Tensor:
        """Indices of the images that wake a unit most, the strongest first, (count,) int64."""
        return self.codes[:, unit].argsort(descending=True, stable=True)[:count]


@dataclass(frozen=True, eq=False)
class UnitEffect:
    """What one unit draws, all others left as they are.

    Attributes:
        on, off: the code decoded with the unit at 1 and at 0, (1, C, H, W) in [0, 1].
    """

    on: Tensor
    off: Tensor

    @property
    def difference(self) -> Tensor:
        """on − off, in [−1, 1]: where the unit makes the picture brighter or darker."""
        return self.on - self.off


@dataclass(frozen=True)
class Pull:
    """A penalty at one activity: its value, and its slope, which is what training feels."""

    value: float
    slope: float


@dataclass(frozen=True)
class PenaltyCurves:
    """Both penalties at activities inside (0, 1), ascending."""

    activities: tuple[float, ...]
    kl: tuple[float, ...]
    squared: tuple[float, ...]


@torch.inference_mode()
def code_images(model: SparseCoder, images: Tensor) -> CodedImages:
    """Encode and decode images, (N, C, H, W) in [0, 1]."""
    codes, _ = model.encode(images)
    return CodedImages(images, codes, model.decode(codes))


@torch.inference_mode()
def unit_effect(model: SparseCoder, code: Tensor, unit: int) -> UnitEffect:
    """Decode a code, (D,), with one unit fully on and fully off."""
    codes = code.repeat(2, 1)
    codes[0, unit], codes[1, unit] = 1.0, 0.0
    on, off = model.decode(codes).split(1)
    return UnitEffect(on, off)


def pulls(activity: float, target: float) -> dict[str, Pull]:
    """The KL penalty and the squared one of a unit with this mean activity, in [0, 1].

    The KL is the formula's own, infinite at 0 and 1: `kl_penalty` ends its logarithms there, for
    training's sake, and has no slope beyond those ends.
    """
    difference = activity - target
    squared = Pull(difference**2, 2 * difference)
    return {"kl": _kl_pull(activity, target), "squared": squared}


def penalty_curves(target: float, count: int) -> PenaltyCurves:
    """Both penalties at `count` activities, closest together near 0, where the KL is steepest."""
    activities = torch.linspace(0, 1, count + 2, dtype=torch.float64)[1:-1] ** 2
    values = activities, kl_penalty(activities, target), squared_penalty(activities, target)
    return PenaltyCurves(*(tuple(each.tolist()) for each in values))


def _kl_pull(activity: float, target: float) -> Pull:
    if not 0 < activity < 1:
        return Pull(math.inf, math.inf if activity >= 1 else -math.inf)
    rest, silent = 1 - target, 1 - activity
    value = target * math.log(target / activity) + rest * math.log(rest / silent)
    return Pull(value, rest / silent - target / activity)

"""What a denoising autoencoder takes away, measured against the picture that it never saw.

An error is the mean over pixels of (picture − original)², on floats as the network gets and gives
them. Gaussian noise leaves [0, 1], and a screen cannot show that: its error is told as it is and
also clipped, which is what somebody who only clips would have left.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.core.protocols import Restorer
from genlab.nn.corruption import CORRUPTIONS


@dataclass(frozen=True, eq=False)
class Restoration:
    """Pictures before and after, (N, C, H, W) each.

    Attributes:
        original: in [0, 1].
        corrupted: what the network was given; Gaussian noise leaves [0, 1].
        code: what it kept of that, (N, D).
        restored: in [0, 1].
    """

    original: Tensor
    corrupted: Tensor
    code: Tensor
    restored: Tensor

    @property
    def difference(self) -> Tensor:
        """Restored − original, in [−1, 1]: 0 where the network is right."""
        return self.restored - self.original

    @property
    def error_before(self) -> float:
        """Of what the network was given."""
        return squared_error(self.corrupted, self.original)

    @property
    def error_clipped(self) -> float:
        """Of what the network was given, clipped to [0, 1]."""
        return squared_error(self.corrupted.clamp(0, 1), self.original)

    @property
    def error_after(self) -> float:
        """Of what it made of it."""
        return squared_error(self.restored, self.original)


@dataclass(frozen=True, eq=False)
class ErrorCurve:
    """Mean errors of a set of pictures, by the level of corruption.

    Attributes:
        levels: ascending, L of them.
        corrupted, clipped, restored: the errors of `Restoration` at each level.
    """

    levels: tuple[float, ...]
    corrupted: tuple[float, ...]
    clipped: tuple[float, ...]
    restored: tuple[float, ...]

    @property
    def helps_from(self) -> float | None:
        """The lowest level at which the network makes the pictures better; None if it never does.

        Measured against clipping, which anybody can do without a network.
        """
        pairs = zip(self.levels, self.clipped, self.restored, strict=True)
        return next((level for level, before, after in pairs if after < before), None)

    @property
    def best(self) -> float:
        """The level at which the restored pictures are closest to the originals."""
        return self.levels[self.restored.index(min(self.restored))]


def squared_error(pictures: Tensor, originals: Tensor) -> float:
    """Mean squared error of a pixel."""
    return (pictures - originals).square().mean().item()


def corrupt(images: Tensor, corruption: str, *, level: float, seed: int) -> Tensor:
    """Corrupted images, (N, C, H, W); image i has the generator of seed + i.

    The same seed gives the same noise at every level, only weaker or stronger, so a slider that
    moves the level does not make it flicker.

    Args:
        corruption: a key of `CORRUPTIONS`.
        level: in [0, 1].
    """
    corrupting = CORRUPTIONS[corruption]
    return torch.stack(
        [
            corrupting(image, level, torch.Generator().manual_seed(seed + index))
            for index, image in enumerate(images)
        ]
    )


@torch.inference_mode()
def restore(
    model: Restorer, images: Tensor, *, corruption: str, level: float, seed: int
) -> Restoration:
    """Corrupt images, (N, C, H, W) in [0, 1], and let the network undo it; see `corrupt`.

    The corruption need not be the one of the network's training.
    """
    corrupted = corrupt(images, corruption, level=level, seed=seed)
    code, _ = model.encode(corrupted)
    return Restoration(images, corrupted, code, model.decode(code))


def measure_errors(
    model: Restorer, images: Tensor, *, corruption: str, levels: Sequence[float], seed: int
) -> ErrorCurve:
    """The errors of images, (N, C, H, W) in [0, 1], at each level; see `corrupt`."""
    found = [
        restore(model, images, corruption=corruption, level=level, seed=seed) for level in levels
    ]
    return ErrorCurve(
        levels=tuple(levels),
        corrupted=tuple(each.error_before for each in found),
        clipped=tuple(each.error_clipped for each in found),
        restored=tuple(each.error_after for each in found),
    )

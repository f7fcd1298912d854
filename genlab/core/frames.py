"""A frame is one moment of a generation, the only thing that a sampler hands to a screen."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from torch import Tensor


@dataclass(frozen=True, eq=False)
class Frame:
    """The pictures after `step` of `total` steps.

    Attributes:
        images: (B, C, H, W) in [0, 1], on the CPU, owned by the receiver.
    """

    images: Tensor
    step: int
    total: int

    @property
    def is_last(self) -> bool:
        """Whether the run ends here."""
        return self.step == self.total


FrameT = TypeVar("FrameT", bound=Frame)


def last(frames: Iterable[FrameT]) -> FrameT:
    """Run a sampler to its end and keep the last frame, for whoever does not watch.

    Raises:
        ValueError: the sampler yielded nothing.
    """
    frame = None
    for frame in frames:  # noqa: B007
        pass
    if frame is None:
        raise ValueError("frames must hold at least one frame, got an empty iterator")
    return frame

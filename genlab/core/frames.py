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


@dataclass(frozen=True, eq=False)
class DiffusionFrame(Frame):
    """One step of a denoising run: x at step `t` became `mean + std · z` at step `t_next`.

    `images` show what x became, clipped to [0, 1]. All other tensors are (B, C, H, W) float64 on
    the CPU, to be read only, in the network's own range: an image's values are from −1 to 1.

    Attributes:
        t: step of the schedule that the network heard, the same for all images.
        t_next: step of what x became; −1 is clean.
        x_t: what the network saw.
        predicted_noise: what it took for noise, with x_t = √ᾱ_t · x0_hat + √(1 − ᾱ_t) · this.
        x0_hat: the image that it sees in x_t, clipped to [−1, 1] where the run says so.
        mean: where the step leads without luck.
        std: how much luck it adds; 0 where the sampler has none.
        z: the luck, N(0, 1), or None where `std` is 0.
    """

    t: int
    t_next: int
    x_t: Tensor
    predicted_noise: Tensor
    x0_hat: Tensor
    mean: Tensor
    std: float
    z: Tensor | None

    @property
    def x_next(self) -> Tensor:
        """What x became."""
        return self.mean if self.z is None else self.mean + self.std * self.z


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

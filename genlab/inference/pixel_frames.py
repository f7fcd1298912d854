"""What is known after one front of pixels, and how frames are joined for those who pay for each."""

import dataclasses
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.core.frames import Frame
from genlab.core.images import dequantise


@dataclass(frozen=True, eq=False)
class PixelFrame(Frame):
    """The images after one front of pixels, and what they were drawn from.

    Attributes:
        front: (n, 2) rows and columns that were drawn in this step.
        levels: (B, n, C) int64, what was drawn there.
        probabilities: (B, n, C, levels), the distributions it was drawn from: the model's own at
            temperature 1, top-p 1 and guidance 1 only.
    """

    front: Tensor
    levels: Tensor
    probabilities: Tensor

    @property
    def entropy(self) -> Tensor:
        """(B, n) bits: the doubt about each pixel before it was drawn, summed over channels."""
        return torch.special.entr(self.probabilities).sum(dim=(-2, -1)) / math.log(2)

    @property
    def surprise(self) -> Tensor:
        """(B, n) bits: −log2 of the probability of what was drawn, summed over channels."""
        drawn = self.probabilities.gather(-1, self.levels.unsqueeze(-1)).squeeze(-1)  # (B, n, C)
        return -drawn.log2().sum(dim=-1)


def passed_row(pixels: Tensor, row: int, progress: tuple[int, int], levels: int) -> PixelFrame:
    """The frame of a whole row that nobody was asked about.

    Args:
        pixels: (B, C, H, W) int64, the row among them.
        progress: how many fronts are drawn, and of how many.
    """
    columns = torch.arange(pixels.shape[3])
    front = torch.stack([torch.full_like(columns, row), columns], dim=1)
    there = pixels[:, :, row].transpose(1, 2)  # (B, W, C)
    certain = torch.nn.functional.one_hot(there, levels).float()
    return PixelFrame(dequantise(pixels, levels), *progress, front, there.clone(), certain)


def in_bursts(
    frames: Iterator[PixelFrame], size: int, *, patience: float = 0.01
) -> Iterator[PixelFrame]:
    """Put up to `size` steps into one frame each, for whoever pays for every frame that is sent.

    Args:
        patience: seconds; a burst that took longer is sent as it is, so that slow steps are seen.
    """
    burst: list[PixelFrame] = []
    began = time.monotonic()
    for frame in frames:
        burst.append(frame)
        if len(burst) == size or time.monotonic() - began >= patience or frame.is_last:
            yield _joined(burst)
            burst, began = [], time.monotonic()


def _joined(burst: list[PixelFrame]) -> PixelFrame:
    return dataclasses.replace(
        burst[-1],
        front=torch.cat([frame.front for frame in burst]),
        levels=torch.cat([frame.levels for frame in burst], dim=1),
        probabilities=torch.cat([frame.probabilities for frame in burst], dim=1),
    )

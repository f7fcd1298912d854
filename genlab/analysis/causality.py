"""What a pixel's distribution depends on, tried out on the network itself."""

import numpy as np
import torch
from torch import Tensor

from genlab.core.protocols import Autoregressive

Position = tuple[int, int]  # row, column


@torch.inference_mode()
def flip_effect(
    model: Autoregressive,
    pixels: Tensor,
    target: Position,
    flipped: Position,
    *,
    field: np.ndarray | None = None,
) -> tuple[Tensor, Tensor]:
    """The distribution of one pixel before and after another one is turned into its opposite.

    Args:
        pixels: (1, C, H, W) int64; level k becomes levels − 1 − k in all channels.
        field: the exact set of pixels that the target depends on, (H, W) bool. What lies outside of
            it changes nothing, and then no rounding can pretend that it does.

    Returns:
        Two (C, levels) distributions.
    """
    if field is not None and not field[flipped]:
        unmoved = _distribution(model, pixels, target)
        return unmoved, unmoved
    changed = pixels.clone()
    row, column = flipped
    changed[..., row, column] = model.spec.levels - 1 - changed[..., row, column]
    # One pass each: in a batch, a row's place could change its rounding.
    return _distribution(model, pixels, target), _distribution(model, changed, target)


def _distribution(model: Autoregressive, pixels: Tensor, target: Position) -> Tensor:
    """(C, levels) of one pixel."""
    return model.logits(pixels)[0, ..., target[0], target[1]].softmax(dim=0).T


@torch.inference_mode()
def most_doubtful(model: Autoregressive, pixels: Tensor, within: tuple[slice, slice]) -> Position:
    """The pixel of which the model is least sure, given all earlier ones.

    Args:
        pixels: (1, C, H, W) int64.
        within: rows and columns to look at.
    """
    probabilities = model.logits(pixels).softmax(dim=1)  # (1, levels, C, H, W)
    doubt = torch.special.entr(probabilities).sum(dim=(0, 1, 2))[within]
    row, column = divmod(doubt.argmax().item(), doubt.shape[1])
    return row + (within[0].start or 0), column + (within[1].start or 0)


@torch.inference_mode()
def fill_effect(model: Autoregressive, pixels: Tensor, target: Position, *, seed: int = 0) -> float:
    """The largest change of a pixel's logits when all pixels from it on are filled anew.

    Three fills are compared: all 0, all of the highest level, noise. For a causal network this is
    exactly 0: it never reads what is not drawn.

    Args:
        pixels: (1, C, H, W) int64.
    """
    levels, (row, column) = model.spec.levels, target
    noise = torch.randint(levels, pixels.shape, generator=torch.Generator().manual_seed(seed))
    fills = (torch.zeros_like(pixels), torch.full_like(pixels, levels - 1), noise)
    undrawn = torch.ones(pixels.shape[-2:], dtype=torch.bool)
    undrawn[:row] = False
    undrawn[row, :column] = False
    logits = torch.cat(
        [model.logits(torch.where(undrawn, fill, pixels))[..., row, column] for fill in fills]
    )  # one pass each: in a batch, a row's place could change its rounding
    return (logits - logits[0]).abs().max().item()

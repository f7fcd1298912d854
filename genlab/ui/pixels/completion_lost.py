"""What the order of drawing loses of a picture that is kept in part, in marks and in words.

Every number comes from the mask alone, see `genlab.inference.completion`: it is true of every
autoregressive model in raster order, whatever it learned.
"""

import numpy as np
import torch
from torch import Tensor

from genlab.inference.completion import count_ignored, used_by_nobody
from genlab.ui.canvas.grid import CellState, to_hex
from genlab.ui.canvas.mask_board import MaskedPicture

INFORMED, LOSING, UNUSED = "oxn"  # codes of an overlay
STATES = (
    CellState(code=ord(INFORMED), name="erased, all kept pixels come before it", colour="#F0E442",
              mark="○", hatch=False, pulse=False),
    CellState(code=ord(LOSING), name="erased, cannot use what is kept behind it", colour="#D55E00",
              mark="×", hatch=False, pulse=False),
    CellState(code=ord(UNUSED), name="kept behind the last erased one, used by none",
              colour="#A6A6A6", mark="·", hatch=False, pulse=False),
)  # fmt: skip
WHY = (
    "The model draws in reading order and knows p(x_i | x_<i): each pixel given those before it. "
    "Pixels that you keep further on have no place in it, so nobody asks for them. A model that "
    "draws all pixels at once, as diffusion does, can use them."
)


def mark_lost(kept: Tensor) -> Tensor:
    """The overlay of `STATES`, (H, W) uint8: who can use what is kept, who cannot."""
    codes_of = torch.zeros(kept.shape, dtype=torch.uint8)
    codes_of[~kept] = ord(INFORMED)
    codes_of[count_ignored(kept) > 0] = ord(LOSING)
    codes_of[used_by_nobody(kept)] = ord(UNUSED)
    return codes_of


def background(masked: MaskedPicture) -> str:
    """What lies below the marks: the kept pixels, black where one is erased."""
    return to_hex(np.where(masked.kept, masked.image, 0))


def overlay(kept: Tensor) -> str:
    """The marks as a canvas takes them."""
    return mark_lost(kept).numpy().tobytes().hex()


def tell_lost(kept: Tensor) -> str:
    """How much of what is kept the order of drawing loses, counted.

    Args:
        kept: (H, W) bool.
    """
    erased, ignored = int(kept.logical_not().sum()), count_ignored(kept)
    losing, unused = int((ignored > 0).sum()), int(used_by_nobody(kept).sum())
    if not erased:
        return "Nothing is erased."
    if not losing:
        return (
            f"**0 of {erased}** erased pixels lose anything: no kept pixel comes after them in "
            "reading order."
        )
    of_losing = ignored[ignored > 0]
    least, most = int(of_losing.min()), int(of_losing.max())
    count = f"{most}" if least == most else f"{least} to {most}"
    return (
        f"**{losing} of {erased}** erased pixels cannot use later context: {count} of the "
        f"{int(kept.sum())} kept pixels come after them in reading order. **{unused}** kept pixels "
        "come after the last erased one: they change nothing at all."
    )

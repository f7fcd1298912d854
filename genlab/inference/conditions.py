"""Under which conditions an autoregressive model draws: at which size, of which class, how guided.

A network of convolutions has no weight that belongs to a place, so the same weights draw pictures
of any size. What it learned about where a digit ends it learned at one size only.
"""

import copy
import math
from dataclasses import replace

import torch
from torch import Tensor

from genlab.core.protocols import Autoregressive, Conditional
from genlab.inference.guidance import Guided

MAX_SIDE = 112  # pixels; 16 times as many as a digit has, and so many times the work


def at_size(model: Autoregressive, height: int, width: int) -> Autoregressive:
    """The same weights, not copied, about pictures of another size; the model itself at its own.

    Args:
        model: fully convolutional, and not under guidance, which comes after the size.

    Raises:
        ValueError: a side outside [1, MAX_SIDE].
    """
    if (height, width) == model.spec.shape[1:]:
        return model
    for side in (height, width):
        if not 1 <= side <= MAX_SIDE:
            raise ValueError(f"size must be from 1 to {MAX_SIDE}, got {side}")
    resized = copy.copy(model)
    resized.spec = replace(model.spec, height=height, width=width)
    return resized


def with_class(
    model: Autoregressive, count: int, label: int | None, guidance: float
) -> tuple[Autoregressive, Tensor | None]:
    """The model, under guidance where asked, and the labels of a batch, (count,) int64 or None.

    Args:
        label: the class of all images; None for any.
        guidance: 0 forgets the class, 1 is the model itself.

    Raises:
        ValueError: a class that the model does not have, guidance without a class.
    """
    if not math.isfinite(guidance):
        raise ValueError(f"guidance must be finite, got {guidance}")
    if label is None:
        if guidance != 1:
            raise ValueError(f"guidance needs a label, and there is none, got {guidance}")
        return model, None
    if not isinstance(model, Conditional):
        raise ValueError(f"label must be None: this model was trained without classes, got {label}")
    if not 0 <= label < model.classes:
        raise ValueError(f"label must be from 0 to {model.classes - 1}, got {label}")
    return (model if guidance == 1 else Guided(model, guidance)), torch.full((count,), label)

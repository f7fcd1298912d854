"""Receptive fields by derivatives: as a set, from the layers themselves, and as weights.

The *set* comes from a linear stack of the real layers with positive weights, in float64, where a
derivative is 0 only if there is no path. The *effective field* of a trained network says how much
each pixel counts. The set is never taken from the weights: a dead unit or an underflow would look
like a blind spot.

Reference: Luo, Li, Urtasun & Zemel (2016), Understanding the Effective Receptive Field in Deep
Convolutional Neural Networks, https://arxiv.org/abs/1701.04128
"""

import functools
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from genlab.analysis.propagation import Position, check_architecture
from genlab.analysis.reachability import field
from genlab.analysis.stacks import Stack, linear_stack
from genlab.core.cards import MaskedArchitecture, ModelCard
from genlab.core.protocols import Autoregressive

THREADS = 2  # a visitor waits for the field, and it is computed once
BATCH = 10  # images; the features of a small batch stay in the processor's cache


def gradient_field(
    architecture: str, *, kernel: int, layers: int, size: int, target: Position
) -> np.ndarray:
    """What `genlab.analysis.reachability.field` gives, (size, size) bool, by the other method."""
    stack = _stack(architecture, kernel, layers)
    return _supports(stack, size, [target])[0]


def gradient_fields(architecture: str, *, kernel: int, layers: int, size: int) -> np.ndarray:
    """The fields of all targets in raster order, (size², size, size) bool, in one pass."""
    stack = _stack(architecture, kernel, layers)
    return _supports(stack, size, [divmod(place, size) for place in range(size * size)])


def _stack(architecture: str, kernel: int, layers: int) -> Stack:
    first, later = check_architecture(architecture, kernel).fixed_kernels or (kernel, kernel)
    if layers < 1:
        raise ValueError(f"layers must be at least 1, got {layers}")
    return linear_stack(architecture, [first, *[later] * (layers - 1)])


@torch.enable_grad()
def _supports(stack: Stack, size: int, targets: list[Position]) -> np.ndarray:
    x = torch.ones(len(targets), 1, size, size, dtype=torch.float64, requires_grad=True)
    rows, columns = torch.tensor(targets).unbind(dim=1)
    outputs = stack(x)[torch.arange(len(targets)), :, rows, columns]
    (gradients,) = torch.autograd.grad(outputs.sum(), x)
    return (gradients[:, 0] != 0).numpy()


def declared_field(masked: MaskedArchitecture, size: int, target: Position) -> np.ndarray:
    """The exact set of a card's architecture, (size, size) bool."""
    return field(
        masked.name, kernel=masked.kernels[0], layers=masked.layers, size=size, target=target
    )


def tell_reading(masked: MaskedArchitecture | None, size: int, target: Position) -> str:
    """What a network does with the pixels before one of a square image, from the verb on.

    Args:
        masked: None where the card does not declare it; then no number is told.
    """
    earlier = target[0] * size + target[1]
    if not earlier:
        return "has no earlier pixel to read"
    if masked is None:
        return "reads earlier pixels"
    read = int(declared_field(masked, size, target).sum())
    return f"reads {read} of the {earlier} earlier pixel{'' if earlier == 1 else 's'}"


@torch.enable_grad()
def logit_gradients(model: Autoregressive, pixels: Tensor, *, target: Position) -> Tensor:
    """∂ logit / ∂ x of one pixel's logit, for x in [0, 1], by all pixels x of the image.

    With more than two levels, the logit is that of the highest level against the lowest.

    Args:
        pixels: (B, C, H, W) levels.

    Returns:
        (B, C, H, W) in the model's precision.
    """
    dtype = next(model.parameters()).dtype
    x = pixels.to(dtype).requires_grad_()  # `logits` scales its pixels, and may scale fractions
    logits = model.logits(x)[..., target[0], target[1]]  # (B, levels, C)
    (gradients,) = torch.autograd.grad((logits[:, -1] - logits[:, 0]).sum(), x)
    return gradients * (model.spec.levels - 1)


def effective_field(
    model: Autoregressive, pixels: Tensor, *, target: Position, within: np.ndarray
) -> Tensor:
    """How much each pixel counts for the target: the mean of |∂ logit / ∂ x| over images.

    Args:
        pixels: (B, C, H, W) levels.
        within: the exact set, (H, W) bool. What lies outside of its box is never read, so it is
            cut off before, which changes nothing and saves most of the time.

    Returns:
        (H, W) ≥ 0, summed over channels.
    """
    weights = torch.zeros(pixels.shape[-2:])
    if not within.any():
        return weights
    rows, columns = _box(within, target)
    place = target[0] - rows.start, target[1] - columns.start
    parts = pixels[..., rows, columns].split(BATCH)
    with ThreadPoolExecutor(THREADS) as pool:
        gradients = pool.map(functools.partial(logit_gradients, model, target=place), parts)
        mean = torch.cat(list(gradients)).abs().sum(dim=1).mean(dim=0)
    weights[rows, columns] = mean.float()
    return weights


def _box(within: np.ndarray, target: Position) -> tuple[slice, slice]:
    """The smallest rows and columns that hold the set and the target."""
    held = within.copy()
    held[target] = True
    places = np.argwhere(held)
    (top, left), (bottom, right) = places.min(axis=0), places.max(axis=0)
    return slice(int(top), int(bottom) + 1), slice(int(left), int(right) + 1)


class EffectiveFields:
    """The effective fields that were asked for, each computed once; safe in many threads.

    Args:
        pixels: (B, C, H, W) levels of the images over which the mean is taken.
    """

    def __init__(self, pixels: Tensor) -> None:
        self._pixels = pixels
        self._lock = threading.Lock()  # one at a time: it takes a core for some tenths of a second
        self._known: dict[tuple[str, Position], Tensor] = {}

    def of(self, card: ModelCard, model: Autoregressive, target: Position) -> Tensor:
        """(H, W) of one card's model, see `effective_field`; not to be changed.

        Raises:
            ValueError: the card declares no masked architecture, or the target is outside.
        """
        if card.masked is None:
            raise ValueError(f"card must declare what it masks, got {card.name!r}")
        with self._lock:
            if (card.name, target) not in self._known:
                within = declared_field(card.masked, self._pixels.shape[-1], target)
                self._known[card.name, target] = effective_field(
                    model, self._pixels, target=target, within=within
                )
            return self._known[card.name, target]

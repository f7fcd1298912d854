"""Units that no image wakes any more, given a new start.

A ReLU whose sum is negative for every image has no gradient and stays silent for ever; a high
learning rate does that to many. Such a unit gets fresh weights, and those who listen to it forget
it, so that the network says exactly what it said, and the unit can learn again.

Reference: Sokar et al. (2023), The Dormant Neuron Phenomenon in Deep Reinforcement Learning,
https://arxiv.org/abs/2302.12902
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from genlab.models.pixelcnn import PixelCNN

TRIES = 8  # a fresh unit may be silent, too

Pair = tuple[nn.Conv2d, nn.Conv2d]
"""A layer whose units pass a ReLU, and the layer that listens to them."""


def pairs_of(model: PixelCNN) -> list[Pair]:
    """All such layers, from the first to the last."""
    inside = [
        pair
        for block in model.blocks
        for pair in ((block.reduce, block.masked), (block.masked, block.expand))
    ]
    return [*inside, (model.hidden, model.output)]


@torch.no_grad()
def revive(model: PixelCNN, pixels: Tensor, generator: torch.Generator) -> int:
    """Wake the units that none of the images wakes; how many there were.

    Args:
        pixels: (B, 1, H, W) int64, enough of them to wake whatever can be woken.
    """
    pairs = pairs_of(model)
    found = asleep = silent_units(model, pixels, pairs)
    for (speaking, listening), silent in zip(pairs, found, strict=True):
        listening.weight[:, silent] = 0
        speaking.bias[silent] = 0
    for _ in range(TRIES):
        for (speaking, _), silent in zip(pairs, asleep, strict=True):
            spread = speaking.weight[~silent].std() if not silent.all() else 0.1
            fresh = torch.randn(speaking.weight[silent].shape, generator=generator)
            speaking.weight[silent] = spread * fresh
        asleep = silent_units(model, pixels, pairs)
        if not any(silent.any() for silent in asleep):
            break
    return sum(int(silent.sum()) for silent in found)


def silent_units(model: PixelCNN, pixels: Tensor, pairs: Sequence[Pair]) -> list[Tensor]:
    """For each pair, (units,) bool: whether a unit is silent at all places of all images."""
    with _highest([speaking for speaking, _ in pairs]) as highest, torch.no_grad():
        model.logits(pixels)
    return [each <= 0 for each in highest]


@contextmanager
def _highest(layers: Sequence[nn.Module]) -> Iterator[list[Tensor]]:
    """What is the highest output of each unit of the layers in what runs meanwhile."""
    highest: list[Tensor] = []
    handles = [
        layer.register_forward_hook(lambda _, __, out: highest.append(out.amax(dim=(0, 2, 3))))
        for layer in layers
    ]
    try:
        yield highest
    finally:
        for handle in handles:
            handle.remove()

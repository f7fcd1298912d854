"""Models whose answers are known, and all images of a tiny size."""

import itertools
import math

import torch

from genlab.core.images import ImageSpec


def all_images(spec):
    """Every image there is, (levels^(C·H·W), C, H, W) int64."""
    values = itertools.product(range(spec.levels), repeat=math.prod(spec.shape))
    return torch.tensor(list(values)).unflatten(1, spec.shape)


def count_images(drawn, spec):
    """How often each of `all_images(spec)` is in `drawn`, (N, C, H, W) int64."""
    places = spec.levels ** torch.arange(math.prod(spec.shape)).flip(0)
    numbers = (drawn.flatten(1) * places).sum(dim=1)
    return numbers.bincount(minlength=spec.levels ** len(places)).double()


def deviation(counts, expected):
    """Pearson's chi-square in standard deviations of its law; cells below 5 are pooled."""
    small = expected < 5
    pooled = [torch.cat([each[~small], each[small].sum().view(1)]) for each in (counts, expected)]
    chi_square = ((pooled[0] - pooled[1]) ** 2 / pooled[1].clamp(min=1e-9)).sum().item()
    freedom = len(pooled[0]) - 1
    return (chi_square - freedom) / math.sqrt(2 * freedom)


class Coins:
    """Each pixel is white with a fixed probability of its own, (C, H, W), whatever the others."""

    def __init__(self, white):
        self.spec = ImageSpec(*white.shape, levels=2)
        self._logit = white.logit()

    def logits(self, pixels, labels=None):
        ones = self._logit.expand(pixels.shape)
        return torch.stack([torch.zeros_like(ones), ones], dim=1)


class Dice:
    """Each value has the same distribution, (levels,); with labels, that of its class's row."""

    def __init__(self, spec, weights):
        self.spec, self._weights = spec, weights

    def logits(self, pixels, labels=None):
        weights = self._weights if labels is None else self._weights[labels]
        weights = weights.expand(len(pixels), self.spec.levels)
        return weights.log()[..., None, None, None].expand(-1, -1, *self.spec.shape)


class Alternating:
    """The first pixel is a fair coin, and each next one the opposite of the one before it."""

    def __init__(self, height, width):
        self.spec = ImageSpec(1, height, width, levels=2)

    def logits(self, pixels, labels=None):
        previous = pixels.flatten(1).roll(1, dims=1).view(pixels.shape)
        white = (1 - 2.0 * previous) * 60
        white[..., 0, 0] = 0
        return torch.stack([torch.zeros_like(white), white], dim=1)

"""Exact likelihoods, in nats."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from genlab.core.protocols import Autoregressive, Conditional


@torch.inference_mode()
def pixel_nats(model: Autoregressive, pixels: Tensor, labels: Tensor | None = None) -> Tensor:
    """−log p of each value given all earlier ones.

    Args:
        pixels: (B, C, H, W) int64 in [0, levels).
        labels: (B,) int64, or None.

    Returns:
        (B, C, H, W) float64; the sum over an image is its negative log-likelihood.
    """
    logits = model.logits(pixels, labels).double()  # (B, levels, C, H, W)
    return F.cross_entropy(logits, pixels, reduction="none")


def image_nats(
    model: Autoregressive, pixels: Tensor, labels: Tensor | None = None, *, batch: int = 16
) -> Tensor:
    """−log p(x) of each image, (B,) float64, in batches of at most `batch`.

    Small batches keep a layer's features in the processor's cache.
    """
    parts = range(0, len(pixels), batch)
    return torch.cat(
        [
            pixel_nats(
                model, pixels[i : i + batch], None if labels is None else labels[i : i + batch]
            ).sum(dim=(1, 2, 3))
            for i in parts
        ]
    )


def class_nats(model: Conditional, pixels: Tensor) -> Tensor:
    """−log p(x | y) of each image for every class y, (B, classes) float64."""
    labels = (torch.full((len(pixels),), label) for label in range(model.classes))
    return torch.stack([image_nats(model, pixels, each) for each in labels], dim=1)


def mixture_nats(by_class: Tensor) -> Tensor:
    """−log p(x) of the mixture of equally likely classes: (B, classes) → (B,).

    p(x) = Σ p(x | y) / classes; log p(x | y) − log p(x) can be log(classes) at most.
    """
    return math.log(by_class.shape[1]) - (-by_class).logsumexp(dim=1)

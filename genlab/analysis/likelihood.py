"""Exact likelihoods, in nats."""

import torch
import torch.nn.functional as F
from torch import Tensor

from genlab.core.protocols import Autoregressive


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

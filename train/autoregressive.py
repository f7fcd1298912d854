"""What the recipes of all autoregressive networks share: the likelihood is the loss.

Muon and a cosine instead of the papers' RMSProp and Adam: the same likelihood of fewer images.
"""

import torch
from torch import Tensor, nn

from genlab.analysis.likelihood import image_nats
from genlab.data import DataSet, binarise_dynamic
from train.recipe import Batch

BATCH = 64


def negative_log_likelihood(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
    """Mean nats an image, given its label where the batch has labels."""
    pixels = batch["images"]
    logits = model.logits(pixels, batch.get("labels")).float()  # (B, levels, C, H, W)
    return {"loss": nn.functional.cross_entropy(logits, pixels, reduction="sum") / len(pixels)}


def validation_nats(model: nn.Module, data: DataSet) -> float:
    """Mean nats an image on one fixed binarisation of the validation images, without labels."""
    return image_nats(model, _fixed(data)).mean().item()


def conditional_validation_nats(model: nn.Module, data: DataSet) -> float:
    """The same, given each image's label."""
    return image_nats(model, _fixed(data), data.labels).mean().item()


def _fixed(data: DataSet) -> Tensor:
    return binarise_dynamic(data.images, torch.Generator().manual_seed(0))


def adamw(model: nn.Module, *, lr: float = 2e-3) -> torch.optim.Optimizer:
    """`lr` is the schedule's highest learning rate."""
    return torch.optim.AdamW(model.parameters(), lr=lr, betas=(0.9, 0.95), weight_decay=1e-4)

"""PixelCNN on binary images.

AdamW and a cosine, as the later PixelCNN papers do, instead of the first paper's RMSProp.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from genlab.analysis.likelihood import image_nats
from genlab.data import DataSet, binarise_dynamic
from genlab.inference.autoregressive import sample
from train.recipe import Batch, Recipe, shuffled

BATCH = 64
PREVIEWS = 16


def binary_batches(data: DataSet, generator: torch.Generator) -> Iterator[Batch]:
    """Batches that are binarised anew each time: the model never sees one sample of it twice."""
    for batch in shuffled(data, BATCH, generator):
        yield {"images": binarise_dynamic(batch["images"], generator)}


def negative_log_likelihood(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
    """Mean nats an image."""
    pixels = batch["images"]
    logits = model.logits(pixels).float()  # (B, levels, C, H, W)
    return {"loss": nn.functional.cross_entropy(logits, pixels, reduction="sum") / len(pixels)}


def validation_nats(model: nn.Module, data: DataSet) -> float:
    """Mean nats an image on one fixed binarisation of the validation images."""
    pixels = binarise_dynamic(data.images, torch.Generator().manual_seed(0))
    return image_nats(model, pixels).mean().item()


def fixed_seeds(model: nn.Module) -> Tensor:
    """The same seeds at every moment, so that the film shows the weights change, not the luck."""
    return sample(model, seed=0, count=PREVIEWS)


def adamw(model: nn.Module) -> torch.optim.Optimizer:
    """The highest learning rate is the schedule's, 2e-3."""
    return torch.optim.AdamW(model.parameters(), lr=2e-3, betas=(0.9, 0.95), weight_decay=1e-4)


RECIPES = (
    Recipe(
        card="pixelcnn-mnist",
        data="mnist",
        queue=1,
        minutes=150,
        batches=binary_batches,
        loss=negative_log_likelihood,
        validate=validation_nats,
        preview=fixed_seeds,
        steps=40_000,
        optimiser=adamw,
        ema=0.999,
    ),
)

"""A training that takes seconds: a tiny PixelCNN learns two stripes.

Also a program with the command line of `python -m train`, for tests that kill a process.
"""

import dataclasses
import os
import sys
import time
from pathlib import Path

import torch

from genlab import data
from genlab.core.cards import ModelCard
from genlab.core.images import ImageSpec
from genlab.data import DataSet, binarise_dynamic
from genlab.inference.autoregressive import sample
from genlab.models.pixelcnn import PixelCNN
from genlab.store import ModelStore
from train import follower
from train.__main__ import main
from train.recipe import Recipe, shuffled

SIDE = 6
PEAK = 1e-2  # learning rate
SECONDS_A_STEP = 0.005  # in the program, so that a test can hit it in its midst


def build():
    """The tiny network with random weights."""
    spec = ImageSpec(1, SIDE, SIDE, levels=2)
    return PixelCNN(spec, features=8, blocks=1, first_kernel=3, head=8)


def stripes(count=64):
    """Vertical and horizontal stripes, in turn: ln 2 nats in 36 pixels, for who knows them."""
    vertical = (torch.arange(SIDE) % 2 * 255).to(torch.uint8).expand(SIDE, SIDE)
    images = torch.stack([vertical, vertical.t()]).repeat(count // 2, 1, 1)
    return DataSet(images.unsqueeze(1), torch.arange(count) % 2, ("vertical", "horizontal"))


def load(name, split, root=None):
    """Instead of `genlab.data.load`."""
    return stripes()


def batches(images, generator):
    """As binary recipes do."""
    for batch in shuffled(images, 16, generator):
        yield {"images": binarise_dynamic(batch["images"], generator)}


def loss(model, batch):
    """Mean nats an image, and what a recipe may want to show beside it."""
    logits = model.logits(batch["images"]).float()
    nats = torch.nn.functional.cross_entropy(logits, batch["images"], reduction="sum")
    return {"loss": nats / len(batch["images"]), "bits": nats / len(batch["images"]) / 0.6931}


def validate(model, images):
    """The same on all validation images."""
    return loss(model, {"images": images.images.long() // 255})["loss"].item()


def preview(model):
    """Four images."""
    return sample(model, seed=0, count=4)


def adamw(model):
    """Fast enough for a hundred steps."""
    return torch.optim.AdamW(model.parameters(), lr=PEAK)


CARD = ModelCard(
    name="tiny",
    title="Tiny",
    family="PixelCNN",
    data="two stripes",
    build=build,
    source="nowhere",
)
RECIPE = Recipe(
    card="tiny",
    data="mnist",
    queue=1,
    minutes=1,
    batches=batches,
    loss=loss,
    validate=validate,
    preview=preview,
    steps=60,
    optimiser=adamw,
    ema=0.9,
)


def slow_batches(images, generator):
    """As `batches`, at a speed that a test can follow."""
    for batch in batches(images, generator):
        time.sleep(SECONDS_A_STEP)
        yield batch


def noting_loss(model, batch):
    """As `loss`; where a test asks for notes, each process writes weights and losses down."""
    losses = loss(model, batch)
    if "TINY_NOTES" in os.environ:
        weights = sum(parameter.sum().item() for parameter in model.parameters())
        path = Path(os.environ["TINY_NOTES"]) / f"process-{os.environ['RANK']}.txt"
        with path.open("a") as notes:
            notes.write(f"{weights} {losses['loss'].item()}\n")
    return losses


if __name__ == "__main__":
    torch.set_num_threads(1)
    data.load = load
    follower.SAVE_EVERY = 0.0
    recipe = dataclasses.replace(RECIPE, batches=slow_batches, loss=noting_loss)
    sys.exit(main(sys.argv[1:], offered={"tiny": recipe}, store=ModelStore(cards=(CARD,))))

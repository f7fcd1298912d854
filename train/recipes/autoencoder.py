"""Autoencoders: plain, denoising, sparse. The loss is a distance of pixels, and the penalty.

The convolutional one learns by cross-entropy. By the squared error its pixels all turned black
within 20 steps, where the sigmoid is flat: no gradient ever led out again.

The weights of the penalties fit a loss that is a *mean* over pixels, as the textbook has it: Géron,
Hands-On Machine Learning with Scikit-Learn, Keras and TensorFlow, chapter 17.
"""

import functools
from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genlab import data as data_sets
from genlab.data import VALIDATION, DataSet
from genlab.nn.corruption import CORRUPTIONS
from genlab.nn.sparsity import kl_penalty, l1_penalty
from train.coded import adam, classes_of_examples, codes_of_examples
from train.recipe import Batch, FilmNotes, Recipe, shuffled

BATCH = 128
PREVIEWS = 16
L1_WEIGHT = 1e-4
CONSTANT = f"Every picture is made from the same {PREVIEWS} test images"
KL_WEIGHT, KL_TARGET = 5e-3, 0.1


def grey(data: DataSet, generator: torch.Generator) -> Iterator[Batch]:
    """Batches in [0, 1]."""
    for batch in shuffled(data, BATCH, generator):
        yield {"images": batch["images"] / 255}


def corrupted(
    data: DataSet, generator: torch.Generator, *, corruption: str, level: float = 0.5
) -> Iterator[Batch]:
    """Clean batches, and what the network is given in their place."""
    for batch in grey(data, generator):
        yield {**batch, "seen": CORRUPTIONS[corruption](batch["images"], level, generator)}


def reconstruction_error(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
    """Mean squared error of a pixel."""
    code, _ = model.encode(batch.get("seen", batch["images"]))
    return {"loss": F.mse_loss(model.decode(code).float(), batch["images"])}


def cross_entropy(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
    """Nats an image, summed over pixels: the VAE's loss without its noise and its KL."""
    code, _ = model.encode(batch["images"])
    logits = model.decoder(code).float()  # (B, C, H, W)
    nats = F.binary_cross_entropy_with_logits(logits, batch["images"], reduction="none")
    return {"loss": nats.flatten(1).sum(dim=1).mean()}


def sparse_error(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
    """The same and the network's own penalty on its codes."""
    code, _ = model.encode(batch["images"])
    error = F.mse_loss(model.decode(code).float(), batch["images"])
    penalty = penalty_of(model.penalty, code.float())
    return {"loss": error + penalty, "error": error, "penalty": penalty}


def penalty_of(name: str, code: Tensor) -> Tensor:
    """The weighted penalty of (B, D) codes."""
    if name == "l1":
        return L1_WEIGHT * l1_penalty(code)
    if name == "kl":
        return KL_WEIGHT * kl_penalty(code.mean(dim=0), KL_TARGET).sum()
    return code.new_zeros(())


@torch.inference_mode()
def validation_error(model: nn.Module, data: DataSet) -> float:
    """Mean squared error of a pixel, in thousandths, of images that are not corrupted."""
    images = data.images / 255
    restored = torch.cat([model.decode(model.encode(part)[0]) for part in images.split(BATCH)])
    return 1000 * F.mse_loss(restored, images).item()


@torch.inference_mode()
def validation_restoring(model: nn.Module, data: DataSet) -> float:
    """The same of images that are corrupted as in training, always by the same noise."""
    generator = torch.Generator().manual_seed(0)
    images = data.images / 255
    seen = CORRUPTIONS[model.corruption](images, model.corruption_level, generator)
    restored = torch.cat([model.decode(model.encode(part)[0]) for part in seen.split(BATCH)])
    return 1000 * F.mse_loss(restored, images).item()


@torch.inference_mode()
def fixed_examples(model: nn.Module, *, name: str) -> Tensor:
    """The reconstructions of the same examples at every moment; corrupted ones where it fits."""
    return model.decode(model.encode(given_examples(model, name=name))[0])


def given_examples(model: nn.Module, *, name: str) -> Tensor:
    """What the network is given at every moment, (PREVIEWS, 1, 28, 28)."""
    images = _chosen_examples(name)
    if hasattr(model, "corruption"):
        generator = torch.Generator().manual_seed(0)
        images = CORRUPTIONS[model.corruption](images, model.corruption_level, generator)
    return images


def _chosen_examples(name: str) -> Tensor:
    """`PREVIEWS` of the shipped examples, spread over the classes, (PREVIEWS, 1, 28, 28)."""
    images = data_sets.examples(name).images / 255
    return images[torch.arange(PREVIEWS) * 63 % len(images)]


def _recipe(
    card: str,
    data: str,
    *,
    queue: int,
    minutes: float,
    batches: Callable = grey,
    loss: Callable = reconstruction_error,
    validate: Callable = validation_error,
    plane: bool = False,
    constant: str = CONSTANT,
) -> Recipe:
    return Recipe(
        card=card,
        data=data,
        queue=queue,
        minutes=minutes,
        batches=batches,
        loss=loss,
        validate=validate,
        preview=functools.partial(fixed_examples, name=data),
        steps=20_000,
        optimiser=adam,
        ema=0.999,
        film=FilmNotes(
            seeds=tuple(range(PREVIEWS)),
            figure=f"mean squared error of {VALIDATION:,} validation images",
            unit="thousandths a pixel",
            constant=constant,
            inputs=functools.partial(given_examples, name=data),
            cloud_classes=functools.partial(classes_of_examples, data) if plane else None,
        ),
        cloud=functools.partial(codes_of_examples, name=data) if plane else None,
        stored_as=torch.float16,
    )


def _denoising(card: str, corruption: str, *, queue: int) -> Recipe:
    return _recipe(
        card,
        "fashion-mnist",
        queue=queue,
        minutes=4,
        batches=functools.partial(corrupted, corruption=corruption),
        validate=validation_restoring,
        constant=f"{CONSTANT}, spoiled by the same noise",
    )


def _sparse(card: str, *, queue: int) -> Recipe:
    return _recipe(card, "fashion-mnist", queue=queue, minutes=4, loss=sparse_error)


RECIPES = (
    _recipe(
        "autoencoder-plane-mnist", "mnist", queue=25, minutes=8, loss=cross_entropy, plane=True
    ),
    _denoising("denoising-autoencoder-fashion", "gaussian", queue=26),
    _denoising("denoising-autoencoder-dropout-fashion", "dropout", queue=27),
    _sparse("sparse-autoencoder-l1-fashion", queue=28),
    _sparse("sparse-autoencoder-kl-fashion", queue=29),
    _sparse("sparse-autoencoder-none-fashion", queue=30),
)

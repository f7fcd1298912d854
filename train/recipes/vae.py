"""Variational autoencoders: the negative bound on log p(x) is the loss, with β on its KL.

The bound is a sum over pixels. A loss that divides the reconstruction by 784, as many do, and not
the KL, is a β of 784.
"""

import functools
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from genlab.analysis.elbo import elbo
from genlab.data import VALIDATION, DataSet, binarise_dynamic
from train.coded import adam, classes_of_examples, codes_of_examples
from train.recipe import Batch, FilmNotes, Recipe, shuffled

BATCH = 128
PREVIEWS = 16
CONSTANT = f"Every picture is decoded from the same {PREVIEWS} codes, dealt by the prior"
FIGURE = f"mean −ELBO (β = 1) of {VALIDATION:,} validation images"


def binarised(data: DataSet, generator: torch.Generator) -> Iterator[Batch]:
    """Batches that are binarised anew each time."""
    for batch in shuffled(data, BATCH, generator):
        yield {"images": binarise_dynamic(batch["images"], generator).float()}


def grey(data: DataSet, generator: torch.Generator) -> Iterator[Batch]:
    """Batches in [0, 1]: the loss is then a mean over all binarisations."""
    for batch in shuffled(data, BATCH, generator):
        yield {"images": batch["images"] / 255}


def negative_elbo(model: nn.Module, batch: Batch, *, beta: float = 1.0) -> dict[str, Tensor]:
    """Reconstruction + β · KL in nats an image."""
    images = batch["images"]
    noise = torch.randn(len(images), model.latent_dim, device=images.device)
    bound = elbo(model, images, noise)
    reconstruction, kl = bound.reconstruction.mean(), bound.kl.sum(dim=1).mean()
    return {"loss": reconstruction + beta * kl, "reconstruction": reconstruction, "kl": kl}


@torch.inference_mode()
def validation_elbo(model: nn.Module, data: DataSet, *, binary: bool) -> float:
    """−ELBO with β = 1 on one fixed binarisation (or the grey images), always the same noise."""
    generator = torch.Generator().manual_seed(0)
    images = binarise_dynamic(data.images, generator).float() if binary else data.images / 255
    noise = torch.randn(len(images), model.latent_dim, generator=generator)
    pairs = zip(images.split(BATCH), noise.split(BATCH), strict=True)
    return torch.cat([elbo(model, *pair).negative for pair in pairs]).mean().item()


@torch.inference_mode()
def fixed_codes(model: nn.Module) -> Tensor:
    """What the same codes become."""
    return model.decode(chosen_codes(model))


def chosen_codes(model: nn.Module) -> Tensor:
    """The codes that the prior deals with the seeds 0 to 15, (PREVIEWS, D)."""
    codes = [model.sample_prior(1, torch.Generator().manual_seed(seed)) for seed in range(PREVIEWS)]
    return torch.cat(codes)


def _recipe(
    card: str,
    data: str,
    *,
    queue: int,
    minutes: float,
    beta: float = 1.0,
    batches: Callable = binarised,
    plane: bool = False,
) -> Recipe:
    return Recipe(
        card=card,
        data=data,
        queue=queue,
        minutes=minutes,
        batches=batches,
        loss=functools.partial(negative_elbo, beta=beta),
        validate=functools.partial(validation_elbo, binary=batches is binarised),
        preview=fixed_codes,
        steps=20_000,
        optimiser=adam,
        ema=0.999,
        film=FilmNotes(
            seeds=tuple(range(PREVIEWS)),
            figure=FIGURE,
            unit="nats an image",
            constant=CONSTANT,
            inputs=chosen_codes,
            cloud_classes=functools.partial(classes_of_examples, data) if plane else None,
        ),
        cloud=functools.partial(codes_of_examples, name=data) if plane else None,
    )


RECIPES = (
    _recipe("vae-conv-mnist", "mnist", queue=20, minutes=40),
    _recipe("vae-dense-fashion", "fashion-mnist", queue=21, minutes=5, batches=grey),
    _recipe("vae-plane-mnist", "mnist", queue=22, minutes=8, plane=True),
    _recipe("vae-plane-mnist-beta-half", "mnist", queue=23, minutes=8, beta=0.5, plane=True),
    _recipe("vae-plane-mnist-beta-4", "mnist", queue=24, minutes=8, beta=4.0, plane=True),
)

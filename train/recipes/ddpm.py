"""Diffusion: the error of the velocity at a random step, weighted by the signal-to-noise ratio.

The weight, `NoiseSchedule.velocity_weights`, is between the losses of the noise and of the image.
The steps of a batch are one random offset and then evenly spaced, so that no batch lacks the
noisiest or the cleanest ones (Kingma et al. 2021, https://arxiv.org/abs/2107.00630, appendix I.1).

In some of the images the class is replaced by the null class, so that the same weights also know
the images without a class (Ho & Salimans 2022, https://arxiv.org/abs/2207.12598).
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from genlab.core.frames import last
from genlab.data import VALIDATION, DataSet
from genlab.inference.diffusion import DiffusionSettings, stream_diffusion
from genlab.inference.image_noise import ImageNoise
from train.recipe import Batch, FilmNotes, Recipe, shuffled

BATCH = 64  # on a CPU, more and smaller steps get further in the same time
RATE = 1e-3
LABEL_DROP = 0.15
CLASSES = 10
PREVIEWS = 16
PREVIEW = DiffusionSettings(steps=20, sampler="ddim")


def labelled_batches(data: DataSet, generator: torch.Generator) -> Iterator[Batch]:
    """Images in [0, 1]; some of the labels are the null class, `CLASSES`."""
    for batch in shuffled(data, BATCH, generator):
        labels = batch["labels"]
        dropped = torch.rand(len(labels), generator=generator) < LABEL_DROP
        yield {"images": batch["images"] / 255, "labels": labels.masked_fill(dropped, CLASSES)}


def velocity_error(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
    """The weighted error at steps and with noise that are drawn anew, and the plain one."""
    images = batch["images"]
    t = even_steps(len(images), model.schedule.steps, images.device)
    plain = squared_errors(model, images, batch["labels"], t, torch.randn_like(images))
    weights = model.schedule.velocity_weights.to(t.device)[t].to(plain.dtype)
    return {"loss": (weights * plain).mean(), "unweighted": plain.mean()}


def even_steps(count: int, steps: int, device: torch.device) -> Tensor:
    """(count,) int64 from 0 to steps − 1, each uniform by itself, together evenly spread."""
    share = (torch.arange(count, device=device) / count + torch.rand(1, device=device)) % 1
    return (share * steps).long().clamp(max=steps - 1)  # rounding may reach `steps`


def squared_errors(
    model: nn.Module, images: Tensor, labels: Tensor, t: Tensor, noise: Tensor
) -> Tensor:
    """Mean square of v's error, (B,), of images in [0, 1], (B,) classes, (B,) steps and noise."""
    signal, rest = (each.to(images.dtype) for each in model.schedule.amplitudes(t))
    x_0 = images * 2 - 1
    v = signal * noise - rest * x_0
    found = model(signal * x_0 + rest * noise, t, labels).to(v.dtype)
    return (found - v).square().flatten(1).mean(dim=1)


@torch.inference_mode()
def validation_error(model: nn.Module, data: DataSet) -> float:
    """The weighted error with one fixed noise an image, at steps spread evenly over the images."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(data.images.shape, generator=generator)
    order = torch.randperm(len(data.images), generator=generator)  # of the steps
    t = order * model.schedule.steps // len(order)
    parts = zip(
        *(each.split(BATCH) for each in (data.images / 255, data.labels, t, noise)), strict=True
    )
    errors = torch.cat([squared_errors(model, *part) for part in parts])
    return (model.schedule.velocity_weights[t] * errors).mean().item()


@torch.inference_mode()
def fixed_noise(model: nn.Module) -> Tensor:
    """What the same noise and classes become in 20 steps of DDIM."""
    noise = ImageNoise(model.spec, 0, PREVIEWS)
    labels = torch.arange(PREVIEWS) % CLASSES
    return last(stream_diffusion(model, noise, PREVIEW, labels=labels)).images


def chosen_noise(model: nn.Module) -> Tensor:
    """That noise, (PREVIEWS, C, H, W)."""
    return ImageNoise(model.spec, 0, PREVIEWS).draw()


def adamw(model: nn.Module) -> torch.optim.Optimizer:
    """The highest learning rate of the schedule, `RATE`."""
    return torch.optim.AdamW(model.parameters(), lr=RATE, betas=(0.9, 0.99), weight_decay=1e-4)


def _recipe(card: str, data: str, *, queue: int, minutes: float) -> Recipe:
    return Recipe(
        card=card,
        data=data,
        queue=queue,
        minutes=minutes,
        batches=labelled_batches,
        loss=velocity_error,
        validate=validation_error,
        preview=fixed_noise,
        steps=40_000,
        optimiser=adamw,
        ema=0.999,
        compiled=True,
        stored_as=torch.float16,
        film=FilmNotes(
            seeds=tuple(range(PREVIEWS)),
            figure=f"weighted error of v of {VALIDATION:,} validation images, given their classes",
            unit="squared, a pixel",
            classes=tuple(str(index % CLASSES) for index in range(PREVIEWS)),
            constant=f"Every picture is made of the same {PREVIEWS} noises and classes, in "
            f"{PREVIEW.steps} steps of DDIM",
            inputs=chosen_noise,
        ),
    )


RECIPES = (
    _recipe("ddpm-fashion", "fashion-mnist", queue=40, minutes=150),
    _recipe("ddpm-mnist", "mnist", queue=60, minutes=120),
)

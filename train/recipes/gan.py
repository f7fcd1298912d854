"""GANs: generator and critic take turns, both with the non-saturating loss, the critic with R1.

The penalty is computed in every `LAZY`-th step and weighs as many times more, which costs a
quarter of the time (Karras et al. 2020, https://arxiv.org/abs/1912.04958).
"""

import functools
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from genlab.data import VALIDATION, DataSet
from genlab.nn.adversarial import LOSSES, r1_penalty
from train.judged import frechet_to
from train.recipe import Batch, FilmNotes, Loss, Player, Recipe, shuffled

BATCH = 64
GENERATOR_RATE, CRITIC_RATE = 2e-4, 4e-4
BETAS = (0.0, 0.99)
LAZY = 8  # steps a penalty
PREVIEWS = 16
SAMPLES = 2_000  # for the validation figure
FIGURE = (
    f"Fréchet distance of {SAMPLES:,} samples from the {VALIDATION:,} validation images, in the "
    "judge's features"
)
LOSS = LOSSES["non-saturating"]


def grey(data: DataSet, generator: torch.Generator) -> Iterator[Batch]:
    """Batches in [0, 1] with their classes."""
    for batch in shuffled(data, BATCH, generator):
        yield {"images": batch["images"] / 255, "labels": batch["labels"]}


def make_critic_loss(gamma: float) -> Loss:
    """Real from generated; the slope at real pictures costs γ/2 times its square."""
    steps = 0

    def critic_loss(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        nonlocal steps
        images, labels = batch["images"], _labels(model, batch)
        generated = _generated(model, images, labels)
        real_scores = model.score(images, labels).float()
        generated_scores = model.score(generated, labels).float()
        loss = LOSS.critic(real_scores, generated_scores)
        told = {"critic": loss, "real": real_scores.mean(), "generated": generated_scores.mean()}
        if steps % LAZY == 0:
            penalty = r1_penalty(lambda places: model.score(places, labels).float(), images)
            loss = loss + LAZY * gamma * penalty
        steps += 1
        return {"loss": loss, **told}

    return critic_loss


def generator_loss(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
    """How little the critic is taken in."""
    labels = _labels(model, batch)
    generated = _generated(model, batch["images"], labels)
    loss = LOSS.generator(model.score(generated, labels).float())
    return {"loss": loss, "generator": loss}


def adam(part: nn.Module, rate: float) -> torch.optim.Optimizer:
    """The highest learning rate of the schedule, `rate`."""
    return torch.optim.Adam(part.parameters(), lr=rate, betas=BETAS)


@torch.inference_mode()
def validation_distance(model: nn.Module, data: DataSet, *, data_set: str) -> float:
    """See `FIGURE`; always the same codes, and the validation images' own classes."""
    generator = torch.Generator().manual_seed(0)
    codes = model.sample_prior(SAMPLES, generator)
    labels = data.labels.repeat(SAMPLES // len(data.labels) + 1)[:SAMPLES]
    pictures = _decoded(model, codes, labels)
    return frechet_to(data.images / 255, pictures, data_set=data_set)


@torch.inference_mode()
def fixed_codes(model: nn.Module) -> Tensor:
    """What the same codes become, (PREVIEWS, C, H, W)."""
    return _decoded(model, chosen_codes(model), torch.arange(PREVIEWS) % 10)


def chosen_codes(model: nn.Module) -> Tensor:
    """The codes that the prior deals with the seeds 0 to 15, (PREVIEWS, D)."""
    codes = [model.sample_prior(1, torch.Generator().manual_seed(seed)) for seed in range(PREVIEWS)]
    return torch.cat(codes)


def _decoded(model: nn.Module, codes: Tensor, labels: Tensor) -> Tensor:
    parts = zip(codes.split(BATCH), labels.split(BATCH), strict=True)
    return torch.cat([model.decode(z, y if hasattr(model, "classes") else None) for z, y in parts])


def _labels(model: nn.Module, batch: Batch) -> Tensor | None:
    """Of a batch, for networks that know classes."""
    return batch["labels"] if hasattr(model, "classes") else None


def _generated(model: nn.Module, images: Tensor, labels: Tensor | None) -> Tensor:
    """As many pictures as there are real ones."""
    return model.decode(torch.randn(len(images), model.latent_dim, device=images.device), labels)


def _recipe(
    card: str,
    data: str,
    *,
    queue: int,
    minutes: float,
    classes: tuple[str, ...] = (),
    gamma: float = 1.0,
) -> Recipe:
    constant = f"Every picture is made of the same {PREVIEWS} codes, dealt by the prior"
    return Recipe(
        card=card,
        data=data,
        queue=queue,
        minutes=minutes,
        batches=grey,
        loss=generator_loss,
        validate=functools.partial(validation_distance, data_set=data),
        preview=fixed_codes,
        steps=25_000,
        optimiser=functools.partial(adam, rate=GENERATOR_RATE),
        ema=0.999,
        stored_as=torch.float16,
        film=FilmNotes(
            seeds=tuple(range(PREVIEWS)),
            figure=FIGURE,
            unit="",
            classes=classes,
            constant=constant,
            inputs=chosen_codes,
        ),
        players=(
            Player(
                "critic",
                functools.partial(make_critic_loss, gamma),
                functools.partial(adam, rate=CRITIC_RATE),
            ),
            Player(
                "generator",
                lambda: generator_loss,
                functools.partial(adam, rate=GENERATOR_RATE),
            ),
        ),
    )


RECIPES = (
    _recipe("dcgan-fashion", "fashion-mnist", queue=35, minutes=25),
    _recipe("cgan-mnist", "mnist", queue=36, minutes=15),
    _recipe("cgan-fashion", "fashion-mnist", queue=37, minutes=15),
    _recipe("gan-dense-fashion", "fashion-mnist", queue=38, minutes=5),
)

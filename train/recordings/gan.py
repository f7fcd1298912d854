"""Four runs of a textbook's GAN on digits: one as it should be, one that collapses, two remedies.

The collapsing run differs from the healthy one in its settings alone; the remedies differ from the
collapsing one in one thing each. Networks, steps, batches and codes are the same in all.
"""

import functools
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from genlab.core.images import ImageSpec
from genlab.data import DataSet
from genlab.films.recording import Measure
from genlab.models.gan import GAN
from genlab.nn.adversarial import LOSSES, ReplayBuffer
from genlab.nn.adversarial_networks import ConvCritic, ConvGenerator
from train.judged import judge_classes, judge_features, shipped_judge
from train.recipe import Batch, Loss, Player, shuffled
from train.recording import RecordedRun
from train.sample_metrics import class_entropy

BATCH = 64
LATENT = 32
EPOCHS = 15
HEALTHY, FAST, SLOW = 2e-4, 3e-3, 6e-6  # learning rates
PICTURES = 36  # of each moment
SAMPLES = 1_000  # that are measured, as many as there are validation images
CLASSES = 10
LEAST_SHARE = 0.01  # of the pictures, for a class to count as covered
KEPT = 10 * BATCH  # pictures of the replay buffer


def digits(data: DataSet, generator: torch.Generator) -> Iterator[Batch]:
    """Batches in [0, 1]."""
    for batch in shuffled(data, BATCH, generator):
        yield {"images": batch["images"] / 255}


def network(*, minibatch_std: int = 0) -> GAN:
    """A small DCGAN: 32 → 7×7×64 → 14 → 28, batch norm in the generator."""
    spec = ImageSpec(1, 28, 28)
    return GAN(
        spec,
        LATENT,
        generator=ConvGenerator(spec, LATENT, features=64, norm="batch"),
        critic=ConvCritic(spec, features=32, minibatch_std=minibatch_std),
    )


def make_critic_loss(loss: str, replay: int) -> Loss:
    """Of a key of `LOSSES`; with `replay` > 0 half of what it judges was generated earlier."""
    buffer = ReplayBuffer(replay) if replay else None

    def critic_loss(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        images = batch["images"]
        generated = _generated(model, len(images)).detach()
        if buffer is not None:
            generated = buffer.mix(generated, torch.default_generator)
        scores = model.score(images).float(), model.score(generated).float()
        value = LOSSES[loss].critic(*scores)
        return {"loss": value, "critic": value}

    return critic_loss


def make_generator_loss(loss: str) -> Loss:
    """Of a key of `LOSSES`."""

    def generator_loss(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        value = LOSSES[loss].generator(model.score(_generated(model, len(batch["images"]))).float())
        return {"loss": value, "generator": value}

    return generator_loss


def _generated(model: nn.Module, count: int) -> Tensor:
    return model.decode(torch.randn(count, model.latent_dim))


def players(
    loss: str, critic_rate: float, generator_rate: float, *, replay: int = 0
) -> tuple[Player, ...]:
    """Both with Adam (0.5, 0.999), as the DCGAN paper has it."""

    def adam(part: nn.Module, rate: float) -> torch.optim.Optimizer:
        return torch.optim.Adam(part.parameters(), lr=rate, betas=(0.5, 0.999))

    return (
        Player(
            "critic",
            functools.partial(make_critic_loss, loss, replay),
            functools.partial(adam, rate=critic_rate),
        ),
        Player(
            "generator",
            functools.partial(make_generator_loss, loss),
            functools.partial(adam, rate=generator_rate),
        ),
    )


def fixed_codes() -> Tensor:
    """The codes that a normal law deals with the seeds 0 to 35, (PICTURES, LATENT)."""
    seeds = [torch.Generator().manual_seed(seed) for seed in range(PICTURES)]
    return torch.cat([torch.randn(1, LATENT, generator=seed) for seed in seeds])


def drawn(model: nn.Module, codes: Tensor) -> Tensor:
    """What the generator makes of codes."""
    return model.decode(codes)


def measured(model: nn.Module, validation: DataSet) -> dict[str, float]:
    """Classes, their entropy and the spread of `SAMPLES` pictures from codes that never change."""
    codes = torch.randn(SAMPLES, LATENT, generator=torch.Generator().manual_seed(0))
    pictures = torch.cat([model.decode(part) for part in codes.split(BATCH)])
    return judged(pictures) | {"diversity": spread(pictures) / spread(validation.images / 255)}


def judged(pictures: Tensor) -> dict[str, float]:
    """How many classes the judge finds in (N, C, H, W) pictures, and their histogram's entropy."""
    classes = judge_classes(shipped_judge("mnist"), pictures)
    counts = torch.bincount(classes, minlength=CLASSES)
    covered = (counts >= LEAST_SHARE * len(pictures)).sum().item()
    return {"coverage": float(covered), "entropy": class_entropy(classes, CLASSES)}


def spread(pictures: Tensor) -> float:
    """Mean distance between two of the pictures in the judge's features."""
    return torch.pdist(judge_features(shipped_judge("mnist"), pictures)).mean().item()


def measures(validation: DataSet) -> dict[str, Measure]:
    """See `measured`; beside each the same of as many real images."""
    real = judged(validation.images / 255)
    return {
        "critic": Measure("Loss of the critic", "nats", low=0.0),
        "generator": Measure("Loss of the generator", "nats"),
        "coverage": Measure(
            f"Digits that make up at least {LEAST_SHARE:.0%} of {SAMPLES:,} pictures, by the judge",
            real=real["coverage"], low=0.0, high=float(CLASSES),
        ),
        "entropy": Measure(
            "Entropy of the digits' histogram", "bits", real=round(real["entropy"], 4), low=0.0
        ),
        "diversity": Measure(
            "Mean distance of two pictures in the judge's features, of real ones 1",
            real=1.0, low=0.0,
        ),
    }  # fmt: skip


def _run(
    name: str,
    title: str,
    told: str,
    *,
    critic_rate: float,
    generator_rate: float,
    replay: int = 0,
    minibatch_std: int = 0,
) -> RecordedRun:
    loss = "non-saturating"
    settings = {
        "loss": loss,
        "learning rate of the critic": f"{critic_rate:g}",
        "learning rate of the generator": f"{generator_rate:g}",
        "experience replay": f"{replay} pictures" if replay else "off",
        "minibatch standard deviation": f"groups of {minibatch_std}" if minibatch_std else "off",
        "batch": str(BATCH),
        "numbers of a code": str(LATENT),
    }
    return RecordedRun(
        name=name,
        title=title,
        told=told,
        settings=settings,
        data="mnist",
        epochs=EPOCHS,
        batch=BATCH,
        build=functools.partial(network, minibatch_std=minibatch_std),
        batches=digits,
        players=players(loss, critic_rate, generator_rate, replay=replay),
        codes=fixed_codes,
        draw=drawn,
        measure=measured,
        measures=measures,
        columns=6,
    )


RECORDINGS = (
    _run(
        "gan-healthy",
        "Healthy",
        "Both networks learn at the same pace, as the DCGAN paper sets it.",
        critic_rate=HEALTHY,
        generator_rate=HEALTHY,
    ),
    _run(
        "gan-collapse",
        "Collapse",
        "The generator learns five hundred times as fast as the critic: it runs after whatever the "
        "critic likes most at the moment, with all codes at once.",
        critic_rate=SLOW,
        generator_rate=FAST,
    ),
    _run(
        "gan-replay",
        "Collapse with replay",
        "As the collapsing run, but half of the generated pictures that the critic sees are "
        "earlier ones.",
        critic_rate=SLOW,
        generator_rate=FAST,
        replay=KEPT,
    ),
    _run(
        "gan-minibatch-std",
        "Collapse with minibatch std",
        "As the collapsing run, but the critic is told how different the pictures of a group are.",
        critic_rate=SLOW,
        generator_rate=FAST,
        minibatch_std=16,
    ),
)

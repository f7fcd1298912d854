"""How good a diffusion model's pictures are at several numbers of steps, and how well it denoises.

Each walk back from noise is a group of figures of its own, since a long one takes hours: whoever
has two cores runs two groups at once, and a stopped one goes on behind the pictures that it drew.
Pictures are given their classes, as many of each, without guidance; image i has the seed i in every
walk, so that walks begin with the same noise.

Few samples make a Fréchet distance larger. So every walk has floors of as many real pictures, the
same for all walks of as many samples, and short walks are measured once more on as many as long
ones have, to compare them.

Errors need no walk: test images with known noise, at steps spread evenly over the images.
"""

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from tqdm import tqdm

from genlab.analysis.diffusion_figures import FEW, FEWER, walk_name
from genlab.core.frames import last
from genlab.core.protocols import Denoiser
from genlab.data import DataSet
from genlab.inference.diffusion import DiffusionSettings, stream_diffusion
from genlab.inference.image_noise import ImageNoise
from train.evaluator import Evaluator, Measurement, Subject
from train.evaluators.samples import (
    SAMPLES,
    frechet_distances,
    has_judge,
    judged_samples,
    some_training_images,
)
from train.judged import judge_features
from train.kept_pictures import KeptPictures

BATCH = 32  # images of a pass
DRAWS = 4  # of the noise of a test image
QUICK_IMAGES = 500  # evenly spaced: MNIST's first and second halves have different writers


@dataclass(frozen=True)
class Walk:
    """A way back from noise.

    Attributes:
        samples: that it is judged by.
        quick: by how many, if few are enough.
    """

    settings: DiffusionSettings
    samples: int = SAMPLES
    quick: int = 96

    @property
    def name(self) -> str:
        """That of its Fréchet distance."""
        chosen = self.settings
        return walk_name(chosen.steps, sampler=chosen.sampler, eta=chosen.eta)

    def count(self, subject: Subject) -> int:
        """How many samples are drawn."""
        return subject.at_most(self.quick if subject.quick else self.samples)


STANDARD = Walk(DiffusionSettings(steps=50))
"""The walk whose figures bear the names that all generators' figures have."""

WALKS = (
    *(
        Walk(DiffusionSettings(steps, sampler, eta), samples=FEW)
        for steps in (4, 8)
        for sampler, eta in (("ddim", 0.0), ("ddim", 1.0), ("dpm-solver++", 0.0))
    ),
    *(Walk(DiffusionSettings(steps=20, eta=eta), samples=FEW) for eta in (0.25, 0.5, 0.75)),
    Walk(DiffusionSettings(steps=50, sampler="dpm-solver++"), samples=FEW),
    Walk(DiffusionSettings(steps=20)),
    Walk(DiffusionSettings(steps=20, sampler="dpm-solver++")),
    Walk(DiffusionSettings(steps=20, eta=1.0)),
    Walk(DiffusionSettings(steps=50, eta=1.0)),
    Walk(DiffusionSettings(steps=250), samples=FEW, quick=16),
    Walk(DiffusionSettings(steps=250, eta=1.0), samples=FEW, quick=16),
    Walk(DiffusionSettings(steps=1000), samples=FEW, quick=16),
    Walk(DiffusionSettings(steps=1000, eta=1.0), samples=FEW, quick=16),
)


def standard_quality(subject: Subject) -> Iterator[Measurement]:
    """All figures of samples, and the distances once more under their walk's name."""
    if not has_judge(subject):
        return
    generator, count = torch.Generator().manual_seed(0), STANDARD.count(subject)
    training = some_training_images(subject, count, generator)
    pictures, labels = draw(subject.model, STANDARD.settings, count, _kept(subject, STANDARD))
    for measured in judged_samples(subject, pictures, labels, training, generator):
        yield measured
        if measured.name.startswith("fid"):
            yield replace(measured, name=measured.name.replace("fid", STANDARD.name, 1))
    real = subject.load("test").images / 255
    features = [judge_features(subject.judge, each) for each in (real, pictures, training / 255)]
    yield from _distances_of_fewer(STANDARD.name, *features)


def walk_quality(subject: Subject, *, walk: Walk) -> Iterator[Measurement]:
    """The distances of one walk."""
    if not has_judge(subject):
        return
    count = walk.count(subject)
    training = some_training_images(subject, count, torch.Generator().manual_seed(0))
    pictures, _ = draw(subject.model, walk.settings, count, _kept(subject, walk))
    seen = (subject.load("test").images / 255, pictures, training / 255)
    features = [judge_features(subject.judge, each) for each in seen]
    yield from frechet_distances(walk.name, *features)
    yield from _distances_of_fewer(walk.name, *features)


def _distances_of_fewer(
    name: str, real: Tensor, generated: Tensor, training: Tensor
) -> Iterator[Measurement]:
    """Those of `FEW` of the samples, evenly spaced, so that classes stay even."""
    stride = len(generated) // FEW
    if stride > 1:
        yield from frechet_distances(f"{name}{FEWER}", real, generated[::stride][:FEW], training)


def draw(
    model: Denoiser, settings: DiffusionSettings, count: int, kept: KeptPictures | None = None
) -> tuple[Tensor, Tensor]:
    """(count, C, H, W) pictures in [0, 1] and their classes, (count,), equally many of each.

    Args:
        kept: pictures of the same walk that were drawn before; the others are added.
    """
    labels = torch.arange(count) * model.classes // count

    def batch(start: int) -> Tensor:
        asked = labels[start : start + BATCH]
        noise = ImageNoise(model.spec, start, len(asked))
        return last(stream_diffusion(model, noise, settings, labels=asked)).images

    parts = kept.load(lambda: batch(0)) if kept else []
    earlier = BATCH * len(parts)
    with tqdm(total=count, initial=earlier, unit="sample", mininterval=1.0) as bar:
        for start in range(earlier, count, BATCH):
            parts.append(batch(start))
            if kept:
                kept.add(parts[-1])
            bar.update(len(parts[-1]))
    return torch.cat(parts), labels


def _kept(subject: Subject, walk: Walk) -> KeptPictures | None:
    """Those of a walk; another number of them has other classes."""
    if subject.keeper is None:
        return None
    name = f"{walk.name}_of_{walk.count(subject)}"
    return subject.keeper.file(name, (BATCH, *subject.model.spec.shape))


def velocity_error(subject: Subject) -> Iterator[Measurement]:
    """Errors on the test images; the weighted one is what the training makes small.

    Weighted is the error of v, which is that of the noise by ᾱ.
    """
    model, test = subject.model, subject.load("test")
    if subject.quick:
        part = slice(None, None, max(1, len(test.images) // QUICK_IMAGES))
        test = DataSet(test.images[part], test.labels[part], test.classes)
    draws = 1 if subject.quick else DRAWS
    with tqdm(total=2 * draws * len(test.images), unit="pass", mininterval=1.0) as bar:
        plain, weighted = noise_errors(model, test.images / 255, test.labels, draws, bar)
        _, without = noise_errors(model, test.images / 255, None, draws, bar)
    yield _mean("velocity_error", weighted)
    yield _mean("velocity_error_null", without)
    yield _mean("noise_error", plain)


@torch.inference_mode()
def noise_errors(
    model: Denoiser, images: Tensor, labels: Tensor | None, draws: int, bar: tqdm
) -> tuple[Tensor, Tensor]:
    """Mean square of ε's error of each image, plain and weighted, (N,) float64 each.

    Args:
        images: (N, C, H, W) in [0, 1].
        draws: of noise and step for each image; the errors are means over them.
    """
    plain, weighted = torch.zeros(2, len(images), dtype=torch.float64)
    weights = model.schedule.velocity_weights / model.schedule.alpha_bars
    for seed in range(draws):
        generator = torch.Generator().manual_seed(seed)
        noise = torch.randn(images.shape, generator=generator).double()
        t = torch.randperm(len(images), generator=generator) * model.schedule.steps // len(images)
        errors = []
        for part in torch.arange(len(images)).split(BATCH):
            asked = None if labels is None else labels[part]
            errors.append(_squared_errors(model, images[part], noise[part], t[part], asked))
            bar.update(len(part))
        plain += torch.cat(errors)
        weighted += weights[t] * torch.cat(errors)
    return plain / draws, weighted / draws


def _squared_errors(
    model: Denoiser, images: Tensor, noise: Tensor, t: Tensor, labels: Tensor | None
) -> Tensor:
    """Mean over the pixels of each image, (B,) float64."""
    signal, rest = model.schedule.amplitudes(t)
    found = model.predict_noise(signal * (2 * images - 1) + rest * noise, t, labels)
    return (found - noise).square().flatten(1).mean(dim=1)


def _mean(name: str, values: Tensor) -> Measurement:
    error = values.std().item() / math.sqrt(len(values))
    return Measurement(name, values.mean().item(), error, len(values))


EVALUATORS = (
    Evaluator(Denoiser, velocity_error),
    Evaluator(Denoiser, standard_quality, part="sample_quality", limit="samples"),
    *(
        Evaluator(
            Denoiser, functools.partial(walk_quality, walk=walk), part=walk.name, limit="samples"
        )
        for walk in WALKS
    ),
)

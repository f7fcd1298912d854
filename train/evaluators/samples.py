"""How good a card's samples are: against the whole test set, in the features of the data's judge.

The scale of those features is arbitrary, so every distance stands beside its floor: the same
number of real training pictures in place of the generated ones, the mean of several such sets, no
picture in two of them. Binary models are compared with equally binarised pictures; where a model
gives probabilities of white, they are drawn from first.
"""

import math
import sys
from collections.abc import Iterator

import torch
from torch import Tensor
from tqdm import tqdm

from genlab.core.images import dequantise
from genlab.core.protocols import Conditional, ConditionalDecoder, Denoiser
from genlab.data import binarise_dynamic, to_levels
from genlab.inference.sampling import sampler_of
from genlab.registry import discover
from train.evaluator import Evaluator, Measurement, Subject
from train.judged import judge_classes, judge_features
from train.sample_metrics import (
    class_entropy,
    frechet_distance,
    kernel_distance,
    nearest_distance,
    neighbourhoods,
)

SAMPLES, QUICK_SAMPLES = 10_000, 500
BATCH = 50  # samples drawn together
RESAMPLES = 10  # of the generated features, for the standard error of a distance
FLOORS = 5  # sets of real training pictures, if there are enough of them
REFERENCES = 1_000  # samples whose nearest training picture is looked for


def sample_quality(subject: Subject) -> Iterator[Measurement]:
    """Figures of samples; nothing where the data set has no trained judge."""
    if not has_judge(subject):
        return
    count = subject.at_most(QUICK_SAMPLES if subject.quick else SAMPLES)
    generator = torch.Generator().manual_seed(0)
    training = some_training_images(subject, count, generator)
    pictures, labels = draw_samples(subject, count, generator)
    yield from judged_samples(subject, pictures, labels, training, generator)


def has_judge(subject: Subject) -> bool:
    """Whether samples can be judged; says so if not."""
    if subject.judge is None:
        print("samples are not judged: train the judge of the data set first", file=sys.stderr)
    return subject.judge is not None


def some_training_images(subject: Subject, count: int, generator: torch.Generator) -> Tensor:
    """Real ones to make the floors of `count` samples of, (N, C, H, W) uint8, in random order."""
    images = subject.load("train").images
    return images[torch.randperm(len(images), generator=generator)[: FLOORS * count]]


def judged_samples(
    subject: Subject,
    pictures: Tensor,
    labels: Tensor | None,
    training: Tensor,
    generator: torch.Generator,
) -> Iterator[Measurement]:
    """All figures of samples.

    Args:
        pictures: the samples, (count, C, H, W) in [0, 1].
        labels: the classes that were asked for, (count,), if any.
        training: real images for the floors, see `some_training_images`.
    """
    test, count = subject.load("test"), len(pictures)
    levels = subject.model.spec.levels
    first, more = training[:count], training[count:]
    real, floor = (_as_seen(images, levels, generator) for images in (test.images, first))
    floors = torch.cat([floor, _as_seen(more, levels, torch.Generator().manual_seed(1))])
    features = [judge_features(subject.judge, each) for each in (real, pictures, floors)]
    yield from distances(*features)
    answers = judge_classes(subject.judge, pictures)
    yield _share_free("class_entropy_bits", class_entropy(answers, len(test.classes)), count)
    if labels is not None:
        yield _share("class_accuracy", (answers == labels).double().mean().item(), count)
    del features
    kept = torch.randperm(count, generator=generator)[:REFERENCES]
    references = _as_seen(subject.load("train").images, levels, generator)
    yield _mean("nearest_training_distance", nearest_distance(pictures[kept], references))
    held_out = real[torch.randperm(len(real), generator=generator)[:REFERENCES]]
    yield _mean("nearest_training_distance_of_test", nearest_distance(held_out, references))


def distances(real: Tensor, generated: Tensor, training: Tensor) -> Iterator[Measurement]:
    """Of generated features from real ones, and of the floors', (N, F), (M, F) and (L, F)."""
    count = len(generated)
    yield from frechet_distances("fid", real, generated, training)
    kid, deviation = kernel_distance(real, generated)
    yield Measurement("kid", kid, deviation / math.sqrt(count / 1000), count)
    near = neighbourhoods(real, generated)
    yield _share("precision", near.precision, count)
    yield _share("recall", near.recall, len(real))
    yield _share_free("density", near.density, count)
    yield _share("coverage", near.coverage, len(real))


def frechet_distances(
    name: str, real: Tensor, generated: Tensor, training: Tensor
) -> Iterator[Measurement]:
    """`name`, `name`_floor and `name`_times_floor, of (N, F), (M, F) and (L, F) features."""
    count = len(generated)
    fid, error = frechet_distance(real, generated), _resampled_error(real, generated)
    floor, floor_error = floor_of(real, training, count)
    times = fid / floor
    times_error = math.hypot(error, times * floor_error) / floor
    yield Measurement(name, fid, error, count, f"{times:.2f} × floor")
    yield Measurement(f"{name}_floor", floor, floor_error, count)
    yield Measurement(f"{name}_times_floor", times, times_error, count)


def floor_of(real: Tensor, training: Tensor, count: int) -> tuple[float, float]:
    """The mean distance of sets of `count` real training pictures, and its standard error.

    Args:
        real: features of the test pictures, (N, F).
        training: of training pictures in random order, (L, F): as many whole sets as are in them,
            at most `FLOORS`.
    """
    sets = [each for each in training.split(count)[:FLOORS] if len(each) == count] or [training]
    found = torch.tensor([frechet_distance(real, each) for each in sets])
    if len(sets) == 1:
        return found.item(), _resampled_error(real, *sets)
    return found.mean().item(), found.std().item() / math.sqrt(len(sets))


def draw_samples(
    subject: Subject, count: int, generator: torch.Generator
) -> tuple[Tensor, Tensor | None]:
    """(count, C, H, W) pictures in [0, 1], and the classes that were asked for, if any.

    Conditional models draw equally many of each class.
    """
    model = subject.model
    sampler = sampler_of(model)
    labels = None
    if isinstance(model, Conditional | ConditionalDecoder):
        labels = torch.arange(count) * model.classes // count
    parts = []
    with tqdm(total=count, unit="sample", mininterval=1.0) as bar:
        for start, size in _batches(count, labels):
            chosen = {} if labels is None else {"label": int(labels[start])}
            parts.append(sampler.sample(model, seed=start, count=size, **chosen))
            bar.update(size)
    pictures = torch.cat(parts)
    if model.spec.levels == 2:  # 0 and 1 stay what they are
        pictures = (torch.rand(pictures.shape, generator=generator) < pictures).float()
    return pictures, labels


def _batches(count: int, labels: Tensor | None) -> Iterator[tuple[int, int]]:
    """Start and size of batches that hold one class each."""
    start = 0
    while start < count:
        end = min(start + BATCH, count)
        if labels is not None:
            end = start + int((labels[start:end] == labels[start]).sum())
        yield start, end - start
        start = end


def _as_seen(images: Tensor, levels: int, generator: torch.Generator) -> Tensor:
    """uint8 images as floats in [0, 1], with as few levels as the model's data have."""
    if levels == 2:
        return binarise_dynamic(images, generator).float()
    return dequantise(to_levels(images, levels), levels)


def _resampled_error(real: Tensor, generated: Tensor) -> float:
    """Standard deviation of the Fréchet distance over bootstraps of the generated features."""
    generator = torch.Generator().manual_seed(0)
    found = [
        frechet_distance(
            real, generated[torch.randint(len(generated), (len(generated),), generator=generator)]
        )
        for _ in range(RESAMPLES)
    ]
    return torch.tensor(found).std().item()


def _share(name: str, share: float, count: int) -> Measurement:
    return Measurement(name, share, math.sqrt(share * (1 - share) / count), count)


def _share_free(name: str, value: float, count: int) -> Measurement:
    """A figure whose error nobody has a simple formula for."""
    return Measurement(name, value, 0.0, count, "no standard error")


def _mean(name: str, values: Tensor) -> Measurement:
    error = values.std().item() / math.sqrt(len(values))
    return Measurement(name, values.mean().item(), error, len(values))


EVALUATORS = tuple(
    Evaluator(sampler.capability, sample_quality, limit="samples")
    for sampler in discover("genlab.inference", "SAMPLER")
    if sampler.capability is not Denoiser  # whose walks are measured one by one
)

"""How good a card's samples are: against the whole test set, in the features of the data's judge.

The scale of those features is arbitrary, so every distance stands beside its floor: the same
number of real training pictures in place of the generated ones. Binary models are compared with
equally binarised pictures; where a model gives probabilities of white, they are drawn from first.
"""

import math
import sys
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from tqdm import tqdm

from genlab.core.capabilities import Sampler
from genlab.core.protocols import Autoregressive, Conditional, ConditionalDecoder, LatentPrior
from genlab.data import binarise_dynamic
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
REFERENCES = 1_000  # samples whose nearest training picture is looked for


def sample_quality(subject: Subject) -> Iterator[Measurement]:
    """Figures of samples; nothing where the data set has no trained judge."""
    if subject.judge is None:
        print("samples are not judged: train the judge of the data set first", file=sys.stderr)
        return
    count = QUICK_SAMPLES if subject.quick else SAMPLES
    test, training = subject.load("test"), subject.load("train")
    generator = torch.Generator().manual_seed(0)
    chosen = torch.randperm(len(training.images), generator=generator)[:count]
    is_binary = subject.model.spec.levels == 2
    pictures, labels = draw_samples(subject, count, generator)
    real, floor = (
        _as_seen(images, is_binary, generator) for images in (test.images, training.images[chosen])
    )
    features = [judge_features(subject.judge, each) for each in (real, pictures, floor)]
    yield from distances(*features)
    answers = judge_classes(subject.judge, pictures)
    yield _share_free("class_entropy_bits", class_entropy(answers, len(test.classes)), count)
    if labels is not None:
        yield _share("class_accuracy", (answers == labels).double().mean().item(), count)
    del features
    kept = torch.randperm(count, generator=generator)[:REFERENCES]
    references = _as_seen(training.images, is_binary, generator)
    yield _mean("nearest_training_distance", nearest_distance(pictures[kept], references))
    held_out = real[torch.randperm(len(real), generator=generator)[:REFERENCES]]
    yield _mean("nearest_training_distance_of_test", nearest_distance(held_out, references))


def distances(real: Tensor, generated: Tensor, floor: Tensor) -> Iterator[Measurement]:
    """Of generated features from real ones, and of the floor's, (N, F), (M, F) and (M, F)."""
    count = len(generated)
    fid, fid_floor = frechet_distance(real, generated), frechet_distance(real, floor)
    error = _resampled_error(real, generated)
    yield Measurement("fid", fid, error, count, f"{fid / fid_floor:.2f} × floor")
    yield Measurement("fid_floor", fid_floor, _resampled_error(real, floor), count)
    yield Measurement("fid_times_floor", fid / fid_floor, error / fid_floor, count)
    kid, deviation = kernel_distance(real, generated)
    yield Measurement("kid", kid, deviation / math.sqrt(count / 1000), count)
    near = neighbourhoods(real, generated)
    yield _share("precision", near.precision, count)
    yield _share("recall", near.recall, len(real))
    yield _share_free("density", near.density, count)
    yield _share("coverage", near.coverage, len(real))


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


def sampler_of(model: nn.Module) -> Sampler:
    """The first that fits."""
    offered = discover("genlab.inference", "SAMPLER")
    return next(each for each in offered if isinstance(model, each.capability))


def _batches(count: int, labels: Tensor | None) -> Iterator[tuple[int, int]]:
    """Start and size of batches that hold one class each."""
    start = 0
    while start < count:
        end = min(start + BATCH, count)
        if labels is not None:
            end = start + int((labels[start:end] == labels[start]).sum())
        yield start, end - start
        start = end


def _as_seen(images: Tensor, is_binary: bool, generator: torch.Generator) -> Tensor:
    """uint8 images as floats in [0, 1], binarised as the model's data are."""
    return binarise_dynamic(images, generator).float() if is_binary else images / 255


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


EVALUATORS = (Evaluator(Autoregressive, sample_quality), Evaluator(LatentPrior, sample_quality))

"""Exact likelihoods on the test images: nats of binary images, bits per dimension of grey ones.

Binarised anew ("dynamic"), an image is a random one, so that the figure is a mean over draws too.
Its standard error is over images, each with the mean of its draws: the images are what was sampled
from the world; the draws' own spread is printed beside it. Thresholded images score 15 to 18 nats
lower and are never compared with the former.

A class-conditional model has three figures of each kind: given the image's own class, as a mixture
of equally likely classes, which is its likelihood of an image without a class, and given the null
class. The mixture costs ten passes, so they are measured on one draw, all on the same. Those passes
also say which class is the likeliest: `test_accuracy`, of the model as a classifier by Bayes' rule.

Rounding to grey levels has no luck, so that grey images have one draw. Figures of different numbers
of levels are about different data: 8 levels cost at most 3 bits a value, 256 up to 8.
"""

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from tqdm import tqdm

from genlab.analysis.likelihood import class_nats, image_nats, mixture_nats
from genlab.core.protocols import Autoregressive, Conditional
from genlab.data import DataSet, binarise_dynamic, binarise_thresholded, to_levels
from train.evaluator import Evaluator, Measurement, Subject

DRAWS = 5  # binarisations, with the seeds 0 to 4
QUICK_IMAGES = 1_000
BATCH = 16  # images whose features stay in the cache; 250 at once cost three times as much


def likelihood(subject: Subject) -> Iterator[Measurement]:
    """Figures of autoregressive models; see `train.evaluator.Evaluator.measure`."""
    model, test = subject.model, subject.load("test")
    most = (QUICK_IMAGES if subject.quick else None, subject.images)
    test = _evenly(test, min((each for each in most if each is not None), default=len(test.images)))
    if model.spec.levels > 2:
        yield from _of_levels(model, test)
    elif isinstance(model, Conditional):
        kinds = {"dynamic": _draw(test.images, 0), "thresholded": binarise_thresholded(test.images)}
        names = {f"nats_{kind}": pixels for kind, pixels in kinds.items()}
        yield from _given_classes(model, test.labels, names, _mean)
    else:
        yield from _without_classes(model, test.images, 1 if subject.quick else DRAWS)


def _of_levels(model: Autoregressive, test: DataSet) -> Iterator[Measurement]:
    """`bits_per_dim`, or `bits_per_dim_conditional`, `…_mixture` and `…_null`."""
    pixels = to_levels(test.images, model.spec.levels)
    if isinstance(model, Conditional):
        yield from _given_classes(model, test.labels, {"bits_per_dim": pixels}, _mean_bits)
        return
    with tqdm(total=len(pixels), unit="image", mininterval=1.0) as bar:
        yield _mean_bits("bits_per_dim", _nats(model, pixels, bar), pixels)


def _without_classes(model: Autoregressive, images: Tensor, draws: int) -> Iterator[Measurement]:
    """`nats_dynamic` and `nats_thresholded`."""
    with tqdm(total=len(images) * (draws + 1), unit="image", mininterval=1.0) as bar:
        nats = torch.stack(
            [_nats(model, _draw(images, seed), bar) for seed in range(draws)]
        )  # (draws, N) float64
        yield _mean("nats_dynamic", nats.mean(dim=0), images, _spread(nats))
        nats = _nats(model, binarise_thresholded(images), bar)  # (N,) float64
        yield _mean("nats_thresholded", nats, images)


def _given_classes(
    model: Conditional,
    labels: Tensor,
    kinds: dict[str, Tensor],
    measured: Callable[[str, Tensor, Tensor], Measurement],
) -> Iterator[Measurement]:
    """`<kind>_conditional`, `…_mixture` and `…_null` of each kind of pixels; then `test_accuracy`.

    The latter is that of the first kind.
    """
    accuracies = []
    with tqdm(total=sum(map(len, kinds.values())), unit="image", mininterval=1.0) as bar:
        for kind, pixels in kinds.items():
            by_class, null = _nats_by_class(model, pixels, bar)  # (N, classes), (N,)
            accuracies.append(_accuracy(by_class, labels, kind))
            own = by_class.gather(1, labels[:, None]).squeeze(1)  # (N,)
            yield measured(f"{kind}_conditional", own, pixels)
            yield measured(f"{kind}_mixture", mixture_nats(by_class), pixels)
            yield measured(f"{kind}_null", null, pixels)
    yield accuracies[0]


def _accuracy(by_class: Tensor, labels: Tensor, kind: str) -> Measurement:
    """How often the own class makes an image likeliest; all classes are equally likely before."""
    right = (by_class.argmin(dim=1) == labels).double()
    share = right.mean().item()
    error = math.sqrt(share * (1 - share) / len(right))
    return Measurement(
        "test_accuracy", share, error, len(right), f"of the likeliest class by {kind}"
    )


def _nats_by_class(model: Conditional, pixels: Tensor, bar: tqdm) -> tuple[Tensor, Tensor]:
    """Given each class, (N, classes) float64, and given none, (N,) float64."""
    by_class, null = [], []
    for batch in pixels.split(BATCH):
        by_class.append(class_nats(model, batch))
        null.append(image_nats(model, batch, batch=BATCH))
        bar.update(len(batch))
    return torch.cat(by_class), torch.cat(null)


def _evenly(test: DataSet, count: int) -> DataSet:
    """At most `count` images of the whole order: MNIST's halves have different writers."""
    count = min(count, len(test.images))
    places = torch.arange(count) * len(test.images) // max(count, 1)
    return DataSet(test.images[places], test.labels[places], test.classes)


def _draw(images: Tensor, seed: int) -> Tensor:
    return binarise_dynamic(images, torch.Generator().manual_seed(seed))


def _nats(model: Autoregressive, pixels: Tensor, bar: tqdm) -> Tensor:
    """(N,) float64, batch by batch, so that the bar moves."""
    parts = []
    for batch in pixels.split(BATCH):
        parts.append(image_nats(model, batch, batch=BATCH))
        bar.update(len(batch))
    return torch.cat(parts)


def _mean(name: str, nats: Tensor, images: Tensor, note: str = "") -> Measurement:
    value = nats.mean().item()
    bits = value / (images[0].numel() * math.log(2))
    error = nats.std().item() / math.sqrt(len(nats))
    return Measurement(name, value, error, len(nats), f"{bits:.4f} bits/dim{note}")


def _mean_bits(name: str, nats: Tensor, images: Tensor) -> Measurement:
    bits = nats / (images[0].numel() * math.log(2))
    error = bits.std().item() / math.sqrt(len(bits))
    return Measurement(name, bits.mean().item(), error, len(bits), f"{nats.mean():.3f} nats")


def _spread(nats: Tensor) -> str:
    means = nats.mean(dim=1)
    listed = ", ".join(f"{mean:.3f}" for mean in means)
    deviation = f", sd {means.std().item():.3f}" if len(means) > 1 else ""
    return f"; draws {listed}{deviation}"


EVALUATORS = (Evaluator(Autoregressive, likelihood, limit="images"),)

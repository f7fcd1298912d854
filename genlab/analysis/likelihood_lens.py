"""What a model thinks of one picture, pixel by pixel, from one parallel pass.

The map of −log2 p(x_i | x_<i) sums to the whole −log2 p(x). Beside it stands what the model
expected to pay there, the entropy of the same distribution: a pixel that costs much where little
was expected is a surprise, one that costs much where much was expected is not.

A model with classes knows p(x | y). Without a class its likelihood is the mixture of equally likely
classes, and that too comes pixel by pixel: p(x_i | x_<i) = Σ_y p(y | x_<i) p(x_i | y, x_<i), where
the belief p(y | x_<i) follows from the pixels so far by Bayes' rule.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.analysis.likelihood import class_nats, image_nats, mixture_nats
from genlab.core.cards import Figure
from genlab.core.protocols import Autoregressive, Conditional

RECORDED = ("nats_thresholded_mixture", "nats_thresholded")  # what is thresholded is compared
RECORDED_BITS = ("bits_per_dim_mixture", "bits_per_dim")  # of models with more levels than two


@dataclass(frozen=True, eq=False)
class PictureScore:
    """What a picture costs.

    Attributes:
        bits: (H, W) float64, −log2 of the probability of each pixel given all earlier ones.
        expected_bits: (H, W) float64, the mean of that over what the pixel could have been.
        beliefs: (classes, H, W) float64, p(class | the pixels up to this one); None where the model
            has no classes, or was told one.
        values: how many numbers the picture has.
    """

    bits: Tensor
    expected_bits: Tensor
    beliefs: Tensor | None
    values: int

    @property
    def nats(self) -> float:
        """−log p(x)."""
        return self.bits.sum().item() * math.log(2)

    @property
    def bits_per_dim(self) -> float:
        """Bits for each number of the picture."""
        return self.bits.sum().item() / self.values

    @property
    def surplus(self) -> Tensor:
        """(H, W) bits more than expected: surprises are positive."""
        return self.bits - self.expected_bits

    @property
    def classes(self) -> Tensor | None:
        """(classes,) float64, p(class | x), or None as `beliefs`."""
        return None if self.beliefs is None else self.beliefs[:, -1, -1]


@torch.inference_mode()
def score_picture(
    model: Autoregressive, pixels: Tensor, *, label: int | None = None
) -> PictureScore:
    """Look at one picture through a model.

    Args:
        pixels: (C, H, W) int64 in [0, levels).
        label: a class, or the model's `null_label`; None for the mixture of its classes.

    Raises:
        ValueError: a class that the model does not have.
    """
    mixed = label is None and isinstance(model, Conditional)
    labels = _labels_to_try(model, label)
    tries = 1 if labels is None else len(labels)
    logits = model.logits(pixels.expand(tries, *pixels.shape), labels)  # (K, levels, C, H, W)
    logs = logits.double().log_softmax(dim=1).permute(0, 3, 4, 2, 1)  # (K, H, W, C, levels)
    logs = logs.flatten(1, 3)  # (K, values, levels), in the order in which they depend
    drawn = pixels.permute(1, 2, 0).flatten()[:, None]  # (values, 1)
    found = logs.gather(2, drawn.expand(tries, -1, 1)).squeeze(2)  # (K, values)
    seen = found.cumsum(dim=1)  # log p(x up to here | class)
    before = (seen - found).log_softmax(dim=0)  # log p(class | x before)
    mixture = (before[..., None] + logs).logsumexp(dim=0)  # (values, levels)
    channels, height, width = pixels.shape
    shape = height, width, channels
    return PictureScore(
        bits=-mixture.gather(1, drawn).view(shape).sum(dim=2) / math.log(2),
        expected_bits=torch.special.entr(mixture.exp()).sum(1).view(shape).sum(2) / math.log(2),
        beliefs=seen.softmax(dim=0).view(tries, *shape)[..., -1] if mixed else None,
        values=pixels.numel(),
    )


def _labels_to_try(model: Autoregressive, label: int | None) -> Tensor | None:
    if not isinstance(model, Conditional):
        if label is not None:
            raise ValueError(
                f"label must be None: this model was trained without classes, got {label}"
            )
        return None
    if label is None:
        return torch.arange(model.classes)
    if not 0 <= label < model.classes and label != model.null_label:
        raise ValueError(f"label must be from 0 to {model.classes - 1}, got {label}")
    return torch.tensor([label])


def classify_by_bayes(model: Conditional, pixels: Tensor) -> Tensor:
    """p(class | x) with equally likely classes, (B, C, H, W) int64 → (B, classes) float64.

    Nobody trained a classifier: to know how digits look is to know which digit this is.
    """
    return (-class_nats(model, pixels)).softmax(dim=1)


@dataclass(frozen=True, eq=False)
class ScoreDistribution:
    """What other pictures cost the same model.

    Attributes:
        nats: (N,) float64, ascending.
    """

    nats: Tensor

    def share_below(self, nats: float) -> float:
        """The share of these pictures that the model finds likelier than one of `nats`."""
        return (self.nats < nats).double().mean().item()

    def histogram(self, bins: int) -> tuple[Tensor, Tensor]:
        """How many pictures lie in each of `bins` equal parts, and the bins + 1 edges in nats."""
        edges = torch.linspace(self.nats[0].item(), self.nats[-1].item(), bins + 1).double()
        places = torch.bucketize(self.nats, edges[1:-1])
        return places.bincount(minlength=bins), edges


def score_distribution(model: Autoregressive, pixels: Tensor) -> ScoreDistribution:
    """Score (N, C, H, W) int64 pictures without telling their classes.

    Takes a pass a picture, for a model with classes one for each of them.
    """
    if isinstance(model, Conditional):
        nats = mixture_nats(class_nats(model, pixels))
    else:
        nats = image_nats(model, pixels)
    return ScoreDistribution(nats.sort().values)


@dataclass(frozen=True)
class RecordedScores:
    """What a card's own evaluation found, in nats a picture; no picture is scored anew.

    Attributes:
        figure: its name in the card file.
        n: how many test pictures.
    """

    figure: str
    mean: float
    standard_deviation: float
    n: int

    def deviations(self, nats: float) -> float:
        """How many standard deviations above the mean; below it, negative."""
        return (nats - self.mean) / self.standard_deviation


def recorded_scores(figures: Mapping[str, Figure], values: int) -> RecordedScores | None:
    """The scores of whole test sets, spread out again from the standard error of their mean.

    Args:
        values: how many numbers a picture has.
    """
    for name in (*RECORDED, *RECORDED_BITS):
        if name in figures and figures[name].standard_error > 0:
            figure = figures[name]
            nats = values * math.log(2) if name in RECORDED_BITS else 1.0
            deviation = figure.standard_error * math.sqrt(figure.n)
            return RecordedScores(name, figure.value * nats, deviation * nats, figure.n)
    return None

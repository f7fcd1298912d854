"""What the forward process does to an image, measured; and the training examples that come of it.

The small steps x_t = √(1 − β_t) · x_{t−1} + √β_t · z take x_0 along linearly: x_t is √ᾱ_t · x_0 and
a noise that does not know x_0. So the steps are walked once for a schedule, from x_0 = 0, and serve
every image: `walk_steps` yields that noise, and `measure` puts an image into it.

A training example is an image, a step and a noise; the network is asked for the velocity
v = √ᾱ_t · ε − √(1 − ᾱ_t) · x_0. Its error is an error of ε and of x_0 at once: √ᾱ_t of it in ε,
√(1 − ᾱ_t) of it in x_0.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genlab.core.noise_schedule import NoiseSchedule
from genlab.core.protocols import Denoiser
from genlab.nn.time_embedding import TimeEmbedding, time_waves

LOWEST, HIGHEST, BINS = -4.0, 4.0, 64  # of a histogram; what lies outside counts at the ends
USUAL_WAVES = 32  # where a network has no time embedding of ours


@dataclass(frozen=True, eq=False)
class Crowd:
    """Many noisy images at some steps, counted.

    Attributes:
        means: (K,) over all pixels of all images.
        variances: (K,) likewise.
        histograms: (K, BINS) int64, how many pixels lie in each bin.
    """

    means: Tensor
    variances: Tensor
    histograms: Tensor


@dataclass(frozen=True, eq=False)
class OpenedExamples:
    """Training examples with what a network said; tensors (B, C, H, W) float64 in its own range.

    Attributes:
        x_0: the images, from −1 to 1.
        noise: ε.
        v: what the network was asked for.
        noise_hat: ε̂.
        v_hat: what it said.
        x0_hat: the images that it sees, not clipped.
        v_error: (B,) mean square of v̂ − v, a pixel; the same for ε and x_0 below.
        weight: (B,) of `v_error` in the loss.
    """

    x_0: Tensor
    noise: Tensor
    x_t: Tensor
    v: Tensor
    noise_hat: Tensor
    v_hat: Tensor
    x0_hat: Tensor
    v_error: Tensor
    noise_error: Tensor
    x0_error: Tensor
    weight: Tensor

    @property
    def loss(self) -> Tensor:
        """(B,) what training makes smaller."""
        return self.weight * self.v_error


def kept_steps(steps: int, most: int) -> list[int]:
    """At most `most` of the steps 0 … steps − 1, evenly spread, both ends among them."""
    count = min(steps, most)
    return [round(index * (steps - 1) / (count - 1)) for index in range(count)]


@torch.inference_mode()
def walk_steps(
    schedule: NoiseSchedule, shape: Sequence[int], generator: torch.Generator, kept: Sequence[int]
) -> Iterator[tuple[int, Tensor]]:
    """Every small step from x_0 = 0; yields t and x_t, `shape` float32, at the `kept` steps."""
    x, marks = torch.zeros(*shape), set(kept)
    for t, beta in enumerate(schedule.betas.tolist()):
        x = math.sqrt(1 - beta) * x + math.sqrt(beta) * torch.randn(*shape, generator=generator)
        if t in marks:
            yield t, x


def jump_noise(schedule: NoiseSchedule, noise: Tensor, t: int) -> Tensor:
    """What one jump to t adds: √(1 − ᾱ_t) · ε."""
    return math.sqrt(1 - schedule.alpha_bar(t)) * noise


@torch.inference_mode()
def measure(schedule: NoiseSchedule, x_0: Tensor, added: Mapping[int, Tensor]) -> Crowd:
    """The crowd of one image under many noises.

    Args:
        x_0: (C, H, W) in [−1, 1].
        added: for each t, (D, C, H, W), what joined √ᾱ_t · x_0.
    """
    moments, histograms = [], []
    for t, noise in added.items():
        x_t = math.sqrt(schedule.alpha_bar(t)) * x_0 + noise
        moments.append(torch.stack(torch.std_mean(x_t.double(), correction=0)))
        histograms.append(count_bins(x_t))
    std, mean = torch.stack(moments).unbind(dim=1)
    return Crowd(mean, std.square(), torch.stack(histograms))


def count_bins(values: Tensor) -> Tensor:
    """(BINS,) int64, how many values lie in each of the even bins from LOWEST to HIGHEST."""
    bins = ((values.flatten() - LOWEST) * (BINS / (HIGHEST - LOWEST))).floor()
    return torch.bincount(bins.clamp(0, BINS - 1).long(), minlength=BINS)


def expected_moments(
    schedule: NoiseSchedule, x_0: Tensor, kept: Sequence[int]
) -> tuple[Tensor, Tensor]:
    """Mean and variance over all pixels as theory has them, (K,) float64 each, of one image.

    The mean falls as the amplitude √ᾱ_t, the image's own variance as ᾱ_t; noise brings the rest.
    """
    alpha_bars = schedule.alpha_bars[list(kept)]
    variance, mean = torch.var_mean(x_0.double(), correction=0)
    return alpha_bars.sqrt() * mean, alpha_bars * variance + 1 - alpha_bars


def waves_of(model: object) -> int:
    """How many waves a network hears the time as."""
    parts = model.modules() if isinstance(model, nn.Module) else ()
    found = next((part.waves for part in parts if isinstance(part, TimeEmbedding)), None)
    return USUAL_WAVES if found is None else found


def time_table(times: Sequence[int], waves: int) -> Tensor:
    """The waves of each time, (n, waves) in [−1, 1], as a time embedding makes them."""
    return time_waves(torch.tensor(times), waves)


@torch.inference_mode()
def open_examples(
    model: Denoiser, images: Tensor, t: Tensor, noise: Tensor, label: int | None = None
) -> OpenedExamples:
    """Ask a network what training asks it, in one pass.

    Args:
        images: (B, C, H, W) in [0, 1].
        t: (B,) int64.
        noise: (B, C, H, W).
        label: of all images; None says nothing about the class.
    """
    labels = None if label is None else torch.full((len(images),), label)
    x_0, noise = images.double() * 2 - 1, noise.double()
    signal, rest = model.schedule.amplitudes(t)
    x_t = signal * x_0 + rest * noise
    noise_hat = model.predict_noise(x_t, t, labels).double()
    v, v_hat = signal * noise - rest * x_0, (noise_hat - rest * x_t) / signal
    x0_hat = (x_t - rest * noise_hat) / signal
    errors = (_mean_square(found - asked) for found, asked in
              ((v_hat, v), (noise_hat, noise), (x0_hat, x_0)))  # fmt: skip
    return OpenedExamples(
        *(x_0, noise, x_t, v, noise_hat, v_hat, x0_hat, *errors),
        model.schedule.velocity_weights[t],
    )


@torch.inference_mode()
def open_over_time(
    model: Denoiser, image: Tensor, times: Sequence[int], noise: Tensor, label: int | None = None
) -> OpenedExamples:
    """One image, (C, H, W), at each of the times with each of the noises, (D, C, H, W).

    Returns:
        T · D examples: all noises at the first time, then all at the second.
    """
    t = torch.tensor(times).repeat_interleave(len(noise))
    images = image.expand(len(t), *image.shape)
    return open_examples(model, images, t, noise.repeat(len(times), 1, 1, 1), label)


def _mean_square(difference: Tensor) -> Tensor:
    return difference.square().flatten(1).mean(dim=1)

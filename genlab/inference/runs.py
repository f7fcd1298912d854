"""A run that can be drawn again, and that may change its mind on the way.

Nothing of a run is kept but its numbers. From some position on it may have another seed or another
temperature: a branch. Drawing the whole image again is cheap, and the prefix comes out byte for
byte the same, since each pixel has its own uniform and its own temperature.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from genlab.core.images import ImageSpec
from genlab.core.protocols import Autoregressive, PixelStepper
from genlab.inference.autoregressive import (
    PixelFrame,
    draw_uniforms,
    make_stepper,
    stream_pixels,
)
from genlab.inference.guidance import Guided


@dataclass(frozen=True)
class Segment:
    """From the position `start` of the drawing order on: this seed, this temperature."""

    start: int
    seed: int
    temperature: float


@dataclass(frozen=True)
class Run:
    """With these numbers, and the card's weights, every pixel can be drawn again.

    Attributes:
        segments: in their order, the first from position 0.
        label: the class of all its images; None for a model without classes, or for any class.
        guidance: see `genlab.inference.guidance`; 1 is the model itself.
    """

    card: str
    images: int
    order: str
    segments: tuple[Segment, ...]
    label: int | None = None
    guidance: float = 1.0

    @property
    def labels(self) -> Tensor | None:
        """(images,) int64, or None."""
        return None if self.label is None else torch.full((self.images,), self.label)

    def branch(self, segment: Segment) -> "Run":
        """Keep what was drawn before `segment.start`, and go on with `segment`."""
        kept = [earlier for earlier in self.segments if earlier.start < segment.start]
        return replace(self, segments=(*kept, segment))


@dataclass(frozen=True)
class PixelAccount:
    """How one pixel came about.

    Attributes:
        index: in raster order.
        logits: (levels,) of the network, before the temperature.
        temperature: that divided them.
        probabilities: (levels,)
        uniform: in [0, 1), decided between the levels.
        level: that was drawn.
        surprise: −log2 of its probability, bits.
        image_bits: the sum of all surprises of its image.
        unguided: the logits with and without the class, (levels,) each, where guidance mixed them.
    """

    index: int
    logits: Tensor
    temperature: float
    probabilities: Tensor
    uniform: float
    level: int
    surprise: float
    image_bits: float
    unguided: tuple[Tensor, Tensor] | None


def guided(model: Autoregressive, run: Run) -> Autoregressive:
    """The model that the run draws with: itself, or under its guidance."""
    if run.label is None or run.guidance == 1:
        return model
    return Guided(model, run.guidance)


def make_run_stepper(model: Autoregressive, run: Run) -> PixelStepper:
    """The stepper that draws `run`."""
    return make_stepper(guided(model, run), run.images, run.labels, order=run.order)


def stream_run(
    model: Autoregressive, run: Run, stepper: PixelStepper | None = None
) -> Iterator[PixelFrame]:
    """Draw a run; see `stream_pixels`."""
    stepper = stepper or make_run_stepper(model, run)
    uniforms, heat = combine(run.segments, stepper.fronts, model.spec, run.images)
    return stream_pixels(model, uniforms, temperature=heat, stepper=stepper)


def combine(
    segments: Sequence[Segment], fronts: Sequence[Tensor], spec: ImageSpec, count: int
) -> tuple[Tensor, Tensor]:
    """The uniforms (B, C, H, W) and temperatures (H, W) of a run in segments.

    Args:
        fronts: of the stepper that will draw; they give positions their order.

    Raises:
        ValueError: the first does not start at 0, one not behind the one before it, or one
            behind the image's end.
    """
    positions = torch.cat(list(fronts))  # (H·W, 2) in the order of drawing
    starts = [segment.start for segment in segments]
    grow = starts == sorted(set(starts))
    if not starts or starts[0] != 0 or not grow or starts[-1] >= len(positions):
        raise ValueError(
            f"segments must start at 0 and at ever later positions below {len(positions)}, "
            f"got {starts}"
        )
    uniforms = torch.zeros(count, *spec.shape)
    heat = torch.ones(spec.height, spec.width)
    for segment in segments:
        rows, columns = positions[segment.start :].unbind(dim=1)
        drawn = draw_uniforms(spec, segment.seed, count)
        uniforms[..., rows, columns] = drawn[..., rows, columns]
        heat[rows, columns] = segment.temperature
    return uniforms, heat


@torch.inference_mode()
def account_for(model: Autoregressive, run: Run, image: int, row: int, column: int) -> PixelAccount:
    """Draw a run again and write down how one pixel of one channel came about.

    Raises:
        ValueError: no such image or pixel.
    """
    _, height, width = model.spec.shape
    if not (0 <= image < run.images and 0 <= row < height and 0 <= column < width):
        raise ValueError(f"image, row, column must lie in the run, got {image}, {row}, {column}")
    stepper = make_run_stepper(model, run)
    uniforms, heat = combine(run.segments, stepper.fronts, model.spec, run.images)
    surprise = torch.zeros(height, width)
    for frame in stream_pixels(model, uniforms, temperature=heat, stepper=stepper):
        surprise[frame.front[:, 0], frame.front[:, 1]] = frame.surprise[image]
    pixels = (frame.images[image : image + 1] * (model.spec.levels - 1)).round().long()
    label = None if run.labels is None else run.labels[:1]
    logits, *unguided = (
        network.logits(pixels, given)[0, :, 0, row, column]
        for network, given in ((guided(model, run), label), (model, label), (model, None))
    )
    temperature = heat[row, column].item()
    return PixelAccount(
        index=row * width + column,
        logits=logits,
        temperature=temperature,
        probabilities=(logits / temperature).softmax(dim=0),
        uniform=uniforms[image, 0, row, column].item(),
        level=pixels[0, 0, row, column].item(),
        surprise=surprise[row, column].item(),
        image_bits=surprise.sum().item(),
        unguided=None if guided(model, run) is model else unguided,
    )

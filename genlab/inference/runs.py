"""A run that can be drawn again, and that may change its mind on the way.

Nothing of a run is kept but its numbers. From some position on it may have another seed, another
temperature or another top-p: a branch. Drawing the whole image again is cheap, and the prefix comes
out byte for byte the same, since each pixel has its own uniform, its own temperature and its own
top-p.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from genlab.core.images import ImageSpec
from genlab.core.protocols import Autoregressive, PixelStepper
from genlab.inference.autoregressive import draw_uniforms, make_stepper, stream_pixels
from genlab.inference.conditions import at_size, with_class
from genlab.inference.pixel_frames import PixelFrame
from genlab.inference.top_p import keep_top_p


@dataclass(frozen=True)
class Segment:
    """From the position `start` of the drawing order on: this seed, temperature and top-p."""

    start: int
    seed: int
    temperature: float
    top_p: float = 1.0


@dataclass(frozen=True)
class Run:
    """With these numbers, and the card's weights, every pixel can be drawn again.

    Attributes:
        segments: in their order, the first from position 0.
        label: the class of all its images; None for a model without classes, or for any class.
        guidance: see `genlab.inference.guidance`; 1 is the model itself, as it must be for any
            class.
        size: pixels a side; None for the card's own height and width.
    """

    card: str
    images: int
    order: str
    segments: tuple[Segment, ...]
    label: int | None = None
    guidance: float = 1.0
    size: int | None = None

    @property
    def is_the_models_own(self) -> bool:
        """Whether every pixel comes from the model's own distribution."""
        own = all(each.temperature == 1 and each.top_p == 1 for each in self.segments)
        return own and self.guidance == 1

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
        probabilities: (levels,), after the temperature and top-p.
        uniform: in [0, 1), decided between the levels.
        level: that was drawn.
        surprise: −log2 of its probability, bits.
        image_bits: the sum of all surprises of its image.
        model_bits: −log2 p(x) of its image under the model itself, without temperature, top-p and
            guidance; what `image_bits` is where `is_the_models_own`.
        is_the_models_own: see `Run`.
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
    model_bits: float
    is_the_models_own: bool
    unguided: tuple[Tensor, Tensor] | None
    top_p: float = 1.0


def sized(model: Autoregressive, run: Run) -> Autoregressive:
    """The model about pictures of the run's size; its `spec` says which."""
    return model if run.size is None else at_size(model, run.size, run.size)


def guided(model: Autoregressive, run: Run) -> Autoregressive:
    """The model that the run draws with: of its size, and under its guidance.

    Raises:
        ValueError: see `with_class`.
    """
    return with_class(sized(model, run), run.images, run.label, run.guidance)[0]


def make_run_stepper(model: Autoregressive, run: Run) -> PixelStepper:
    """The stepper that draws `run`."""
    return make_stepper(guided(model, run), run.images, run.labels, order=run.order)


def stream_run(
    model: Autoregressive, run: Run, stepper: PixelStepper | None = None
) -> Iterator[PixelFrame]:
    """Draw a run; see `stream_pixels`."""
    stepper = stepper or make_run_stepper(model, run)
    model = sized(model, run)
    uniforms, heat = combine(run.segments, stepper.fronts, model.spec, run.images)
    top_p = combine_top_p(run.segments, stepper.fronts, model.spec)
    return stream_pixels(model, uniforms, temperature=heat, top_p=top_p, stepper=stepper)


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


def combine_top_p(segments: Sequence[Segment], fronts: Sequence[Tensor], spec: ImageSpec) -> Tensor:
    """The top-p of each pixel, (H, W), of segments that `combine` accepts."""
    positions = torch.cat(list(fronts))  # (H·W, 2) in the order of drawing
    top_p = torch.ones(spec.height, spec.width)
    for segment in segments:
        rows, columns = positions[segment.start :].unbind(dim=1)
        top_p[rows, columns] = segment.top_p
    return top_p


@torch.inference_mode()
def account_for(model: Autoregressive, run: Run, image: int, row: int, column: int) -> PixelAccount:
    """Draw a run again and write down how one pixel of one channel came about.

    Raises:
        ValueError: no such image or pixel.
    """
    model = sized(model, run)
    _, height, width = model.spec.shape
    if not (0 <= image < run.images and 0 <= row < height and 0 <= column < width):
        raise ValueError(f"image, row, column must lie in the run, got {image}, {row}, {column}")
    stepper = make_run_stepper(model, run)
    uniforms, heat = combine(run.segments, stepper.fronts, model.spec, run.images)
    share = combine_top_p(run.segments, stepper.fronts, model.spec)
    surprise = torch.zeros(height, width)
    for frame in stream_pixels(model, uniforms, temperature=heat, top_p=share, stepper=stepper):
        surprise[frame.front[:, 0], frame.front[:, 1]] = frame.surprise[image]
    pixels = (frame.images[image : image + 1] * (model.spec.levels - 1)).round().long()
    label = None if run.labels is None else run.labels[:1]
    mixed, given, free = (
        network.logits(pixels, label_of)
        for network, label_of in ((guided(model, run), label), (model, label), (model, None))
    )
    logits, *unguided = (each[0, :, 0, row, column] for each in (mixed, given, free))
    temperature, top_p = heat[row, column].item(), share[row, column]
    return PixelAccount(
        index=row * width + column,
        logits=logits,
        temperature=temperature,
        probabilities=keep_top_p((logits / temperature).softmax(dim=0), top_p),
        uniform=uniforms[image, 0, row, column].item(),
        level=pixels[0, 0, row, column].item(),
        surprise=surprise[row, column].item(),
        image_bits=surprise.sum().item(),
        model_bits=nn.functional.cross_entropy(given, pixels, reduction="sum").item() / math.log(2),
        is_the_models_own=run.is_the_models_own,
        unguided=None if guided(model, run) is model else unguided,
        top_p=top_p.item(),
    )

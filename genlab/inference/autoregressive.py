"""Sampling pixel after pixel: the step is the primitive, an image is a fold over the steps.

Every sampler draws with the same numbers: one uniform a value, turned into a level by the inverse
of the cumulative distribution. So an image depends on its seed alone: not on its batch, and not on
whether the network ran in full for each pixel, from a cache, or front by front.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from genlab.core.capabilities import Option, Sampler
from genlab.core.frames import last
from genlab.core.images import ImageSpec, dequantise
from genlab.core.order import skewed_fronts
from genlab.core.protocols import Autoregressive, Incremental, PixelStepper, RowPasser
from genlab.inference.conditions import MAX_SIDE, at_size, with_class
from genlab.inference.pixel_frames import PixelFrame, passed_row
from genlab.inference.top_p import keep_top_p

NAIVE = "naive"
MAX_SEED = 2**32 - 1
PIXELS_AT_ONCE = 256 * 28 * 28  # of a batch; 0.4 GB is then a PixelCNN's cache


class FullPassStepper:
    """The naive sampler: the whole network for each pixel, from any autoregressive model."""

    def __init__(self, model: Autoregressive, labels: Tensor | None = None) -> None:
        self._model, self._labels = model, labels
        _, height, width = model.spec.shape
        self.skew = width
        self.fronts: Sequence[Tensor] = skewed_fronts(height, width, width)

    @torch.inference_mode()
    def step(self, front: Tensor, pixels: Tensor) -> Tensor:
        """See `genlab.core.protocols.PixelStepper.step`."""
        logits = self._model.logits(pixels, self._labels)  # (B, levels, C, H, W)
        return logits[..., front[:, 0], front[:, 1]].permute(0, 3, 2, 1).float()


def draw_uniforms(spec: ImageSpec, seed: int, count: int) -> Tensor:
    """The random numbers of `count` images, (B, C, H, W) in [0, 1); image i has seed + i.

    Raises:
        ValueError: a seed outside [0, 2³² − 1], or no image.
    """
    if not 0 <= seed <= MAX_SEED:
        raise ValueError(f"seed must be from 0 to {MAX_SEED}, got {seed}")
    if count < 1:
        raise ValueError(f"count must be at least 1, got {count}")
    return torch.stack(
        [torch.rand(spec.shape, generator=torch.Generator().manual_seed(seed + i))
         for i in range(count)]
    )  # fmt: skip


def inverse_cdf(probabilities: Tensor, uniforms: Tensor) -> Tensor:
    """The level k with cdf(k − 1) ≤ u < cdf(k): (…, levels) and (…) in [0, 1) → (…) int64.

    The sum is rounded, so cdf is divided by it: a u above it would draw an impossible last level.
    """
    cumulative = probabilities.cumsum(dim=-1)
    thresholds = cumulative[..., :-1] / cumulative[..., -1:]
    return (uniforms.unsqueeze(-1) >= thresholds).sum(dim=-1)


def make_stepper(
    model: Autoregressive, batch: int, labels: Tensor | None = None, *, order: str | None = None
) -> PixelStepper:
    """The model's own stepper in `order`, the fastest by default; "naive" serves every model.

    Raises:
        ValueError: the model does not offer this order.
    """
    offered = model.orders if isinstance(model, Incremental) else ()
    order = next(iter(offered), NAIVE) if order is None else order
    if order == NAIVE:
        return FullPassStepper(model, labels)
    if order not in offered:
        raise ValueError(f"order must be one of {(*offered, NAIVE)}, got {order!r}")
    return model.stepper(batch, labels, order=order)


@torch.inference_mode()
def stream_pixels(
    model: Autoregressive,
    uniforms: Tensor,
    *,
    temperature: float | Tensor = 1.0,
    top_p: float | Tensor = 1.0,
    given: Tensor | None = None,
    labels: Tensor | None = None,
    stepper: PixelStepper | None = None,
    pass_given: bool = False,
) -> Iterator[PixelFrame]:
    """Draw images front by front.

    Args:
        uniforms: (B, C, H, W) in [0, 1), from `draw_uniforms`.
        temperature: divides the logits; one positive number, or (H, W) of them.
        top_p: then cuts the tail off, see `genlab.inference.top_p`; in [0, 1], or (H, W) of them.
            Where a level is given, nothing is drawn, and so nothing is cut.
        given: (B, C, H, W) int64 levels to keep, −1 where the model is free; None keeps nothing.
        labels: (B,) int64 classes, or None.
        stepper: an unused one for this batch; by default the model's fastest.
        pass_given: rows that are given whole are not asked for, where the stepper can do without:
            the network's opinion of them is not known then.

    Yields:
        One frame a front; undrawn pixels are 0. A row that was passed is one frame, each of its
        levels certain.

    Raises:
        ValueError: a temperature that is not positive and finite, a top_p or a level out of range.
    """
    _, height, width = model.spec.shape
    heat, share, given = check_wishes(model.spec, uniforms, temperature, top_p, given)
    stepper = stepper or make_stepper(model, len(uniforms), labels)
    fronts, total = stepper.fronts, len(stepper.fronts)
    pixels = torch.zeros(uniforms.shape, dtype=torch.int64)
    flat = pixels.flatten(2).transpose(1, 2)  # (B, H·W, C), the same memory
    places = torch.arange(height * width).view(height, width)
    parts = (_by_front(each, fronts) for each in (places, uniforms, given, heat, share))
    # What a whole run does not ask for costs no step of it: some of a dozen small products each.
    is_warm, cuts, keeps = (bool(each.any()) for each in (heat != 1, share < 1, given >= 0))
    passed = _whole_rows(given) if pass_given and isinstance(stepper, RowPasser) else set()
    steps = enumerate(zip(fronts, *parts, strict=True))
    for index, (front, place, chance, kept, warmth, top) in steps:
        row, column = front[0].tolist()
        if row in passed:
            if column == 0:
                stepper.pass_row(row, pixels)
                pixels[:, :, row] = given[:, :, row]
                yield passed_row(pixels, row, (index + width, total), model.spec.levels)
            continue
        logits = stepper.step(front, pixels)  # (B, n, C, levels)
        if is_warm:
            logits = logits - logits.amax(dim=-1, keepdim=True)  # else a tiny one gives inf
            logits = logits / warmth.unsqueeze(-1)
        probabilities = logits.softmax(dim=-1)
        if cuts:
            cut = keep_top_p(probabilities, top.unsqueeze(-1))
            probabilities = torch.where((kept >= 0).unsqueeze(-1), probabilities, cut)
        levels = inverse_cdf(probabilities, chance)  # (B, n, C)
        if keeps:
            levels = torch.where(kept >= 0, kept, levels)
        flat.index_copy_(1, place[:, 0], levels)
        images = dequantise(pixels, model.spec.levels)
        yield PixelFrame(images, index + 1, total, front, levels, probabilities)


def check_wishes(
    spec: ImageSpec,
    uniforms: Tensor,
    temperature: float | Tensor,
    top_p: float | Tensor,
    given: Tensor | None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Temperature and top-p of each pixel, (H, W), and what is given, (B, C, H, W), −1 for free.

    Raises:
        ValueError: a temperature that is not positive and finite, a top_p or a level out of range.
    """
    size = uniforms.shape[2:]
    heat = torch.as_tensor(temperature, dtype=torch.float32).expand(size)
    if not (heat.isfinite() & (heat > 0)).all():
        raise ValueError(f"temperature must be positive and finite, got {temperature}")
    share = torch.as_tensor(top_p, dtype=torch.float32).expand(size)
    if not ((share >= 0) & (share <= 1)).all():
        raise ValueError(f"top_p must be from 0 to 1, got {top_p}")
    given = torch.full(uniforms.shape, -1) if given is None else given
    if given.min() < -1 or given.max() >= spec.levels:
        raise ValueError(f"given must be in [-1, {spec.levels}), got {given.aminmax()}")
    return heat, share, given


def _whole_rows(given: Tensor) -> set[int]:
    """The rows in which no image has a free pixel."""
    return set((given >= 0).flatten(0, 1).all(dim=0).all(dim=1).nonzero().flatten().tolist())


def _by_front(values: Tensor, fronts: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Cut (B, C, H, W) or (H, W) into (B, n, C) or (n, 1), a part a front."""
    rows, columns = torch.cat(list(fronts)).unbind(dim=1)
    ordered = values[..., rows, columns].unsqueeze(-1) if values.ndim == 2 else (
        values[..., rows, columns].transpose(1, 2)
    )  # fmt: skip
    return ordered.split([len(front) for front in fronts], dim=-2)


def sample(
    model: Autoregressive,
    *,
    seed: int,
    count: int,
    temperature: float = 1.0,
    top_p: float = 1.0,
    size: int | None = None,
    order: str | None = None,
    label: int | None = None,
    guidance: float = 1.0,
) -> Tensor:
    """(count, C, H, W) in [0, 1]; see `stream_pixels`, `make_stepper` and `with_class`.

    Args:
        size: pixels a side; None for the model's own height and width.

    Raises:
        ValueError: a size out of range, and as those functions.
    """
    model = model if size is None else at_size(model, size, size)
    uniforms = draw_uniforms(model.spec, seed, count)
    drawn = []
    for part in uniforms.split(max(1, PIXELS_AT_ONCE // uniforms[0, 0].numel())):
        asked, labels = with_class(model, len(part), label, guidance)
        stepper = make_stepper(asked, len(part), labels, order=order)
        frames = stream_pixels(asked, part, temperature=temperature, top_p=top_p, stepper=stepper)
        drawn.append(last(frames).images)
    return torch.cat(drawn)


SAMPLER = Sampler(
    capability=Autoregressive,
    sample=sample,
    options=(
        Option("temperature", float, 1.0, "divides the logits; positive, 1 is the model itself"),
        Option("top_p", float, 1.0, "only the likeliest levels that reach this; 0 is the argmax"),
        Option("size", int, None, f"pixels a side, 1 to {MAX_SIDE}; default: the model's own"),
        Option("order", str, None, "wavefront, raster or naive; the pixels are the same"),
        Option("label", int, None, "the class of all pictures, such as 7; default: any class"),
        Option("guidance", float, 1.0, "how far towards the class; 0 forgets it, 1 is the model"),
    ),
)

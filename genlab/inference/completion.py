"""Completion: what a person keeps of a picture stays, the model draws the rest.

An autoregressive model knows each pixel given all earlier ones, in raster order. So it continues
what is above and to the left exactly as it would have drawn it itself. What is kept *behind* an
erased pixel cannot speak to it: p(x_i | x_<i) has no place for it, whichever way the sampler goes
about its work. `count_ignored` and `ignored_by` say how much of a picture is lost on whom.
"""

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from genlab.core.images import ImageSpec, dequantise
from genlab.core.protocols import Autoregressive
from genlab.inference.autoregressive import draw_uniforms, make_stepper, stream_pixels
from genlab.inference.conditions import with_class
from genlab.inference.pixel_frames import PixelFrame


def keep_rows(spec: ImageSpec, rows: int) -> Tensor:
    """The mask that keeps the `rows` rows at the top, (H, W) bool.

    Raises:
        ValueError: fewer than none, or so many that nothing is left to draw.
    """
    if not 0 <= rows < spec.height:
        raise ValueError(f"rows must be from 0 to {spec.height - 1}, got {rows}")
    return (torch.arange(spec.height) < rows)[:, None].repeat(1, spec.width)


def stream_completions(
    model: Autoregressive,
    pixels: Tensor,
    kept: Tensor,
    *,
    seed: int,
    count: int,
    temperature: float = 1.0,
    top_p: float = 1.0,
    order: str | None = None,
    label: int | None = None,
    guidance: float = 1.0,
) -> Iterator[PixelFrame]:
    """Complete one picture `count` times, front by front.

    Args:
        pixels: (C, H, W) int64 levels; those that are erased are not read.
        kept: (H, W) bool.
        seed: variant i has seed + i, and is the same in any batch.
        temperature, top_p: see `stream_pixels`.
        order: see `make_stepper`.
        label, guidance: see `genlab.inference.conditions.with_class`.

    Yields:
        One frame a front, or one a kept row, see `stream_pixels`. All kept pixels are seen from the
        first frame on; erased pixels that are not drawn yet are 0.

    Raises:
        ValueError: other shapes, nothing to draw, and as the functions above.
    """
    _check_shapes(model.spec, pixels, kept)
    given = pixels.where(kept, -1).expand(count, *pixels.shape)
    uniforms = draw_uniforms(model.spec, seed, count)
    model, labels = with_class(model, count, label, guidance)
    stepper = make_stepper(model, count, labels, order=order)
    shown = dequantise(pixels, model.spec.levels)
    for frame in stream_pixels(
        model, uniforms, temperature=temperature, top_p=top_p, given=given, stepper=stepper,
        pass_given=True,
    ):  # fmt: skip
        yield replace(frame, images=torch.where(kept, shown, frame.images))


def complete(
    model: Autoregressive,
    pixels: Tensor,
    kept: Tensor,
    *,
    seed: int,
    count: int,
    temperature: float = 1.0,
    top_p: float = 1.0,
    order: str | None = None,
    label: int | None = None,
    guidance: float = 1.0,
) -> Tensor:
    """The finished variants, (count, C, H, W) in [0, 1]; see `stream_completions`.

    The network is not asked about what is kept behind the last erased pixel.
    """
    frames = stream_completions(
        model, pixels, kept, seed=seed, count=count, temperature=temperature, top_p=top_p,
        order=order, label=label, guidance=guidance,
    )  # fmt: skip
    erased = kept.logical_not()
    missing = erased.sum().item()
    for frame in frames:
        missing -= erased[frame.front[:, 0], frame.front[:, 1]].sum().item()
        if not missing:
            return frame.images
    raise AssertionError("the fronts of a stepper hold every pixel")


def count_ignored(kept: Tensor) -> Tensor:
    """How many kept pixels come behind each erased one and are lost on it, (H, W) int64.

    Args:
        kept: (H, W) bool.

    Returns:
        0 at kept pixels, which ask for nothing.
    """
    up_to_here = kept.flatten().cumsum(dim=0).view(kept.shape)
    return (kept.sum() - up_to_here).where(~kept, 0)


def ignored_by(kept: Tensor, row: int, column: int) -> Tensor:
    """The kept pixels that the pixel at (row, column) cannot use, (H, W) bool.

    Raises:
        ValueError: no such pixel.
    """
    height, width = kept.shape
    if not (0 <= row < height and 0 <= column < width):
        raise ValueError(f"row, column must lie in the picture, got {row}, {column}")
    return kept & (torch.arange(height * width).view(height, width) > row * width + column)


def used_by_nobody(kept: Tensor) -> Tensor:
    """The kept pixels behind the last erased one, (H, W) bool: they change nothing at all."""
    erased_from_here = (~kept).flatten().flip(0).cumsum(dim=0).flip(0).view(kept.shape)
    return kept & (erased_from_here == 0)


def _check_shapes(spec: ImageSpec, pixels: Tensor, kept: Tensor) -> None:
    if pixels.shape != spec.shape:
        raise ValueError(f"pixels must have the shape {spec.shape}, got {tuple(pixels.shape)}")
    if kept.shape != spec.shape[1:] or kept.dtype != torch.bool:
        raise ValueError(
            f"kept must be bool of the shape {spec.shape[1:]}, got {kept.dtype} of "
            f"{tuple(kept.shape)}"
        )
    if kept.all():
        raise ValueError("kept must leave a pixel to draw, got none")

"""Fixed-point sampling: all pixels guessed at once, again and again, until nothing moves.

With its uniforms fixed, an image x answers the equation x = F(x): F runs the whole network once and
draws every pixel from what the network makes of the pixels before it. F is strictly causal, so the
equation has exactly one answer, the image that ancestral sampling draws, and x ← F(x) ends at it,
from any start, after at most as many passes as there are pixels. Mostly it takes far fewer: many
pixels come out right although some pixel far before them is still wrong.

**What is final.** If two iterates agree on the first m pixels, these solve their part of the
equation, and the pixel behind them was drawn from them: m + 1 pixels can never move again. So the
run need not wait for a pass that changes nothing where the last change was at the last pixel.

References: Song, Meng, Liao & Ermon (2021), Accelerating Feedforward Computation via Parallel
Nonlinear Equation Solving, https://arxiv.org/abs/2002.03629 (it is Jacobi's method), and Wiggers &
Hoogeboom (2020), Predictive Sampling with Forecasting Autoregressive Models,
https://arxiv.org/abs/2002.09928.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.core.frames import Frame
from genlab.core.images import dequantise
from genlab.core.protocols import Autoregressive
from genlab.inference.autoregressive import check_wishes, inverse_cdf
from genlab.inference.top_p import keep_top_p


@dataclass(frozen=True, eq=False)
class FixedPointFrame(Frame):
    """The images after one pass of the network; `step` counts the passes.

    How many there will be, nobody knows before: `total` is the most that there can be, one a pixel,
    and in the last frame the number that there were.

    Attributes:
        final: (B,) int64, how many pixels of each image, in raster order, cannot move any more.
        changed: (B, H, W) bool, where this pass changed a pixel.
    """

    final: Tensor
    changed: Tensor


@torch.inference_mode()
def stream_fixed_point(
    model: Autoregressive,
    uniforms: Tensor,
    *,
    temperature: float | Tensor = 1.0,
    top_p: float | Tensor = 1.0,
    given: Tensor | None = None,
    labels: Tensor | None = None,
) -> Iterator[FixedPointFrame]:
    """Draw the images that `stream_pixels` draws, pass by pass.

    Args:
        uniforms: (B, C, H, W) in [0, 1), from `draw_uniforms`.
        temperature: divides the logits; one positive number, or (H, W) of them.
        top_p: then cuts the tail off, see `genlab.inference.top_p`; in [0, 1], or (H, W) of them.
        given: (B, C, H, W) int64 levels to keep, −1 where the model is free; None keeps nothing.
        labels: (B,) int64 classes, or None.

    Yields:
        One frame a pass. The first pass sees 0 at every free pixel.

    Raises:
        ValueError: a temperature that is not positive and finite, a top_p or a level out of range.
    """
    levels, (height, width) = model.spec.levels, uniforms.shape[2:]
    heat, share, given = check_wishes(model.spec, uniforms, temperature, top_p, given)
    pixels, most = given.clamp(min=0), height * width
    for step in range(1, most + 1):
        drawn = _draw(model.logits(pixels, labels), uniforms, heat, share).where(given < 0, given)
        changed = (drawn != pixels).any(dim=1)  # (B, H, W)
        final = _first(changed.flatten(1)).add(1).clamp(max=most)  # (B,)
        pixels, is_over = drawn, bool((final == most).all())
        yield FixedPointFrame(
            dequantise(pixels, levels), step, step if is_over else most, final, changed
        )
        if is_over:
            return


def _draw(logits: Tensor, uniforms: Tensor, heat: Tensor, share: Tensor) -> Tensor:
    """Every pixel from its own distribution: (B, levels, C, H, W) → (B, C, H, W) int64."""
    logits = logits.movedim(1, -1).float()  # (B, C, H, W, levels)
    logits = logits - logits.amax(dim=-1, keepdim=True)  # else a tiny temperature gives inf
    probabilities = (logits / heat.unsqueeze(-1)).softmax(dim=-1)
    if (share < 1).any():
        probabilities = keep_top_p(probabilities, share.unsqueeze(-1))
    return inverse_cdf(probabilities, uniforms)


def _first(changed: Tensor) -> Tensor:
    """Where each image changed first, (B, H·W) bool → (B,); H·W where it did not."""
    first = changed.int().argmax(dim=1)
    return first.masked_fill(~changed.any(dim=1), changed.shape[1])

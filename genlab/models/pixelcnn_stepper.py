"""PixelCNN's cache: the features of drawn pixels are kept, so a new pixel costs one column.

The naive sampler runs the whole network for every pixel and throws nearly all of it away. Here
each block keeps the 3×3 layer's input features of all positions so far; a new position reads five
of them. That is exact, since a causal feature never changes once its pixel's past is drawn
(Ramachandran et al. 2017, Fast Generation for Convolutional Autoregressive Models,
https://arxiv.org/abs/1704.06001).

**Wavefront.** With a k×k mask A and 3×3 masks B, pixel (r, c) depends in row r − i only on columns
up to c + (k−1)/2 + i − 1. So pixels with equal c + s·r, for s = (k−1)/2 + 1, are independent given
the fronts before them and are drawn together: 136 fronts instead of 784 pixels for 7×7 at 28×28.
The blind spot is what makes this possible.

Both orders are the same code. Positions lie row by row in one padded axis, (row, column) at
row·stride + column; the positions of a front are then equally spaced, and the neighbours of all of
them are the same slice, shifted. NumPy's slices and small products cost less than torch's here.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from genlab.nn.masked import MaskedConv2d

if TYPE_CHECKING:
    from genlab.models.pixelcnn import PixelCNN

ORDERS = ("wavefront", "raster")


def skewed_fronts(height: int, width: int, skew: int) -> list[Tensor]:
    """Positions grouped by c + skew·r: each (n, 2) int64; skew = width is raster order."""
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    positions = torch.stack([rows, columns], dim=-1).flatten(0, 1)  # (H·W, 2)
    times = positions[:, 1] + skew * positions[:, 0]
    order = times.argsort(stable=True)
    _, counts = times[order].unique_consecutive(return_counts=True)
    return list(positions[order].split(counts.tolist()))


class PixelCNNStepper:
    """See `genlab.core.protocols.PixelStepper`.

    Args:
        model: read once, at the start: (taps·in, out) matrices of its unmasked weights.
        skew: overrides the order's own; for the proof that no smaller one is exact.
    """

    def __init__(
        self, model: "PixelCNN", batch: int, *, order: str = "raster", skew: int | None = None
    ) -> None:
        if order not in ORDERS:
            raise ValueError(f"order must be one of {ORDERS}, got {order!r}")
        _, height, width = model.spec.shape
        wavefront = model.first.kernel_size // 2 + 1
        self.skew = skew or (wavefront if order == "wavefront" else width)
        self.fronts: Sequence[Tensor] = skewed_fronts(height, width, self.skew)
        self._levels = model.spec.levels
        self._image = _Plane(height, width, model.first, (batch, 1), self.skew)
        self._features = [
            _Plane(height, width, block.masked, (batch, block.masked.weight.shape[1]), self.skew)
            for block in model.blocks
        ]
        self._pointwise = [(_matrix(b.reduce), _matrix(b.expand)) for b in model.blocks]
        self._hidden, self._output = _matrix(model.hidden), _matrix(model.output)
        self._previous: Tensor | None = None

    @torch.inference_mode()
    def step(self, front: Tensor, pixels: Tensor) -> Tensor:
        """(n, 2) and (B, 1, H, W) int64 → (B, n, 1, levels)."""
        if self._previous is not None:
            self._remember(self._previous, pixels)
        self._previous = front
        row, column = front[0].tolist()
        x = self._image.convolve(row, column, len(front))  # (n·B, features)
        for plane, (reduce, expand) in zip(self._features, self._pointwise, strict=True):
            hidden = _affine(np.maximum(x, 0), reduce)
            plane.write(row, column, len(front), np.maximum(hidden, 0, out=hidden))
            hidden = plane.convolve(row, column, len(front))
            x += _affine(np.maximum(hidden, 0, out=hidden), expand)
        hidden = _affine(np.maximum(x, 0, out=x), self._hidden)
        output = _affine(np.maximum(hidden, 0, out=hidden), self._output)
        return self._as_logits(output, len(front))

    def _remember(self, front: Tensor, pixels: Tensor) -> None:
        values = pixels[:, 0, front[:, 0], front[:, 1]].t().float()  # (n, B)
        scaled = (values / (self._levels - 1) * 2 - 1).reshape(-1, 1)
        row, column = front[0].tolist()
        self._image.write(row, column, len(front), scaled.numpy())

    def _as_logits(self, output: np.ndarray, count: int) -> Tensor:
        logits = torch.from_numpy(output).unflatten(0, (count, -1)).transpose(0, 1)  # (B, n, L)
        if self._levels == 2:
            logits = torch.cat([torch.zeros_like(logits), logits], dim=-1)
        return logits.unsqueeze(2)


class _Plane:
    """One masked layer's input at all positions so far, zero where nothing is or will be."""

    def __init__(
        self, height: int, width: int, layer: MaskedConv2d, shape: tuple[int, int], skew: int
    ) -> None:
        self._margin = layer.kernel_size // 2
        self._stride = width + 2 * self._margin
        self._spacing = self._stride - skew  # from a front's position to its next, a row below
        self._shape = shape  # (B, in)
        positions = (height + self._margin) * self._stride + self._margin
        self._values = np.zeros((positions, *shape), np.float32)
        taps = (layer.mask > 0).nonzero() - self._margin  # (taps, 2)
        self._offsets = (taps[:, 0] * self._stride + taps[:, 1]).tolist()
        weight = layer.masked_weight().detach()[:, :, layer.mask > 0]  # (out, in, taps)
        self._weight = np.ascontiguousarray(weight.permute(2, 1, 0).flatten(0, 1).numpy())
        self._bias = layer.bias.detach().numpy()

    def _slice(self, row: int, column: int, count: int, offset: int = 0) -> np.ndarray:
        start = (row + self._margin) * self._stride + column + self._margin + offset
        return self._values[start : start + count * self._spacing : self._spacing]

    def write(self, row: int, column: int, count: int, values: np.ndarray) -> None:
        """Keep (n·B, in) at the `count` positions of the front that begins here."""
        self._slice(row, column, count)[:] = values.reshape(count, *self._shape)

    def convolve(self, row: int, column: int, count: int) -> np.ndarray:
        """(n·B, out): the layer's output at the positions of the front that begins here."""
        batch, channels = self._shape
        gathered = np.empty((count, batch, len(self._offsets), channels), np.float32)
        for tap, offset in enumerate(self._offsets):
            gathered[:, :, tap] = self._slice(row, column, count, offset)
        return _affine(gathered.reshape(count * batch, -1), (self._weight, self._bias))


def _matrix(layer: torch.nn.Conv2d) -> tuple[np.ndarray, np.ndarray]:
    weight = layer.weight.detach()[:, :, 0, 0].t()
    return np.ascontiguousarray(weight.numpy()), layer.bias.detach().numpy()


def _affine(x: np.ndarray, matrix: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    weight, bias = matrix
    product = x @ weight
    product += bias
    return product

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

Both orders are the same code. Positions lie row by row on one padded axis, (row, column) at
row·stride + column. So the positions of a front are equally spaced there, and what a row of the
kernel reads at each of them is one unbroken run: a strided view that goes into the product as it
is. NumPy's slices and small products cost less than torch's here.

**A first layer with mask B**, wrong on purpose, reads each pixel itself: features that were
computed before the pixel was drawn are stale. So the front before is computed once more, with what
was drawn there.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from genlab.core.order import skewed_fronts
from genlab.nn.masked import MaskedConv2d

if TYPE_CHECKING:
    from genlab.models.pixelcnn import PixelCNN

ORDERS = ("wavefront", "raster")


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
        wavefront = min(model.first.kernel_size // 2 + 1, width)  # no slower than raster order
        self.skew = skew or (wavefront if order == "wavefront" else width)
        self.fronts: Sequence[Tensor] = skewed_fronts(height, width, self.skew)
        self._levels = model.spec.levels
        self._pixels = _Axis(height, width, 0, self.skew)
        first = _Axis(height, width, model.first.kernel_size // 2, self.skew)
        self._image = _Layer(model.first, first, batch)
        axis = _Axis(height, width, model.blocks[0].masked.kernel_size // 2, self.skew)
        self._reads_itself = model.first.mask_type == "B"
        self._blocks = [
            (_matrix(block.reduce), _Layer(block.masked, axis, batch), _matrix(block.expand))
            for block in model.blocks
        ]
        self._axis = axis
        self._hidden, self._output = _matrix(model.hidden), _matrix(model.output)
        self._drawn: tuple[int, int, int] | None = None

    @torch.inference_mode()
    def step(self, front: Tensor, pixels: Tensor) -> Tensor:
        """(n, 2) and (B, 1, H, W) int64 → (B, n, 1, levels)."""
        if self._drawn is not None:
            self._read(self._drawn, pixels)
            if self._reads_itself:
                self._features(self._drawn)
        count, (row, column) = front.shape[0], front[0].tolist()
        self._drawn = row, column, count
        if self._reads_itself:
            self._read(self._drawn, pixels)
        x = self._features(self._drawn)
        output = _affine(_relu(_affine(_relu(x), self._hidden)), self._output)
        return self._as_logits(output, count)

    def _features(self, front: tuple[int, int, int]) -> np.ndarray:
        """Compute and keep what the blocks make of a front, (B·n, features)."""
        x = self._image.convolve(self._image.axis.place(*front))
        place = self._axis.place(*front)
        for reduce, layer, expand in self._blocks:
            layer.write(place, _relu(_affine(np.maximum(x, 0), reduce)))
            x += _affine(_relu(layer.convolve(place)), expand)
        return x

    def _read(self, front: tuple[int, int, int], pixels: Tensor) -> None:
        """Take over the pixels of a front, drawn or not."""
        values = pixels.numpy().reshape(len(pixels), -1)[:, self._pixels.place(*front)]
        scaled = values * np.float32(2 / (self._levels - 1)) - 1  # (B, n)
        self._image.values[:, self._image.axis.place(*front), 0] = scaled

    def _as_logits(self, output: np.ndarray, count: int) -> Tensor:
        if self._levels == 2:  # (0, logit)
            output = np.hstack([np.zeros_like(output), output])
        return torch.from_numpy(output.reshape(-1, count, 1, self._levels))


class _Axis:
    """All positions of an image in one row, with a margin at both ends of each of its lines."""

    def __init__(self, height: int, width: int, margin: int, skew: int) -> None:
        self.margin, self.stride = margin, width + 2 * margin
        self.length = height * self.stride
        self._spacing = max(1, self.stride - skew)  # from a front's position to its next, below

    def place(self, row: int, column: int, count: int) -> slice:
        """The front of `count` positions whose first is (row, column)."""
        first = row * self.stride + self.margin + column
        return slice(first, first + (count - 1) * self._spacing + 1, self._spacing)


class _Layer:
    """A masked layer: its input at all positions so far, zero where nothing is or will be."""

    def __init__(self, layer: MaskedConv2d, axis: _Axis, batch: int) -> None:
        self.axis, self._channels = axis, layer.weight.shape[1]
        self._above = axis.margin * (axis.stride + 1)  # positions before the image's first
        self._padded = np.zeros((batch, self._above + axis.length, self._channels), np.float32)
        self.values = self._padded[:, self._above :]  # (B, position, in)
        weight = layer.masked_weight().detach().permute(2, 3, 1, 0)  # (row, column, in, out)
        taps = layer.mask.sum(dim=1).int().tolist()  # of each row of the kernel, from the left
        self._rows = [
            (
                self._runs((row - axis.margin) * axis.stride - axis.margin, count),
                np.ascontiguousarray(weight[row, :count].flatten(0, 1).numpy()),
            )
            for row, count in enumerate(taps)
            if count
        ]
        self._bias = layer.bias.detach().numpy()

    def _runs(self, start: int, taps: int) -> np.ndarray:
        """(B, position, taps·in), a view: the `taps` positions that begin `start` from each."""
        begin = self._padded[:, self._above + start :]
        batch, length, channels = begin.shape
        shape = batch, length - taps + 1, taps * channels
        return np.lib.stride_tricks.as_strided(begin, shape, begin.strides, writeable=False)

    def write(self, place: slice, features: np.ndarray) -> None:
        """Keep (B·n, in) at the front's positions."""
        self.values[:, place] = features.reshape(len(self.values), -1, self._channels)

    def convolve(self, place: slice) -> np.ndarray:
        """(B·n, out): the layer's output at the front's positions."""
        output = None
        for runs, weight in self._rows:
            read = runs[:, place]  # (B, n, taps·in)
            part = read.reshape(-1, read.shape[-1]) @ weight
            output = part if output is None else np.add(output, part, out=output)
        output += self._bias
        return output


def _matrix(layer: torch.nn.Conv2d) -> tuple[np.ndarray, np.ndarray]:
    weight = layer.weight.detach()[:, :, 0, 0].t()
    return np.ascontiguousarray(weight.numpy()), layer.bias.detach().numpy()


def _affine(x: np.ndarray, matrix: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    weight, bias = matrix
    product = x @ weight
    product += bias
    return product


def _relu(x: np.ndarray) -> np.ndarray:
    """In place."""
    return np.maximum(x, 0, out=x)

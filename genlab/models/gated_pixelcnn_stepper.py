"""The gated network's cache: the vertical stack once a row, the horizontal one once a pixel.

When a row begins, all rows above are drawn, so the vertical stack's features of the row above are
final: one product a layer computes them for all columns together, and with them what the
horizontal stack will hear of the rows above. A pixel then costs only its own column of the
horizontal stack, which reads its left neighbour from the cache.

The logistic function is a tanh in disguise, σ(x) = (1 + tanh(x / 2)) / 2. So the weights that lead
to the door half of each gate are halved once, those that read the gate too, and a gate is one tanh
for both halves. A pixel is some hundred small products, each as long as numpy takes to be called,
so calls are what is saved: the skip connections of all layers are one product.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from genlab.core.order import skewed_fronts
from genlab.nn.gated import GatedLayer

if TYPE_CHECKING:
    from genlab.models.gated_pixelcnn import GatedPixelCNN


class GatedPixelCNNStepper:
    """See `genlab.core.protocols.PixelStepper`.

    Args:
        model: read once, at the start.
        labels: (B,) int64, the null class included.
    """

    @torch.inference_mode()
    def __init__(self, model: "GatedPixelCNN", labels: Tensor) -> None:
        _, height, width = model.spec.shape
        self.skew = width
        self.fronts: Sequence[Tensor] = skewed_fronts(height, width, width)
        self._levels = model.spec.levels
        self._layers = [_Layer(layer, labels, width) for layer in model.layers]
        self._skip = np.concatenate([_matrix(skip.weight) for skip in model.skips])
        self._skip_bias = sum(skip.bias for skip in model.skips).numpy()
        self._collected = np.empty((len(labels), len(self._skip)), np.float32)  # of all layers
        self._output = _matrix(model.output.weight), model.output.bias.numpy()
        self._drawn: tuple[int, int] | None = None

    @torch.inference_mode()
    def step(self, front: Tensor, pixels: Tensor) -> Tensor:
        """(1, 2) and (B, 1, H, W) int64 → (B, 1, 1, levels)."""
        (row, column), values = front[0].tolist(), pixels.numpy()
        if column == 0:
            self._begin_row(self._scaled(values[:, 0, row - 1]) if row else None)
        else:
            self._layers[0].write(column - 1, self._scaled(values[:, :, row, column - 1]))
        h, end = None, 0
        for layer in self._layers:
            h = layer.horizontal(column, h)
            begin, end = end, end + h.shape[1]
            self._collected[:, begin:end] = h
        hidden = np.maximum(self._collected @ self._skip + self._skip_bias, 0)
        weight, bias = self._output
        output = hidden @ weight + bias  # (B, 1 or levels)
        logits = torch.from_numpy(output)[:, None, None]
        return torch.nn.functional.pad(logits, (1, 0)) if self._levels == 2 else logits

    @torch.inference_mode()
    def pass_row(self, row: int, pixels: Tensor) -> None:
        """See `genlab.core.protocols.RowPasser`; of rows above, the vertical stack alone speaks."""
        self._begin_row(self._scaled(pixels.numpy()[:, 0, row - 1]) if row else None)

    def _scaled(self, values: np.ndarray) -> np.ndarray:
        return (values * (2 / (self._levels - 1)) - 1).astype(np.float32)

    def _begin_row(self, above: np.ndarray | None) -> None:
        """Take in the finished row above, (B, W), or nothing at the first row."""
        v = None if above is None else above[..., None]  # (B, W, 1)
        for layer in self._layers:
            v = layer.begin_row(v)


class _Layer:
    """One gated layer: the vertical features of the last rows, the horizontal ones of this row."""

    def __init__(self, layer: GatedLayer, labels: Tensor, width: int) -> None:
        self._is_first = layer.mask_type == "A"
        vertical, horizontal = layer.vertical.convolution, layer.horizontal.convolution
        features = layer.output.weight.shape[0]
        in_channels = vertical.weight.shape[1]
        self._side = layer.vertical.kernel_size // 2
        v_bias, h_bias = layer.condition(labels).numpy().reshape(len(labels), 2, -1).swapaxes(0, 1)
        self._vertical = _rows(vertical.weight)  # (rows·columns·in, 2·features)
        self._v_bias = vertical.bias.numpy()
        self._v_condition = v_bias[:, None]  # (B, 1, 2·features); the link does not hear it
        self._link = _matrix(layer.link.weight)
        self._horizontal = _rows(horizontal.weight)
        self._h_bias = horizontal.bias.numpy() + h_bias
        for part in (self._link, self._horizontal, self._h_bias):
            part[..., features:] *= 0.5  # the door half, see the module's docstring
        self._output = 0.5 * _matrix(layer.output.weight), layer.output.bias.numpy()
        self._features = features
        self._above = np.zeros(
            (len(labels), self._side + 1, width + 2 * self._side, in_channels), np.float32
        )
        self._row = np.zeros((len(labels), width + self._side, in_channels), np.float32)
        self._taps = horizontal.weight.shape[3]
        self._heard = np.zeros((len(labels), width, 2 * features), np.float32)

    def begin_row(self, v: np.ndarray | None) -> np.ndarray | None:
        """The vertical stack's step at the finished row: (B, W, in) → (B, W, features)."""
        if v is None:
            self._heard[:] = self._h_bias[:, None]
            return None
        batch, width, _ = v.shape
        self._above[:, :-1] = self._above[:, 1:]
        self._above[:, -1, self._side : self._side + width] = v
        windows = np.lib.stride_tricks.sliding_window_view(
            self._above, 2 * self._side + 1, axis=2
        )  # (B, rows, W, in, columns)
        read = windows.transpose(0, 2, 1, 4, 3).reshape(batch * width, -1)
        new = (read @ self._vertical + self._v_bias).reshape(batch, width, -1)
        self._heard = new @ self._link + self._h_bias[:, None]
        content, door = np.split(new + self._v_condition, 2, axis=-1)
        gated = np.tanh(content) * (0.5 + 0.5 * np.tanh(0.5 * door))
        return gated if self._is_first else v + gated

    def write(self, column: int, values: np.ndarray) -> None:
        """Keep the horizontal stack's input, (B, in), at a column of this row."""
        self._row[:, self._side + column] = values

    def horizontal(self, column: int, h: np.ndarray | None) -> np.ndarray:
        """The horizontal stack's step at one pixel: (B, in) → (B, features)."""
        if h is not None:
            self.write(column, h)
        batch = len(self._row)
        read = self._row[:, column : column + self._taps].reshape(batch, -1)
        both = read @ self._horizontal
        both += self._heard[:, column]
        np.tanh(both, out=both)
        content, door = both[:, : self._features], both[:, self._features :]
        door += 1
        weight, bias = self._output
        new = (content * door) @ weight
        new += bias
        return new if self._is_first else np.add(new, h, out=new)


def _matrix(weight: Tensor) -> np.ndarray:
    """(in, out) of a 1×1 convolution; a copy that may be changed."""
    return np.ascontiguousarray(weight[:, :, 0, 0].t().numpy()).copy()


def _rows(weight: Tensor) -> np.ndarray:
    """(rows·columns·in, out) of a convolution; a copy that may be changed."""
    return np.ascontiguousarray(weight.permute(2, 3, 1, 0).flatten(0, 2).numpy()).copy()

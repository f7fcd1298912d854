"""The layers of the gated PixelCNN: two stacks, the downward shift between them, and the gate.

The vertical stack reads rows from above down to its own, the horizontal one its own row to the
left. The horizontal stack receives the vertical one shifted down by a row, so that it only ever
hears of rows above. With enough layers they see every earlier pixel: no blind spot.

Reference: van den Oord et al. (2016), Conditional Image Generation with PixelCNN Decoders,
https://arxiv.org/abs/1606.05328. We leave the paper's figure 1 in two points. Its masks, read
literally, bring the blind spot back; here the vertical layers are unmasked convolutions over the
rows down to their own. And the vertical stack has residual connections too.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from genlab.nn.masked import MaskType


def down_shift(x: Tensor) -> Tensor:
    """Move (B, C, H, W) down by one row; the first row becomes 0, the last falls out."""
    return F.pad(x, (0, 0, 1, 0))[:, :, :-1]


def gate(x: Tensor) -> Tensor:
    """tanh of the first half of the channels times the logistic of the second."""
    content, door = x.chunk(2, dim=1)
    return content.tanh() * door.sigmoid()


class VerticalConv2d(nn.Module):
    """Reads (k // 2 + 1) rows × k columns: its own row, in full, and the rows above."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        rows = kernel_size // 2 + 1
        self.convolution = nn.Conv2d(in_channels, out_channels, (rows, kernel_size))

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) → (B, out_channels, H, W)."""
        side = self.kernel_size // 2
        return self.convolution(F.pad(x, (side, side, side, 0)))


class HorizontalConv2d(nn.Module):
    """Reads its own row to the left: k // 2 pixels, and with mask "B" its own pixel."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, *, mask_type: MaskType
    ) -> None:
        super().__init__()
        self.kernel_size, self.mask_type = kernel_size, mask_type
        taps = kernel_size // 2 + (mask_type == "B")
        self.convolution = nn.Conv2d(in_channels, out_channels, (1, taps))

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) → (B, out_channels, H, W)."""
        width = x.shape[3]
        return self.convolution(F.pad(x, (self.kernel_size // 2, 0)))[..., :width]


class GatedLayer(nn.Module):
    """One step of both stacks.

    Mask "A" is for the first layer, which reads the image: it has no residual connections, since
    they would hand every pixel to itself.

    Args:
        in_channels: of both stacks; equal to `features` for mask "B".
        features: of both stacks after the gate.
        conditions: rows of the table of biases, one a class; 0 for a network without classes.
    """

    def __init__(
        self,
        in_channels: int,
        features: int,
        kernel_size: int,
        *,
        mask_type: MaskType,
        conditions: int = 0,
    ) -> None:
        super().__init__()
        self.mask_type = mask_type
        self.vertical = VerticalConv2d(in_channels, 2 * features, kernel_size)
        self.horizontal = HorizontalConv2d(
            in_channels, 2 * features, kernel_size, mask_type=mask_type
        )
        self.link = nn.Conv2d(2 * features, 2 * features, 1, bias=False)
        self.output = nn.Conv2d(features, features, 1)
        self.condition = nn.Embedding(conditions, 4 * features) if conditions else None

    def forward(self, v: Tensor, h: Tensor, labels: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Both stacks, (B, in_channels, H, W) each, to (B, features, H, W) each."""
        v_new, h_new = self.before_gates(v, h, labels)
        v_gated, h_gated = gate(v_new), self.output(gate(h_new))
        if self.mask_type == "A":
            return v_gated, h_gated
        return v + v_gated, h + h_gated

    def before_gates(
        self, v: Tensor, h: Tensor, labels: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """What goes into the gates of the two stacks, (B, 2·features, H, W) each."""
        v_new = self.vertical(v)
        h_new = self.horizontal(h) + self.link(down_shift(v_new))
        if self.condition is not None and labels is not None:
            v_bias, h_bias = self.condition(labels)[..., None, None].chunk(2, dim=1)
            v_new, h_new = v_new + v_bias, h_new + h_bias
        return v_new, h_new

"""Masked convolutions: the causal mask in raster order.

A mask multiplies a product, never `weight.data`: a model is shared by all visitors of the server,
and a `forward` that writes to its own weights is a race between them.

Reference: van den Oord, Kalchbrenner & Kavukcuoglu (2016), Pixel Recurrent Neural Networks,
https://arxiv.org/abs/1601.06759
"""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MaskType = Literal["A", "B"]


def causal_mask(kernel_size: int, mask_type: MaskType) -> Tensor:
    """The taps that may be read, (kernel_size, kernel_size) of zeros and ones.

    All rows above the centre and the pixels left of it; type "B" also reads the centre itself,
    which is safe only behind a layer of type "A".

    Raises:
        ValueError: an even kernel, which has no centre, or another type.
    """
    if kernel_size < 1 or kernel_size % 2 == 0:
        raise ValueError(f"kernel_size must be odd and positive, got {kernel_size}")
    if mask_type not in ("A", "B"):
        raise ValueError(f'mask_type must be "A" or "B", got {mask_type!r}')
    centre = kernel_size // 2
    mask = torch.zeros(kernel_size, kernel_size)
    mask[:centre] = 1
    mask[centre, : centre + (mask_type == "B")] = 1
    return mask


class MaskedConv2d(nn.Module):
    """A convolution of equal size, of stride 1, that sees earlier pixels only.

    The weight keeps its full square, so that it can be drawn and counted as the paper does; the
    rows below the centre, all of them masked, are left out of the arithmetic.
    """

    mask: Tensor

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, *, mask_type: MaskType
    ) -> None:
        super().__init__()
        self.mask_type = mask_type
        self.kernel_size = kernel_size
        convolution = nn.Conv2d(in_channels, out_channels, kernel_size)  # for torch's own init
        self.weight = convolution.weight
        self.bias = convolution.bias
        self.register_buffer("mask", causal_mask(kernel_size, mask_type), persistent=False)

    @property
    def taps(self) -> int:
        """How many of the kernel's taps the mask lets through."""
        return self.kernel_size**2 // 2 + (self.mask_type == "B")

    def masked_weight(self) -> Tensor:
        """(out_channels, in_channels, kernel_size, kernel_size) with zeros at the masked taps."""
        return self.weight * self.mask

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) → (B, out_channels, H, W)."""
        centre = self.kernel_size // 2
        upper = self.masked_weight()[:, :, : centre + 1]  # (out, in, centre + 1, kernel)
        return F.conv2d(F.pad(x, (centre, centre, centre, 0)), upper, self.bias)

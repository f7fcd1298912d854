"""The convolutions of PixelCNN++: causal by where they are padded, without any mask.

A convolution that is padded above only reads its own row and those above; one that is padded above
and left only reads its own pixel, what is left of it and above. Shifting their outputs by one row
or column then hides the pixel itself, which is needed once, in the first layer.

Reference: Salimans, Karpathy, Chen & Kingma (2017), PixelCNN++, https://arxiv.org/abs/1701.05517
"""

import torch.nn.functional as F
from torch import Tensor, nn


def right_shift(x: Tensor) -> Tensor:
    """Move (B, C, H, W) right by one column; the first column becomes 0, the last falls out."""
    return F.pad(x, (1, 0))[..., :-1]


class DownShiftedConv2d(nn.Module):
    """Reads `rows` rows, its own the last of them, and `columns` columns around its own.

    Args:
        kernel: (rows, columns); an odd number of columns.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel: tuple[int, int]) -> None:
        super().__init__()
        if kernel[1] % 2 == 0:
            raise ValueError(f"kernel must have an odd number of columns, got {kernel}")
        self.kernel = kernel
        self.convolution = nn.Conv2d(in_channels, out_channels, kernel)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) → (B, out_channels, H, W)."""
        rows, columns = self.kernel
        return self.convolution(F.pad(x, (columns // 2, columns // 2, rows - 1, 0)))


class DownRightShiftedConv2d(nn.Module):
    """Reads `rows` rows and `columns` columns, its own the last of both.

    Args:
        kernel: (rows, columns).
    """

    def __init__(self, in_channels: int, out_channels: int, kernel: tuple[int, int]) -> None:
        super().__init__()
        self.kernel = kernel
        self.convolution = nn.Conv2d(in_channels, out_channels, kernel)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) → (B, out_channels, H, W)."""
        rows, columns = self.kernel
        return self.convolution(F.pad(x, (columns - 1, 0, rows - 1, 0)))

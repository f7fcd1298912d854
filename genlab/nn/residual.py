"""The residual block of PixelCNN.

Reference: van den Oord, Kalchbrenner & Kavukcuoglu (2016), Pixel Recurrent Neural Networks,
figure 5, https://arxiv.org/abs/1601.06759
"""

from torch import Tensor, nn

from genlab.nn.masked import MaskedConv2d


class MaskedResidualBlock(nn.Module):
    """x + 1×1(ReLU(3×3 mask B(ReLU(1×1(ReLU(x)))))), the features halved inside.

    There is no batch normalisation: in training mode it would carry future pixels, and other
    images of the batch, into every output.
    """

    def __init__(self, features: int, *, kernel_size: int = 3) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(features, features // 2, 1)
        self.masked = MaskedConv2d(features // 2, features // 2, kernel_size, mask_type="B")
        self.expand = nn.Conv2d(features // 2, features, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, features, H, W) → the same shape."""
        hidden = self.reduce(x.relu()).relu_()
        hidden = self.masked(hidden).relu_()
        return x + self.expand(hidden)

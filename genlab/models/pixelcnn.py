"""PixelCNN: a stack of masked convolutions that knows p(x) pixel by pixel.

Reference: van den Oord, Kalchbrenner & Kavukcuoglu (2016), Pixel Recurrent Neural Networks,
https://arxiv.org/abs/1601.06759. We leave the paper in one point: a single "A" layer sees 7×7,
and the "B" layers have no gates.
"""

import math

import torch
from torch import Tensor, nn

from genlab.core.cards import MaskedArchitecture, ModelCard
from genlab.core.images import ImageSpec
from genlab.models.pixelcnn_stepper import ORDERS, PixelCNNStepper
from genlab.nn.masked import MaskedConv2d, MaskType
from genlab.nn.residual import MaskedResidualBlock

SOURCE = (
    "van den Oord, Kalchbrenner & Kavukcuoglu (2016), Pixel Recurrent Neural Networks, "
    "https://arxiv.org/abs/1601.06759"
)


class PixelCNN(nn.Module):
    """Mask A first, then residual blocks with mask B, then 1×1 convolutions to the logits.

    Args:
        spec: images with one channel.
        features: channels between the blocks; half of them inside a block.
        blocks: how many residual blocks.
        first_kernel: side of the "A" layer's kernel.
        first_mask: "B" is wrong on purpose: each pixel then sees itself, and learns to copy.
        head: channels of the layer before the logits.
    """

    orders = ORDERS

    def __init__(
        self,
        spec: ImageSpec,
        *,
        features: int = 128,
        blocks: int = 7,
        first_kernel: int = 7,
        first_mask: MaskType = "A",
        head: int = 64,
    ) -> None:
        super().__init__()
        if spec.channels != 1:
            raise ValueError(f"spec.channels must be 1, got {spec.channels}")
        self.spec = spec
        self.first = MaskedConv2d(1, features, first_kernel, mask_type=first_mask)
        self.blocks = nn.ModuleList(MaskedResidualBlock(features) for _ in range(blocks))
        self.hidden = nn.Conv2d(features, head, 1)
        self.output = nn.Conv2d(head, 1 if spec.levels == 2 else spec.levels, 1)
        self._initialise()

    def _initialise(self) -> None:
        """He et al. (2015) by the taps that are read, blocks that begin as the identity.

        Torch's own initial weights count the masked taps as well and cost 1 nat after 500 steps.
        """
        for module in self.modules():
            if isinstance(module, (MaskedConv2d, nn.Conv2d)):
                taps = module.taps if isinstance(module, MaskedConv2d) else 1
                nn.init.normal_(module.weight, std=math.sqrt(2 / (taps * module.weight.shape[1])))
                nn.init.zeros_(module.bias)
        for block in self.blocks:
            nn.init.zeros_(block.expand.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Images in [−1, 1], (B, 1, H, W), to the head's outputs, (B, 1 or levels, H, W).

        The zero padding lies between black and white, so that the border can be told from both.
        """
        x = self.first(x)  # no residual around "A": it would hand every pixel to itself
        for block in self.blocks:
            x = block(x)
        return self.output(self.hidden(x.relu()).relu_())

    def logits(self, pixels: Tensor, labels: Tensor | None = None) -> Tensor:
        """See `genlab.core.protocols.Autoregressive.logits`; a binary head gives (0, logit)."""
        refuse_labels(labels)
        dtype = self.output.weight.dtype
        output = self(pixels.to(dtype) / (self.spec.levels - 1) * 2 - 1)
        if self.spec.levels == 2:
            output = torch.cat([torch.zeros_like(output), output], dim=1)
        return output.unsqueeze(2)  # (B, levels, 1, H, W)

    def stepper(
        self, batch: int, labels: Tensor | None = None, *, order: str = "raster"
    ) -> PixelCNNStepper:
        """See `genlab.core.protocols.Incremental.stepper`; `order` is one of `ORDERS`."""
        refuse_labels(labels)
        return PixelCNNStepper(self, batch, order=order)


def refuse_labels(labels: Tensor | None) -> None:
    """Raise where a class is asked of a network that was trained without classes."""
    if labels is not None:
        raise ValueError("labels must be None: this PixelCNN was trained without classes")


def _binary_mnist() -> PixelCNN:
    return PixelCNN(ImageSpec(1, 28, 28, levels=2))


def _leaky_mnist() -> PixelCNN:
    return PixelCNN(ImageSpec(1, 28, 28, levels=2), first_mask="B")


def _eight_levels_mnist() -> PixelCNN:
    return PixelCNN(ImageSpec(1, 28, 28, levels=8))


def _all_levels_mnist() -> PixelCNN:
    return PixelCNN(ImageSpec(1, 28, 28, levels=256))


CARDS = (
    ModelCard(
        name="pixelcnn-mnist",
        title="PixelCNN, binary MNIST",
        family="PixelCNN",
        data="MNIST, binarised anew for every batch",
        build=_binary_mnist,
        source=SOURCE,
        masked=MaskedArchitecture("a7-then-b3", kernels=(7,) + (3,) * 7),
    ),
    ModelCard(
        name="pixelcnn-leaky-mnist",
        title="PixelCNN, wrong on purpose: mask B first",
        family="PixelCNN",
        data="MNIST, binarised anew for every batch",
        build=_leaky_mnist,
        source=SOURCE,
        masked=MaskedArchitecture("b7-then-b3", kernels=(7,) + (3,) * 7, leaks=True),
    ),
    ModelCard(
        name="pixelcnn-8-levels-mnist",
        title="PixelCNN, MNIST in 8 grey levels",
        family="PixelCNN",
        data="MNIST, rounded to 8 grey levels",
        build=_eight_levels_mnist,
        source=SOURCE,
        masked=MaskedArchitecture("a7-then-b3", kernels=(7,) + (3,) * 7),
    ),
    ModelCard(
        name="pixelcnn-256-levels-mnist",
        title="PixelCNN, MNIST in all 256 grey levels",
        family="PixelCNN",
        data="MNIST, all 256 grey levels",
        build=_all_levels_mnist,
        source=SOURCE,
        masked=MaskedArchitecture("a7-then-b3", kernels=(7,) + (3,) * 7),
    ),
)

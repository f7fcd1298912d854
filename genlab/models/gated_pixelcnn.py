"""Gated PixelCNN: two stacks without a blind spot, gates, and classes.

Reference: van den Oord et al. (2016), Conditional Image Generation with PixelCNN Decoders,
https://arxiv.org/abs/1606.05328. Where we leave the paper, `genlab.nn.gated` says so.
"""

import torch
from torch import Tensor, nn

from genlab.core.cards import MaskedArchitecture, ModelCard
from genlab.core.images import ImageSpec
from genlab.models.gated_pixelcnn_stepper import GatedPixelCNNStepper
from genlab.nn.gated import GatedLayer

SOURCE = (
    "van den Oord et al. (2016), Conditional Image Generation with PixelCNN Decoders, "
    "https://arxiv.org/abs/1606.05328"
)


class GatedPixelCNN(nn.Module):
    """A layer with mask "A", layers with mask "B", and 1×1 convolutions to the logits.

    The head reads the outputs of all layers (skip connections), not of the last alone.

    Args:
        spec: images with one channel.
        classes: how many; the null class beside them stands for "any".
        features: channels of each stack.
        layers: all of them, the first included.
        first_kernel: side of the first layer's kernel.
        head: channels of the layer before the logits.
    """

    orders = ("raster",)

    def __init__(
        self,
        spec: ImageSpec,
        *,
        classes: int = 10,
        features: int = 32,
        layers: int = 10,
        first_kernel: int = 7,
        head: int = 64,
    ) -> None:
        super().__init__()
        if spec.channels != 1:
            raise ValueError(f"spec.channels must be 1, got {spec.channels}")
        self.spec, self.classes = spec, classes
        self.layers = nn.ModuleList(
            GatedLayer(
                1 if index == 0 else features,
                features,
                first_kernel if index == 0 else 3,
                mask_type="A" if index == 0 else "B",
                conditions=classes + 1,
            )
            for index in range(layers)
        )
        self.skips = nn.ModuleList(nn.Conv2d(features, head, 1) for _ in range(layers))
        self.output = nn.Conv2d(head, 1 if spec.levels == 2 else spec.levels, 1)

    @property
    def null_label(self) -> int:
        """The class that means "any": what the network hears when no class is given."""
        return self.classes

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """Images in [−1, 1], (B, 1, H, W), and (B,) classes to (B, 1 or levels, H, W)."""
        v = h = x
        collected = 0
        for layer, skip in zip(self.layers, self.skips, strict=True):
            v, h = layer(v, h, labels)
            collected = collected + skip(h)
        return self.output(collected.relu())

    def logits(self, pixels: Tensor, labels: Tensor | None = None) -> Tensor:
        """See `genlab.core.protocols.Autoregressive.logits`; a binary head gives (0, logit).

        Args:
            labels: (B,) int64 in [0, classes], `null_label` among them; None is all null.
        """
        dtype = self.output.weight.dtype
        labels = self.as_labels(labels, len(pixels)).to(pixels.device)
        output = self(pixels.to(dtype) / (self.spec.levels - 1) * 2 - 1, labels)
        if self.spec.levels == 2:
            output = torch.cat([torch.zeros_like(output), output], dim=1)
        return output.unsqueeze(2)  # (B, levels, 1, H, W)

    def stepper(
        self, batch: int, labels: Tensor | None = None, *, order: str = "raster"
    ) -> GatedPixelCNNStepper:
        """See `genlab.core.protocols.Incremental.stepper`; raster order is the only one."""
        if order not in self.orders:
            raise ValueError(f"order must be one of {self.orders}, got {order!r}")
        return GatedPixelCNNStepper(self, self.as_labels(labels, batch))

    def as_labels(self, labels: Tensor | None, batch: int) -> Tensor:
        """(batch,) int64 classes, the null class where none is given.

        Raises:
            ValueError: another length, or a class that does not exist.
        """
        if labels is None:
            return torch.full((batch,), self.null_label)
        if labels.shape != (batch,):
            raise ValueError(f"labels must have the shape ({batch},), got {tuple(labels.shape)}")
        if batch and not 0 <= int(labels.min()) <= int(labels.max()) <= self.null_label:
            raise ValueError(f"labels must be from 0 to {self.null_label}, got {labels.tolist()}")
        return labels


def _gated_mnist() -> GatedPixelCNN:
    return GatedPixelCNN(ImageSpec(1, 28, 28, levels=2))


def _eight_levels_mnist() -> GatedPixelCNN:
    return GatedPixelCNN(ImageSpec(1, 28, 28, levels=8))


def _all_levels_mnist() -> GatedPixelCNN:
    return GatedPixelCNN(ImageSpec(1, 28, 28, levels=256))


def _eight_levels_fashion() -> GatedPixelCNN:
    return GatedPixelCNN(ImageSpec(1, 28, 28, levels=8), features=48)


CARDS = (
    ModelCard(
        name="gated-mnist",
        title="Gated PixelCNN, binary MNIST",
        family="Gated PixelCNN",
        data="MNIST, binarised anew for every batch, with its classes",
        build=_gated_mnist,
        source=SOURCE,
        masked=MaskedArchitecture("gated7-then-3", kernels=(7,) + (3,) * 9),
    ),
    ModelCard(
        name="gated-fashion",
        title="Gated PixelCNN, Fashion-MNIST in 8 grey levels",
        family="Gated PixelCNN",
        data="Fashion-MNIST, rounded to 8 grey levels, with its classes",
        build=_eight_levels_fashion,
        source=SOURCE,
        masked=MaskedArchitecture("gated7-then-3", kernels=(7,) + (3,) * 9),
    ),
    ModelCard(
        name="gated-8-levels-mnist",
        title="Gated PixelCNN, MNIST in 8 grey levels",
        family="Gated PixelCNN",
        data="MNIST, rounded to 8 grey levels, with its classes",
        build=_eight_levels_mnist,
        source=SOURCE,
        masked=MaskedArchitecture("gated7-then-3", kernels=(7,) + (3,) * 9),
    ),
    ModelCard(
        name="gated-256-levels-mnist",
        title="Gated PixelCNN, MNIST in all 256 grey levels",
        family="Gated PixelCNN",
        data="MNIST, all 256 grey levels, with its classes",
        build=_all_levels_mnist,
        source=SOURCE,
        masked=MaskedArchitecture("gated7-then-3", kernels=(7,) + (3,) * 9),
    ),
)

"""Encoders and decoders around a code, dense and convolutional, for 28×28 images.

They know nothing of what the code means: a plain autoencoder takes it as it comes, a variational
one takes two numbers a dimension for mean and log-variance.
"""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from genlab.core.images import ImageSpec

REDUCED = 4  # times that two strided convolutions shrink a side
NARROW = 16  # channels between the convolutions and the dense layers


def dense_layers(widths: Sequence[int]) -> nn.Sequential:
    """Linear layers with a ReLU between two of them, none at the end."""
    layers: list[nn.Module] = []
    for first, second in zip(widths, widths[1:], strict=False):
        layers += [nn.Linear(first, second), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class DenseEncoder(nn.Module):
    """Images in [0, 1], (B, C, H, W), through `hidden` widths to (B, outputs)."""

    def __init__(self, spec: ImageSpec, hidden: Sequence[int], outputs: int) -> None:
        super().__init__()
        pixels = spec.channels * spec.height * spec.width
        self.layers = dense_layers([pixels, *hidden, outputs])

    def forward(self, images: Tensor) -> Tensor:
        """See the class."""
        return self.layers(images.flatten(1))


class DenseDecoder(nn.Module):
    """Codes, (B, inputs), through `hidden` widths to logits of pixels, (B, C, H, W)."""

    def __init__(self, spec: ImageSpec, inputs: int, hidden: Sequence[int]) -> None:
        super().__init__()
        self.shape = spec.shape
        self.layers = dense_layers([inputs, *hidden, spec.channels * spec.height * spec.width])

    def forward(self, z: Tensor) -> Tensor:
        """See the class."""
        return self.layers(z).unflatten(1, self.shape)


class ResidualBlock(nn.Module):
    """x + 3×3(SiLU(3×3(SiLU(x)))), narrower inside where `inner` says so."""

    def __init__(self, features: int, inner: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(features, inner, 3, padding=1)
        self.second = nn.Conv2d(inner, features, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, features, H, W) → the same shape."""
        return x + self.second(F.silu(self.first(F.silu(x))))


class ConvEncoder(nn.Module):
    """Images in [0, 1], (B, C, H, W), over H/2 and H/4 to (B, outputs); H, W multiples of 4."""

    def __init__(self, spec: ImageSpec, outputs: int, *, features: int = 64) -> None:
        super().__init__()
        height, width = spec.height // REDUCED, spec.width // REDUCED
        self.layers = nn.Sequential(
            nn.Conv2d(spec.channels, features // 2, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(features // 2, features, 3, stride=2, padding=1),
            ResidualBlock(features, features // 2),
            nn.SiLU(),
            nn.Conv2d(features, features, 3, stride=2, padding=1),
            ResidualBlock(features, features),
            nn.SiLU(),
            nn.Conv2d(features, NARROW, 1),
            nn.SiLU(),
            nn.Flatten(),
            nn.Linear(NARROW * height * width, 2 * features),
            nn.SiLU(),
            nn.Linear(2 * features, outputs),
        )

    def forward(self, images: Tensor) -> Tensor:
        """See the class."""
        return self.layers(images * 2 - 1)


class ConvDecoder(nn.Module):
    """Codes, (B, inputs), over H/4 and H/2 to logits of pixels, (B, C, H, W)."""

    def __init__(self, spec: ImageSpec, inputs: int, *, features: int = 64) -> None:
        super().__init__()
        shape = NARROW, spec.height // REDUCED, spec.width // REDUCED
        self.layers = nn.Sequential(
            nn.Linear(inputs, 2 * features),
            nn.SiLU(),
            nn.Linear(2 * features, shape[0] * shape[1] * shape[2]),
            nn.Unflatten(1, shape),
            nn.SiLU(),
            nn.Conv2d(NARROW, features, 3, padding=1),
            ResidualBlock(features, features),
            nn.SiLU(),
            nn.ConvTranspose2d(features, features, 4, stride=2, padding=1),
            ResidualBlock(features, features // 2),
            nn.SiLU(),
            nn.ConvTranspose2d(features, features // 2, 4, stride=2, padding=1),
            nn.SiLU(),
            nn.Conv2d(features // 2, spec.channels, 3, padding=1),
        )

    def forward(self, z: Tensor) -> Tensor:
        """See the class."""
        return self.layers(z)

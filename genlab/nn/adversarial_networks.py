"""Generators and critics, dense and convolutional, for pictures with sides that are multiples of 4.

They compute in [−1, 1], where a tanh ends; the class, where there is one, is a second input.

References: Radford, Metz & Chintala (2016), the convolutional ones,
https://arxiv.org/abs/1511.06434; Miyato & Koyama (2018), the class as a projection in the critic,
https://arxiv.org/abs/1802.05637; Karras et al. (2018), pixel norm,
https://arxiv.org/abs/1710.10196
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from genlab.core.images import ImageSpec
from genlab.nn.adversarial import MinibatchStd

SLOPE = 0.2  # of a leaky ReLU below 0
REDUCED = 4  # times that two strided convolutions shrink a side
LABEL_WIDTH = 16  # numbers that a generator makes of a class


class PixelNorm(nn.Module):
    """x / √(mean over channels of x²), at every place: unlike batch norm, no picture sees another.

    With it in a generator no place can run away, and the average of weights is a network as good.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, …) → the same shape."""
        return x * (x.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()


NORMS = {"batch": nn.BatchNorm2d, "pixel": lambda _channels: PixelNorm()}
"""What stands between a generator's convolutions, made of their number of channels."""


class WithLabel(nn.Module):
    """Codes beside what a class becomes, (B, D) and (B,) → (B, D + LABEL_WIDTH)."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(classes, LABEL_WIDTH)

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        """See the class."""
        return torch.cat([z, self.embedding(labels).to(z.dtype)], dim=1)


class DenseGenerator(nn.Module):
    """Codes, (B, latent_dim), through `hidden` widths to pictures in [−1, 1], (B, C, H, W)."""

    def __init__(self, spec: ImageSpec, latent_dim: int, hidden: Sequence[int]) -> None:
        super().__init__()
        pixels = spec.channels * spec.height * spec.width
        self.layers = nn.Sequential(
            *leaky_layers([latent_dim, *hidden, pixels]), nn.Unflatten(1, spec.shape), nn.Tanh()
        )

    def forward(self, z: Tensor) -> Tensor:
        """See the class."""
        return self.layers(z)


class DenseCritic(nn.Module):
    """Pictures in [−1, 1], (B, C, H, W), through `hidden` widths to one score each, (B,)."""

    def __init__(self, spec: ImageSpec, hidden: Sequence[int]) -> None:
        super().__init__()
        pixels = spec.channels * spec.height * spec.width
        self.layers = nn.Sequential(nn.Flatten(), *leaky_layers([pixels, *hidden, 1]))

    def forward(self, images: Tensor) -> Tensor:
        """See the class."""
        return self.layers(images).squeeze(1)


class ConvGenerator(nn.Module):
    """Codes over H/4 and H/2 to pictures in [−1, 1], (B, C, H, W), by transposed convolutions.

    Args:
        spec: of the pictures.
        latent_dim: numbers of a code.
        features: channels at H/4; half as many at H/2.
        norm: a key of `NORMS`.
        refining: channels of one more layer at the full size, a 3×3 convolution; 0 for none.
        classes: how many; 0 where there are none, and then `labels` must be None.
    """

    def __init__(
        self,
        spec: ImageSpec,
        latent_dim: int,
        *,
        features: int = 128,
        norm: str = "pixel",
        refining: int = 0,
        classes: int = 0,
    ) -> None:
        super().__init__()
        shape = features, spec.height // REDUCED, spec.width // REDUCED
        self.with_label = WithLabel(classes) if classes else None
        inputs = latent_dim + (LABEL_WIDTH if classes else 0)
        self.layers = nn.Sequential(
            nn.Linear(inputs, shape[0] * shape[1] * shape[2]),
            nn.Unflatten(1, shape),
            NORMS[norm](features),
            nn.ReLU(),
            nn.ConvTranspose2d(features, features // 2, 4, stride=2, padding=1),
            NORMS[norm](features // 2),
            nn.ReLU(),
            *_to_pixels(features // 2, spec.channels, norm, refining),
            nn.Tanh(),
        )

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """(B, latent_dim) and (B,) → (B, C, H, W)."""
        return self.layers(z if self.with_label is None else self.with_label(z, labels))


class ConvCritic(nn.Module):
    """Pictures in [−1, 1], (B, C, H, W), over H/2 and H/4 to one score each, (B,).

    Args:
        spec: of the pictures.
        features: channels at H/2; twice as many at H/4.
        first: channels of a 3×3 convolution at the full size before all others; 0 for none.
        width: of the layer before the score; 0 where the score reads the last pictures at once.
        minibatch_std: size of the groups that `MinibatchStd` compares before the end; 0 for none.
        classes: how many; each is a direction in the layer before the score, so `width` is needed.
    """

    def __init__(
        self,
        spec: ImageSpec,
        *,
        features: int = 64,
        first: int = 0,
        width: int = 0,
        minibatch_std: int = 0,
        classes: int = 0,
    ) -> None:
        super().__init__()
        places = (spec.height // REDUCED) * (spec.width // REDUCED)
        inputs = places * (2 * features + bool(minibatch_std))
        self.body = nn.Sequential(
            *_at_full_size(spec.channels, first),
            nn.Conv2d(first or spec.channels, features, 4, stride=2, padding=1),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(features, 2 * features, 4, stride=2, padding=1),
            nn.LeakyReLU(SLOPE),
            *([MinibatchStd(minibatch_std)] if minibatch_std else []),
            nn.Flatten(),
            *([nn.Linear(inputs, width), nn.LeakyReLU(SLOPE)] if width else []),
        )
        self.output = nn.Linear(width or inputs, 1)
        self.projection = nn.Embedding(classes, width) if classes else None

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """(B, C, H, W) and (B,) → (B,)."""
        features = self.body(images)
        score = self.output(features).squeeze(1)
        if self.projection is None:
            return score
        return score + (features * self.projection(labels)).sum(dim=1)


def _at_full_size(channels: int, features: int) -> list[nn.Module]:
    """What looks at the pixels before anything shrinks; nothing for 0 features."""
    if not features:
        return []
    return [nn.Conv2d(channels, features, 3, padding=1), nn.LeakyReLU(SLOPE)]


def leaky_layers(widths: Sequence[int]) -> list[nn.Module]:
    """Linear layers with a leaky ReLU between two of them, none at the end."""
    layers: list[nn.Module] = []
    for first, second in zip(widths, widths[1:], strict=False):
        layers += [nn.Linear(first, second), nn.LeakyReLU(SLOPE)]
    return layers[:-1]


def _to_pixels(features: int, channels: int, norm: str, refining: int) -> list[nn.Module]:
    """From H/2 to the full size."""
    last = nn.ConvTranspose2d(features, refining or channels, 4, stride=2, padding=1)
    if not refining:
        return [last]
    return [last, NORMS[norm](refining), nn.ReLU(), nn.Conv2d(refining, channels, 3, padding=1)]

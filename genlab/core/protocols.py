"""What a model can do, one protocol a capability; no common base class.

A GAN has no likelihood, a VAE no steps, a PixelCNN no latent code: a base class for all of them
would end in methods that refuse to work. A runtime protocol sees names only, so the laws behind
each name stand in `tests/test_models.py` and are tried on every card.
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from genlab.core.images import ImageSpec
from genlab.core.noise_schedule import NoiseSchedule


@runtime_checkable
class Autoregressive(Protocol):
    """Knows log p(x) as a product over pixels in raster order."""

    spec: ImageSpec

    def logits(self, pixels: Tensor, labels: Tensor | None = None) -> Tensor:
        """Logits of every pixel given all earlier ones.

        Args:
            pixels: (B, C, H, W) int64 in [0, levels).
            labels: (B,) int64, or None for the unconditional distribution.

        Returns:
            (B, levels, C, H, W); those of pixel k do not depend on the pixels from k on.
        """


@runtime_checkable
class PixelStepper(Protocol):
    """Remembers what it computed for earlier pixels; one use, one batch."""

    fronts: Sequence[Tensor]
    """The order: each (n, 2) int64 rows and columns, independent given all fronts before."""

    skew: int
    """The order's name, see `genlab.core.order`: the width for raster order."""

    def step(self, front: Tensor, pixels: Tensor) -> Tensor:
        """Logits of the pixels of one front; fronts must come in their order.

        Args:
            front: the next of `fronts`.
            pixels: (B, C, H, W) int64, drawn at all earlier fronts, anything elsewhere.

        Returns:
            (B, n, C, levels) float32.
        """


@runtime_checkable
class RowPasser(PixelStepper, Protocol):
    """A stepper in raster order that need not answer for a row that is known whole."""

    def pass_row(self, row: int, pixels: Tensor) -> None:
        """Go past a row instead of its fronts; the next one is the first of the row below.

        Args:
            pixels: (B, C, H, W) int64, drawn at all rows above.
        """


@runtime_checkable
class Incremental(Autoregressive, Protocol):
    """An autoregressive model that can compute one front of pixels without a full pass."""

    orders: tuple[str, ...]
    """Names of the orders on offer, the fastest first; "raster" is always among them."""

    def stepper(
        self, batch: int, labels: Tensor | None = None, *, order: str = "raster"
    ) -> PixelStepper:
        """A fresh cache for a batch; the cache is the model's own knowledge."""


@runtime_checkable
class Conditional(Autoregressive, Protocol):
    """An autoregressive model that knows log p(x | y) for classes y, and log p(x) without one."""

    classes: int
    """How many; the labels are 0 … classes − 1."""

    null_label: int
    """The label that means "any"; the same as no label."""


@runtime_checkable
class LatentDecoder(Protocol):
    """Turns codes into images: a VAE, an autoencoder, the generator of a GAN."""

    spec: ImageSpec

    latent_dim: int
    """How many numbers a code has."""

    def decode(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Codes, (B, latent_dim), to images, (B, C, H, W) in [0, 1]; no randomness.

        Args:
            labels: (B,) int64, or None; models without classes refuse labels with a ValueError.
        """


@runtime_checkable
class Encoder(Protocol):
    """Turns images into codes."""

    latent_dim: int
    """How many numbers a code has."""

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Images, (B, C, H, W) in [0, 1], to mean and standard deviation, each (B, latent_dim).

        A plain autoencoder gives one code an image, so its standard deviation is 0.
        """


@runtime_checkable
class LatentPrior(LatentDecoder, Protocol):
    """A decoder that generates: it knows which codes to decode, z ~ p(z)."""

    def sample_prior(self, count: int, generator: torch.Generator) -> Tensor:
        """Codes as the prior deals them, (count, latent_dim)."""


@runtime_checkable
class LatentVariableModel(LatentPrior, Encoder, Protocol):
    """Knows p(z) = N(0, I), q(z | x) = N(mean, std²) and p(x | z), so that log p(x) has bounds."""

    sees_grey: bool
    """Whether its encoder was trained on grey images; else on binarised ones. A bound on the
    likelihood of a binarised image is the tightest with the encoder looking at what it knows."""

    def log_likelihood(self, images: Tensor, z: Tensor) -> Tensor:
        """log p(x | z) in nats of each pair, (B, C, H, W) and (B, latent_dim) → (B,).

        Pixels are Bernoulli variables. For grey images in [0, 1] it is the mean over all
        binarisations of them.
        """

    def pixel_log_likelihood(self, images: Tensor, z: Tensor) -> Tensor:
        """What each pixel adds to `log_likelihood`, (B, C, H, W), however sure the decoder is."""


@runtime_checkable
class Restorer(Encoder, LatentDecoder, Protocol):
    """Was trained to undo a corruption of its input (a denoising autoencoder)."""

    corruption: str
    """A key of `genlab.nn.corruption.CORRUPTIONS`."""

    corruption_level: float
    """How strong it was in training."""


@runtime_checkable
class SparseCoder(Encoder, LatentDecoder, Protocol):
    """Has codes in [0, 1], most of which are meant to be near 0."""

    penalty: str
    """On the codes, in training: "l1", "kl" (towards a target activity) or "none"."""


@runtime_checkable
class Classifier(Protocol):
    """Judges pictures: which class, and as what a picture appears to it."""

    spec: ImageSpec

    classes: int
    """How many."""

    num_features: int
    """Length of `features`; torchmetrics asks for this name."""

    def classify(self, images: Tensor) -> Tensor:
        """Logits of the classes, (B, classes), of images, (B, C, H, W) in [0, 1]."""

    def features(self, images: Tensor) -> Tensor:
        """The layer before the logits, (B, num_features), of images, (B, C, H, W) in [0, 1]."""


@runtime_checkable
class Critic(Protocol):
    """Tells real images from generated ones: the discriminator of a GAN."""

    spec: ImageSpec

    def score(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """How real images look, (B,), any number, of images, (B, C, H, W) in [0, 1].

        For a loss with probabilities σ(score) is the opinion that an image is real. Each score
        depends on its own image alone. A critic with classes judges a pair of image and class.
        """


@runtime_checkable
class ConditionalDecoder(LatentPrior, Protocol):
    """A generator that is told the class: `decode` raises a ValueError without labels."""

    classes: int
    """How many; the labels are 0 … classes − 1."""


@runtime_checkable
class Denoiser(Protocol):
    """Knows which noise is in an image: a diffusion model, with or without classes."""

    spec: ImageSpec

    schedule: NoiseSchedule
    """How noisy an image is at each step; the one of its training."""

    classes: int
    """How many; the labels are 0 … classes − 1."""

    null_label: int
    """The label that means "any"; the same as no label."""

    def predict_noise(self, x_t: Tensor, t: Tensor, labels: Tensor | None = None) -> Tensor:
        """The noise ε in x_t = √ᾱ_t · x_0 + √(1 − ᾱ_t) · ε, where x_0 is an image in [−1, 1].

        Args:
            x_t: (B, C, H, W), of any floating type.
            t: (B,) int64 in [0, schedule.steps); images of a batch need not be equally noisy.
            labels: (B,) int64, `null_label` among them; None is all null.

        Returns:
            (B, C, H, W) of the type of x_t; each depends on its own image, time and label alone.
        """


CAPABILITIES = (  # of models; a stepper is not one
    *(Autoregressive, Incremental, Conditional),
    *(LatentDecoder, Encoder, LatentPrior, LatentVariableModel, Restorer, SparseCoder),
    *(Classifier, Critic, ConditionalDecoder, Denoiser),
)

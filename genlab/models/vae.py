"""The variational autoencoder: a code is a Gaussian, and codes fill a known prior.

Reference: Kingma & Welling (2014), Auto-Encoding Variational Bayes,
https://arxiv.org/abs/1312.6114. The encoder gives γ = log σ², which can be any number.
"""

import functools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genlab.core.cards import ModelCard
from genlab.core.images import ImageSpec
from genlab.nn.latent_networks import ConvDecoder, ConvEncoder, DenseDecoder, DenseEncoder

SOURCE = "Kingma & Welling (2014), Auto-Encoding Variational Bayes, https://arxiv.org/abs/1312.6114"
BETA_SOURCE = (
    "Higgins et al. (2017), beta-VAE: Learning Basic Visual Concepts with a Constrained "
    "Variational Framework, https://openreview.net/forum?id=Sy2fzU9gl"
)


class VAE(nn.Module):
    """p(z) = N(0, I), q(z | x) = N(μ, σ²), p(x | z) independent Bernoulli pixels.

    Args:
        spec: of the images.
        latent_dim: numbers of a code.
        encoder: images in [0, 1], (B, C, H, W), to (B, 2 · latent_dim), μ and γ = log σ².
        decoder: codes, (B, latent_dim), to logits of the pixels, (B, C, H, W).
        sees_grey: the encoder was trained on grey images.
    """

    def __init__(
        self,
        spec: ImageSpec,
        latent_dim: int,
        *,
        encoder: nn.Module,
        decoder: nn.Module,
        sees_grey: bool = False,
    ) -> None:
        super().__init__()
        self.spec, self.latent_dim, self.sees_grey = spec, latent_dim, sees_grey
        self.encoder, self.decoder = encoder, decoder

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """See `genlab.core.protocols.Encoder.encode`."""
        output = self.encoder(images)  # (B, 2 · D)
        output = output.to(torch.promote_types(output.dtype, torch.float32))  # bfloat16 in training
        mean, gamma = output.chunk(2, dim=1)  # (B, D) each
        return mean, (gamma / 2).exp()

    def decode(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """See `genlab.core.protocols.LatentDecoder.decode`; the pixels' probabilities of white."""
        refuse_labels(labels)
        return self.decoder(z).sigmoid()

    def log_likelihood(self, images: Tensor, z: Tensor) -> Tensor:
        """See `genlab.core.protocols.LatentVariableModel.log_likelihood`."""
        return self.pixel_log_likelihood(images, z).flatten(1).sum(dim=1)

    def pixel_log_likelihood(self, images: Tensor, z: Tensor) -> Tensor:
        """See `genlab.core.protocols.LatentVariableModel.pixel_log_likelihood`; of logits."""
        logits = self.decoder(z)  # (B, C, H, W)
        logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
        return -F.binary_cross_entropy_with_logits(logits, images, reduction="none")

    def sample_prior(self, count: int, generator: torch.Generator) -> Tensor:
        """See `genlab.core.protocols.LatentPrior.sample_prior`."""
        return torch.randn(count, self.latent_dim, generator=generator)


def refuse_labels(labels: Tensor | None) -> None:
    """Raise where a class is asked of a network that was trained without classes."""
    if labels is not None:
        raise ValueError("labels must be None: this VAE was trained without classes")


def _conv(latent_dim: int) -> VAE:
    spec = ImageSpec(1, 28, 28, levels=2)
    return VAE(
        spec,
        latent_dim,
        encoder=ConvEncoder(spec, 2 * latent_dim),
        decoder=ConvDecoder(spec, latent_dim),
    )


def _dense_fashion() -> VAE:
    spec, latent_dim = ImageSpec(1, 28, 28, levels=2), 10
    return VAE(
        spec,
        latent_dim,
        encoder=DenseEncoder(spec, (150, 100), 2 * latent_dim),
        decoder=DenseDecoder(spec, latent_dim, (100, 150)),
        sees_grey=True,
    )


BINARY_MNIST = "MNIST, binarised anew for every batch"

CARDS = (
    ModelCard(
        name="vae-conv-mnist",
        title="VAE, 50 dimensions, MNIST",
        family="VAE",
        data=BINARY_MNIST,
        build=functools.partial(_conv, 50),
        source=SOURCE,
    ),
    ModelCard(
        name="vae-dense-fashion",
        title="VAE, 10 dimensions, Fashion",
        family="VAE",
        data="Fashion-MNIST, grey values as probabilities of white",
        build=_dense_fashion,
        source=SOURCE,
    ),
    ModelCard(
        name="vae-plane-mnist",
        title="VAE, a plane of codes, β = 1",
        family="VAE",
        data=BINARY_MNIST,
        build=functools.partial(_conv, 2),
        source=SOURCE,
    ),
    ModelCard(
        name="vae-plane-mnist-beta-half",
        title="VAE, a plane of codes, β = 0.5",
        family="VAE",
        data=BINARY_MNIST,
        build=functools.partial(_conv, 2),
        source=BETA_SOURCE,
    ),
    ModelCard(
        name="vae-plane-mnist-beta-4",
        title="VAE, a plane of codes, β = 4",
        family="VAE",
        data=BINARY_MNIST,
        build=functools.partial(_conv, 2),
        source=BETA_SOURCE,
    ),
)

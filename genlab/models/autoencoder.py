"""Autoencoders without a prior: plain, denoising, sparse.

They squeeze an image through a code and have no idea which codes are likely, so they generate
nothing; what they teach is what a code can be good for, and what the VAE adds.
"""

import functools

import torch
from torch import Tensor, nn

from genlab.core.cards import ModelCard
from genlab.core.images import ImageSpec
from genlab.nn.latent_networks import ConvDecoder, ConvEncoder, DenseDecoder, DenseEncoder

PLAIN_SOURCE = (
    "Hinton & Salakhutdinov (2006), Reducing the Dimensionality of Data with Neural Networks, "
    "https://doi.org/10.1126/science.1127647"
)
DENOISING_SOURCE = (
    "Vincent et al. (2010), Stacked Denoising Autoencoders, "
    "https://jmlr.org/papers/v11/vincent10a.html"
)
SPARSE_SOURCE = (
    "Ng (2011), Sparse autoencoder, CS294A lecture notes, "
    "https://web.stanford.edu/class/cs294a/sparseAutoencoder.pdf"
)


class Autoencoder(nn.Module):
    """An image becomes one code, and a code one image.

    Args:
        spec: of the images.
        latent_dim: numbers of a code.
        encoder: images in [0, 1], (B, C, H, W), to (B, latent_dim).
        decoder: codes, (B, latent_dim), to logits of the pixels, (B, C, H, W).
    """

    def __init__(
        self, spec: ImageSpec, latent_dim: int, *, encoder: nn.Module, decoder: nn.Module
    ) -> None:
        super().__init__()
        self.spec, self.latent_dim = spec, latent_dim
        self.encoder, self.decoder = encoder, decoder

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """See `genlab.core.protocols.Encoder.encode`; the standard deviation is 0."""
        code = self.encoder(images)  # (B, D)
        return code, torch.zeros_like(code)

    def decode(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """See `genlab.core.protocols.LatentDecoder.decode`."""
        refuse_labels(labels)
        return self.decoder(z).sigmoid()


class DenoisingAutoencoder(nn.Module):
    """A dense autoencoder that was given corrupted images and asked for the clean ones.

    Args:
        corruption: a key of `genlab.nn.corruption.CORRUPTIONS`.
        corruption_level: in training.
    """

    def __init__(
        self, spec: ImageSpec, latent_dim: int, *, corruption: str, corruption_level: float
    ) -> None:
        super().__init__()
        self.spec, self.latent_dim = spec, latent_dim
        self.corruption, self.corruption_level = corruption, corruption_level
        self.encoder = DenseEncoder(spec, (100,), latent_dim)
        self.decoder = DenseDecoder(spec, latent_dim, (100,))

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """See `genlab.core.protocols.Encoder.encode`; values outside [0, 1] are welcome here."""
        code = self.encoder(images)  # (B, D)
        return code, torch.zeros_like(code)

    def decode(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """See `genlab.core.protocols.LatentDecoder.decode`."""
        refuse_labels(labels)
        return self.decoder(z).sigmoid()


class SparseAutoencoder(nn.Module):
    """A dense autoencoder with more units than it may use at once: sigmoid codes, penalised.

    Args:
        penalty: on the codes, in training: "l1", "kl" or "none".
    """

    def __init__(self, spec: ImageSpec, latent_dim: int, *, penalty: str) -> None:
        super().__init__()
        self.spec, self.latent_dim, self.penalty = spec, latent_dim, penalty
        self.encoder = DenseEncoder(spec, (100,), latent_dim)
        self.decoder = DenseDecoder(spec, latent_dim, (100,))

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """See `genlab.core.protocols.Encoder.encode`; codes are in [0, 1]."""
        code = self.encoder(images).sigmoid()  # (B, D)
        return code, torch.zeros_like(code)

    def decode(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """See `genlab.core.protocols.LatentDecoder.decode`."""
        refuse_labels(labels)
        return self.decoder(z).sigmoid()


def refuse_labels(labels: Tensor | None) -> None:
    """Raise where a class is asked of a network that was trained without classes."""
    if labels is not None:
        raise ValueError("labels must be None: this autoencoder was trained without classes")


def _plane_mnist() -> Autoencoder:
    spec = ImageSpec(1, 28, 28)
    return Autoencoder(spec, 2, encoder=ConvEncoder(spec, 2), decoder=ConvDecoder(spec, 2))


def _denoising_fashion(corruption: str) -> DenoisingAutoencoder:
    return DenoisingAutoencoder(
        ImageSpec(1, 28, 28), 30, corruption=corruption, corruption_level=0.5
    )


def _sparse_fashion(penalty: str) -> SparseAutoencoder:
    return SparseAutoencoder(ImageSpec(1, 28, 28), 300, penalty=penalty)


GREY_FASHION = "Fashion-MNIST, grey"

CARDS = (
    ModelCard(
        name="autoencoder-plane-mnist",
        title="Autoencoder with a plane of codes, MNIST",
        family="Autoencoder",
        data="MNIST, grey",
        build=_plane_mnist,
        source=PLAIN_SOURCE,
    ),
    ModelCard(
        name="denoising-autoencoder-fashion",
        title="Denoising autoencoder, Gaussian noise",
        family="Autoencoder",
        data=GREY_FASHION,
        build=functools.partial(_denoising_fashion, "gaussian"),
        source=DENOISING_SOURCE,
    ),
    ModelCard(
        name="denoising-autoencoder-dropout-fashion",
        title="Denoising autoencoder, dropped pixels",
        family="Autoencoder",
        data=GREY_FASHION,
        build=functools.partial(_denoising_fashion, "dropout"),
        source=DENOISING_SOURCE,
    ),
    ModelCard(
        name="sparse-autoencoder-l1-fashion",
        title="Sparse autoencoder, L1 penalty",
        family="Autoencoder",
        data=GREY_FASHION,
        build=functools.partial(_sparse_fashion, "l1"),
        source=SPARSE_SOURCE,
    ),
    ModelCard(
        name="sparse-autoencoder-kl-fashion",
        title="Sparse autoencoder, KL penalty",
        family="Autoencoder",
        data=GREY_FASHION,
        build=functools.partial(_sparse_fashion, "kl"),
        source=SPARSE_SOURCE,
    ),
    ModelCard(
        name="sparse-autoencoder-none-fashion",
        title="The sparse autoencoder's network without a penalty",
        family="Autoencoder",
        data=GREY_FASHION,
        build=functools.partial(_sparse_fashion, "none"),
        source=PLAIN_SOURCE,
    ),
)

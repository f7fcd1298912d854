"""Generative adversarial networks: a generator that never sees a picture, and its critic.

Reference: Goodfellow et al. (2014), Generative Adversarial Nets, https://arxiv.org/abs/1406.2661.
Both networks are in a checkpoint, for the critic's opinion can be asked, too.
"""

import torch
from torch import Tensor, nn

from genlab.core.cards import ModelCard
from genlab.core.images import ImageSpec
from genlab.nn.adversarial_networks import ConvCritic, ConvGenerator, DenseCritic, DenseGenerator

SOURCE = "Goodfellow et al. (2014), Generative Adversarial Nets, https://arxiv.org/abs/1406.2661"
DCGAN_SOURCE = (
    "Radford, Metz & Chintala (2016), Unsupervised Representation Learning with Deep Convolutional "
    "Generative Adversarial Networks, https://arxiv.org/abs/1511.06434"
)
PROJECTION_SOURCE = (
    "Miyato & Koyama (2018), cGANs with Projection Discriminator, https://arxiv.org/abs/1802.05637"
)


class GAN(nn.Module):
    """G: z ~ N(0, I) → picture, D: picture → score.

    Args:
        spec: of the images.
        latent_dim: numbers of a code.
        generator: codes, (B, latent_dim), to pictures in [−1, 1], (B, C, H, W).
        critic: pictures in [−1, 1] to scores, (B,).
    """

    def __init__(
        self, spec: ImageSpec, latent_dim: int, *, generator: nn.Module, critic: nn.Module
    ) -> None:
        super().__init__()
        self.spec, self.latent_dim = spec, latent_dim
        self.generator, self.critic = generator, critic

    def decode(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """See `genlab.core.protocols.LatentDecoder.decode`."""
        if labels is not None:
            raise ValueError("labels must be None: this GAN was trained without classes")
        return (self.generator(z) + 1) / 2

    def score(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """See `genlab.core.protocols.Critic.score`."""
        if labels is not None:
            raise ValueError("labels must be None: this GAN was trained without classes")
        return self.critic(images * 2 - 1)

    def sample_prior(self, count: int, generator: torch.Generator) -> Tensor:
        """See `genlab.core.protocols.LatentPrior.sample_prior`."""
        return torch.randn(count, self.latent_dim, generator=generator)


class ConditionalGAN(GAN):
    """The same, told a class: G(z, y), and D(x, y) tells a real x of class y from a generated one.

    The critic never sees a real picture with another class, and so has no opinion about such pairs.

    Args:
        classes: how many; generator and critic take (B,) labels as their second argument.
    """

    def __init__(
        self,
        spec: ImageSpec,
        latent_dim: int,
        *,
        classes: int,
        generator: nn.Module,
        critic: nn.Module,
    ) -> None:
        super().__init__(spec, latent_dim, generator=generator, critic=critic)
        self.classes = classes

    def decode(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """See `genlab.core.protocols.ConditionalDecoder`."""
        return (self.generator(z, self._checked(labels, len(z))) + 1) / 2

    def score(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """See `genlab.core.protocols.Critic.score`; labels are needed."""
        return self.critic(images * 2 - 1, self._checked(labels, len(images)))

    def _checked(self, labels: Tensor | None, count: int) -> Tensor:
        if labels is None:
            raise ValueError(f"labels are needed, from 0 to {self.classes - 1}: one a picture")
        if labels.shape != (count,):
            raise ValueError(f"labels must be ({count},), one a picture, got {tuple(labels.shape)}")
        return labels


def _dense() -> GAN:
    spec, latent_dim = ImageSpec(1, 28, 28), 30
    return GAN(
        spec,
        latent_dim,
        generator=DenseGenerator(spec, latent_dim, (100, 150)),
        critic=DenseCritic(spec, (150, 100)),
    )


def _dcgan() -> GAN:
    spec, latent_dim = ImageSpec(1, 28, 28), 100
    return GAN(
        spec,
        latent_dim,
        generator=ConvGenerator(spec, latent_dim, refining=32),
        critic=ConvCritic(spec, first=32, width=128, minibatch_std=8),  # else it loses the shoes
    )


def _conditional(classes: int = 10) -> ConditionalGAN:
    spec, latent_dim = ImageSpec(1, 28, 28), 100
    return ConditionalGAN(
        spec,
        latent_dim,
        classes=classes,
        generator=ConvGenerator(spec, latent_dim, refining=32, classes=classes),
        critic=ConvCritic(spec, first=32, width=128, classes=classes),
    )


CARDS = (
    ModelCard(
        name="dcgan-fashion",
        title="DCGAN, Fashion",
        family="GAN",
        data="Fashion-MNIST, grey",
        build=_dcgan,
        source=DCGAN_SOURCE,
    ),
    ModelCard(
        name="cgan-fashion",
        title="Conditional DCGAN, Fashion",
        family="GAN",
        data="Fashion-MNIST, grey",
        build=_conditional,
        source=PROJECTION_SOURCE,
    ),
    ModelCard(
        name="cgan-mnist",
        title="Conditional DCGAN, MNIST",
        family="GAN",
        data="MNIST, grey",
        build=_conditional,
        source=PROJECTION_SOURCE,
    ),
    ModelCard(
        name="gan-dense-fashion",
        title="Dense GAN, Fashion",
        family="GAN",
        data="Fashion-MNIST, grey",
        build=_dense,
        source=SOURCE,
    ),
)

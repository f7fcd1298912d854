"""Random weights with which a network has opinions.

Torch's own initial weights make nearly flat distributions, and then most mistakes hide: whatever a
pixel depends on, it comes out as a fair coin.
"""

import torch

from genlab.core.images import ImageSpec
from genlab.models.autoencoder import Autoencoder
from genlab.models.gan import GAN, ConditionalGAN
from genlab.models.gated_pixelcnn import GatedPixelCNN
from genlab.models.pixelcnn import PixelCNN
from genlab.models.vae import VAE
from genlab.nn.adversarial_networks import ConvCritic, ConvGenerator
from genlab.nn.latent_networks import DenseDecoder, DenseEncoder

LOGIT_SPREAD = 2.0  # standard deviation of a tiny network's logits
CLASSES = 3  # of a tiny class-conditional network


@torch.no_grad()
def enliven(model, seed=0):
    """Give every parameter normal values that keep the activations' size; returns the model."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        fan_in = parameter[0].numel() if parameter.dim() > 1 else 16
        parameter.copy_(torch.randn(parameter.shape, generator=generator) * (1.5 / fan_in) ** 0.5)
    return model.eval()


@torch.no_grad()
def tiny_pixelcnn(
    *, size=(6, 6), levels=2, first_kernel=7, first_mask="A", blocks=2, features=8, seed=0
):
    """A lively PixelCNN for `size` (height, width), frozen as in the store."""
    spec = ImageSpec(1, *size, levels=levels)
    model = PixelCNN(
        spec,
        features=features,
        blocks=blocks,
        first_kernel=first_kernel,
        first_mask=first_mask,
        head=8,
    )
    enliven(model, seed).requires_grad_(False)
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randint(levels, (64, *spec.shape), generator=generator).float()
    logits = model(noise / (levels - 1) * 2 - 1)
    std, mean = torch.std_mean(logits, dim=(0, 2, 3))
    model.output.weight *= (LOGIT_SPREAD / std)[:, None, None, None]
    model.output.bias.copy_((model.output.bias - mean) * LOGIT_SPREAD / std)
    return model


@torch.no_grad()
def tiny_gated(*, size=(6, 6), levels=2, first_kernel=7, layers=3, features=4, seed=0):
    """A lively GatedPixelCNN with three classes, frozen as in the store."""
    spec = ImageSpec(1, *size, levels=levels)
    model = GatedPixelCNN(
        spec,
        classes=CLASSES,
        features=features,
        layers=layers,
        first_kernel=first_kernel,
        head=8,
    )
    enliven(model, seed).requires_grad_(False)
    for layer in model.layers:
        layer.condition.weight *= 3  # classes have opinions too
    generator = torch.Generator().manual_seed(0)
    noise = torch.randint(levels, (64, *spec.shape), generator=generator)
    std, mean = torch.std_mean(model.logits(noise)[:, levels == 2 :], dim=(0, 2, 3, 4))
    model.output.weight *= (LOGIT_SPREAD / std)[:, None, None, None]
    model.output.bias.copy_((model.output.bias - mean) * LOGIT_SPREAD / std)
    return model


@torch.no_grad()
def tiny_vae(*, size=(8, 8), latent_dim=3, hidden=12, seed=0):
    """A lively dense VAE for `size` (height, width), frozen as in the store."""
    spec = ImageSpec(1, *size, levels=2)
    model = VAE(
        spec,
        latent_dim,
        encoder=DenseEncoder(spec, (hidden,), 2 * latent_dim),
        decoder=DenseDecoder(spec, latent_dim, (hidden,)),
    )
    return enliven(model, seed).requires_grad_(False)


@torch.no_grad()
def tiny_autoencoder(*, size=(8, 8), latent_dim=3, hidden=12, seed=0):
    """A lively dense autoencoder without a prior, frozen as in the store."""
    spec = ImageSpec(1, *size)
    model = Autoencoder(
        spec,
        latent_dim,
        encoder=DenseEncoder(spec, (hidden,), latent_dim),
        decoder=DenseDecoder(spec, latent_dim, (hidden,)),
    )
    return enliven(model, seed).requires_grad_(False)


@torch.no_grad()
def tiny_gan(*, size=(8, 8), latent_dim=3, features=8, seed=0):
    """A lively GAN for `size` (height, width), frozen as in the store."""
    spec = ImageSpec(1, *size)
    model = GAN(
        spec,
        latent_dim,
        generator=ConvGenerator(spec, latent_dim, features=features),
        critic=ConvCritic(spec, features=features // 2),
    )
    return enliven(model, seed).requires_grad_(False)


@torch.no_grad()
def tiny_conditional_gan(*, size=(8, 8), latent_dim=3, features=8, seed=0):
    """A lively GAN with three classes, frozen as in the store."""
    spec = ImageSpec(1, *size)
    model = ConditionalGAN(
        spec,
        latent_dim,
        classes=CLASSES,
        generator=ConvGenerator(spec, latent_dim, features=features, classes=CLASSES),
        critic=ConvCritic(spec, features=features // 2, width=8, classes=CLASSES),
    )
    return enliven(model, seed).requires_grad_(False)

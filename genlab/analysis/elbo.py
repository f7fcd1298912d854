"""What a latent variable model knows about log p(x): the evidence lower bound, and a tighter one.

log p(x) ≥ IWAE_K ≥ ELBO, where ELBO = E_q[log p(x | z)] − KL(q(z | x) ‖ p(z)) and

    IWAE_K = E[log (1/K) Σ_k p(x | z_k) p(z_k) / q(z_k | x)],  z_1 … z_K ~ q(z | x).

References: Kingma & Welling (2014), https://arxiv.org/abs/1312.6114; Burda, Grosse & Salakhutdinov
(2016), Importance Weighted Autoencoders, https://arxiv.org/abs/1509.00519
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.core.protocols import LatentVariableModel

USED = 0.01  # nats of KL; a dimension below it says nothing about the images
CHUNK = 256  # codes decoded at once: more leave the processor's cache


@dataclass(frozen=True, eq=False)
class Elbo:
    """The bound of each image and its parts, in nats.

    Attributes:
        reconstruction: −E_q[log p(x | z)], (B,), from one code an image.
        kl: KL(q(z | x) ‖ p(z)) by dimension, (B, D), exact.
    """

    reconstruction: Tensor
    kl: Tensor

    @property
    def negative(self) -> Tensor:
        """−ELBO, (B,); log p(x) is at least minus that."""
        return self.reconstruction + self.kl.sum(dim=1)


def gaussian_kl(mean: Tensor, std: Tensor) -> Tensor:
    """KL(N(mean, std²) ‖ N(0, 1)) of each number, in nats, any shape.

    (μ² + σ² − 1 − log σ²) / 2, which is 0 for μ = 0, σ = 1 alone.
    """
    return (mean**2 + std**2 - 1) / 2 - std.log()


def reparameterise(mean: Tensor, std: Tensor, noise: Tensor) -> Tensor:
    """z = μ + σ · ε: all randomness is in ε ~ N(0, 1), so gradients reach μ and σ."""
    return mean + std * noise


def elbo(
    model: LatentVariableModel, images: Tensor, noise: Tensor, *, seen: Tensor | None = None
) -> Elbo:
    """The bound with one code an image; differentiable.

    Args:
        images: (B, C, H, W) in [0, 1]; grey ones give the mean over their binarisations.
        noise: (B, D) standard normal.
        seen: see `importance_weights`.
    """
    mean, std = model.encode(images if seen is None else seen)
    z = reparameterise(mean, std, noise)
    return Elbo(-model.log_likelihood(images, z), gaussian_kl(mean, std))


@torch.inference_mode()
def importance_weights(
    model: LatentVariableModel,
    images: Tensor,
    count: int,
    generator: torch.Generator,
    *,
    seen: Tensor | None = None,
) -> Tensor:
    """log p(x | z) + log p(z) − log q(z | x) for `count` codes of each image, (B, count) float64.

    Args:
        images: (B, C, H, W) in [0, 1], what is to be explained.
        seen: what the encoder looks at, (B, C, H, W); by default the images themselves. Any q
            bounds p(x), so it may be the grey image of which `images` is a binarisation.

    Raises:
        ValueError: a count below 1.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1, got {count}")
    mean, std = model.encode(images if seen is None else seen)  # (B, D)
    noise = torch.randn(len(images), count, model.latent_dim, generator=generator).to(mean)
    z = reparameterise(mean.unsqueeze(1), std.unsqueeze(1), noise)  # (B, count, D)
    per_batch = max(1, CHUNK // count) if count < CHUNK else 1
    likelihoods = []
    for some, codes in zip(images.split(per_batch), z.split(per_batch), strict=True):
        repeated = some.repeat_interleave(count, dim=0)
        flat = codes.flatten(0, 1)
        parts = zip(repeated.split(CHUNK), flat.split(CHUNK), strict=True)
        likelihoods.append(torch.cat([model.log_likelihood(x, each) for x, each in parts]))
    log_likelihood = torch.cat(likelihoods).unflatten(0, (len(images), count)).double()
    # log p(z) − log q(z | x); the constants of the two Gaussians cancel
    log_ratio = (noise.double() ** 2 - z.double() ** 2).sum(dim=2) / 2
    log_ratio = log_ratio + std.double().log().sum(dim=1, keepdim=True)
    return log_likelihood + log_ratio


def iwae(log_weights: Tensor) -> Tensor:
    """The importance-weighted bound on log p(x), in nats, from (B, K) log weights: (B,)."""
    return log_weights.logsumexp(dim=1) - math.log(log_weights.shape[1])

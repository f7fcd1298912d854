"""Latent variable models of which everything is known on paper."""

import math

import torch

from genlab.core.images import ImageSpec


class LinearGaussian:
    """z ~ N(0, I), x | z ~ N(W z, NOISE²), so that p(x) and p(z | x) are Gaussians too.

    W has orthogonal columns, so that the true posterior has independent dimensions and q can be
    it. `shift` and `stretch` make q wrong.
    """

    NOISE = 0.7
    W = torch.tensor([[1.0, 0.5], [1.0, -0.5], [0.5, 1.0], [-0.5, 1.0]]).double()  # (4, 2)

    def __init__(self, *, shift=0.0, stretch=1.0):
        self.spec, self.latent_dim, self.sees_grey = ImageSpec(1, 2, 2), 2, True
        self.shift, self.stretch = shift, stretch

    def decode(self, z, labels=None):
        """W z; leaves [0, 1], which no bound minds."""
        return (z @ self.W.T).unflatten(1, self.spec.shape)

    def encode(self, images):
        """The true posterior, moved and stretched."""
        precision = 1 + self.W.square().sum(dim=0) / self.NOISE**2  # (2,)
        mean = images.flatten(1) @ self.W / self.NOISE**2 / precision
        std = precision.rsqrt().expand_as(mean)
        return mean + self.shift, std * self.stretch

    def log_likelihood(self, images, z):
        """log N(x; W z, NOISE²)."""
        return self.pixel_log_likelihood(images, z).flatten(1).sum(dim=1)

    def pixel_log_likelihood(self, images, z):
        """Of each number of x."""
        return torch.distributions.Normal(self.decode(z), self.NOISE).log_prob(images)

    def sample_prior(self, count, generator):
        """Standard normal."""
        return torch.randn(count, 2, generator=generator).double()

    def log_evidence(self, images):
        """log p(x), exact."""
        covariance = self.W @ self.W.T + self.NOISE**2 * torch.eye(4).double()
        normal = torch.distributions.MultivariateNormal(torch.zeros(4).double(), covariance)
        return normal.log_prob(images.flatten(1))

    def images(self, count, seed=0):
        """What it deals, (count, 1, 2, 2)."""
        generator = torch.Generator().manual_seed(seed)
        means = self.decode(self.sample_prior(count, generator))
        return means + self.NOISE * torch.randn(means.shape, generator=generator).double()


class CodedCoin(torch.nn.Module):
    """Every pixel is white with one probability, whatever the code; the code knows the brightness.

    q(z | x) = N((brightness, 0), 1), so that the KL is brightness² / 2 in the first dimension, and
    p(x) the product of coins.
    """

    SIDE = 4
    sees_grey = False

    def __init__(self):
        super().__init__()
        self.spec, self.latent_dim = ImageSpec(1, self.SIDE, self.SIDE, levels=2), 2
        self.logit = torch.nn.Parameter(torch.zeros(()))

    def encode(self, images):
        """The brightness, from 0 to 1, and nothing; a spread of 1."""
        brightness = images.flatten(1).mean(dim=1)
        mean = torch.stack([brightness, torch.zeros_like(brightness)], dim=1)
        return mean, torch.ones_like(mean)

    def decode(self, z, labels=None):
        """The same grey everywhere."""
        return self.logit.sigmoid().expand(len(z), *self.spec.shape)

    def log_likelihood(self, images, z):
        """Of coins."""
        white = images.flatten(1).sum(dim=1)
        log_odds = math.log1p(math.exp(self.logit.item()))
        return white * self.logit - self.SIDE**2 * log_odds

    def pixel_log_likelihood(self, images, z):
        """Of each coin."""
        return images * self.logit - math.log1p(math.exp(self.logit.item()))

    def sample_prior(self, count, generator):
        """Standard normal."""
        return torch.randn(count, 2, generator=generator)


class GreyCodedCoin(CodedCoin):
    """The same, and its encoder was trained on grey images."""

    sees_grey = True

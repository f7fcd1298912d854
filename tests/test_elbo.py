"""Bounds on log p(x) against closed forms, enumeration and models whose evidence is known."""

import itertools
import math

import pytest
import torch
from latent_toys import LinearGaussian
from lively import tiny_vae
from toys import all_images

from genlab.analysis.elbo import (
    CHUNK,
    elbo,
    gaussian_kl,
    importance_weights,
    iwae,
    reparameterise,
)
from genlab.core.protocols import LatentVariableModel

MEANS = torch.tensor([-2.0, -0.3, 0.0, 1.5]).double()
STDS = torch.tensor([0.1, 0.8, 1.0, 2.5]).double()


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def normal_noise(*shape, seed=99):
    """No image is dealt with this seed."""
    return torch.randn(*shape, generator=seeded(seed)).double()


def test_the_kl_is_torch_s_own():
    mean, std = torch.meshgrid(MEANS, STDS, indexing="ij")

    normal = torch.distributions.Normal
    expected = torch.distributions.kl_divergence(normal(mean, std), normal(0.0, 1.0))

    torch.testing.assert_close(gaussian_kl(mean, std), expected)


@pytest.mark.parametrize(("mean", "std"), [(0.0, 0.3), (1.5, 1.0), (-0.7, 1.8)])
def test_the_kl_is_the_mean_surprise_of_drawn_codes(mean, std):
    posterior, prior = torch.distributions.Normal(mean, std), torch.distributions.Normal(0.0, 1.0)
    z = mean + std * normal_noise(200_000)

    surprises = posterior.log_prob(z) - prior.log_prob(z)

    error = surprises.std().item() / math.sqrt(len(surprises))
    expected = gaussian_kl(torch.tensor(mean), torch.tensor(std)).item()
    assert surprises.mean().item() == pytest.approx(expected, abs=4 * error)


def test_the_kl_is_zero_for_the_prior_alone():
    mean, std = torch.meshgrid(MEANS, STDS, indexing="ij")

    kl = gaussian_kl(mean, std)

    is_prior = (mean == 0) & (std == 1)
    assert is_prior.sum() == 1
    assert kl[is_prior].item() == 0
    assert (kl[~is_prior] > 0.01).all()


def test_gradients_pass_the_drawn_code():
    """E[z²] = μ² + σ², so its derivatives are 2μ and 2σ."""
    noise = normal_noise(1000)
    noise = (noise - noise.mean()) / noise.std(correction=0)  # its moments are exactly 0 and 1
    mean = torch.tensor(0.7).double().requires_grad_()
    std = torch.tensor(1.3).double().requires_grad_()

    reparameterise(mean, std, noise).square().mean().backward()

    assert mean.grad.item() == pytest.approx(2 * 0.7)
    assert std.grad.item() == pytest.approx(2 * 1.3)


def test_the_bound_is_reconstruction_and_kl_of_the_code_that_the_noise_chose():
    model = LinearGaussian(shift=0.2, stretch=1.5)
    images, noise = model.images(5), normal_noise(5, 2)

    bound = elbo(model, images, noise)

    mean, std = model.encode(images)
    expected = -model.log_likelihood(images, mean + std * noise)
    torch.testing.assert_close(bound.reconstruction, expected)
    torch.testing.assert_close(bound.kl, gaussian_kl(mean, std))
    torch.testing.assert_close(bound.negative, bound.reconstruction + bound.kl.sum(dim=1))


def test_what_the_bound_lacks_is_the_distance_of_q_from_the_true_posterior():
    model, exact = LinearGaussian(shift=0.2, stretch=1.5), LinearGaussian()
    image = model.images(1)
    many = image.expand(100_000, -1, -1, -1)

    negative = elbo(model, many, normal_noise(len(many), 2)).negative

    normal = torch.distributions.Normal
    q, posterior = normal(*model.encode(image)), normal(*exact.encode(image))
    gap = torch.distributions.kl_divergence(q, posterior).sum().item()
    expected = -model.log_evidence(image).item() + gap
    error = negative.std().item() / math.sqrt(len(negative))
    assert gap > 0.5
    assert negative.mean().item() == pytest.approx(expected, abs=4 * error)


def mean_bound(model, images, count):
    return iwae(importance_weights(model, images, count, seeded(99))).mean().item()


def test_more_codes_tighten_the_bound_and_never_pass_the_evidence():
    model = LinearGaussian(shift=0.4, stretch=0.6)
    images = model.images(300)

    bound = -elbo(model, images, normal_noise(300, 2)).negative.mean().item()
    tighter, tightest = mean_bound(model, images, 50), mean_bound(model, images, 2000)
    evidence = model.log_evidence(images).mean().item()

    assert bound + 0.5 < tighter < tightest - 0.1
    assert tightest < evidence < tightest + 0.3


def test_one_code_of_the_true_posterior_gives_the_evidence_exactly():
    model = LinearGaussian()
    images = model.images(20)

    bound = iwae(importance_weights(model, images, 1, seeded()))

    torch.testing.assert_close(bound, model.log_evidence(images))


@pytest.mark.parametrize("count", [1, 3, CHUNK - 1, CHUNK, CHUNK + 44])
def test_every_weight_belongs_to_its_image_and_its_code(count):
    model = LinearGaussian(shift=0.2, stretch=1.5)
    images = model.images(7)

    weights = importance_weights(model, images, count, seeded(3))

    noise = torch.randn(7, count, 2, generator=seeded(3)).double()
    mean, std = model.encode(images)
    z = mean[:, None] + std[:, None] * noise  # (7, count, 2)
    normal = torch.distributions.Normal
    log_q = normal(mean[:, None], std[:, None]).log_prob(z).sum(dim=2)
    log_prior = normal(0.0, 1.0).log_prob(z).sum(dim=2)
    log_likelihood = torch.stack([model.log_likelihood(images, codes) for codes in z.unbind(1)], 1)
    assert weights.shape == (7, count)
    torch.testing.assert_close(weights, log_likelihood + log_prior - log_q)


def test_the_encoder_may_look_at_another_image_than_the_one_explained():
    model = LinearGaussian()
    images, seen = model.images(4), model.images(4, seed=1)
    noise = normal_noise(4, 2)

    bound = elbo(model, images, noise, seen=seen)
    weights = importance_weights(model, images, 2000, seeded(), seen=seen)

    mean, std = model.encode(seen)
    torch.testing.assert_close(bound.kl, gaussian_kl(mean, std))
    expected = -model.log_likelihood(images, mean + std * noise)
    torch.testing.assert_close(bound.reconstruction, expected)
    assert weights.logsumexp(dim=1).isfinite().all()
    assert (weights.std(dim=1) > 0.1).all(), "q is not the posterior of what is explained"


def test_the_likelihoods_of_all_images_sum_to_one():
    """The mean weight is an unbiased estimate of p(x)."""
    model = tiny_vae(size=(2, 2), latent_dim=2)
    images = all_images(model.spec).float()

    weights = importance_weights(model, images, 20_000, seeded()).exp()

    error = (weights.var(dim=1) / weights.shape[1]).sum().sqrt().item()
    likelihoods = weights.mean(dim=1)
    assert error < 0.02
    assert likelihoods.sum().item() == pytest.approx(1, abs=4 * error)
    assert likelihoods.max() > 2 * likelihoods.mean(), "the distribution is not flat"


def test_a_grey_image_has_the_mean_likelihood_of_its_binarisations():
    model = tiny_vae(size=(2, 2))
    z = normal_noise(1, 3).float()
    grey = torch.tensor([0.0, 0.2, 0.5, 0.9])
    expected = 0.0
    for bits in itertools.product([0.0, 1.0], repeat=4):
        binary = torch.tensor(bits)
        chance = torch.where(binary == 1, grey, 1 - grey).prod()
        expected += chance * model.log_likelihood(binary.view(1, 1, 2, 2), z)

    torch.testing.assert_close(model.log_likelihood(grey.view(1, 1, 2, 2), z), expected)


def test_the_tighter_bound_is_the_logarithm_of_the_mean_weight():
    weights = torch.tensor([[0.2, 0.4, 0.6], [1e-3, 1e-3, 1e-3]]).double()

    assert iwae(weights.log()).exp().tolist() == pytest.approx([0.4, 1e-3])
    assert iwae(weights.log() - 2000).tolist() == pytest.approx(
        [math.log(0.4) - 2000, math.log(1e-3) - 2000]
    )


def test_weights_are_double_and_come_from_the_generator():
    model = tiny_vae()
    images = torch.rand(2, 1, 8, 8, generator=seeded())

    weights = importance_weights(model, images, 5, seeded(1))

    assert weights.dtype == torch.float64
    assert torch.equal(weights, importance_weights(model, images, 5, seeded(1)))
    assert not torch.equal(weights, importance_weights(model, images, 5, seeded(2)))
    with pytest.raises(ValueError, match="count must be at least 1, got 0"):
        importance_weights(model, images, 0, seeded())


def test_the_toy_is_a_latent_variable_model():
    assert isinstance(LinearGaussian(), LatentVariableModel)

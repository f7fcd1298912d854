"""What a code's dimensions are used for, on encoders that are known on paper."""

import torch
from latent_toys import LinearGaussian

from genlab.analysis.elbo import USED, gaussian_kl
from genlab.analysis.latent_codes import CHUNK, LEAST_SPREAD, Dimensions, measure_dimensions


class Pixels:
    """An encoder whose code is the first pixels, each times its own weight."""

    def __init__(self, *weights):
        self.latent_dim, self.weights = len(weights), torch.tensor(weights)

    def encode(self, images):
        """No spread, as of a plain autoencoder."""
        mean = images.flatten(1)[:, : self.latent_dim] * self.weights
        return mean, torch.zeros_like(mean)


class Gaussian(LinearGaussian):
    """A latent variable model with such codes and the same spread for all images."""

    def __init__(self, weights, spreads):
        super().__init__()
        self.pixels, self.spreads = Pixels(*weights), torch.tensor(spreads)
        self.latent_dim = len(spreads)

    def encode(self, images):
        """The pixels and the spreads."""
        mean, _ = self.pixels.encode(images)
        return mean, self.spreads.expand_as(mean)


def some_images(count=2 * CHUNK + 5):
    return torch.rand(count, 1, 2, 2, generator=torch.Generator().manual_seed(0))


def test_a_posterior_s_dimension_is_used_as_much_as_its_mean_kl():
    model, images = Gaussian([0.0, 2.0, 1.0], [1.0, 0.5, 1.0]), some_images()

    found = measure_dimensions(model, images)

    mean, std = model.encode(images)
    torch.testing.assert_close(found.use, gaussian_kl(mean, std).mean(dim=0))
    assert (found.unit, found.least) == ("nats", USED)
    assert found.order.tolist() == [1, 2, 0]
    assert found.is_used.tolist() == [False, True, True]


def test_an_autoencoder_s_dimension_is_used_as_much_as_its_code_varies():
    model, images = Pixels(0.1, 0.0, -3.0), some_images()

    found = measure_dimensions(model, images)

    torch.testing.assert_close(found.use, model.encode(images)[0].std(dim=0))
    assert (found.unit, found.least) == ("standard deviation", LEAST_SPREAD)
    assert found.order.tolist() == [2, 0, 1]
    assert found.is_used.tolist() == [True, False, True]


def test_the_range_is_that_of_all_images_codes():
    model, images = Pixels(2.0, -1.0), some_images()

    found = measure_dimensions(model, images)

    codes = images.flatten(1)[:, :2] * torch.tensor([2.0, -1.0])
    torch.testing.assert_close(found.low, codes.amin(dim=0))
    torch.testing.assert_close(found.high, codes.amax(dim=0))


def test_equally_used_dimensions_keep_their_order_and_the_least_use_counts():
    use = torch.tensor([0.5, 0.01, 2.0, 0.5, 0.0099])

    found = Dimensions(use, "nats", use, use, least=0.01)

    assert found.order.tolist() == [2, 0, 3, 1, 4]
    assert found.is_used.tolist() == [True, True, True, True, False]

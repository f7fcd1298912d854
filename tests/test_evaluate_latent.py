"""Figures of latent models that are known on paper, and which model has which."""

import math
import re
from contextlib import nullcontext

import numpy as np
import pytest
import torch
from latent_toys import CodedCoin, GreyCodedCoin
from lively import tiny_autoencoder, tiny_vae

pytest.importorskip("tqdm", reason="evaluation needs requirements-dev.txt")

from genlab.core.images import ImageSpec  # noqa: E402
from genlab.data import DataSet  # noqa: E402
from genlab.models.autoencoder import DenoisingAutoencoder, SparseAutoencoder  # noqa: E402
from genlab.models.vae import VAE  # noqa: E402
from train.errors import TrainingError  # noqa: E402
from train.evaluator import Subject, evaluators_of  # noqa: E402
from train.evaluators import elbo as bounds  # noqa: E402
from train.evaluators import reconstruction  # noqa: E402

SIDE = CodedCoin.SIDE
WHITE = 0.3
COUNT = 40


def grey_images(count=COUNT):
    """Images of all shades, each with its own mean."""
    generator = torch.Generator().manual_seed(9)
    images = torch.randint(256, (count, 1, SIDE, SIDE), generator=generator)
    return (images * torch.linspace(0, 1, count)[:, None, None, None]).to(torch.uint8)


def measure(model, images=None, *, quick=False):
    """All figures by name, as `python -m train.evaluate` measures them."""
    images = grey_images() if images is None else images

    def load(split):
        assert split == "test"
        return DataSet(images, torch.zeros(len(images), dtype=torch.int64), ("any",))

    subject = Subject(model, load, quick)
    found = [each for one in evaluators_of(model) for each in one.measure(subject)]
    names = [each.name for each in found]
    assert len(set(names)) == len(names), "no figure twice"
    return {each.name: each for each in found}


def coin(model=CodedCoin):
    """It knows how often a pixel is white, and its code does not help."""
    model = model()
    model.logit.data.fill_(math.log(WHITE / (1 - WHITE)))
    return model.requires_grad_(False)


def drawn(images, seed):
    """One binarisation, as genlab.data promises it, (N, 16) of 0 and 1."""
    uniforms = torch.rand(images.shape, generator=torch.Generator().manual_seed(seed))
    return (uniforms < images / 255).flatten(1).double().numpy()


def coin_nats(pixels):
    white = pixels.sum(axis=1)
    return -white * math.log(WHITE) - (SIDE**2 - white) * math.log(1 - WHITE)


def assert_mean(figure, values, abs=1e-4):
    assert figure.value == pytest.approx(np.mean(values), abs=abs)
    error = np.std(values, ddof=1) / math.sqrt(len(values))
    assert figure.standard_error == pytest.approx(error, abs=abs)
    assert figure.n == len(values)


@pytest.fixture
def short(monkeypatch):
    """Fewer images have the tighter bounds."""
    monkeypatch.setattr(bounds, "WHOLE", bounds.Effort(images=10_000, draws=5, few=30, many=6))


def test_the_bound_and_its_parts_are_means_over_five_draws_and_all_images(short):
    found = measure(coin())

    draws = [drawn(grey_images(), seed) for seed in range(5)]
    nats = np.mean([coin_nats(pixels) for pixels in draws], axis=0)
    kl = np.mean([pixels.mean(axis=1) ** 2 / 2 for pixels in draws], axis=0)
    assert_mean(found["reconstruction_nats"], nats)
    assert_mean(found["kl_nats"], kl)
    assert_mean(found["neg_elbo_nats_dynamic"], nats + kl)


def test_an_encoder_of_grey_images_sees_them_while_the_binarised_ones_are_explained(short):
    found = measure(coin(GreyCodedCoin))

    grey = (grey_images() / 255).flatten(1).double().numpy()
    nats = np.mean([coin_nats(drawn(grey_images(), seed)) for seed in range(5)], axis=0)
    assert_mean(found["reconstruction_nats"], nats)
    assert_mean(found["kl_nats"], grey.mean(axis=1) ** 2 / 2)
    pixels = (grey > 0.5).astype(float)
    expected = coin_nats(pixels) + grey.mean(axis=1) ** 2 / 2
    assert_mean(found["neg_elbo_nats_thresholded"], expected)


def test_the_thresholded_bound_is_that_of_thresholded_images(short):
    found = measure(coin())

    pixels = (grey_images().flatten(1).numpy() > 127).astype(float)
    expected = coin_nats(pixels) + pixels.mean(axis=1) ** 2 / 2
    assert_mean(found["neg_elbo_nats_thresholded"], expected)


@pytest.mark.parametrize(("name", "count"), [("iwae_100_nats", 30), ("iwae_nats", 6)])
@pytest.mark.parametrize("toy", [CodedCoin, GreyCodedCoin])
def test_the_tighter_bounds_are_nearly_the_evidence_of_the_first_draw(short, toy, name, count):
    figure = measure(coin(toy))[name]

    evidence = coin_nats(drawn(grey_images(), 0))[:count]
    assert_mean(figure, evidence, abs=0.05)
    assert f"K = {dict(iwae_100_nats=100, iwae_nats=5000)[name]}" in figure.note


def test_beside_a_tighter_bound_stands_the_bound_of_the_same_images(short):
    found = measure(coin())

    pixels = drawn(grey_images(), 0)
    expected = (coin_nats(pixels) + pixels.mean(axis=1) ** 2 / 2)[:6]
    assert f"−ELBO of the same images {expected.mean():.3f}" in found["iwae_nats"].note
    assert_mean(found["neg_elbo_nats_of_the_first"], expected)


def test_what_bfloat16_changes_is_measured_and_told(short, monkeypatch):
    found = measure(tiny_vae(size=(SIDE, SIDE)))["iwae_100_nats"]
    monkeypatch.setattr(torch, "autocast", lambda *_: nullcontext())
    exact = measure(tiny_vae(size=(SIDE, SIDE)))["iwae_100_nats"]

    assert "bfloat16 adds 0.000 ± 0.000" in exact.note
    change, error = map(float, re.search(r"bfloat16 adds (\S+) ± ([\d.]+)", found.note).groups())
    assert 0 < abs(found.value - exact.value) == pytest.approx(abs(change), abs=6e-4)
    assert error > 0


def test_a_dimension_without_kl_is_not_active(short):
    found = measure(coin())["active_dimensions"]

    assert (found.value, found.standard_error, found.n) == (1, 0, COUNT)
    assert found.note.startswith("of 2")


def test_the_bounds_of_a_network_are_ordered(short):
    found = measure(tiny_vae(size=(SIDE, SIDE)))

    total = found["reconstruction_nats"].value + found["kl_nats"].value
    assert found["neg_elbo_nats_dynamic"].value == pytest.approx(total)
    assert found["iwae_100_nats"].value > 0
    beside = float(found["iwae_100_nats"].note.split()[-1])
    assert found["iwae_100_nats"].value < beside - 0.1


def test_a_second_measurement_finds_the_same(short):
    model = tiny_vae(size=(SIDE, SIDE))

    assert measure(model) == measure(model)


def test_quick_takes_a_thousand_images_from_all_over_and_one_draw():
    images = grey_images(2_500)

    found = measure(coin(), images, quick=True)

    pixels = drawn(images[::2][:1_000], 0)
    assert_mean(found["reconstruction_nats"], coin_nats(pixels))
    assert found["iwae_100_nats"].n < 100
    assert found["iwae_nats"].n < 10


def test_more_than_two_levels_are_refused():
    model = coin()
    model.spec = ImageSpec(1, SIDE, SIDE, levels=6)

    with pytest.raises(TrainingError, match="with 6 levels .* Add an evaluator"):
        measure(model)


def lively(model):
    """A network that answers something."""
    generator = torch.Generator().manual_seed(0)
    for parameter in model.parameters():
        parameter.data.copy_(torch.randn(parameter.shape, generator=generator) / 3)
    return model.eval().requires_grad_(False)


def denoising(corruption="gaussian"):
    spec = ImageSpec(1, SIDE, SIDE)
    return lively(DenoisingAutoencoder(spec, 3, corruption=corruption, corruption_level=0.5))


def sparse():
    return lively(SparseAutoencoder(ImageSpec(1, SIDE, SIDE), 8, penalty="l1"))


def squared_errors(restored, images):
    """Of a pixel, in thousandths, (N,)."""
    return 1000 * ((restored - images).double() ** 2).mean(dim=(1, 2, 3)).numpy()


PLAIN = {"reconstruction_mse_thousandths"}
LEVELS = ("0.25", "0.5", "0.75", "1")
NAMES = {
    "vae": {
        *("neg_elbo_nats_dynamic", "neg_elbo_nats_thresholded", "reconstruction_nats"),
        *("kl_nats", "iwae_nats", "iwae_100_nats", "active_dimensions"),
        "neg_elbo_nats_of_the_first",
    },
    "autoencoder": PLAIN,
    "denoising": PLAIN.union(
        *(
            {f"restored_mse_thousandths_at_{each}", f"corrupted_mse_thousandths_at_{each}"}
            for each in LEVELS
        )
    ),
    "sparse": PLAIN | {"mean_activity", "share_of_codes_above_0.1", "silent_units"},
}


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (tiny_vae(size=(SIDE, SIDE)), NAMES["vae"]),
        (tiny_autoencoder(size=(SIDE, SIDE)), NAMES["autoencoder"]),
        (denoising(), NAMES["denoising"]),
        (sparse(), NAMES["sparse"]),
    ],
    ids=NAMES,
)
def test_a_model_has_the_figures_of_its_capabilities_each_once(model, names, short):
    assert set(measure(model)) == names


@pytest.mark.parametrize("make", [lambda: tiny_autoencoder(size=(SIDE, SIDE)), denoising, sparse])
def test_the_reconstruction_s_error_is_that_of_a_pixel(make):
    model, images = make(), grey_images() / 255

    found = measure(model)["reconstruction_mse_thousandths"]

    restored = model.decode(model.encode(images)[0])
    assert_mean(found, squared_errors(restored, images), abs=1e-4)


def test_noise_is_measured_as_it_is_seen_and_given_as_it_is():
    model, images = denoising(), grey_images() / 255

    found = measure(model)

    for level in LEVELS:
        generator = torch.Generator().manual_seed(0)
        noisy = images + float(level) * torch.randn(images.shape, generator=generator)
        seen = squared_errors(noisy.clamp(0, 1), images)
        assert_mean(found[f"corrupted_mse_thousandths_at_{level}"], seen, abs=1e-3)
        restored = model.decode(model.encode(noisy)[0])
        assert_mean(
            found[f"restored_mse_thousandths_at_{level}"],
            squared_errors(restored, images),
            abs=1e-3,
        )


def test_dropped_pixels_cost_their_own_square():
    found = measure(denoising("dropout"))

    lost = squared_errors(torch.zeros(()), grey_images() / 255)
    assert_mean(found["corrupted_mse_thousandths_at_1"], lost, abs=1e-4)
    half = found["corrupted_mse_thousandths_at_0.5"]
    assert half.value == pytest.approx(lost.mean() / 2, abs=4 * half.standard_error)


class Units(torch.nn.Module):
    """Three units: one is never at work, one always, one where the image is bright."""

    def __init__(self):
        super().__init__()
        self.spec, self.latent_dim, self.penalty = ImageSpec(1, SIDE, SIDE), 3, "none"

    def encode(self, images):
        """0.1, which is not above the threshold, 0.6, and the image's brightest pixel."""
        brightest = images.flatten(1).amax(dim=1)
        code = torch.stack([brightest * 0 + 0.1, brightest * 0 + 0.6, brightest], dim=1)
        return code, torch.zeros_like(code)

    def decode(self, z, labels=None):
        """Grey."""
        return z.new_full((len(z), *self.spec.shape), 0.5)


def test_the_activity_of_units_is_counted():
    found = measure(Units())

    brightest = (grey_images() / 255).flatten(1).amax(dim=1).double().numpy()
    assert_mean(found["mean_activity"], (0.7 + brightest) / 3, abs=1e-3)
    assert_mean(found["share_of_codes_above_0.1"], (1 + (brightest > 0.1)) / 3, abs=1e-3)
    silent = found["silent_units"]
    assert (silent.value, silent.standard_error, silent.n) == (1, 0, COUNT)


def test_quick_reconstructs_a_thousand_images_from_all_over():
    images = grey_images(2_500)
    model = tiny_autoencoder(size=(SIDE, SIDE))

    found = measure(model, images, quick=True)["reconstruction_mse_thousandths"]

    chosen = images[::2][:1_000] / 255
    restored = model.decode(model.encode(chosen)[0])
    assert_mean(found, squared_errors(restored, chosen), abs=1e-4)
    assert reconstruction.QUICK_IMAGES == 1_000


def test_the_model_is_left_as_it_was(short):
    model = tiny_vae(size=(SIDE, SIDE))
    strides = [parameter.stride() for parameter in model.parameters()]

    measure(model)

    assert [parameter.stride() for parameter in model.parameters()] == strides
    assert isinstance(model, VAE)

"""The network: its clock, its conditions, its U-Net, and the noise it predicts."""

import pytest
import torch
from diffusion_toys import CLASSES, tiny_ddpm
from lively import enliven

from genlab.core.images import ImageSpec
from genlab.core.noise_schedule import cosine_schedule
from genlab.core.protocols import Denoiser
from genlab.data import DataSet
from genlab.models.ddpm import CARDS, DDPM
from genlab.nn.time_embedding import time_waves
from genlab.nn.unet import ConditionedBlock, PositionEmbedding2d, SelfAttention2d, UNet, double
from genlab.store import skeleton
from train.recipes.ddpm import (
    BATCH,
    LABEL_DROP,
    PREVIEWS,
    RECIPES,
    chosen_noise,
    even_steps,
    fixed_noise,
    labelled_batches,
    squared_errors,
    validation_error,
    velocity_error,
)
from train.recipes.ddpm import (
    CLASSES as ALL_CLASSES,
)


def gaussian(*shape, seed=0):
    """float64 noise."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).double()


def asked(model, count=4):
    """Images, steps and labels for `predict_noise`, all different."""
    t = torch.arange(count) * (model.schedule.steps - 1) // max(count - 1, 1)
    return gaussian(count, *model.spec.shape), t, torch.arange(count) % CLASSES


def test_time_waves_are_those_of_diffusers():
    t = torch.tensor([0, 1, 17, 999])

    embeddings = pytest.importorskip("diffusers.models.embeddings")
    expected = embeddings.get_timestep_embedding(
        t, 32, flip_sin_to_cos=False, downscale_freq_shift=0
    )

    torch.testing.assert_close(time_waves(t, 32), expected)


def test_an_odd_number_of_time_waves_is_refused():
    with pytest.raises(ValueError, match="features must be even"):
        time_waves(torch.zeros(1), 7)


def test_a_fresh_block_is_its_bypass_and_a_fresh_attention_is_nothing():
    x, conditions = torch.randn(2, 8, 4, 4), torch.randn(2, 5)

    assert torch.equal(ConditionedBlock(8, 8, 5)(x, conditions), x)
    assert torch.equal(SelfAttention2d(8)(x), x)


def test_what_is_known_of_a_place_is_added_to_every_image_alike():
    embedding, x = PositionEmbedding2d(3, 4, 5), torch.randn(2, 3, 4, 5)
    assert torch.equal(embedding(x), x)

    torch.nn.init.normal_(embedding.places)

    torch.testing.assert_close(embedding(x) - x, embedding.places.expand(2, -1, -1, -1))


def test_doubling_repeats_every_pixel_as_interpolation_to_the_nearest_does():
    x = torch.randn(2, 3, 4, 5)

    assert torch.equal(double(x), torch.nn.functional.interpolate(x, scale_factor=2.0))


def test_a_fresh_u_net_is_as_good_as_one_without_places_and_the_second_middle_block():
    torch.manual_seed(0)
    network = enliven(UNet(1, 12, 12, (8, 16), 5))
    fresh = UNet(1, 12, 12, (8, 16), 5)
    network.places, network.middle_after = fresh.places, fresh.middle_after
    x, conditions = torch.randn(2, 1, 12, 12), torch.randn(2, 5)

    found = network(x, conditions)
    network.places = network.middle_after = Passing()

    assert torch.equal(found, network(x, conditions))


class Passing(torch.nn.Module):
    """What comes in, whatever the conditions."""

    def forward(self, x, conditions=None):
        return x


def test_a_u_net_keeps_the_shape_at_any_depth():
    for widths in [(8,), (8, 16), (8, 8, 16)]:
        network = UNet(2, 12, 8, widths, 5)
        assert network(torch.randn(3, 2, 12, 8), torch.randn(3, 5)).shape == (3, 2, 12, 8)


def test_both_cards_are_denoisers_of_about_a_million_weights():
    assert {card.name for card in CARDS} == {"ddpm-mnist", "ddpm-fashion"}
    for card in CARDS:
        network = skeleton(card)
        assert isinstance(network, Denoiser)
        assert network.spec == ImageSpec(1, 28, 28)
        assert (network.classes, network.null_label, network.schedule.steps) == (10, 10, 1000)
        assert 900_000 < sum(each.numel() for each in network.parameters()) < 1_100_000
        assert network.schedule.alpha_bars.device.type == "cpu"  # a skeleton has it too


def test_the_noise_follows_from_the_velocity():
    model = tiny_ddpm().double()
    x_t, t, labels = asked(model)

    noise = model.predict_noise(x_t, t, labels)

    signal, rest = model.schedule.amplitudes(t)
    x_0 = (x_t - rest * noise) / signal
    torch.testing.assert_close(signal * noise - rest * x_0, model(x_t, t, labels))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_noise_has_the_shape_and_the_type_of_what_was_asked(dtype):
    model = tiny_ddpm()
    x_t, t, labels = asked(model)

    noise = model.predict_noise(x_t.to(dtype), t, labels)

    assert (noise.shape, noise.dtype) == (x_t.shape, dtype)
    assert noise.isfinite().all()


def test_each_image_s_noise_depends_on_its_own_image_time_and_class_alone():
    model = tiny_ddpm().double()
    x_t, t, labels = asked(model)

    together = model.predict_noise(x_t, t, labels)

    for i in range(4):
        one = slice(i, i + 1)
        alone = model.predict_noise(x_t[one], t[one], labels[one])
        torch.testing.assert_close(alone, together[one], rtol=1e-9, atol=1e-9)


def test_time_and_class_matter_and_no_class_is_the_null_class():
    model = tiny_ddpm().double()
    x_t = gaussian(1, *model.spec.shape).expand(CLASSES + 1, -1, -1, -1)
    t, labels = torch.full((CLASSES + 1,), 50), torch.arange(CLASSES + 1)

    by_class = model.predict_noise(x_t, t, labels)
    by_time = model.predict_noise(x_t, torch.tensor([10, 40, 70, 99]), labels * 0)

    for found in (by_class, by_time):
        assert min(torch.pdist(found.flatten(1))) > 1e-3
    torch.testing.assert_close(model.predict_noise(x_t[:1], t[:1]), by_class[model.null_label :])


def test_labels_that_do_not_exist_are_refused():
    model = tiny_ddpm()
    x_t, t, _ = asked(model, 2)

    for labels in ([-1, 0], [0, CLASSES + 1]):
        with pytest.raises(ValueError, match="labels must be from 0"):
            model.predict_noise(x_t, t, torch.tensor(labels))
    with pytest.raises(ValueError, match="shape"):
        model.predict_noise(x_t, t, torch.zeros(3, dtype=torch.int64))


def test_every_weight_gets_a_gradient_and_a_pass_changes_none():
    model = tiny_ddpm().requires_grad_(True)
    x_t, t, labels = asked(model)
    before = [each.clone() for each in model.parameters()]

    model.predict_noise(x_t.float(), t, labels).square().mean().backward()
    model.predict_noise(x_t.float(), t).square().mean().backward()

    still = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert still == []
    assert all(map(torch.equal, model.parameters(), before))


def test_a_fresh_network_predicts_the_noise_that_costs_least_without_knowing_anything():
    model = DDPM(ImageSpec(1, 8, 8), schedule=cosine_schedule(50), widths=(8,), conditions=8)
    x_t, t, labels = asked(model)

    noise = model.predict_noise(x_t, t, labels)

    torch.testing.assert_close(noise, model.schedule.amplitudes(t)[1] * x_t)  # v = 0


def random_data(count, *, side=8):
    """Random bytes, the classes in turn."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (count, 1, side, side), generator=generator, dtype=torch.uint8)
    return DataSet(images, torch.arange(count) % CLASSES, tuple("abc"))


def test_the_steps_of_a_batch_are_random_and_evenly_spread():
    torch.manual_seed(0)
    cpu = torch.device("cpu")

    drawn = torch.stack([even_steps(8, 40, cpu) for _ in range(2_000)])

    gaps = drawn.sort(dim=1).values.diff(dim=1)
    assert gaps.min() >= 4
    assert gaps.max() <= 6  # five steps apart, but for rounding
    for place in (0, 5):
        counts = torch.bincount(drawn[:, place], minlength=40)
        assert len(counts) == 40
        assert counts.min() > 20  # of 50


def test_the_error_is_that_of_the_velocity():
    model = tiny_ddpm().double()
    t, labels = torch.tensor([0, 50, 99]), torch.tensor([0, 1, CLASSES])
    images, noise = gaussian(3, 1, 8, 8).sigmoid(), gaussian(3, 1, 8, 8, seed=1)

    found = squared_errors(model, images, labels, t, noise)

    signal, rest = model.schedule.amplitudes(t)
    x_t = signal * (images * 2 - 1) + rest * noise
    predicted = model.predict_noise(x_t, t, labels)
    of_noise = (predicted - noise).square().flatten(1).mean(dim=1)
    torch.testing.assert_close(found, of_noise / model.schedule.alpha_bars[t])  # ε − ε̂ = √ᾱ (v − v̂)


def test_a_loss_is_drawn_anew_and_the_validation_is_not():
    model, data = tiny_ddpm(), random_data(300)
    batch = {"images": data.images / 255, "labels": data.labels}

    losses = [velocity_error(model, batch)["loss"].item() for _ in range(2)]
    found = [validation_error(model, data) for _ in range(2)]

    assert losses[0] != losses[1]
    assert found[0] == found[1]
    assert found[0] == pytest.approx(sum(losses) / 2, rel=0.2)


def test_batches_are_grey_images_whose_class_is_dropped_at_times():
    data = random_data(BATCH * 20)

    batches = labelled_batches(data, torch.Generator().manual_seed(0))
    drawn = [next(batches) for _ in range(20)]

    labels = torch.cat([batch["labels"] for batch in drawn])
    images = torch.cat([batch["images"] for batch in drawn])
    assert (labels == ALL_CLASSES).double().mean().item() == pytest.approx(LABEL_DROP, abs=0.03)
    assert (images.min(), images.max()) == (0, 1)
    assert drawn[0]["images"].shape == (BATCH, 1, 8, 8)


def test_the_film_s_pictures_come_from_noise_that_no_weight_changes():
    first, second = tiny_film_model(0), tiny_film_model(1)

    pictures = [fixed_noise(model) for model in (first, second)]

    assert torch.equal(chosen_noise(first), chosen_noise(second))
    assert pictures[0].shape == (PREVIEWS, 1, 8, 8)
    assert not torch.equal(*pictures)
    assert torch.equal(pictures[0], fixed_noise(first))
    for recipe in RECIPES:
        assert len(recipe.film.seeds) == len(recipe.film.classes) == PREVIEWS


def tiny_film_model(seed):
    """With as many classes as the film shows."""
    spec = ImageSpec(1, 8, 8)
    model = DDPM(spec, schedule=cosine_schedule(50), widths=(8,), conditions=8)
    return enliven(model, seed).requires_grad_(False)

"""The laws behind each capability, tried on every card: with its trained weights where they are
here, else with lively random ones. A runtime protocol sees names only."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
import torch.nn.functional as F
from lively import enliven

from genlab.analysis.elbo import elbo
from genlab.core.images import ImageSpec
from genlab.core.noise_schedule import NoiseSchedule
from genlab.core.protocols import (
    Autoregressive,
    Conditional,
    ConditionalDecoder,
    Critic,
    Denoiser,
    Encoder,
    Incremental,
    LatentDecoder,
    LatentPrior,
    LatentVariableModel,
    Restorer,
    SparseCoder,
)
from genlab.inference.autoregressive import FullPassStepper
from genlab.inference.diffusion_steps import predict
from genlab.inference.sampling import capabilities_of
from genlab.nn.corruption import CORRUPTIONS
from genlab.store import ModelStore, skeleton

CARDS = ModelStore().cards


def with_capability(capability):
    """Parametrises a test with all cards whose network has the capability."""
    cards = [card for card in CARDS if isinstance(skeleton(card), capability)]
    return pytest.mark.parametrize("card", cards, ids=lambda card: card.name)


def keeping_the_laws(mark):
    """The same, less the cards that leak on purpose; these have their own test."""
    name, cards = mark.args
    kept = [card for card in cards if not (card.masked and card.masked.leaks)]
    return pytest.mark.parametrize(name, kept, **mark.kwargs)


every_card = with_capability(object)
autoregressive = with_capability(Autoregressive)
incremental = with_capability(Incremental)
causal = keeping_the_laws(autoregressive)
leaky = pytest.mark.parametrize(
    "card",
    [card for card in CARDS if card.masked and card.masked.leaks],
    ids=lambda card: card.name,
)
conditional = with_capability(Conditional)
decoding = with_capability(LatentDecoder)
encoding = with_capability(Encoder)
with_a_prior = with_capability(LatentPrior)
with_critic = with_capability(Critic)
told_the_class = with_capability(ConditionalDecoder)
latent_variable = with_capability(LatentVariableModel)
restoring = with_capability(Restorer)
sparse = with_capability(SparseCoder)
denoising = with_capability(Denoiser)


@pytest.fixture
def model(card, store):
    """The card's network, nobody else's."""
    if store.has_weights(card.name):
        return store.get(card.name)
    return enliven(card.build()).requires_grad_(False)


def noise(spec, count, seed=0):
    """(count, C, H, W) int64 levels."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(spec.levels, (count, *spec.shape), generator=generator)


def parameter_bytes(model):
    return {name: value.numpy().tobytes() for name, value in model.state_dict().items()}


@every_card
def test_a_network_has_a_capability(card):
    assert capabilities_of(skeleton(card))


@every_card
def test_building_needs_no_checkpoint_and_no_memory(card):
    network = skeleton(card)

    assert all(parameter.is_meta for parameter in network.parameters())


@autoregressive
def test_logits_have_the_shape_of_the_spec(card, model):
    assert isinstance(model.spec, ImageSpec)
    pixels = noise(model.spec, 2)

    logits = model.logits(pixels)

    assert logits.shape == (2, model.spec.levels, *model.spec.shape)
    assert logits.dtype == torch.float32
    assert logits.isfinite().all()


@autoregressive
def test_the_probabilities_of_a_pixel_s_levels_sum_to_one(card, model):
    probabilities = model.logits(noise(model.spec, 2)).softmax(dim=1)

    assert (probabilities.amin(dim=1) < 1).all(), "a constant level has nothing to sum"
    torch.testing.assert_close(probabilities.sum(dim=1), torch.ones(2, *model.spec.shape))


def perturbed(pixels, spec, first, last):
    """A copy in which every value of the pixels first … last − 1, in raster order, is another."""
    moved = pixels.flatten(2).clone()
    moved[..., first:last] = (moved[..., first:last] + 1) % spec.levels
    return moved.view_as(pixels)


def places(spec):
    """Pixels in raster order: the corners and their neighbours, and one in the middle."""
    count, width = spec.height * spec.width, spec.width
    return [0, 1, width - 1, width, count // 2 + width // 2, count - width, count - 2, count - 1]


@causal
def test_logits_of_a_pixel_do_not_move_with_it_and_later_pixels(card, model):
    model = model.double()
    pixels = noise(model.spec, 1)
    logits = model.logits(pixels).flatten(3)

    for pixel in places(model.spec):
        moved = model.logits(perturbed(pixels, model.spec, pixel, None)).flatten(3)
        assert torch.equal(logits[..., : pixel + 1], moved[..., : pixel + 1]), pixel


@leaky
def test_a_leaky_card_s_pixel_moves_with_itself_and_with_no_later_one(card, model):
    model = model.double()
    pixels = noise(model.spec, 1)
    logits = model.logits(pixels).flatten(3)

    for pixel in places(model.spec):
        itself = model.logits(perturbed(pixels, model.spec, pixel, pixel + 1)).flatten(3)
        later = model.logits(perturbed(pixels, model.spec, pixel + 1, None)).flatten(3)
        assert not torch.equal(logits[..., pixel], itself[..., pixel]), pixel
        assert torch.equal(logits[..., : pixel + 1], later[..., : pixel + 1]), pixel


@autoregressive
def test_logits_of_a_pixel_move_with_earlier_pixels(card, model):
    model = model.double()
    pixels = noise(model.spec, 1)
    logits = model.logits(pixels).flatten(3)

    for pixel in places(model.spec)[1:]:
        moved = model.logits(perturbed(pixels, model.spec, 0, pixel)).flatten(3)
        assert not torch.equal(logits[..., pixel], moved[..., pixel]), pixel


@autoregressive
def test_logits_of_an_image_do_not_depend_on_its_batch(card, model):
    model = model.double()
    pixels = noise(model.spec, 4)

    together = model.logits(pixels)

    for index in range(4):
        alone = model.logits(pixels[index : index + 1])
        torch.testing.assert_close(alone[0], together[index], rtol=1e-9, atol=1e-9)


@autoregressive
def test_every_parameter_gets_a_gradient(card, model):
    model.requires_grad_(True)
    pixels = noise(model.spec, 2)

    F.cross_entropy(model.logits(pixels), pixels).backward()

    still = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert still == []


@autoregressive
def test_a_pass_never_changes_the_weights(card, model):
    before = parameter_bytes(model)

    model.logits(noise(model.spec, 2))

    assert parameter_bytes(model) == before


@autoregressive
def test_visitors_at_once_get_what_each_gets_alone(card, model):
    batches = [noise(model.spec, 1, seed) for seed in range(4)] * 8
    alone = [model.logits(pixels) for pixels in batches[:4]] * 8

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(model.logits, batches))

    assert all(map(torch.equal, alone, together))


def stepwise_logits(stepper, pixels, spec):
    """All logits as a stepper gives them, (B, levels, C, H, W); what is undrawn holds garbage."""
    logits = torch.full((len(pixels), spec.levels, *spec.shape), torch.nan)
    seen = noise(spec, len(pixels), seed=1)
    for front in stepper.fronts:
        rows, columns = front.unbind(dim=1)
        logits[..., rows, columns] = stepper.step(front, seen).permute(0, 3, 2, 1)
        seen[..., rows, columns] = pixels[..., rows, columns]
    return logits


@keeping_the_laws(incremental)
def test_the_cached_stepper_equals_the_full_pass_in_every_order(card, model):
    pixels = noise(model.spec, 3)
    expected = model.logits(pixels)

    for order in model.orders:
        stepper = model.stepper(3, order=order)
        logits = stepwise_logits(stepper, pixels, model.spec)
        torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-4, msg=order)


@leaky
def test_a_leaky_card_s_stepper_reads_what_the_full_pass_reads_of_the_undrawn_pixel(card, model):
    pixels = noise(model.spec, 3)
    seen = noise(model.spec, 3, seed=1)
    steppers = [model.stepper(3, order="raster"), FullPassStepper(model)]

    for front in steppers[0].fronts[:60]:
        cached, full = (stepper.step(front, seen) for stepper in steppers)
        torch.testing.assert_close(cached, full, rtol=1e-4, atol=1e-4)
        ((row, column),) = front.tolist()
        seen[..., row, column] = pixels[..., row, column]


@incremental
def test_a_stepper_never_changes_the_weights(card, model):
    before = parameter_bytes(model)
    pixels = noise(model.spec, 1)

    for order in model.orders:
        stepwise_logits(model.stepper(1, order=order), pixels, model.spec)

    assert parameter_bytes(model) == before


@incremental
def test_fronts_hold_every_pixel_once(card, model):
    _, height, width = model.spec.shape
    raster = torch.cartesian_prod(torch.arange(height), torch.arange(width))

    for order in model.orders:
        positions = torch.cat(list(model.stepper(1, order=order).fronts)).tolist()
        assert sorted(positions) == raster.tolist(), order


@incremental
def test_raster_is_on_offer_and_is_the_naive_sampler_s_order(card, model):
    naive = FullPassStepper(model)
    raster = model.stepper(1, order="raster")

    assert torch.cat(list(raster.fronts)).tolist() == torch.cat(list(naive.fronts)).tolist()
    assert {len(front) for front in raster.fronts} == {1}
    assert "raster" in model.orders


@incremental
def test_orders_come_the_fastest_first(card, model):
    fronts = [len(model.stepper(1, order=order).fronts) for order in model.orders]

    assert fronts == sorted(fronts)


@conditional
def test_every_class_has_logits_of_its_own_and_no_class_is_the_null_class(card, model):
    pixels = noise(model.spec, 1)

    logits = [model.logits(pixels, torch.tensor([k])) for k in range(model.classes + 1)]

    assert model.null_label == model.classes
    assert torch.equal(model.logits(pixels), logits[model.null_label])
    for index, one in enumerate(logits):
        assert not any(torch.equal(one, other) for other in logits[:index])


@conditional
def test_a_class_that_does_not_exist_is_refused(card, model):
    for label in (-1, model.classes + 1):
        with pytest.raises(ValueError, match="labels must be from 0"):
            model.logits(noise(model.spec, 1), torch.tensor([label]))


def codes(model, count, seed=0):
    """(count, D) as a Gaussian deals them."""
    return torch.randn(count, model.latent_dim, generator=torch.Generator().manual_seed(seed))


def labels_of(model, count):
    """The second class for all, (count,); None for a model without classes."""
    known = isinstance(model, ConditionalDecoder)
    return torch.ones(count, dtype=torch.int64) if known else None


def decode(model, z):
    """Images of codes; those of one class where there are classes."""
    return model.decode(z, labels_of(model, len(z)))


def score(model, images):
    """Scores of images, all taken for the second class where there are classes."""
    return model.score(images, labels_of(model, len(images)))


def grey_images(model, count, seed=0):
    """(count, C, H, W) in [0, 1]; no pixel is certain."""
    return torch.rand(count, *model.spec.shape, generator=torch.Generator().manual_seed(seed))


@decoding
def test_decoded_codes_are_images_of_the_spec(card, model):
    images = decode(model, codes(model, 5))

    assert isinstance(model.spec, ImageSpec)
    assert (images.shape, images.dtype) == ((5, *model.spec.shape), torch.float32)
    assert (images >= 0).all()
    assert (images <= 1).all()
    assert images.std(dim=0).max() > 0.01, "other codes are other images"


@decoding
def test_decoding_has_no_luck_and_never_changes_the_weights(card, model):
    before, z = parameter_bytes(model), codes(model, 5)

    first = decode(model, z)

    assert torch.equal(decode(model, z), first)
    assert parameter_bytes(model) == before


@decoding
def test_a_decoded_code_does_not_depend_on_its_batch(card, model):
    model, z = model.double(), codes(model, 4).double()

    together = decode(model, z)

    for index in range(4):
        alone = decode(model, z[index : index + 1])
        torch.testing.assert_close(alone[0], together[index], rtol=1e-9, atol=1e-9)


@decoding
def test_every_number_of_a_code_moves_the_image(card, model):
    model = model.double()
    z = model.encode(grey_images(model, 1).double())[0] if isinstance(model, Encoder) else None
    z = codes(model, 1).double() if z is None else z
    moved = z + torch.eye(model.latent_dim).double()

    images = decode(model, torch.cat([z, moved]))

    assert ((images[1:] - images[0]).flatten(1).abs().amax(dim=1) > 0).all()


@decoding
def test_a_code_far_out_is_a_finite_image(card, model):
    assert decode(model, 20 * codes(model, 4).sign()).isfinite().all()


@encoding
def test_encoded_images_have_a_mean_and_a_spread_for_each_number(card, model):
    mean, std = model.encode(grey_images(model, 5))

    assert mean.shape == std.shape == (5, model.latent_dim)
    assert mean.dtype == std.dtype == torch.float32
    assert mean.isfinite().all()
    assert mean.std(dim=0).max() > 1e-4, "other images are other codes"
    assert std.isfinite().all()
    assert (std > 0).all() if isinstance(model, LatentVariableModel) else (std == 0).all()


@encoding
def test_encoding_has_no_luck_and_never_changes_the_weights(card, model):
    before, images = parameter_bytes(model), grey_images(model, 5)

    first = model.encode(images)

    assert all(map(torch.equal, model.encode(images), first))
    assert parameter_bytes(model) == before


@encoding
def test_an_encoded_image_does_not_depend_on_its_batch(card, model):
    model, images = model.double(), grey_images(model, 4).double()

    together = torch.cat(model.encode(images), dim=1)

    for index in range(4):
        alone = torch.cat(model.encode(images[index : index + 1]), dim=1)
        torch.testing.assert_close(alone[0], together[index], rtol=1e-9, atol=1e-9)


@encoding
def test_every_parameter_gets_a_gradient_through_the_code(card, model):
    model.requires_grad_(True)
    images = grey_images(model, 8)

    if isinstance(model, LatentVariableModel):
        elbo(model, images, codes(model, 8)).negative.mean().backward()
    else:
        F.mse_loss(model.decode(model.encode(images)[0]), images).backward()

    still = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert still == []


@decoding
def test_decoding_visitors_at_once_get_what_each_gets_alone(card, model):
    batches = [codes(model, 1, seed) for seed in range(4)] * 8
    alone = [decode(model, z) for z in batches[:4]] * 8

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda z: decode(model, z), batches))

    assert all(map(torch.equal, alone, together))


@encoding
def test_encoding_visitors_at_once_get_what_each_gets_alone(card, model):
    batches = [grey_images(model, 1, seed) for seed in range(4)] * 8
    alone = [model.encode(images)[0] for images in batches[:4]] * 8

    with ThreadPoolExecutor(4) as pool:
        together = [mean for mean, _ in pool.map(model.encode, batches)]

    assert all(map(torch.equal, alone, together))


@decoding
def test_a_decoder_without_classes_refuses_labels(card, model):
    if isinstance(model, ConditionalDecoder):
        return  # which has laws of its own
    with pytest.raises(ValueError, match="labels must be None"):
        model.decode(codes(model, 1), torch.zeros(1, dtype=torch.int64))


@with_a_prior
def test_the_prior_s_codes_come_from_the_generator(card, model):
    first, again, other = (
        model.sample_prior(3, torch.Generator().manual_seed(seed)) for seed in (5, 5, 6)
    )

    assert first.shape == (3, model.latent_dim)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@latent_variable
def test_the_prior_is_a_standard_gaussian(card, model):
    z = model.sample_prior(20_000, torch.Generator().manual_seed(0)).flatten()

    assert z.mean().item() == pytest.approx(0, abs=0.03)
    assert z.std().item() == pytest.approx(1, abs=0.03)
    assert (z.abs() < 1).double().mean().item() == pytest.approx(0.6827, abs=0.01)


@latent_variable
def test_pixels_given_the_code_are_coins_with_the_decoded_chances(card, model):
    model, z = model.double(), codes(model, 3).double()
    binary = noise(model.spec, 3).double()

    nats = model.log_likelihood(binary, z)

    white = model.decode(z)
    chances = torch.where(binary == 1, white, 1 - white)
    torch.testing.assert_close(nats, chances.log().sum(dim=(1, 2, 3)))
    assert isinstance(model.sees_grey, bool)


@restoring
def test_a_restorer_knows_what_it_was_trained_to_undo_and_takes_it(card, model):
    corrupt = CORRUPTIONS[model.corruption]

    seen = corrupt(grey_images(model, 4), 1.0, torch.Generator().manual_seed(0))

    assert 0 < model.corruption_level <= 1
    assert model.decode(model.encode(seen)[0]).isfinite().all()


@sparse
def test_sparse_codes_are_between_zero_and_one(card, model):
    mean, _ = model.encode(grey_images(model, 20))

    assert (mean >= 0).all()
    assert (mean <= 1).all()
    assert model.penalty in ("l1", "kl", "none")


@told_the_class
def test_every_class_decodes_a_code_to_an_image_of_its_own(card, model):
    z = codes(model, 1).repeat(model.classes, 1)

    images = model.decode(z, torch.arange(model.classes))

    for index, image in enumerate(images):
        assert not any(torch.equal(image, other) for other in images[:index])


@told_the_class
def test_a_network_that_is_told_the_class_refuses_to_guess_it(card, model):
    with pytest.raises(ValueError, match="labels are needed"):
        model.decode(codes(model, 1))


@with_critic
def test_a_critic_has_one_opinion_of_each_image_whatever_its_batch(card, model):
    model, images = model.double(), grey_images(model, 4).double()

    together = score(model, images)

    assert together.shape == (4,)
    assert together.std() > 1e-6, "other images, other opinions"
    for index in range(4):
        alone = score(model, images[index : index + 1])
        torch.testing.assert_close(alone[0], together[index], rtol=1e-9, atol=1e-9)


@with_critic
def test_judging_has_no_luck_and_never_changes_the_weights(card, model):
    before, images = parameter_bytes(model), grey_images(model, 5)

    first = score(model, images)

    assert torch.equal(score(model, images), first)
    assert parameter_bytes(model) == before


@with_critic
def test_every_parameter_gets_a_gradient_through_the_score(card, model):
    model.requires_grad_(True)
    labels = torch.arange(64) % 10 if isinstance(model, ConditionalDecoder) else None

    model.score(model.decode(codes(model, 64), labels), labels).sum().backward()

    still = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert still == []


def noised(model, count, seed=0):
    """(count, C, H, W) float64 pure noise, as it is at the last step."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, *model.spec.shape, generator=generator).double()


def steps_of(model, count):
    """The first step, the last and some between, (count,)."""
    return torch.linspace(0, model.schedule.steps - 1, count).long()


@denoising
def test_predicted_noise_has_the_shape_and_the_type_of_what_it_is_seen_in(card, model):
    for dtype in (torch.float32, torch.float64):
        found = model.predict_noise(noised(model, 5).to(dtype), steps_of(model, 5))

        assert isinstance(model.spec, ImageSpec)
        assert isinstance(model.schedule, NoiseSchedule)
        assert (found.shape, found.dtype) == ((5, *model.spec.shape), dtype)
        assert found.isfinite().all()


@denoising
def test_denoising_has_no_luck_and_never_changes_the_weights(card, model):
    before, x_t, t = parameter_bytes(model), noised(model, 3), steps_of(model, 3)

    first = model.predict_noise(x_t, t)

    assert torch.equal(model.predict_noise(x_t, t), first)
    assert parameter_bytes(model) == before


@denoising
def test_predicted_noise_does_not_depend_on_the_batch(card, model):
    model = model.double()
    x_t, t, labels = noised(model, 4), steps_of(model, 4), torch.tensor([3, 0, model.null_label, 1])

    together = model.predict_noise(x_t, t, labels)

    for index in range(4):
        own = slice(index, index + 1)
        alone = model.predict_noise(x_t[own], t[own], labels[own])
        torch.testing.assert_close(alone[0], together[index], rtol=1e-9, atol=1e-9)


@denoising
def test_no_label_is_the_null_label_and_every_label_has_a_noise_of_its_own(card, model):
    count = model.classes + 1
    x_t, t = noised(model, 1).expand(count, -1, -1, -1), torch.full((count,), 600)

    found = model.predict_noise(x_t, t, torch.arange(count))

    assert model.null_label == model.classes
    null = torch.full((count,), model.null_label)
    assert torch.equal(model.predict_noise(x_t, t), model.predict_noise(x_t, t, null))
    differences = (found[:, None] - found).abs().flatten(2).amax(dim=2)
    assert (differences + torch.eye(count) > 1e-3).all()


@denoising
def test_the_step_changes_the_predicted_noise(card, model):
    x_t = noised(model, 1).expand(5, -1, -1, -1)

    found = model.predict_noise(x_t, steps_of(model, 5))

    for one, other in zip(found, found[1:], strict=False):
        assert (one - other).abs().amax() > 1e-2


@denoising
def test_a_label_that_does_not_exist_is_refused(card, model):
    for label in (-1, model.null_label + 1):
        with pytest.raises(ValueError, match="labels must be from 0"):
            model.predict_noise(noised(model, 1), steps_of(model, 1), torch.tensor([label]))


@denoising
def test_what_is_seen_in_an_image_is_the_image_again(card, model):
    for t in steps_of(model, 5).tolist():
        for clip in (False, True):
            seen = predict(model, noised(model, 2), t, clip=clip)

            again = seen.alpha_bar**0.5 * seen.x0_hat + (1 - seen.alpha_bar) ** 0.5 * seen.noise
            torch.testing.assert_close(again, seen.x_t, rtol=1e-5, atol=1e-5)
            assert not clip or seen.x0_hat.abs().max() <= 1


@denoising
def test_the_image_behind_nearly_pure_noise_survives_the_network_s_own_precision(card, model):
    last, x_t = model.schedule.steps - 1, noised(model, 2)

    in_single = predict(model, x_t, last, clip=False).x0_hat
    in_double = predict(model.double(), x_t, last, clip=False).x0_hat

    torch.testing.assert_close(in_single, in_double, rtol=1e-3, atol=1e-3)


@denoising
def test_every_parameter_gets_a_gradient_through_the_noise(card, model):
    model.requires_grad_(True)
    count = model.classes + 1
    x_t, t = noised(model, count).float(), steps_of(model, count)

    model.predict_noise(x_t, t, torch.arange(count)).square().sum().backward()

    still = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert still == []


@denoising
def test_denoising_visitors_at_once_get_what_each_gets_alone(card, model):
    batches = [noised(model, 1, seed) for seed in range(4)] * 4
    t = torch.tensor([500])
    alone = [model.predict_noise(x_t, t) for x_t in batches[:4]] * 4

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda x_t: model.predict_noise(x_t, t), batches))

    assert all(map(torch.equal, alone, together))

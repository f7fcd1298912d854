"""Codes and their pictures: what is decoded, walked along, averaged and dealt."""

import math

import pytest
import torch
from lively import CLASSES, tiny_autoencoder, tiny_conditional_gan, tiny_vae

from genlab.core.errors import InputError
from genlab.core.images import to_picture
from genlab.core.protocols import LatentPrior
from genlab.inference.latent import (
    CHUNK,
    FARTHEST,
    MAX_CODES,
    MAX_SEED,
    aggregated_codes,
    along_axis,
    checked_codes,
    combine,
    cross_fade,
    decode_points,
    encode_images,
    interpolate_codes,
    length,
    plane_codes,
    posterior_codes,
    prior_codes,
)
from genlab.inference.prior_samples import SAMPLER, OfClass, sample, truncate_codes

D = 3  # of the tiny models


@pytest.fixture
def vae():
    return tiny_vae()


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def some_images(count, seed=0):
    return torch.rand(count, 1, 8, 8, generator=seeded(seed))


def some_codes(count, seed=0, numbers=D):
    return torch.randn(count, numbers, generator=seeded(seed))


@pytest.mark.parametrize("z", [[0.5, -1, 2], torch.tensor([[0.5, -1.0, 2.0]])], ids=["list", "row"])
def test_one_code_is_a_batch_of_one(vae, z):
    assert torch.equal(checked_codes(vae, z), torch.tensor([[0.5, -1.0, 2.0]]))


@pytest.mark.parametrize(
    ("z", "says"),
    [
        ([0.0, math.nan, 0.0], "from −20 to 20"),
        ([0.0, math.inf, 0.0], "from −20 to 20"),
        ([0.0, 0.0, -20.5], "from −20 to 20"),
        ([0.0, 1e300, 0.0], "from −20 to 20"),
        ([0.0, 0.0], "has 3 numbers, got 2"),
        ([], "has 3 numbers, got 0"),
        ([[0.0] * 4] * 2, "has 3 numbers, got 4"),
        (torch.zeros(MAX_CODES + 1, D), f"From 1 to {MAX_CODES} codes .* got {MAX_CODES + 1}"),
        (torch.zeros(0, D), "codes .* got 0"),
        ("0,0,0", "must be a list of numbers"),
        (None, "must be a list of numbers"),
        ({"z": 1}, "must be a list of numbers"),
        ([[0.0, 0.0, 0.0], [0.0]], "must be a list of numbers"),
        ([0.0, "x", 0.0], "must be a list of numbers"),
        ([0.0, None, 0.0], "must be a list of numbers"),
        ([0.0, 10**400, 0.0], "must be a list of numbers"),
        ([0.0, 1j, 0.0], "must be a list of numbers"),
        (1.0, "has 3 numbers"),
    ],
    ids=lambda each: repr(each)[:24] if not isinstance(each, torch.Tensor) else str(each.shape),
)
def test_what_is_no_code_is_refused_with_a_remedy(vae, z, says):
    with pytest.raises(InputError, match=says) as refused:
        decode_points(vae, z)

    assert str(refused.value).endswith(("then go.", "Ask for fewer."))


def test_the_farthest_code_is_decoded(vae):
    assert decode_points(vae, [FARTHEST, -FARTHEST, 0]).isfinite().all()


def test_points_in_chunks_are_the_decoder_s_own(vae):
    codes = some_codes(2 * CHUNK + 3)

    pictures = decode_points(vae, codes)

    torch.testing.assert_close(pictures, vae.decode(codes))
    assert not pictures.requires_grad


def test_images_in_chunks_are_the_encoder_s_own(vae):
    images = some_images(2 * CHUNK + 3)

    mean, std = encode_images(vae, images)

    expected = vae.encode(images)
    torch.testing.assert_close(mean, expected[0])
    torch.testing.assert_close(std, expected[1])


def test_along_an_axis_one_number_moves():
    z = some_codes(1)[0]
    before = z.clone()

    codes = along_axis(z, 1, [-2, 0.5, 3])

    assert codes.tolist() == [[z[0].item(), value, z[2].item()] for value in (-2, 0.5, 3)]
    assert torch.equal(z, before)
    for dimension in (-1, 3):
        with pytest.raises(InputError, match=f"from 0 to 2, got {dimension}"):
            along_axis(z, dimension, [0])


def test_a_thumbnail_is_the_picture_that_its_value_gives(vae):
    z, values = some_codes(1)[0], [-2.0, -1.0, 0.0, 1.0, 2.0]

    thumbnails = decode_points(vae, along_axis(z, 2, values))

    for thumbnail, value in zip(thumbnails, values, strict=True):
        alone = decode_points(vae, [z[0], z[1], value])[0]
        assert torch.equal(to_picture(thumbnail), to_picture(alone))
        torch.testing.assert_close(thumbnail, alone, rtol=0, atol=1e-6)


def test_a_plane_has_cell_centres_from_the_top_left():
    codes = plane_codes((-3, 0), (3, 2), 2)

    assert codes.tolist() == [[-1.5, 1.5], [1.5, 1.5], [-1.5, 0.5], [1.5, 0.5]]


def test_a_plane_s_rows_go_down_and_its_columns_right():
    x, y = plane_codes((-3, -2), (3, 2), 20).unflatten(0, (20, 20)).unbind(dim=2)

    assert (x.diff(dim=1) > 0).all()
    assert (y.diff(dim=0) < 0).all()
    torch.testing.assert_close(x.diff(dim=1), torch.full((20, 19), 0.3))
    torch.testing.assert_close(y.diff(dim=0), torch.full((19, 20), -0.2))
    assert (x[0] == x[-1]).all()
    assert (y[:, 0] == y[:, -1]).all()


@pytest.mark.parametrize("spherical", [False, True])
def test_a_path_has_both_ends_to_the_bit(spherical):
    for start, end in (some_codes(2, numbers=50), some_codes(2, numbers=50).double().exp()):
        path = interpolate_codes(start, end, 9, spherical=spherical)

        assert (path.shape, path.dtype) == ((9, 50), start.dtype)
        assert torch.equal(path[0], start)
        assert torch.equal(path[-1], end)


def test_a_straight_path_has_even_steps():
    start, end = some_codes(2)

    steps = interpolate_codes(start, end, 5).diff(dim=0)

    torch.testing.assert_close(steps, ((end - start) / 4).expand(4, D))


def test_a_spherical_path_turns_and_grows_evenly():
    start, end = some_codes(2, numbers=50).double() * torch.tensor([[1.0], [1.4]])

    path = interpolate_codes(start, end, 9, spherical=True)

    lengths = path.norm(dim=1)
    directions = path / lengths[:, None]
    angles = (directions[1:] * directions[:-1]).sum(dim=1).acos()
    whole = (directions[0] @ directions[-1]).acos().item()
    assert lengths.diff().tolist() == pytest.approx([(lengths[-1] - lengths[0]).item() / 8] * 8)
    assert angles.tolist() == pytest.approx([whole / 8] * 8)


def test_a_spherical_path_stays_in_the_plane_of_its_ends():
    start, end = some_codes(2, numbers=50).double()

    path = interpolate_codes(start, end, 9, spherical=True)

    shares = torch.linalg.lstsq(torch.stack([start, end], dim=1), path.T).solution  # (2, 9)
    torch.testing.assert_close(shares.T @ torch.stack([start, end]), path)
    assert (shares > -1e-9).all()


def test_between_gaussian_codes_the_straight_path_leaves_their_shell_and_the_spherical_does_not():
    start, end = some_codes(2, numbers=50)

    straight, spherical = (
        interpolate_codes(start, end, 9, spherical=each)[4] for each in (False, True)
    )

    assert length(straight) < 0.85
    assert length(spherical) == pytest.approx((length(start) + length(end)) / 2, rel=1e-5)


@pytest.mark.parametrize(
    "end", [[0.0, 0.0, 0.0], [1.0, 2.0, 3.0], [-1.0, -2.0, -3.0], [2.0, 4.0, 6.0]], ids=str
)
def test_where_nothing_turns_the_spherical_path_is_straight(end):
    start, end = torch.tensor([1.0, 2.0, 3.0]), torch.tensor(end)

    for first, last in ((start, end), (end, start)):
        path = interpolate_codes(first, last, 7, spherical=True)
        torch.testing.assert_close(path, interpolate_codes(first, last, 7))


@pytest.mark.parametrize("count", [-1, 0, 1, MAX_CODES + 1])
def test_a_path_of_no_or_too_many_steps_is_refused(count):
    with pytest.raises(InputError, match=f"from 2 to {MAX_CODES} pictures, got {count}"):
        interpolate_codes(torch.zeros(D), torch.ones(D), count)


@pytest.mark.parametrize("make", [tiny_vae, tiny_autoencoder])
@pytest.mark.parametrize("spherical", [False, True])
def test_a_path_between_two_images_ends_at_their_reconstructions(make, spherical):
    model = make()
    codes, _ = encode_images(model, some_images(2))

    pictures = decode_points(model, interpolate_codes(*codes, 6, spherical=spherical))

    torch.testing.assert_close(pictures[[0, -1]], decode_points(model, codes), rtol=0, atol=1e-6)


def test_a_cross_fade_mixes_pixels_from_one_picture_to_the_other():
    first, last = some_images(2)

    fade = cross_fade(first, last, 5)

    assert torch.equal(fade[0], first)
    assert torch.equal(fade[-1], last)
    torch.testing.assert_close(fade[1], 0.75 * first + 0.25 * last)


def test_codes_are_averaged_before_anything_is_decoded(vae):
    groups = [some_images(count, seed) for seed, count in enumerate((3, 2, 4))]

    found = combine(vae, *groups)

    a, b, c = (vae.encode(group)[0].mean(dim=0) for group in groups)
    codes = torch.stack([a, b, c, a - b + c])
    torch.testing.assert_close(found.codes, codes)
    torch.testing.assert_close(found.decoded, vae.decode(codes))
    averaged_pictures = vae.decode(vae.encode(groups[0])[0]).mean(dim=0)
    assert (averaged_pictures - found.decoded[0]).abs().max() > 0.01


def test_sums_of_pixels_are_clipped_averages():
    black, white, grey = (torch.full((2, 1, 8, 8), level) for level in (0.0, 1.0, 0.25))

    pixels = combine(tiny_vae(), grey, black, white).pixels

    assert [picture.unique().tolist() for picture in pixels] == [[0.25], [0.0], [1.0], [1.0]]
    pixels = combine(tiny_vae(), grey, white, black).pixels
    assert pixels[3].unique().tolist() == [0.0]


def test_an_empty_group_is_refused(vae):
    groups = [some_images(2)] * 3

    for index in range(3):
        emptied = [group[:0] if i == index else group for i, group in enumerate(groups)]
        with pytest.raises(InputError, match="Each of A, B and C needs at least one picture"):
            combine(vae, *emptied)


def test_drawn_codes_have_the_moments_of_the_posterior():
    mean, std = torch.tensor([0.5, -2.0]), torch.tensor([0.1, 1.5])

    codes = posterior_codes(mean, std, 20_000, seeded())

    torch.testing.assert_close(codes.mean(dim=0), mean, rtol=0, atol=0.05)
    torch.testing.assert_close(codes.std(dim=0), std, rtol=0.03, atol=0)


def test_the_aggregated_posterior_has_the_moments_of_the_mixture():
    mean = torch.tensor([[-2.0, 0.0], [1.0, 0.5], [4.0, 1.0]])
    std = torch.tensor([[0.1, 1.0], [0.5, 2.0], [1.0, 0.1]])

    codes = aggregated_codes(mean, std, 50_000, seeded())

    variance = std.square().mean(dim=0) + mean.var(dim=0, correction=0)
    torch.testing.assert_close(codes.mean(dim=0), mean.mean(dim=0), rtol=0, atol=0.05)
    torch.testing.assert_close(codes.var(dim=0), variance, rtol=0.03, atol=0)


def test_each_code_of_the_aggregated_posterior_is_of_one_image():
    mean, std = torch.tensor([[-5.0, -5.0], [5.0, 5.0]]), torch.full((2, 2), 0.01)

    codes = aggregated_codes(mean, std, 200, seeded())

    assert (codes[:, 0].sign() == codes[:, 1].sign()).all()
    assert 70 < (codes[:, 0] > 0).sum() < 130


def test_a_dealt_code_depends_on_its_own_seed_alone(vae):
    codes = prior_codes(vae, 5, 4)

    for index, code in enumerate(codes):
        assert torch.equal(code, vae.sample_prior(1, seeded(5 + index))[0])
    assert torch.equal(prior_codes(vae, 7, 1)[0], codes[2])
    assert len(codes.unique(dim=0)) == 4


def test_samples_are_the_pictures_of_dealt_codes(vae):
    assert torch.equal(sample(vae, seed=3, count=4), decode_points(vae, prior_codes(vae, 3, 4)))
    assert torch.equal(SAMPLER.sample(vae, seed=3, count=4), sample(vae, seed=3, count=4))


@pytest.mark.parametrize(
    ("seed", "count", "says"),
    [
        (-1, 1, "seed must be from 0"),
        (MAX_SEED + 1, 1, "seed must be from 0"),
        (MAX_SEED, 2, "seed must be from 0"),
        (0, 0, "count must be from 1"),
        (0, MAX_CODES + 1, "count must be from 1"),
    ],
)
def test_seeds_and_counts_that_do_not_exist_are_refused(vae, seed, count, says):
    with pytest.raises(ValueError, match=says):
        prior_codes(vae, seed, count)


def test_the_last_seed_deals_a_code(vae):
    assert prior_codes(vae, MAX_SEED, 1).isfinite().all()


def test_a_code_s_length_is_a_multiple_of_the_root_of_its_dimensions():
    assert length(torch.ones(49)) == pytest.approx(1)
    assert length(torch.zeros(4)) == 0
    assert length(torch.tensor([3.0, 4.0])) == pytest.approx(5 / math.sqrt(2))


def test_a_fixed_class_decodes_as_that_class():
    model, z = tiny_conditional_gan(), some_codes(4)

    fixed = OfClass(model, 2)

    assert torch.equal(fixed.decode(z), model.decode(z, torch.full((4,), 2)))
    assert torch.equal(decode_points(fixed, z), fixed.decode(z))
    assert isinstance(fixed, LatentPrior)
    assert torch.equal(prior_codes(fixed, 3, 2), prior_codes(model, 3, 2))


@pytest.mark.parametrize("label", [-1, CLASSES])
def test_a_class_that_does_not_exist_cannot_be_fixed(label):
    with pytest.raises(InputError, match="Class must be from 0 to 2"):
        OfClass(tiny_conditional_gan(), label)


def test_samples_of_a_model_with_classes_take_turns_or_are_of_one_class():
    model = tiny_conditional_gan()
    codes = prior_codes(model, 5, 4)

    of_all = sample(model, seed=5, count=4)
    of_one = sample(model, seed=5, count=4, label=1)

    torch.testing.assert_close(of_all, model.decode(codes, torch.tensor([0, 1, 2, 0])))
    torch.testing.assert_close(of_one, model.decode(codes, torch.tensor([1, 1, 1, 1])))


def test_a_class_asked_of_a_model_without_classes_is_refused(vae):
    with pytest.raises(ValueError, match="without classes"):
        sample(vae, label=1)


def test_truncated_codes_follow_the_truncated_normal_law():
    codes = some_codes(4_000)

    truncated = truncate_codes(codes, 0.7)

    scipy_stats = pytest.importorskip("scipy.stats", reason="the law to compare with")
    law = scipy_stats.truncnorm(-0.7, 0.7)
    assert truncated.abs().max() <= 0.7
    assert scipy_stats.kstest(truncated.flatten().numpy(), law.cdf).pvalue > 0.01


def test_truncation_keeps_every_number_s_place_in_the_order():
    codes = some_codes(50).flatten()

    truncated = truncate_codes(codes, 0.3)

    assert torch.equal(truncated.argsort(), codes.argsort())
    assert (truncated.sign() == codes.sign()).all()
    assert truncate_codes(codes, None) is codes
    torch.testing.assert_close(truncate_codes(20 * codes, 3.0).abs().max(), torch.tensor(3.0))


@pytest.mark.parametrize("threshold", [0.0, -1.0, 3.5, float("nan")])
def test_a_truncation_out_of_range_is_refused(vae, threshold):
    with pytest.raises(ValueError, match=r"truncation must be from 0.1 to 3"):
        sample(vae, truncation=threshold)

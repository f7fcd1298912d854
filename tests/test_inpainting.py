"""Filling in: what is kept stays to the bit, what is not depends on it."""

import pytest
import torch
from diffusion_toys import Counting, GaussianDenoiser, tiny_ddpm

from genlab.core.errors import InputError
from genlab.core.frames import last
from genlab.core.images import ImageSpec, to_picture
from genlab.core.noise_schedule import CLEAN, cosine_schedule
from genlab.inference.diffusion import DiffusionSettings, legs
from genlab.inference.diffusion_steps import SAMPLERS
from genlab.inference.forward_diffusion import to_signal
from genlab.inference.image_noise import ImageNoise
from genlab.inference.inpainting import Known, in_rounds, shrink, stream_inpainting

SPEC = ImageSpec(1, 8, 8)
TEN = DiffusionSettings(10)


def half_known(count=2, *, side=8, seed=0):
    """Random bytes as pictures, the left half kept."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(256, (count, 1, side, side), generator=generator) / 255
    kept = torch.zeros(images.shape, dtype=torch.bool)
    kept[..., : side // 2] = True
    return Known(images, kept)


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("rounds", [1, 3])
def test_kept_pixels_stay_to_the_bit_and_the_rest_is_invented(sampler, rounds):
    known = half_known()
    settings = DiffusionSettings(10, sampler)

    final = last(
        stream_inpainting(tiny_ddpm(), known, ImageNoise(SPEC, 0, 2), settings, rounds=rounds)
    )

    assert torch.equal(final.images[known.kept], known.images[known.kept])
    assert torch.equal(to_picture(final.images)[known.kept], to_picture(known.images)[known.kept])
    assert (final.images - known.images)[~known.kept].abs().max() > 0.05


def test_what_was_erased_is_never_read():
    known = half_known()
    other = Known(torch.where(known.kept, known.images, 0.5), known.kept)
    model = tiny_ddpm()

    made = [
        last(stream_inpainting(model, each, ImageNoise(SPEC, 0, 2), TEN)).images
        for each in (known, other)
    ]

    assert torch.equal(*made)


def test_what_is_invented_depends_on_what_is_kept_and_on_the_seed():
    model = tiny_ddpm()

    def invented(seed, known):
        return last(stream_inpainting(model, known, ImageNoise(SPEC, seed, 2), TEN)).images[
            ~known.kept
        ]

    base = invented(0, half_known())

    assert torch.equal(base, invented(0, half_known()))
    assert (base - invented(2, half_known())).abs().max() > 0.01
    assert (base - invented(0, half_known(seed=1))).abs().max() > 0.001


def test_the_network_sees_the_kept_part_with_the_noise_of_its_step():
    model = tiny_ddpm()
    known = half_known(1, side=8)
    known = Known(known.images.expand(500, -1, -1, -1), known.kept.expand(500, -1, -1, -1))
    clean = to_signal(known.images[0])

    for frame in stream_inpainting(model, known, ImageNoise(SPEC, 0, 500), DiffusionSettings(5)):
        alpha_bar = model.schedule.alpha_bar(frame.t)
        left = frame.x_t[..., :4]
        error = 4 * ((1 - alpha_bar) / 500) ** 0.5 + 1e-9
        assert (left.mean(dim=0) - alpha_bar**0.5 * clean[..., :4]).abs().max() < 1.3 * error
        assert left.var(dim=0).mean().item() == pytest.approx(1 - alpha_bar, rel=0.05)


def test_keeping_nothing_is_a_sample_and_keeping_all_returns_the_pictures():
    model, known = tiny_ddpm(), half_known()
    nothing = Known(known.images, torch.zeros_like(known.kept))
    everything = Known(known.images, torch.ones_like(known.kept))

    free, whole = (
        last(stream_inpainting(model, each, ImageNoise(SPEC, 0, 2), TEN))
        for each in (nothing, everything)
    )

    assert free.images.std() > 0.01
    assert torch.equal(whole.images, known.images)


def test_gaussian_pixels_know_nothing_of_each_other_so_the_invented_ones_keep_their_law():
    model = GaussianDenoiser(cosine_schedule(200), side=64)
    known = half_known(1, side=64)

    for settings, rounds in [(DiffusionSettings(200, "ddpm", clip=False), 1),
                             (DiffusionSettings(100, "ddpm", clip=False), 2)]:  # fmt: skip
        noise = ImageNoise(model.spec, 0, 1)
        final = last(stream_inpainting(model, known, noise, settings, rounds=rounds))
        invented = final.mean[~known.kept]
        assert invented.mean().item() == pytest.approx(model.mean, abs=0.04)
        assert invented.std().item() == pytest.approx(model.std, rel=0.06)


def test_rounds_repeat_every_step_but_the_last():
    path = legs([9, 6, 3])

    assert in_rounds(path, 1) == path
    assert in_rounds(path, 2) == [(9, 6), (9, 6), (6, 3), (6, 3), (3, CLEAN)]
    counted = Counting(tiny_ddpm())
    noise = ImageNoise(SPEC, 0, 1)
    frames = list(stream_inpainting(counted, half_known(1), noise, TEN, rounds=3))
    assert counted.passes == len(frames) == 9 * 3 + 1
    assert frames[-1].is_last


@pytest.mark.parametrize("rounds", [0, 11])
def test_rounds_out_of_range_are_refused(rounds):
    with pytest.raises(InputError, match="Rounds must be"):
        stream_inpainting(tiny_ddpm(), half_known(), ImageNoise(SPEC, 0, 2), TEN, rounds=rounds)


def test_a_shrunk_picture_lies_in_the_middle_and_only_it_is_kept():
    images = torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(0))

    known = shrink(images, 14, 20)

    rows, columns = torch.where(known.kept[0, 0])
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (7, 20, 4, 23)
    assert known.kept.sum() == 2 * 14 * 20
    assert (known.images[~known.kept] == 0).all()
    inner = known.images[..., 7:21, 4:24]
    torch.testing.assert_close(inner.mean(dim=(1, 2, 3)), images.mean(dim=(1, 2, 3)), atol=0.02,
                               rtol=0)  # fmt: skip


def test_a_picture_shrunk_to_its_own_size_is_itself():
    images = half_known().images

    known = shrink(images, 8, 8)

    assert torch.equal(known.images, images)
    assert known.kept.all()


@pytest.mark.parametrize("size", [(0, 4), (4, 9)])
def test_a_picture_shrunk_to_nothing_or_enlarged_is_refused(size):
    with pytest.raises(InputError, match="small picture"):
        shrink(half_known().images, *size)

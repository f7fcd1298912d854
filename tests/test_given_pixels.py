"""Pixels that a person gives are kept, and what follows them is drawn given them."""

import pytest
import torch
from lively import tiny_pixelcnn
from toys import Alternating, all_images, count_images, deviation

from genlab.analysis.likelihood import image_nats
from genlab.core.frames import last
from genlab.core.images import quantise
from genlab.inference.autoregressive import draw_uniforms, make_stepper, stream_pixels

ORDERS = ("wavefront", "raster", "naive")
FREE = -1


def complete(model, given, *, seed=0, order=None):
    """The levels, (B, C, H, W) int64, of a run with `given` levels."""
    uniforms = draw_uniforms(model.spec, seed, len(given))
    stepper = make_stepper(model, len(given), order=order)
    frame = last(stream_pixels(model, uniforms, given=given, stepper=stepper))
    return quantise(frame.images, model.spec.levels)


def some_given(spec, count, seed=0):
    """Half of the pixels of `count` images, other ones in each."""
    generator = torch.Generator().manual_seed(seed)
    levels = torch.randint(spec.levels, (count, *spec.shape), generator=generator)
    return levels.where(torch.rand(levels.shape, generator=generator) < 0.5, FREE)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("levels", [2, 5])
def test_given_pixels_are_kept(order, levels):
    model = tiny_pixelcnn(size=(5, 7), levels=levels)
    given = some_given(model.spec, 16)

    drawn = complete(model, given, order=order)

    kept = given != FREE
    assert torch.equal(drawn[kept], given[kept])
    assert not torch.equal(drawn, complete(model, given, order=order, seed=99))


@pytest.mark.parametrize("order", ORDERS)
def test_frames_tell_given_levels_like_drawn_ones(tiny, order):
    given = some_given(tiny.spec, 4)
    stepper = make_stepper(tiny, 4, order=order)

    for frame in stream_pixels(tiny, draw_uniforms(tiny.spec, 0, 4), given=given, stepper=stepper):
        there = given[..., frame.front[:, 0], frame.front[:, 1]].transpose(1, 2)
        assert torch.equal(frame.levels[there != FREE], there[there != FREE])


def test_free_pixels_follow_the_law_given_the_first_ones():
    model = tiny_pixelcnn(size=(3, 3), first_kernel=3)
    start = torch.tensor([1, 0, 0, 1])
    given = torch.full((20_000, 9), FREE)
    given[:, :4] = start
    images = all_images(model.spec)
    joint = (-image_nats(model, images)).exp() * (images.flatten(1)[:, :4] == start).all(dim=1)

    drawn = complete(model, given.unflatten(1, (1, 3, 3)))

    expected = 20_000 * joint / joint.sum()
    assert abs(deviation(count_images(drawn, model.spec), expected)) < 4


def test_a_given_pixel_decides_what_follows_it():
    given = torch.full((20, 1, 3, 5), FREE)
    given[..., 0, 0] = 1

    drawn = complete(Alternating(3, 5), given)

    board = 1 - torch.arange(15).remainder(2).view(3, 5)
    assert torch.equal(drawn, board.expand(20, 1, 3, 5))


@pytest.mark.parametrize("order", ORDERS)
def test_pixels_given_behind_the_last_free_one_do_not_move_the_others(tiny, order):
    free = complete(tiny, torch.full((8, 1, 6, 6), FREE), order=order)
    given = torch.full((8, 36), FREE)
    given[:, 20:] = 1 - free.flatten(1)[:, 20:]

    drawn = complete(tiny, given.view(8, 1, 6, 6), order=order)

    assert torch.equal(drawn.flatten(1)[:, :20], free.flatten(1)[:, :20])
    assert torch.equal(drawn.flatten(1)[:, 20:], given[:, 20:])


@pytest.mark.parametrize("order", ORDERS)
def test_giving_what_would_be_drawn_anyway_changes_nothing(tiny, order):
    free = complete(tiny, torch.full((8, 1, 6, 6), FREE), order=order)
    given = free.where(some_given(tiny.spec, 8) != FREE, FREE)

    assert torch.equal(complete(tiny, given, order=order), free)


def test_an_order_does_not_matter_with_given_pixels_either():
    model = tiny_pixelcnn(size=(5, 7), levels=4)
    given = some_given(model.spec, 16)

    wavefront, raster, naive = (complete(model, given, order=order) for order in ORDERS)

    assert torch.equal(wavefront, raster)
    assert torch.equal(raster, naive)


@pytest.mark.parametrize("level", [-2, 2, 255])
def test_a_given_level_that_the_model_does_not_have_is_refused(tiny, level):
    given = torch.full((1, 1, 6, 6), FREE)
    given[..., 3, 3] = level

    with pytest.raises(ValueError, match=r"given must be in \[-1, 2\)"):
        complete(tiny, given)

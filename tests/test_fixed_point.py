"""Fixed-point sampling draws what ancestral sampling draws, and knows what it knows."""

import math

import pytest
import torch
from lively import tiny_gated, tiny_pixelcnn
from toys import Alternating, Coins, all_images, count_images, deviation

from genlab.analysis.likelihood import image_nats
from genlab.core.frames import last
from genlab.core.images import quantise
from genlab.inference.autoregressive import draw_uniforms, make_stepper, stream_pixels
from genlab.inference.conditions import at_size
from genlab.inference.fixed_point import stream_fixed_point
from genlab.inference.guidance import Guided

FREE = -1
NETWORKS = pytest.mark.parametrize("build", [tiny_pixelcnn, tiny_gated])
LEVELS = pytest.mark.parametrize("levels", [2, 3, 8, 256])


def ancestral(model, uniforms, **asked):
    """The naive sampler's images."""
    stepper = make_stepper(model, len(uniforms), asked.pop("labels", None), order="naive")
    return last(stream_pixels(model, uniforms, stepper=stepper, **asked)).images


def some_given(spec, count):
    """Half of the pixels, other ones in each image."""
    generator = torch.Generator().manual_seed(3)
    levels = torch.randint(spec.levels, (count, *spec.shape), generator=generator)
    return levels.where(torch.rand(levels.shape, generator=generator) < 0.5, FREE)


@NETWORKS
@LEVELS
def test_the_fixed_point_is_the_ancestral_sample(build, levels):
    model = build(levels=levels)
    uniforms = draw_uniforms(model.spec, 0, 16)

    frame = last(stream_fixed_point(model, uniforms))

    assert torch.equal(frame.images, ancestral(model, uniforms))


@LEVELS
@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_so_it_is_given_classes_under_guidance(levels, scale):
    model = Guided(tiny_gated(levels=levels), scale)
    uniforms, labels = draw_uniforms(model.spec, 0, 6), torch.arange(6) % 3

    frame = last(stream_fixed_point(model, uniforms, labels=labels))

    assert torch.equal(frame.images, ancestral(model, uniforms, labels=labels))
    assert not torch.equal(frame.images, ancestral(model, uniforms))


@NETWORKS
@LEVELS
def test_so_it_is_with_given_pixels_which_it_keeps_in_every_frame(build, levels):
    model = build(levels=levels)
    uniforms, given = draw_uniforms(model.spec, 0, 8), some_given(model.spec, 8)

    frames = list(stream_fixed_point(model, uniforms, given=given))

    kept = given != FREE
    for frame in frames:
        assert torch.equal(quantise(frame.images, levels)[kept], given[kept])
    assert torch.equal(frames[-1].images, ancestral(model, uniforms, given=given))


@pytest.mark.parametrize("temperature", [0.01, 2.5, torch.linspace(0.2, 3, 36).view(6, 6)])
def test_so_it_is_at_every_temperature(temperature):
    model = tiny_pixelcnn(levels=5)
    uniforms = draw_uniforms(model.spec, 0, 8)

    frame = last(stream_fixed_point(model, uniforms, temperature=temperature))

    assert torch.equal(frame.images, ancestral(model, uniforms, temperature=temperature))


@pytest.mark.parametrize("top_p", [0.0, 0.7, torch.linspace(0, 1, 36).view(6, 6)])
def test_so_it_is_with_the_tail_cut_off(top_p):
    model = tiny_pixelcnn(levels=5)
    uniforms = draw_uniforms(model.spec, 0, 8)

    frame = last(stream_fixed_point(model, uniforms, top_p=top_p))

    assert torch.equal(frame.images, ancestral(model, uniforms, top_p=top_p))
    assert not torch.equal(frame.images, ancestral(model, uniforms))


def test_so_it_is_at_another_size():
    model = at_size(tiny_gated(levels=3), 9, 7)
    uniforms = draw_uniforms(model.spec, 0, 4)

    frame = last(stream_fixed_point(model, uniforms))

    assert frame.images.shape == (4, 1, 9, 7)
    assert torch.equal(frame.images, ancestral(model, uniforms))


def test_fixed_points_follow_the_model_s_law():
    model = tiny_pixelcnn(size=(2, 3), levels=3, first_kernel=3)
    images = all_images(model.spec)
    uniforms = torch.rand(20_000, 1, 2, 3, generator=torch.Generator().manual_seed(0))

    drawn = quantise(last(stream_fixed_point(model, uniforms)).images, 3)

    expected = 20_000 * (-image_nats(model, images)).exp()
    assert abs(deviation(count_images(drawn, model.spec), expected)) < 4


@NETWORKS
def test_what_is_final_is_the_answer_already_and_grows_with_every_pass(build):
    model = build(levels=4)
    uniforms = draw_uniforms(model.spec, 0, 16)
    answer = ancestral(model, uniforms).flatten(1)
    before = torch.zeros(16)

    for frame in stream_fixed_point(model, uniforms):
        is_final = torch.arange(36) < frame.final[:, None]
        assert torch.equal(frame.images.flatten(1)[is_final], answer[is_final])
        assert (frame.final >= (before + 1).clamp(max=36)).all()
        before = frame.final


def test_a_frame_tells_where_its_pass_changed_something():
    model = tiny_pixelcnn(levels=4)
    shown = torch.zeros(4, 1, 6, 6)

    for frame in stream_fixed_point(model, draw_uniforms(model.spec, 0, 4)):
        assert torch.equal(frame.changed, (frame.images != shown)[:, 0])
        shown = frame.images


def test_pixels_that_need_each_other_take_a_pass_each():
    frames = list(stream_fixed_point(Alternating(3, 5), torch.full((1, 1, 3, 5), 0.9)))

    board = 1 - torch.arange(15).remainder(2).view(1, 1, 3, 5).float()
    assert torch.equal(frames[-1].images, board)
    assert [int(frame.final) for frame in frames] == list(range(1, 16))
    assert frames[-1].changed[0, 2, 4], "no pass more to see that nothing moves"


def test_independent_pixels_are_drawn_in_one_pass_and_a_second_one_sees_it():
    white = torch.linspace(0.1, 0.9, 12).view(1, 3, 4)
    uniforms = torch.full((1, 1, 3, 4), 0.5)

    frames = list(stream_fixed_point(Coins(white), uniforms))

    assert [frame.is_last for frame in frames] == [False, True]
    assert not frames[-1].changed.any()
    assert torch.equal(frames[0].images, frames[1].images)


def test_an_image_that_the_first_pass_leaves_alone_is_done():
    frames = list(stream_fixed_point(Coins(torch.full((1, 3, 4), 0.2)), torch.zeros(2, 1, 3, 4)))

    assert [(frame.step, frame.total) for frame in frames] == [(1, 1)]
    assert frames[0].final.tolist() == [12, 12]


def test_an_image_does_not_depend_on_its_batch():
    model = tiny_gated(levels=3)
    uniforms = draw_uniforms(model.spec, 0, 5)

    together = last(stream_fixed_point(model, uniforms)).images

    for index in range(5):
        alone = last(stream_fixed_point(model, uniforms[index : index + 1])).images
        assert torch.equal(alone[0], together[index])


@pytest.mark.parametrize("temperature", [0, -1, math.nan, math.inf])
def test_a_temperature_that_divides_nothing_is_refused(tiny, temperature):
    with pytest.raises(ValueError, match="temperature must be positive and finite"):
        next(stream_fixed_point(tiny, draw_uniforms(tiny.spec, 0, 1), temperature=temperature))


@pytest.mark.parametrize("top_p", [-0.1, 1.1, math.nan])
def test_a_share_that_is_none_is_refused(tiny, top_p):
    with pytest.raises(ValueError, match="top_p must be from 0 to 1"):
        next(stream_fixed_point(tiny, draw_uniforms(tiny.spec, 0, 1), top_p=top_p))


@pytest.mark.parametrize("level", [-2, 2])
def test_a_given_level_that_the_model_does_not_have_is_refused(tiny, level):
    given = torch.full((1, 1, 6, 6), level)

    with pytest.raises(ValueError, match=r"given must be in \[-1, 2\)"):
        next(stream_fixed_point(tiny, draw_uniforms(tiny.spec, 0, 1), given=given))

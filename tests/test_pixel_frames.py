"""What a watcher gets to see of a run, and that watching changes nothing."""

import math

import pytest
import torch
from lively import tiny_pixelcnn

from genlab.core.frames import Frame, last
from genlab.core.images import dequantise, quantise
from genlab.inference.autoregressive import (
    FullPassStepper,
    draw_uniforms,
    make_stepper,
    sample,
    stream_pixels,
)
from genlab.inference.pixel_frames import PixelFrame, in_bursts

ORDERS = ("wavefront", "raster", "naive")


def frames_of(model, *, seed=0, count=3, order=None, **options):
    uniforms = draw_uniforms(model.spec, seed, count)
    return stream_pixels(
        model, uniforms, stepper=make_stepper(model, count, order=order), **options
    )


def with_distributions(probabilities, levels):
    """A frame of (B, n, C, levels) distributions and (B, n, C) drawn levels."""
    return PixelFrame(None, 1, 1, None, torch.tensor(levels), torch.tensor(probabilities))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("levels", [2, 5])
def test_two_frames_differ_only_inside_the_front(order, levels):
    model = tiny_pixelcnn(size=(5, 7), levels=levels)
    before = torch.zeros(3, 1, 5, 7)

    for frame in frames_of(model, order=order):
        rows, columns = frame.front.unbind(dim=1)
        drawn = dequantise(frame.levels.transpose(1, 2), levels)
        assert torch.equal(frame.images[..., rows, columns], drawn)
        before[..., rows, columns] = frame.images[..., rows, columns]
        assert torch.equal(frame.images, before)


@pytest.mark.parametrize("order", ORDERS)
def test_the_last_frame_is_the_sample(tiny, order):
    frames = list(frames_of(tiny, order=order))

    assert torch.equal(frames[-1].images, sample(tiny, seed=0, count=3, order=order))


def test_without_a_stepper_the_model_s_fastest_draws(tiny):
    frames = list(stream_pixels(tiny, draw_uniforms(tiny.spec, 0, 3)))

    assert len(frames) == len(tiny.stepper(1, order="wavefront").fronts)
    assert torch.equal(frames[-1].images, sample(tiny, seed=0, count=3, order="naive"))


@pytest.mark.parametrize("order", ORDERS)
def test_steps_count_from_one_to_the_number_of_fronts(tiny, order):
    frames = list(frames_of(tiny, order=order))
    fronts = make_stepper(tiny, 3, order=order).fronts

    assert [frame.step for frame in frames] == list(range(1, len(fronts) + 1))
    assert {frame.total for frame in frames} == {len(fronts)}
    assert [frame.is_last for frame in frames] == [False] * (len(fronts) - 1) + [True]
    assert all(torch.equal(frame.front, front) for frame, front in zip(frames, fronts, strict=True))


@pytest.mark.parametrize("order", ORDERS)
def test_the_distributions_are_the_model_s_for_the_pixels_drawn_so_far(order):
    model = tiny_pixelcnn(size=(5, 7), levels=5)
    before = torch.zeros(3, 1, 5, 7, dtype=torch.int64)

    for frame in frames_of(model, order=order):
        rows, columns = frame.front.unbind(dim=1)
        expected = model.logits(before).softmax(dim=1)[..., rows, columns].permute(0, 3, 2, 1)
        torch.testing.assert_close(frame.probabilities, expected, rtol=1e-4, atol=1e-5)
        before = quantise(frame.images, 5)


class Forgetful:
    """A stepper that puts noise wherever nothing has been drawn yet."""

    def __init__(self, stepper):
        self._stepper = stepper
        self.fronts, self.skew = stepper.fronts, stepper.skew
        self._undrawn = None

    def step(self, front, pixels):
        if self._undrawn is None:
            self._undrawn = torch.ones_like(pixels, dtype=torch.bool)
        noise = torch.randint(2, pixels.shape, generator=torch.Generator().manual_seed(0))
        logits = self._stepper.step(front, torch.where(self._undrawn, noise, pixels))
        self._undrawn[..., front[:, 0], front[:, 1]] = False
        return logits


@pytest.mark.parametrize("order", ORDERS)
def test_what_stands_in_undrawn_pixels_does_not_matter(tiny, order):
    stepper = Forgetful(make_stepper(tiny, 3, order=order))

    frame = last(stream_pixels(tiny, draw_uniforms(tiny.spec, 0, 3), stepper=stepper))

    assert torch.equal(frame.images, sample(tiny, seed=0, count=3))


@pytest.mark.parametrize("levels", [2, 8, 256])
def test_an_even_distribution_has_as_many_bits_as_its_levels_need(levels):
    frame = with_distributions([[[[1 / levels] * levels]]], [[[levels - 1]]])

    assert frame.entropy.tolist() == [[pytest.approx(math.log2(levels))]]
    assert frame.surprise.tolist() == [[pytest.approx(math.log2(levels))]]


def test_a_certain_pixel_has_neither_doubt_nor_surprise():
    frame = with_distributions([[[[0.0, 1.0]]]], [[[1]]])

    assert frame.entropy.tolist() == frame.surprise.tolist() == [[0.0]]


def test_bits_are_summed_over_channels_and_told_for_each_image_and_pixel():
    half, quarters = [0.5, 0.5, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25]
    skewed, sure = [0.125, 0.5, 0.25, 0.125], [0.0, 0.0, 1.0, 0.0]
    frame = with_distributions(
        [[[half, quarters], [sure, half]], [[skewed, skewed], [sure, sure]]],  # (2, 2, 2, 4)
        [[[0, 3], [2, 1]], [[0, 2], [2, 2]]],
    )

    torch.testing.assert_close(frame.entropy, torch.tensor([[3.0, 1.0], [3.5, 0.0]]))
    torch.testing.assert_close(frame.surprise, torch.tensor([[3.0, 1.0], [5.0, 0.0]]))


def test_a_frame_belongs_to_its_receiver(tiny):
    frames = frames_of(tiny)

    for frame in frames:
        with torch.inference_mode():  # what is made in this mode may be changed in it
            for tensor in (frame.images, frame.levels, frame.probabilities):
                tensor.zero_()
        if frame.step == frame.total - 1:
            break
    final = next(frames)

    assert torch.equal(final.images, sample(tiny, seed=0, count=3))


def test_a_run_that_is_closed_early_disturbs_no_other(tiny):
    expected = sample(tiny, seed=0, count=3)
    closed, other = frames_of(tiny), frames_of(tiny)
    for _ in range(5):
        next(closed)
        next(other)

    closed.close()

    assert torch.equal(last(other).images, expected)
    assert torch.equal(sample(tiny, seed=0, count=3), expected)
    assert list(closed) == []


class Trainable:
    """A stepper whose logits carry gradients."""

    def __init__(self, stepper):
        self._stepper, self.fronts = stepper, stepper.fronts
        self._one = torch.ones((), requires_grad=True)

    def step(self, front, pixels):
        return self._stepper.step(front, pixels) * self._one


def test_a_frame_drags_no_gradients_along(tiny):
    stepper = Trainable(make_stepper(tiny, 3))

    frame = next(stream_pixels(tiny, draw_uniforms(tiny.spec, 0, 3), stepper=stepper))

    assert not frame.probabilities.requires_grad


def test_watching_does_not_switch_off_the_watcher_s_gradients(tiny):
    frames = frames_of(tiny)

    next(frames)
    modes = torch.is_inference_mode_enabled(), torch.is_grad_enabled()
    frames.close()

    assert modes == (False, True)
    assert not torch.is_inference_mode_enabled()


def test_last_keeps_the_last_frame_and_refuses_a_run_without_one():
    frames = [Frame(torch.zeros(1), step, 3) for step in (1, 2, 3)]

    assert last(iter(frames)) is frames[2]
    with pytest.raises(ValueError, match="at least one frame"):
        last(iter([]))


def test_a_full_pass_steps_through_the_pixels_in_raster_order():
    stepper = FullPassStepper(tiny_pixelcnn(size=(2, 3)))

    assert [front.tolist() for front in stepper.fronts] == [
        [[row, column]] for row in range(2) for column in range(3)
    ]


@pytest.mark.parametrize("size", [1, 5, 36, 100])
def test_bursts_hold_every_step_once_and_in_order(tiny, size):
    uniforms = draw_uniforms(tiny.spec, 3, 2)
    frames = list(stream_pixels(tiny, uniforms))
    bursts = list(in_bursts(stream_pixels(tiny, uniforms), size, patience=math.inf))
    assert len(bursts) == -(-len(frames) // size)
    assert torch.equal(torch.cat([b.front for b in bursts]), torch.cat([f.front for f in frames]))
    for name in ("levels", "probabilities", "entropy", "surprise"):
        parts = [torch.cat([getattr(each, name) for each in all_], dim=1)
                 for all_ in (bursts, frames)]  # fmt: skip
        assert torch.equal(*parts), name
    assert torch.equal(bursts[-1].images, frames[-1].images)
    assert [burst.step for burst in bursts][-1] == bursts[-1].total


def test_a_slow_step_is_not_kept_waiting(tiny):
    frames = list(stream_pixels(tiny, draw_uniforms(tiny.spec, 3, 2)))
    assert len(list(in_bursts(iter(frames), 100, patience=0))) == len(frames)

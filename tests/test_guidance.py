"""Guidance by its formula, and as a model like any other."""

import math

import pytest
import torch
from lively import CLASSES, tiny_gated, tiny_pixelcnn
from toys import Dice

from genlab.core.images import ImageSpec
from genlab.core.protocols import Conditional, Incremental
from genlab.inference.autoregressive import (
    draw_uniforms,
    make_stepper,
    sample,
    stream_pixels,
)
from genlab.inference.guidance import Guided
from genlab.inference.runs import Run, Segment, account_for, stream_run

SCALES = [0.0, 0.5, 1.0, 2.5, -1.0]
LABELS = torch.tensor([0, 1, 2, 0])


def noise(spec, count):
    """(count, 1, H, W) levels."""
    generator = torch.Generator().manual_seed(5)
    return torch.randint(spec.levels, (count, *spec.shape), generator=generator)


class TwoDice(Dice):
    """Class 0 is one die, class 1, the null class, another."""

    classes, null_label = 1, 1

    def logits(self, pixels, labels=None):
        labels = torch.ones(len(pixels), dtype=torch.int64) if labels is None else labels
        return super().logits(pixels, labels)


@pytest.mark.parametrize("scale", SCALES)
def test_the_guided_law_is_a_power_of_the_two_laws(scale):
    given, free = torch.tensor([0.7, 0.2, 0.1]), torch.tensor([0.3, 0.3, 0.4])
    model = TwoDice(ImageSpec(1, 1, 2, levels=3), torch.stack([given, free]))

    logits = Guided(model, scale).logits(torch.zeros(1, 1, 1, 2).long(), torch.tensor([0]))

    weights = given**scale * free ** (1 - scale)
    expected = (weights / weights.sum())[:, None].expand(3, 2)
    torch.testing.assert_close(logits.softmax(dim=1)[0, :, 0, 0], expected)


def test_scale_one_is_the_model_and_scale_zero_forgets_the_class():
    model = tiny_gated()
    pixels = noise(model.spec, 4)
    given, free = model.logits(pixels, LABELS), model.logits(pixels)

    assert torch.equal(Guided(model, 1.0).logits(pixels, LABELS), given)
    assert torch.equal(Guided(model, 0.0).logits(pixels, LABELS), free)
    assert (given - free).abs().max() > 0.1, "the class matters"


def test_without_a_class_there_is_nothing_to_guide_to():
    model = tiny_gated()
    pixels = noise(model.spec, 4)

    assert torch.equal(Guided(model, 3.0).logits(pixels), model.logits(pixels))


def test_a_guided_model_is_a_model():
    guided = Guided(tiny_gated(), 2.0)

    assert isinstance(guided, Conditional)
    assert isinstance(guided, Incremental)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("levels", [2, 5])
def test_the_guided_cache_equals_the_guided_full_pass(scale, levels):
    guided = Guided(tiny_gated(levels=levels), scale)
    pixels, expected = noise(guided.spec, 4), None
    expected = guided.logits(pixels, LABELS)
    stepper = guided.stepper(4, LABELS)

    for front in stepper.fronts:
        ((row, column),) = front.tolist()
        logits = stepper.step(front, pixels)[:, 0, 0]
        torch.testing.assert_close(logits, expected[:, :, 0, row, column], rtol=1e-4, atol=1e-5)


def test_the_cached_and_the_naive_sampler_draw_the_same_guided_pixels():
    guided = Guided(tiny_gated(), 2.0)
    uniforms = draw_uniforms(guided.spec, 0, 4)

    *_, cached = stream_pixels(guided, uniforms, stepper=guided.stepper(4, LABELS))
    naive_stepper = make_stepper(guided, 4, LABELS, order="naive")
    *_, naive = stream_pixels(guided, uniforms, stepper=naive_stepper)

    assert torch.equal(cached.images, naive.images)


def run_of(label, guidance, images=3):
    return Run("tiny", images, "raster", (Segment(0, 7, 1.0),), label=label, guidance=guidance)


@pytest.mark.parametrize(("label", "guidance"), [(None, 1.0), (1, 1.0), (2, 3.0)])
def test_a_run_draws_its_class_under_its_guidance(label, guidance):
    model = tiny_gated()

    *_, drawn = stream_run(model, run_of(label, guidance))

    expected = sample(model, seed=7, count=3, label=label, guidance=guidance, order="naive")
    assert torch.equal(drawn.images, expected)


def test_another_class_and_another_guidance_draw_another_picture():
    model = tiny_gated()
    pictures = [
        sample(model, seed=0, count=8, label=label, guidance=guidance)
        for label, guidance in [(None, 1.0), (0, 1.0), (1, 1.0), (1, 4.0)]
    ]

    for index, one in enumerate(pictures):
        assert not any(torch.equal(one, other) for other in pictures[:index])


def test_a_pixel_of_a_guided_run_is_accounted_for_with_the_law_it_was_drawn_from():
    model, run = tiny_gated(), run_of(label=2, guidance=3.0)
    frames = list(stream_run(model, run))

    account = account_for(model, run, image=1, row=3, column=4)

    frame = frames[3 * 6 + 4]
    torch.testing.assert_close(account.probabilities, frame.probabilities[1, 0, 0])
    total = sum(each.surprise[1].item() for each in frames)
    assert account.image_bits == pytest.approx(total, rel=1e-5)


@pytest.mark.parametrize(
    ("build", "options", "complaint"),
    [
        (tiny_gated, {"label": CLASSES}, f"label must be from 0 to {CLASSES - 1}, got {CLASSES}"),
        (tiny_gated, {"label": -1}, "label must be from 0 to"),
        (tiny_pixelcnn, {"label": 0}, "trained without classes"),
        (tiny_gated, {"guidance": 2.0}, "guidance needs a label"),
        (tiny_gated, {"label": 0, "guidance": math.nan}, "guidance must be finite"),
        (tiny_gated, {"label": 0, "guidance": math.inf}, "guidance must be finite"),
    ],
)
def test_classes_and_guidance_that_do_not_exist_are_refused(build, options, complaint):
    with pytest.raises(ValueError, match=complaint):
        sample(build(), seed=0, count=1, **options)


@pytest.mark.parametrize("guidance", [0.0, 3.0])
def test_a_run_under_guidance_without_a_class_is_refused_not_drawn_without_it(guidance):
    with pytest.raises(ValueError, match="guidance needs a label"):
        next(stream_run(tiny_gated(), run_of(None, guidance)))

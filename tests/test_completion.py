"""Completion: what is kept stays, what is drawn follows the model, what comes later is ignored."""

import math

import pytest
import torch
from lively import tiny_gated, tiny_pixelcnn
from toys import Alternating, all_images, count_images, deviation

from genlab.analysis.likelihood import image_nats, pixel_nats
from genlab.core.frames import last
from genlab.core.images import ImageSpec, dequantise, quantise
from genlab.inference.autoregressive import sample
from genlab.inference.completion import (
    complete,
    count_ignored,
    ignored_by,
    keep_rows,
    stream_completions,
    used_by_nobody,
)

ORDERS = ("wavefront", "raster", "naive")
SCATTERED = torch.tensor([[1, 0, 1], [0, 0, 1], [1, 0, 1]]).bool()


def some_picture(spec, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(spec.levels, spec.shape, generator=generator)


def some_mask(spec, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(spec.shape[1:], generator=generator) < 0.6


def changed_at(pixels, places, levels):
    """Another level at all `places`, (H, W) bool."""
    return torch.where(places, (pixels + 1) % levels, pixels)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("levels", [2, 5, 256])
def test_kept_pixels_are_the_given_bytes_in_every_frame(order, levels):
    model = tiny_pixelcnn(size=(5, 7), levels=levels)
    pixels, kept = some_picture(model.spec), some_mask(model.spec)

    frames = list(stream_completions(model, pixels, kept, seed=3, count=4, order=order))

    given = dequantise(pixels, levels)[:, kept]
    for frame in frames:
        for image in frame.images:
            assert image[:, kept].numpy().tobytes() == given.numpy().tobytes()
    assert not torch.equal(frames[-1].images[0], frames[-1].images[1]), "the variants differ"


def kept_rows(spec, rows, seed=1):
    """Some pixels, and all of some rows."""
    kept = some_mask(spec, seed)
    kept[rows] = True
    return kept


@pytest.mark.parametrize("rows", [[0], [0, 1, 2], [2], [0, 3, 4], [1, 4]])
@pytest.mark.parametrize("guidance", [1.0, 2.0])
def test_rows_that_are_passed_over_change_no_pixel(rows, guidance, monkeypatch):
    model = tiny_gated(size=(5, 7), levels=5)
    pixels, kept = some_picture(model.spec), kept_rows(model.spec, rows)
    asked = {"seed": 3, "count": 4, "label": 1, "guidance": guidance}

    passing = list(stream_completions(model, pixels, kept, **asked))
    monkeypatch.delattr("genlab.models.gated_pixelcnn_stepper.GatedPixelCNNStepper.pass_row")
    asking = list(stream_completions(model, pixels, kept, **asked))

    assert torch.equal(passing[-1].images, asking[-1].images)
    assert len(asking) == 35 and len(passing) == 35 - int(kept.all(dim=1).sum()) * 6
    assert (passing[-1].step, passing[-1].total) == (asking[-1].step, asking[-1].total)
    for one, other in ((torch.cat([getattr(frame, part) for frame in frames], dim=dim)
                        for frames in (passing, asking))
                       for part, dim in (("front", 0), ("levels", 1))):  # fmt: skip
        assert torch.equal(one, other)


def test_a_passed_row_is_certain_of_what_is_given():
    model = tiny_gated(size=(5, 7), levels=5)
    pixels, kept = some_picture(model.spec), keep_rows(model.spec, 2)

    first = next(stream_completions(model, pixels, kept, seed=0, count=3))

    assert first.front.tolist() == [[0, column] for column in range(7)]
    assert (first.levels[:, :, 0] == pixels[0, 0]).all()
    assert (first.entropy == 0).all() and (first.surprise == 0).all()


def law_of_completion(model, pixels, kept, labels=None):
    """The probability of each of `all_images`: a product over the erased pixels alone."""
    images = all_images(model.spec)
    labels = None if labels is None else labels.expand(len(images))
    nats = pixel_nats(model, images, labels)  # (N, C, H, W)
    agrees = (images == pixels)[:, :, kept].flatten(1).all(dim=1)
    return (-nats[:, :, ~kept].flatten(1).sum(dim=1)).exp() * agrees


@pytest.mark.parametrize(("build", "label"), [(tiny_pixelcnn, None), (tiny_gated, 1)])
def test_erased_pixels_are_drawn_with_the_model_s_probabilities_given_all_before(build, label):
    model = build(size=(3, 3), first_kernel=3)
    pixels = some_picture(model.spec)
    labels = None if label is None else torch.tensor([label])
    law = law_of_completion(model, pixels, SCATTERED, labels)
    assert law.sum().item() == pytest.approx(1, abs=1e-6)

    drawn = complete(model, pixels, SCATTERED, seed=0, count=20_000, label=label)

    counts = count_images(quantise(drawn, 2), model.spec)
    assert abs(deviation(counts, 20_000 * law)) < 4


def test_completion_is_not_the_posterior_given_all_that_is_kept():
    """The honest limit: with a kept pixel behind an erased one, the two laws are far apart."""
    model = tiny_pixelcnn(size=(3, 3), first_kernel=3)
    pixels, images = some_picture(model.spec), all_images(model.spec)
    agrees = (images == pixels)[:, :, SCATTERED].flatten(1).all(dim=1)
    joint = (-image_nats(model, images)).exp() * agrees

    drawn = complete(model, pixels, SCATTERED, seed=0, count=20_000)

    counts = count_images(quantise(drawn, 2), model.spec)
    assert deviation(counts, 20_000 * joint / joint.sum()) > 40


@pytest.mark.parametrize("order", ORDERS)
def test_completion_ignores_pixels_after_the_last_erased_one(tiny, order):
    kept = keep_rows(tiny.spec, 2)
    kept[4:] = True
    pixels = some_picture(tiny.spec)

    one = complete(tiny, pixels, kept, seed=0, count=8, order=order)
    other_pixels = changed_at(pixels, used_by_nobody(kept), 2)
    other = complete(tiny, other_pixels, kept, seed=0, count=8, order=order)

    assert used_by_nobody(kept).sum() == 12
    assert torch.equal(one[..., ~kept], other[..., ~kept])
    assert not torch.equal(one, other)


@pytest.mark.parametrize("order", ORDERS)
def test_an_erased_pixel_ignores_every_kept_one_behind_it_and_hears_one_before_it(order):
    model = tiny_pixelcnn(size=(4, 4))
    pixels, kept = some_picture(model.spec), some_mask(model.spec)

    def law_at(row, column, pixels):
        for frame in stream_completions(model, pixels, kept, seed=0, count=1, order=order):
            for place, law in zip(frame.front.tolist(), frame.probabilities[0], strict=True):
                if place == [row, column]:
                    return law
        raise AssertionError("never drawn")

    moved = 0
    for row, column in (~kept).nonzero().tolist():
        law = law_at(row, column, pixels)
        behind = ignored_by(kept, row, column)
        assert torch.equal(law, law_at(row, column, changed_at(pixels, behind, 2)))
        before = kept & ~behind
        moved += not torch.equal(law, law_at(row, column, changed_at(pixels, before, 2)))
    assert moved > 0


def test_the_ignored_pixels_are_counted_at_each_erased_one():
    assert count_ignored(SCATTERED).tolist() == [[0, 4, 0], [3, 3, 0], [0, 1, 0]]


def test_the_count_is_that_of_the_ignored_pixels():
    kept = some_mask(ImageSpec(1, 7, 5), seed=4)

    for row, column in (~kept).nonzero().tolist():
        assert count_ignored(kept)[row, column] == ignored_by(kept, row, column).sum()
    assert count_ignored(kept)[kept].eq(0).all()


def test_used_by_nobody_are_those_that_every_erased_pixel_ignores():
    for seed in range(20):
        kept = some_mask(ImageSpec(1, 3, 4), seed)
        everyone = kept.clone()
        for row, column in (~kept).nonzero().tolist():
            everyone &= ignored_by(kept, row, column)
        assert torch.equal(used_by_nobody(kept), everyone)


def test_a_kept_start_decides_the_whole_board():
    model = Alternating(3, 5)
    pixels = torch.zeros(1, 3, 5, dtype=torch.int64)
    pixels[0, 0, :2] = torch.tensor([1, 0])
    kept = torch.zeros(3, 5, dtype=torch.bool)
    kept[0, :2] = True

    drawn = complete(model, pixels, kept, seed=0, count=5)

    board = 1 - torch.arange(15).remainder(2).view(3, 5).float()
    assert torch.equal(drawn, board.expand(5, 1, 3, 5))


def test_variant_i_is_the_first_of_seed_plus_i(tiny):
    pixels, kept = some_picture(tiny.spec), keep_rows(tiny.spec, 3)

    six = complete(tiny, pixels, kept, seed=5, count=6)

    for index in range(6):
        alone = complete(tiny, pixels, kept, seed=5 + index, count=1)
        assert torch.equal(six[index], alone[0])


@pytest.mark.parametrize("order", ORDERS)
def test_completing_nothing_kept_is_sampling(tiny, order):
    kept = keep_rows(tiny.spec, 0)

    drawn = complete(tiny, some_picture(tiny.spec), kept, seed=2, count=4, order=order)

    assert torch.equal(drawn, sample(tiny, seed=2, count=4, order=order))


@pytest.mark.parametrize("order", ORDERS)
def test_the_finished_variants_are_those_of_the_last_frame(tiny, order):
    for seed in range(5):
        pixels, kept = some_picture(tiny.spec), some_mask(tiny.spec, seed)

        frames = stream_completions(tiny, pixels, kept, seed=1, count=3, order=order)

        assert torch.equal(
            complete(tiny, pixels, kept, seed=1, count=3, order=order), last(frames).images
        )


def test_the_network_is_not_asked_about_what_is_kept_at_the_end(tiny, monkeypatch):
    passes = []
    whole = type(tiny).logits
    monkeypatch.setattr(
        type(tiny), "logits", lambda self, *given: passes.append(1) or whole(self, *given)
    )
    kept = torch.ones(6, 6, dtype=torch.bool)
    kept[1, 3] = False

    complete(tiny, some_picture(tiny.spec), kept, seed=0, count=1, order="naive")

    assert len(passes) == 6 + 3 + 1


def test_guidance_one_is_the_class_and_guidance_zero_forgets_it():
    model = tiny_gated()
    pixels, kept = some_picture(model.spec), keep_rows(model.spec, 2)

    def drawn(**conditions):
        return complete(model, pixels, kept, seed=0, count=16, **conditions)

    assert torch.equal(drawn(label=2, guidance=1.0), drawn(label=2))
    assert torch.equal(drawn(label=2, guidance=0.0), drawn())
    assert not torch.equal(drawn(label=2), drawn())
    assert not torch.equal(drawn(label=2, guidance=4.0), drawn(label=2))


def test_temperature_and_top_p_reach_the_erased_pixels(tiny):
    pixels, kept = some_picture(tiny.spec), keep_rows(tiny.spec, 2)

    coldest = complete(tiny, pixels, kept, seed=0, count=4, temperature=1e-3)
    argmax = complete(tiny, pixels, kept, seed=9, count=4, top_p=0.0)

    assert torch.equal(coldest, argmax)
    assert len(argmax.unique(dim=0)) == 1
    assert not torch.equal(argmax, complete(tiny, pixels, kept, seed=0, count=4))


def test_rows_are_kept_from_the_top():
    kept = keep_rows(ImageSpec(1, 4, 2), 3)

    assert kept.tolist() == [[True, True]] * 3 + [[False, False]]


NOTHING_LEFT = torch.ones(6, 6, dtype=torch.bool)


@pytest.mark.parametrize(
    ("pixels", "kept", "options", "complaint"),
    [
        (torch.zeros(1, 6, 5).long(), ~NOTHING_LEFT, {}, "pixels must have the shape"),
        (torch.zeros(1, 6, 6).long(), NOTHING_LEFT[:5], {}, "kept must be bool of the shape"),
        (torch.zeros(1, 6, 6).long(), NOTHING_LEFT.float(), {}, "kept must be bool"),
        (torch.zeros(1, 6, 6).long(), NOTHING_LEFT, {}, "kept must leave a pixel to draw"),
        (torch.full((1, 6, 6), 2), NOTHING_LEFT.tril(), {}, r"given must be in \[-1, 2\)"),
        (torch.zeros(1, 6, 6).long(), ~NOTHING_LEFT, {"count": 0}, "count must be at least 1"),
        (torch.zeros(1, 6, 6).long(), ~NOTHING_LEFT, {"seed": -1}, "seed must be from 0"),
        (torch.zeros(1, 6, 6).long(), ~NOTHING_LEFT, {"top_p": math.nan}, "top_p must be from"),
        (torch.zeros(1, 6, 6).long(), ~NOTHING_LEFT, {"label": 1}, "trained without classes"),
    ],
)
def test_what_cannot_be_completed_is_refused(tiny, pixels, kept, options, complaint):
    with pytest.raises(ValueError, match=complaint):
        complete(tiny, pixels, kept, **{"seed": 0, "count": 1} | options)


@pytest.mark.parametrize("rows", [-1, 6, 99])
def test_rows_that_leave_nothing_to_draw_are_refused(tiny, rows):
    with pytest.raises(ValueError, match=f"rows must be from 0 to 5, got {rows}"):
        keep_rows(tiny.spec, rows)


@pytest.mark.parametrize(("row", "column"), [(-1, 0), (0, -1), (3, 0), (0, 3)])
def test_a_pixel_that_is_not_there_ignores_nothing_and_is_refused(row, column):
    with pytest.raises(ValueError, match="must lie in the picture"):
        ignored_by(SCATTERED, row, column)

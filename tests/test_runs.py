"""Runs that branch: the prefix stays to the byte, and every pixel can be accounted for."""

import math

import pytest
import torch
from lively import tiny_pixelcnn

from genlab.analysis.likelihood import image_nats
from genlab.core.images import quantise
from genlab.inference.autoregressive import draw_uniforms, inverse_cdf, sample
from genlab.inference.runs import (
    Run,
    Segment,
    account_for,
    combine,
    make_run_stepper,
    stream_run,
)

ORDERS = ("raster", "wavefront")
every_order = pytest.mark.parametrize("order", ORDERS)


def run_of(*segments, images=3, order="raster"):
    """A run of segments (start, seed, temperature)."""
    return Run("tiny", images, order, tuple(Segment(*each) for each in segments))


def draw(model, run):
    """Levels (B, n, C) and probabilities (B, n, C, levels) in the order of drawing."""
    frames = list(stream_run(model, run))
    return (
        torch.cat([frame.levels for frame in frames], dim=1),
        torch.cat([frame.probabilities for frame in frames], dim=1),
    )


def picture(model, run):
    """(B, C, H, W) levels."""
    *_, frame = stream_run(model, run)
    return quantise(frame.images, model.spec.levels)


def assert_same_bytes(ours, theirs):
    for one, other in zip(ours, theirs, strict=True):
        assert one.numpy().tobytes() == other.numpy().tobytes()


def prefix(drawn, count):
    return [values[:, :count].contiguous() for values in drawn]


@pytest.mark.parametrize("levels", [2, 5])
@pytest.mark.parametrize("point", [1, 6, 17, 28, 35])
@every_order
def test_a_branch_keeps_its_prefix_byte_for_byte(order, point, levels):
    model = tiny_pixelcnn(levels=levels)
    run = run_of((0, 7, 1.0), images=16, order=order)

    kept = draw(model, run)
    branched = draw(model, run.branch(Segment(point, 1000, 0.7)))

    assert_same_bytes(prefix(kept, point), prefix(branched, point))
    assert not torch.equal(kept[0][:, point:], branched[0][:, point:]), "nothing branched"


@every_order
def test_a_branch_of_a_branch_keeps_what_both_had(tiny, order):
    first = run_of((0, 7, 1.0), images=16, order=order)
    second = first.branch(Segment(9, 100, 0.5))
    third = second.branch(Segment(22, 200, 2.0))

    drawn = [draw(tiny, run) for run in (first, second, third)]

    assert_same_bytes(prefix(drawn[0], 9), prefix(drawn[2], 9))
    assert_same_bytes(prefix(drawn[1], 22), prefix(drawn[2], 22))
    assert not torch.equal(drawn[1][0][:, 22:], drawn[2][0][:, 22:])


@every_order
def test_a_branch_with_the_same_numbers_changes_nothing(tiny, order):
    run = run_of((0, 7, 0.8), order=order)

    assert_same_bytes(draw(tiny, run), draw(tiny, run.branch(Segment(11, 7, 0.8))))


@every_order
def test_a_run_without_a_branch_is_the_sample_of_its_seed(tiny, order):
    expected = quantise(sample(tiny, seed=7, count=3, temperature=0.8, order=order), 2)

    assert torch.equal(picture(tiny, run_of((0, 7, 0.8), order=order)), expected)


def in_order(model, order):
    """All (row, column), sorted by hand: raster, or column + skew · row, the upper row first."""
    _, height, width = model.spec.shape
    skew = {"raster": width, "wavefront": model.first.kernel_size // 2 + 1}[order]
    positions = [(row, column) for row in range(height) for column in range(width)]
    return sorted(positions, key=lambda place: (place[1] + skew * place[0], place[0]))


def draw_by_hand(model, order, segments, image):
    """One picture pixel by pixel: the whole network, this pixel's own number and heat."""
    pixels = torch.zeros(1, *model.spec.shape, dtype=torch.int64)
    for position, (row, column) in enumerate(in_order(model, order)):
        _, seed, temperature = [each for each in segments if each[0] <= position][-1]
        uniforms = torch.rand(
            model.spec.shape, generator=torch.Generator().manual_seed(seed + image)
        )
        logits = model.logits(pixels)[0, :, 0, row, column]
        cumulative = (logits / temperature).softmax(dim=0).cumsum(dim=0)[:-1]
        pixels[..., row, column] = sum(uniforms[0, row, column].item() >= p for p in cumulative)
    return pixels[0]


@pytest.mark.parametrize("levels", [2, 4])
@every_order
def test_from_its_point_on_a_branch_takes_the_new_seed_and_temperature(order, levels):
    model = tiny_pixelcnn(levels=levels, size=(5, 6), first_kernel=3)
    segments = (0, 7, 1.0), (8, 100, 0.5), (19, 200, 2.0)

    drawn = picture(model, run_of(*segments, order=order))

    for image in range(3):
        by_hand = draw_by_hand(model, order, segments, image)
        assert torch.equal(drawn[image], by_hand), image


@every_order
def test_segments_share_out_uniforms_and_temperatures_by_position(order):
    model = tiny_pixelcnn(size=(5, 6), first_kernel=3)
    run = run_of((0, 7, 1.0), (8, 100, 0.5), order=order)

    uniforms, heat = combine(run.segments, make_run_stepper(model, run).fronts, model.spec, 3)

    old, new = draw_uniforms(model.spec, 7, 3), draw_uniforms(model.spec, 100, 3)
    for position, (row, column) in enumerate(in_order(model, order)):
        source, temperature = (old, 1.0) if position < 8 else (new, 0.5)
        assert torch.equal(uniforms[..., row, column], source[..., row, column])
        assert heat[row, column] == temperature


def test_a_branch_at_an_earlier_point_drops_the_later_segments():
    run = run_of((0, 1, 1.0), (10, 2, 1.0), (20, 3, 1.0))

    def starts_and_seeds(run):
        return [(each.start, each.seed) for each in run.segments]

    assert starts_and_seeds(run.branch(Segment(15, 9, 1.0))) == [(0, 1), (10, 2), (15, 9)]
    assert starts_and_seeds(run.branch(Segment(20, 9, 1.0))) == [(0, 1), (10, 2), (20, 9)]
    assert starts_and_seeds(run.branch(Segment(10, 9, 1.0))) == [(0, 1), (10, 9)]
    assert starts_and_seeds(run.branch(Segment(0, 9, 1.0))) == [(0, 9)]
    assert starts_and_seeds(run) == [(0, 1), (10, 2), (20, 3)], "a run never changes"


@pytest.mark.parametrize(
    "starts", [[], [1], [-1], [0, 36], [0, 99], [0, -3], [0, 20, 10], [0, 5, 5], [0, 0]]
)
def test_segments_that_do_not_share_out_the_image_are_refused(tiny, starts):
    segments = [Segment(start, 0, 1.0) for start in starts]

    with pytest.raises(ValueError, match="segments must start at 0"):
        combine(segments, tiny.stepper(1).fronts, tiny.spec, 1)


BRANCHED = ((0, 7, 1.0), (9, 100, 0.5))


@pytest.mark.parametrize("levels", [2, 5])
@every_order
def test_an_account_agrees_with_the_frames_of_its_run(order, levels):
    model = tiny_pixelcnn(levels=levels, size=(4, 5), first_kernel=3)
    run = run_of(*BRANCHED, images=2, order=order)
    places = in_order(model, order)
    level, probabilities = draw(model, run)
    surprise = torch.cat([frame.surprise for frame in stream_run(model, run)], dim=1)

    for image in range(2):
        for position, (row, column) in enumerate(places):
            account = account_for(model, run, image, row, column)
            assert account.index == 5 * row + column
            assert account.level == level[image, position, 0]
            assert account.temperature == (1.0 if position < 9 else 0.5)
            seed = (7 if position < 9 else 100) + image
            assert account.uniform == draw_uniforms(model.spec, seed, 1)[0, 0, row, column]
            torch.testing.assert_close(
                account.probabilities, probabilities[image, position, 0], rtol=1e-4, atol=1e-5
            )
            assert account.surprise == surprise[image, position]
            assert account.image_bits == pytest.approx(surprise[image].sum().item(), rel=1e-5)


@pytest.mark.parametrize("levels", [2, 5])
def test_an_account_s_numbers_lead_from_its_logits_to_its_level(levels):
    model = tiny_pixelcnn(levels=levels, size=(4, 5), first_kernel=3)
    run = run_of(*BRANCHED, images=2)

    for row, column in in_order(model, "raster"):
        account = account_for(model, run, 1, row, column)
        probabilities = (account.logits / account.temperature).softmax(dim=0)
        torch.testing.assert_close(account.probabilities, probabilities)
        assert inverse_cdf(account.probabilities, torch.tensor(account.uniform)) == account.level
        bits = -math.log2(account.probabilities[account.level])
        assert account.surprise == pytest.approx(bits, rel=1e-3, abs=1e-4)


@every_order
def test_an_account_s_bits_are_the_image_s_likelihood(order):
    model = tiny_pixelcnn(levels=5)
    run = run_of((0, 7, 1.0), (9, 100, 1.0), order=order)
    nats = image_nats(model, picture(model, run))

    for image in range(3):
        account = account_for(model, run, image, 2, 3)
        assert account.image_bits * math.log(2) == pytest.approx(nats[image].item(), rel=1e-4)


@pytest.mark.parametrize(
    ("image", "row", "column"),
    [(-1, 0, 0), (3, 0, 0), (0, -1, 0), (0, 6, 0), (0, 0, -1), (0, 0, 6)],
)
def test_an_account_of_a_pixel_that_is_not_there_is_refused(tiny, image, row, column):
    with pytest.raises(ValueError, match="must lie in the run"):
        account_for(tiny, run_of((0, 7, 1.0)), image, row, column)

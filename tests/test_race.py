"""A race of samplers: the same pixels, clocks of their own, passes counted where they happen."""

import dataclasses

import pytest
import torch
from lively import tiny_gated, tiny_pixelcnn

from genlab.analysis.receptive_field import declared_field
from genlab.core.frames import last
from genlab.inference.autoregressive import draw_uniforms, stream_pixels
from genlab.inference.conditions import at_size
from genlab.inference.fixed_point import stream_fixed_point
from genlab.inference.guidance import Guided
from genlab.inference.race import LANES, Lane, compare, in_turns, line_up, one_after_another
from genlab.models.gated_pixelcnn import CARDS as GATED_CARDS

SEED = 1  # of seed 0, one uniform is a level's boundary of a toy, but for rounding
NETWORKS = pytest.mark.parametrize("build", [tiny_pixelcnn, tiny_gated])


class Watch:
    """A clock on which every pass of the network takes a second, and nothing else takes time."""

    def __init__(self, model):
        self.now = 0.0
        model.register_forward_hook(self._tick)

    def _tick(self, *_):
        self.now += 1.0

    def __call__(self):
        return self.now

    def __deepcopy__(self, memo):
        return self  # a copied network still moves this clock


def race(model, *, count=3, order=in_turns, **asked):
    """All frames of a race with a frame a step."""
    uniforms = draw_uniforms(model.spec, SEED, count)
    return list(order(line_up(model, uniforms, **{"turn": 0, "longest": 100, **asked})))


def with_another(frame, place):
    """The frame, with another pixel (place, place) in its first image."""
    images = frame.images.clone()
    images[0, 0, place, place] = 1 - images[0, 0, place, place]
    return dataclasses.replace(frame, images=images)


def ends(frames):
    """The last frame of each lane, by its name."""
    return {frame.lane: frame for frame in frames}


@NETWORKS
@pytest.mark.parametrize("levels", [2, 8, 256])
@pytest.mark.parametrize("order", [in_turns, one_after_another])
def test_all_lanes_draw_what_the_uniforms_say(build, levels, order):
    model = build(levels=levels)
    expected = last(stream_pixels(model, draw_uniforms(model.spec, SEED, 3))).images

    found = ends(race(model, order=order))

    for frame in found.values():
        assert frame.is_last and not frame.is_stopped
        assert torch.equal(frame.images, expected), frame.lane
        assert frame.final.all() and frame.pixels == 36
    together = compare(list(found.values()))
    assert (together.is_identical, together.pixels) == (True, 3 * 36)


def test_lanes_know_classes_guidance_given_pixels_temperature_and_top_p():
    model, labels = tiny_gated(levels=4), torch.tensor([0, 1, 2])
    given = torch.full((3, 1, 6, 6), -1)
    given[:, :, :2] = 3
    asked = {"given": given, "temperature": 0.7, "top_p": 0.9, "labels": labels}
    uniforms = draw_uniforms(model.spec, SEED, 3)
    expected = last(stream_pixels(Guided(model, 2.0), uniforms, **asked)).images

    found = ends(race(model, guidance=2.0, **asked))

    assert len(found) == 3
    for frame in found.values():
        assert torch.equal(frame.images, expected), frame.lane


def test_lanes_draw_at_another_size():
    found = ends(race(at_size(tiny_pixelcnn(), 4, 8)))

    assert {frame.images.shape for frame in found.values()} == {(3, 1, 4, 8)}
    assert compare(list(found.values())).is_identical
    assert found["naive"].evaluations == 32


@pytest.mark.parametrize(("guidance", "passes"), [(1.0, 1), (2.0, 2)])
def test_passes_of_the_whole_network_are_counted(guidance, passes):
    labels = torch.zeros(3, dtype=torch.int64)
    frames = race(tiny_gated(), labels=labels, guidance=guidance)

    found = ends(frames)

    assert found["naive"].evaluations == passes * 36
    assert found["cached"].evaluations == 0
    assert found["fixed point"].evaluations == passes * found["fixed point"].step
    naive = [frame.evaluations for frame in frames if frame.lane == "naive"]
    assert naive == [passes * step for step in range(1, 37)]


def test_a_race_counts_no_pass_of_anybody_else_and_leaves_no_hook():
    model = tiny_pixelcnn()
    frames = in_turns(line_up(model, draw_uniforms(model.spec, SEED, 1), turn=0))

    counts = {}
    for frame in frames:
        counts[frame.lane] = frame.evaluations
        model.logits(torch.zeros(1, 1, 6, 6, dtype=torch.int64))  # another visitor

    assert counts["naive"] == 36
    assert not any(module._forward_hooks for module in model.modules())


def test_the_copy_that_is_counted_shares_the_weights():
    model = tiny_pixelcnn()
    lanes = line_up(model, draw_uniforms(model.spec, SEED, 2), turn=0)
    with torch.no_grad():
        model.output.bias.fill_(100.0)  # after the start of the race, before the first step

    found = ends(one_after_another(lanes))

    assert all((frame.images == 1).all() for frame in found.values())


def test_a_pixel_is_final_when_it_is_drawn_and_guesses_when_they_cannot_move():
    model = tiny_pixelcnn(levels=3)
    answer = last(stream_pixels(model, draw_uniforms(model.spec, SEED, 3))).images
    guesses = list(stream_fixed_point(model, draw_uniforms(model.spec, SEED, 3)))

    for frame in race(model):
        final = frame.final[:, None]
        assert torch.equal(frame.images * final, answer * final), frame.lane
        if frame.lane in ("naive", "cached"):
            assert frame.pixels == frame.step
        if frame.lane == "fixed point":
            assert frame.pixels == int(guesses[frame.step - 1].final.min())


def test_a_later_step_does_not_move_the_frame_of_an_earlier_one():
    frames = race(tiny_pixelcnn())

    naive = [int(frame.final.sum()) for frame in frames if frame.lane == "naive"]

    assert naive == [3 * step for step in range(1, 37)]


def test_a_lane_that_takes_too_long_stops_and_says_how_far_it_came():
    model = tiny_pixelcnn()

    found = ends(race(model, longest=20.0, clock=Watch(model)))

    naive = found.pop("naive")
    assert (naive.pixels, naive.seconds, naive.is_stopped) == (20, 20.0, True)
    assert not naive.is_last
    assert all(frame.is_last and not frame.is_stopped for frame in found.values())
    assert compare([naive, *found.values()]).pixels == 3 * 20
    assert compare([naive, *found.values()]).is_identical


def test_a_clock_counts_the_computing_of_its_own_lane_alone():
    model = tiny_pixelcnn()
    watch, uniforms = Watch(model), draw_uniforms(model.spec, SEED, 2)

    found = {}
    for frame in in_turns(line_up(model, uniforms, turn=0, longest=100, clock=watch)):
        found[frame.lane] = frame.seconds
        watch.now += 1000  # the page paints, other visitors draw

    fixed = last(stream_fixed_point(model, uniforms))
    assert found == {"naive": 36, "cached": 0, "wavefront": 0, "fixed point": fixed.total}


def test_in_turns_the_lane_that_computed_least_is_next():
    model = tiny_pixelcnn()

    frames = race(model, clock=Watch(model))

    clocks = dict.fromkeys(LANES, 0.0)
    running = set(LANES)
    for frame in frames:
        assert clocks[frame.lane] == min(clocks[name] for name in running)
        clocks[frame.lane] = frame.seconds
        running -= {frame.lane} if frame.is_last else set()


def test_a_lane_shows_itself_once_a_turn():
    model = tiny_pixelcnn()

    frames = race(model, clock=Watch(model), turn=5.0)

    naive = [frame.step for frame in frames if frame.lane == "naive"]
    assert naive == [5, 10, 15, 20, 25, 30, 35, 36]
    assert sum(frame.lane == "cached" for frame in frames) == 1


def test_nothing_is_computed_before_it_is_asked_for():
    model = tiny_pixelcnn()
    watch = Watch(model)

    line_up(model, draw_uniforms(model.spec, SEED, 1), clock=watch)

    assert watch.now == 0


def test_a_network_without_a_blind_spot_has_no_wavefront_and_says_why():
    lanes = line_up(tiny_gated(), draw_uniforms(tiny_gated().spec, 0, 1))

    (without,) = [lane for lane in lanes if lane.frames is None]
    assert [lane.name for lane in lanes] == list(LANES)
    assert without.name == "wavefront"
    assert "no blind spot" in without.reason


def test_a_gated_pixel_reads_what_the_reason_names_and_far_from_all_before_it():
    """Its left neighbour and, far to its right, the row above; not all rows, nor a whole row."""
    gated = next(card for card in GATED_CARDS if card.name == "gated-mnist")
    field = declared_field(gated.masked, 28, (20, 10))

    assert field[20, 9] and field[19, 10 + 9] and not field[19, 27]
    assert field.sum() < 20 * 28 + 10
    (without,) = [
        lane for lane in line_up(tiny_gated(), draw_uniforms(tiny_gated().spec, 0, 1))
        if lane.frames is None
    ]  # fmt: skip
    assert "reads its left neighbour and, far to its right, the row above" in without.reason


def test_a_lane_can_be_left_and_taken_up_again():
    model = tiny_pixelcnn()
    uniforms = draw_uniforms(model.spec, SEED, 2)
    whole = ends(one_after_another(line_up(model, uniforms, turn=0)))["cached"]
    (lane,) = [each for each in line_up(model, uniforms, turn=0) if each.name == "cached"]

    for _ in range(5):
        frame = next(lane.frames)
    assert frame.step == 5

    assert torch.equal(last(in_turns([lane])).images, whole.images)


def test_another_pixel_is_seen():
    frames = list(ends(race(tiny_pixelcnn())).values())
    frames[1] = with_another(frames[1], 3)

    assert not compare(frames).is_identical


def test_pixels_that_are_not_final_are_not_compared():
    frames = race(tiny_pixelcnn())
    early = next(frame for frame in frames if frame.lane == "naive")
    whole = ends(frames)["cached"]

    for differs in (with_another(early, 5), with_another(whole, 5)):
        found = compare([differs, whole if differs.lane == "naive" else early])
        assert found.is_identical
        assert found.pixels == 3  # the first of each image


def test_guidance_without_a_class_and_a_race_of_nobody_are_refused():
    model = tiny_gated()

    with pytest.raises(ValueError, match="guidance needs labels"):
        line_up(model, draw_uniforms(model.spec, SEED, 1), guidance=2.0)
    with pytest.raises(ValueError, match="at least one"):
        compare([])


def test_lanes_without_frames_are_left_out():
    assert list(in_turns([Lane("wavefront", None, "why")])) == []
    assert list(one_after_another([Lane("wavefront", None, "why")])) == []

"""The page of the race without a browser: what is sent, what is said, what is refused."""

import contextlib
import dataclasses
import functools

import gradio as gr
import numpy as np
import pytest
from completion_shelf import GATED, LEAKY, PLAIN, build_page, completion_store
from race_shelf import LookClock, PassClock, ReadRace

from genlab.core.images import quantise
from genlab.inference.autoregressive import draw_uniforms, sample
from genlab.inference.race import LANES, LaneFrame, line_up
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas.race_payload import RaceWriter
from genlab.ui.pixels import race, race_asked, race_views, race_words
from genlab.ui.pixels.race_asked import Guess
from genlab.ui.pixels.race_views import Course

NAIVE, CACHED, WAVEFRONT, FIXED_POINT = range(len(LANES))
GOOD = {"card": PLAIN, "count": 1, "seed": 0, "label": "any", "order": "turns", "first": None,
        "runs": None}  # fmt: skip
MOST_BYTES = 256_000  # of a run on the wire


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return completion_store(tmp_path_factory.mktemp("cards"))


@pytest.fixture(scope="module")
def page(store):
    return build_page(race.build, store, PLAIN, GATED)


@pytest.fixture(scope="module")
def start(page):
    return page[1]["race"]


def values(**changes):
    """What the browser sends for Race."""
    return list((GOOD | changes).values())


def finished(start, **changes):
    """The payload, the last words and the last table."""
    messages = list(start(*values(**changes)))
    return messages[-2][0], messages[-1][1], messages[-1][2]


@contextlib.contextmanager
def steady():
    """No lane is stopped, however busy the machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(race_asked, "line_up", functools.partial(line_up, clock=LookClock()))
        yield


@pytest.fixture(scope="module")
def plain(start):
    with steady():
        return finished(start, first="wavefront", runs="784")


@pytest.fixture(scope="module")
def gated(start):
    with steady():
        return finished(start, card=GATED, count=4, seed=7, label="3", order="one by one")


def on_clock(monkeypatch, store, clock, **settings):
    """Let races run by a clock of passes."""
    slow = functools.partial(line_up, clock=clock.follow(store.get(PLAIN)), **settings)
    monkeypatch.setattr(race_asked, "line_up", slow)


def lane_frame(store, name, **changes):
    """The end of a lane that has drawn all of a picture of the plain model."""
    asked = race_asked.read_asked(store, *values()[:5])
    *_, frame = race_asked.make_lanes(asked)[WAVEFRONT].frames  # the same picture, and the quickest
    return dataclasses.replace(frame, lane=name, **changes)


def course_of(*frames):
    return Course(frames={frame.lane: frame for frame in frames})


# — what is sent —


@pytest.mark.parametrize(("raced", "card", "settings"), [
    ("plain", PLAIN, {"seed": 0, "count": 1}),
    ("gated", GATED, {"seed": 7, "count": 4, "label": 3}),
])  # fmt: skip
def test_every_lane_ends_with_the_picture_of_the_offline_sampler(
    request, store, raced, card, settings
):
    payload, *_ = request.getfixturevalue(raced)
    model = store.get(card)
    expected = quantise(sample(model, **settings)[:, 0], model.spec.levels).numpy()

    read = ReadRace(payload)

    lanes = [index for index in range(4) if str(index) not in read.header["reasons"]]
    assert len(lanes) == (4 if card == PLAIN else 3)
    for index in lanes:
        assert read.lane(index)[-1]["end"] == "finished"
        assert np.array_equal(read.levels(index), expected), LANES[index]


@pytest.mark.parametrize("raced", ["plain", "gated"])
def test_no_clock_and_no_count_runs_backwards(request, raced):
    payload, *_ = request.getfixturevalue(raced)

    read = ReadRace(payload)

    for index in range(4):
        for name in ("seconds", "step", "passes", "pixels"):
            course = [frame[name] for frame in read.lane(index)]
            assert course == sorted(course), (LANES[index], name)
        assert all(frame["end"] == "" for frame in read.lane(index)[:-1])


@pytest.mark.parametrize("raced", ["plain", "gated"])
def test_what_is_called_final_never_changes_again(request, raced):
    read = ReadRace(request.getfixturevalue(raced)[0])

    frames = read.lane(FIXED_POINT)
    answer = read.levels(FIXED_POINT).reshape(read.size[0], -1)
    for count, frame in enumerate(frames, 1):
        shown = read.levels(FIXED_POINT, count).reshape(answer.shape)
        for image, final in enumerate(frame["final"]):
            assert np.array_equal(shown[image, :final], answer[image, :final])
        assert frame["pixels"] == min(frame["final"])
    for index in (NAIVE, CACHED):
        assert all(frame["final"] is None for frame in read.lane(index))
        half = read.levels(index, len(read.lane(index)) // 2)
        assert np.array_equal(half[half >= 0], read.levels(index)[half >= 0])
        assert (half == -1).any()


@pytest.mark.parametrize("raced", ["plain", "gated"])
def test_a_race_is_small_enough_for_the_wire(request, raced):
    assert len(request.getfixturevalue(raced)[0]) < MOST_BYTES


@pytest.mark.parametrize("levels", [2, 8, 256])
def test_the_wire_holds_all_levels(levels):
    generator = np.random.default_rng(0)
    moments = generator.integers(levels, size=(5, 4, 28, 28))
    moments[:, 0, 0, :2] = 0, levels - 1
    there = np.zeros((4, 28, 28), bool)
    writer = RaceWriter("a", np.zeros((4, 28, 28)), levels=levels)

    payload, expected = writer.header(), []
    for row, moment in enumerate(moments, 1):
        there[:, : 5 * row] = True
        payload += writer.frame(2, moment, there, seconds=row, step=row, passes=0, pixels=0)
        expected.append(np.where(there, moment, -1))

    read = ReadRace(payload)
    for count, moment in enumerate(expected, 1):
        assert np.array_equal(read.levels(2, count), moment)


def test_the_page_begins_with_the_random_numbers_and_without_a_frame(store):
    for card, without in ((PLAIN, set()), (GATED, {str(WAVEFRONT)})):
        read = ReadRace(race.show_start(store, card, 4, 9))

        uniforms = draw_uniforms(store.get(card).spec, 9, 4)[:, 0]
        assert np.array_equal(read.uniforms, (uniforms * 256).floor().numpy())
        assert read.lines == []
        assert set(read.header["reasons"]) == without


def test_more_pixels_than_can_be_told_apart_are_refused():
    with pytest.raises(ValueError, match="at most 65536 pixels"):
        RaceWriter("a", np.zeros((84, 28, 28)), levels=2)
    with pytest.raises(ValueError, match="levels"):
        RaceWriter("a", np.zeros((1, 28, 28)), levels=257)


# — what is said —


def test_a_race_of_all_lanes_is_compared_pixel_by_pixel(plain, gated):
    assert "Identical pixels: **yes**, 784 of 784 compared in all lanes." in plain[1]
    assert "Identical pixels: **yes**, 3,136 of 3,136 compared in all lanes." in gated[1]


def test_a_lane_that_draws_another_pixel_is_told(store, start, monkeypatch):
    def broken(frame: LaneFrame) -> LaneFrame:
        images = frame.images.clone()
        images[0, 0, 20, 20] = 1 - images[0, 0, 20, 20]
        return dataclasses.replace(frame, images=images)

    make = race_asked.make_lanes

    def make_broken(asked):
        lanes = list(make(asked))
        frames = map(broken, lanes[WAVEFRONT].frames)
        lanes[WAVEFRONT] = dataclasses.replace(lanes[WAVEFRONT], frames=frames)
        return tuple(lanes)

    monkeypatch.setattr(race_views, "make_lanes", make_broken)
    on_clock(monkeypatch, store, PassClock(0.2))

    _, words, _ = finished(start)

    assert "Identical pixels: **no**" in words
    assert "**yes**" not in words


def test_the_naive_lane_stops_at_its_limit_and_says_how_far_it_came(start, store, monkeypatch):
    on_clock(monkeypatch, store, PassClock(0.05))

    payload, words, table = finished(start)

    naive = ReadRace(payload).lane(NAIVE)[-1]
    assert (naive["end"], naive["passes"], naive["pixels"]) == ("stopped", 400, 400)
    assert naive["seconds"] == pytest.approx(20)
    assert "**yes**, 400 of 784 compared in all lanes, all 784 in the 3 that finished." in words
    assert "stopped after 20 s, at 400 of 784 pixels" in table
    assert "about 39 s. That is extrapolated" in table  # 20 s · 784 / 400
    assert "more than " in table


def test_nothing_is_extrapolated_from_a_naive_lane_that_finished(plain):
    assert "extrapolated" not in plain[2]
    assert "more than" not in plain[2]
    assert "1 ×" in plain[2]


def test_ratios_are_of_the_naive_lanes_own_time(store):
    naive = lane_frame(store, "naive", seconds=12.0)
    cached = lane_frame(store, "cached", seconds=0.5)
    stopped = dataclasses.replace(naive, step=10, is_stopped=True)

    assert race_words.ratio(cached, naive) == "24 ×"
    assert race_words.ratio(cached, stopped) == "more than 24 ×"
    assert race_words.ratio(naive, naive) == "1 ×"
    assert race_words.ratio(cached, None) == "–"
    assert race_words.ratio(stopped, stopped) == "–"


def test_the_lane_of_the_shortest_clock_is_first(store):
    clocks = {"cached": 2.0, "wavefront": 0.25, "naive": 3.0}
    frames = [lane_frame(store, name, seconds=seconds) for name, seconds in clocks.items()]

    words = race_words.tell_race(course_of(*frames), Guess(first="cached"))

    assert (
        "You said the cached lane: not this time. **The wavefront finished first, after " in words
    )
    assert "then the cached lane after 2.0 s, the naive lane after 3.0 s." in words
    right = race_words.tell_race(course_of(*frames), Guess(first="wavefront"))
    assert "You said the wavefront: right." in right
    assert "You said" not in race_words.tell_race(course_of(*frames), Guess())


@pytest.mark.parametrize(("runs", "guess"), [(9, "1 to 9"), (10, "10 to 99"), (99, "10 to 99"),
                                             (100, "100 to 783"), (784, "784")])  # fmt: skip
def test_the_guessed_number_of_runs_is_judged_by_the_counted_one(store, runs, guess):
    course = course_of(lane_frame(store, "fixed point", evaluations=runs))

    for each in race_asked.RUNS:
        verdict = "right" if each == guess else "not this time"
        words = race_words.tell_race(course, Guess(runs=each))
        assert f"You said {each} runs: {verdict}." in words
        assert f"ran the network {runs} times" in words


def test_runs_in_the_table_are_those_that_the_hooks_counted(plain, gated):
    for payload, _, table in (plain, gated):
        read = ReadRace(payload)
        assert read.lane(NAIVE)[-1]["passes"] == 784
        assert read.lane(CACHED)[-1]["passes"] == 0
        fixed = read.lane(FIXED_POINT)[-1]
        assert 0 < fixed["passes"] == fixed["step"] <= 784
        assert f"<td>{fixed['passes']} ×</td>" in table


def test_a_network_without_a_wavefront_says_why(gated):
    payload, _, table = gated

    assert "no blind spot" in ReadRace(payload).header["reasons"][str(WAVEFRONT)]
    assert "not possible" in table
    assert "no blind spot" in table


def test_words_during_a_race_stay_true_when_it_is_stopped(start):
    running = start(*values())
    messages = [next(running) for _ in range(3)]
    running.close()

    for _, words, _ in messages:
        assert words.startswith("Final pixels")
        assert "finished first" not in words


def test_one_after_another_the_naive_lane_is_last(gated, plain):
    order = list(dict.fromkeys(line[0] for line in ReadRace(gated[0]).lines))
    assert order == [FIXED_POINT, CACHED, NAIVE]

    lines = [line[0] for line in ReadRace(plain[0]).lines]
    assert sum(a != b for a, b in zip(lines, lines[1:], strict=False)) > 10


# — what is refused —


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        *(("card", bad, "The model") for bad in (None, "nobody", 3, [PLAIN], "judge", LEAKY)),
        *(("count", bad, "Images") for bad in (None, 0, 2, "1", True, 1.0, 10**9, [1])),
        *(("seed", bad, "Seed") for bad in (-1, 2**32, 0.5, float("nan"), "0", None, True)),
        *(("label", bad, "The class") for bad in (None, 0, "0", "-1", ["any"])),
        *(("order", bad, "The order") for bad in (None, "", "raster", 0)),
        *(("first", bad, "Your guess of the first") for bad in ("", "gated", 0, ["naive"])),
        *(("runs", bad, "Your guess of the runs") for bad in ("", "5", 784, {})),
    ],
)
def test_what_is_not_on_offer_is_refused(start, name, value, words):
    with pytest.raises(gr.Error, match=words):
        next(start(*values(**{name: value})))


def test_a_race_that_takes_too_long_names_a_remedy_that_the_page_has(start, monkeypatch):
    monkeypatch.setattr(kit, "LONGEST_RUN", -1.0)

    with pytest.raises(gr.Error, match=r"stays\. Choose fewer images, or race again"):
        list(start(*values()))


def test_seeds_of_all_images_must_exist_and_classes_be_known(start):
    with pytest.raises(gr.Error, match="Seed"):
        next(start(*values(count=4, seed=2**32 - 3)))
    with pytest.raises(gr.Error, match="The class"):
        next(start(*values(card=GATED, label="10")))


# — the page —


def test_another_model_offers_its_classes_and_stands_at_the_start(page):
    handlers = {each.name: each.fn for each in page[0].fns.values()}

    assert handlers["refit"](GATED)["interactive"]
    assert not handlers["refit"](PLAIN)["interactive"]
    lanes, told, table = handlers["line_up"](GATED, 4, 5)
    assert ReadRace(lanes).size == (4, 28, 28)
    assert told == race_words.ASK
    assert table == race_words.draw_table(Course()), "no times of the former model's race"
    with pytest.raises(gr.Error, match="Seed"):
        handlers["line_up"](GATED, 4, -1)


def test_another_model_takes_the_former_race_s_words_and_table_away(page):
    listening = next(each for each in page[0].fns.values() if each.name == "line_up")

    assert [each.elem_id for each in listening.outputs] == ["race-lanes", "race-told", "race-table"]


def test_without_a_trained_model_the_page_says_how_to_get_one(tmp_path):
    blocks, handlers = build_page(race.build, ModelStore(tmp_path, ()))

    told = [each.value for each in blocks.blocks.values() if isinstance(each, gr.Markdown)]
    assert any("python -m train" in each for each in told)
    assert handlers == {}

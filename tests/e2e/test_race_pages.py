"""The race of samplers in a real browser: four lanes, their clocks, the slider of all clocks."""

import functools
import threading

import gradio as gr
import numpy as np
import pytest
from completion_shelf import GATED, PLAIN, completion_store, declare_card
from playwright.sync_api import expect
from race_shelf import LookClock

from genlab.core.images import quantise
from genlab.inference.autoregressive import sample
from genlab.inference.race import LANES, line_up
from genlab.ui.pixels import race, race_asked, race_views

NAIVE, CACHED, WAVEFRONT, FIXED_POINT = range(len(LANES))
SHORT = 0.5  # seconds that a lane may compute in these tests

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return completion_store(tmp_path_factory.mktemp("cards"))


@pytest.fixture(scope="module")
def url(store, serve):
    with gr.Blocks(analytics_enabled=False, fill_width=True) as blocks:
        race.build(store, declare_card(PLAIN, GATED))
    return serve(blocks)


@pytest.fixture
def visit(page, url, canvas):
    """Open the page; its lanes stand at the start."""

    def go(**settings):
        tab = page(url, **settings)
        lanes = canvas(tab, "race-lanes")
        lanes.wait("g.run() && g.paints > 0")
        return tab, lanes

    return go


def start(tab):
    tab.locator("#race-run").click()


def wait_for_the_end(tab, lanes):
    lanes.wait("g.isOver()")
    expect(tab.locator("#race-run")).to_be_visible()
    expect(tab.locator("#race-stop")).to_have_count(0)


def shown(lanes, index, count=1):
    return np.array(lanes.count(f"levels({index})")).reshape(count, 28, 28)


def picture(store, card, **settings):
    model = store.get(card)
    return quantise(sample(model, **settings)[:, 0], model.spec.levels).numpy()


def hold(monkeypatch, after):
    """Let a race stand still after some frames; returns what lets it go on."""
    go_on, stream = threading.Event(), race_views.in_turns

    def held(lanes):
        for count, frame in enumerate(stream(lanes)):
            if count == after:
                go_on.wait(60)
            yield frame

    monkeypatch.setattr(race_views, "in_turns", held)
    return go_on


def test_all_lanes_end_with_the_same_picture(visit, store):
    tab, lanes = visit()
    tab.locator("#race-first label").nth(WAVEFRONT).click()
    tab.locator("#race-runs label").last.click()

    start(tab)
    wait_for_the_end(tab, lanes)

    expect(tab.locator("#race-told")).to_contain_text("Identical pixels: yes")
    expect(tab.locator("#race-told")).to_contain_text("You said the wavefront")
    expect(tab.locator("#race-told")).to_contain_text("You said 784 runs")
    expected = picture(store, PLAIN, seed=0, count=1)
    for index, end in enumerate(lanes.count("ends()")):
        drawn = shown(lanes, index)
        if end == "finished":
            assert np.array_equal(drawn, expected), LANES[index]
        else:
            assert index == NAIVE
            assert end == "stopped"
            assert np.array_equal(drawn[drawn >= 0], expected[drawn >= 0])
    expect(tab.locator("#race-table")).to_contain_text("784 of 784")


def test_a_network_without_a_wavefront_races_four_pictures_of_four_levels(
    visit, store, monkeypatch
):
    monkeypatch.setattr(race_asked, "line_up", functools.partial(line_up, longest=SHORT))
    tab, lanes = visit(width=390, dark=True, touch=True)
    first = lanes.count("run()")
    tab.get_by_label("Model", exact=True).click()
    tab.get_by_role("option", name=f"Tiny {GATED}").click()
    lanes.wait(f"g.run() !== '{first}' && g.reasons()[{WAVEFRONT}]")
    tab.locator("#race-images label").last.click()

    start(tab)
    wait_for_the_end(tab, lanes)

    assert lanes.count("ends()")[WAVEFRONT] is None
    expect(lanes.box).to_contain_text("not possible for this network")
    expect(lanes.box).to_contain_text("no blind spot")
    expected = picture(store, GATED, seed=0, count=4)
    drawn = shown(lanes, CACHED, 4)
    assert np.array_equal(drawn[drawn >= 0], expected[drawn >= 0])
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390


def test_stop_ends_a_race_and_the_lanes_keep_what_they_drew(visit, monkeypatch):
    go_on = hold(monkeypatch, 40)
    tab, lanes = visit()
    start(tab)
    lanes.wait("g.frames > 0")

    tab.locator("#race-stop").click()
    expect(tab.locator("#race-run")).to_be_visible()
    go_on.set()
    wait_for_the_end(tab, lanes)

    frames = lanes.count("frames")
    assert 0 < frames <= 40
    expect(lanes.box).to_contain_text("stopped: ")
    expect(tab.locator("#race-told")).to_contain_text("Final pixels of 784")
    start(tab)  # it is not held any more
    wait_for_the_end(tab, lanes)
    assert lanes.count("frames") > frames


def test_the_slider_shows_all_lanes_at_one_moment(visit, monkeypatch):
    monkeypatch.setattr(race_asked, "line_up", functools.partial(line_up, clock=LookClock()))
    tab, lanes = visit()
    start(tab)
    wait_for_the_end(tab, lanes)
    whole = shown(lanes, CACHED)

    lanes.part("scrub").fill("600")
    lanes.wait("g.moment() < Infinity")
    expect(lanes.part("when")).to_contain_text("All clocks at")
    lanes.wait(f"g.levels({CACHED}).some((level) => level < 0)")
    early = shown(lanes, CACHED)
    assert np.array_equal(early[early >= 0], whole[early >= 0])

    lanes.part("scrub").fill("1000")
    expect(lanes.part("when")).to_have_text("The end of the race")
    lanes.wait(f"g.levels({CACHED}).every((level) => level >= 0)")


def test_nothing_moves_while_a_race_goes_on_and_its_picture_is_saved(visit):
    tab, lanes = visit()
    boxes = [tab.locator(f"#race-{name}") for name in ("lanes", "told", "table")]
    before = [box.bounding_box() for box in boxes]

    start(tab)
    wait_for_the_end(tab, lanes)

    assert [box.bounding_box() for box in boxes][0] == before[0]
    assert [box.bounding_box()["y"] for box in boxes] == [box["y"] for box in before]
    with tab.expect_download() as saved:
        lanes.part("save").click()
    assert saved.value.suggested_filename == "genlab-race-of-samplers.png"


def test_a_picture_of_random_numbers_stands_at_every_lane_before_the_race(visit):
    _, lanes = visit(still=True)

    colours = lanes.tab.evaluate(
        """() => [...document.querySelectorAll('#race-lanes canvas')].map((canvas) => {
            const { data } = canvas.getContext('2d')
                .getImageData(0, 0, canvas.width, canvas.height);
            return data.join();
        })"""
    )

    assert len(colours) == 4
    assert len(set(colours)) == 1
    assert len(set(colours[0].split(","))) > 50
    assert lanes.part("play").is_disabled()

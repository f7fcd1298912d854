"""The page of the forward process without a browser: courses, walks, what is refused."""

import base64
import functools
import json
import math

import gradio as gr
import numpy as np
import pytest
from forward_shelf import CARD, declare_pages, forward_store
from test_whole_app import assert_plain

from genlab.analysis.forward_noise import BINS, kept_steps
from genlab.core.errors import InputError
from genlab.core.noise_schedule import cosine_schedule, linear_schedule
from genlab.store import ModelStore
from genlab.ui.canvas.drowned import Drowned, DrownedPicture
from genlab.ui.canvas.grid import to_hex
from genlab.ui.diffusion import forward, forward_views
from genlab.ui.latent import codes

ASKED = forward_views.Asked(steps=12, seed=4)
NUMBERS = [ASKED.kind, ASKED.steps, ASKED.s, ASKED.first, ASKED.final, ASKED.seed]
HOSTILE = [None, True, "x", math.nan, math.inf, -1, 2**32, [], {}]
PLACES = [32]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return forward_store(tmp_path_factory.mktemp("cards"))


@pytest.fixture(scope="module")
def walks():
    """With one walk in it."""
    known = forward_views.Walks()
    assert list(forward_views.take_walk(known, ASKED)) == list(range(1, ASKED.steps + 1))
    return known


@pytest.fixture(scope="module")
def image():
    return codes.example_images(None, None)[PLACES]


@functools.cache
def handlers(store, page):
    blocks = declare_pages(store, page)
    return {each.name: each.fn for each in blocks.fns.values() if each.fn}


def opened(text, kind):
    return np.frombuffer(base64.b64decode(text), kind)


# — the course —


@pytest.mark.parametrize("kind", ["cosine", "linear"])
def test_the_course_has_the_numbers_of_the_schedule(store, kind):
    asked = forward_views.Asked(kind=kind, steps=300, s=0.02, first=0.001, final=0.1)

    sent = json.loads(forward_views.course(store, CARD, asked))

    expected = (
        cosine_schedule(300, s=0.02)
        if kind == "cosine"
        else linear_schedule(300, first=0.001, final=0.1)
    )
    np.testing.assert_array_equal(opened(sent["betas"], "<f8"), expected.betas.numpy())
    np.testing.assert_array_equal(opened(sent["alphaBars"], "<f8"), expected.alpha_bars.numpy())
    assert sent["steps"] == 300


def test_the_noise_of_the_picture_is_that_of_the_first_jump(store):
    sent = json.loads(forward_views.course(store, CARD, ASKED))

    expected = forward_views.jumps(ASKED)[0][0, 0].flatten().numpy()
    np.testing.assert_allclose(opened(sent["noise"], "<i2") / 4096, expected, atol=1 / 8000)


def test_a_long_course_has_no_more_columns_than_the_heat_map(store):
    sent = json.loads(forward_views.course(store, CARD, forward_views.Asked(steps=4000)))

    columns = len(opened(sent["waves"], "i1")) // sent["rows"]
    assert (sent["stride"], columns) == (4, 1000)
    assert sent["rows"] == store.get(CARD).time.waves


@pytest.mark.parametrize("place", range(len(NUMBERS)))
@pytest.mark.parametrize("value", HOSTILE, ids=str)
def test_a_control_that_is_none_is_refused_with_a_remedy(place, value):
    with pytest.raises(InputError, match="Change it"):
        forward_views.ask(*NUMBERS[:place], value, *NUMBERS[place + 1 :])


@pytest.mark.parametrize("steps", [9, 4001, 10.5])
def test_a_t_out_of_range_is_refused(steps):
    with pytest.raises(InputError, match="from 10 to 4000"):
        forward_views.ask("cosine", steps, *NUMBERS[2:])


def test_a_falling_beta_is_refused_with_a_remedy(store):
    asked = forward_views.ask("linear", 50, 0.008, 0.02, 0.001, 0)

    with pytest.raises(InputError, match="rising order"):
        forward_views.course(store, CARD, asked)


# — the walk —


def test_walks_and_jumps_are_counted_for_the_picture(walks, image):
    drowned = forward_views.drown(walks, ASKED, image)

    counted = drowned.counted
    kept = kept_steps(ASKED.steps, forward_views.KEPT)
    assert counted.histograms.shape == (2, len(kept), BINS)
    np.testing.assert_allclose(counted.histograms.sum(axis=2), 1, atol=1e-6)
    pixels = forward_views.DRAWS * 784
    for of in (0, 1):
        np.testing.assert_allclose(counted.means[of], counted.means[2], atol=6 / pixels**0.5)
        np.testing.assert_allclose(counted.variances[of], counted.variances[2], atol=0.06)


def test_walks_and_jumps_differ_though_their_histograms_do_not(walks, image):
    counted = forward_views.drown(walks, ASKED, image).counted
    sent = json.loads(forward_views.shown_walk(walks, ASKED))
    noise = opened(sent["noise"], "i1").reshape(len(sent["kept"]), 784) / 20

    jump = forward_views.jumps(ASKED)[0][0].flatten().numpy()
    for walked in noise:
        assert abs(np.corrcoef(walked, jump)[0, 1]) < 0.2
        assert walked.std() == pytest.approx(1, abs=0.1)
    distance = np.abs(counted.histograms[0] - counted.histograms[1]).sum(axis=1) / 2
    assert distance.max() < 0.05


def test_another_course_has_no_counts_until_it_is_walked(walks, image):
    other = forward_views.Asked(steps=13, seed=4)

    assert forward_views.drown(walks, other, image).counted is None
    assert forward_views.shown_walk(walks, other) is None


def test_only_the_last_walks_are_kept():
    known = forward_views.Walks(most=2)
    first, second, third = (forward_views.Asked(seed=seed) for seed in range(3))
    known.keep(first, {})
    known.keep(second, {})

    known.known(first)
    known.keep(third, {})

    assert known.known(second) is None and known.known(first) == {} == known.known(third)


def test_a_walk_that_takes_too_long_is_stopped(monkeypatch):
    monkeypatch.setattr(forward_views.kit, "LONGEST_RUN", -1.0)

    with pytest.raises(InputError, match="smaller T"):
        list(forward_views.take_walk(forward_views.Walks(), ASKED))


def test_the_walk_button_counts_and_says_what_it_took(store):
    *_, words = handlers(store, forward)["run"](*NUMBERS)
    shown = handlers(store, forward)["follow_walk"](CARD, "", *NUMBERS)

    assert shown["value"].counted.key == ASKED.key == json.loads(shown["walk"])["key"]
    assert "32 walks of 12 steps" in words
    assert not shown["value"].picture.any()  # the board was sent empty


def test_the_page_shows_the_drawing_that_was_sent(store):
    drawing = np.linspace(0, 1, 784, dtype=np.float32).reshape(28, 28)

    shown = handlers(store, forward)["follow_picture"](CARD, to_hex(drawing), *NUMBERS)

    np.testing.assert_allclose(shown.picture, drawing, atol=1 / 255)


@pytest.mark.parametrize("sent", ["0", "zz" * 784, 3, ["00"], {}])
def test_a_drawing_that_is_none_is_refused(store, sent):
    with pytest.raises(gr.Error, match="drawing"):
        handlers(store, forward)["follow_picture"](CARD, sent, *NUMBERS)


def test_the_forward_page_needs_no_trained_model(tmp_path):
    empty = ModelStore(tmp_path, ())
    declare_pages(empty, forward)

    shown = forward.opening(empty, None)

    assert json.loads(shown["course"])["steps"] == 1000


def test_the_component_keeps_its_settings_as_plain_data():
    component = DrownedPicture(label="A picture")

    assert_plain(component)
    with pytest.raises(gr.Error, match="Reload"):
        component.preprocess("anything")
    with pytest.raises(ValueError, match=r"\(28, 28\)"):
        component.postprocess(Drowned(np.zeros((3, 3))))

"""The page of guidance without a browser: rows by scale, what they gain and what they lose."""

import math

import gradio as gr
import numpy as np
import pytest
import torch
from same_noise_shelf import CARD, HOSTILE, JUDGE, bytes_of, cut, declare, noise_store, rows_of, run

from genlab.analysis.diversity import mean_pairwise_distance
from genlab.inference.diffusion import sample
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.diffusion import guidance_scales
from genlab.ui.diffusion import guidance_scales_views as views
from genlab.ui.diffusion.same_noise_views import Row, begin

STEPS = 4


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return noise_store(tmp_path_factory.mktemp("cards"))


@pytest.fixture(scope="module")
def handlers(store):
    return declare(guidance_scales, store)[1]


@pytest.fixture(scope="module")
def compared(handlers):
    sent, words = run(handlers["compare"], CARD, "1", 3, STEPS)
    return rows_of(sent[-1]), words


def drawn(store, scale, label=1):
    return sample(
        store.get(CARD), seed=3, count=views.COLUMNS, label=label, steps=STEPS, guidance=scale
    )


def test_every_row_is_what_the_sampler_draws_at_its_scale(store, compared):
    said, _ = compared

    for row, scale in enumerate(views.SCALES, 1):
        np.testing.assert_array_equal(cut(said[row]["sheet"]), bytes_of(drawn(store, scale)))


def test_scale_0_is_the_model_without_a_class(store, compared):
    plain = sample(store.get(CARD), seed=3, count=views.COLUMNS, steps=STEPS)

    np.testing.assert_array_equal(cut(compared[0][1]["sheet"]), bytes_of(plain))


def test_a_row_tells_what_the_judge_sees_and_how_far_its_pictures_are_apart(store, compared):
    for row, scale in enumerate(views.SCALES, 1):
        images = drawn(store, scale)
        seen = store.get(JUDGE).classify(images).argmax(dim=1)
        right, apart = (seen == 1).sum().item(), 100 * mean_pairwise_distance(images)
        assert compared[0][row]["figures"][:2] == [f"{right} of 16", f"{apart:.1f} %"]


def test_guidance_costs_two_passes_a_step_except_at_0_and_1(compared):
    passes = [compared[0][row]["figures"][2] for row in range(1, 6)]

    assert passes == ["4 × 1 = 4", "4 × 1 = 4", *["4 × 2 = 8"] * 3]


def test_the_words_compare_the_farthest_scale_with_the_model_itself(store):
    near, far = torch.tensor([0.0, 1.0]), torch.tensor([0.0, 0.25])
    images = [each.view(2, 1, 1, 1).expand(2, 1, 2, 2) for each in (near, near, near, near, far)]
    seen = [[0, 0], [1, 0], [1, 0], [1, 0], [1, 1]]
    done = [Row(picture, 4, 0.1, each) for picture, each in zip(images, seen, strict=True)]

    told = views.describe(store, begin(store, CARD, "1", 0, 2), STEPS, done, is_told=True)

    assert "lose 75 % of their distance" in told
    assert "in 2 of 2 instead of 1 of 2" in told
    assert "No class is chosen" not in told


def test_the_sliders_row_is_the_tables_row_for_the_same_noises(handlers, compared):
    sent, _ = run(handlers["try_one"], CARD, "1", 3, STEPS, 4)

    row = rows_of(sent[-1])[0]
    place = 1 + views.SCALES.index(4.0)
    assert row["title"] == "Scale 4"
    np.testing.assert_array_equal(cut(row["sheet"]), cut(compared[0][place]["sheet"])[: views.FEW])


@pytest.mark.parametrize(
    ("shown", "sent", "last"), [("compare", (), 3 + views.COLUMNS - 1), ("try_one", (4,), 10)]
)
def test_what_a_stopped_run_leaves_behind_is_said_in_words_that_stay_true(
    handlers, shown, sent, last
):
    started = handlers[shown](CARD, "1", 3, STEPS, *sent)

    _, words = next(started)
    started.close()

    assert f"class 1 · DDIM, {STEPS} steps · seeds 3 to {last}." in words
    assert "Drawing" not in words


def test_a_row_that_nobody_sees_is_emptied_and_not_drawn(handlers):
    assert list(handlers["try_one"](CARD, "1", 3, STEPS, 4, False)) == [("", "")]


def test_without_a_class_it_is_the_first_one_and_the_words_say_so(store, handlers):
    sent, words = run(handlers["try_one"], CARD, "any", 3, STEPS, 2.5)

    wanted = sample(store.get(CARD), seed=3, count=views.FEW, label=0, steps=STEPS, guidance=2.5)
    np.testing.assert_array_equal(cut(rows_of(sent[-1])[0]["sheet"]), bytes_of(wanted))
    assert "No class is chosen above" in words


def test_without_a_judge_the_share_is_left_open(tmp_path):
    handlers = declare(guidance_scales, noise_store(tmp_path, judge=False))[1]

    sent, words = run(handlers["compare"], CARD, "1", 0, STEPS)

    assert rows_of(sent[-1])[1]["figures"][0] == "no judge trained"
    assert "no judge is trained" in words


@pytest.mark.parametrize("sent", [*HOSTILE[:6], 8.25, -0.25, math.inf, [], {}])
def test_a_scale_out_of_range_is_refused(handlers, sent):
    with pytest.raises(gr.Error, match="Scale must be a number from 0 to 8"):
        list(handlers["try_one"](CARD, "1", 0, STEPS, sent))


@pytest.mark.parametrize("sent", HOSTILE)
@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_compare_refuses_what_it_does_not_offer(handlers, place, sent):
    inputs = [CARD, "1", 0, STEPS]
    inputs[place] = sent

    with pytest.raises(gr.Error, match="must|no model"):
        list(handlers["compare"](*inputs))


@pytest.mark.parametrize(
    ("run", "sent", "remedy"),
    [
        ("compare", (CARD, "1", 0, STEPS), "Choose fewer steps\\."),
        ("try_one", (CARD, "1", 0, STEPS, 4), "Choose fewer steps\\."),
    ],
)
def test_a_run_that_takes_too_long_names_a_remedy_that_the_page_has(
    handlers, monkeypatch, run, sent, remedy
):
    monkeypatch.setattr(kit, "LONGEST_RUN", -1.0)

    with pytest.raises(gr.Error, match=rf"stopped after a minute.*stays\. {remedy}"):
        list(handlers[run](*sent))


def test_without_a_model_the_page_says_how_to_train_one(tmp_path):
    blocks, _ = declare(guidance_scales, ModelStore(tmp_path, ()))

    texts = [each.value for each in blocks.blocks.values() if isinstance(each, gr.Markdown)]
    assert any("python -m train ddpm-mnist" in text for text in texts)

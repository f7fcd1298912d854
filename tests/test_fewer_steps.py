"""The page of fewer steps without a browser: rows from the same noise, figures, the guess."""

import dataclasses
import itertools
import math
import re

import gradio as gr
import numpy as np
import pytest
import torch
from diffusion_toys import Counting
from same_noise_shelf import (
    CARD,
    HOSTILE,
    JUDGE,
    bytes_of,
    cut,
    declare,
    noise_store,
    rows_of,
    run,
)
from shelved import write_checkpoint
from test_whole_app import assert_plain

from genlab.core.cards import Figure
from genlab.inference.diffusion import DiffusionSettings, sample
from genlab.inference.forward_diffusion import to_images
from genlab.inference.image_noise import ImageNoise
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas.multiples import Multiples, line
from genlab.ui.diffusion import fewer_steps, same_noise_views
from genlab.ui.diffusion import fewer_steps_views as views

STEPS = 6  # few enough for a fast test


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return noise_store(tmp_path_factory.mktemp("cards"))


@pytest.fixture(scope="module")
def handlers(store):
    return declare(fewer_steps, store)[1]


@pytest.fixture
def few(monkeypatch):
    """Fewer and shorter rows."""
    monkeypatch.setattr(views, "STEPS", (2, STEPS))


def begin(store, label="1", seed=5):
    return same_noise_views.begin(store, CARD, label, seed, views.COLUMNS)


# — the rows —


@pytest.mark.parametrize("sampler", ["ddim", "ddpm", "dpm-solver++"])
def test_every_row_is_what_the_sampler_draws_from_the_same_seeds(store, handlers, few, sampler):
    said = rows_of(run(handlers["compare"], CARD, "1", 5, sampler, None)[0][-1])

    for row, steps in enumerate((2, STEPS), 1):
        wanted = sample(store.get(CARD), seed=5, count=6, label=1, steps=steps, sampler=sampler)
        np.testing.assert_array_equal(cut(said[row]["sheet"]), bytes_of(wanted))


def test_rows_of_luck_are_what_the_sampler_draws(store, handlers):
    said = rows_of(run(handlers["add_luck"], CARD, "any", 5, STEPS)[0][-1])

    for row, eta in enumerate(views.ETAS, 1):
        wanted = sample(store.get(CARD), seed=5, count=6, steps=STEPS, eta=eta)
        np.testing.assert_array_equal(cut(said[row]["sheet"]), bytes_of(wanted))


def test_the_first_row_is_the_noise_that_all_others_begin_with(store, handlers, few):
    said = rows_of(run(handlers["compare"], CARD, "1", 5, "ddim", None)[0][-1])

    noise = ImageNoise(store.get(CARD).spec, 5, views.COLUMNS).draw()
    np.testing.assert_array_equal(cut(said[0]["sheet"]), bytes_of(to_images(noise / 3)))


def test_a_run_only_adds_to_what_was_sent(handlers, few):
    sent = run(handlers["compare"], CARD, "1", 5, "ddim", None)[0]

    assert len(sent) > 1
    assert all(later.startswith(earlier) for earlier, later in zip(sent, sent[1:], strict=False))


@pytest.mark.parametrize(
    ("table", "sent", "way"),
    [("compare", ("ddim", None), "DDIM"), ("add_luck", (7,), "DDIM, 7 steps")],
)
def test_what_a_stopped_run_leaves_behind_is_said_in_words_that_stay_true(
    handlers, table, sent, way
):
    started = handlers[table](CARD, "1", 5, *sent)

    _, words = next(started)
    started.close()

    assert f"class 1 · {way}" in words and "seeds 5 to 10. A row appears when" in words
    assert "Drawing" not in words


@pytest.mark.parametrize("guidance", [0.0, 1.0, 3.0])
def test_passes_are_those_that_the_network_made(store, guidance):
    start = begin(store)
    counting = Counting(start.model)
    start = same_noise_views.Beginning(CARD, counting, 1, 5, views.COLUMNS, None)
    pieces = same_noise_views.run(start, DiffusionSettings(STEPS, guidance=guidance), 0)

    row = _result(pieces)

    assert row.passes * views.COLUMNS == counting.images


def test_a_row_of_more_steps_than_there_are_says_so_and_the_others_are_drawn(store):
    ways, done = [DiffusionSettings(41), DiffusionSettings(2)], []

    said = rows_of("".join(views.stream(store, begin(store), ways, done)))

    assert said[1] == {"row": 1, "note": "its T is 40"}
    assert "sheet" in said[2] and len(done) == 1


def test_changed_by_is_the_distance_to_the_row_above(store):
    done = []
    ways = [DiffusionSettings(2), DiffusionSettings(STEPS)]

    said = rows_of("".join(views.stream(store, begin(store), ways, done)))

    squares = (done[0].images - done[1].images).double().square().flatten(1)
    away = squares.mean(dim=1).sqrt().mean().item()
    assert said[1]["figures"][3] == "–"
    assert said[2]["figures"][3] == f"{100 * away:.1f} %"


def test_a_picture_is_marked_by_what_the_judge_sees_in_it(store):
    done = []

    said = rows_of("".join(views.stream(store, begin(store), [DiffusionSettings(2)], done)))

    seen = store.get(JUDGE).classify(done[0].images).argmax(dim=1).tolist()
    assert said[1]["marks"] == ["right" if each == 1 else "wrong" for each in seen]
    assert [note.split()[-1] for note in said[1]["notes"]] == [str(each) for each in seen]


def test_nothing_is_marked_where_no_class_was_asked_for(store):
    start = begin(store, label="any")

    said = rows_of("".join(views.stream(store, start, [DiffusionSettings(2)], [])))

    assert said[1]["marks"] == []


def _result(pieces):
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            return end.value


# — quality, from the card —


def fid(value, n=10_000):
    return Figure(value, 0.26, n, "python -m …")


FIGURES = {
    "fid_20_steps": fid(0.06),
    "fid_20_steps_times_floor": fid(2.9),
    "fid_20_steps_2000_samples_times_floor": fid(3.04, 2000),
    "fid_50_steps_times_floor": fid(2.5),
    "fid_20_steps_eta_1_times_floor": fid(5.0, 2000),
    "fid_20_steps_dpm_solver_times_floor": fid(4.0, 2000),
}


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (DiffusionSettings(20), "3.0 ± 0.3 × floor"),  # as many as long walks have
        (DiffusionSettings(50), "2.5 ± 0.3 × floor, n = 10,000"),
        (DiffusionSettings(20, eta=1.0), "5.0 ± 0.3 × floor"),
        (DiffusionSettings(20, "ddpm"), "5.0 ± 0.3 × floor"),
        (DiffusionSettings(20, "dpm-solver++"), "4.0 ± 0.3 × floor"),
        (DiffusionSettings(20, eta=0.5), views.UNMEASURED),
        (DiffusionSettings(50, "ddpm"), views.UNMEASURED),
        (DiffusionSettings(4), views.UNMEASURED),
    ],
)
def test_quality_is_the_cards_figure_of_that_walk(settings, told):
    assert views.quality(FIGURES, settings) == told


def test_a_figure_of_ddpm_itself_comes_before_that_of_ddim():
    figures = FIGURES | {"fid_20_steps_ddpm_times_floor": fid(6.0, 2000)}

    assert views.quality(figures, DiffusionSettings(20, "ddpm")) == "6.0 ± 0.3 × floor"


def test_quality_stands_in_the_row_of_its_number_of_steps(tmp_path):
    store = noise_store(tmp_path, figures={"fid_2_steps_times_floor": fid(4.0, 2000)})
    ways = [DiffusionSettings(2), DiffusionSettings(3)]

    said = rows_of("".join(views.stream(store, begin(store), ways, [])))

    wanted = ["4.0 ± 0.3 × floor", views.UNMEASURED]
    assert [said[row]["figures"][2] for row in (1, 2)] == wanted


def test_an_unreadable_card_has_no_quality(tmp_path):
    store = noise_store(tmp_path)
    store.get(CARD)
    (tmp_path / f"{CARD}.json").write_text("{")

    assert views.figures_of(store, CARD) == {}


# — the guess —


def judged_rows(*rows):
    """Rows in which the judge saw these classes."""
    return [views.Row(torch.zeros(6, 1, 2, 2), 1, 0.1, seen) for seen in rows]


def test_the_verdict_names_the_first_row_that_is_recognised(store):
    done = judged_rows([0] * 6, [1, 1, 1, 0, 0, 0], [1] * 5 + [0], [1] * 6, [1] * 6)

    told = views.verdict(begin(store), "ddim", done, 8)

    assert "You said 8 steps." in told
    assert "at least 5 of 6 pictures from 20 steps on" in told
    assert "0, 3, 5, 6, 6." in told


def rows_named(told):
    """The numbers of steps that the verdict names, and whether it says "on"."""
    found = re.search(r"of 6 pictures (.+?)\.\*\*", told)[1]
    return [int(each) for each in re.findall(r"\d+", found)], found.endswith(" on")


def test_whatever_is_said_from_a_row_on_holds_for_all_later_rows(store):
    start = begin(store)
    for counts in itertools.product((0, 4, 5, 6), repeat=5):
        done = judged_rows(*[[1] * right + [0] * (6 - right) for right in counts])
        enough = [n for n, right in zip(views.STEPS, counts, strict=True) if right >= 5]

        named, is_on = rows_named(views.verdict(start, "ddim", done, None))

        if is_on:
            later = [n for n in views.STEPS if n >= named[0]]
            assert enough[-len(later) :] == later, counts
            assert len(later) == 5 or views.STEPS[-len(later) - 1] not in enough, counts
        else:
            assert named == [*enough, views.STEPS[-1]] * bool(enough), counts
            assert views.STEPS[-1] not in enough, counts


def test_a_row_that_is_never_recognised_is_not_promised(store):
    told = views.verdict(begin(store), "ddim", judged_rows(*[[0] * 6] * 5), None)

    assert "You made no guess." in told and "in none of the rows" in told


def test_without_a_class_the_last_row_is_the_truth_unless_luck_decides(store):
    start = begin(store, label="any")
    done = judged_rows([0, 1, 2, 0, 0, 0], [0, 1, 2, 0, 1, 2])

    assert views.recognised(start, "ddim", done) == [4, 6]
    assert views.recognised(start, "ddpm", done) is None
    assert "Choose a class" in views.verdict(start, "ddpm", done, 4)


def test_the_page_works_without_a_judge(tmp_path, few):
    store = noise_store(tmp_path, judge=False)
    handlers = declare(fewer_steps, store)[1]

    sent, words = run(handlers["compare"], CARD, "1", 0, "ddim", 2)

    assert "No judge of this data is trained" in words
    assert rows_of(sent[-1])[1]["marks"] == []


def test_a_judge_of_other_data_is_not_asked(store, tmp_path):
    cards = [store.card(CARD), dataclasses.replace(store.card(JUDGE), data="Fashion-MNIST, grey")]
    for card in cards:
        write_checkpoint(tmp_path, card)

    start = same_noise_views.begin(ModelStore(tmp_path, tuple(cards)), CARD, "any", 0, 2)

    assert start.judge is None


# — what a browser may send —


@pytest.mark.parametrize("sent", HOSTILE)
@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_compare_refuses_what_it_does_not_offer(handlers, place, sent):
    inputs = [CARD, "1", 0, "ddim", None]
    inputs[place] = sent

    with pytest.raises(gr.Error, match="must|no model"):
        list(handlers["compare"](*inputs))


@pytest.mark.parametrize(
    ("run", "sent", "remedy"),
    [
        ("compare", (CARD, "1", 0, "ddim", None), "Press Compare again.*less busy\\."),
        ("add_luck", (CARD, "1", 0, 8), "Choose fewer steps\\."),
    ],
)
def test_a_run_that_takes_too_long_names_a_remedy_that_the_page_has(
    handlers, monkeypatch, run, sent, remedy
):
    monkeypatch.setattr(kit, "LONGEST_RUN", -1.0)

    with pytest.raises(gr.Error, match=rf"stopped after a minute.*stays\. {remedy}"):
        list(handlers[run](*sent))


@pytest.mark.parametrize("sent", [True, "8", 7, 8.0, math.nan, []])
def test_a_guess_is_one_of_the_rows(handlers, sent):
    with pytest.raises(gr.Error, match="Your guess must be one of"):
        list(handlers["compare"](CARD, "1", 0, "ddim", sent))


@pytest.mark.parametrize("sent", [*HOSTILE, 0, 1, 101, math.inf])
def test_the_second_table_refuses_other_numbers_of_steps(handlers, sent):
    with pytest.raises(gr.Error, match="Steps must be"):
        list(handlers["add_luck"](CARD, "1", 0, sent))


def test_the_last_seed_still_leaves_room_for_all_columns(handlers):
    with pytest.raises(gr.Error, match="Seed must be a whole number from 0 to 4294967290"):
        list(handlers["add_luck"](CARD, "1", 2**32 - 1, 4))


def test_without_a_model_the_page_says_how_to_train_one(tmp_path):
    blocks, _ = declare(fewer_steps, ModelStore(tmp_path, ()))

    texts = [each.value for each in blocks.blocks.values() if isinstance(each, gr.Markdown)]
    assert any("python -m train ddpm-mnist" in text for text in texts)


# — the component —


def test_multiples_are_plain_data():
    assert_plain(Multiples(label="Rows", titles=["a", "b"], pictures=3, figures=["Time"]))


def test_multiples_refuse_a_row_that_they_do_not_have():
    rows = Multiples(label="Rows", titles=["a", "b"], pictures=3)

    assert rows.postprocess(line(1, note="step 1 of 2"))
    assert rows.postprocess(None) == ""
    for row in (-1, 2):
        with pytest.raises(ValueError, match="row must be from 0 to 1"):
            rows.postprocess(line(row))


def test_multiples_are_never_an_input():
    with pytest.raises(gr.Error, match="cannot be sent back"):
        Multiples(label="Rows", titles=["a"], pictures=1).preprocess("")

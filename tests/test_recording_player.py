"""The page of the recorded runs without a browser: what it sends, what it says, what it refuses."""

import base64
import dataclasses
import io
import json
import math
import random
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest
from PIL import Image
from test_whole_app import assert_plain
from tiny_recording import SETTINGS, tiny_recording, write_recording

from genlab.core.errors import InputError
from genlab.films.recording_gif import gif_scale, recording_gif
from genlab.ui.adversarial import recordings, recordings_guess, recordings_words
from genlab.ui.adversarial.recordings_guess import Round, Tally
from genlab.ui.canvas.recording import RecordingPlayer, recording_payload
from genlab.ui.canvas.recording_charts import (
    in_words,
    loss_chart,
    measure_chart,
    round_scale,
    time_axis,
)
from genlab.ui.canvas.recording_duel import Duel, RunDuel, duel_payload
from genlab.ui.lessons.gan_claims import claims

FAST = {**SETTINGS, "learning rate of the critic": "5e-05"}
HEALTHY = tiny_recording()
OTHER = tiny_recording("gan-healthy", seed=3)
COLLAPSE = tiny_recording("gan-collapse", covered=2, settings=FAST)
HOSTILE = [None, True, "x", math.nan, -1, 7, 0.5, [], {}, "../gan-healthy"]


def home(folder, *runs):
    """A folder with these recordings."""
    for run in runs:
        write_recording(folder, run)
    return folder


@pytest.fixture
def folder(tmp_path):
    return home(tmp_path, HEALTHY, OTHER, COLLAPSE)


def damage(folder, name, seed=0):
    path = folder / name / f"{seed}.png"
    path.write_bytes(path.read_bytes()[:-40])


def page(folder):
    """The whole page, and its handlers by name."""
    with gr.Blocks(analytics_enabled=False) as blocks:
        recordings.build(folder)
    return blocks


def markdown(blocks):
    return "\n".join(b.value for b in blocks.blocks.values() if isinstance(b, gr.Markdown))


# — what the browser gets —


def test_the_browser_gets_every_picture_moment_and_figure():
    sent = json.loads(recording_payload(HEALTHY))

    with Image.open(io.BytesIO(base64.b64decode(sent["sheet"].partition(",")[2]))) as sheet:
        pictures = np.array(sheet).reshape(-1, sent["rows"], sent["cols"])
    np.testing.assert_array_equal(pictures, HEALTHY.pictures)
    assert [each["at"] for each in sent["moments"]] == [0, 200, 800, 1800, 3200, 5000]
    assert sent["moments"][-1] == {"at": 5000, "step": "5,000", "epoch": "6.25"}
    assert [len(column["words"]) for column in sent["table"]] == [6] * 5
    assert sent["others"][0]["words"][-1] == "3.30" and sent["others"][0]["real"] == "3.31"


def test_the_losses_are_marked_where_the_critic_answers_a_half():
    chart = loss_chart(HEALTHY)

    levels = {rule["text"]: rule["value"] for rule in chart["rules"]}
    assert levels == {"log 4": math.log(4), "log 2": math.log(2)}
    assert chart["scale"]["low"] <= 0 and chart["scale"]["high"] >= math.log(4)
    assert "answers ½ to everything has log 4 and log 2" in chart["note"]


def test_the_marked_level_is_not_said_to_tell_an_ignorant_critic_from_the_best_one():
    note = loss_chart(HEALTHY)["note"]

    half = claims(None)[-1]
    assert "The number alone does not tell these apart" in half.so
    assert "learned nothing" in note and "also the best one" in note
    assert "knows nothing" not in note


def test_no_level_is_marked_for_losses_that_have_none():
    chart = loss_chart(dataclasses.replace(HEALTHY, settings={"loss": "Wasserstein"}))

    assert chart["rules"] == [] and "½" not in chart["note"]


def test_each_mean_of_a_loss_stands_in_the_middle_of_its_steps():
    points = loss_chart(HEALTHY)["lines"][0]["points"]

    assert [step for step, _ in points[:2]] == [125, 375]  # 5,000 steps in 20 stretches
    assert points[-1][0] == 4875
    assert [value for _, value in points] == HEALTHY.curve["critic"]


def test_what_was_measured_stands_at_its_step_beside_the_level_of_real_images():
    chart = measure_chart(COLLAPSE, "coverage")

    assert chart["lines"][0]["points"][-1] == [5000, 2.0]
    assert chart["rules"] == [{"value": 10.0, "text": "real", "kind": "real"}]
    assert (chart["scale"]["low"], chart["scale"]["high"]) == (0, 10)
    assert chart["lines"][0]["words"][-1] == "2 of 10"


def test_a_figure_that_is_not_known_yet_is_no_point_and_a_dash():
    moments = [dataclasses.replace(m, values=dict(m.values)) for m in HEALTHY.moments]
    moments[0].values["diversity"] = None
    chart = measure_chart(dataclasses.replace(HEALTHY, moments=tuple(moments)), "diversity")

    assert len(chart["lines"][0]["points"]) == 5
    assert chart["lines"][0]["words"][0] == "–" == in_words(HEALTHY.measures["critic"], None)


def test_epochs_are_round_and_lie_where_their_steps_are():
    axis = time_axis(HEALTHY)  # 5,000 steps, 6.25 epochs

    assert [(tick["at"], tick["text"]) for tick in axis["ticks"]] == [
        (0, "0"), (1600, "2"), (3200, "4"), (4800, "6"),
    ]  # fmt: skip


@pytest.mark.parametrize("values", [[0.0], [1e-9], [-3.2, 7.1], [0.3], [11.0, 2.0], [-1.0]])
def test_a_scale_holds_zero_and_all_values(values):
    scale = round_scale(values)

    assert scale.low <= min(0, *values) and scale.high >= max(0, *values) - 1e-9
    assert 2 <= len(scale.ticks) <= 8


@pytest.mark.parametrize("build", [RecordingPlayer, RunDuel])
def test_the_components_are_plain_data_and_no_inputs(build):
    component = build(label="Runs")

    assert_plain(component)
    assert component.postprocess(None) == ""
    with pytest.raises(gr.Error, match="Reload the page"):
        component.preprocess("x")


# — the guess —


def test_before_the_guess_the_browser_gets_curves_and_nothing_that_tells():
    duels = [Duel((HEALTHY, COLLAPSE)), Duel((COLLAPSE, HEALTHY))]
    renamed = dataclasses.replace(
        HEALTHY, name="x", title="y", seed=9, told="z", pictures=COLLAPSE.pictures,
        moments=COLLAPSE.moments, command="c", codes="d", revision="e",
    )  # fmt: skip

    for duel in duels:
        runs = tuple(renamed if run is HEALTHY else run for run in duel.runs)
        assert duel_payload(Duel(runs)) == duel_payload(duel)
        sent = json.loads(duel_payload(duel))
        assert set(sent["runs"][0]) == {"time", "losses"}
        assert sent["collapsed"] is None and sent["guess"] is None


def test_both_runs_are_drawn_on_one_scale():
    high = dataclasses.replace(HEALTHY, curve={"critic": [9.0] * 4, "generator": [0.1] * 4})

    for runs in ((high, COLLAPSE), (COLLAPSE, high)):
        sent = json.loads(duel_payload(Duel(runs)))["runs"]
        assert sent[0]["losses"]["scale"] == sent[1]["losses"]["scale"]
        assert sent[0]["losses"]["scale"]["high"] >= 9


def test_after_the_guess_names_pictures_and_classes_are_told():
    sent = json.loads(duel_payload(Duel((HEALTHY, COLLAPSE), "B", "A")))

    truths = [run["truth"] for run in sent["runs"]]
    assert [each["title"] for each in truths] == ["Healthy, seed 0", "Collapse, seed 0"]
    assert [each["covered"] for each in truths] == ["9 of 10", "2 of 10"]
    assert truths[1]["end"] == (
        "It ends with losses of 1.25 (critic) and 0.75 (generator) nats and covers 2 of 10 classes."
    )
    for truth, run in zip(truths, (HEALTHY, COLLAPSE), strict=True):
        content = base64.b64decode(truth["picture"].partition(",")[2])
        np.testing.assert_array_equal(Image.open(io.BytesIO(content)), run.pictures[-1])


def test_whether_a_run_collapses_is_read_from_its_figures_and_not_from_its_name():
    cured = tiny_recording("gan-collapse", covered=10, settings=FAST)
    fallen = tiny_recording("gan-healthy", covered=1)

    assert recordings_guess.find_pairs([HEALTHY, cured]) == []
    assert recordings_guess.find_pairs([fallen, cured]) == [
        (("gan-healthy", 0), ("gan-collapse", 0))
    ]


def test_runs_that_are_hardly_apart_are_no_pair():
    half, more = tiny_recording("a", covered=5), tiny_recording("b", covered=7)

    assert recordings_guess.find_pairs([half, more]) == []
    assert len(recordings_guess.find_pairs([half, tiny_recording("b", covered=8)])) == 1


def test_a_round_puts_the_collapsing_run_on_either_side_and_changes_the_pair():
    pairs = recordings_guess.find_pairs([HEALTHY, OTHER, COLLAPSE])
    chance = random.Random(0)
    rounds = [recordings_guess.deal(pairs, None, chance) for _ in range(40)]

    for dealt in rounds:
        assert dealt.runs["AB".index(dealt.collapsed)] == ("gan-collapse", 0)
        following = recordings_guess.deal(pairs, dealt, chance)
        assert set(following.runs) != set(dealt.runs)
    assert {dealt.collapsed for dealt in rounds} == {"A", "B"}
    assert {run for dealt in rounds for run in dealt.runs} == {
        ("gan-healthy", 0), ("gan-healthy", 3), ("gan-collapse", 0),
    }  # fmt: skip


def test_without_a_pair_the_message_says_what_to_record():
    with pytest.raises(InputError, match="python -m train film gan-collapse"):
        recordings_guess.deal([], None, random.Random(0))


def test_the_verdict_tells_who_was_right_and_how_often():
    duel = Duel((HEALTHY, COLLAPSE), collapsed="B", guess="B")
    words = recordings_guess.verdict(duel, Tally(3, 2))

    assert words.startswith("**Right: B collapses.**")
    assert "2 of 3 right" in words
    wrong = recordings_guess.verdict(dataclasses.replace(duel, guess="A"), Tally(3, 2))
    assert wrong.startswith("**No: B collapses.**")


@pytest.fixture
def guessing(folder):
    """The handlers of the guess, by name."""
    return {each.fn.__name__: each.fn for each in page(folder).fns.values() if each.fn}


def accused(letter):
    return SimpleNamespace(_data={"run": letter})


def test_a_guess_is_judged_counted_and_ends_the_round(guessing):
    _, _, dealt = guessing["deal_round"](None)
    other = "BA"["AB".index(dealt.collapsed)]

    told, words, after, tally = guessing["judge"](dealt, Tally(), accused(dealt.collapsed))
    assert "Right" in words and tally == Tally(1, 1) and after.is_over
    assert (told.guess, told.collapsed) == (dealt.collapsed, dealt.collapsed)
    assert guessing["judge"](dealt, tally, accused(other))[3] == Tally(2, 1)
    with pytest.raises(gr.Error, match="over"):
        guessing["judge"](after, tally, accused(other))


@pytest.mark.parametrize("letter", HOSTILE)
def test_a_guess_that_names_no_run_is_refused(guessing, letter):
    dealt = Round((("gan-healthy", 0), ("gan-collapse", 0)), "B")

    with pytest.raises(gr.Error, match="Run must be one of A, B"):
        guessing["judge"](dealt, Tally(), accused(letter))
    with pytest.raises(gr.Error, match="Press Another pair"):
        guessing["judge"](None, Tally(), accused("A"))


# — the runs —


def test_the_healthy_and_the_collapsing_run_come_first(tmp_path):
    names = ["gan-replay", "another", "gan-collapse", "gan-healthy"]
    home(tmp_path, *map(tiny_recording, names))

    assert list(recordings.offered_runs(tmp_path)) == [
        "gan-healthy", "gan-collapse", "gan-replay", "another",
    ]  # fmt: skip


def test_a_run_is_shown_with_its_end_its_settings_and_its_origin(folder):
    update, words, settings, origin = recordings.show(folder, "gan-collapse", 0)

    assert update["value"].name == "gan-collapse" and update["visible"] is True
    assert words.startswith(COLLAPSE.told)
    assert "covers 2 of 10 classes" in words and "covers 9 of 10 classes" in words
    assert "| ≠ | learning rate of the critic | **5e-05** | 0.0002 |" in settings
    assert "|  | batch | 64 | 64 |" in settings and "1 from Healthy" in settings
    for part in ("gan-collapse --seed 0\n", "gan-collapse --seed 0 --verify", "0123456789ab`"):
        assert part in origin
    assert "2.13.0" in origin and COLLAPSE.codes[:12] in origin


def test_another_run_keeps_the_seed_where_it_exists(folder):
    seeds, shown, *_ = recordings.switch(folder, "gan-collapse", 3)
    assert (seeds["choices"], seeds["value"], shown["value"].seed) == ([0], 0, 0)
    seeds, shown, *_ = recordings.switch(folder, "gan-healthy", 3)
    assert seeds["value"] == 3 and shown["value"].seed == 3


@pytest.mark.parametrize("sent", HOSTILE)
def test_a_run_or_seed_that_is_not_offered_is_refused(folder, sent):
    with pytest.raises(InputError, match="Run must be one of"):
        recordings.show(folder, sent, 0)
    with pytest.raises(InputError, match="Run must be one of"):
        recordings.switch(folder, sent, 0)
    with pytest.raises(InputError, match="Seed must be one of 0, 3"):
        recordings.show(folder, "gan-healthy", sent)
    with pytest.raises(InputError, match="Recording must be one of"):
        recordings.make_gif(folder, SimpleNamespace(_data={"film": sent}))
    with pytest.raises(InputError, match="Recording must be one of"):
        recordings.make_gif(folder, SimpleNamespace(_data=sent))


def test_a_damaged_run_says_the_remedy_and_the_others_are_shown(folder):
    damage(folder, "gan-healthy")

    update, words, settings, origin = recordings.show(folder, "gan-healthy", 0)
    assert update["visible"] == "hidden" and update["value"] is None
    assert "damaged" in words and "git checkout" in words
    assert (settings, origin) == ("", "")
    update, words, *_ = recordings.show(folder, "gan-collapse", 0)
    assert update["visible"] is True
    assert "Healthy, seed 3" in words  # the other seed stands in for the damaged one
    assert "recordings-duel" in {block.elem_id for block in page(folder).blocks.values()}


@pytest.mark.parametrize("runs", [[], [HEALTHY], [COLLAPSE], [HEALTHY, COLLAPSE]])
def test_the_page_stands_with_whatever_is_recorded(tmp_path, runs):
    blocks = page(home(tmp_path, *runs))

    shown = markdown(blocks)
    assert ("No run is recorded yet" in shown) == (not runs)
    assert ("there is no such pair" in shown) == (len(runs) == 1)
    players = [b for b in blocks.blocks.values() if isinstance(b, RecordingPlayer)]
    assert len(players) == bool(runs)
    for player in players:
        assert player.value in ("", None)  # nothing is sent before somebody looks


def test_a_page_of_damaged_runs_alone_still_stands(tmp_path):
    damage(home(tmp_path, HEALTHY), "gan-healthy")

    assert "there is no such pair" in markdown(page(tmp_path))
    assert "damaged" in recordings.show(tmp_path, "gan-healthy", 0)[1]


def test_a_settings_cell_cannot_leave_its_column():
    odd = dataclasses.replace(HEALTHY, settings={"a|b": "c\nd"})

    assert "a\\|b | c d" in recordings_words.settings_table(odd, [])


# — the GIF —


def frames_of(content):
    with Image.open(io.BytesIO(content)) as gif:
        for index in range(gif.n_frames):
            gif.seek(index)
            yield np.array(gif.convert("L"))


def test_the_gif_holds_the_same_pictures_in_order():
    scale = gif_scale(COLLAPSE)
    side = scale * COLLAPSE.pictures.shape[1]

    frames = list(frames_of(recording_gif(COLLAPSE)))
    assert len(frames) == len(COLLAPSE.moments)
    for frame, picture in zip(frames, COLLAPSE.pictures, strict=True):
        np.testing.assert_array_equal(frame[:side:scale, ::scale], picture)


def test_the_gif_tells_the_moment_below_the_pictures():
    side = gif_scale(COLLAPSE) * COLLAPSE.pictures.shape[1]
    strips = [frame[side:] for frame in frames_of(recording_gif(COLLAPSE))]

    assert all((a != b).any() for a, b in zip(strips, strips[1:], strict=False))


def test_the_gif_is_the_one_that_was_asked_for(folder):
    update = recordings.make_gif(folder, SimpleNamespace(_data={"film": "gan-healthy-seed-3"}))

    key, _, content = update["gif_file"].partition("|")
    assert key == "gan-healthy-seed-3"
    assert base64.b64decode(content) == recording_gif(OTHER)

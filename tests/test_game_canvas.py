"""The game's canvas and page in Python: what is sent, what is taken, who may play."""

import base64
import dataclasses
import json
import math
import struct

import gradio as gr
import numpy as np
import pytest
import torch
from test_whole_app import assert_plain

from genlab.core.errors import InputError
from genlab.inference.adversarial_game import PLAYED
from genlab.inference.game_targets import MOST_CORNERS, checked_strokes
from genlab.ui.adversarial.game_controls import PRESETS, apply_preset, read_settings
from genlab.ui.adversarial.game_handlers import take_strokes
from genlab.ui.adversarial.game_views import EXAMPLE, picture
from genlab.ui.adversarial.rooms import KEPT, Asked, Rooms
from genlab.ui.canvas.game import GameCanvas
from genlab.ui.canvas.game_payload import FARTHEST, LEVELS, NO_LOSS, NOTHING, encode_picture

OPENING = Asked("ring", 0, *PRESETS[0].values)
OFFERED = ("ring", 0, "minimax", 0.001, 0.001, 1, False, False, EXAMPLE)


def decoded(text):
    """Header, and the parts as arrays, read by the layout's description."""
    head, _, content = text.partition("|")
    header, data = json.loads(head), base64.b64decode(content)
    samples, real, arrows, regions, places, moments = header["counts"]
    layout = {
        "samples": ("<u2", 2 * samples), "real": ("<u2", 2 * real), "regions": ("<u2", 2 * regions),
        "losses_d": ("<u2", moments), "losses_g": ("<u2", moments), "coverage": ("<u2", moments),
        "covered": ("u1", regions), "arrows": ("i1", 2 * arrows),
        "opinion": ("u1", places), "best": ("u1", places),
    }  # fmt: skip
    parts, at = {}, 0
    for name, (kind, count) in layout.items():
        parts[name] = np.frombuffer(data, kind, count, at)
        at += parts[name].nbytes
    assert at == len(data)
    return header, parts


def shown(**changes):
    game = OPENING.begin()
    for _ in range(3):
        game.play_round()
    return dataclasses.replace(picture(game, OPENING), **changes)


def test_the_game_sets_its_props_as_attributes():
    assert_plain(GameCanvas(label="A game"))


def test_points_and_maps_arrive_as_they_are():
    sent = shown()
    _, parts = decoded(encode_picture(sent))

    for name in ("samples", "real", "regions"):
        places = parts[name].reshape(-1, 2) / 65535 * 2 * FARTHEST - FARTHEST
        np.testing.assert_allclose(places, getattr(sent, name).clamp(-4, 4), atol=1e-4)
    np.testing.assert_allclose(parts["opinion"] / LEVELS, sent.opinion, atol=0.003)
    silent = sent.best.isnan().numpy()
    assert silent.any() and (parts["best"][silent] == NOTHING).all()
    np.testing.assert_allclose(parts["best"][~silent] / LEVELS, sent.best[~silent], atol=0.003)
    assert parts["covered"].tolist() == sent.covered.int().tolist()
    assert parts["coverage"].tolist() == sent.coverage.tolist()


def test_losses_arrive_and_one_that_is_missing_is_none():
    header, parts = decoded(
        encode_picture(
            shown(
                losses_d=torch.tensor([math.nan, 1.0, -2.0]),
                losses_g=torch.tensor([math.nan, 5.0, 0.5]),
                coverage=torch.tensor([0, 1, 2]),
            )
        )
    )
    low, high = header["lossRange"]

    assert parts["losses_d"][0] == parts["losses_g"][0] == NO_LOSS
    assert (low, high) == (-2, 5)
    for name, expected in (("losses_d", [1.0, -2.0]), ("losses_g", [5.0, 0.5])):
        np.testing.assert_allclose(
            low + parts[name][1:] / (NO_LOSS - 1) * (high - low), expected, atol=1e-3
        )


def test_arrows_keep_their_direction_and_grow_with_the_gradient():
    pull = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, -3.0], [3e4, 4e4]])
    _, parts = decoded(encode_picture(shown(pull=pull)))

    arrows = parts["arrows"].reshape(-1, 2)
    assert arrows.tolist() == [[0, 0], [64, 0], [0, -95], [76, 102]]


def test_scores_have_a_scale_of_their_own():
    scores = torch.linspace(-7, 3, 576)
    header, parts = decoded(encode_picture(shown(opinion=scores, has_scores=True)))

    assert header["range"] == [-7, 3]
    assert parts["opinion"][[0, -1]].tolist() == [0, LEVELS]


def test_numbers_that_burst_are_still_sent():
    broken = torch.full((4, 2), math.nan)
    text = encode_picture(shown(samples=broken, pull=broken, opinion=torch.full((576,), math.inf)))

    assert "NaN" not in text and decoded(text)[0]["gradient"] is None


def test_a_frame_is_compact():
    game = OPENING.begin()
    game.course *= 120

    assert len(encode_picture(picture(game, OPENING))) < 8000


def test_the_canvas_refuses_to_be_an_input():
    with pytest.raises(gr.Error, match="Reload"):
        GameCanvas(label="A game").preprocess("anything")
    with pytest.raises(ValueError, match="extent"):
        GameCanvas(label="A game", extent=0)


@pytest.mark.parametrize("place", range(8))
@pytest.mark.parametrize(
    "value", [None, "x", math.nan, math.inf, -1, 10**9, 1.5, [1], {"a": 1}, "2"], ids=repr
)
def test_a_hostile_setting_is_refused_with_the_remedy(place, value):
    values = list(OFFERED)
    values[place] = value

    with pytest.raises(InputError, match="Change it, then go"):
        read_settings(*values)


def test_what_the_page_offers_is_read():
    assert read_settings(*OFFERED) == Asked("ring", 0, *OFFERED[2:8])
    assert read_settings("drawing", *OFFERED[1:]).strokes == EXAMPLE
    for index, preset in enumerate(PRESETS):
        points, *values, seen = apply_preset(index)
        assert read_settings(points, 3, *values, ()).loss in PLAYED and seen == preset.seen


@pytest.mark.slow
def test_the_presets_do_what_they_say():
    covers, falls = (Asked("ring", 0, *preset.values).begin() for preset in PRESETS)
    for _ in range(1500):
        covers.play_round()
        falls.play_round()
    late = [
        [entry.covered for entry in each.course if entry.step >= 1000] for each in (covers, falls)
    ]

    assert min(late[0]) >= 6 and max(late[1]) <= 4


@pytest.mark.parametrize("index", [None, 2, -1, "0", math.nan])
def test_a_preset_that_is_none_is_refused(index):
    with pytest.raises(InputError):
        apply_preset(index)


def test_the_drawing_of_an_event_is_checked():
    def event(data):
        return gr.EventData(None, data)

    assert take_strokes(event({"strokes": [[[0, 0]]]})) == ([[0, 0]],)
    assert take_strokes(event({"strokes": []})) == ()
    for data in (None, {}, {"strokes": 5}, {"strokes": [[[0, 0]] * (MOST_CORNERS + 1)]}, "x"):
        with pytest.raises(InputError):
            take_strokes(event(data))


def test_the_board_begins_with_a_drawing():
    assert checked_strokes(EXAMPLE)


def test_a_game_goes_on_until_other_settings_are_asked_for():
    room = Rooms().enter("somebody")
    game = room.game(OPENING)

    assert room.game(OPENING) is game
    assert room.game(dataclasses.replace(OPENING, seed=1)) is not game
    assert room.game(OPENING) is not game
    assert room.game(OPENING, anew=True) is not room.game(OPENING, anew=True)


def test_the_latest_request_takes_the_turn():
    rooms = Rooms()
    room, other = rooms.enter("somebody"), rooms.enter("another")
    first, theirs = room.take_turn(), other.take_turn()
    assert room.is_turn(first)

    second = rooms.enter("somebody").take_turn()
    assert room.is_turn(second) and not room.is_turn(first) and other.is_turn(theirs)


def test_turns_grow_in_rooms_that_were_given_up_and_on_servers_that_start_again():
    rooms = Rooms()
    first = rooms.enter("somebody").take_turn()
    for number in range(KEPT):
        rooms.enter(str(number))
    again = rooms.enter("somebody").take_turn()

    assert first < again < Rooms().enter("somebody").take_turn()


def test_a_picture_says_its_turn():
    header, _ = decoded(encode_picture(picture(OPENING.begin(), OPENING, turn=7)))

    assert header["turn"] == 7


def test_rooms_that_nobody_enters_are_given_up_and_their_games_end():
    rooms = Rooms()
    first = rooms.enter("first")
    turn = first.take_turn()
    for number in range(KEPT):
        rooms.enter(str(number))

    assert not first.is_turn(turn) and rooms.enter("first") is not first


def test_playing_counts_runs_that_have_not_ended():
    rooms = Rooms()
    with rooms.enter("somebody").playing():
        assert rooms.playing() == 1
    with pytest.raises(struct.error), rooms.enter("somebody").playing():
        raise struct.error
    assert rooms.playing() == 0

"""Training films: what is read is what was drawn, and what is saved or sent is what was read."""

import base64
import dataclasses
import io
import json
import math
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest
from PIL import Image
from shelved import tiny_card, write_checkpoint
from tiny_film import tiny_film, write_film

from genlab.core.errors import DataError
from genlab.films.curve import curve_scale
from genlab.films.film import (
    FILMS,
    NOTES,
    SHEET,
    FilmMoment,
    film_cards,
    load_film,
    pixels_sha256,
)
from genlab.films.gif import LAST_PAUSE, PAUSE, film_gif, gif_scale
from genlab.store import ModelStore
from genlab.ui.canvas.film import film_payload
from genlab.ui.lessons import film as lesson

LARGEST = 300_000  # bytes of a shipped film


@pytest.fixture
def film(tmp_path):
    return write_film(tmp_path, tiny_film())


def change_sheet(home, change):
    with Image.open(home / SHEET) as sheet:
        pixels = np.array(sheet)
    Image.fromarray(change(pixels)).save(home / SHEET)


def change_notes(home, change):
    notes = json.loads((home / NOTES).read_text())
    (home / NOTES).write_text(json.dumps(change(notes)))


# — reading —


def test_a_film_that_is_read_equals_the_one_that_was_written(film, tmp_path):
    again = load_film("tiny", tmp_path)

    np.testing.assert_array_equal(again.pictures, film.pictures)
    for field in dataclasses.fields(film):
        if field.name != "pictures":
            assert getattr(again, field.name) == getattr(film, field.name), field.name


def test_every_picture_equals_its_hash(film, tmp_path):
    again = load_film("tiny", tmp_path)

    assert [pixels_sha256(picture) for picture in again.pictures] == [
        moment.sha256 for moment in film.moments
    ]


@pytest.mark.parametrize("place", [(0, 0), (30, 7), (-1, -1)])
def test_one_changed_pixel_is_noticed(film, tmp_path, place):
    def flip(pixels):
        pixels[place] ^= 1
        return pixels

    change_sheet(tmp_path / "tiny", flip)

    with pytest.raises(DataError, match="git checkout -- genlab/assets/films/tiny"):
        load_film("tiny", tmp_path)


def test_pictures_in_another_order_are_noticed(film, tmp_path):
    rows = film.pictures.shape[1]
    change_sheet(tmp_path / "tiny", lambda pixels: np.roll(pixels, rows, axis=0))

    with pytest.raises(DataError, match="damaged"):
        load_film("tiny", tmp_path)


def without(name):
    return lambda notes: {key: value for key, value in notes.items() if key != name}


def with_moment(**changes):
    def change(notes):
        notes["moments"][1] |= changes
        return notes

    return change


@pytest.mark.parametrize(
    "change",
    [
        without("unit"),
        without("moments"),
        with_moment(validation=math.nan),
        with_moment(step="one"),
        with_moment(more=1),
        with_moment(seconds=None),
        lambda notes: notes | {"columns": None},
        lambda notes: notes | {"unit": 5},
        lambda notes: notes | {"classes": [[]]},
        lambda notes: notes | {"moments": notes["moments"][:-1]},
        lambda notes: notes | {"moments": []},
        lambda notes: [],
    ],
)
def test_damaged_notes_are_reported(film, tmp_path, change):
    change_notes(tmp_path / "tiny", change)

    with pytest.raises(DataError, match="damaged"):
        load_film("tiny", tmp_path)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(path.read_bytes()[:60]),
        lambda path: path.write_bytes(b"no picture"),
        lambda path: Image.new("RGB", (20, 65)).save(path),
    ],
)
def test_a_damaged_sheet_is_reported(film, tmp_path, spoil):
    spoil(tmp_path / "tiny" / SHEET)

    with pytest.raises(DataError, match="damaged"):
        load_film("tiny", tmp_path)


def test_only_cards_with_a_film_have_one(film, tmp_path):
    assert film_cards(tmp_path) == ["tiny"]
    for name in ("other", "../tiny", "", None, 3):
        with pytest.raises(DataError, match="no training film"):
            load_film(name, tmp_path)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59.4, "59 s"), (60, "1.0 min"), (252, "4.2 min"), (605, "10 min")],
)
def test_training_time_is_told_in_digits_that_it_deserves(seconds, words):
    assert FilmMoment(1, seconds, 1.0, "").time == words


# — what is shipped —


@pytest.mark.parametrize("name", film_cards())
def test_a_shipped_film_is_whole_small_and_of_a_card(name):
    film = load_film(name)

    assert film.card == name
    assert name in [card.name for card in ModelStore().cards]
    assert film.moments[0].step == 0
    steps = [moment.step for moment in film.moments]
    assert steps == sorted(steps)
    assert sum(path.stat().st_size for path in (FILMS / name).iterdir()) <= LARGEST


LATE = {"ddpm-mnist"}  # the middle of its training was not filmed; its story says where it begins


@pytest.mark.parametrize("name", sorted(set(film_cards()) - LATE))
def test_a_shipped_film_begins_before_anything_was_learned(name):
    film = load_film(name)

    assert (film.init_from, film.earlier_steps) == (None, 0)
    assert film.moments[0].validation > film.moments[-1].validation


# — the curve's scale —


@pytest.mark.parametrize(
    "values",
    [[522, 296, 106, 99, 85, 80.4], [89.1, 88.2, 87.4], [3.0, 3.0, 3.0], [5.0], [0.0, -2.5]],
)
def test_the_scale_holds_all_but_towering_first_values(values):
    scale = curve_scale(values)

    assert scale.low <= min(values)
    assert all(value <= scale.high for value in values[2:])
    assert scale.ticks[0] == scale.low and scale.ticks[-1] == scale.high
    assert 2 <= len(scale.ticks) <= 7
    steps = np.diff(scale.ticks)
    np.testing.assert_allclose(steps, steps[0])


def test_towering_first_values_lie_above_the_scale():
    assert curve_scale([522.4, 295.7, 106, 99.2, 84.8, 80.4]).high == 110
    assert curve_scale([110.0, 104, 101, 99.2, 84.8, 80.4]).high == 110


# — the GIF —


def frames_of(content):
    with Image.open(io.BytesIO(content)) as gif:
        for index in range(gif.n_frames):
            gif.seek(index)
            yield np.array(gif.convert("L")), gif.info["duration"]


def test_the_gif_holds_the_same_pictures_in_order(film):
    scale = gif_scale(film)
    rows, cols = film.pictures.shape[1:]

    frames = list(frames_of(film_gif(film)))

    assert [pause for _, pause in frames] == [PAUSE] * (len(film.moments) - 1) + [LAST_PAUSE]
    for (frame, _), picture in zip(frames, film.pictures, strict=True):
        enlarged = np.kron(picture, np.ones((scale, scale), np.uint8))
        np.testing.assert_array_equal(frame[: rows * scale], enlarged)
        assert frame.shape[1] == cols * scale >= 400


def test_the_gif_keeps_moments_whose_pictures_are_equal():
    film = tiny_film()
    still = dataclasses.replace(film, pictures=film.pictures[:1].repeat(5, axis=0))

    assert len(list(frames_of(film_gif(still)))) == 5


def test_the_gif_says_when_each_picture_was_drawn(film):
    frames = [frame for frame, _ in frames_of(film_gif(film))]
    top = gif_scale(film) * film.pictures.shape[1]
    words = [frame[top : top + 26].tobytes() for frame in frames]

    assert len(set(words)) == len(film.moments)


# — what the browser gets —


def test_the_browser_gets_the_pictures_and_words_of_the_film(film):
    sent = json.loads(film_payload(film))

    with Image.open(io.BytesIO(base64.b64decode(sent["sheet"].partition(",")[2]))) as sheet:
        pictures = np.array(sheet).reshape(-1, sent["rows"], sent["cols"])
    np.testing.assert_array_equal(pictures, film.pictures)
    assert [moment["step"] for moment in sent["moments"]] == ["0", "400", "800", "1,200", "1,600"]
    assert [moment["value"] for moment in sent["moments"]][:2] == ["500.00", "250.00"]
    assert "lower is better" in sent["figure"]


# — the folded part —


@pytest.fixture
def store(tmp_path):
    """A card with weights and a film, and one with neither."""
    cards = tiny_card("tiny"), tiny_card("bare")
    write_checkpoint(tmp_path, cards[0])
    return ModelStore(tmp_path, cards)


@pytest.fixture
def handlers(store, film, tmp_path):
    """The functions behind the card picker and *Save GIF*, by name."""
    with gr.Blocks(analytics_enabled=False) as blocks:
        card = gr.Dropdown(["tiny", "bare"], value="tiny")
        lesson.build(store, card, films=tmp_path)
    return {each.fn.__name__: each.fn for each in blocks.fns.values()}


def test_a_card_without_a_film_says_so_in_a_sentence(handlers):
    story, update = handlers["follow"]("bare")

    assert story == "There is no training film of Tiny bare."
    assert update["value"] is None and update["visible"] == "hidden"


def test_the_film_follows_the_card(handlers, film):
    story, update = handlers["follow"]("tiny")

    assert "Tiny tiny" in story
    assert update["value"].moments == film.moments and update["visible"] is True


def test_a_damaged_film_says_so_and_leaves_the_page_alone(handlers, tmp_path):
    (tmp_path / "tiny" / SHEET).unlink()

    story, update = handlers["follow"]("tiny")

    assert "damaged" in story and "git checkout" in story
    assert update["value"] is None


def test_save_gif_gives_the_film_that_was_asked_for(handlers, film):
    update = handlers["make_gif"](SimpleNamespace(_data={"film": "tiny"}))

    name, _, content = update["gif_file"].partition("|")
    assert name == "tiny"
    assert base64.b64decode(content) == film_gif(film)


@pytest.mark.parametrize("asked", [{"film": "../tiny"}, {"film": None}, {}, None, "tiny"])
def test_save_gif_refuses_what_is_no_film(handlers, asked):
    with pytest.raises(gr.Error, match="Film must be one of tiny"):
        handlers["make_gif"](SimpleNamespace(_data=asked))


def test_the_story_says_whether_the_page_uses_the_films_last_weights():
    film = tiny_film(weights="abc")

    assert "draws with the film's last weights" in lesson.tell(film, "Tiny", "abc")
    for other, page in ((film, "def"), (film, None), (tiny_film(), "abc"), (tiny_film(), None)):
        assert "draws with other weights" in lesson.tell(other, "Tiny", page)


def test_the_story_names_where_the_run_began():
    again = tiny_film(init_from="tiny", earlier_steps=2862)

    assert "from random weights" in lesson.tell(tiny_film(), "Tiny", None)
    assert "2,862 steps of training behind it" in lesson.tell(again, "Tiny", None)


def test_the_story_names_seeds_and_the_classes_row_by_row():
    story = lesson.tell(tiny_film(), "Tiny", None)

    assert "seeds 0 to 5" in story and "0 1 2 · 3 4 5 row by row" in story
    assert "class" not in lesson.tell(tiny_film(classes=()), "Tiny", None)

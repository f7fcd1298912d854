"""`python -m train.film`: the film of a whole small training, shipped."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

pytest.importorskip("accelerate", reason="training needs requirements-dev.txt")

from tiny_home import card_of, complaint, start  # noqa: E402
from tiny_training import CARD, RECIPE, load  # noqa: E402

from genlab import data  # noqa: E402
from genlab.films.film import inputs_sha256, load_film, pixels_sha256  # noqa: E402
from genlab.store import ModelStore  # noqa: E402
from train.film import main  # noqa: E402
from train.follower import FILM_MOMENTS  # noqa: E402
from train.recipe import FilmNotes  # noqa: E402
from train.run_folder import RunFolder  # noqa: E402

NOTES = FilmNotes(seeds=(0, 1, 2, 3), figure="mean loss", unit="nats an image")
FILMED = dataclasses.replace(RECIPE, film=NOTES)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with a finished run of 60 steps and its checkpoint."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "load", load)
        patch.setattr(RunFolder, "plot_losses", lambda folder: None)
        assert start(home, recipe=FILMED) == 0
    return home


@pytest.fixture
def home(trained, tmp_path):
    """A copy of it, to be spoiled."""
    shutil.copytree(trained, tmp_path / "home")
    return tmp_path / "home"


def ship(home, recipe=FILMED):
    arguments = ["tiny", "--run", str(home / "runs" / "tiny"), "--films", str(home / "films")]
    return main(arguments, offered={"tiny": recipe}, store=ModelStore(cards=(CARD,)))


def frame(home, index):
    return home / "runs" / "tiny" / "film" / f"{index:02}.png"


def change_entries(home, change):
    path = home / "runs" / "tiny" / "film" / "film.json"
    path.write_text(json.dumps(change(json.loads(path.read_text()))))


def test_the_shipped_film_holds_the_runs_pictures_and_figures(home):
    assert ship(home) == 0

    film = load_film("tiny", home / "films")
    entries = json.loads((home / "runs" / "tiny" / "film" / "film.json").read_text())
    assert len(film.moments) == FILM_MOMENTS
    for index, (moment, picture, entry) in enumerate(
        zip(film.moments, film.pictures, entries, strict=True)
    ):
        with Image.open(frame(home, index)) as drawn:
            np.testing.assert_array_equal(picture, np.array(drawn))
        assert {"cloud": (), **entry} == {"index": index, **dataclasses.asdict(moment)}
        assert pixels_sha256(picture) == entry["sha256"]


def test_the_shipped_film_says_what_stayed_the_same(home):
    codes = torch.arange(8.0).view(4, 2)
    notes = dataclasses.replace(NOTES, constant="Every picture is one", inputs=lambda model: codes)

    assert ship(home, dataclasses.replace(RECIPE, film=notes)) == 0

    film = load_film("tiny", home / "films")
    assert film.constant == "Every picture is one"
    assert film.inputs == inputs_sha256(codes)


def test_the_shipped_film_holds_the_runs_clouds_with_their_classes(home):
    change_entries(home, lambda entries: [e | {"cloud": cloud(e["index"])} for e in entries])
    notes = dataclasses.replace(NOTES, cloud_classes=lambda: ("0", "1", "1"))

    assert ship(home, dataclasses.replace(RECIPE, film=notes)) == 0

    film = load_film("tiny", home / "films")
    assert film.cloud_classes == ("0", "1", "1")
    for index, moment in enumerate(film.moments):
        assert [list(dot) for dot in moment.cloud] == cloud(index)


def test_a_cloud_with_another_number_of_dots_than_classes_is_refused(home, capsys):
    change_entries(home, lambda entries: [e | {"cloud": cloud(e["index"])} for e in entries])
    notes = dataclasses.replace(NOTES, cloud_classes=lambda: ("0", "1"))

    assert ship(home, dataclasses.replace(RECIPE, film=notes)) == 2

    assert "cloud 0 has 3 dots instead of 2" in complaint(capsys)


def test_a_run_of_before_the_clouds_is_shipped_without_them(home):
    notes = dataclasses.replace(NOTES, cloud_classes=lambda: ("0", "1", "1"))

    assert ship(home, dataclasses.replace(RECIPE, film=notes)) == 0

    assert load_film("tiny", home / "films").cloud_classes == ()


def cloud(index):
    """Three dots of a moment."""
    return [[0.0, 0.5 * index], [1.0, -1.0], [-0.125, 2.0]]


def test_the_shipped_film_says_which_weights_it_ends_with(home):
    ship(home)

    film = load_film("tiny", home / "films")
    assert film.weights == card_of(home).sha256
    assert film.moments[-1].step == card_of(home).steps
    assert (film.command, film.init_from) == (card_of(home).command, None)
    assert (film.columns, film.seeds) == (2, (0, 1, 2, 3))


def test_a_film_behind_which_the_training_went_on_names_no_weights(home):
    folder = RunFolder(home / "runs" / "tiny")
    state = folder.load_state()
    folder.save_state(state | {"step": state["step"] + 1})

    assert ship(home) == 0

    assert load_film("tiny", home / "films").weights is None


def test_a_changed_pixel_of_the_run_is_noticed(home, capsys):
    with Image.open(frame(home, 7)) as drawn:
        pixels = np.array(drawn)
    pixels[3, 3] ^= 255
    Image.fromarray(pixels).save(frame(home, 7))

    assert ship(home) == 2

    assert "picture 7 is not the one that the training drew" in complaint(capsys)
    assert not (home / "films").exists()


@pytest.mark.parametrize(
    "drop", [lambda entries: entries[:-1], lambda entries: entries[1:], lambda entries: []]
)
def test_an_unfinished_film_is_refused(home, capsys, drop):
    change_entries(home, drop)

    assert ship(home) == 2

    said = complaint(capsys)
    assert "unfinished" in said and "python -m train tiny --resume" in said
    assert not (home / "films").exists()


def test_a_missing_run_is_reported_and_not_made(tmp_path, capsys):
    assert ship(tmp_path) == 2

    assert "There is no film" in complaint(capsys)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda home: frame(home, 3).unlink(),
        lambda home: frame(home, 3).write_bytes(b"no picture"),
        lambda home: (frame(home, 0).parent / "film.json").write_text("["),
        lambda home: (home / "runs" / "tiny" / "run.json").unlink(),
        lambda home: change_entries(home, lambda entries: [e | {"more": 1} for e in entries]),
    ],
)
def test_a_damaged_run_is_reported(home, capsys, spoil):
    spoil(home)

    assert ship(home) == 2

    assert "damaged" in complaint(capsys)


def test_pictures_of_another_number_of_images_are_refused(home, capsys):
    nine = dataclasses.replace(NOTES, seeds=tuple(range(9)))

    assert ship(home, dataclasses.replace(RECIPE, film=nine)) == 2

    assert "for 9 images" in complaint(capsys)


def test_a_recipe_that_says_nothing_about_its_film_ships_none(home, capsys):
    assert ship(home, RECIPE) == 2

    assert "add `film`" in complaint(capsys)


def test_a_film_that_is_too_large_is_refused(home, capsys, monkeypatch):
    monkeypatch.setattr("train.film.LARGEST", 1000)

    assert ship(home) == 2

    assert "fewer images" in complaint(capsys)
    assert not (home / "films").exists()


def test_a_folder_that_cannot_be_written_is_reported(home, capsys):
    (home / "films").write_text("in the way")

    assert ship(home) == 2

    assert "--films" in complaint(capsys)

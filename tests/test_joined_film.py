"""A training in two runs has one film: from random weights to the ones that are shipped."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

pytest.importorskip("accelerate", reason="training needs requirements-dev.txt")

from test_train_film import FILMED, NOTES  # noqa: E402
from tiny_film import tiny_film  # noqa: E402
from tiny_home import card_of, complaint, run_folder, start  # noqa: E402
from tiny_training import CARD, load  # noqa: E402

from genlab import data  # noqa: E402
from genlab.films.film import load_film  # noqa: E402
from genlab.store import ModelStore  # noqa: E402
from train.film import main  # noqa: E402
from train.follower import FILM_MOMENTS  # noqa: E402
from train.joined_film import joined  # noqa: E402
from train.run_folder import RunFolder  # noqa: E402


def moved(film, index, **changes):
    """The film with one moment changed."""
    moments = list(film.moments)
    moments[index] = dataclasses.replace(moments[index], **changes)
    return dataclasses.replace(film, moments=tuple(moments))


@pytest.fixture
def films():
    """Of two runs: 5 moments, then 5 more that begin at the same figure."""
    earlier = tiny_film(weights="old")
    later = tiny_film(seed=1, init_from="tiny", earlier_steps=1600, weights="new")
    return earlier, moved(later, 0, validation=earlier.moments[-1].validation)


# — two films —


def test_a_joined_film_begins_with_the_first_run_and_ends_with_the_second(films):
    earlier, later = films

    film = joined(earlier, later)

    film.check()
    assert film.moments[0] == earlier.moments[0]
    assert film.moments[-1].sha256 == later.moments[-1].sha256
    assert film.moments[-1].step == earlier.moments[-1].step + later.moments[-1].step
    assert film.moments[-1].seconds == earlier.moments[-1].seconds + later.moments[-1].seconds
    assert (film.init_from, film.earlier_steps, film.weights) == (None, 0, "new")
    assert film.command == "python -m train tiny && python -m train tiny"


def test_its_moments_go_on_and_are_as_many_as_before(films):
    film = joined(*films)

    steps = [moment.step for moment in film.moments]
    assert len(steps) == len(films[1].moments)
    assert steps == sorted(set(steps))
    assert {moment.sha256 for moment in film.moments} < {
        moment.sha256 for each in films for moment in each.moments
    }


def test_its_moments_are_spaced_by_the_root_of_the_time(films):
    """40 i² seconds twice, i from 0 to 4: the roots are 0 1 2 3 4, then those of 16 + i²."""
    film = joined(*films)

    # √(t / 40) is to be 0, 1.41, 2.83, 4.24, 5.66; there are 0 1 2 3 4 4.12 4.47 5 5.66.
    roots = [round((moment.seconds / 40) ** 0.5, 2) for moment in film.moments]
    assert roots == [0, 1, 3, 4.12, 5.66]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"seeds": (9,) * 6}, "seeds"),
        ({"classes": ()}, "classes"),
        ({"figure": "another"}, "figure"),
        ({"inputs": "abc"}, "inputs"),
        ({"cloud_classes": ("1",)}, "cloud classes"),
    ],
)
def test_films_of_other_things_are_not_joined(films, changes, told):
    earlier, later = films

    with pytest.raises(ValueError, match=f"differ in their {told}"):
        joined(earlier, dataclasses.replace(later, **changes))


def test_films_of_other_sizes_are_not_joined(films):
    narrow = dataclasses.replace(films[1], pictures=films[1].pictures[:, :, :-1])

    with pytest.raises(ValueError, match="size"):
        joined(films[0], narrow)


def test_a_film_that_begins_elsewhere_is_not_joined(films):
    earlier, later = films

    with pytest.raises(ValueError, match="one ends at 100 nats an image, the other begins at 101"):
        joined(earlier, moved(later, 0, validation=101.0))


# — two runs —


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Sixty steps whose film is shipped, and sixty more from their checkpoint."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "load", load)
        patch.setattr(RunFolder, "plot_losses", lambda folder: None)
        assert start(home, recipe=FILMED) == 0
        assert ship(home) == 0
        shutil.rmtree(run_folder(home).path)
        first = home / "checkpoints" / "tiny"
        assert start(home, "--init-from", str(first), recipe=FILMED) == 0
    return home


@pytest.fixture
def home(trained, tmp_path):
    """A copy of it, to be spoiled."""
    shutil.copytree(trained, tmp_path / "home")
    return tmp_path / "home"


def ship(home, *options, recipe=FILMED):
    folders = ["--run", str(home / "runs" / "tiny"), "--films", str(home / "films")]
    store = ModelStore(cards=(CARD,))
    return main(["tiny", *folders, *options], offered={"tiny": recipe}, store=store)


def test_the_film_of_a_second_run_begins_before_anything_was_learned(home):
    first = load_film("tiny", home / "films")

    assert ship(home) == 0

    film = load_film("tiny", home / "films")
    assert film.moments[0] == first.moments[0]
    np.testing.assert_array_equal(film.pictures[0], first.pictures[0])
    assert film.weights == card_of(home).sha256 != first.weights
    assert film.moments[-1].step == card_of(home).steps > first.moments[-1].step
    assert len(film.moments) == FILM_MOMENTS


def test_shipping_it_again_changes_nothing(home):
    ship(home)
    files = {path: path.read_bytes() for path in (home / "films" / "tiny").iterdir()}

    assert ship(home) == 0

    assert {path: path.read_bytes() for path in files} == files


def test_without_its_beginning_it_is_refused(home, capsys):
    shutil.rmtree(home / "films")

    assert ship(home) == 2

    assert "has no film of that" in (told := complaint(capsys))
    assert "random weights" in told and "--alone" in told
    assert not (home / "films").exists()


def test_behind_another_film_it_is_refused_and_that_one_stays(home, capsys):
    path = home / "films" / "tiny" / "film.json"
    notes = json.loads(path.read_text())
    notes["moments"][-1]["validation"] *= 1.01
    path.write_text(json.dumps(notes))
    before = path.read_bytes()

    assert ship(home) == 2

    assert "is not of that (one ends at" in complaint(capsys)
    assert path.read_bytes() == before


def test_alone_it_says_what_it_began_with(home):
    assert ship(home, "--alone") == 0

    film = load_film("tiny", home / "films")
    assert (film.init_from, film.seeds) == ("tiny", NOTES.seeds)
    assert film.earlier_steps == card_of(home).steps - film.moments[-1].step > 0

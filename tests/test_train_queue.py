"""`python -m train all`, and what the command line refuses."""

import dataclasses

import pytest

pytest.importorskip("accelerate", reason="training needs requirements-dev.txt")

from tiny_home import card_of, complaint, run_folder, start  # noqa: E402
from tiny_training import CARD, RECIPE, load, loss  # noqa: E402

from genlab import data  # noqa: E402
from genlab.store import ModelStore  # noqa: E402
from train.__main__ import main  # noqa: E402
from train.run_folder import RunFolder  # noqa: E402


@pytest.fixture(autouse=True)
def splits(monkeypatch):
    """Stripes instead of files, two pictures, no plots; yields the splits that were asked for."""
    asked = []

    def remember(name, split, root=None):
        asked.append(split)
        return load(name, split, root)

    monkeypatch.setattr(data, "load", remember)
    monkeypatch.setattr("train.follower.FILM_MOMENTS", 2)
    monkeypatch.setattr(RunFolder, "plot_losses", lambda folder: None)
    return asked


@pytest.fixture
def home(tmp_path):
    """Where runs and checkpoints go."""
    return tmp_path


@pytest.mark.parametrize(
    "arguments",
    [
        ["tiny", "--budget-minutes", "0"],
        ["tiny", "--budget-minutes", "nan"],
        ["tiny", "--budget-minutes", "soon"],
        ["tiny", "--budget-minutes", "1", "--steps", "1"],
        ["tiny", "--steps", "0"],
        ["tiny", "--resume", "--seed", "1"],
        ["tiny", "--resume", "--init-from", "tiny"],
        ["all", "--steps", "1"],
        ["all", "--init-from", "tiny"],
        ["unheard-of"],
    ],
)
def test_a_command_line_that_means_nothing_is_refused(arguments, capsys):
    with pytest.raises(SystemExit) as left:
        main(arguments, offered={"tiny": RECIPE}, store=ModelStore(cards=(CARD,)))

    assert left.value.code == 2
    assert "error: " in capsys.readouterr().err


def test_help_names_the_cards_and_how_to_go_on(capsys):
    with pytest.raises(SystemExit):
        main(["--help"], offered={"tiny": RECIPE}, store=ModelStore(cards=(CARD,)))

    text = capsys.readouterr().out
    assert "one of tiny" in text
    assert "--resume" in text


def queue_of(**losses):
    """Recipes that differ by name and loss, for 0.3 seconds of training each."""
    return {
        card: dataclasses.replace(RECIPE, card=card, loss=each, minutes=0.005)
        for card, each in losses.items()
    }


def diverging(model, batch):
    """A loss that is NaN at once."""
    return {"loss": loss(model, batch)["loss"] * float("nan")}


def mistaken(model, batch):
    """A recipe with a mistake."""
    return {"loss": batch["image"]}


def test_the_queue_trains_each_card_for_its_own_minutes(home):
    offered = queue_of(one=loss, two=loss)

    assert start(home, card="all", offered=offered) == 0
    assert [card_of(home, card).command for card in offered] == [
        f"python -m train {card} --budget-minutes 0.005" for card in offered
    ]


@pytest.mark.parametrize("broken", [diverging, mistaken])
def test_a_card_that_fails_is_reported_and_stops_no_other(broken, home, capsys):
    assert start(home, card="all", offered=queue_of(bad=broken, good=loss)) == 1
    assert complaint(capsys).startswith("error: bad: ")
    assert card_of(home, "good").steps > 0
    assert not (home / "checkpoints" / "bad.json").exists()


def test_the_queue_leaves_out_what_is_done(home, splits, capsys):
    offered = queue_of(one=loss)
    start(home, card="all", offered=offered)
    before = (home / "checkpoints" / "one.json").read_bytes()
    splits.clear()

    assert start(home, card="all", offered=offered) == 0
    assert "one: done" in capsys.readouterr().out
    assert splits == []
    assert (home / "checkpoints" / "one.json").read_bytes() == before


def test_the_queue_exports_what_was_trained_and_is_not_in_the_checkpoints(home):
    offered = queue_of(one=loss)
    start(home, card="all", offered=offered)
    steps = card_of(home, "one").steps
    file = home / "checkpoints" / "one.safetensors"
    whole = file.read_bytes()
    file.write_bytes(b"something else")

    assert start(home, card="all", offered=offered) == 0
    assert file.read_bytes() == whole
    assert card_of(home, "one").steps == steps


def test_the_queue_goes_on_with_a_run_that_is_not_finished(home):
    offered = queue_of(one=loss)
    start(home, "--steps", "5", card="one", offered=offered)
    before = run_folder(home, "one").load_state()["seconds"]

    assert start(home, card="all", offered=offered) == 0
    state = run_folder(home, "one").load_state()
    assert state["seconds"] >= 0.3
    assert card_of(home, "one").steps == state["step"]
    assert state["step"] > 5 or before >= 0.3  # on a very busy machine, the budget was spent

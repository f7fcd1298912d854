"""Whole trainings by their command line: checkpoint, film, log."""

import dataclasses
import hashlib
import json
import math

import numpy as np
import pytest
import torch
from PIL import Image

pytest.importorskip("accelerate", reason="training needs requirements-dev.txt")

from tiny_home import (  # noqa: E402
    card_of,
    network,
    run_folder,
    start,
    untrained,
    weights_of,
)
from tiny_training import (  # noqa: E402
    CARD,
    RECIPE,
    batches,
    build,
    load,
    preview,
    stripes,
    validate,
)

from genlab import data  # noqa: E402
from genlab.core.cards import sha256  # noqa: E402
from genlab.core.images import image_grid, to_picture  # noqa: E402
from genlab.store import ModelStore  # noqa: E402
from train.follower import FILM_MOMENTS  # noqa: E402
from train.loop import averaged_weights  # noqa: E402
from train.run_folder import RunFolder  # noqa: E402

PLOT = RunFolder.plot_losses


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


def hash_of_preview(model):
    """What the film notes of a preview."""
    grid = to_picture(image_grid(preview(model)))[0].numpy()
    return hashlib.sha256(grid.tobytes()).hexdigest()


def test_a_training_leaves_a_checkpoint_that_the_store_loads(home):
    assert start(home) == 0

    model = ModelStore(home / "checkpoints", cards=(CARD,)).get("tiny")
    assert validate(model, stripes()) < 0.7 * validate(untrained(), stripes())


def test_the_card_says_what_was_done(home):
    start(home, "--seed", "3", "--steps", "20")

    card = card_of(home)
    file = home / "checkpoints" / "tiny.safetensors"
    assert card.sha256 == sha256(file.read_bytes())
    assert card.parameters == sum(value.numel() for value in build().parameters())
    assert card.command == "python -m train tiny --steps 20 --seed 3"
    assert (card.card, card.seed, card.steps, card.figures) == ("tiny", 3, 20, {})
    assert (card.title, card.family, card.data) == (CARD.title, CARD.family, CARD.data)


def test_the_card_names_no_folder_of_this_machine(home):
    start(home, "--data-root", str(home))

    assert str(home) not in (home / "checkpoints" / "tiny.json").read_text()


def test_what_is_exported_is_the_average_not_the_last_weights(home):
    start(home)

    state = run_folder(home).load_state()
    exported = weights_of(home)
    average = averaged_weights(state["average"])
    assert all(torch.equal(exported[name], average[name]) for name in exported)
    assert not torch.equal(exported["output.weight"], state["model"]["output.weight"])


def test_training_never_asks_for_the_test_images(home, splits):
    start(home)

    assert set(splits) == {"train", "validation"}


def test_the_film_has_its_twenty_moments_from_the_untrained_to_the_last(home, monkeypatch):
    monkeypatch.setattr("train.follower.FILM_MOMENTS", FILM_MOMENTS)
    start(home)

    steps = [entry["step"] for entry in run_folder(home).read_film()]
    assert steps == [math.ceil(60 * (index / 19) ** 2 - 1e-9) for index in range(20)]


def test_the_films_pictures_are_those_of_its_hashes(home, monkeypatch):
    monkeypatch.setattr("train.follower.FILM_MOMENTS", FILM_MOMENTS)
    start(home)

    film = run_folder(home).read_film()
    for entry in film:
        with Image.open(run_folder(home).path / f"film/{entry['index']:02}.png") as picture:
            pixels = np.asarray(picture).tobytes()
        assert hashlib.sha256(pixels).hexdigest() == entry["sha256"]
    assert len({entry["sha256"] for entry in film}) > 5


def test_the_film_shows_the_averaged_weights(home):
    start(home)

    first, last = run_folder(home).read_film()
    averaged = network(weights_of(home))
    assert first["sha256"] == hash_of_preview(untrained())
    assert last["sha256"] == hash_of_preview(averaged)
    assert first["validation"] == pytest.approx(validate(untrained(), stripes()))
    assert last["validation"] == pytest.approx(validate(averaged, stripes()))


def test_the_log_is_lines_of_json(home):
    start(home)

    lines = (home / "runs" / "tiny" / "log.jsonl").read_text().splitlines()
    entries = [json.loads(line) for line in lines]
    assert [entry["step"] for entry in entries] == [50, 60]
    assert all(entry["losses"]["loss"] > 0 for entry in entries)
    assert entries[-1]["validation"] == run_folder(home).read_film()[-1]["validation"]


def test_the_losses_are_drawn(home, monkeypatch):
    monkeypatch.setattr(RunFolder, "plot_losses", PLOT)

    start(home)

    with Image.open(home / "runs" / "tiny" / "loss.png") as plot:
        assert plot.format == "PNG"


def test_the_log_tells_the_budgets_share(home):
    start(home, "--budget-minutes", "0.01")

    last = run_folder(home).read_log()[-1]
    assert last["progress"] == 1
    assert last["seconds"] >= 0.6
    assert card_of(home).command == "python -m train tiny --budget-minutes 0.01"


def test_the_same_seed_gives_the_same_weights_and_another_does_not(home):
    for name, seed in (("first", "0"), ("again", "0"), ("other", "1")):
        start(home / name, "--steps", "5", "--seed", seed)

    hashes = [card_of(home / name).sha256 for name in ("first", "again", "other")]
    assert hashes[0] == hashes[1] != hashes[2]


def test_what_a_run_that_never_saved_has_left_is_dropped(home):
    start(home, "--steps", "5")
    (home / "runs" / "tiny" / "state.pt").unlink()

    start(home, "--steps", "5", "--seed", "1")

    assert len(run_folder(home).read_film()) == 2
    assert [entry["step"] for entry in run_folder(home).read_log()] == [5]


@pytest.mark.slow
def test_a_run_from_a_checkpoint_wakes_what_sleeps_and_a_fresh_one_does_not(home):
    woken = []

    def wake(model, data, generator):
        woken.append(len(data.images))
        torch.nn.init.zeros_(model.output.weight)
        return 1

    recipe = dataclasses.replace(RECIPE, wake=wake)
    start(home / "first", "--steps", "1", recipe=recipe)
    assert woken == []

    checkpoint = home / "first" / "checkpoints" / "tiny"
    start(home / "second", "--init-from", str(checkpoint), "--steps", "1", recipe=recipe)

    assert woken == [64]
    assert weights_of(home / "second")["output.weight"].abs().max() < 0.1  # one step from zero


def test_a_training_that_begins_with_a_checkpoint_goes_on_counting(home):
    start(home / "first")
    first = home / "first" / "checkpoints" / "tiny"
    card = json.loads(first.with_suffix(".json").read_text())
    first.with_suffix(".json").write_text(json.dumps({**card, "minutes": 100.0}))

    assert start(home / "second", "--init-from", str(first), "--steps", "7") == 0

    second = card_of(home / "second")
    assert (second.steps, second.minutes) == (67, 100.0)
    first_command = card_of(home / "first").command
    assert first_command == "python -m train tiny --steps 60"
    again = "python -m train tiny --init-from checkpoints/tiny --steps"
    assert second.command == f"{first_command} && {again} 7"
    third = str(home / "second" / "checkpoints" / "tiny")
    assert start(home / "third", "--init-from", third, "--steps", "2") == 0
    assert card_of(home / "third").command == f"{second.command} && {again} 2"
    shown = run_folder(home / "second").read_film()[0]["sha256"]
    assert shown == hash_of_preview(network(weights_of(home / "first")))


def test_a_training_that_begins_with_a_checkpoint_draws_other_batches(home):
    seeds = []

    def watched(images, generator):
        seeds.append(generator.initial_seed())
        return batches(images, generator)

    offered = {"tiny": dataclasses.replace(RECIPE, batches=watched)}
    start(home / "first", "--steps", "3", offered=offered)
    checkpoint = home / "first" / "checkpoints" / "tiny"
    start(home / "second", "--init-from", str(checkpoint), "--steps", "3", offered=offered)

    assert len(set(seeds)) == 2
    assert card_of(home / "second").seed == 0


def test_figures_are_kept_for_the_very_same_weights_only(home):
    start(home, "--steps", "5")
    path = home / "checkpoints" / "tiny.json"
    figure = {"value": 1.0, "standard_error": 0.1, "n": 9, "command": "measure"}
    path.write_text(
        json.dumps({**json.loads(path.read_text()), "figures": {"nats_dynamic": figure}})
    )

    start(home, "--resume")
    kept = card_of(home).figures
    start(home, "--resume", "--steps", "9")

    assert kept["nats_dynamic"].value == 1.0
    assert card_of(home).figures == {}

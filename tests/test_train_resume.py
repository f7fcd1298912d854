"""Stopped, killed and broken trainings go on where their last saved state was."""

import dataclasses
import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import types
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

pytest.importorskip("accelerate", reason="training needs requirements-dev.txt")

from tiny_home import card_of, folders, run_folder, start  # noqa: E402
from tiny_training import CARD, PEAK, RECIPE, batches, load, loss  # noqa: E402

from genlab import data  # noqa: E402
from genlab.store import ModelStore  # noqa: E402
from train.errors import TrainingError  # noqa: E402
from train.run_folder import RunFolder  # noqa: E402
from train.schedule import learning_rate_factor  # noqa: E402

ROOT = Path(__file__).parents[1]
PROGRAM = Path(__file__).with_name("tiny_training.py")
PATIENCE = 120.0  # seconds, for a machine that is busy


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Stripes instead of files, two pictures, no plots: they cost more than a hundred steps."""
    monkeypatch.setattr(data, "load", load)
    monkeypatch.setattr("train.follower.FILM_MOMENTS", 2)
    monkeypatch.setattr(RunFolder, "plot_losses", lambda folder: None)


@pytest.fixture
def home(tmp_path):
    """Where runs and checkpoints go."""
    return tmp_path


def hit_at(step, hit):
    """The recipe whose batches call `hit()` while the step is under way."""

    def struck(images, generator):
        for number, batch in enumerate(batches(images, generator), start=1):
            if number == step:
                hit()
            yield batch

    return dataclasses.replace(RECIPE, batches=struck)


def stopped_at(step, number=signal.SIGTERM):
    """The recipe whose step is hit by a signal."""
    return hit_at(step, lambda: signal.raise_signal(number))


def assert_told_once(home):
    """The log's steps rise, each regular line and each picture of the film is there once."""
    log, film = run_folder(home).read_log(), run_folder(home).read_film()
    steps = [entry["step"] for entry in log]
    regular = [entry["step"] for entry in log if "validation" not in entry]
    pictured = [entry["step"] for entry in log if "validation" in entry]
    assert steps == sorted(steps)
    assert regular == [step for step in range(1, steps[-1] + 1) if step % 50 == 0]
    assert pictured == [entry["step"] for entry in film[1:]]
    assert [entry["index"] for entry in film] == list(range(len(film)))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_ends_the_step_and_saves_the_state(number, home, capsys):
    assert start(home, recipe=stopped_at(7, number)) == 130

    state = run_folder(home).load_state()
    assert state["step"] == state["average"]["n_averaged"] == 7
    assert {int(each["step"]) for each in state["optimiser"]["state"].values()} == {7}
    assert "go on with `python -m train tiny --resume`" in capsys.readouterr().err
    assert not (home / "checkpoints").exists()


def test_a_stop_before_the_first_step_leaves_at_once(home, monkeypatch, capsys):
    monkeypatch.setattr(data, "load", lambda *arguments: signal.raise_signal(signal.SIGTERM))

    assert start(home) == 130
    assert not run_folder(home).has_state


def test_a_stop_ends_the_queue_too(home, capsys):
    assert start(home, card="all", recipe=stopped_at(7)) == 130
    assert "go on with `python -m train all`" in capsys.readouterr().err


def test_signals_are_as_before_once_a_training_has_ended(home):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

    start(home, "--steps", "2")

    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_resumed_run_ends_as_if_it_had_not_stopped(home, monkeypatch):
    monkeypatch.setattr("train.follower.FILM_MOMENTS", 20)
    start(home, recipe=stopped_at(17))
    assert start(home, "--resume") == 0

    log, film = run_folder(home).read_log(), run_folder(home).read_film()
    assert run_folder(home).load_state()["step"] == card_of(home).steps == 60
    assert_told_once(home)
    assert len(film) == 20
    assert log[-1]["progress"] == 1
    assert log[-1]["learning_rate"] == PEAK * learning_rate_factor(59 / 60)


def test_a_resumed_run_remembers_its_length_and_seed(home):
    start(home, "--steps", "30", "--seed", "5", recipe=stopped_at(7))
    start(home, "--resume")

    assert (card_of(home).steps, card_of(home).seed) == (30, 5)
    assert card_of(home).command == "python -m train tiny --steps 30 --seed 5"


def test_a_run_that_gets_more_time_is_filmed_to_its_new_end(home, monkeypatch):
    monkeypatch.setattr("train.follower.FILM_MOMENTS", 20)
    start(home, "--steps", "40")
    before = run_folder(home).read_film()
    start(home, "--resume", "--steps", "160")

    film, folder = run_folder(home).read_film(), run_folder(home).path / "film"
    steps = [entry["step"] for entry in film]
    assert [entry["index"] for entry in film] == list(range(20)) and steps[-1] == 160
    assert steps == sorted(set(steps)), "no moment is there twice"
    assert {entry["sha256"] for entry in film[:10]} <= {entry["sha256"] for entry in before}
    for entry in film:
        with Image.open(folder / f"{entry['index']:02}.png") as picture:
            assert hashlib.sha256(np.array(picture).tobytes()).hexdigest() == entry["sha256"]
    assert len(list(folder.glob("*.png"))) == 20


def test_a_resumed_run_can_be_given_another_length(home):
    start(home, "--steps", "30", recipe=stopped_at(7))
    start(home, "--resume", "--steps", "12")

    assert card_of(home).steps == 12
    assert card_of(home).command == "python -m train tiny --steps 12"


def test_a_resumed_run_remembers_what_its_checkpoint_had_cost(home):
    start(home / "first")
    checkpoint = home / "first" / "checkpoints" / "tiny"
    start(home, "--init-from", str(checkpoint), "--steps", "30", recipe=stopped_at(7))
    start(home, "--resume")

    assert card_of(home).steps == 90
    earlier = card_of(home / "first").command
    again = "python -m train tiny --init-from checkpoints/tiny --steps 30"
    assert card_of(home).command == f"{earlier} && {again}"


def test_a_run_from_before_run_json_goes_on(home):
    start(home, "--steps", "30", recipe=stopped_at(7))
    (home / "runs" / "tiny" / "run.json").unlink()

    assert start(home, "--resume", "--steps", "30") == 0
    assert card_of(home).command == "python -m train tiny --steps 30"


def test_a_state_has_what_earlier_versions_wrote_and_read(home):
    start(home, "--steps", "5")

    expected = {"model", "average", "optimiser", "generator", "step", "seconds"}
    assert run_folder(home).load_state().keys() == expected


def test_training_time_adds_up_over_resumptions_and_pauses_do_not(home, monkeypatch):
    now = [0.0]

    def tick():
        now[0] += 1.0  # the loop reads the clock twice a step: a second each
        return now[0]

    monkeypatch.setattr("train.loop.time", types.SimpleNamespace(monotonic=tick))
    start(home, "--budget-minutes", "0.5", recipe=stopped_at(10))
    assert run_folder(home).load_state()["seconds"] == 10
    now[0] += 3600

    start(home, "--resume")

    assert run_folder(home).load_state()["seconds"] == 30
    assert card_of(home).steps == 30
    assert card_of(home).minutes == 0.5


def test_resuming_what_is_not_there_is_refused(home, capsys):
    assert start(home, "--resume") == 2
    assert "Start one without --resume" in capsys.readouterr().err


def test_a_finished_run_is_exported_again_without_a_step(home):
    start(home, "--steps", "9")
    before = (home / "checkpoints" / "tiny.safetensors").read_bytes()

    assert start(home, "--resume") == 0
    assert (home / "checkpoints" / "tiny.safetensors").read_bytes() == before
    assert card_of(home).steps == 9


def test_what_a_killed_run_noted_behind_its_state_is_dropped(home):
    start(home, "--steps", "30", recipe=stopped_at(12))
    folder = run_folder(home)
    entry = {"index": 1, "step": 29, "seconds": 1.0, "validation": 1.0, "sha256": ""}
    film = folder.path / "film" / "film.json"
    film.write_text(json.dumps([*folder.read_film(), entry]))
    with (folder.path / "log.jsonl").open("a") as log:
        log.write('{"step": 29, "seconds": 1, "losses": {"loss": 1}, "progress": 0.9}\n')
        log.write('{"step": 29, "seco')

    start(home, "--resume")

    assert_told_once(home)
    assert folder.read_film()[-1]["step"] == folder.read_log()[-1]["step"] == 30


def test_a_state_is_whole_or_the_one_before(home, monkeypatch):
    folder = run_folder(home)
    folder.save_state({"step": 1})
    write = Path.write_bytes

    def run_out(path, content):
        write(path, content[: len(content) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", run_out)

    with pytest.raises(TrainingError, match=r"No space left.*last good state is still there"):
        folder.save_state({"step": 2})
    assert folder.load_state() == {"step": 1}


def test_a_state_that_cannot_be_written_out_leaves_the_one_before(home):
    folder = run_folder(home)
    folder.save_state({"step": 1})

    with pytest.raises((AttributeError, TypeError)):
        folder.save_state({"step": lambda: 2})  # no pickle holds a lambda
    assert folder.load_state() == {"step": 1}


def test_half_a_state_that_a_kill_left_beside_its_place_does_no_harm(home):
    start(home, recipe=stopped_at(7))
    (home / "runs" / "tiny" / "state.pt.new").write_bytes(b"half a st")

    assert start(home, "--resume") == 0
    assert not list((home / "runs").rglob("*.new"))


@pytest.mark.parametrize("name", ["state.pt", "run.json"])
@pytest.mark.parametrize("content", [b"", b"not what you think", b"PK\x03\x04"])
def test_a_damaged_file_is_named(name, content, home, capsys):
    start(home, recipe=stopped_at(7))
    (home / "runs" / "tiny" / name).write_bytes(content)
    capsys.readouterr()

    assert start(home, "--resume") == 2
    assert f"{name} is damaged" in capsys.readouterr().err


def test_nothing_in_a_state_is_executed(home, capsys):
    run_folder(home)
    torch.save({"step": subprocess.Popen}, home / "runs" / "tiny" / "state.pt")

    assert start(home, "--resume") == 2
    assert "state.pt is damaged" in capsys.readouterr().err


def test_a_run_that_diverges_leaves_a_good_state_to_go_on_with(home, monkeypatch, capsys):
    monkeypatch.setattr("train.follower.SAVE_EVERY", 0.0)
    calls = iter(range(1000))

    def failing(model, batch):
        factor = 1 if next(calls) < 10 else float("nan")
        return {"loss": loss(model, batch)["loss"] * factor}

    assert start(home, recipe=dataclasses.replace(RECIPE, loss=failing)) == 2
    assert "no longer a finite number after step 10" in capsys.readouterr().err
    state = run_folder(home).load_state()
    assert state["step"] == 10
    assert all(value.isfinite().all() for value in state["model"].values())
    assert start(home, "--resume") == 0
    assert card_of(home).steps == 60


def program(home, *arguments):
    """The command that trains in a process of its own, slowly, saving after each step."""
    return [sys.executable, str(PROGRAM), "tiny", *folders(home), *arguments]


def environment(**more):
    """One thread, and the repository's packages."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **more}


def wait_for_step(process, path, step):
    """Until the log of the run has this step."""
    deadline = time.monotonic() + PATIENCE
    while f'"step": {step},' not in (path.read_text() if path.exists() else ""):
        assert process.poll() is None, "the training ended by itself"
        assert time.monotonic() < deadline, "the training does not move"
        time.sleep(0.02)


@pytest.mark.slow
def test_a_killed_run_loses_at_most_the_steps_since_its_last_save(home, monkeypatch):
    with subprocess.Popen(
        program(home, "--steps", "400"), env=environment(), stderr=subprocess.DEVNULL
    ) as process:
        wait_for_step(process, home / "runs" / "tiny" / "log.jsonl", 100)
        process.kill()
    monkeypatch.setattr("train.follower.FILM_MOMENTS", 20)  # as in the process
    kept = run_folder(home).load_state()["step"]
    assert kept >= run_folder(home).read_log()[-1]["step"] - 1
    assert kept < 400

    assert start(home, "--resume") == 0

    last = run_folder(home).read_log()[-1]
    assert run_folder(home).load_state()["step"] == card_of(home).steps == 400
    assert last["learning_rate"] == PEAK * learning_rate_factor(399 / 400)
    assert len(run_folder(home).read_film()) == 20
    assert_told_once(home)


@pytest.mark.slow
def test_two_processes_train_one_network_and_end_together(home):
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command = [*torchrun, "--nproc-per-node", "2", *program(home, "--budget-minutes", "0.02")[1:]]
    with subprocess.Popen(
        command, env=environment(TINY_NOTES=str(home)), stderr=subprocess.DEVNULL
    ) as process:
        try:
            assert process.wait(PATIENCE) == 0
        finally:
            process.terminate()  # which torchrun passes on; a kill would leave its children

    notes = [(home / f"process-{rank}.txt").read_text().split() for rank in (0, 1)]
    assert notes[0][::2] == notes[1][::2]  # the weights before each step
    assert notes[0][1::2] != notes[1][1::2]  # the losses of different batches
    log = run_folder(home).read_log()
    assert {entry["images"] for entry in log} == {2 * 16}
    assert_told_once(home)
    assert ModelStore(home / "checkpoints", cards=(CARD,)).get("tiny")
    assert card_of(home).steps == log[-1]["step"] == run_folder(home).load_state()["step"]
    assert card_of(home).device.startswith("CPU, 2 processes of ")
    assert card_of(home).command.startswith("torchrun --standalone --nproc-per-node 2 -m train ")

"""What the world may do to a training: one sentence with the remedy, and nothing half done."""

import errno
from pathlib import Path
from urllib.error import URLError

import pytest
import torch

pytest.importorskip("accelerate", reason="training needs requirements-dev.txt")

from tiny_home import complaint, run_folder, start, weights_of  # noqa: E402
from tiny_training import load  # noqa: E402

from genlab import data  # noqa: E402
from genlab.torchvision_guard import prepare_torchvision  # noqa: E402
from train.loop import averaged_weights  # noqa: E402
from train.run_folder import RunFolder  # noqa: E402

READ = data.load


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


def test_a_run_that_exists_is_not_begun_again(home, capsys):
    start(home, "--steps", "5")
    state = (home / "runs" / "tiny" / "state.pt").read_bytes()

    assert start(home, "--steps", "9") == 2
    assert "--resume" in complaint(capsys)
    assert (home / "runs" / "tiny" / "state.pt").read_bytes() == state


def test_without_a_data_set_the_remedy_is_named(home, monkeypatch, capsys):
    def refuse(*arguments, **options):
        raise URLError("no network here")

    prepare_torchvision()
    monkeypatch.setattr("torchvision.datasets.mnist.download_and_extract_archive", refuse)
    monkeypatch.setattr("torchvision.datasets.utils.urllib.request.urlopen", refuse)
    monkeypatch.setattr(data, "load", READ)

    assert start(home, "--data-root", str(home / "absent")) == 2
    assert "--data-root" in complaint(capsys)


def test_a_runs_folder_that_cannot_be_written_is_named(home, capsys):
    (home / "file").write_text("in the way")

    assert start(home, "--runs", str(home / "file" / "runs")) == 2
    text = complaint(capsys)
    assert str(home / "file" / "runs") in text
    assert "--runs" in text


def test_an_export_that_fails_is_made_up_for_without_training_again(home, capsys):
    (home / "file").write_text("in the way")
    assert start(home, "--checkpoints", str(home / "file" / "below")) == 2
    assert "--resume" in complaint(capsys)
    state = run_folder(home).load_state()

    assert start(home, "--resume") == 0
    assert run_folder(home).load_state()["step"] == state["step"]
    exported = weights_of(home)
    average = averaged_weights(state["average"])
    assert all(torch.equal(exported[name], average[name]) for name in exported)


@pytest.mark.parametrize("name", ["state.pt.new", "tiny.safetensors.new", "film.json.new"])
def test_a_full_disk_is_named_and_leaves_no_half_file(name, home, monkeypatch, capsys):
    write = Path.write_bytes

    def run_out(path, content):
        if path.name != name:
            return write(path, content)
        write(path, content[: len(content) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", run_out)

    assert start(home, "--steps", "5") == 2
    text = complaint(capsys)
    assert "No space left on device" in text
    assert "--resume" in text
    assert not list(home.rglob("*.new"))
    assert not (home / "checkpoints" / "tiny.json").exists()


def test_a_log_on_a_full_disk_is_named(home, monkeypatch, capsys):
    (home / "runs" / "tiny").mkdir(parents=True)
    opened = Path.open

    def run_out(path, mode="r", **options):
        if path.name == "log.jsonl" and mode == "a":
            raise OSError(errno.ENOSPC, "No space left on device")
        return opened(path, mode, **options)

    monkeypatch.setattr(Path, "open", run_out)

    assert start(home, "--steps", "5") == 2
    assert "log.jsonl (No space left on device)" in complaint(capsys)


def test_a_checkpoint_to_begin_with_must_be_its_cards(home, capsys):
    start(home / "first", "--steps", "5")
    file = home / "first" / "checkpoints" / "tiny.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"?")

    assert start(home / "second", "--init-from", str(file.with_suffix(""))) == 2
    assert "sha256" in complaint(capsys)


@pytest.mark.parametrize("path", [".", "/", ".."])
def test_a_checkpoint_to_begin_with_must_have_a_name(path, home, capsys):
    assert start(home, "--init-from", path, "--steps", "5") == 2
    assert "checkpoints/tiny" in complaint(capsys)


@pytest.mark.parametrize("seed", ["-1", str(2**32)])
def test_a_seed_that_a_generator_refuses_is_refused_at_once(seed, home, capsys):
    with pytest.raises(SystemExit):
        start(home, "--steps", "5", "--seed", seed)

    assert "from 0 to 4294967295" in capsys.readouterr().err
    assert not (home / "runs").exists()

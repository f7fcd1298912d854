"""The command line serves what it has never heard of, and runs as a process."""

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Protocol, runtime_checkable

import pytest
from shelved import Constant, tiny_card, write_checkpoint

from genlab import cli
from genlab.analysis import likelihood
from genlab.core.capabilities import Option, Sampler
from genlab.core.cards import sha256
from genlab.core.commands import Command
from genlab.core.errors import InputError
from genlab.inference import autoregressive
from genlab.models.pixelcnn import CARDS
from genlab.registry import discover
from genlab.store import ModelStore

ROOT = Path(__file__).parents[1]
TINY, PLAIN = tiny_card("tiny"), tiny_card("plain", build=Constant)


@runtime_checkable
class Decoder(Protocol):
    """A capability that GenLab does not know."""

    def decode(self, count): ...


def decode(model, *, seed, count, grey_level):
    """Its sampler."""
    if not 0 <= grey_level <= 1:
        raise ValueError(f"grey_level must be in [0, 1], got {grey_level}")
    return model.decode(count) * 0 + grey_level + seed / 255


DECODER = Sampler(Decoder, decode, (Option("grey_level", float, 0.5, "from 0 to 100 %"),))


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A card for each of two samplers, one of them new."""
    write_checkpoint(tmp_path, TINY)
    write_checkpoint(tmp_path, PLAIN)
    monkeypatch.setattr(cli, "ModelStore", lambda _: ModelStore(tmp_path, (TINY, PLAIN)))

    def found(package, attribute):
        of_inference = (package, attribute) == ("genlab.inference", "SAMPLER")
        return [DECODER, autoregressive.SAMPLER] if of_inference else discover(package, attribute)

    monkeypatch.setattr(cli, "discover", found)


@pytest.mark.parametrize(
    ("more", "grey", "seed"),
    [([], 0.5, 0), (["--grey-level", "0.25"], 0.25, 0), (["--seed", "3"], 0.5, 3)],
    ids=str,
)
def test_a_new_sampler_serves_the_models_with_its_capability(
    shelf, run_cli, tmp_path, more, grey, seed
):
    code, output, _ = run_cli(
        "sample", "plain", "--count", 2, "--out", tmp_path / "a.png", "--json", *more
    )

    level = round((grey + seed / 255) * 255)
    assert code == 0
    assert json.loads(output)["options"] == {"grey_level": grey}
    assert json.loads(output)["sha256"] == sha256(bytes([level]) * 8)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["plain", "--grey-level", "2"], "grey_level must be in [0, 1], got 2.0."),
        (["plain", "--order", "naive"], "plain has no option --order. It has: --grey-level."),
        (["tiny", "--grey-level", "1"], "tiny has no option --grey-level. It has: --temperature,"),
    ],
    ids=str,
)
def test_an_option_of_another_sampler_is_refused(shelf, run_cli, tmp_path, arguments, sentence):
    code, _, errors = run_cli("sample", *arguments, "--out", tmp_path / "a.png")

    assert code == 2
    assert sentence in errors


def test_help_shows_the_options_of_every_sampler(shelf, run_cli):
    code, output, _ = run_cli("sample", "--help")

    assert code == 0
    assert "--grey-level VALUE" in output
    assert "from 0 to 100 %" in output
    assert "--temperature VALUE" in output


def shout(shelf, options):
    """Repeat a word, or complain."""
    if options.word == "silence":
        raise InputError("Silence cannot be shouted.")
    return {"said": options.word.upper(), "cards": len(shelf.cards)}


@pytest.fixture
def shouting(monkeypatch):
    """An analysis that brings a command."""
    command = Command(
        name="shout",
        help="say it louder",
        add_arguments=lambda parser: parser.add_argument("word"),
        run=shout,
        as_text=lambda result: result["said"] + "!",
    )
    monkeypatch.setattr(likelihood, "COMMANDS", (command,), raising=False)


def test_an_analysis_brings_its_own_command(shouting, run_cli):
    cards = len(ModelStore().cards)

    assert run_cli("shout", "hello") == (0, "HELLO!\n", "")
    code, output, _ = run_cli("shout", "hello", "--json")
    assert (code, json.loads(output)) == (0, {"said": "HELLO", "cards": cards})
    assert run_cli("shout", "silence") == (2, "", "error: Silence cannot be shouted.\n")
    assert "shout" in run_cli("--help")[1]


def test_an_interruption_is_told_and_not_traced(shelf, run_cli, tmp_path, monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(Constant, "decode", interrupted)

    assert run_cli("sample", "plain", "--out", tmp_path / "a.png") == (130, "", "stopped\n")


@pytest.fixture
def shipped_folder(tmp_path):
    """The folder of a checkpoint of a real card, with lively weights."""
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    write_checkpoint(folder, CARDS[0])
    return folder


def python_m_genlab(folder, *arguments):
    """A process as a person starts it."""
    command = [sys.executable, "-m", "genlab", *arguments, "--checkpoints", folder]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_a_process_prints_one_json_value_and_writes_the_picture(shipped_folder, tmp_path):
    out = tmp_path / "grid.png"

    result = python_m_genlab(
        shipped_folder, "sample", CARDS[0].name, "--count", "2", "--out", str(out), "--json"
    )

    assert (result.returncode, result.stderr) == (0, "")
    model = ModelStore(shipped_folder).get(CARDS[0].name)
    images = autoregressive.sample(model, seed=0, count=2)
    assert json.loads(result.stdout)["sha256"] == sha256((images * 255).byte().numpy().tobytes())
    assert out.read_bytes().startswith(b"\x89PNG")


def test_a_process_ends_with_a_sentence_and_no_traceback(tmp_path):
    result = python_m_genlab(tmp_path, "sample", CARDS[0].name, "--out", str(tmp_path / "a.png"))

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("error: The card ")
    assert f"python -m train {CARDS[0].name}" in result.stderr


class Watched:
    """Stands for `genlab.cli`, and notes the environment when `main` is taken from it."""

    def __init__(self):
        self.threads = None

    @property
    def main(self):
        """As in `from genlab.cli import main`, which imports torch."""
        self.threads = os.environ.get("OMP_NUM_THREADS")
        return lambda arguments: 7


@pytest.mark.parametrize(("told", "threads"), [(None, "1"), ("3", "3")])
def test_one_thread_is_chosen_before_torch_is_imported(monkeypatch, told, threads):
    watched = Watched()
    monkeypatch.setitem(sys.modules, "genlab.cli", watched)
    monkeypatch.setenv("OMP_NUM_THREADS", told or "")
    if told is None:
        monkeypatch.delenv("OMP_NUM_THREADS")

    with pytest.raises(SystemExit) as stopped:
        runpy.run_module("genlab", run_name="__main__")

    assert watched.threads == threads
    assert stopped.value.code == 7

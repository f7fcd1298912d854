"""`--compile`: the same training, faster, where the machine has a compiler."""

import dataclasses
import json
import shutil

import pytest
import torch

pytest.importorskip("accelerate", reason="training needs requirements-dev.txt")

from tiny_home import complaint, run_folder, start  # noqa: E402
from tiny_training import RECIPE, load  # noqa: E402
from torch import nn  # noqa: E402

from genlab import data  # noqa: E402
from train.run_folder import RunFolder  # noqa: E402

needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Stripes instead of files, two pictures, no plots, a log of every step."""
    monkeypatch.setattr(data, "load", load)
    monkeypatch.setattr("train.follower.FILM_MOMENTS", 2)
    monkeypatch.setattr("train.follower.LOG_EVERY", 1)
    monkeypatch.setattr(RunFolder, "plot_losses", lambda folder: None)


@pytest.fixture
def compiled(monkeypatch):
    """Networks that were to be compiled; none of them is."""
    asked = []
    monkeypatch.setattr(nn.Module, "compile", lambda module: asked.append(module))
    return asked


def logged(home):
    """The losses of a run, step by step."""
    lines = (run_folder(home).path / "log.jsonl").read_text().splitlines()
    return [json.loads(line)["losses"]["loss"] for line in lines]


@pytest.mark.slow
@needs_compiler
def test_a_compiled_run_goes_the_same_way(tmp_path):
    torch._dynamo.utils.counters.clear()
    start(tmp_path / "eager", "--steps", "8")
    assert not torch._dynamo.utils.counters["frames"]

    start(tmp_path / "compiled", "--steps", "8", "--compile")

    assert torch._dynamo.utils.counters["frames"]["ok"] > 0
    assert logged(tmp_path / "compiled") == pytest.approx(logged(tmp_path / "eager"), rel=0.01)


@pytest.mark.parametrize(
    ("in_recipe", "said", "networks"),
    [(True, [], 1), (False, [], 0), (True, ["--no-compile"], 0), (False, ["--compile"], 1)],
)
def test_the_recipe_decides_where_nothing_is_said(in_recipe, said, networks, tmp_path, compiled):
    recipe = dataclasses.replace(RECIPE, compiled=in_recipe)

    start(tmp_path, "--steps", "1", *said, recipe=recipe)

    assert len(compiled) == networks


def test_without_a_compiler_the_remedy_is_named(tmp_path, capsys):
    absent = {"cpp.cxx": (None, "/nowhere/g++"), "fx_graph_cache": False}
    torch._dynamo.reset()
    with torch._inductor.config.patch(absent):
        code = start(tmp_path, "--steps", "1", "--compile")

    assert code == 2
    assert "--no-compile" in complaint(capsys)

"""Real imports run in a process of their own: an import that failed or succeeded stays so."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import util
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import torch

from genlab import torchvision_guard
from genlab.torchvision_guard import prepare_torchvision

ROOT = Path(__file__).parents[1]
IMPORT_WITHOUT_GUARD = """
import importlib.machinery, importlib.util, os, torch
folder = os.path.dirname(importlib.util.find_spec("torchvision").origin)
paths = [os.path.join(folder, "_C" + each) for each in importlib.machinery.EXTENSION_SUFFIXES]
try:
    torch.ops.load_library(next(path for path in paths if os.path.exists(path)))
    print("the extension loads")
except (OSError, StopIteration):
    import torchvision
"""


def run(code):
    """Run Python code from the repository's root with warnings as errors."""
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


@pytest.mark.slow
def test_torchvision_does_not_import_by_itself():
    result = run(IMPORT_WITHOUT_GUARD)

    if "the extension loads" in result.stdout:
        pytest.skip("this torchvision is built for this torch: its compiled extension loads")
    # Should a newer torchvision turn this red, the guard can be deleted.
    assert "torchvision::nms does not exist" in result.stderr


@pytest.mark.slow
def test_torchvision_imports_after_two_calls():
    result = run(
        "from genlab.torchvision_guard import prepare_torchvision\n"
        "prepare_torchvision(); prepare_torchvision()\n"
        "import gc; gc.collect()\n"
        "import torchvision.datasets, torchvision.transforms, torchvision.ops\n"
        "prepare_torchvision()"
    )

    assert result.returncode == 0, result.stderr


@pytest.mark.slow
def test_torchvision_imports_although_it_failed_before_the_call():
    result = run(
        "try: import torchvision\n"
        "except RuntimeError: pass\n"
        "from genlab.torchvision_guard import prepare_torchvision\n"
        "prepare_torchvision()\n"
        "import torchvision"
    )

    assert result.returncode == 0, result.stderr


@pytest.fixture
def operators(monkeypatch):
    """A process where torchvision was never imported; holds the operators that exist in it."""
    existing = SimpleNamespace()

    class FakeLibrary:
        def __init__(self, namespace, kind):
            assert namespace == "torchvision"
            assert kind == "FRAGMENT" or not vars(existing), "a namespace has one DEF at most"
            time.sleep(0.01)  # long enough for another thread

        def define(self, signature):
            name = signature.partition("(")[0]
            assert not hasattr(existing, name), f"{name} is defined twice"
            setattr(existing, name, signature)

    monkeypatch.delitem(sys.modules, "torchvision", raising=False)
    monkeypatch.setattr(torch.ops, "torchvision", existing, raising=False)
    monkeypatch.setattr(torch.library, "Library", FakeLibrary)
    monkeypatch.setattr(torchvision_guard, "_declared", [])
    return existing


@pytest.fixture
def loaded(operators, monkeypatch):
    """The libraries that were loaded, in a process where every one can be."""
    paths = []
    monkeypatch.setattr(torch.ops, "load_library", paths.append)
    return paths


@pytest.fixture
def unloadable(operators, monkeypatch):
    """A process in which no library can be loaded."""

    def refuse(path):
        raise OSError(f"Could not load this library: {path}")

    monkeypatch.setattr(torch.ops, "load_library", refuse)


def test_both_operators_are_defined_where_the_extension_does_not_load(operators, unloadable):
    prepare_torchvision()

    assert set(vars(operators)) == {"nms", "qnms"}


def test_both_operators_are_defined_where_there_is_no_extension(
    operators, loaded, tmp_path, monkeypatch
):
    bare = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(util, "find_spec", lambda name: bare)

    prepare_torchvision()

    assert set(vars(operators)) == {"nms", "qnms"}
    assert not loaded


def test_a_lone_missing_operator_is_added_to_the_one_that_exists(operators, unloadable):
    operators.nms = "theirs"

    prepare_torchvision()

    assert set(vars(operators)) == {"nms", "qnms"}
    assert operators.nms == "theirs"


def test_operators_that_exist_are_left_alone(operators, loaded):
    operators.nms = operators.qnms = "theirs"

    prepare_torchvision()

    assert vars(operators) == {"nms": "theirs", "qnms": "theirs"}
    assert not loaded


def test_nothing_is_defined_where_the_extension_loads(operators, loaded):
    prepare_torchvision()

    assert not vars(operators)
    assert len(loaded) == 1
    assert Path(loaded[0]).name.startswith("_C.")


def test_nothing_is_done_where_torchvision_is_imported_already(operators, loaded, monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision", ModuleType("torchvision"))

    prepare_torchvision()

    assert not vars(operators)
    assert not loaded


def test_nothing_is_defined_where_torchvision_is_not_installed(operators, unloadable, monkeypatch):
    monkeypatch.setattr(util, "find_spec", lambda name: None)

    prepare_torchvision()

    assert not vars(operators)


def test_calls_from_many_threads_define_each_operator_once(operators, unloadable):
    with ThreadPoolExecutor(16) as pool:
        for call in [pool.submit(prepare_torchvision) for _ in range(64)]:
            call.result()

    assert set(vars(operators)) == {"nms", "qnms"}
    assert len(torchvision_guard._declared) == 1

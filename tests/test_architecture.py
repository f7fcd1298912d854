"""The import directions of DESIGN.md, tried on planted sources and then on every file."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from import_rules import violations

ROOT = Path(__file__).parents[1]
FILES = sorted(
    path.relative_to(ROOT)
    for folder in ("genlab", "train", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
) + [Path("app.py")]


@pytest.mark.parametrize("path", FILES, ids=str)
def test_every_file_keeps_to_the_import_directions(path):
    module = ".".join(path.with_suffix("").parts)

    assert violations(module, (ROOT / path).read_text(encoding="utf8")) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("genlab.core.frames", "import genlab.nn.masked"),
        ("genlab.core.frames", "from genlab import store"),
        ("genlab.core.frames", "import genlab"),
        ("genlab.core.cards", "import safetensors"),
        ("genlab.nn.masked", "from genlab.models.pixelcnn import PixelCNN"),
        ("genlab.models.vae", "from genlab.models.pixelcnn import PixelCNN"),
        ("genlab.models.vae", "from .pixelcnn import PixelCNN"),
        ("genlab.models.vae", "from . import pixelcnn"),
        ("genlab.models.vae", "from genlab.models import pixelcnn"),
        ("genlab.models.vae", "from genlab.models.pixelcnn_stepper import PixelCNNStepper"),
        ("genlab.models.vae", "from genlab.inference.autoregressive import sample"),
        ("genlab.inference.autoregressive", "from genlab.models.pixelcnn import PixelCNN"),
        ("genlab.inference.autoregressive", "import genlab.store"),
        ("genlab.analysis.likelihood", "from genlab.inference.autoregressive import sample"),
        ("genlab.analysis.likelihood", "import matplotlib.pyplot"),
        ("genlab.data", "from genlab.store import ModelStore"),
        ("genlab.torchvision_guard", "from genlab.core import errors"),
        ("genlab.registry", "import torch"),
        ("genlab.registry", "from genlab.core import errors"),
        ("genlab.store", "from genlab.inference import autoregressive"),
        ("genlab.store", "from genlab.cli import main"),
        ("genlab.cli", "from genlab.models.pixelcnn import PixelCNN"),
        ("genlab.cli", "from genlab.ui import kit"),
        ("genlab.cli", "from genlab.storehouse import ModelStore"),
        ("genlab.cli", "import gradio"),
        ("genlab.ui.tabs.vae", "from genlab.ui.tabs.pixelcnn import TAB"),
        ("genlab.ui.tabs.vae", "from genlab.ui.tabs import pixelcnn"),
        ("genlab.ui.tabs.vae", "from genlab.models.pixelcnn import PixelCNN"),
        ("genlab.ui.tabs.vae", "from genlab.ui.shell import build_app"),
        ("genlab.ui.tabs.vae", "from genlab.registry import discover"),
        ("genlab.ui.lessons.vae", "from genlab.ui.tabs.pixelcnn import TAB"),
        ("genlab.ui.lessons.vae", "from genlab.ui.tabs.vae import TAB"),
        ("genlab.ui.closer", "from genlab.ui.lessons import vae"),
        ("genlab.ui.kit", "from genlab.ui.tabs import pixelcnn"),
        ("genlab.ui.canvas.player", "from genlab.ui.kit import Tab"),
        ("genlab.ui.canvas.player", "from genlab.store import ModelStore"),
        ("genlab.ui.shell", "from genlab.inference.autoregressive import sample"),
        ("genlab.ui.shell", "import app"),
        ("genlab.__init__", "from genlab.store import ModelStore"),
        ("genlab.__init__", "from .store import ModelStore"),
        ("genlab.models.__init__", "from .pixelcnn import PixelCNN"),
        ("app", "from genlab.models.pixelcnn import PixelCNN"),
        ("app", "from genlab.cli import main"),
        ("genlab.data", "import train.loop"),
        ("train.loop", "import gradio"),
        ("train.loop", "from genlab.ui.kit import Tab"),
        ("train.loop", "from genlab import ui"),
        ("train.loop", "import app"),
        ("benchmarks.speed", "from train.loop import Trainer"),
    ],
)
def test_a_planted_import_against_the_direction_is_found(module, source):
    assert len(violations(module, source)) == 1


@pytest.mark.parametrize(
    "template",
    [
        "def late():\n    {}",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    {}",
        "try:\n    {}\nexcept ImportError:\n    pass",
        "class Holder:\n    def method(self):\n        {}",
    ],
)
def test_an_import_is_found_wherever_it_stands(template):
    source = template.format("from genlab.models import pixelcnn")

    assert violations("genlab.inference.autoregressive", source)


@pytest.mark.parametrize(
    "source",
    [
        "import importlib\nimportlib.import_module('genlab.store')",
        "from importlib import import_module",
        "__import__('genlab.store')",
    ],
)
def test_only_the_registry_imports_by_a_text(source):
    assert violations("genlab.core.frames", source)
    assert not violations("genlab.registry", source)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("genlab.core.frames", "import math, torch\nfrom PIL import Image"),
        ("genlab.core.frames", "from genlab.core.errors import DataError"),
        ("genlab.models.vae", "from genlab.models.vae_stepper import VAEStepper"),
        ("genlab.models.vae_stepper", "from genlab.models.vae import VAE"),
        ("genlab.models.vae", "from genlab.nn.unet import UNet"),
        ("genlab.ui.tabs.vae", "from genlab.ui import kit\nimport gradio as gr"),
        ("genlab.ui.tabs.vae", "from genlab import data"),
        ("genlab.ui.canvas.__init__", "from .player import PixelPlayer"),
        ("train.loop", "from train.errors import DivergedError\nimport accelerate"),
        ("train.loop", "from genlab.models.pixelcnn import PixelCNN"),
    ],
)
def test_an_import_along_the_direction_is_left_alone(module, source):
    assert violations(module, source) == []


def test_a_folder_without_a_layer_is_refused():
    with pytest.raises(LookupError, match="genlab.helpers"):
        violations("genlab.helpers", "import genlab.core.errors")


def test_app_has_at_most_thirty_lines():
    assert len((ROOT / "app.py").read_text(encoding="utf8").splitlines()) <= 30


IMPORT_ALL = """
import importlib, pkgutil, random, sys

class NoGradio:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("gradio", "gradio_client"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, NoGradio())
import numpy, torch, PIL.Image, safetensors.torch

def state():
    return (torch.get_rng_state().tolist(), str(numpy.random.get_state()), random.getstate(),
            torch.get_num_threads(), torch.get_default_dtype(), torch.is_grad_enabled())

def modules(package):
    yield package
    for found in pkgutil.iter_modules(importlib.import_module(package).__path__, package + "."):
        if found.name != "genlab.ui":
            yield from modules(found.name) if found.ispkg else [found.name]

before = state()
for name in modules(sys.argv[1]):
    importlib.import_module(name)
    print(name)
assert state() == before, "an import changed a global state"
"""


def modules_imported_without_gradio(package):
    """The names; the process fails where one of them needs gradio or changes a global state."""
    result = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, package],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.split()


def test_genlab_imports_without_gradio_and_leaves_global_states_alone():
    names = modules_imported_without_gradio("genlab")

    assert {"genlab.cli", "genlab.__main__", "genlab.models.pixelcnn_stepper"} <= set(names)
    assert not any(name.startswith("genlab.ui") for name in names)


@pytest.mark.slow
def test_train_imports_without_gradio_and_leaves_global_states_alone():
    if importlib.util.find_spec("accelerate") is None:
        pytest.skip("training needs requirements-dev.txt")

    assert "train.__main__" in modules_imported_without_gradio("train")

"""`--compile`: the same training, faster, where the machine has a compiler."""

import dataclasses
import json
import math
import os
import shutil

import pytest
import torch

pytest.importorskip("accelerate", reason="training needs requirements-dev.txt")

from accelerate import Accelerator  # noqa: E402
from accelerate.state import AcceleratorState  # noqa: E402
from diffusion_toys import tiny_ddpm  # noqa: E402
from tiny_home import complaint, run_folder, start  # noqa: E402
from tiny_training import RECIPE, load  # noqa: E402
from torch import nn  # noqa: E402

from genlab import data  # noqa: E402
from genlab.core.images import ImageSpec  # noqa: E402
from genlab.core.noise_schedule import cosine_schedule  # noqa: E402
from genlab.models.ddpm import DDPM  # noqa: E402
from genlab.store import ModelStore  # noqa: E402
from train.compiled import check_gradients  # noqa: E402
from train.errors import TrainingError  # noqa: E402
from train.recipe import recipes  # noqa: E402
from train.recipes.ddpm import velocity_error  # noqa: E402
from train.run_folder import RunFolder  # noqa: E402
from train.turns import Turn  # noqa: E402

needs_patience = pytest.mark.skipif(
    os.environ.get("GENLAB_COMPILE") != "1",
    reason="minutes of g++ for what every compiled run checks first; GENLAB_COMPILE=1 asks for it",
)
COMPILED = [name for name, recipe in recipes().items() if recipe.compiled]
needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Stripes instead of files, two pictures, no plots, a log of every step, a precision anew."""
    monkeypatch.setattr(data, "load", load)
    monkeypatch.setattr("train.follower.FILM_MOMENTS", 2)
    monkeypatch.setattr("train.follower.LOG_EVERY", 1)
    monkeypatch.setattr(RunFolder, "plot_losses", lambda folder: None)
    AcceleratorState._reset_state()
    yield
    AcceleratorState._reset_state()


class Nothing(torch.autograd.Function):
    """0, whose gradient is a number that is given."""

    @staticmethod
    def forward(context, weight, gradient):
        context.gradient = torch.full_like(weight, gradient)
        return weight.new_zeros(())

    @staticmethod
    def backward(context, _):
        return context.gradient, None


@pytest.fixture(params=[0.0, math.nan])
def forgetful(monkeypatch, request):
    """A compiler whose networks give the right answers, and one weight another gradient."""

    def compile_wrongly(module):
        def call(x):
            weight = module.hidden.weight
            weight.requires_grad_(False)
            answer = module.forward(x)
            weight.requires_grad_(True)
            return answer + Nothing.apply(weight, request.param)

        module._compiled_call_impl = call

    monkeypatch.setattr(nn.Module, "compile", compile_wrongly)


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


def test_a_compiler_that_forgets_a_gradient_is_found_out_before_the_first_step(
    tmp_path, capsys, forgetful
):
    code = start(tmp_path, "--steps", "3", "--compile")

    assert code == 2
    told = complaint(capsys)
    assert "hidden.weight; 1 of" in told
    assert "--no-compile" in told


def toy(recipe_loss, model, batch):
    """One player's turn with a network, and a batch for it."""
    accelerator = Accelerator(cpu=True, mixed_precision="bf16")  # where the faults are
    return Turn(accelerator, model, model, recipe_loss, torch.optim.SGD(model.parameters())), batch


def denoising_turn(model):
    images = torch.rand(8, *model.spec.shape, generator=torch.Generator().manual_seed(0))
    return toy(velocity_error, model, {"images": images, "labels": torch.arange(8) % 3})


def test_the_check_leaves_weights_random_numbers_and_the_compiled_network_as_they_were():
    model = tiny_ddpm().requires_grad_(True)
    torch.nn.init.zeros_(model.network.output.weight)
    turn, batch = denoising_turn(model)
    model._compiled_call_impl = compiled = model.forward
    before = {name: value.clone() for name, value in model.state_dict().items()}
    random = torch.get_rng_state()

    check_gradients(model, turn, batch)

    assert torch.equal(torch.get_rng_state(), random)
    assert model._compiled_call_impl is compiled
    assert all(weight.grad is None for weight in model.parameters())
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_a_loss_that_never_runs_the_whole_network_is_found_out():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))

    def loss(model, batch):
        return {"loss": model[0](batch["images"]).float().sum()}

    with pytest.raises(TrainingError, match="Start it without"):
        check_gradients(model, *toy(loss, model, {"images": torch.ones(3, 2)}))
    assert not model._forward_pre_hooks


@pytest.mark.slow
@pytest.mark.parametrize("name", COMPILED)
def test_a_recipe_that_asks_for_a_compiler_runs_its_whole_network(name):
    recipe = recipes()[name]
    images = torch.randint(256, (256, 1, 28, 28), dtype=torch.uint8)
    whole = data.DataSet(images, torch.arange(256) % 10, tuple("abcdefghij"))
    batches = recipe.batches(whole, torch.Generator().manual_seed(0))
    few = {key: value[:2] for key, value in next(batches).items()}
    model = ModelStore().card(name).build().requires_grad_(True)

    check_gradients(model, *toy(recipe.loss, model, few))


@pytest.mark.slow
@needs_patience
@needs_compiler
def test_compiled_denoisers_learn_in_all_their_layers():
    model = DDPM(ImageSpec(1, 28, 28), schedule=cosine_schedule(50), classes=3, widths=(32, 64))
    turn, batch = denoising_turn(model)
    torch._dynamo.reset()
    model.compile()

    check_gradients(model, turn, batch)


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

"""The figures of diffusion models: walks back from noise, and errors whose size is known."""

import dataclasses
import math

import pytest
import torch
from torch import nn

from genlab.torchvision_guard import prepare_torchvision

prepare_torchvision()
pytest.importorskip("torchmetrics", reason="judging needs requirements-dev.txt")

import safetensors.torch  # noqa: E402
from diffusion_toys import CLASSES, Counting, GaussianDenoiser, tiny_ddpm  # noqa: E402
from lively import enliven  # noqa: E402

from genlab import data  # noqa: E402
from genlab.analysis.diffusion_figures import about, title_of, walk_figure  # noqa: E402
from genlab.analysis.figures import NAMES, name_of  # noqa: E402
from genlab.core.cards import CardFile, Figure, ModelCard, sha256  # noqa: E402
from genlab.core.images import ImageSpec  # noqa: E402
from genlab.core.noise_schedule import cosine_schedule  # noqa: E402
from genlab.data import DataSet  # noqa: E402
from genlab.inference.diffusion import DiffusionSettings, sample  # noqa: E402
from genlab.inference.image_noise import ImageNoise  # noqa: E402
from genlab.models.judge import Judge  # noqa: E402
from genlab.store import ModelStore  # noqa: E402
from train import evaluate  # noqa: E402
from train.errors import TrainingError  # noqa: E402
from train.evaluator import Subject, evaluators_of  # noqa: E402
from train.evaluators import denoiser  # noqa: E402
from train.evaluators.denoiser import (  # noqa: E402
    STANDARD,
    WALKS,
    Walk,
    draw,
    standard_quality,
    velocity_error,
    walk_quality,
)
from train.judged import judge_features  # noqa: E402
from train.recipe import Recipe  # noqa: E402
from train.recipes.ddpm import squared_errors  # noqa: E402
from train.sample_metrics import frechet_distance  # noqa: E402

SIDE, IMAGES = 8, 600
WHITE = 127.5  # half of 255: 0 between −1 and 1
SPREAD = 0.2  # of pixels between −1 and 1
SHORT = Walk(DiffusionSettings(steps=3, eta=1.0), samples=60, quick=30)
QUALITY = ["fid", "fid_floor", "fid_times_floor", "kid", "precision", "recall", "density",
           "coverage", "class_entropy_bits", "class_accuracy", "nearest_training_distance",
           "nearest_training_distance_of_test"]  # fmt: skip


def gaussian_set(split):
    """Pixels that are all N(0, SPREAD²) between −1 and 1, of class 0 and, for the judge, others."""
    generator = torch.Generator().manual_seed(len(split))
    pixels = WHITE + WHITE * SPREAD * torch.randn(IMAGES, 1, SIDE, SIDE, generator=generator)
    labels = torch.zeros(IMAGES, dtype=torch.int64)
    return DataSet(pixels.round().clamp(0, 255).to(torch.uint8), labels, tuple("abc"))


def subject(model, **more):
    judge = enliven(Judge(ImageSpec(1, SIDE, SIDE), classes=CLASSES, width=8, num_features=6))
    return Subject(model, gaussian_set, **{"quick": True, "judge": judge, **more})


def by_name(measured):
    return {each.name: each for each in measured}


class Hearing(Counting):
    """Remembers the labels that it was told."""

    def __init__(self, model):
        super().__init__(model)
        self.heard = []

    def predict_noise(self, x_t, t, labels=None):
        self.heard.append(labels)
        return super().predict_noise(x_t, t, labels)


# — errors —


def test_the_errors_of_the_exact_denoiser_are_the_variances_that_nobody_can_know():
    schedule = cosine_schedule(100)
    model = GaussianDenoiser(schedule, mean=0.0, std=SPREAD, side=SIDE)

    found = by_name(velocity_error(subject(model, quick=False)))

    signal = schedule.alpha_bars * SPREAD**2
    unknown = signal / (signal + 1 - schedule.alpha_bars)  # (T,), a pixel's variance of ε given x_t
    weight = schedule.velocity_weights / schedule.alpha_bars  # an error of ε is ᾱ times v's
    for name, expected in (
        ("noise_error", unknown.mean().item()),
        ("velocity_error", (weight * unknown).mean().item()),
    ):
        assert found[name].value == pytest.approx(expected, rel=0.03)
        assert found[name].n == IMAGES


def test_the_weighted_error_is_what_the_training_makes_small():
    model, test = tiny_ddpm(), gaussian_set("test")
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(test.images.shape, generator=generator)
    t = torch.randperm(IMAGES, generator=generator) * model.schedule.steps // IMAGES
    errors = squared_errors(model, test.images / 255, test.labels, t, noise)
    errors = model.schedule.velocity_weights[t] * errors

    found = by_name(velocity_error(subject(model)))["velocity_error"]

    assert found.value == pytest.approx(errors.mean().item(), rel=1e-4)
    expected = (errors.std() / IMAGES**0.5).item()
    assert found.standard_error == pytest.approx(expected, rel=1e-4)


def test_one_error_is_measured_given_the_classes_and_one_without():
    model = Hearing(tiny_ddpm())

    found = by_name(velocity_error(subject(model)))

    told = [labels is not None for labels in model.heard]
    assert sum(told) == len(told) / 2
    assert found["velocity_error"].value != found["velocity_error_null"].value


# — walks —


def test_a_walk_s_pictures_are_the_sampler_s_given_classes_spread_evenly():
    model = tiny_ddpm()
    pictures, labels = draw(model, SHORT.settings, 40)

    assert torch.bincount(labels).tolist() == [14, 13, 13]
    for seed in (0, 13, 14, 39):
        (alone,) = sample(model, seed=seed, count=1, label=int(labels[seed]), steps=3, eta=1.0)
        torch.testing.assert_close(pictures[seed], alone, rtol=1e-4, atol=1e-4)


def test_a_walk_takes_its_steps_without_guidance():
    model = Counting(tiny_ddpm())

    draw(model, SHORT.settings, 40)

    assert model.images == 40 * SHORT.settings.steps


def test_a_walk_s_distance_stands_beside_a_floor_of_as_many_pictures():
    found = by_name(walk_quality(subject(tiny_ddpm(), quick=False), walk=SHORT))

    name = "fid_3_steps_eta_1"
    assert list(found) == [name, f"{name}_floor", f"{name}_times_floor"]
    assert {each.n for each in found.values()} == {SHORT.samples}
    times = found[name].value / found[f"{name}_floor"].value
    assert found[f"{name}_times_floor"].value == pytest.approx(times)
    assert times > 2, "a network that never learnt draws no such pictures"


def test_fewer_real_pictures_are_farther_from_all():
    floors = [
        by_name(walk_quality(subject(tiny_ddpm(), samples=samples), walk=SHORT))
        ["fid_3_steps_eta_1_floor"].value
        for samples in (10, 30)
    ]  # fmt: skip

    assert floors[0] > 1.5 * floors[1]


def test_a_short_walk_is_measured_on_as_many_as_a_long_one_too(monkeypatch):
    monkeypatch.setattr("train.evaluators.denoiser.FEW", 20)

    found = by_name(walk_quality(subject(tiny_ddpm(), quick=False), walk=SHORT))

    name = "fid_3_steps_eta_1_2000_samples"
    assert list(found)[3:] == [name, f"{name}_floor", f"{name}_times_floor"]
    assert [each.n for each in found.values()] == [60] * 3 + [20] * 3
    assert found[f"{name}_floor"].value > found["fid_3_steps_eta_1_floor"].value


def test_walks_of_as_many_samples_stand_beside_the_same_floor(monkeypatch):
    monkeypatch.setattr("train.evaluators.denoiser.FEW", 20)
    long = Walk(DiffusionSettings(steps=7), samples=20)

    short, long = (
        by_name(walk_quality(subject(tiny_ddpm(), quick=False), walk=each))
        for each in (SHORT, long)
    )

    found, expected = short["fid_3_steps_eta_1_2000_samples_floor"], long["fid_7_steps_floor"]
    assert found.value == pytest.approx(expected.value, rel=1e-4)
    assert found.standard_error == pytest.approx(expected.standard_error, rel=1e-4)


def test_those_fewer_pictures_are_of_all_classes_alike(monkeypatch):
    monkeypatch.setattr("train.evaluators.denoiser.FEW", 20)
    about_it = subject(tiny_ddpm(), quick=False)
    pictures, _ = draw(about_it.model, SHORT.settings, SHORT.samples)
    seen = (gaussian_set("test").images / 255, pictures[::3])
    expected = frechet_distance(*(judge_features(about_it.judge, each) for each in seen))

    found = by_name(walk_quality(about_it, walk=SHORT))

    assert found["fid_3_steps_eta_1_2000_samples"].value == pytest.approx(expected, rel=1e-6)


def test_the_standard_walk_has_the_names_that_all_generators_have():
    found = by_name(standard_quality(subject(tiny_ddpm(), samples=20)))

    assert STANDARD.settings == DiffusionSettings(steps=50)
    assert [name for name in found if not name.startswith("fid_50_steps")] == QUALITY
    for kind in ("", "_floor", "_times_floor"):
        assert found[f"fid_50_steps{kind}"].value == found[f"fid{kind}"].value


def test_class_accuracy_is_that_of_the_classes_asked_for():
    about_it = subject(tiny_ddpm(), samples=20)
    pictures, labels = draw(about_it.model, STANDARD.settings, 20)
    with torch.inference_mode():
        right = (about_it.judge.classify(pictures).argmax(dim=1) == labels).float().mean().item()

    found = by_name(standard_quality(about_it))["class_accuracy"]

    assert found.value == pytest.approx(right)
    assert found.n == 20


@pytest.mark.parametrize("measure", [standard_quality, lambda it: walk_quality(it, walk=SHORT)])
def test_without_a_judge_nothing_is_measured(measure, capsys):
    assert list(measure(subject(tiny_ddpm(), judge=None))) == []
    assert "train the judge" in capsys.readouterr().err


def test_every_walk_can_be_measured_alone():
    names = [each.name for each in evaluators_of(tiny_ddpm())]

    assert len(set(names)) == len(names)
    assert {"velocity_error", "sample_quality", "fid_20_steps", "fid_20_steps_eta_1",
            "fid_50_steps_eta_1", "fid_20_steps_dpm_solver", "fid_250_steps",
            "fid_1000_steps"} <= set(names)  # fmt: skip
    counts = {walk.name: walk.samples for walk in WALKS}
    assert counts["fid_20_steps"] == STANDARD.samples == 10_000
    assert counts["fid_250_steps"] == counts["fid_1000_steps"] == 2_000


# — names, and the command line —


def test_every_figure_has_a_name_for_people_and_what_to_know():
    walks = [walk.name for walk in (STANDARD, *WALKS)]
    kinds = ("", "_floor", "_times_floor")
    ends = [fewer + kind for fewer in ("", "_2000_samples") for kind in kinds]
    names = [walk + end for walk in walks for end in ends]
    errors = ["velocity_error", "velocity_error_null", "noise_error"]

    titles = [name_of(name) for name in names + errors]

    assert not any("_" in title or title == "" for title in titles)
    assert len(set(titles)) == len(titles)
    assert all(title_of(name) for name in names + errors)
    assert not any(map(title_of, NAMES))
    assert title_of("fid_20_steps_eta_1_times_floor") == "FID × floor, 20 steps of DDIM, η = 1"
    assert len(about(dict.fromkeys(names + errors))) == 2
    assert about(dict.fromkeys(NAMES)) == []


def test_walks_are_compared_on_as_many_samples_where_that_is_known():
    figures = {
        name: Figure(float(place), 0.1, n, "x")
        for place, (name, n) in enumerate(
            [("fid_20_steps_times_floor", 10_000), ("fid_20_steps_2000_samples_times_floor", 2_000),
             ("fid_250_steps_eta_1_times_floor", 2_000)]
        )
    }  # fmt: skip

    assert walk_figure(figures, 20).value == 1
    assert walk_figure(figures, 250, eta=1.0).value == 2
    assert walk_figure(figures, 250) is None
    assert walk_figure(figures, 20, sampler="dpm-solver++") is None


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A tiny model's weights and card, and no judge."""
    content = safetensors.torch.save(tiny_ddpm().state_dict())
    (tmp_path / "tiny.safetensors").write_bytes(content)
    fields = {field.name: "" for field in dataclasses.fields(CardFile)}
    known = {"card": "tiny", "sha256": sha256(content), "figures": {}, "parameters": 1,
             "seed": 0, "steps": 1, "minutes": 0.1}  # fmt: skip
    CardFile(**{**fields, **known}).write(tmp_path / "tiny.json")
    monkeypatch.setattr(data, "load", lambda name, split, root=None: gaussian_set(split))
    monkeypatch.setattr(evaluate, "judge_of", lambda *_: subject(None).judge)
    return tmp_path


def run(folder, *arguments):
    card = ModelCard("tiny", "Tiny", "Diffusion", "none", tiny_ddpm, "nowhere")
    recipe = Recipe("tiny", "mnist", 1, 1, *[None] * 4, steps=1, optimiser=None, ema=0.9)
    return evaluate.main(
        ["tiny", "--checkpoints", str(folder), "--runs", str(folder / "runs"), *arguments],
        offered={"tiny": recipe},
        store=ModelStore(folder, cards=(card,)),
    )


def test_a_walk_on_fewer_samples_says_so_in_the_card(folder):
    assert run(folder, "--only", "fid_20_steps_dpm_solver", "--samples", "12") == 0

    figures = CardFile.read(folder / "tiny.json").figures
    assert list(figures) == ["fid_20_steps_dpm_solver", "fid_20_steps_dpm_solver_floor",
                             "fid_20_steps_dpm_solver_times_floor"]  # fmt: skip
    for figure in figures.values():
        assert figure.n == 12
        assert figure.command == (
            "python -m train.evaluate tiny --only fid_20_steps_dpm_solver --samples 12"
        )


@pytest.mark.parametrize("samples", ["0", "9", "-5", "many", "1.5"])
def test_too_few_samples_are_refused(folder, samples, capsys):
    with pytest.raises(SystemExit) as stopped:
        run(folder, f"--samples={samples}")

    assert stopped.value.code == 2
    assert "must be 10 or more" in capsys.readouterr().err


@pytest.fixture
def drawing(monkeypatch):
    """Where the batches begin that are drawn; `stop_at` is the one that a stop comes in."""
    begun, stop_at = [], []

    def begin(spec, seed, count):
        begun.append(seed)
        if seed in stop_at:
            raise KeyboardInterrupt
        return ImageNoise(spec, seed, count)

    monkeypatch.setattr(denoiser, "ImageNoise", begin)
    return begun, stop_at


def test_a_stopped_walk_goes_on_behind_its_pictures_to_the_same_figures(folder, drawing, capsys):
    asked = ("--only", "fid_4_steps_eta_1", "--samples", "80")
    begun, stop_at = drawing
    assert run(folder, *asked) == 0
    undisturbed = CardFile.read(folder / "tiny.json").figures
    assert begun == [0, 32, 64]
    assert [path.name for path in (folder / "runs").rglob("*") if path.is_file()] == []

    begun.clear()
    stop_at.append(64)
    assert run(folder, *asked) == 130
    assert begun == [0, 32, 64]
    stop_at.clear()
    begun.clear()
    assert run(folder, *asked) == 0

    assert begun == [0, 64]  # the first, to compare it
    assert CardFile.read(folder / "tiny.json").figures == undisturbed
    assert "begun anew" not in capsys.readouterr().err


def test_pictures_of_another_sampler_are_drawn_anew(folder, drawing, monkeypatch, capsys):
    asked = ("--only", "fid_4_steps_eta_1", "--samples", "80")
    begun, stop_at = drawing
    stop_at.append(32)
    with monkeypatch.context() as other:
        other.setattr(denoiser, "last", lambda frames: [*frames][-2])  # that forgets the last step
        assert run(folder, *asked) == 130

    stop_at.clear()
    begun.clear()
    assert run(folder, *asked) == 0

    assert begun == [0, 0, 32, 64]
    assert "begun anew" in capsys.readouterr().err


def test_quick_keeps_no_pictures(folder, drawing):
    _, stop_at = drawing
    stop_at.append(32)

    assert run(folder, "--quick", "--only", "fid_4_steps") == 130

    assert not (folder / "runs").exists()


@pytest.fixture
def compiling(monkeypatch):
    """A compiler whose networks answer something else by `off`; those that it was given."""

    def make(off):
        given = []

        def compile_with_error(module, **_):
            given.append(module)
            module._compiled_call_impl = lambda *inputs: module.forward(*inputs) + off

        monkeypatch.setattr(nn.Module, "compile", compile_with_error)
        return given

    return make


def test_a_compiled_walk_says_so_in_the_card(folder, compiling):
    given = compiling(off=1e-6)

    assert run(folder, "--only", "velocity_error", "--compile") == 0

    assert len(given) == 1
    figures = CardFile.read(folder / "tiny.json").figures
    assert {each.command for each in figures.values()} == {
        "python -m train.evaluate tiny --only velocity_error --compile"
    }
    assert run(folder, "--only", "velocity_error") == 0
    assert len(given) == 1
    for name, plain in CardFile.read(folder / "tiny.json").figures.items():
        assert figures[name].value == pytest.approx(plain.value, rel=1e-3)
        assert "--compile" not in plain.command


@pytest.mark.parametrize("off", [0.01, math.nan])
def test_a_compiler_that_errs_is_found_out_before_the_first_figure(folder, compiling, off, capsys):
    compiling(off)

    assert run(folder, "--only", "velocity_error", "--compile") == 2

    assert "Leave out --compile" in capsys.readouterr().err
    assert CardFile.read(folder / "tiny.json").figures == {}


def test_only_a_denoiser_is_compiled():
    with pytest.raises(TrainingError, match="for diffusion models"):
        evaluate.compile_model(nn.Linear(1, 1))

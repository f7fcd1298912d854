"""The figures of samples: which, of whom, and how many."""

import pytest
import torch

from genlab.torchvision_guard import prepare_torchvision

prepare_torchvision()
pytest.importorskip("torchmetrics", reason="judging needs requirements-dev.txt")

from lively import CLASSES, enliven, tiny_gated, tiny_pixelcnn, tiny_vae  # noqa: E402

from genlab.core.images import ImageSpec  # noqa: E402
from genlab.data import DataSet  # noqa: E402
from genlab.models.judge import Judge  # noqa: E402
from train.evaluator import Subject, evaluators_of  # noqa: E402
from train.evaluators.samples import (  # noqa: E402
    FLOORS,
    _as_seen,
    draw_samples,
    floor_of,
    frechet_distances,
    sample_quality,
)
from train.sample_metrics import frechet_distance  # noqa: E402

DISTANCES = ["fid", "fid_floor", "fid_times_floor", "kid", "precision", "recall", "density",
             "coverage", "class_entropy_bits"]  # fmt: skip
NEAREST = ["nearest_training_distance", "nearest_training_distance_of_test"]


def data_set(side):
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (600, 1, side, side), generator=generator).to(torch.uint8)
    return DataSet(images, torch.arange(600) % CLASSES, tuple("abc"))


def subject(model, **more):
    side = model.spec.height
    judge = enliven(Judge(ImageSpec(1, side, side), classes=CLASSES, width=8, num_features=6))
    return Subject(model, lambda split: data_set(side), **{"quick": True, "judge": judge, **more})


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr("train.evaluators.samples.QUICK_SAMPLES", 60)


def generator():
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize("make", [tiny_pixelcnn, tiny_vae])
def test_every_generating_model_is_judged_once(make, few):
    model = make(size=(8, 8))

    assert [each.measure for each in evaluators_of(model)].count(sample_quality) == 1
    measured = list(sample_quality(subject(model)))

    assert [each.name for each in measured] == DISTANCES + NEAREST
    assert all(each.value >= 0 or each.name == "kid" for each in measured)


def test_a_conditional_model_is_asked_for_equally_many_of_each_class(few):
    _, labels = draw_samples(subject(tiny_gated(size=(8, 8))), 60, generator())

    assert torch.bincount(labels).tolist() == [20] * CLASSES


def test_class_accuracy_is_that_of_the_classes_asked_for(few):
    model = tiny_gated(size=(8, 8))
    about = subject(model)
    pictures, labels = draw_samples(about, 60, generator())
    with torch.inference_mode():
        right = (about.judge.classify(pictures).argmax(dim=1) == labels).float().mean().item()

    measured = {each.name: each.value for each in sample_quality(about)}

    assert measured["class_accuracy"] == pytest.approx(right)


def test_samples_of_a_model_of_binary_pictures_are_binary():
    pictures, labels = draw_samples(subject(tiny_vae(size=(8, 8))), 30, generator())

    assert labels is None
    assert pictures.unique().tolist() == [0, 1]


def test_samples_do_not_depend_on_the_size_of_the_batches(monkeypatch):
    about = subject(tiny_pixelcnn(size=(8, 8)))
    together, _ = draw_samples(about, 12, generator())
    monkeypatch.setattr("train.evaluators.samples.BATCH", 5)

    parts, _ = draw_samples(about, 12, generator())

    assert torch.equal(together, parts)


def test_without_a_judge_nothing_is_measured():
    assert list(sample_quality(subject(tiny_vae(size=(8, 8)), judge=None))) == []


@pytest.mark.parametrize("levels", [2, 8, 256])
def test_real_pictures_have_as_many_levels_as_the_model_s_data(levels):
    grey = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)

    seen = _as_seen(grey, levels, torch.Generator().manual_seed(0))

    assert len(seen.unique()) == levels
    assert (seen - grey / 255).abs().max() <= 1 / (levels - 1)


def features(count, seed):
    return torch.randn(count, 4, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("pictures", "sets"), [(40, 1), (59, 1), (60, 2), (170, 5), (400, 5)])
def test_a_floor_is_the_mean_of_whole_sets_without_a_picture_in_common(pictures, sets):
    real, training, count = features(50, 0), features(pictures, 1), 30

    value, error = floor_of(real, training, count)

    assert sets <= FLOORS
    each = [frechet_distance(real, training[k * count : (k + 1) * count]) for k in range(sets)]
    assert value == pytest.approx(sum(each) / sets, rel=1e-5)
    if sets > 1:
        assert error == pytest.approx(torch.tensor(each).std().item() / sets**0.5, rel=1e-4)
    assert error > 0


def test_fewer_training_pictures_than_samples_are_one_set():
    real, training = features(50, 0), features(20, 1)

    assert floor_of(real, training, 30)[0] == pytest.approx(frechet_distance(real, training))


def test_the_error_of_a_multiple_of_the_floor_counts_the_floor_s_own():
    real, drawn, training = features(50, 0), features(30, 2) + 1, features(90, 1)

    fid, floor, times = frechet_distances("fid", real, drawn, training)

    assert times.value == pytest.approx(fid.value / floor.value)
    relative = [each.standard_error / each.value for each in (fid, floor, times)]
    assert relative[2] ** 2 == pytest.approx(relative[0] ** 2 + relative[1] ** 2)
    assert relative[1] > 0.01

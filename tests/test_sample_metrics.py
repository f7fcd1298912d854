"""The figures of sample sets, against closed forms, definitions and a collapsed generator."""

import math

import pytest
import torch

from genlab.torchvision_guard import prepare_torchvision

prepare_torchvision()
pytest.importorskip("torchmetrics", reason="judging needs requirements-dev.txt")

from train.sample_metrics import (  # noqa: E402
    class_entropy,
    frechet_distance,
    kernel_distance,
    nearest_distance,
    neighbour_distance,
    neighbourhoods,
)


def normal(count, features=4, seed=0):
    return torch.randn(count, features, generator=torch.Generator().manual_seed(seed))


def standardised(count, features=3, seed=0):
    """Points whose mean is exactly 0 and whose covariance is exactly the identity."""
    x = normal(count, features, seed).double()
    x = x - x.mean(dim=0)
    covariance = x.T @ x / (count - 1)
    return x @ torch.linalg.inv(torch.linalg.cholesky(covariance)).T


def test_identical_sets_are_at_distance_zero():
    x = normal(1200)

    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-6)
    mean, _ = kernel_distance(x, x)
    assert mean == pytest.approx(0, abs=0.02)
    near = neighbourhoods(x, x)
    assert (near.precision, near.recall, near.coverage) == (1, 1, 1)


def test_frechet_distance_of_two_gaussians_is_the_closed_form():
    x = standardised(500)
    scales, shift = torch.tensor([1.0, 2.0, 0.5]).double(), torch.tensor([3.0, 0, -1]).double()

    found = frechet_distance(x, x * scales + shift)

    expected = (shift**2).sum() + ((scales - 1) ** 2).sum()  # |m|² + Σ (s − 1)², both diagonal
    assert found == pytest.approx(expected.item(), rel=1e-6)


def test_kernel_distance_is_the_definition_s():
    x, y = normal(40), normal(40, seed=1) + 0.7

    found, _ = kernel_distance(x, y)  # one subset is the whole set

    def kernel(a, b):
        return (a @ b.T / a.shape[1] + 1) ** 3

    n = len(x)
    xx, yy, xy = kernel(x, x), kernel(y, y), kernel(x, y)
    within = (xx.sum() - xx.trace() + yy.sum() - yy.trace()) / (n * (n - 1))
    assert found == pytest.approx((within - 2 * xy.mean()).item(), rel=1e-4)


def test_kernel_distance_leaves_the_global_generator_alone():
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)

    kernel_distance(normal(20), normal(20, seed=1))

    assert torch.equal(torch.rand(1), expected)


def test_neighbourhoods_follow_their_definitions(monkeypatch):
    monkeypatch.setattr("train.sample_metrics.CHUNK", 7)  # several uneven parts
    k, real, fake = 3, normal(30), 1.5 * normal(25, seed=1) + 0.3

    def radius(points, i):
        return sorted((points[i] - each).norm().item() for each in points)[k]  # itself first

    def inside(point, points):
        return [(point - each).norm().item() <= radius(points, i) for i, each in enumerate(points)]

    in_real = [inside(each, real) for each in fake]
    in_fake = [inside(each, fake) for each in real]
    covered = [any(in_real[j][i] for j in range(len(fake))) for i in range(len(real))]
    near = neighbourhoods(real, fake, k)

    assert near.precision == pytest.approx(sum(map(any, in_real)) / len(fake))
    assert near.recall == pytest.approx(sum(map(any, in_fake)) / len(real))
    assert near.density == pytest.approx(sum(map(sum, in_real)) / len(fake) / k)
    assert near.coverage == pytest.approx(sum(covered) / len(real))


def test_a_collapsed_generator_scores_badly():
    real = torch.cat([normal(200, seed=i) + 8 * torch.eye(4)[i] for i in range(4)])
    healthy = torch.cat([normal(200, seed=9 + i) + 8 * torch.eye(4)[i] for i in range(4)])
    collapsed = 0.1 * normal(800, seed=3) + 8 * torch.eye(4)[0]

    good, bad = neighbourhoods(real, healthy), neighbourhoods(real, collapsed)

    assert good.coverage > 0.9
    assert bad.coverage < 0.3
    assert bad.recall < 0.1 < good.recall
    assert bad.precision > 0.9, "every picture is a good one: precision alone says nothing"
    assert frechet_distance(real, collapsed) > 20 * frechet_distance(real, healthy)


def test_a_set_of_k_pictures_is_refused():
    with pytest.raises(ValueError, match="more than 5"):
        neighbourhoods(normal(5), normal(20))


def test_neighbour_distance_leaves_the_picture_itself_out():
    line = torch.tensor([[0.0], [1.0], [3.0], [7.0]])

    assert neighbour_distance(line, 1).tolist() == [1, 1, 2, 4]


def test_nearest_distance_is_to_the_nearest():
    pictures, references = torch.zeros(2, 1, 2, 2), torch.ones(3, 1, 2, 2)
    references[1] *= 3
    pictures[1] = 2.5

    assert nearest_distance(pictures, references).tolist() == [2, 1]


def test_entropy_is_largest_for_equal_classes():
    assert class_entropy(torch.arange(80) % 8, 8) == pytest.approx(3)
    assert class_entropy(torch.zeros(80, dtype=torch.int64), 8) == 0
    assert class_entropy(torch.tensor([0, 0, 0, 1]), 2) == pytest.approx(
        -0.75 * math.log2(0.75) - 0.25 * math.log2(0.25)
    )

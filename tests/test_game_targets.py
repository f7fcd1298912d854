"""What the game's generator is to learn: densities, drawings, and where coverage is counted."""

import math

import pytest
import torch

from genlab.core.errors import InputError
from genlab.inference.game_targets import (
    ENOUGH,
    EXTENT,
    MOST_CENTRES,
    MOST_CORNERS,
    MOST_STROKES,
    SPREAD,
    TARGETS,
    drawing,
    line,
    log_mixture,
    ring,
)

CORNER = [[[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0]], [[0.0, 0.5]]]


def all_targets():
    return [*(build() for build in TARGETS.values()), drawing(CORNER)]


def grid(side=400):
    middles = EXTENT * ((torch.arange(side) + 0.5) / side * 2 - 1)
    return torch.cartesian_prod(middles, middles), (2 * EXTENT / side) ** 2


@pytest.mark.parametrize("target", all_targets(), ids=lambda target: target.name)
@pytest.mark.parametrize("blur", [0.0, 0.1])
def test_a_density_holds_all_points(target, blur):
    places, area = grid()

    assert target.log_density(places, blur).exp().sum() * area == pytest.approx(1, abs=1e-3)


def test_the_density_is_the_textbooks():
    centres = torch.tensor([[0.0, 0.0], [1.0, 0.5]], dtype=torch.float64)
    places = torch.randn(50, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    each = torch.distributions.Normal(centres, 0.3)
    expected = each.log_prob(places[:, None]).sum(dim=2).exp().mean(dim=1)

    torch.testing.assert_close(log_mixture(places, centres, 0.3).exp(), expected)


@pytest.mark.parametrize("target", all_targets(), ids=lambda target: target.name)
def test_samples_follow_the_density(target):
    points = target.sample(40_000, torch.Generator().manual_seed(1))
    held = torch.cdist(points, target.regions.centres, p=target.regions.order)
    shares = (held <= target.regions.reach).float().mean(dim=0)
    expected = target.regions.shares * (1 - math.exp(-4.5) if target.name == "ring" else 1)

    error = (expected * (1 - expected) / len(points)).sqrt()
    assert ((shares - expected).abs() < 5 * error).all()


@pytest.mark.parametrize("target", all_targets(), ids=lambda target: target.name)
def test_real_points_cover_every_region(target):
    points = target.sample(4000, torch.Generator().manual_seed(2))

    assert target.regions.covered(points).all()


def test_a_mode_needs_a_quarter_of_its_share_within_three_sigma():
    centres = ring().centres
    enough = int(ENOUGH / 8 * 320)  # 10 of 320 points
    elsewhere = torch.tensor([3.0, 3.0])
    points = elsewhere.repeat(320, 1)
    points[:enough] = centres[0]
    points[enough : 2 * enough - 1] = centres[1]
    points[100 : 100 + enough] = centres[2] + torch.tensor([2.99 * SPREAD, 0])
    points[200 : 200 + enough] = centres[3] + torch.tensor([0, 3.01 * SPREAD])

    assert ring().regions.covered(points).tolist() == [True, False, True] + [False] * 5


def test_a_cell_of_the_line_is_covered_by_the_points_in_it():
    regions = line().regions
    chosen = torch.tensor([0, 5])

    covered = regions.covered(regions.centres[chosen])

    assert torch.where(covered)[0].tolist() == chosen.tolist()


def test_collapsed_points_cover_one_mode():
    points = ring().centres[:1] + 1e-3 * torch.randn(512, 2)

    assert ring().regions.covered(points).sum() == 1


def test_a_drawing_is_learned_evenly_along_its_strokes():
    centres = drawing([[[0, 0], [1, 0], [1, 0.02], [1, 1]]]).centres
    steps = centres.diff(dim=0).norm(dim=1)

    assert steps.min() > 0.7 * SPREAD and steps.max() < 1.02 * SPREAD  # corners are cut
    assert centres[0].tolist() == [0, 0] and centres[-1].tolist() == [1, 1]


def test_a_dot_is_a_drawing():
    assert drawing([[[0.5, -0.5]]]).centres.tolist() == [[0.5, -0.5]]


def test_a_corner_that_is_repeated_changes_nothing():
    once, twice = drawing([[[0, 0], [1, 1]]]), drawing([[[0, 0], [0, 0], [1, 1], [1, 1]]])

    torch.testing.assert_close(once.centres, twice.centres)


def test_a_huge_drawing_costs_no_more_than_a_large_one():
    edge = [[-EXTENT, -EXTENT], [EXTENT, EXTENT]] * 500

    assert len(drawing([edge, [[0, 0]]]).centres) <= MOST_CENTRES


@pytest.mark.parametrize(
    "strokes",
    [
        *(None, [], (), "abc", 5, {}, {"x": 1}, [5], ["ab"], [[]], [[], [[0, 0]]], [[0, 0]]),
        *([[[0]]], [[[0, 0, 0]]], [[["0", 0]]], [[[True, 0]]], [[[None, 0]]], [[{}]]),
        *([[[math.nan, 0]]], [[[math.inf, 0]]], [[[2.5, 0]]], [[[0, -1e30]]], [[[10**400, 0]]]),
        *([[[0, 0]] * (MOST_CORNERS + 1)], [[[0, 0]]] * (MOST_STROKES + 1)),
    ],
    ids=lambda strokes: repr(strokes)[:30],
)
def test_a_hostile_drawing_is_refused_with_the_remedy(strokes):
    with pytest.raises(InputError, match="Draw on the map|draw a simpler one"):
        drawing(strokes)

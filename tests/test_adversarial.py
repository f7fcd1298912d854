"""Losses against closed forms, penalties against autograd, the law of the replay buffer."""

import math

import pytest
import torch

from genlab.nn.adversarial import (
    LOSSES,
    MinibatchStd,
    ReplayBuffer,
    gradient_penalty,
    r1_penalty,
)

SCORES = torch.tensor([-3.0, -0.5, 0.0, 2.0], dtype=torch.float64)


def slope(name):
    """Of the generator's loss by each score, times B."""
    scores = SCORES.clone().requires_grad_()
    LOSSES[name].generator(scores).backward()
    return scores.grad * len(SCORES)


def test_generators_gradients_are_the_closed_forms():
    sigmoid = SCORES.sigmoid()
    torch.testing.assert_close(slope("minimax"), -sigmoid)
    torch.testing.assert_close(slope("non-saturating"), sigmoid - 1)
    torch.testing.assert_close(slope("least squares"), SCORES - 1)
    torch.testing.assert_close(slope("Wasserstein"), -torch.ones_like(SCORES))
    torch.testing.assert_close(slope("hinge"), -torch.ones_like(SCORES))


def test_minimax_starves_the_generator_where_the_critic_is_sure():
    assert slope("minimax")[0].abs() < 0.05 < 0.9 < slope("non-saturating")[0].abs()


def test_a_critic_that_knows_nothing_loses_log_4():
    zeros = torch.zeros(5)

    for name in ("minimax", "non-saturating"):
        assert LOSSES[name].critic(zeros, zeros).item() == pytest.approx(math.log(4))


@pytest.mark.parametrize("name", LOSSES)
def test_a_critic_gains_by_raising_real_and_lowering_generated_scores(name):
    real, generated = (torch.zeros(3, requires_grad=True) for _ in range(2))

    LOSSES[name].critic(real, generated).backward()

    assert (real.grad < 0).all()
    assert (generated.grad >= 0).all()
    assert name == "least squares" or (generated.grad > 0).all()


@pytest.mark.parametrize("name", LOSSES)
def test_a_generator_gains_by_raising_its_scores(name):
    assert (slope(name)[:3] < 0).all()


def quadratic(x):
    """|x|² / 2 a picture, whose slope at x is x."""
    return x.flatten(1).square().sum(dim=1) / 2


def test_r1_is_half_the_squared_slope_at_real_pictures():
    real = torch.randn(6, 1, 3, 3)

    expected = quadratic(real).mean()  # ½ E|x|²
    torch.testing.assert_close(r1_penalty(quadratic, real), expected)


def test_penalties_reach_the_critic_s_weights():
    weight = torch.tensor([[2.0, 0.0]], requires_grad=True)

    def linear(x):
        return (x @ weight.T).squeeze(1)

    real, generated = torch.randn(4, 2), torch.randn(4, 2)
    (from_r1,) = torch.autograd.grad(r1_penalty(linear, real), weight)
    (from_gp,) = torch.autograd.grad(gradient_penalty(linear, real, generated), weight)

    torch.testing.assert_close(from_r1, torch.tensor([[2.0, 0.0]]))  # d ½|w|²
    torch.testing.assert_close(from_gp, torch.tensor([[2.0, 0.0]]))  # d (|w| − 1)², at |w| = 2


def test_the_gradient_penalty_is_zero_for_slope_one_and_looks_between_the_pairs():
    seen = []

    def critic(x):
        seen.append(x.detach())
        return x[:, 0]

    real, generated = torch.ones(64, 2), torch.zeros(64, 2)
    found = gradient_penalty(critic, real, generated, torch.Generator().manual_seed(0))

    assert found.item() == pytest.approx(0, abs=1e-6)
    places = seen[0]
    assert torch.equal(places[:, 0], places[:, 1]), "on the line between the two"
    assert 0 <= places.min() < 0.1
    assert 0.9 < places.max() <= 1


def test_penalties_leave_the_pictures_without_gradients():
    real = torch.randn(2, 3, requires_grad=True)

    gradient_penalty(quadratic, real, torch.randn(2, 3, requires_grad=True))

    assert real.grad is None


def test_minibatch_std_is_a_mean_over_features_and_places_of_deviations_over_pictures():
    x = torch.randn(6, 2, 3, 3)
    layer = MinibatchStd(group=3)

    found = layer(x)

    assert found.shape == (6, 3, 3, 3)
    assert torch.equal(found[:, :2], x)
    for first in (0, 3):
        expected = x[first : first + 3].std(dim=0, correction=0).mean()
        level = found[first : first + 3, 2]
        torch.testing.assert_close(level, expected.expand_as(level), rtol=1e-4, atol=1e-4)


def test_equal_pictures_have_no_deviation_whatever_their_channels():
    x = torch.randn(1, 4, 2, 2).expand(5, -1, -1, -1)

    assert MinibatchStd(group=5)(x)[:, -1].max() < 1e-3  # over channels it would be about 1


def test_minibatch_std_serves_points_and_small_batches():
    assert MinibatchStd(group=8)(torch.randn(3, 2)).shape == (3, 3)
    with pytest.raises(ValueError, match="multiple of 4"):
        MinibatchStd(group=4)(torch.randn(6, 2))


def numbered(start, count=10):
    return torch.arange(start, start + count).float().unsqueeze(1)


def test_in_evaluation_minibatch_std_judges_each_picture_alone_by_what_was_usual():
    layer = MinibatchStd(group=4)
    for seed in range(600):
        torch.manual_seed(seed)
        layer(2 * torch.randn(64, 5))
    typical = layer(2 * torch.randn(4000, 5))[:, -1].mean().item()
    x = torch.randn(3, 5)

    told = layer.eval()(x)

    assert torch.equal(told[:, :-1], x)
    torch.testing.assert_close(told[:, -1], torch.full((3,), typical), rtol=0.03, atol=0)
    assert torch.equal(layer(x[:1]), told[:1])


def test_a_replay_buffer_gives_back_what_was_generated_and_nothing_else():
    buffer, generator = ReplayBuffer(20), torch.Generator().manual_seed(0)
    out = [buffer.mix(numbered(10 * i), generator) for i in range(30)]

    assert torch.equal(out[0], numbered(0))
    assert torch.equal(out[1], numbered(10)), "until it is full, batches stay as they are"
    for index, batch in enumerate(out):
        assert batch.shape == (10, 1)
        assert (batch < 10 * (index + 1)).all()
        assert batch.unique().numel() == 10
    replayed = torch.stack([(batch < 10 * i).sum() for i, batch in enumerate(out)])[2:]
    assert 0.35 < replayed.float().mean() / 10 < 0.65
    assert len(buffer) == 20


def test_every_picture_leaves_the_buffer_at_most_once():
    buffer, generator = ReplayBuffer(20), torch.Generator().manual_seed(1)
    seen = torch.cat([buffer.mix(numbered(10 * i), generator) for i in range(200)]).squeeze(1)

    old = torch.cat([batch[batch < 10 * i] for i, batch in enumerate(seen.split(10)) if i >= 2])
    filled = old[old < 20]
    assert old.unique().numel() == old.numel()
    assert filled.numel() > 0


def test_a_buffer_without_room_is_refused():
    with pytest.raises(ValueError, match="capacity"):
        ReplayBuffer(0)

"""Penalties on codes against closed forms and torch's own divergences."""

import pytest
import torch

from genlab.nn.sparsity import kl_penalty, l1_penalty, squared_penalty

ACTIVITIES = torch.linspace(0.001, 0.999, 999).double()
targets = pytest.mark.parametrize("target", [0.05, 0.1, 0.5, 0.9])


def test_l1_sums_over_units_and_averages_over_images():
    codes = torch.tensor([[1.0, -2.0, 0.0], [0.5, 0.5, 0.5]])

    assert l1_penalty(codes).item() == pytest.approx((3 + 1.5) / 2)


def test_l1_pulls_every_unit_towards_zero_with_the_same_force():
    codes = torch.tensor([[0.9, 0.001, -0.3], [0.2, 0.2, 0.2]], requires_grad=True)

    l1_penalty(codes).backward()

    assert torch.equal(codes.grad, codes.detach().sign() / 2)


@targets
def test_the_kl_is_torch_s_own_from_target_to_activity(target):
    coin = torch.distributions.Bernoulli
    wanted = coin(torch.tensor(target).double())

    expected = torch.distributions.kl_divergence(wanted, coin(ACTIVITIES))

    torch.testing.assert_close(kl_penalty(ACTIVITIES, target), expected, rtol=1e-6, atol=1e-6)


@targets
@pytest.mark.parametrize("penalty", [kl_penalty, squared_penalty])
def test_a_penalty_is_zero_at_the_target_and_grows_on_both_sides(penalty, target):
    values = penalty(ACTIVITIES, target)

    lowest = (ACTIVITIES - target).abs().argmin()
    assert penalty(torch.tensor(target).double(), target).item() == pytest.approx(0, abs=1e-7)
    assert values.argmin() == lowest
    assert (values[: lowest + 1].diff() < 0).all()
    assert (values[lowest:].diff() > 0).all()
    assert (values.diff().diff() > 0).all(), "convex"


@targets
def test_the_kl_pulls_harder_than_the_square_at_silence_and_shouting(target):
    forces = []
    for penalty in (kl_penalty, squared_penalty):
        activity = torch.tensor([0.002, 0.998]).double().requires_grad_()
        penalty(activity, target).sum().backward()
        forces.append(activity.grad)

    assert (forces[0].sign() == torch.tensor([-1.0, 1.0])).all()
    assert (forces[0].abs() > 5 * forces[1].abs()).all()


@targets
def test_the_kl_of_zero_and_one_is_large_and_finite(target):
    values = kl_penalty(torch.tensor([0.0, 1.0]), target)

    assert values.isfinite().all()
    assert (values > kl_penalty(torch.tensor([0.01, 0.99]), target)).all()


@pytest.mark.parametrize("target", [0.0, 1.0, -0.1, 1.1, float("nan")])
def test_a_target_that_no_logarithm_stands_is_refused(target):
    with pytest.raises(ValueError, match="target must be between 0 and 1, got"):
        kl_penalty(torch.tensor([0.5]), target)

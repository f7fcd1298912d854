"""What a critic thinks, its gradient against finite differences, and how different pictures are."""

import math

import pytest
import torch
from lively import tiny_conditional_gan, tiny_gan

from genlab.analysis.critic import opinions, score_gradient, step_along
from genlab.analysis.diversity import mean_pairwise_distance
from genlab.core.images import ImageSpec

NUDGE = 1e-5
LABEL = 1


class Plane:
    """A critic that is a straight line: weights · pixels + bias."""

    def __init__(self, weights, bias=0.5):
        self.spec, self.weights, self.bias = ImageSpec(1, 2, 2), weights, bias

    def score(self, images, labels=None):
        """See `Critic.score`."""
        return (images * self.weights).flatten(1).sum(dim=1) + self.bias


@pytest.fixture
def plane():
    return Plane(torch.tensor([[[1.0, -2.0], [0.0, 4.0]]]))


def some_images(model, count=3):
    generator = torch.Generator().manual_seed(0)
    return 0.2 + 0.6 * torch.rand(count, *model.spec.shape, generator=generator)


def critics():
    plain, told = tiny_gan().double(), tiny_conditional_gan().double()
    return [(plain, None), (told, torch.tensor([0, 1, 2]))]


@pytest.mark.parametrize(("model", "labels"), critics(), ids=["plain", "conditional"])
def test_an_opinion_is_the_logistic_function_of_the_score(model, labels):
    images = some_images(model).double()

    found = opinions(model, images, labels)

    expected = [1 / (1 + math.exp(-score)) for score in model.score(images, labels).tolist()]
    assert found.tolist() == pytest.approx(expected)


@pytest.mark.parametrize(("model", "labels"), critics(), ids=["plain", "conditional"])
def test_the_gradient_is_what_finite_differences_find(model, labels):
    images = some_images(model).double()

    scores, gradient = score_gradient(model, images, labels)

    torch.testing.assert_close(scores, model.score(images, labels))
    for row, column in [(0, 0), (3, 5), (7, 2)]:
        nudge = torch.zeros_like(images)
        nudge[:, 0, row, column] = NUDGE
        rise = model.score(images + nudge, labels) - model.score(images - nudge, labels)
        torch.testing.assert_close(gradient[:, 0, row, column], rise / (2 * NUDGE), atol=1e-6,
                                   rtol=1e-4)  # fmt: skip


def test_the_gradient_of_a_straight_line_is_its_weights(plane):
    scores, gradient = score_gradient(plane, torch.full((2, 1, 2, 2), 0.5))

    assert scores.tolist() == [2.0, 2.0]
    assert torch.equal(gradient, plane.weights.expand(2, 1, 2, 2))


def test_pictures_from_inference_mode_have_gradients_and_nothing_is_left_behind():
    model = tiny_gan()
    with torch.inference_mode():
        images = model.decode(torch.zeros(2, model.latent_dim))

    with torch.no_grad():
        scores, gradient = score_gradient(model, images)

    assert gradient.abs().max() > 0
    assert not scores.requires_grad
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_step_moves_the_most_important_pixel_by_its_size(plane):
    image = torch.full((1, 2, 2), 0.5)

    up = step_along(plane, image, plane.weights, 0.4)
    down = step_along(plane, image, plane.weights, -0.4)

    torch.testing.assert_close(up.picture - image, 0.4 * plane.weights / 4)
    torch.testing.assert_close(down.picture - image, -0.4 * plane.weights / 4)
    assert up.score == pytest.approx(2.0 + 0.1 * 21)
    assert down.score == pytest.approx(2.0 - 0.1 * 21)


def test_a_straight_line_is_as_expected_even_where_pixels_end(plane):
    image = torch.tensor([[[0.9, 0.1], [0.5, 0.95]]])

    step = step_along(plane, image, plane.weights, 1.0)

    assert step.picture.min() >= 0 and step.picture.max() <= 1
    assert step.score == pytest.approx(step.expected)


def test_a_flat_critic_s_step_leads_nowhere():
    flat = Plane(torch.zeros(1, 2, 2))

    step = step_along(flat, torch.full((1, 2, 2), 0.5), flat.weights, 1.0)

    assert torch.equal(step.picture, torch.full((1, 2, 2), 0.5))
    assert (step.score, step.expected) == (0.5, 0.5)


def test_a_step_asks_the_critic_about_its_class():
    model, image = tiny_conditional_gan(), some_images(tiny_conditional_gan(), 1)
    labels = torch.tensor([LABEL])
    _, gradient = score_gradient(model, image, labels)

    step = step_along(model, image[0], gradient[0], 0.1, LABEL)

    assert step.score == pytest.approx(model.score(step.picture[None], labels).item())


def test_the_distance_of_black_and_white_is_one_and_pairs_count_alike():
    black, white = torch.zeros(1, 1, 3, 3), torch.ones(1, 1, 3, 3)

    assert mean_pairwise_distance(torch.cat([black, white])) == pytest.approx(1)
    assert mean_pairwise_distance(torch.cat([black, black, white])) == pytest.approx(2 / 3)
    assert mean_pairwise_distance(torch.cat([black, black])) == 0
    with pytest.raises(ValueError, match="at least two"):
        mean_pairwise_distance(black)

"""How the GANs of the cards are trained: whose weights move, what a lazy penalty weighs, and what
the validation figure tells."""

import dataclasses

import pytest
import torch

from genlab.torchvision_guard import prepare_torchvision

prepare_torchvision()
pytest.importorskip("accelerate", reason="training needs requirements-dev.txt")
pytest.importorskip("torchmetrics", reason="the Fréchet distance is torchmetrics'")

from lively import tiny_conditional_gan, tiny_gan  # noqa: E402

from genlab.data import DataSet, examples  # noqa: E402
from genlab.nn.adversarial import r1_penalty  # noqa: E402
from train.loop import Budget, Trainer  # noqa: E402
from train.recipe import recipes  # noqa: E402
from train.recipes import gan  # noqa: E402
from train.session import make_accelerator  # noqa: E402

RECIPE = recipes()["dcgan-fashion"]


def seeded(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0))


def batch(count=8):
    return {"images": seeded(count, 1, 8, 8), "labels": torch.arange(count) % 3}


def test_the_penalty_comes_every_eighth_step_and_weighs_eight_times():
    model, gamma = tiny_gan(), 0.7
    critic_loss = gan.make_critic_loss(gamma)
    expected = gan.LAZY * gamma * r1_penalty(model.score, batch()["images"])

    extra = []
    for _ in range(2 * gan.LAZY):
        told = critic_loss(model, batch())
        extra.append((told["loss"] - told["critic"]).item())

    assert extra[0] == pytest.approx(expected.item(), rel=1e-4)
    assert extra[gan.LAZY] == pytest.approx(expected.item(), rel=1e-4)
    assert not any(extra[1 : gan.LAZY] + extra[gan.LAZY + 1 :])


def test_every_run_counts_its_own_steps():
    first, second = gan.make_critic_loss(1.0), gan.make_critic_loss(1.0)
    first(tiny_gan(), batch())

    told = second(tiny_gan(), batch())

    assert told["loss"] > told["critic"]


def test_a_generator_with_classes_is_judged_as_the_class_it_was_told(monkeypatch):
    model, seen = tiny_conditional_gan(), []

    def watched(self, images, labels):
        seen.append(labels)
        return images.flatten(1).sum(dim=1)

    monkeypatch.setattr(type(model), "score", watched)

    gan.generator_loss(model, batch())
    gan.make_critic_loss(1.0)(tiny_conditional_gan(), batch())

    assert len(seen) >= 3
    assert all(torch.equal(labels, batch()["labels"]) for labels in seen)


def weights_of(part):
    return [weight.detach().clone() for weight in part.parameters()]


@pytest.mark.parametrize("still", ["critic", "generator"])
def test_a_player_that_does_not_learn_is_not_moved_by_the_other_s_turn(still):
    def at_rest(part):
        return torch.optim.SGD(part.parameters(), lr=0.0)

    players = tuple(
        dataclasses.replace(player, optimiser=at_rest) if player.part == still else player
        for player in RECIPE.players
    )
    model = tiny_gan().requires_grad_(True)
    moving = "generator" if still == "critic" else "critic"
    before = {part: weights_of(getattr(model, part)) for part in (still, moving)}
    images = torch.randint(256, (128, 1, 8, 8), dtype=torch.uint8)
    data = DataSet(images, torch.zeros(128, dtype=torch.int64), ("any",))

    trainer = Trainer(
        dataclasses.replace(RECIPE, players=players), model, data,
        accelerator=make_accelerator(), budget=Budget(10), seed=0,
    )  # fmt: skip
    for _ in range(3):
        trainer.advance()

    after = {part: weights_of(getattr(model, part)) for part in (still, moving)}
    assert all(map(torch.equal, before[still], after[still]))
    assert not any(map(torch.equal, before[moving], after[moving]))


class Showing:
    """A generator that shows given pictures in turn."""

    def __init__(self, pictures):
        self.pictures, self.shown = pictures, 0

    def sample_prior(self, count, generator):
        return torch.zeros(count, 1)

    def decode(self, z, labels=None):
        places = (self.shown + torch.arange(len(z))) % len(self.pictures)
        self.shown += len(z)
        return self.pictures[places]


def test_the_validation_figure_is_nothing_for_the_images_themselves_and_much_for_one_alone():
    shipped = examples("mnist")
    every, one = Showing(shipped.images / 255), Showing(shipped.images[:1] / 255)

    perfect = gan.validation_distance(every, shipped, data_set="mnist")
    collapsed = gan.validation_distance(one, shipped, data_set="mnist")

    assert perfect < 0.02 * collapsed
    assert perfect == pytest.approx(0, abs=0.2)


def test_the_film_s_codes_are_those_that_the_command_line_draws():
    model = tiny_gan()

    for seed, code in enumerate(gan.chosen_codes(model)):
        expected = model.sample_prior(1, torch.Generator().manual_seed(seed))[0]
        assert torch.equal(code, expected)

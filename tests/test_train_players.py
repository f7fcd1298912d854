"""Parts of a network that take turns: each moves its own weights alone."""

import copy
import dataclasses

import pytest
import torch

pytest.importorskip("accelerate", reason="training needs requirements-dev.txt")

from tiny_training import RECIPE, stripes  # noqa: E402
from torch import nn  # noqa: E402

from train.errors import TrainingError  # noqa: E402
from train.loop import Budget, Trainer  # noqa: E402
from train.recipe import Player  # noqa: E402
from train.session import make_accelerator  # noqa: E402


class Game(nn.Module):
    """The critic wants its number to equal the generator's, the generator wants it far away."""

    def __init__(self):
        super().__init__()
        self.critic, self.generator = nn.Linear(1, 1), nn.Linear(1, 1)

    def distance(self):
        return (self.critic.bias - self.generator.bias).square().sum()


def sgd(part):
    return torch.optim.SGD(part.parameters(), lr=0.1)


def counting():
    """A loss that remembers how often it was asked, from 0 in every run."""
    asked = []

    def critic_loss(model, batch):
        asked.append(len(asked))
        return {"loss": model.distance(), "asked": torch.tensor(float(asked[-1]))}

    return critic_loss


def fleeing():
    return lambda model, batch: {"loss": -model.distance(), "distance": model.distance()}


GAME = dataclasses.replace(
    RECIPE, players=(Player("critic", counting, sgd), Player("generator", fleeing, sgd))
)


def make_trainer(recipe=GAME, accelerator=None, compiled=False):
    torch.manual_seed(0)
    return Trainer(
        recipe,
        Game(),
        stripes(),
        accelerator=accelerator or make_accelerator(),
        budget=Budget(10),
        seed=0,
        compiled=compiled,
    )


def parts(trainer):
    weights = copy.deepcopy(trainer.state()["model"])
    return {name: weights[f"{name}.bias"] for name in ("critic", "generator")}


@pytest.mark.parametrize("index", [0, 1])
def test_a_player_moves_its_own_weights_alone(index):
    still = dataclasses.replace(GAME.players[1 - index], optimiser=frozen)
    players = [still, still]
    players[index] = GAME.players[index]
    trainer = make_trainer(dataclasses.replace(GAME, players=tuple(players)))
    before = parts(trainer)

    for _ in range(3):
        trainer.advance()

    names = [player.part for player in GAME.players]
    after = parts(trainer)
    assert not torch.equal(before[names[index]], after[names[index]])
    assert torch.equal(before[names[1 - index]], after[names[1 - index]])


def frozen(part):
    return torch.optim.SGD(part.parameters(), lr=0.0)


def test_the_second_player_sees_what_the_first_has_done():
    trainer = make_trainer()
    for _ in range(3):
        moment = trainer.advance()
        last = parts(trainer)

    before = (last["critic"] - last["generator"]).square().item()
    told = moment.losses["distance"]  # after the critic's move, before the generator's
    assert told < before, "the generator then fled"


def test_every_run_has_fresh_losses():
    first, second = make_trainer(), make_trainer()
    for _ in range(3):
        asked = first.advance().losses["asked"]

    assert asked == 2
    assert second.advance().losses["asked"] == 0


def test_a_game_goes_on_from_its_state():
    whole = make_trainer()
    for _ in range(4):
        whole.advance()
    parted = make_trainer()
    for _ in range(2):
        parted.advance()
    state = copy.deepcopy(parted.state())

    resumed = make_trainer()
    resumed.load_state(state)
    for _ in range(2):
        resumed.advance()

    assert parts(resumed) == parts(whole)


def test_the_state_of_a_game_is_refused_by_a_network_without_players():
    state = make_trainer().state()
    alone = dataclasses.replace(GAME, players=(), loss=fleeing(), optimiser=sgd)

    with pytest.raises(TrainingError, match="another network or optimiser"):
        make_trainer(alone).load_state(state)


def test_a_game_in_several_processes_is_refused():
    class Several:
        num_processes, process_index, device = 2, 0, torch.device("cpu")

    with pytest.raises(TrainingError, match="2 players"):
        make_trainer(accelerator=Several())


def test_a_game_is_not_compiled_but_told_so():
    with pytest.raises(TrainingError, match="2 players.*--compile"):
        make_trainer(compiled=True).advance()

"""The game in the plane: who changes in a step, what is drawn, and how long it may run."""

import copy
import itertools
import math

import pytest
import torch
import torch.nn.functional as F

from genlab.inference import adversarial_game, game_play
from genlab.inference.adversarial_game import (
    BATCH,
    EVERY,
    LONGEST_COURSE,
    PLAYED,
    REPLAY,
    RESTS,
    Game,
    Settings,
    best_discriminator,
)
from genlab.inference.game_networks import Adam
from genlab.inference.game_play import (
    ARROWS,
    INTERVAL,
    LONGEST,
    SHARE,
    SIDE,
    Clock,
    best_opinion,
    map_places,
    play,
    take_snapshot,
)
from genlab.inference.game_targets import line, log_mixture, ring
from genlab.nn.adversarial import LOSSES, gradient_penalty

MIXED = [  # every loss and every switch
    *({"loss": loss} for loss in PLAYED),
    *({"loss": loss, "minibatch_std": True, "replay": True} for loss in PLAYED),
]
IDLE = {"Wasserstein": {"outer.2.bias"}}  # adds the same to both scores, whose difference counts


def game_of(seed=0, target=None, **settings):
    return Game(Settings(target or ring(), seed, **settings))


def weights(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


def are_equal(some, others):
    return all(torch.equal(some[name], others[name]) for name in some)


def random_points(count, seed=0):
    return torch.randn(count, 2, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("settings", MIXED)
def test_a_step_changes_its_own_network_alone(settings):
    game = game_of(**settings)
    for step, changed, kept in (
        (game.step_discriminator, game.discriminator, game.generator),
        (game.step_generator, game.generator, game.discriminator),
    ):
        before = weights(changed), weights(kept)
        step()
        assert are_equal(weights(kept), before[1])
        now = weights(changed)
        same = {name for name in now if torch.equal(before[0][name], now[name])}
        assert same <= IDLE.get(game.settings.loss, set())


def test_a_round_is_the_steps_of_d_and_one_of_g():
    game = game_of(steps_d=3)
    for _ in range(2):
        game.play_round()

    assert game.steps == {"D": 6, "G": 2}


@pytest.mark.parametrize("settings", MIXED)
def test_the_same_settings_play_the_same_game_however_it_is_watched(settings):
    watched, alone = game_of(seed=7, **settings), game_of(seed=7, **settings)
    for _ in range(12):
        watched.play_round()
        take_snapshot(watched)
        alone.play_round()

    assert are_equal(weights(watched.generator), weights(alone.generator))
    assert are_equal(weights(watched.discriminator), weights(alone.discriminator))
    assert torch.equal(watched.samples(), alone.samples())


def test_no_random_number_comes_from_the_global_generator():
    torch.manual_seed(0)
    one = game_of(minibatch_std=True, replay=True, loss="Wasserstein")
    one.play_round()
    torch.manual_seed(1)
    torch.rand(5)
    state = torch.get_rng_state()
    other = game_of(minibatch_std=True, replay=True, loss="Wasserstein")
    other.play_round()

    assert torch.equal(one.samples(), other.samples())
    assert torch.equal(torch.get_rng_state(), state)


def test_another_seed_is_another_game():
    assert not torch.equal(game_of(seed=0).samples(), game_of(seed=1).samples())


@pytest.mark.parametrize("settings", MIXED)
def test_arrows_are_the_slopes_of_the_generators_loss(settings):
    game = game_of(**settings)
    for _ in range(3):
        game.play_round()
    network = copy.deepcopy(game.discriminator).double()
    points = random_points(16).double()
    loss = LOSSES[game.settings.loss].generator
    expected = torch.zeros_like(points)
    for index, axis in itertools.product(range(len(points)), range(2)):
        step = torch.zeros_like(points)
        step[index, axis] = 1e-6
        rise = loss(network(points + step)) - loss(network(points - step))
        expected[index, axis] = -rise.detach() / 2e-6 * len(points)

    torch.testing.assert_close(game.pull(points.float()).double(), expected, rtol=2e-3, atol=2e-4)


def test_a_small_move_along_the_arrows_lowers_the_loss():
    game = game_of(minibatch_std=True)
    game.play_round()
    points = random_points(64)
    loss = LOSSES["non-saturating"].generator

    assert loss(game.discriminator(points + 1e-2 * game.pull(points))) < loss(
        game.discriminator(points)
    )


def test_the_best_discriminator_of_two_gaussians_is_a_sigmoid():
    # p_data = N(a, σ²), p_g = N(−a, σ²): log p_data / p_g = 2 a·x / σ²
    spread, middle = 0.7, torch.tensor([[0.4, -0.3]])
    places = random_points(200, seed=3)
    logs = [log_mixture(places, each, spread) for each in (middle, -middle)]
    expected = torch.sigmoid(2 * (places @ middle[0]) / spread**2)

    torch.testing.assert_close(best_discriminator(*logs), expected, rtol=1e-4, atol=1e-5)


def test_equal_densities_leave_the_best_discriminator_at_one_half():
    game = game_of(target=line())
    samples = line().sample(40_000, torch.Generator().manual_seed(0))
    middle = line().centres[::5]

    assert (best_opinion(game, middle, samples) - 0.5).abs().max() < 0.03


def test_the_best_discriminator_is_silent_where_nothing_is():
    game = game_of()
    corner, mode = torch.tensor([[1.99, 1.99]]), ring().centres[:1]

    assert best_opinion(game, corner, torch.zeros(8, 2)).isnan().all()
    assert best_opinion(game, mode, torch.zeros(8, 2)) > 0.99


@pytest.mark.parametrize("loss", ["minimax", "non-saturating", "least squares"])
def test_a_discriminator_that_knows_nothing_has_the_losses_of_the_equilibrium(loss):
    score = 0.5 if loss == "least squares" else 0.0  # σ(0) = ½; least squares scores are opinions
    scores = torch.full((4,), score)
    losses = LOSSES[loss]

    assert losses.critic(scores, scores).item() == pytest.approx(RESTS[loss][0])
    assert losses.generator(scores).item() == pytest.approx(RESTS[loss][1])


def test_replay_shows_d_earlier_points(monkeypatch):
    seen = []
    law = adversarial_game.ReplayBuffer.mix
    monkeypatch.setattr(
        adversarial_game.ReplayBuffer,
        "mix",
        lambda self, *given: seen.append((given[0], law(self, *given))) or seen[-1][1],
    )
    game = game_of(replay=True)
    scored = []
    game.discriminator.register_forward_pre_hook(lambda _, given: scored.append(given[0]))
    rounds = REPLAY // BATCH + 1
    for _ in range(rounds):
        game.step_discriminator()

    assert len(seen) == rounds and len(game.replay) == REPLAY
    assert torch.equal(*seen[-2]), "the buffer was not full yet"
    new, mixed = seen[-1]
    swapped = (new != mixed).any(dim=1)
    assert 0.2 < swapped.float().mean() < 0.8
    earlier = torch.cat([batch for batch, _ in seen[:-1]])
    assert (mixed[swapped][:, None] == earlier).all(dim=2).any(dim=1).all()
    assert torch.equal(scored[-1], mixed), "D must be asked about the mixed batch"


@pytest.mark.slow  # torch's own imports its compiler
def test_adam_is_torchs_own():
    ours, torchs = (torch.nn.Linear(3, 2, dtype=torch.float64) for _ in range(2))
    torchs.load_state_dict(ours.state_dict())
    adam = Adam(ours.parameters(), 1e-2)
    other = torch.optim.Adam(torchs.parameters(), lr=1e-2, betas=Adam.BETAS)
    for seed in range(20):
        x = torch.randn(8, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        adam.descend(ours(x).square().sum())
        other.zero_grad()
        torchs(x).square().sum().backward()
        other.step()

    for mine, theirs in zip(ours.parameters(), torchs.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-10, atol=1e-12)


def test_without_replay_nothing_is_kept():
    assert game_of().replay is None


def test_the_wasserstein_loss_is_told_without_its_penalty_and_trained_with_it(monkeypatch):
    given = []
    monkeypatch.setattr(
        adversarial_game,
        "gradient_penalty",
        lambda *places: given.append(gradient_penalty(*places)) or given[-1],
    )
    game, bare = game_of(loss="Wasserstein"), game_of(loss="Wasserstein")
    monkeypatch.setattr(bare, "_penalty", lambda *_: 0.0)

    assert game.step_discriminator() == bare.step_discriminator()
    assert len(given) == 1 and given[0] > 0
    assert not are_equal(weights(game.discriminator), weights(bare.discriminator))


def test_minibatch_std_tells_a_varied_group_from_a_collapsed_one():
    network = game_of(minibatch_std=True).discriminator
    points = random_points(8)

    assert network.level(points) > 20 * network.level(1e-3 * points)
    together = network(points)
    expected = network.alone(points, network.level(points))
    torch.testing.assert_close(together, expected)


def test_without_it_each_score_is_of_its_own_point_alone():
    network = game_of().discriminator
    points = random_points(8)

    torch.testing.assert_close(network(points)[:1], network(points[:1]))


@pytest.mark.parametrize("loss", PLAYED)
def test_opinions_are_probabilities_but_for_wasserstein(loss):
    game = game_of(loss=loss)
    for _ in range(5):
        game.play_round()
    opinion = game.opinion(10 * random_points(500), game.samples())
    scores = game.discriminator(10 * random_points(500)).detach()

    if loss == "Wasserstein":
        torch.testing.assert_close(opinion, scores)
    elif loss == "least squares":
        torch.testing.assert_close(opinion, scores.clamp(0, 1))
    else:
        torch.testing.assert_close(opinion, F.sigmoid(scores))


def test_the_course_has_evenly_spaced_entries_and_forgets_every_second_one():
    game = game_of()
    for _ in range(EVERY * (LONGEST_COURSE + 3)):
        game.steps["G"] += 1
        game._since["G"].append(float(game.steps["G"]))
        if game.steps["G"] % game.every == 0:
            game._note()

    assert [entry.step for entry in game.course] == [
        game.every * index for index in range(len(game.course))
    ]
    assert LONGEST_COURSE / 2 <= len(game.course) <= LONGEST_COURSE
    last = game.course[-1]
    assert last.loss_g == pytest.approx(last.step - (game.every - 1) / 2), "a mean over the steps"


def test_a_network_without_a_step_has_no_loss():
    game = game_of()
    game.step_discriminator()

    assert math.isnan(game.now().loss_g) and not math.isnan(game.now().loss_d)


def test_the_map_goes_from_the_upper_left_to_the_lower_right():
    places = map_places()

    assert places.shape == (SIDE**2, 2)
    assert places[0].tolist() == pytest.approx([-2 + 2 / SIDE, 2 - 2 / SIDE])
    assert (places[1] - places[0]).tolist() == pytest.approx([4 / SIDE, 0])


def test_a_snapshot_shows_the_game_as_it_is():
    game = game_of()
    game.play_round()
    shown = take_snapshot(game)

    assert torch.equal(shown.samples, game.samples())
    torch.testing.assert_close(shown.pull, game.pull(game.samples()[:ARROWS]))
    assert shown.course[-1].step == 1 and shown.steps == {"D": 1, "G": 1}
    assert int(shown.covered.sum()) == shown.course[-1].covered


class FakeClock:
    """A clock on which a round computes for a while and everything else takes no time.

    Attributes:
        crowd: seconds on the wall for a second of computing.
    """

    def __init__(self, monkeypatch, *, round_seconds, shown_seconds=0.0, crowd=1.0):
        self.wall = self.cpu = 0.0
        self.slept = []
        self._crowd = crowd
        monkeypatch.setattr(Game, "play_round", lambda game: self.compute(round_seconds))
        look = game_play.take_snapshot
        self.first = look(game_of())
        monkeypatch.setattr(game_play, "take_snapshot", lambda _: self._look(shown_seconds))

    def _look(self, seconds):
        self.compute(seconds)
        return self.first

    def compute(self, seconds):
        self.cpu += seconds
        self.wall += self._crowd * seconds

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.wall += seconds

    @property
    def clock(self):
        return Clock(now=lambda: self.wall, spent=lambda: self.cpu, sleep=self.sleep)


@pytest.mark.parametrize("round_seconds", [0.0005, 0.003, 0.04])
@pytest.mark.parametrize("crowd", [1.0, 3.0])
def test_a_run_ends_after_two_minutes_within_its_share_of_a_core(monkeypatch, round_seconds, crowd):
    fake = FakeClock(monkeypatch, round_seconds=round_seconds, shown_seconds=0.004, crowd=crowd)
    frames = sum(1 for _ in play(game_of(), lambda shown: shown, clock=fake.clock))

    assert LONGEST <= fake.wall < LONGEST + 4 * (0.05 + round_seconds + 0.004)
    assert fake.cpu / fake.wall <= SHARE + 0.001
    assert frames <= LONGEST / INTERVAL + 1, "at most twenty messages a second"
    if round_seconds < 0.005:
        assert frames >= 15 * LONGEST * 0.99


def test_what_showing_costs_counts_as_well(monkeypatch):
    fake = FakeClock(monkeypatch, round_seconds=0.001)
    for _ in play(game_of(), lambda _: fake.compute(0.01), clock=fake.clock):
        pass

    assert fake.cpu / fake.wall <= SHARE + 0.001


def test_a_run_ends_when_it_is_told_to(monkeypatch):
    fake = FakeClock(monkeypatch, round_seconds=0.001)
    asked = iter([True, True, True, False])
    frames = list(play(game_of(), lambda _: None, goes_on=lambda: next(asked), clock=fake.clock))

    assert len(frames) == 3


def test_a_real_run_sleeps_and_plays():
    game = game_of()
    slept = []
    clock = Clock(sleep=slept.append)
    frames = list(itertools.islice(play(game, lambda shown: shown, clock=clock), 3))

    assert game.steps["G"] >= 3 and len(slept) == 2 and min(slept) >= 0
    assert frames[-1].steps["G"] == game.steps["G"]

"""Two small networks that play against each other over points in the plane, a step at a time.

A `Game` is a deterministic function of its settings: every random number comes from one generator
that only the steps draw from, so that watching, by frames of whatever number, changes nothing. What
is watched uses codes of its own, which stay the same all the time.

`genlab.inference.game_play` lets it run for a bounded time and share of the processor.

References: Goodfellow et al. (2014), https://arxiv.org/abs/1406.2661, for the game and its optimal
discriminator; Metz et al. (2017), https://arxiv.org/abs/1611.02163, for the ring of Gaussians
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.inference.game_networks import LATENT, Adam, Discriminator, build_generator
from genlab.inference.game_targets import Target
from genlab.nn.adversarial import LOSSES, ReplayBuffer, gradient_penalty

BATCH = 128  # points of each kind a step
PENALTY = 10.0  # λ of the gradient penalty, where the loss is Wasserstein
REPLAY = 4096  # generated points that the replay keeps: those of the last 32 batches at first
WATCHED = 512  # fixed codes that coverage is counted with
EVERY = 20  # steps of G between two entries of the course
LONGEST_COURSE = 120  # entries; beyond, every second one is forgotten

PLAYED = ("minimax", "non-saturating", "least squares", "Wasserstein")
"""Losses that the game offers."""

RESTS = {
    "minimax": (math.log(4), -math.log(2)),
    "non-saturating": (math.log(4), math.log(2)),
    "least squares": (0.25, 0.125),
    "Wasserstein": (0.0, None),
}
"""Losses of D and of G at the equilibrium; None where every number is one."""


@dataclass(frozen=True, eq=False)
class Settings:
    """What a game is made of; `rate_d` and `rate_g` are Adam's, `steps_d` come before one of G."""

    target: Target
    seed: int
    loss: str = "non-saturating"
    rate_d: float = 1e-3
    rate_g: float = 1e-3
    steps_d: int = 1
    minibatch_std: bool = False
    replay: bool = False


@dataclass(frozen=True)
class Moment:
    """An entry of the course: means of the losses since the last one, and regions covered then.

    A loss is NaN as long as its network made no step.
    """

    step: int
    loss_d: float
    loss_g: float
    covered: int


class Game:
    """Two networks, their optimisers, and how it went so far."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.random = torch.Generator().manual_seed(settings.seed)
        self.generator = build_generator(self.random)
        self.discriminator = Discriminator(settings.minibatch_std, self.random)
        self.replay = ReplayBuffer(REPLAY) if settings.replay else None
        self.watched = torch.randn(WATCHED, LATENT, generator=self.random)
        self.steps = {"D": 0, "G": 0}
        self.losses = {"D": math.nan, "G": math.nan}
        self.course: list[Moment] = []
        self._loss = LOSSES[settings.loss]
        self._adam_d = Adam(self.discriminator.parameters(), settings.rate_d)
        self._adam_g = Adam(self.generator.parameters(), settings.rate_g)
        self._since: dict[str, list[float]] = {"D": [], "G": []}
        self.every = EVERY
        self._note()

    def step_discriminator(self) -> float:
        """One step of D; its loss, without the penalty."""
        real = self.settings.target.sample(BATCH, self.random)
        with torch.no_grad():
            generated = self.generator(self._codes())
        if self.replay is not None:
            generated = self.replay.mix(generated, self.random)
        loss = self._loss.critic(self.discriminator(real), self.discriminator(generated))
        self._adam_d.descend(loss + self._penalty(real, generated))
        return self._count("D", loss)

    def step_generator(self) -> float:
        """One step of G; its loss."""
        loss = self._loss.generator(self.discriminator(self.generator(self._codes())))
        self._adam_g.descend(loss)
        told = self._count("G", loss)
        if self.steps["G"] % self.every == 0:
            self._note()
        return told

    def play_round(self) -> None:
        """D's steps, then one of G."""
        for _ in range(self.settings.steps_d):
            self.step_discriminator()
        self.step_generator()

    @torch.no_grad()
    def samples(self) -> Tensor:
        """(512, 2), what G makes of the watched codes."""
        return self.generator(self.watched)

    def covered(self, samples: Tensor) -> Tensor:
        """Which of the target's regions are, (K,) bool."""
        return self.settings.target.regions.covered(samples)

    def pull(self, points: Tensor) -> Tensor:
        """Where G's loss falls, (N, 2): minus the gradient of each point's loss.

        With minibatch std, what a point does to its group counts, too.
        """
        points = points.detach().requires_grad_()
        loss = self._loss.generator(self.discriminator(points)) * len(points)
        return -torch.autograd.grad(loss, points)[0]

    @torch.no_grad()
    def opinion(self, points: Tensor, samples: Tensor) -> Tensor:
        """What D thinks at (N, 2) points: a probability (N,), or the score for Wasserstein.

        With minibatch std: of a point in a group as varied as the generated `samples` are.
        """
        scores = self.discriminator.alone(points, self.discriminator.level(samples))
        return PROBABILITIES.get(self.settings.loss, torch.Tensor.clone)(scores)

    def now(self) -> Moment:
        """How it stands."""
        covered = int(self.covered(self.samples()).sum())
        return Moment(self.steps["G"], self._mean("D"), self._mean("G"), covered)

    def _codes(self) -> Tensor:
        return torch.randn(BATCH, LATENT, generator=self.random)

    def _penalty(self, real: Tensor, generated: Tensor) -> Tensor | float:
        if self.settings.loss != "Wasserstein":
            return 0.0
        level = self.discriminator.level(generated)

        def score(points: Tensor) -> Tensor:
            return self.discriminator.alone(points, level)

        return PENALTY * gradient_penalty(score, real, generated, self.random)

    def _count(self, who: str, loss: Tensor) -> float:
        self.steps[who] += 1
        self.losses[who] = loss.item()
        self._since[who].append(self.losses[who])
        return self.losses[who]

    def _mean(self, who: str) -> float:
        told = self._since[who]
        return sum(told) / len(told) if told else self.losses[who]

    def _note(self) -> None:
        self.course.append(self.now())
        self._since = {"D": [], "G": []}
        if len(self.course) > LONGEST_COURSE:
            self.course = self.course[::2]
            self.every *= 2


PROBABILITIES = {
    "minimax": torch.sigmoid,
    "non-saturating": torch.sigmoid,
    "least squares": lambda scores: scores.clamp(0, 1),  # its scores are trained towards 0 and 1
}
"""From scores to the probability that a point is real; Wasserstein's scores are none."""


def best_discriminator(log_data: Tensor, log_generated: Tensor) -> Tensor:
    """p_data / (p_data + p_g), from the logarithms of both densities, of any equal shape."""
    return torch.sigmoid(log_data - log_generated)

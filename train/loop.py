"""The training loop: one step is the primitive, a run is an iterator of them.

Accelerate brings the device, bfloat16 and several processes. Progress is counted in *training*
time where a budget in minutes is given, and it belongs to the state: a resumed run goes on where
it was, and ends at learning rate zero.
"""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from genlab.data import DataSet
from train.errors import DivergedError
from train.recipe import Batch, Recipe
from train.schedule import learning_rate_factor

CLIP_NORM = 1.0
LONGEST_STEP = 10.0  # seconds; a longer one is a machine that was paused, and does not count


@dataclass(frozen=True)
class Budget:
    """How long a run lasts: so many seconds of training where given, else so many steps."""

    steps: int
    seconds: float | None = None

    def progress(self, step: int, seconds: float) -> float:
        """In [0, 1]; 1 ends the run."""
        return min(1.0, step / self.steps if self.seconds is None else seconds / self.seconds)


@dataclass(frozen=True)
class Moment:
    """What the loop tells after a step; `losses` are those of this step's batch."""

    step: int
    seconds: float
    progress: float
    learning_rate: float
    images: int
    losses: dict[str, float]


class _Step(nn.Module):
    """The loss as a module, for data-parallel training hooks into `forward`."""

    def __init__(self, model: nn.Module, recipe: Recipe) -> None:
        super().__init__()
        self.model, self._loss = model, recipe.loss

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        return self._loss(self.model, batch)


class Trainer:
    """A network in training: its weights, their average, the optimiser and the progress."""

    def __init__(
        self,
        recipe: Recipe,
        model: nn.Module,
        data: DataSet,
        *,
        accelerator: Accelerator,
        budget: Budget,
        seed: int,
    ) -> None:
        self._accelerator, self._budget = accelerator, budget
        self._generator = torch.Generator().manual_seed(seed + accelerator.process_index)
        self._batches = recipe.batches(data, self._generator)
        model = model.to(accelerator.device, memory_format=torch.channels_last)
        self._model = model
        self._average = AveragedModel(model, multi_avg_fn=_warm_average(recipe.ema))
        self._optimiser = recipe.optimiser(model)
        self._peaks = [group["lr"] for group in self._optimiser.param_groups]
        self._compute, self._prepared = accelerator.prepare(_Step(model, recipe), self._optimiser)
        self.step, self.seconds = 0, 0.0

    @property
    def progress(self) -> float:
        """Share of the budget that is spent, in [0, 1]."""
        return self._budget.progress(self.step, self.seconds)

    def advance(self) -> Moment:
        """Do one step.

        Raises:
            DivergedError: the loss is not a finite number; the weights are still the last good.
        """
        started = time.monotonic()
        factor = learning_rate_factor(self.progress)
        for group, peak in zip(self._prepared.param_groups, self._peaks, strict=True):
            group["lr"] = peak * factor
        batch = {k: v.to(self._accelerator.device) for k, v in next(self._batches).items()}
        losses = self._compute(batch)
        self._accelerator.backward(losses["loss"])
        norm = self._accelerator.clip_grad_norm_(self._model.parameters(), CLIP_NORM)
        if not math.isfinite(losses["loss"].item() + norm.item()):
            raise DivergedError(self.step)
        self._prepared.step()
        self._prepared.zero_grad()
        self._average.update_parameters(self._model)
        self.step += 1
        self.seconds += min(time.monotonic() - started, LONGEST_STEP)
        return Moment(
            step=self.step,
            seconds=self.seconds,
            progress=self.progress,
            learning_rate=self._peaks[0] * factor,
            images=len(batch["images"]) * self._accelerator.num_processes,
            losses={name: value.item() for name, value in losses.items()},
        )

    def averaged_weights(self) -> dict[str, Tensor]:
        """The averaged weights, float32, contiguous, on the CPU."""
        weights = self._average.module.state_dict()
        return {name: value.float().cpu().contiguous() for name, value in weights.items()}

    def state(self) -> dict[str, object]:
        """All that a resumed run needs; plain tensors and numbers."""
        return {
            "model": self._model.state_dict(),
            "average": self._average.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "generator": self._generator.get_state(),
            "step": self.step,
            "seconds": self.seconds,
        }

    def load_state(self, state: dict[str, object]) -> None:
        """Go on from `state()`; the batches begin a new epoch."""
        self._model.load_state_dict(state["model"])
        self._average.load_state_dict(state["average"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._generator.set_state(state["generator"])
        self.step, self.seconds = state["step"], state["seconds"]


def train(trainer: Trainer) -> Iterator[Moment]:
    """Step until the budget is spent."""
    while trainer.progress < 1:
        yield trainer.advance()


def _warm_average(decay: float):  # noqa: ANN202 (the type is torch's own callback)
    """An exponential moving average that forgets its random start quickly."""

    def update(averaged: list[Tensor], current: list[Tensor], count: Tensor) -> None:
        warm = min(decay, (1 + int(count)) / (10 + int(count)))
        torch._foreach_lerp_(averaged, current, 1 - warm)

    return update

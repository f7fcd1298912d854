"""The training loop: one step is the primitive, a run is an iterator of them.

Accelerate brings the device, bfloat16 and several processes. Progress is counted in *training*
time where a budget in minutes is given, and it belongs to the state: a resumed run goes on where
it was, and ends at learning rate zero.

Several processes must take the same decisions, or one waits for ever for a gradient that no other
sends: time is the main process's, and losses and stops are shared before anything follows from
them.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from genlab.data import DataSet
from train.compiled import check_gradients, compiler_errors
from train.errors import DivergedError, TrainingError
from train.recipe import Batch, Recipe
from train.schedule import learning_rate_factor
from train.turns import Turn, make_turns

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
    """What the loop tells after a step.

    Attributes:
        images: of this step, in all processes together.
        losses: of this step's batch, a mean over processes.
    """

    step: int
    seconds: float
    progress: float
    learning_rate: float
    images: int
    losses: dict[str, float]


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
        compiled: bool = False,
    ) -> None:
        self._accelerator, self._budget = accelerator, budget
        self._stored_as = recipe.stored_as
        self._generator = torch.Generator().manual_seed(seed + accelerator.process_index)
        self._batches = recipe.batches(data, self._generator)
        model = model.to(accelerator.device, memory_format=torch.channels_last)
        self._model = model
        self._average = AveragedModel(model, multi_avg_fn=_warm_average(recipe.ema))
        if compiled:
            model.compile()  # in place, so that names of weights stay; the average's copy is eager
        self._is_checked = not compiled or accelerator.num_processes > 1
        self._turns = make_turns(recipe, model, accelerator, compiled=compiled)
        self.step, self.seconds = 0, 0.0

    @property
    def progress(self) -> float:
        """Share of the budget that is spent, in [0, 1]."""
        return self.progress_at(self.step, self.seconds)

    def progress_at(self, step: int, seconds: float) -> float:
        """Share of the budget that was spent by then, in [0, 1]."""
        return self._budget.progress(step, seconds)

    def advance(self) -> Moment:
        """Do one step.

        Raises:
            DivergedError: the loss is not a finite number; the weights are still the last good.
            TrainingError: the network was to be compiled, and there is no compiler, or what it
                makes of the network has other gradients.
        """
        started = time.monotonic()
        factor = learning_rate_factor(self.progress)
        batch = {k: v.to(self._accelerator.device) for k, v in next(self._batches).items()}
        losses = {}
        for turn in self._turns:
            if not self._is_checked:
                check_gradients(self._model, turn, batch)
            turn.scale_rate(factor)
            losses |= self._take(turn, batch)
        self._is_checked = True
        self._average.update_parameters(self._model)
        self.step += 1
        self.seconds += self._of_main_process(min(time.monotonic() - started, LONGEST_STEP))
        return Moment(
            step=self.step,
            seconds=self.seconds,
            progress=self.progress,
            learning_rate=self._turns[0].peaks[0] * factor,
            images=len(batch["images"]) * self._accelerator.num_processes,
            losses=losses,
        )

    def _take(self, turn: Turn, batch: Batch) -> dict[str, float]:
        """Let one player move; its losses before the move."""
        if len(self._turns) > 1:
            self._model.requires_grad_(False)
            for weight in turn.weights:
                weight.requires_grad_(True)
        with compiler_errors():
            losses = turn.compute(batch)
        self._accelerator.backward(losses["loss"])
        norm = self._accelerator.clip_grad_norm_(turn.weights, CLIP_NORM)
        losses = self._shared(losses)
        if not math.isfinite(losses["loss"] + norm.item()):
            raise DivergedError(self.step)
        turn.optimiser.step()
        turn.optimiser.zero_grad()
        return losses

    def agree(self, stop: bool) -> bool:
        """Whether any process wants to stop; all of them must ask, and at the same step."""
        wanted = torch.tensor(float(stop), device=self._accelerator.device)
        return self._accelerator.reduce(wanted, "sum").item() > 0

    def averaged_weights(self) -> dict[str, Tensor]:
        """See the function of this name."""
        return averaged_weights(self._average.state_dict(), self._stored_as)

    def state(self) -> dict[str, object]:
        """All that a resumed run needs; plain tensors and numbers."""
        return {
            "model": self._model.state_dict(),
            "average": self._average.state_dict(),
            "optimiser": _one_or_all([turn.raw.state_dict() for turn in self._turns]),
            "generator": self._generator.get_state(),
            "step": self.step,
            "seconds": self.seconds,
        }

    def load_state(self, state: dict[str, object]) -> None:
        """Go on from `state()`; the batches begin a new epoch.

        Raises:
            TrainingError: it is that of another network or optimiser.
        """
        try:
            self._model.load_state_dict(state["model"])
            self._average.load_state_dict(state["average"])
            states = state["optimiser"] if len(self._turns) > 1 else [state["optimiser"]]
            for turn, each in zip(self._turns, states, strict=True):
                turn.raw.load_state_dict(each)
            self._generator.set_state(state["generator"])
            self.step, self.seconds = state["step"], state["seconds"]
        except (KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
            raise TrainingError(
                "The run's state belongs to another network or optimiser than the recipe's. "
                "Remove its folder in --runs and start anew, or go back to the code that made it."
            ) from error
        self._part_from_main_process()

    def _part_from_main_process(self) -> None:
        """The state has the main process's generator; from the same numbers the same batches."""
        index = self._accelerator.process_index
        if index:
            drawn = torch.randint(2**62, (), generator=self._generator).item()
            self._generator.manual_seed(drawn + index)

    def _shared(self, losses: dict[str, Tensor]) -> dict[str, float]:
        detached = {name: value.detach() for name, value in losses.items()}
        means = self._accelerator.reduce(detached, "mean")
        return {name: value.item() for name, value in means.items()}

    def _of_main_process(self, number: float) -> float:
        told = torch.tensor(number, dtype=torch.float64, device=self._accelerator.device)
        return broadcast(told).item()


def _one_or_all(states: list[dict]) -> dict | list[dict]:
    return states[0] if len(states) == 1 else states


def averaged_weights(
    average: dict[str, Tensor], dtype: torch.dtype = torch.float32
) -> dict[str, Tensor]:
    """The exported weights in a state's "average": of the recipe's type, contiguous, on the CPU.

    They may share memory with `average`: use them before the next step, or copy them.
    """
    return {
        name.removeprefix("module."): value.to(dtype).cpu().contiguous()
        for name, value in average.items()
        if name.startswith("module.")
    }


def train(trainer: Trainer, stop_asked: Callable[[], bool] = lambda: False) -> Iterator[Moment]:
    """Step until the budget is spent, or until a step after which a stop was asked for."""
    while trainer.progress < 1:
        yield trainer.advance()
        if trainer.agree(stop_asked()):
            return


def _warm_average(decay: float):  # noqa: ANN202 (the type is torch's own callback)
    """An exponential moving average that forgets its random start quickly."""

    def update(averaged: list[Tensor], current: list[Tensor], count: Tensor) -> None:
        warm = min(decay, (1 + int(count)) / (10 + int(count)))
        torch._foreach_lerp_(averaged, current, 1 - warm)

    return update

"""What a training is asked for, and what is remembered of it so that `--resume` needs no more."""

import dataclasses
import shlex
from dataclasses import dataclass
from pathlib import Path

from genlab.store import CHECKPOINTS
from train.loop import Budget


@dataclass(frozen=True)
class Request:
    """The command line of one training; None where nothing was said.

    Attributes:
        init_from: a checkpoint, with or without its ending.
        data_root: see `genlab.data.data_root`.
        runs: holds a folder for each card in training.
        checkpoints: where the result goes.
        compiled: whether `torch.compile` prepares the network; by default as the recipe says.
    """

    budget_minutes: float | None = None
    steps: int | None = None
    seed: int | None = None
    resume: bool = False
    init_from: Path | None = None
    data_root: Path | None = None
    runs: Path = Path("runs")
    checkpoints: Path = CHECKPOINTS
    compiled: bool | None = None


@dataclass(frozen=True)
class Run:
    """`runs/<card>/run.json`.

    Attributes:
        steps: how long, where `minutes` is None.
        minutes: of training time.
        init_from: name of the checkpoint whose weights it began with.
        earlier_steps: those of that checkpoint.
        earlier_minutes: those of that checkpoint.
        earlier_command: trained that checkpoint, where it was this card's: no file keeps it.
        processes: that train together; each has its own batches.
    """

    card: str
    seed: int
    steps: int
    minutes: float | None = None
    init_from: str | None = None
    earlier_steps: int = 0
    earlier_minutes: float = 0.0
    earlier_command: str = ""
    processes: int = 1

    @property
    def budget(self) -> Budget:
        """How long it lasts."""
        return Budget(self.steps, None if self.minutes is None else 60 * self.minutes)

    @property
    def command(self) -> str:
        """Trains as this run did; without folders, which are another machine's."""
        many = ["torchrun", "--standalone", "--nproc-per-node", str(self.processes)]
        words = [*(many if self.processes > 1 else ["python"]), "-m", "train", self.card]
        if self.init_from is not None:
            words += ["--init-from", f"checkpoints/{self.init_from}"]
        if self.minutes is None:
            words += ["--steps", str(self.steps)]
        else:
            words += ["--budget-minutes", f"{self.minutes:g}"]
        words += ["--seed", str(self.seed)] if self.seed else []
        return shlex.join(words)

    @property
    def commands(self) -> str:
        """Train the same again, from random weights or from another card's."""
        return " && ".join(filter(None, (self.earlier_command, self.command)))

    def lasting(self, request: Request) -> "Run":
        """The same run with the request's budget, where it names one."""
        if request.budget_minutes is not None:
            return dataclasses.replace(self, minutes=request.budget_minutes)
        if request.steps is not None:
            return dataclasses.replace(self, steps=request.steps, minutes=None)
        return self

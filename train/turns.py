"""Whose turn it is: most networks have one loss, players of a game one each.

In its turn a player moves its own weights alone; the gradients of all others are never computed.
"""

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from train.errors import TrainingError
from train.recipe import Batch, Loss, Recipe


class _Step(nn.Module):
    """The loss as a module, for data-parallel training hooks into `forward`."""

    def __init__(self, model: nn.Module, loss: Loss) -> None:
        super().__init__()
        self.model, self._loss = model, loss

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        return self._loss(self.model, batch)


class Turn:
    """One loss, the weights that it moves, and their optimiser."""

    def __init__(
        self, accelerator: Accelerator, model: nn.Module, part: nn.Module, loss: Loss,
        optimiser: torch.optim.Optimizer,
    ) -> None:  # fmt: skip
        self.weights, self.raw = list(part.parameters()), optimiser
        self.peaks = [group["lr"] for group in optimiser.param_groups]
        self.compute, self.optimiser = accelerator.prepare(_Step(model, loss), optimiser)

    def scale_rate(self, factor: float) -> None:
        """Set the learning rates to `factor` of their highest."""
        for group, peak in zip(self.optimiser.param_groups, self.peaks, strict=True):
            group["lr"] = peak * factor


def make_turns(
    recipe: Recipe, model: nn.Module, accelerator: Accelerator, *, compiled: bool = False
) -> list[Turn]:
    """A turn a player; the whole network has one where there are none.

    Raises:
        TrainingError: several players in several processes, or compiled.
    """
    if not recipe.players:
        return [Turn(accelerator, model, model, recipe.loss, recipe.optimiser(model))]
    if accelerator.num_processes > 1:
        raise TrainingError(
            f"{recipe.card} has {len(recipe.players)} players that take turns, which one process "
            "trains. Start it without accelerate's or torchrun's launcher."
        )
    if compiled:
        raise TrainingError(
            f"{recipe.card} has {len(recipe.players)} players, whose losses run parts of the "
            "network that --compile leaves as they are. Start it without."
        )
    parts = [getattr(model, player.part) for player in recipe.players]
    return [
        Turn(accelerator, model, part, player.make_loss(), player.optimiser(part))
        for player, part in zip(recipe.players, parts, strict=True)
    ]

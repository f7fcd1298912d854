"""What the recipes of all networks with codes share: the optimiser, the dots of their films."""

import torch
from torch import Tensor, nn

from genlab import data as data_sets

RATE = 2e-3


@torch.inference_mode()
def codes_of_examples(model: nn.Module, *, name: str) -> Tensor:
    """The (mean) codes of the shipped examples, (100, D), ten of each class in order."""
    return model.encode(data_sets.examples(name).images / 255)[0]


def classes_of_examples(name: str) -> tuple[str, ...]:
    """Of each dot of `codes_of_examples`."""
    shipped = data_sets.examples(name)
    return tuple(shipped.classes[label] for label in shipped.labels.tolist())


def adam(model: nn.Module) -> torch.optim.Optimizer:
    """The highest learning rate of the schedule, `RATE`."""
    return torch.optim.AdamW(model.parameters(), lr=RATE, betas=(0.9, 0.99), weight_decay=1e-4)

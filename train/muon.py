"""Muon for the kernels of the convolutions, AdamW for all else.

Muon moves a matrix as far along every direction that its gradient has, where AdamW scales entry by
entry; it takes fewer images to the same likelihood. Torch's own Muon knows matrices alone: a kernel
is given to it as the matrix (out, taps · in) that lies in the same memory.

Reference: Jordan et al. (2024), Muon: An optimizer for hidden layers in neural networks,
https://kellerjordan.github.io/posts/muon/
"""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from train.errors import TrainingError

MOMENTUM = 0.95


class MuonAdamW(torch.optim.Optimizer):
    """One optimiser of two kinds.

    Args:
        kernels: (out, in, height, width) weights of hidden convolutions.
        others: biases, embeddings, and the first and last layers.
        lr: of both: Muon's step is scaled to the size of AdamW's.
        betas: of AdamW.
        weight_decay: of the kernels, which would grow for ever; the others have none.

    Raises:
        TrainingError: torch is older than Muon.
    """

    def __init__(
        self,
        kernels: Iterable[nn.Parameter],
        others: Iterable[nn.Parameter],
        *,
        lr: float,
        betas: tuple[float, float] = (0.9, 0.95),
        weight_decay: float = 0.1,
    ) -> None:
        if not hasattr(torch.optim, "Muon"):
            raise TrainingError(
                f"This card is trained with Muon, which torch {torch.__version__} does not have. "
                'Install a newer one: pip install "torch>=2.9,<2.14".'
            )
        self._kernels = list(kernels)
        super().__init__([{"params": self._kernels}, {"params": list(others)}], {"lr": lr})
        self._matrices = [nn.Parameter(as_matrix(kernel.detach())) for kernel in self._kernels]
        self._muon = torch.optim.Muon(
            self._matrices,
            lr=lr,
            momentum=MOMENTUM,
            weight_decay=weight_decay,
            adjust_lr_fn="match_rms_adamw",
        )
        self._adamw = torch.optim.AdamW(
            self.param_groups[1]["params"], lr=lr, betas=betas, weight_decay=0.0
        )

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        """Move all weights that have a gradient."""
        for kernel, matrix in zip(self._kernels, self._matrices, strict=True):
            matrix.data = as_matrix(kernel)  # data-parallel training puts weights elsewhere
            matrix.grad = None if kernel.grad is None else as_matrix(kernel.grad, like=kernel)
        for group, own in zip(self.param_groups, (self._muon, self._adamw), strict=True):
            own.param_groups[0]["lr"] = group["lr"]
            own.step()

    def state_dict(self) -> dict[str, Any]:
        """Of both kinds."""
        return {"muon": self._muon.state_dict(), "adamw": self._adamw.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """What `state_dict` gave.

        Raises:
            KeyError, ValueError: it is another optimiser's.
        """
        self._muon.load_state_dict(state_dict["muon"])
        self._adamw.load_state_dict(state_dict["adamw"])


def as_matrix(kernel: Tensor, *, like: Tensor | None = None) -> Tensor:
    """(out, in, height, width) → (out, in · height · width).

    The columns are in the order in which `like`, or the kernel, lies in memory, so that a weight
    and its matrix share it.
    """
    is_last = (kernel if like is None else like).is_contiguous(memory_format=torch.channels_last)
    return (kernel.permute(0, 2, 3, 1) if is_last else kernel).flatten(1)


def muon(model: nn.Module, ends: Sequence[str], *, lr: float = 3e-3) -> torch.optim.Optimizer:
    """For a network's convolutions but for the layers whose names begin as one of `ends`."""
    named = list(model.named_parameters())
    is_kernel = [each.ndim == 4 and not name.startswith(tuple(ends)) for name, each in named]
    return MuonAdamW(
        [each for (_, each), kernel in zip(named, is_kernel, strict=True) if kernel],
        [each for (_, each), kernel in zip(named, is_kernel, strict=True) if not kernel],
        lr=lr,
    )

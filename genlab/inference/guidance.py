"""Classifier-free guidance: away from any image, towards the images of a class.

Both come from the same weights, which know images with and without a class. Each pixel's logits
are moved along the difference of the two; a scale above 1 overdraws what the class is about.

Reference: Ho & Salimans (2022), Classifier-Free Diffusion Guidance,
https://arxiv.org/abs/2207.12598, whose scale w is ours minus 1; theirs moves a noise prediction,
ours the logits of a pixel.
"""

import torch
from torch import Tensor

from genlab.core.protocols import Conditional, Incremental, PixelStepper, RowPasser


def mix(conditional: Tensor, unconditional: Tensor, scale: float) -> Tensor:
    """unconditional + scale · (conditional − unconditional), logits of any shape."""
    return torch.lerp(unconditional, conditional, scale)


class Guided:
    """A class-conditional model under guidance: again a model, with the same orders.

    Args:
        scale: 0 forgets the class, 1 is the model itself.
    """

    def __init__(self, model: Conditional, scale: float) -> None:
        self._model, self._scale = model, scale
        self.spec, self.classes, self.null_label = model.spec, model.classes, model.null_label
        self.orders = model.orders if isinstance(model, Incremental) else ()

    def logits(self, pixels: Tensor, labels: Tensor | None = None) -> Tensor:
        """See `genlab.core.protocols.Autoregressive.logits`."""
        unconditional = self._model.logits(pixels)
        if labels is None:
            return unconditional
        return mix(self._model.logits(pixels, labels), unconditional, self._scale)

    def stepper(
        self, batch: int, labels: Tensor | None = None, *, order: str = "raster"
    ) -> PixelStepper:
        """See `genlab.core.protocols.Incremental.stepper`; costs a batch of twice the size."""
        if labels is None:
            return self._model.stepper(batch, order=order)
        nothing = torch.full_like(labels, self.null_label)
        both = self._model.stepper(2 * batch, torch.cat([labels, nothing]), order=order)
        guided = _GuidedRowPasser if isinstance(both, RowPasser) else _GuidedStepper
        return guided(both, self._scale)


class _GuidedStepper:
    """The images with their class in the first half of a batch, without one in the second."""

    def __init__(self, both: PixelStepper, scale: float) -> None:
        self._both, self._scale = both, scale
        self.fronts, self.skew = both.fronts, both.skew

    def step(self, front: Tensor, pixels: Tensor) -> Tensor:
        """See `genlab.core.protocols.PixelStepper.step`."""
        logits = self._both.step(front, torch.cat([pixels, pixels]))  # (2·B, n, C, levels)
        return mix(*logits.chunk(2), self._scale)


class _GuidedRowPasser(_GuidedStepper):
    """The same of a stepper that can go past known rows."""

    def pass_row(self, row: int, pixels: Tensor) -> None:
        """See `genlab.core.protocols.RowPasser.pass_row`."""
        self._both.pass_row(row, torch.cat([pixels, pixels]))

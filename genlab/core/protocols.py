"""What a model can do, one protocol a capability; no common base class.

A GAN has no likelihood, a VAE no steps, a PixelCNN no latent code: a base class for all of them
would end in methods that refuse to work. A runtime protocol sees names only, so the laws behind
each name stand in `tests/test_models.py` and are tried on every card.
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from torch import Tensor

from genlab.core.images import ImageSpec


@runtime_checkable
class Autoregressive(Protocol):
    """Knows log p(x) as a product over pixels in raster order."""

    spec: ImageSpec

    def logits(self, pixels: Tensor, labels: Tensor | None = None) -> Tensor:
        """Logits of every pixel given all earlier ones.

        Args:
            pixels: (B, C, H, W) int64 in [0, levels).
            labels: (B,) int64, or None for the unconditional distribution.

        Returns:
            (B, levels, C, H, W); those of pixel k do not depend on the pixels from k on.
        """


@runtime_checkable
class PixelStepper(Protocol):
    """Remembers what it computed for earlier pixels; one use, one batch."""

    fronts: Sequence[Tensor]
    """The order: each (n, 2) int64 rows and columns, independent given all fronts before."""

    skew: int
    """The order's name, see `genlab.core.order`: the width for raster order."""

    def step(self, front: Tensor, pixels: Tensor) -> Tensor:
        """Logits of the pixels of one front; fronts must come in their order.

        Args:
            front: the next of `fronts`.
            pixels: (B, C, H, W) int64, drawn at all earlier fronts, anything elsewhere.

        Returns:
            (B, n, C, levels) float32.
        """


@runtime_checkable
class Incremental(Autoregressive, Protocol):
    """An autoregressive model that can compute one front of pixels without a full pass."""

    orders: tuple[str, ...]
    """Names of the orders on offer, the fastest first; "raster" is always among them."""

    def stepper(
        self, batch: int, labels: Tensor | None = None, *, order: str = "raster"
    ) -> PixelStepper:
        """A fresh cache for a batch; the cache is the model's own knowledge."""


@runtime_checkable
class Conditional(Autoregressive, Protocol):
    """An autoregressive model that knows log p(x | y) for classes y, and log p(x) without one."""

    classes: int
    """How many; the labels are 0 … classes − 1."""

    null_label: int
    """The label that means "any"; the same as no label."""


CAPABILITIES = (Autoregressive, Incremental, Conditional)  # of models; a stepper is not one

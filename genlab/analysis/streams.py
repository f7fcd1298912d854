"""What the two stacks of a gated network carry: the content and the door of every gate.

A gate multiplies tanh(content), which says what to pass on, by σ(door), which says how much of it.
The network is recognised by its layers, not by its family.

Reference: van den Oord et al. (2016), Conditional Image Generation with PixelCNN Decoders,
equation 2, https://arxiv.org/abs/1606.05328
"""

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genlab.core.protocols import Autoregressive
from genlab.nn.gated import GatedLayer

Position = tuple[int, int]  # row, column


@dataclass(frozen=True, eq=False)
class StackMaps:
    """One stack at one layer.

    Attributes:
        content: (features, H, W) in [−1, 1], the tanh.
        door: (features, H, W) in [0, 1], the σ.
        place: where this stack's values are nearest to the chosen pixel among those that act on
            it; None where none do.
    """

    content: Tensor
    door: Tensor
    place: Position | None

    @property
    def product(self) -> Tensor:
        """(features, H, W) in [−1, 1]: what the gates let through."""
        return self.content * self.door

    def at_place(self) -> Tensor | None:
        """(features, 3): tanh, σ and their product at `place`."""
        if self.place is None:
            return None
        row, column = self.place
        maps = torch.stack([self.content, self.door, self.product], dim=1)  # (features, 3, H, W)
        return maps[..., row, column]

    def strongest(self, count: int) -> list[int]:
        """The features with the largest |product| at `place`, or on average without one."""
        strength = self.product.abs()
        if self.place is None:
            strength = strength.mean(dim=(1, 2))
        else:
            strength = strength[:, self.place[0], self.place[1]]
        return strength.argsort(descending=True)[:count].tolist()


@dataclass(frozen=True, eq=False)
class Streams:
    """Both stacks at one layer, as a chosen pixel meets them.

    The horizontal stack acts on the pixel from its own place: it has read earlier pixels only. The
    vertical stack has read its own row in full, so it acts one row further down: what it holds at
    the pixel's own row never reaches it, and above the first row there is nothing.
    """

    vertical: StackMaps
    horizontal: StackMaps


def gated_layers(model: nn.Module) -> list[GatedLayer]:
    """The gated layers of a network in their order; none where it has no gates."""
    return [module for module in model.modules() if isinstance(module, GatedLayer)]


@torch.inference_mode()
def look_into(
    model: Autoregressive,
    pixels: Tensor,
    layer: int,
    position: Position,
    *,
    labels: Tensor | None = None,
) -> Streams:
    """Run the network once and keep what went through one layer's gates.

    Args:
        pixels: (1, 1, H, W) int64 levels.
        layer: from 0.
        position: the chosen pixel.
        labels: (1,) int64, or None.

    Raises:
        ValueError: no such layer or pixel.
    """
    row, column = position
    if not 0 <= layer < len(gated_layers(model)):
        raise ValueError(f"layer must be below {len(gated_layers(model))}, got {layer}")
    if not (0 <= row < pixels.shape[2] and 0 <= column < pixels.shape[3]):
        raise ValueError(f"position must lie in the image, got {position}")
    into_vertical, into_horizontal = _before_gates(model, pixels, layer, labels)
    above = (row - 1, column) if row else None
    return Streams(_split(into_vertical, above), _split(into_horizontal, position))


def _before_gates(
    model: Autoregressive, pixels: Tensor, layer: int, labels: Tensor | None
) -> tuple[Tensor, Tensor]:
    """What one pass brings to a layer's gates, (1, 2·features, H, W) for each stack.

    The model is shared by all visitors, so the hook goes to modules of our own around its tensors.
    """
    shared = {id(each): each for each in (*model.parameters(), *model.buffers())}
    own = copy.deepcopy(model, memo=shared)
    chosen, found = gated_layers(own)[layer], []
    chosen.register_forward_pre_hook(lambda _, inputs: found.append(chosen.before_gates(*inputs)))
    own.logits(pixels, labels)
    return found[0]


def _split(into_gate: Tensor, place: Position | None) -> StackMaps:
    content, door = into_gate[0].chunk(2)
    return StackMaps(content.tanh(), door.sigmoid(), place)

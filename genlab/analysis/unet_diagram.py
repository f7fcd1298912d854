"""A U-Net's block diagram as data: what runs at which resolution, and which bridges lead across.

As in `genlab.analysis.diagram`, all of it comes from a pass of the network. A bridge is where two
flows are laid side by side again and one of them has waited; what lies between the two ends of a
bridge is one level of the U.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genlab.analysis.flow import Knot, read_flow
from genlab.analysis.trace import Call, trace_logits
from genlab.core.protocols import Denoiser

Shape = tuple[int, ...]

JOIN = "cat"  # torch's name for laying channels side by side
WORDS = {
    JOIN: "side by side",
    "avg_pool2d": "mean of 2×2",
    "repeat_interleave": "each twice",
    "silu": "SiLU",
    "addcmul": "scaled, shifted",
    "GroupNorm": "normalisation",
    "Linear": "dense layer",
    "Identity": "as it is",
    "scaled_dot_product_attention": "attention",
    "Self attention2d": "Self-attention",
    "PositionEmbedding2d": "learned places",
}
REARRANGING = ("flatten", "unflatten", "transpose", "unbind", "reshape", "float")


@dataclass(frozen=True)
class Part:
    """One step of the U.

    Attributes:
        name: of the module in the network, "" for an operation.
        text: what it does.
        shape: of its output without the batch.
        parameters: its own numbers.
        hears: whether it hears what time and class became.
        inside: what a composed module does, in order.
    """

    name: str
    text: str
    shape: Shape
    parameters: int
    hears: bool = False
    inside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Level:
    """What is at one bridge: the steps down to where it leaves, and up from where it arrives."""

    down: tuple[Part, ...]
    up: tuple[Part, ...]


@dataclass(frozen=True)
class UNetDiagram:
    """A whole network.

    Attributes:
        image: (C, H, W) of what goes in and comes out.
        conditions: what time and class become, in order; its last shape is what all parts hear.
        levels: the finest first.
        middle: at the bottom of the U, in order.
    """

    image: Shape
    conditions: tuple[Part, ...]
    levels: tuple[Level, ...]
    middle: tuple[Part, ...]

    @property
    def parts(self) -> list[Part]:
        """All of the U in the order in which they run."""
        down = [part for level in self.levels for part in level.down]
        up = [part for level in reversed(self.levels) for part in level.up]
        return [*down, *self.middle, *up]

    @property
    def parameters(self) -> int:
        """Of the whole network."""
        return sum(part.parameters for part in (*self.conditions, *self.parts))


def draw_up_unet(build: Callable[[], Denoiser]) -> UNetDiagram:
    """The diagram of the denoiser that `build` makes.

    Raises:
        ValueError: it has no bridges, or they do not lie within one another.
    """
    call = _trace(build)
    outer, ends = read_flow(call)
    unet = ends[0][0]
    knots, _ = read_flow(unet.call)
    heard = set().union(*(knot.ancestors() for knot in unet.knots))
    return UNetDiagram(
        tuple(call.outputs[0].shape[1:]),
        tuple(_part(knot) for knot in outer if knot in heard),
        *_levels(knots),
    )


def _trace(build: Callable[[], Denoiser]) -> Call:
    """The network's call; `trace_logits` knows how to record one, so it is shown one."""

    def as_recorded() -> nn.Module:
        model = build()

        def logits(pixels: Tensor) -> None:
            model.predict_noise(pixels.float(), torch.zeros(1, dtype=torch.int64))

        model.logits = logits
        return model

    return trace_logits(as_recorded)[1]


def _levels(knots: list[Knot]) -> tuple[tuple[Level, ...], tuple[Part, ...]]:
    """The levels, the finest first, and what lies below them all."""
    joins = [(index, _leaves(knots, index)) for index in range(len(knots))]
    bridges = [(leaves, arrives) for arrives, leaves in joins if leaves is not None][::-1]
    inward = [leaves for leaves, _ in bridges] + [arrives for _, arrives in bridges[::-1]]
    if not bridges or inward != sorted(inward):
        raise ValueError("a U-Net has bridges, each within the one before it")
    parts = [_part(knot) for knot in knots]
    starts = [0, *(leaves + 1 for leaves, _ in bridges)]
    ends = [len(parts), *(arrives for _, arrives in bridges)]
    levels = tuple(
        Level(tuple(parts[start : leaves + 1]), tuple(parts[arrives:end]))
        for start, end, (leaves, arrives) in zip(starts, ends, bridges, strict=False)
    )
    return levels, tuple(parts[starts[-1] : ends[-1]])


def _leaves(knots: list[Knot], arrives: int) -> int | None:
    """Where the bridge begins that ends in a step; None if none ends there."""
    knot = knots[arrives]
    if knot.call.name != JOIN or len(knot.knots) < 2:
        return None
    return min(knots.index(source) for source in knot.knots)


def _part(knot: Knot) -> Part:
    module = knot.call.module
    return Part(
        name=knot.call.name if module is not None else "",
        text=_words(knot),
        shape=knot.shapes[0],
        parameters=knot.parameters,
        hears=any(source.index == 1 and not source.whole_numbers for source in knot.inputs),
        inside=tuple(_inside(knot.call)) if _is_composed(module) else (),
    )


def _is_composed(module: nn.Module | None) -> bool:
    return module is not None and any(module.children())


def _inside(call: Call) -> Iterator[str]:
    """What a module does, in order; a sequence of layers is told layer by layer."""
    for knot in read_flow(call)[0]:
        if isinstance(knot.call.module, nn.Sequential):
            yield from _inside(knot.call)
        elif knot.text not in REARRANGING:
            yield _words(knot)


def _words(knot: Knot) -> str:
    return WORDS.get(knot.text, knot.text)

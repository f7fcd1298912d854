"""Masked networks as arithmetic sees them: which positions each layer reads, and nothing else.

A layer is a short list of links between streams of features, all of the image's size. Biases,
gates, activations and identity skips around layers that read their own position move nothing from
one position to another, so they are left out.

Of PixelCNN++ there is only k = 3; its kernels for 5 and 7, and stacking it without strides, are
our generalisation. `genlab.analysis.masks` cites the papers.
"""

from collections.abc import Callable
from dataclasses import dataclass

from genlab.analysis.masks import (
    DOWN_SHIFT,
    ONE,
    RIGHT_SHIFT,
    Mask,
    column,
    down_right,
    downward,
    horizontal_a,
    horizontal_b,
    mask_a,
    mask_b,
    row,
    vertical,
    vertical_above,
    vertical_figure,
    vertical_mask_b,
)

OLD = "old "  # before a stream's name: its features one layer below; in the first layer the image


@dataclass(frozen=True, eq=False)
class Link:
    """`into` receives what `mask` reads of `source`; what several links bring is added up."""

    into: str
    source: str
    mask: Mask


Layer = tuple[Link, ...]
"""In the order of computing: whatever leads into a stream stands before what reads it."""

MaskOf = Callable[[int], Mask]
LayerOf = Callable[[int], Layer]
"""Of a kernel's side."""


@dataclass(frozen=True)
class Architecture:
    """A first layer, which reads the image, and equal layers behind it.

    Attributes:
        name: as cards and the command line have it.
        title: how a visitor knows it.
        first: the first layer's links, for a kernel's side.
        later: those of every further layer.
        output: the stream whose field is asked for.
        stream_names: of a network with two stacks; empty for a single one. The first one never
            reads the second.
        fixed_kernels: of the first and of the later layers, where they cannot be chosen.
        keeps: whether later layers hand on their own position, so that no field ever shrinks.
        wrong: for a network that is wrong on purpose, who made this mistake.
    """

    name: str
    title: str
    first: LayerOf
    later: LayerOf
    output: str = "x"
    stream_names: tuple[str, ...] = ()
    fixed_kernels: tuple[int, int] | None = None
    keeps: bool = True
    wrong: str | None = None

    def layer(self, index: int, kernel: int) -> Layer:
        """The links of layer `index`, 1 for the first."""
        if self.fixed_kernels is not None:
            kernel = self.fixed_kernels[min(index, 2) - 1]
        return self.first(kernel) if index == 1 else self.later(kernel)


def _single(mask: MaskOf) -> LayerOf:
    return lambda kernel: (Link("x", OLD + "x", mask(kernel)),)


def _two_stacks(v: MaskOf, h: MaskOf, shift: Mask = DOWN_SHIFT) -> LayerOf:
    """The gated network's layer; the shift leads from the vertical stack to the horizontal one."""
    return lambda kernel: (
        Link("vertical", OLD + "vertical", v(kernel)),
        Link("horizontal", OLD + "horizontal", h(kernel)),
        Link("horizontal", "vertical", shift),
    )


def _vertical_alone(kernel: int) -> Layer:
    """The vertical stack, and what the horizontal one would hear of it."""
    return (
        Link("vertical", OLD + "vertical", vertical(kernel)),
        Link("heard", "vertical", DOWN_SHIFT),
    )


def _plus_first(kernel: int) -> Layer:
    """PixelCNN++'s first layer: its shifts alone hide the pixel itself."""
    return (
        Link("unshifted", OLD + "downward", downward(kernel)),
        Link("downward", "unshifted", DOWN_SHIFT),
        Link("row", OLD + "down-right", row(kernel)),
        Link("down-right", "row", DOWN_SHIFT),
        Link("column", OLD + "down-right", column(kernel)),
        Link("down-right", "column", RIGHT_SHIFT),
    )


def _plus_later(kernel: int) -> Layer:
    return (
        Link("downward", OLD + "downward", downward(kernel)),
        Link("down-right", OLD + "down-right", down_right(kernel)),
        Link("down-right", "downward", ONE),
    )


def _plus_residual(kernel: int) -> Layer:
    """A gated residual block in each stream: two convolutions, the other stream between them."""
    return (
        Link("downward inside", OLD + "downward", downward(kernel)),
        Link("downward", "downward inside", downward(kernel)),
        Link("downward", OLD + "downward", ONE),
        Link("down-right inside", OLD + "down-right", down_right(kernel)),
        Link("down-right inside", "downward", ONE),
        Link("down-right", "down-right inside", down_right(kernel)),
        Link("down-right", OLD + "down-right", ONE),
    )


_GATED = {"output": "horizontal", "stream_names": ("vertical", "horizontal")}
_PLUS = {"output": "down-right", "stream_names": ("downward", "down-right")}

_ALL = (
    Architecture("a-then-b", "PixelCNN", _single(mask_a), _single(mask_b)),
    Architecture(
        "a7-then-b3",
        "PixelCNN, 7×7 then 3×3",
        _single(mask_a),
        _single(mask_b),
        fixed_kernels=(7, 3),
    ),
    Architecture(
        "gated",
        "Gated PixelCNN",
        _two_stacks(vertical, horizontal_a),
        _two_stacks(vertical, horizontal_b),
        **_GATED,
    ),
    Architecture(
        "gated7-then-3",
        "Gated PixelCNN, 7×7 then 3×3",
        _two_stacks(vertical, horizontal_a),
        _two_stacks(vertical, horizontal_b),
        fixed_kernels=(7, 3),
        **_GATED,
    ),
    Architecture(
        "gated-strict",
        "Gated PixelCNN without a shift: its first layer reads the rows above alone",
        _two_stacks(vertical_above, horizontal_a, ONE),
        _two_stacks(vertical, horizontal_b, ONE),
        **_GATED,
    ),
    Architecture(
        "gated-vertical",
        "Gated PixelCNN, the vertical stack alone",
        _vertical_alone,
        _vertical_alone,
        output="heard",
    ),
    Architecture("pixelcnnpp", "PixelCNN++", _plus_first, _plus_later, **_PLUS),
    Architecture(
        "pixelcnnpp-resnet",
        "PixelCNN++ with residual blocks",
        _plus_first,
        _plus_residual,
        **_PLUS,
    ),
    Architecture(
        "a-only",
        "Mask A in every layer",
        _single(mask_a),
        _single(mask_a),
        keeps=False,
        wrong=(
            "rosinality/vq-vae-2-pytorch, issue 31, asks about it: every layer of its PixelSNAIL "
            "leaves the pixel itself out. Residual connections bring it back, it is guessed there."
        ),
    ),
    Architecture(
        "b-only",
        "Mask B in every layer",
        _single(mask_b),
        _single(mask_b),
        wrong=(
            "Common in texts that draw “the mask” with a centre of 1. The symptom is told in "
            "carpedm20/pixel-rnn-tensorflow, issue 1: the network copies, but cannot draw."
        ),
    ),
    Architecture(
        "b7-then-b3",
        "Mask B in every layer, 7×7 then 3×3",
        _single(mask_b),
        _single(mask_b),
        fixed_kernels=(7, 3),
        wrong="Our own cheat: PixelCNN, 7×7 then 3×3, with mask B in its first layer, too.",
    ),
    Architecture(
        "gated-figure-1",
        "Gated PixelCNN after figure 1 of its paper",
        _two_stacks(vertical_above, horizontal_a, ONE),
        _two_stacks(vertical_figure, horizontal_b, ONE),
        wrong=(
            "Figure 1 of the Gated PixelCNN paper (arXiv 1606.05328), read literally, blocks the "
            "vertical stack's own row but for its centre."
        ),
        **_GATED,
    ),
    Architecture(
        "gated-mask-b",
        "Gated PixelCNN with mask B in its vertical stack",
        _two_stacks(vertical_above, horizontal_a, ONE),
        _two_stacks(vertical_mask_b, horizontal_b, ONE),
        wrong="Masks of a web tutorial: the vertical stack reads mask B from its second layer on.",
        **_GATED,
    ),
    Architecture(
        "gated-no-shift",
        "Gated PixelCNN with the downward shift forgotten",
        _two_stacks(vertical, horizontal_a, ONE),
        _two_stacks(vertical, horizontal_b, ONE),
        wrong=(
            "rampage644/wavenet, issue 5: the first layer is not causal, and enough shifting is "
            "on the list of remedies."
        ),
        **_GATED,
    ),
)

ARCHITECTURES: dict[str, Architecture] = {each.name: each for each in _ALL}

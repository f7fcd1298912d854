"""The layers that the models are made of, stacked as each architecture stacks them, and nothing
else: no gates, no activations, all weights 1, no biases.

Such a stack is linear with positive weights, so that no two paths cancel: a pixel's derivative is
positive exactly if the target depends on it. Nothing here knows of the masks in
`genlab.analysis.masks`: it is the other of two methods, which the tests hold against each other.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from genlab.nn.gated import GatedLayer, HorizontalConv2d, VerticalConv2d, down_shift
from genlab.nn.masked import MaskedConv2d, MaskType
from genlab.nn.shifted import DownRightShiftedConv2d, DownShiftedConv2d, right_shift

Stack = Callable[[Tensor], Tensor]
"""(B, 1, H, W) float64 → the same shape times some channels."""


def linear_stack(architecture: str, kernels: list[int]) -> Stack:
    """The layers of an architecture, first layer first, with a kernel's side for each.

    Raises:
        ValueError: no such architecture.
    """
    if architecture not in _STACKS:
        raise ValueError(f"architecture must be one of {', '.join(_STACKS)}, got {architecture!r}")
    return _STACKS[architecture](kernels)


@torch.no_grad()
def _linear(layer: nn.Module) -> nn.Module:
    """Weights 1, biases 0, float64."""
    for name, parameter in layer.named_parameters():
        parameter.fill_(0 if name.endswith("bias") else 1)
    return layer.double().requires_grad_(False)


def _single(first: MaskType, later: MaskType) -> Callable[[list[int]], Stack]:
    def build(kernels: list[int]) -> Stack:
        return nn.Sequential(
            *(
                _linear(MaskedConv2d(1, 1, kernel, mask_type=later if index else first))
                for index, kernel in enumerate(kernels)
            )
        )

    return build


def _gated_layers(kernels: list[int]) -> list[GatedLayer]:
    """A layer's two channels go into the gates in the model; here they go on to the next layer."""
    return [
        _linear(GatedLayer(2 if index else 1, 1, kernel, mask_type="B" if index else "A"))
        for index, kernel in enumerate(kernels)
    ]


def _gated(kernels: list[int]) -> Stack:
    layers = _gated_layers(kernels)

    def run(x: Tensor) -> Tensor:
        v = h = x
        for layer in layers:
            v, h = layer.before_gates(v, h)
        return h

    return run


def _gated_vertical(kernels: list[int]) -> Stack:
    layers = _gated_layers(kernels)

    def run(v: Tensor) -> Tensor:
        for layer in layers:
            v = layer.vertical(v)
        return down_shift(v)

    return run


def _gated_no_shift(kernels: list[int]) -> Stack:
    """As `_gated`; the mistake is in what is missing before the link."""
    layers = _gated_layers(kernels)

    def run(x: Tensor) -> Tensor:
        v = h = x
        for layer in layers:
            v = layer.vertical(v)
            h = layer.horizontal(h) + layer.link(v)
        return h

    return run


def _strict(later: Callable[[int], nn.Module]) -> Callable[[list[int]], Stack]:
    """Two stacks without a shift; the first vertical layer reads the rows above alone."""

    def build(kernels: list[int]) -> Stack:
        vertical = [
            _linear(later(kernel) if index else _rows_above(kernel))
            for index, kernel in enumerate(kernels)
        ]
        horizontal = [
            _linear(HorizontalConv2d(1, 1, kernel, mask_type="B" if index else "A"))
            for index, kernel in enumerate(kernels)
        ]

        def run(x: Tensor) -> Tensor:
            v = h = x
            for read_v, read_h in zip(vertical, horizontal, strict=True):
                v = read_v(v)
                h = read_h(h) + v
            return h

        return run

    return build


def _rows_above(kernel: int) -> MaskedConv2d:
    layer = MaskedConv2d(1, 1, kernel, mask_type="A")
    layer.mask[kernel // 2] = 0
    return layer


def _figure_1(kernel: int) -> MaskedConv2d:
    """The mistake: of its own row a vertical layer reads only the centre."""
    layer = _rows_above(kernel)
    layer.mask[kernel // 2, kernel // 2] = 1
    return layer


def _plus_first(kernel: int) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
    rows = kernel // 2 + 1
    block = _linear(DownShiftedConv2d(1, 1, (rows, kernel)))
    row = _linear(DownShiftedConv2d(1, 1, (1, kernel)))
    column = _linear(DownRightShiftedConv2d(1, 1, (rows, 1)))
    return lambda x: (down_shift(block(x)), down_shift(row(x)) + right_shift(column(x)))


def _plus_convolutions(kernel: int) -> tuple[nn.Module, nn.Module]:
    rows = kernel // 2 + 1
    return (
        _linear(DownShiftedConv2d(1, 1, (rows, kernel))),
        _linear(DownRightShiftedConv2d(1, 1, (rows, rows))),
    )


def _plus(kernels: list[int]) -> Stack:
    first, later = _plus_first(kernels[0]), [_plus_convolutions(kernel) for kernel in kernels[1:]]

    def run(x: Tensor) -> Tensor:
        u, ul = first(x)
        for down, down_right in later:
            u = down(u)
            ul = down_right(ul) + u
        return ul

    return run


def _plus_residual(kernels: list[int]) -> Stack:
    first = _plus_first(kernels[0])
    later = [(*_plus_convolutions(kernel), *_plus_convolutions(kernel)) for kernel in kernels[1:]]

    def run(x: Tensor) -> Tensor:
        u, ul = first(x)
        for down, down_right, down_again, down_right_again in later:
            u = u + down_again(down(u))
            ul = ul + down_right_again(down_right(ul) + u)
        return ul

    return run


_STACKS: dict[str, Callable[[list[int]], Stack]] = {
    "a-then-b": _single("A", "B"),
    "a7-then-b3": _single("A", "B"),
    "gated": _gated,
    "gated7-then-3": _gated,
    "gated-strict": _strict(lambda kernel: VerticalConv2d(1, 1, kernel)),
    "gated-vertical": _gated_vertical,
    "pixelcnnpp": _plus,
    "pixelcnnpp-resnet": _plus_residual,
    "a-only": _single("A", "A"),
    "b-only": _single("B", "B"),
    "b7-then-b3": _single("B", "B"),
    "gated-figure-1": _strict(_figure_1),
    "gated-mask-b": _strict(lambda kernel: MaskedConv2d(1, 1, kernel, mask_type="B")),
    "gated-no-shift": _gated_no_shift,
}

"""From the calls of a pass to the steps worth drawing, and which of them feed which.

What only rearranges disappears, and two idioms become one step each: padding that is cut off at
the other side is a shift, a tanh times a σ a gate. All of it is read off the calls' own arguments.
"""

import re
from dataclasses import dataclass, field

from torch import nn

from genlab.analysis.trace import Call
from genlab.nn.gated import HorizontalConv2d, VerticalConv2d
from genlab.nn.masked import MaskedConv2d

WORDS = {"relu": "ReLU", "relu_": "ReLU", "sigmoid": "σ", "add": "+", "mul": "×", "pad": "padding"}
REARRANGING = ("__getitem__", "chunk", "unsqueeze", "to")


@dataclass(frozen=True)
class Input:
    """A tensor that comes in from outside, such as the labels where it holds whole numbers."""

    index: int
    whole_numbers: bool


@dataclass(eq=False)
class Knot:
    """A step and what feeds it.

    Attributes:
        text: what it does.
        note: how, in a few words.
        sources: with the number of the source's output that comes in.
    """

    call: Call
    text: str
    note: str
    sources: list[tuple["Knot | Input", int]] = field(default_factory=list)

    @property
    def knots(self) -> list["Knot"]:
        """The sources inside."""
        return [source for source, _ in self.sources if isinstance(source, Knot)]

    @property
    def inputs(self) -> list[Input]:
        """The sources outside."""
        return [source for source, _ in self.sources if isinstance(source, Input)]

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Of each output, without the batch."""
        return tuple(tuple(output.shape[1:]) for output in self.call.outputs)

    @property
    def parameters(self) -> int:
        """Its own numbers, the masked ones included."""
        module = self.call.module
        return sum(each.numel() for each in module.parameters()) if module is not None else 0

    @property
    def is_condition(self) -> bool:
        """Whether it depends on whole numbers alone: the labels."""
        if not self.sources:
            return False
        return all(
            source.whole_numbers if isinstance(source, Input) else source.is_condition
            for source, _ in self.sources
        )

    def ancestors(self) -> set["Knot"]:
        """Itself and all that feeds it."""
        found, waiting = set(), [self]
        while waiting:
            knot = waiting.pop()
            if knot not in found:
                found.add(knot)
                waiting += knot.knots
        return found


def describe_module(module: nn.Module) -> tuple[str, str] | None:
    """What a layer does and how, from its own attributes; None for a composed one."""
    if isinstance(module, MaskedConv2d):
        side = module.kernel_size
        return f"{side}×{side} convolution", f"mask {module.mask_type}"
    if isinstance(module, VerticalConv2d):
        rows, columns = module.convolution.kernel_size
        return f"Vertical {rows}×{columns}", "own row and above"
    if isinstance(module, HorizontalConv2d):
        rows, columns = module.convolution.kernel_size
        return f"Horizontal {rows}×{columns}", f"to the left, mask {module.mask_type}"
    if isinstance(module, nn.Conv2d):
        rows, columns = module.kernel_size
        return f"{rows}×{columns} convolution", ""
    if isinstance(module, nn.Embedding):
        return f"{module.num_embeddings} labels", "a bias each"
    return None if any(module.children()) else (type(module).__name__, "")


def read_flow(scope: Call) -> tuple[list[Knot], list[tuple[Knot | Input, int]]]:
    """The steps of a module's call in their order, and where its outputs come from."""
    origin = {
        id(tensor): (Input(index, not tensor.is_floating_point()), 0)
        for index, tensor in enumerate(scope.inputs)
    }
    knots: list[Knot] = []
    for call in scope.children:
        sources = [origin[id(tensor)] for tensor in call.inputs if id(tensor) in origin]
        if not sources:
            continue  # a constant, or a weight at work
        knot = _knot(call, sources, knots)
        for index, output in enumerate(call.outputs):
            origin[id(output)] = sources[0] if knot is None else (knot, index)
    return knots, [origin[id(output)] for output in scope.outputs]


def _knot(call: Call, sources: list, knots: list[Knot]) -> Knot | None:
    """The call as a new step at the end of `knots`; None if it only rearranges its source."""
    feeding = [source for source, _ in sources if isinstance(source, Knot)]
    if call.name == "__getitem__" and (rows := _rows_down(call, feeding)):
        return _merge(call, f"shift down {rows} row{'s' * (rows > 1)}", feeding, knots)
    if call.module is None and call.name in REARRANGING:
        return None
    if call.name == "mul" and {each.call.name for each in feeding} == {"tanh", "sigmoid"}:
        return _merge(call, "tanh × σ", feeding, knots)
    text, note = WORDS.get(call.name, call.name), ""
    if call.module is not None:
        text, note = describe_module(call.module) or (_title(call.module), "")
    knots.append(Knot(call, text, note, sources))
    return knots[-1]


def _merge(call: Call, text: str, parts: list[Knot], knots: list[Knot]) -> Knot:
    """One step in place of those that it was made of."""
    sources = list(dict.fromkeys(source for part in parts for source in part.sources))
    knots[:] = [knot for knot in knots if knot not in parts]
    knots.append(Knot(call, text, "", sources))
    return knots[-1]


def _rows_down(call: Call, feeding: list[Knot]) -> int:
    """By how many rows a cut after a padding moves everything down; 0 if it does anything else."""
    if [each.call.name for each in feeding] != ["pad"]:
        return 0
    padding, cut = feeding[0].call.arguments[1], call.arguments[1]
    rows = padding[2] if len(padding) == 4 else 0
    whole = slice(None)
    is_shift = rows and padding == (0, 0, rows, 0) and cut == (whole, whole, slice(None, -rows))
    return rows if is_shift else 0


def _title(module: nn.Module) -> str:
    """MaskedResidualBlock becomes Masked residual block."""
    words = re.findall(r"[A-Z][a-z0-9]*", type(module).__name__)
    return " ".join(words).capitalize()

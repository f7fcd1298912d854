"""A network's block diagram as data: what follows what, with shapes, parameters and repetitions.

All of it comes from a pass of the network (`genlab.analysis.trace`), so that a network with other
layers has another diagram without a word of it being changed by hand.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from genlab.analysis.flow import Input, Knot, describe_module, read_flow
from genlab.analysis.trace import trace_logits
from genlab.core.protocols import Autoregressive

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Step:
    """One layer or operation.

    Attributes:
        name: of the module within its block, "" for an operation.
        text: what it does.
        note: how.
        shape: of its output without the batch.
        parameters: its own numbers, the masked ones included.
        adds: what an addition takes in beside its own lane: "input", "bridge", "class", "skips".
    """

    name: str = field(compare=False)
    text: str
    note: str
    shape: Shape
    parameters: int
    adds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Skip:
    """A step beside the flow whose results are summed up for the head; it reads one lane's end."""

    lane: int
    step: Step


@dataclass(frozen=True)
class Block:
    """Steps that belong together, and how often they follow one another.

    Attributes:
        names: of the modules in the network, one for each repetition; "" for an operation.
        title: its kind; "" for a single step.
        lanes: one for each output, each a flow of its own from the block's inputs.
        bridge: from the first lane to the second one.
        bridge_from: which step of the first lane the bridge starts from.
        condition: what the labels are turned into.
        shapes: of the outputs.
    """

    names: tuple[str, ...] = field(compare=False)
    title: str
    lanes: tuple[tuple[Step, ...], ...]
    bridge: tuple[Step, ...]
    bridge_from: int
    condition: tuple[Step, ...]
    skip: Skip | None
    shapes: tuple[Shape, ...]

    @property
    def steps(self) -> list[Step]:
        """All of them, of one repetition."""
        inside = [step for lane in self.lanes for step in lane]
        beside = [self.skip.step] if self.skip else []
        return [*self.condition, *inside, *self.bridge, *beside]

    @property
    def parameters(self) -> int:
        """Of one repetition."""
        return sum(step.parameters for step in self.steps)


@dataclass(frozen=True)
class Diagram:
    """A whole network.

    Attributes:
        image: (C, H, W) of what goes in.
        blocks: in their order, equal neighbours drawn together.
        logits: (levels, C, H, W) of what comes out.
    """

    image: Shape
    blocks: tuple[Block, ...]
    logits: Shape

    @property
    def parameters(self) -> int:
        """Of the whole network."""
        return sum(block.parameters * len(block.names) for block in self.blocks)


def draw_up(build: Callable[[], Autoregressive]) -> Diagram:
    """The diagram of the network that `build` makes."""
    model, call = trace_logits(build)
    knots, _ = read_flow(call)
    sums = _running_sums(knots)
    skips = {knot.sources[0]: knot for each in sums for knot in each.knots if knot not in sums}
    blocks = []
    for knot in knots:
        if knot in skips.values() or knot in sums[:-1]:
            continue
        block = _sum_up(knot, len(skips)) if knot in sums else _block(knot, skips)
        if blocks and blocks[-1] == block:
            block = replace(block, names=blocks.pop().names + block.names)
        blocks.append(block)
    return Diagram(model.spec.shape, tuple(blocks), (model.spec.levels, *model.spec.shape))


def _running_sums(knots: list[Knot]) -> list[Knot]:
    """Additions that only collect the results of layers: 0 + a, (0 + a) + b, …"""
    sums: list[Knot] = []
    for knot in knots:
        layers = [each for each in knot.knots if each.call.module is not None]
        others = [each for each in knot.knots if each not in layers]
        is_sum = knot.text == "+" and len(layers) == 1 and not knot.inputs
        if is_sum and others == sums[-1:]:
            sums.append(knot)
    return sums


def _sum_up(last: Knot, count: int) -> Block:
    return _single("", Step("", "+", f"Sum of {count} skips", last.shapes[0], 0, ("skips",)))


def _block(knot: Knot, skips: dict) -> Block:
    module, call = knot.call.module, knot.call
    if module is None or describe_module(module) is not None:
        return _single(call.name if module is not None else "", _step(knot, ""))
    block = _composed(knot)
    for index in range(len(call.outputs)):
        if (knot, index) in skips:
            skip = skips[knot, index]
            block = replace(block, skip=Skip(index, _step(skip, "")))
    return block


def _single(name: str, step: Step) -> Block:
    return Block(
        names=(name,),
        title="",
        lanes=((step,),),
        bridge=(),
        bridge_from=0,
        condition=(),
        skip=None,
        shapes=(step.shape,),
    )


def _composed(knot: Knot) -> Block:
    name = knot.call.name
    knots, ends = read_flow(knot.call)
    condition = [each for each in knots if each.is_condition]
    lanes, bridge = _part([each for each in knots if not each.is_condition], ends)
    kinds = {**dict.fromkeys(bridge, "bridge"), **dict.fromkeys(condition, "class")}
    return Block(
        names=(name,),
        title=knot.text,
        lanes=tuple(tuple(_step(each, name, kinds) for each in lane) for lane in lanes),
        bridge=tuple(_step(each, name) for each in bridge),
        bridge_from=lanes[0].index(bridge[0].knots[0]) if bridge else 0,
        condition=tuple(_step(each, name) for each in condition),
        skip=None,
        shapes=knot.shapes,
    )


def _part(knots: list[Knot], ends: list) -> tuple[list[list[Knot]], list[Knot]]:
    """A lane for each output, the first one's steps first, and what leads from it to the second."""
    ways = [end.ancestors() if isinstance(end, Knot) else set() for end, _ in ends]
    lanes: list[list[Knot]] = [[] for _ in ways]
    bridge: list[Knot] = []
    for knot in knots:
        lane = next((index for index, way in enumerate(ways) if knot in way), 0)
        if lane and knot.knots and all(each in lanes[0] + bridge for each in knot.knots):
            bridge.append(knot)
        else:
            lanes[lane].append(knot)
    return lanes, bridge


def _step(knot: Knot, parent: str, kinds: dict[Knot, str] | None = None) -> Step:
    name = knot.call.name.removeprefix(f"{parent}.") if knot.call.module is not None else ""
    return Step(
        name=name,
        text=knot.text,
        note=knot.note,
        shape=knot.shapes[0],
        parameters=knot.parameters,
        adds=_added(knot, kinds or {}),
    )


def _added(knot: Knot, kinds: dict[Knot, str]) -> tuple[str, ...]:
    if knot.text != "+":
        return ()
    sources = [source for source, _ in knot.sources]
    found = ["input" if isinstance(each, Input) else kinds.get(each, "") for each in sources]
    return tuple(kind for kind in found if kind)

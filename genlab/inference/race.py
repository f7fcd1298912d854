"""A race of samplers that draw the same images from the same uniforms, each at its own speed.

Four lanes: the naive sampler runs the whole network for each pixel; the cached one computes a
column of features a pixel; the wavefront draws pixels together that do not see each other; the
fixed point guesses all of them at once until nothing moves. A lane is a generator that can be left
and taken up again, so that lanes run one after the other or in turns. Each has a clock that runs
only while the lane itself computes.

How often a lane runs the whole network is counted by a forward hook. The hook sits on a copy of the
network that shares its weights: the network itself serves other visitors at the same moment.
"""

import copy
import functools
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genlab.core.frames import Frame
from genlab.core.protocols import Autoregressive, Incremental
from genlab.inference.autoregressive import NAIVE, make_stepper, stream_pixels
from genlab.inference.fixed_point import FixedPointFrame, stream_fixed_point
from genlab.inference.guidance import Guided
from genlab.inference.pixel_frames import PixelFrame

CACHED, WAVEFRONT, FIXED_POINT = "cached", "wavefront", "fixed point"
LANES = (NAIVE, CACHED, WAVEFRONT, FIXED_POINT)
LONGEST = 20.0  # seconds of computing, after which a lane stops where it is
TURN = 1 / 30  # seconds of computing between two frames of a lane: what an eye can follow

_ORDERS = {NAIVE: NAIVE, CACHED: "raster", WAVEFRONT: "wavefront"}
_REASONS = {
    CACHED: "This network has no sampler that keeps what it computed for earlier pixels.",
    WAVEFRONT: "This network has no blind spot: a pixel reads its left neighbour and, far to its "
    "right, the row above. So its cache draws one after the other.",
}

_Step = tuple[Frame, Tensor]  # and which pixels are final, (B, H, W) bool


@dataclass(frozen=True, eq=False)
class LaneFrame(Frame):
    """How far a lane has come.

    `images` are 0 where nothing is drawn; a fixed point shows its guesses. `step` counts the lane's
    own steps: pixels, fronts or passes.

    Attributes:
        lane: one of `LANES`.
        final: (B, H, W) bool, the pixels that this lane will not touch again.
        evaluations: how often the whole network has run.
        seconds: of computing, the lane's own alone.
        is_stopped: whether it gave up here, see `LONGEST`.
    """

    lane: str
    final: Tensor
    evaluations: int
    seconds: float
    is_stopped: bool = False

    @property
    def pixels(self) -> int:
        """How many of the H · W pixels are final in all images."""
        return int(self.final.flatten(1).sum(dim=1).min())


@dataclass(frozen=True, eq=False)
class Lane:
    """One sampler of a race; `frames` is None where the network has none such, and `reason` why."""

    name: str
    frames: Iterator[LaneFrame] | None
    reason: str = ""


@dataclass(frozen=True)
class Comparison:
    """What lanes have in common.

    Attributes:
        is_identical: whether all pixels that are final in two lanes are the same in both.
        pixels: how many of all images are final in all lanes.
    """

    is_identical: bool
    pixels: int


def line_up(
    model: nn.Module,
    uniforms: Tensor,
    *,
    temperature: float | Tensor = 1.0,
    top_p: float | Tensor = 1.0,
    given: Tensor | None = None,
    labels: Tensor | None = None,
    guidance: float = 1.0,
    longest: float = LONGEST,
    turn: float = TURN,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[Lane, ...]:
    """The four lanes at the start; nothing is computed before their frames are asked for.

    Args:
        model: an `Autoregressive` network.
        uniforms: (B, C, H, W) in [0, 1), the same for all lanes.
        temperature: see `stream_pixels`, as `top_p`, `given` and `labels`.
        guidance: 1 is the model itself; see `genlab.inference.guidance`.
        longest: seconds of computing that a lane has.
        turn: a lane yields when it has computed for so long; 0 yields every step.
        clock: seconds from any start.

    Raises:
        ValueError: guidance without labels.
    """
    if labels is None and guidance != 1:
        raise ValueError(f"guidance needs labels, and there are none, got {guidance}")

    def steps(name: str, network: nn.Module) -> Iterator[_Step]:
        drawing = network if guidance == 1 else Guided(network, guidance)
        asked = {"temperature": temperature, "top_p": top_p, "given": given}
        if name == FIXED_POINT:
            return _guessed(stream_fixed_point(drawing, uniforms, labels=labels, **asked))
        stepper = make_stepper(drawing, len(uniforms), labels, order=_ORDERS[name])
        return _drawn(stream_pixels(drawing, uniforms, stepper=stepper, **asked))

    def lane(name: str) -> Lane:
        if name in _REASONS and not _offers(model, _ORDERS[name]):
            return Lane(name, None, _REASONS[name])
        network, passes = _counting(model)
        start = functools.partial(steps, name, network)
        return Lane(name, _run(name, start, passes, longest=longest, turn=turn, clock=clock))

    return tuple(lane(name) for name in LANES)


def in_turns(lanes: Sequence[Lane]) -> Iterator[LaneFrame]:
    """Frames of all lanes in one thread; who has computed least is next.

    So all clocks go together, as if each lane had a machine of its own.
    """
    spent = dict.fromkeys((lane for lane in lanes if lane.frames is not None), 0.0)
    while spent:
        lane = min(spent, key=spent.get)
        frame = next(lane.frames, None)
        if frame is None:
            del spent[lane]
        else:
            spent[lane] = frame.seconds
            yield frame


def one_after_another(lanes: Sequence[Lane]) -> Iterator[LaneFrame]:
    """Frames of all lanes, one lane to its end and then the next."""
    return itertools.chain.from_iterable(lane.frames for lane in lanes if lane.frames is not None)


def compare(frames: Sequence[LaneFrame]) -> Comparison:
    """Whether lanes drew the same: the latest frame of each, whole or not.

    Raises:
        ValueError: there is none.
    """
    if not frames:
        raise ValueError("frames must hold at least one, got none")
    identical = all(_agree(*pair) for pair in itertools.combinations(frames, 2))
    return Comparison(identical, int(torch.stack([f.final for f in frames]).all(dim=0).sum()))


def _agree(one: LaneFrame, other: LaneFrame) -> bool:
    both = (one.final & other.final)[:, None]  # (B, 1, H, W)
    return torch.equal(one.images * both, other.images * both)


def _offers(model: Autoregressive, order: str) -> bool:
    return isinstance(model, Incremental) and order in model.orders


def _counting(model: nn.Module) -> tuple[nn.Module, list[None]]:
    """A copy that shares the weights, and a list that grows by one with every pass."""
    shared = {id(tensor): tensor for tensor in itertools.chain(model.parameters(), model.buffers())}
    network, passes = copy.deepcopy(model, shared), []
    network.register_forward_hook(lambda *_: passes.append(None))
    return network, passes


def _drawn(frames: Iterator[PixelFrame]) -> Iterator[_Step]:
    """What is drawn is final."""
    final = None
    for frame in frames:
        batch, _, height, width = frame.images.shape
        final = torch.zeros(height, width, dtype=torch.bool) if final is None else final.clone()
        final[frame.front[:, 0], frame.front[:, 1]] = True
        yield frame, final.expand(batch, -1, -1)


def _guessed(frames: Iterator[FixedPointFrame]) -> Iterator[_Step]:
    """What cannot move any more is final: the first pixels in raster order."""
    for frame in frames:
        places = torch.arange(frame.changed[0].numel()).view_as(frame.changed[0])
        yield frame, places < frame.final.view(-1, 1, 1)


def _run(
    name: str,
    start: Callable[[], Iterator[_Step]],
    passes: list[None],
    *,
    longest: float,
    turn: float,
    clock: Callable[[], float],
) -> Iterator[LaneFrame]:
    """Take steps, a turn at a time; the clock stands still until the next turn is asked for."""
    seconds, steps, is_over = 0.0, None, False
    while not is_over:
        began, spent = clock(), -1.0
        while spent < turn and not is_over:
            steps = start() if steps is None else steps  # to get ready is computing, too
            frame, final = next(steps)
            spent = clock() - began
            is_over = frame.is_last or seconds + spent >= longest
        seconds += spent
        yield LaneFrame(
            *(frame.images, frame.step, frame.total, name, final, len(passes), seconds),
            is_stopped=is_over and not frame.is_last,
        )

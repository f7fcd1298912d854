"""The race as the page shows it: lanes at the start, frames as they are computed, and the course.

What is said later about the race is read off the frames that were shown, and off nothing else.
"""

import uuid
from collections.abc import Generator
from dataclasses import dataclass, field

from genlab.core.images import quantise
from genlab.inference.race import (
    FIXED_POINT,
    LANES,
    Lane,
    LaneFrame,
    in_turns,
    one_after_another,
)
from genlab.store import ModelStore
from genlab.ui.canvas.race_payload import End, RaceWriter
from genlab.ui.pixels.race_asked import TURNS, Asked, caption, make_lanes


@dataclass(eq=False)
class Course:
    """What is known of a race so far.

    Attributes:
        reasons: of each lane that cannot run, why.
        frames: the newest of each lane that has begun.
    """

    reasons: dict[str, str] = field(default_factory=dict)
    frames: dict[str, LaneFrame] = field(default_factory=dict)

    @property
    def finished(self) -> list[LaneFrame]:
        """The last frames of the lanes that are done, the quickest first."""
        done = [frame for frame in self.frames.values() if frame.is_last]
        return sorted(done, key=lambda frame: frame.seconds)


def at_the_start(store: ModelStore, asked: Asked) -> str:
    """The lanes before the race: what all of them are given, and which cannot run."""
    return _writer(store, asked, make_lanes(asked)).header()


def stream(store: ModelStore, asked: Asked, course: Course) -> Generator[str, None, None]:
    """The race, line by line.

    Args:
        course: gets the frames as they come.
    """
    lanes = make_lanes(asked)
    course.reasons.update({lane.name: lane.reason for lane in lanes if lane.frames is None})
    writer = _writer(store, asked, lanes)
    yield writer.header()
    # One after another the naive lane comes last: nobody waits 20 s for the first picture.
    frames = in_turns(lanes) if asked.order == TURNS else one_after_another(lanes[::-1])
    for frame in frames:
        course.frames[frame.lane] = frame
        yield _line(writer, frame, asked.model.spec.levels)


def _writer(store: ModelStore, asked: Asked, lanes: tuple[Lane, ...]) -> RaceWriter:
    reasons = {place: lane.reason for place, lane in enumerate(lanes) if lane.frames is None}
    return RaceWriter(
        uuid.uuid4().hex[:8], asked.uniforms[:, 0].numpy(), levels=asked.model.spec.levels,
        caption=caption(store, asked), reasons=reasons,
    )  # fmt: skip


def _line(writer: RaceWriter, frame: LaneFrame, levels: int) -> str:
    """A guess stands at every pixel; other lanes show what is final alone."""
    guesses = frame.lane == FIXED_POINT
    there = frame.final.logical_or(frame.final.new_tensor(guesses))
    return writer.frame(
        LANES.index(frame.lane), quantise(frame.images[:, 0], levels).numpy(), there.numpy(),
        seconds=frame.seconds, step=frame.step, passes=frame.evaluations, pixels=frame.pixels,
        final=frame.final.flatten(1).sum(dim=1).tolist() if guesses else None, end=_end(frame),
    )  # fmt: skip


def _end(frame: LaneFrame) -> End:
    if frame.is_stopped:
        return "stopped"
    return "finished" if frame.is_last else ""

"""What the page of the race says: which lane does what, why all draw the same, what was measured.

Every number is read off the frames of the race on screen, and "identical" is what `compare` found.
"""

from html import escape

from genlab.inference.autoregressive import NAIVE
from genlab.inference.race import (
    CACHED,
    FIXED_POINT,
    LANES,
    WAVEFRONT,
    LaneFrame,
    compare,
)
from genlab.ui.canvas.race import LaneWords
from genlab.ui.pixels import lens_tables as tables
from genlab.ui.pixels.race_asked import NAMES, RUNS, SPOKEN, Guess
from genlab.ui.pixels.race_views import Course

WORDS = {
    NAIVE: ("Runs the whole network for every pixel, and uses one pixel of its answer.", "steps"),
    CACHED: ("Keeps what every layer found at earlier pixels; computes one pixel's share.",
             "steps"),
    WAVEFRONT: ("Cached, too; draws all pixels at once that cannot see one another.", "fronts"),
    FIXED_POINT: ("Guesses all pixels, lets the network see the guess, draws all again.",
                  "guesses"),
}  # fmt: skip
"""Of each lane: what it does, and what its steps are called."""

WHY = """
**Why all four draw the same picture.** A pixel is decided by two things: the distribution that the
network computes from the pixels before it, and one random number, drawn once for this pixel and
the same in all lanes. A sampler may take any way to the distributions, as long as it gets them.

- **Naive** is the definition. Before each pixel the whole network runs, and 783 of its 784 answers
  are thrown away.
- **Cached**: the masks let no layer look ahead, so what a layer found at an earlier pixel never
  changes again. To keep it and to compute it anew is the same.
- **Wavefront**: in a network with a blind spot, pixels far enough apart on a slanted line cannot
  see one another in any layer. Which of them is drawn first cannot matter, so they are drawn at
  once.
- **Fixed point**: the first pixel depends on no guess, so it is right after one run; the second
  needs the first alone, so it is right after two, and so on. After 784 runs all would be right. It
  ends much earlier, since most pixels come out right although something far before them is wrong.
  Hatched pixels may still move.

*Up to rounding.* The lanes add the same numbers up in another order, so the last digits of a
probability can differ. A pixel differs only if its random number falls into that gap. That is why
this page compares the pixels and does not just claim that they are the same.

*What the clocks count.* A lane's clock runs while this lane computes, and stands still while
another one does or while the page is painted. Other visitors slow all lanes down. The runs of the
whole network are counted by a hook on it; the cached lane and the wavefront never run it whole, so
they have none.
"""

ASK = "Guess first, then press *Race*."


def lanes() -> list[LaneWords]:
    """What stands at the lanes."""
    return [LaneWords(title=NAMES[name], text=WORDS[name][0], step=WORDS[name][1])
            for name in LANES]  # fmt: skip


def tell_so_far(course: Course) -> str:
    """How far the lanes are; it stays true when somebody stops the race."""
    far = [f"{SPOKEN[each.lane]} {each.pixels}" for each in course.frames.values()]
    total = "".join(f" of {_all(each)}" for each in list(course.frames.values())[:1])
    return f"Final pixels{total}: {', '.join(far) or 'none yet'}.\n\n{tell_identical(course)}"


def tell_identical(course: Course) -> str:
    """Whether the lanes drew the same pixels, as far as they came."""
    frames = list(course.frames.values())
    if len(frames) < 2:
        return "Identical pixels: nothing to compare yet."
    found, everything = compare(frames), frames[0].final.numel()
    if not found.is_identical:
        return (
            "Identical pixels: **no**. Two lanes drew another level at the same pixel. Rounding "
            "can do that where a random number falls on the edge between two levels; draw another "
            "seed, and if it happens again, a sampler is wrong."
        )
    told = f"Identical pixels: **yes**, {found.pixels:,} of {everything:,} compared in all lanes"
    done = course.finished
    if found.pixels < everything and 1 < len(done) < len(frames):
        told += f", all {compare(done).pixels:,} in the {len(done)} that finished"
    return f"{told}."


def tell_race(course: Course, guess: Guess) -> str:
    """What the race showed, the guesses first."""
    parts = [_judge_first(course, guess), _judge_runs(course, guess), tell_identical(course)]
    return "\n\n".join(each for each in parts if each)


def _judge_first(course: Course, guess: Guess) -> str:
    done = course.finished
    if not done:
        return "No lane finished."
    best = done[0]
    others = ", ".join(f"{SPOKEN[each.lane]} after {_seconds(each)}" for each in done[1:])
    told = f"**{_sentence(SPOKEN[best.lane])} finished first, after {_seconds(best)}**"
    told += f"; then {others}." if others else "."
    return _said(guess.first and SPOKEN[guess.first], guess.first == best.lane) + told


def _judge_runs(course: Course, guess: Guess) -> str:
    frame = course.frames.get(FIXED_POINT)
    if frame is None:
        return ""
    runs, most = frame.evaluations, _all(frame)
    if not frame.is_last:
        return f"The fixed point ran the network {runs:,} times and was not done then."
    low, high = RUNS.get(guess.runs, (0, -1))
    verdict = _said(guess.runs and f"{guess.runs} runs", low <= runs <= high)
    told = "as often as there are pixels" if runs == most else f"not {most:,} times"
    return f"{verdict}**The fixed point ran the network {runs:,} times**, {told}."


def _said(guessed: str | None, is_right: bool) -> str:
    """The guess, in front of what was found."""
    if guessed is None:
        return ""
    return f"You said {guessed}: {'right' if is_right else 'not this time'}. "


def _sentence(words: str) -> str:
    """The words with a capital at their beginning."""
    return words[:1].upper() + words[1:]


def draw_table(course: Course) -> str:
    """Times, ratios and counts of the lanes; dashes before the race."""
    heads = ["Lane", "time", "the naive took", "whole network", "steps", "final pixels", "end"]
    rows = "".join(_row(name, _cells(course, name)) for name in LANES)
    notes = [_extrapolation(course.frames.get(NAIVE)), *course.reasons.values()]
    told = "".join(f"<p>{escape(each)}</p>" for each in notes if each)
    return tables.boxed(tables.draw_table(heads, rows, "The lanes of the race") + told)


def _row(name: str, cells: list[str]) -> str:
    return f'<tr><th scope="row">{NAMES[name]}</th>{"".join(f"<td>{c}</td>" for c in cells)}</tr>'


def _cells(course: Course, name: str) -> list[str]:
    frame = course.frames.get(name)
    if frame is None:
        return ["–"] * 5 + ["not possible" if name in course.reasons else "–"]
    end = "finished" if frame.is_last else "stopped" if frame.is_stopped else "–"
    return [
        _seconds(frame), ratio(frame, course.frames.get(NAIVE)), f"{frame.evaluations:,} ×",
        f"{frame.step:,}", f"{frame.pixels} of {_all(frame)}", end,
    ]  # fmt: skip


def ratio(frame: LaneFrame, naive: LaneFrame | None) -> str:
    """How many times as long the naive lane took; if it was stopped, at least how many."""
    if naive is None or not frame.is_last or not _has_ended(naive):
        return "–"
    if frame.lane == NAIVE:
        return "1 ×"
    times = naive.seconds / max(frame.seconds, 1e-9)
    return f"{'' if naive.is_last else 'more than '}{times:,.{0 if times >= 10 else 1}f} ×"


def _extrapolation(naive: LaneFrame | None) -> str:
    """How long the naive lane would have taken; nothing where it was not stopped."""
    if naive is None or not naive.is_stopped or not naive.pixels:
        return ""
    whole = naive.seconds * _all(naive) / naive.pixels
    return (
        f"The naive lane was stopped after {naive.seconds:.0f} s, at {naive.pixels} of "
        f"{_all(naive)} pixels. Its runs all cost the same, so all pixels would have taken it "
        f"about {whole:.0f} s. That is extrapolated; the ratios in the table are not."
    )


def _has_ended(frame: LaneFrame) -> bool:
    return frame.is_last or frame.is_stopped


def _seconds(frame: LaneFrame) -> str:
    return f"{frame.seconds:.3f} s" if frame.seconds < 1 else f"{frame.seconds:.1f} s"


def _all(frame: LaneFrame) -> int:
    """How many pixels a picture has."""
    return frame.final[0].numel()

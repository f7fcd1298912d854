"""What the page of guidance computes and says: rows by scale, what they gain and what they lose."""

from collections.abc import Generator, Sequence
from dataclasses import replace

from genlab.analysis.diversity import mean_pairwise_distance
from genlab.inference.diffusion import DiffusionSettings
from genlab.store import ModelStore
from genlab.ui.canvas.multiples import line
from genlab.ui.diffusion.same_noise_views import (
    Beginning,
    Row,
    heading,
    marks_of,
    noise_line,
    notes_of,
    passes_a_step,
    percent,
    run,
    seconds,
)

SCALES = (0.0, 1.0, 2.0, 4.0, 8.0)
COLUMNS, ACROSS = 16, 8  # noises of a row, and how many stand side by side
FEW = 8  # noises of the row that follows the slider
FIGURES = ("Of the class", "Apart", "Passes", "Time now")
FIRST_CLASS = 0


def pointed(start: Beginning) -> Beginning:
    """With a class in any case: guidance has nowhere to lead without one."""
    return start if start.label is not None else replace(start, label=FIRST_CLASS)


def title(scale: float) -> str:
    """Of a row."""
    return f"Scale {scale:g}"


def stream_scale(
    store: ModelStore, start: Beginning, settings: DiffusionSettings, place: int, done: list[Row]
) -> Generator[str, None, None]:
    """One row.

    Args:
        done: gets the row.
    """
    row = yield from run(start, settings, place)
    done.append(row)
    passes = f"{settings.steps} × {passes_a_step(settings)} = {row.passes}"
    yield line(
        place, row.images, note="", notes=notes_of(store, start, row), marks=marks_of(start, row),
        title=title(settings.guidance),
        figures=[share(start, row), percent(mean_pairwise_distance(row.images)), passes,
                 seconds(row.seconds)],
    )  # fmt: skip


def stream_scales(
    store: ModelStore, start: Beginning, steps: int, done: list[Row]
) -> Generator[str, None, None]:
    """The noise, then a row a scale."""
    yield noise_line(start)
    for place, scale in enumerate(SCALES, 1):
        settings = DiffusionSettings(steps, guidance=scale)
        yield from stream_scale(store, start, settings, place, done)


def share(start: Beginning, row: Row) -> str:
    """How many pictures the judge takes for the class."""
    if row.seen is None:
        return "no judge trained"
    return f"{row.right(start.label)} of {len(row.seen)}"


def describe(
    store: ModelStore, start: Beginning, steps: int, done: Sequence[Row], *, is_told: bool
) -> str:
    """What was asked for, and what guidance did with it.

    Args:
        is_told: whether the visitor chose the class.
    """
    told = heading(store, start, [f"DDIM, {steps} steps"])
    first = "" if is_told else " No class is chosen above, so this is the first one."
    if len(done) < len(SCALES):
        return f"{told}.{first}"
    plain, far = done[SCALES.index(1.0)], done[-1]
    before, after = (mean_pairwise_distance(row.images) for row in (plain, far))
    lost = 1 - after / before if before else 0.0
    moved = f"lose {100 * lost:.0f} %" if lost >= 0 else f"gain {-100 * lost:.0f} %"
    return (
        f"**From scale 1 to {SCALES[-1]:g} the pictures {moved} of their distance from one "
        f"another; {_gained(start, plain, far)}.** {told}.{first}"
    )


def _gained(start: Beginning, plain: Row, far: Row) -> str:
    if plain.seen is None:
        return "no judge is trained that could say what they gain"
    return f"the judge sees the class in {share(start, far)} instead of {share(start, plain)}"

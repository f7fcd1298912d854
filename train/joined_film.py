"""One film of a training in two runs, the second of which began with the first one's weights."""

import dataclasses
import math

import numpy as np

from genlab.films.film import Film, FilmMoment

SAME = "seeds", "classes", "columns", "figure", "unit", "cloud_classes", "constant", "inputs"
CLOSE = 1e-3  # of a figure, whose weights were rounded to be stored


def joined(earlier: Film, later: Film) -> Film:
    """As many moments of both as `later` has, spaced by the square root of the training time.

    The first and the last one are kept. Steps and seconds go on where `earlier` ended.

    Raises:
        ValueError: `later` does not begin where `earlier` ended, or shows something else.
    """
    for name in SAME:
        if getattr(earlier, name) != getattr(later, name):
            raise ValueError(f"they differ in their {name.replace('_', ' ')}")
    if earlier.pictures.shape[1:] != later.pictures.shape[1:]:
        raise ValueError("their pictures differ in size")
    end, start = earlier.moments[-1], later.moments[0]
    if not math.isclose(end.validation, start.validation, rel_tol=CLOSE):
        raise ValueError(
            f"one ends at {end.validation:.4g} {later.unit}, the other begins at "
            f"{start.validation:.4g}"
        )
    moments = earlier.moments + tuple(_moved(moment, end) for moment in later.moments[1:])
    pictures = np.concatenate([earlier.pictures, later.pictures[1:]])
    chosen = _spaced([moment.seconds for moment in moments], len(later.moments))
    return dataclasses.replace(
        later,
        pictures=pictures[chosen],
        moments=tuple(moments[index] for index in chosen),
        command=f"{earlier.command} && {later.command}",
        init_from=earlier.init_from,
        earlier_steps=earlier.earlier_steps,
    )


def _moved(moment: FilmMoment, end: FilmMoment) -> FilmMoment:
    return dataclasses.replace(
        moment, step=end.step + moment.step, seconds=end.seconds + moment.seconds
    )


def _spaced(seconds: list[float], count: int) -> list[int]:
    """Places of `count` moments, each the nearest one left to its turn; the first and the last."""
    roots = np.sqrt(np.array(seconds) - seconds[0])
    chosen: list[int] = []
    for turn, wished in enumerate(np.linspace(0, roots[-1], count)):
        first = chosen[-1] + 1 if chosen else 0
        beyond = len(roots) - (count - 1 - turn)  # enough are left for the turns to come
        chosen.append(first + int(np.abs(roots[first:beyond] - wished).argmin()))
    return chosen

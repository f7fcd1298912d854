"""The learning rate as a function of progress, so that a resumed run still ends at zero."""

import math

WARM_UP = 0.03  # share of the run


def learning_rate_factor(progress: float) -> float:
    """Linear warm-up, then half a cosine down to 0: progress in [0, 1] → factor in [0, 1]."""
    if progress < WARM_UP:
        return progress / WARM_UP
    return (1 + math.cos(math.pi * min(1.0, (progress - WARM_UP) / (1 - WARM_UP)))) / 2


def film_moments(count: int) -> list[float]:
    """Progress at which the training film takes a picture: 0 first, dense early, 1 last."""
    return [(index / (count - 1)) ** 2 for index in range(count)]


def fitting(taken: list[float], wanted: list[float]) -> list[int]:
    """Which moments of a film stay where a run got more time, so that there were too many.

    Args:
        taken: progress of each, rising, in the run as it is now.
        wanted: progress of those that there should be by now, rising.

    Returns:
        Indices into `taken`, rising, one for each wanted; all, where there are not more.
    """
    if len(taken) <= len(wanted):
        return list(range(len(taken)))
    chosen: list[int] = []
    for index, moment in enumerate(wanted):
        first = chosen[-1] + 1 if chosen else 0
        last = len(taken) - (len(wanted) - index)  # each later one needs one of its own
        chosen.append(min(range(first, last + 1), key=lambda place: abs(taken[place] - moment)))
    return chosen

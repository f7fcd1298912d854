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

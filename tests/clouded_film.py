"""A tiny film with a cloud, whose dots go their own ways from the origin."""

import dataclasses

import numpy as np
from tiny_film import tiny_film

CLASSES = ("0", "0", "1", "1", "7", "7", "8", "8")
ENDS = np.array(
    [[2.4, 0.4], [2.0, 1.0], [0.4, 2.4], [-1.0, 2.0], [-2.4, 0.4], [-2.0, -1.0], [0, -2.4], [1, -2]]
)


def clouded_film(card="tiny", *, moments=5, classes=CLASSES, ends=ENDS, **changes):
    """A film whose dots are at the origin first and at `ends` in the last moment."""
    film = tiny_film(card, moments=moments, **changes)
    clouds = [np.round(ends * index / (moments - 1), 3).tolist() for index in range(moments)]
    return dataclasses.replace(
        film,
        cloud_classes=classes,
        moments=tuple(
            dataclasses.replace(moment, cloud=tuple(map(tuple, cloud)))
            for moment, cloud in zip(film.moments, clouds, strict=True)
        ),
    )

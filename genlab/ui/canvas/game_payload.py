"""What a frame of the game in the plane sends to the browser: some 5 kB, whole each time.

A header of JSON, a bar, and base64 of: the samples, real points and regions as pairs of
coordinates; which regions are covered; arrows; two maps; the course of both losses and of coverage.
Numbers are little-endian. A frame needs no earlier one, so a slow browser may miss some.
"""

import base64
import json
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

FARTHEST = 4.0  # coordinates are sent from −4 to 4, in 2 bytes; the map shows −2 to 2
NOTHING = 255  # in a map: no value here
LEVELS = 254  # of a map
NO_LOSS = 65535
LOSS_LEVELS = 65534
HALF_ARROW = 1.0  # a gradient of this length has an arrow of half the greatest length


@dataclass(frozen=True, eq=False)
class GamePicture:
    """A game as it stands.

    Attributes:
        samples: (N, 2) generated points.
        real: (M, 2).
        pull: (A, 2), the direction in which G's loss falls at the first A samples.
        opinion: (side²,), rows from the top, of D: probabilities, or scores.
        best: (side²,), of the best possible D, in [0, 1]; NaN for nothing.
        regions: (K, 2) centres of what is covered or not.
        covered: (K,) bool.
        losses_d: (T,) the course of D's loss; NaN for none.
        losses_g: (T,) of G's.
        coverage: (T,) regions covered.
        words: what else the page needs to know, plain JSON; see game_read.js.
        has_scores: the opinion is no probability and has a scale of its own.
    """

    samples: Tensor
    real: Tensor
    pull: Tensor
    opinion: Tensor
    best: Tensor
    regions: Tensor
    covered: Tensor
    losses_d: Tensor
    losses_g: Tensor
    coverage: Tensor
    words: dict[str, object]
    has_scores: bool = False


def encode_picture(picture: GamePicture) -> str:
    """The value of a `GameCanvas`."""
    low, high = _opinion_range(picture)
    losses = np.stack([_numbers(picture.losses_d), _numbers(picture.losses_g)])
    least, most = _range(losses)
    header = picture.words | {
        "counts": [len(picture.samples), len(picture.real), len(picture.pull)]
        + [len(picture.regions), len(picture.opinion), len(picture.coverage)],
        "range": [low, high],
        "hasScores": picture.has_scores,
        "lossRange": [least, most],
        "farthest": FARTHEST,
        "gradient": _median_length(picture.pull),
    }
    parts = [
        *(_coordinates(each) for each in (picture.samples, picture.real, picture.regions)),
        _levels(losses, least, most, LOSS_LEVELS, NO_LOSS).astype("<u2"),
        _numbers(picture.coverage).astype("<u2"),
        _numbers(picture.covered).astype("u1"),
        _arrows(picture.pull),
        _levels(_numbers(picture.opinion), low, high, LEVELS, NOTHING).astype("u1"),
        _levels(_numbers(picture.best), 0.0, 1.0, LEVELS, NOTHING).astype("u1"),
    ]
    content = base64.b64encode(b"".join(part.tobytes() for part in parts)).decode()
    return f"{json.dumps(header, allow_nan=False)}|{content}"


def _numbers(values: Tensor) -> NDArray[np.float64]:
    return values.detach().double().numpy()


def _coordinates(points: Tensor) -> NDArray[np.uint16]:
    inside = np.nan_to_num(_numbers(points), nan=FARTHEST).clip(-FARTHEST, FARTHEST)
    return np.rint((inside + FARTHEST) * (65535 / (2 * FARTHEST))).astype("<u2")


def _arrows(pull: Tensor) -> NDArray[np.int8]:
    """Directions whose length grows with the gradient's and stays below 127."""
    vectors = np.nan_to_num(_numbers(pull), nan=0.0, posinf=0.0, neginf=0.0)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.rint(vectors * (127 / (lengths + HALF_ARROW))).astype("i1")


def _levels(
    values: NDArray, low: float, high: float, levels: int, nothing: int
) -> NDArray[np.float64]:
    """Whole numbers from 0 to `levels`; `nothing` for what is not finite."""
    share = (np.nan_to_num(values, nan=low, posinf=high, neginf=low) - low) / (high - low)
    return np.where(np.isfinite(values), np.rint(levels * share.clip(0, 1)), nothing)


def _opinion_range(picture: GamePicture) -> tuple[float, float]:
    return _range(_numbers(picture.opinion)) if picture.has_scores else (0.0, 1.0)


def _range(values: NDArray) -> tuple[float, float]:
    """Least and greatest finite number; apart from each other in any case."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    return (low, high) if high - low > 1e-6 * max(1.0, abs(low)) else (low - 0.5, low + 0.5)


def _median_length(pull: Tensor) -> float | None:
    length = float(np.median(np.linalg.norm(_numbers(pull), axis=1))) if len(pull) else math.nan
    return round(length, 6) if math.isfinite(length) else None

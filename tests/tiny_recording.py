"""Recorded runs of random pictures, as `train.recording` ships them."""

import numpy as np

from genlab.films.film import pixels_sha256
from genlab.films.recording import Measure, RecordedMoment, Recording

SIDE = 20  # pixels of a grid of pictures
MEASURES = {
    "critic": Measure("Loss of the critic", "nats", low=0.0),
    "generator": Measure("Loss of the generator", "nats"),
    "coverage": Measure(
        "Digits that make up at least 1% of 1,000 pictures, by the judge",
        real=10.0, low=0.0, high=10.0,
    ),
    "entropy": Measure("Entropy of the digits' histogram", "bits", real=3.31, low=0.0),
    "diversity": Measure(
        "Mean distance of two pictures in the judge's features, of real ones 1",
        real=1.0, low=0.0,
    ),
}  # fmt: skip
SETTINGS = {"loss": "non-saturating", "learning rate of the critic": "0.0002", "batch": "64"}


def tiny_recording(name="gan-healthy", *, seed=0, covered=9, moments=6, stretches=20, **changes):
    """A run whose pictures all differ and that ends with so many digits covered."""
    random = np.random.default_rng([seed, covered, len(name)])
    pictures = random.choice(np.array([0, 128, 255], np.uint8), (moments, SIDE, SIDE))
    fields = {
        "title": name.removeprefix("gan-").capitalize(),
        "told": f"A run called {name}.",
        "settings": SETTINGS,
        "columns": 3,
        "measures": MEASURES,
        "curve": {
            "critic": (1.2 + random.random(stretches) / 5).round(4).tolist(),
            "generator": (0.7 + random.random(stretches) / 5).round(4).tolist(),
        },
        "codes": "c0de" * 16,
        "command": f"python -m train film {name} --seed {seed}",
        "revision": "0123456789abcdef",
        "torch": "2.13.0",
    }
    return Recording(
        name=name,
        seed=seed,
        pictures=pictures,
        moments=tuple(
            _moment(index, covered, picture, moments) for index, picture in enumerate(pictures)
        ),
        **fields | changes,
    )


def _moment(index, covered, picture, moments):
    share = index / (moments - 1)
    losses = {"critic": 1.2 + index / 100, "generator": 0.7 + index / 100}
    values = {
        **(losses if index else dict.fromkeys(losses)),
        "coverage": float(round(covered * share)),
        "entropy": round(3.3 * share, 4),
        "diversity": round(0.9 * share, 4),
    }
    return RecordedMoment(200 * index**2, 0.25 * index**2, values, pixels_sha256(picture))


def write_recording(folder, recording):
    """Both files, in `folder/<name>`."""
    home = folder / recording.name
    home.mkdir(parents=True, exist_ok=True)
    (home / f"{recording.seed}.png").write_bytes(recording.sheet())
    (home / f"{recording.seed}.json").write_bytes(recording.notes())
    return recording

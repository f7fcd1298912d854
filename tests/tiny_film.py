"""Training films of random pictures, as `train.film` writes them."""

import numpy as np

from genlab.films.film import NOTES, SHEET, Film, FilmMoment, pixels_sha256

ROWS, COLS = 13, 20  # three columns of images 6 pixels wide


def tiny_film(card="tiny", *, moments=5, seed=0, rows=ROWS, cols=COLS, **changes):
    """A film whose pictures all differ, in black, white and the grey between images."""
    random = np.random.default_rng(seed)
    pictures = random.choice(np.array([0, 128, 255], np.uint8), (moments, rows, cols))
    fields = {
        "seeds": tuple(range(6)),
        "classes": tuple("012345"),
        "columns": 3,
        "figure": "mean loss of 64 validation images",
        "unit": "nats an image",
        "command": f"python -m train {card}",
        "init_from": None,
        "earlier_steps": 0,
        "weights": None,
    }
    return Film(
        card=card,
        pictures=pictures,
        moments=tuple(
            FilmMoment(400 * index, 40.0 * index**2, 500 / (1 + index), pixels_sha256(picture))
            for index, picture in enumerate(pictures)
        ),
        **fields | changes,
    )


def write_film(folder, film):
    """Both files, in `folder/<card>`."""
    home = folder / film.card
    home.mkdir(parents=True)
    (home / SHEET).write_bytes(film.sheet())
    (home / NOTES).write_bytes(film.notes())
    return film

"""`python -m train.film <card>` ships the film of a finished run with the pages.

It takes `runs/<card>/film`, compares every picture with the hash that was taken when it was drawn,
and writes `genlab/assets/films/<card>/film.png` and `film.json`. A run that began with trained
weights is joined to the film that ends with them: a film begins before anything was learned.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from numpy.typing import NDArray
from PIL import Image

from genlab.core.cards import MALFORMED, ModelCard, sha256
from genlab.core.errors import GenLabError
from genlab.core.images import UNREADABLE, ImageSpec, image_grid
from genlab.films.film import (
    FILMS,
    NOTES,
    SHEET,
    Film,
    FilmMoment,
    film_cards,
    inputs_sha256,
    load_film,
)
from genlab.store import ModelStore, skeleton
from train.errors import TrainingError
from train.follower import FILM_MOMENTS
from train.joined_film import joined
from train.loop import averaged_weights
from train.recipe import FilmNotes, Recipe, recipes
from train.replace import replacing
from train.run_folder import RunFolder

LARGEST = 300_000  # bytes of both files; the repository carries them for ever
ALONE = "Train from random weights, or ship it without its beginning by --alone."
REMEDY = "Free some room, or name another folder with --films."


def read_run(recipe: Recipe, card: ModelCard, path: Path) -> Film:
    """The film of the run in `path`, each picture compared with its hash.

    Raises:
        TrainingError: there is none, it is unfinished or damaged, or the recipe does not say what
            it shows.
    """
    if recipe.film is None:
        raise TrainingError(f"The recipe of {card.name} says nothing about its film: add `film`.")
    if not (path / "film" / NOTES).exists():
        raise TrainingError(
            f"There is no film in {path}. Train with `python -m train {card.name}`."
        )
    folder = RunFolder(path)
    try:
        moments = _moments(folder, card.name)
        film = _film(recipe, card, folder, moments)
        film.check()
    except (*MALFORMED, *UNREADABLE) as error:
        raise TrainingError(
            f"The film in {path} is damaged ({error}). Remove that folder and train anew."
        ) from error
    return film


def with_beginning(film: Film, folder: Path) -> Film:
    """The film itself, or joined to the one in `folder/<card>` that ends where it begins.

    Raises:
        TrainingError: it begins with trained weights, and there is no such film.
        DataError: that film is damaged.
    """
    if film.init_from is None:
        return film
    missing = f"The run began with {film.init_from}, not with random weights, and "
    if film.init_from not in film_cards(folder):
        raise TrainingError(f"{missing}{folder} has no film of that. {ALONE}")
    earlier = load_film(film.init_from, folder)
    if earlier.weights is not None and earlier.weights == film.weights:
        return earlier  # it was joined before
    try:
        return joined(earlier, film)
    except ValueError as error:
        raise TrainingError(
            f"{missing}the film in {folder / film.init_from} is not of that ({error}). {ALONE}"
        ) from error


def ship(film: Film, folder: Path) -> int:
    """Write both files into `folder/<card>`; how many bytes they are.

    Raises:
        TrainingError: they are too large, or cannot be written.
    """
    files = {SHEET: film.sheet(), NOTES: film.notes()}
    size = sum(map(len, files.values()))
    if size > LARGEST:
        raise TrainingError(
            f"The film of {film.card} has {size:,} bytes, more than {LARGEST:,}. Let its recipe's "
            "preview draw fewer images, and train anew."
        )
    home = folder / film.card
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainingError(f"Cannot write to {home} ({error.strerror}). {REMEDY}") from error
    for name, content in files.items():
        with replacing(home / name, remedy=REMEDY) as fresh:
            fresh.write_bytes(content)
    return size


def _moments(folder: RunFolder, card: str) -> tuple[FilmMoment, ...]:
    entries = folder.read_film()
    taken = [entry.pop("index") for entry in entries]
    if taken != list(range(FILM_MOMENTS)):
        raise TrainingError(
            f"The film in {folder.path} is unfinished: {len(taken)} of {FILM_MOMENTS} moments. Let "
            f"the run end, with `python -m train {card} --resume` if it was stopped."
        )
    clouds = [tuple(map(tuple, entry.pop("cloud", ()))) for entry in entries]
    return tuple(
        FilmMoment(**entry, cloud=cloud) for entry, cloud in zip(entries, clouds, strict=True)
    )


def _film(
    recipe: Recipe, card: ModelCard, folder: RunFolder, moments: tuple[FilmMoment, ...]
) -> Film:
    run, state = folder.load_run(), folder.load_state()
    if run is None:
        raise ValueError("run.json is missing")
    files = [folder.path / "film" / f"{index:02}.png" for index in range(len(moments))]
    pictures = np.stack([_picture(path) for path in files])
    digest = sha256(safetensors.torch.save(averaged_weights(state["average"], recipe.stored_as)))
    network = skeleton(card)
    return Film(
        card=card.name,
        pictures=pictures,
        moments=moments,
        seeds=recipe.film.seeds,
        classes=recipe.film.classes,
        columns=_columns(pictures.shape[1:], network.spec, len(recipe.film.seeds)),
        figure=recipe.film.figure,
        unit=recipe.film.unit,
        command=run.command,
        init_from=run.init_from,
        earlier_steps=run.earlier_steps,
        weights=digest if state["step"] == moments[-1].step else None,
        cloud_classes=_cloud_classes(recipe.film, moments),
        constant=recipe.film.constant,
        inputs=inputs_sha256(recipe.film.inputs(network)) if recipe.film.inputs else None,
    )


def _cloud_classes(notes: FilmNotes, moments: tuple[FilmMoment, ...]) -> tuple[str, ...]:
    """Of each dot; none where the run was filmed without a cloud."""
    if notes.cloud_classes is None or not any(moment.cloud for moment in moments):
        return ()
    return notes.cloud_classes()


def _picture(path: Path) -> NDArray[np.uint8]:
    with Image.open(path, formats=("PNG",)) as picture:
        if picture.mode != "L":
            raise ValueError(f"{path.name} is no grey picture, the only kind that is shipped")
        return np.array(picture)


def _columns(shape: tuple[int, ...], spec: ImageSpec, images: int) -> int:
    """Images a row, if the pictures are what the training makes of so many images."""
    expected = image_grid(torch.zeros(images, *spec.shape)).shape[1:]
    if shape != expected:
        raise ValueError(f"pictures of {shape} instead of {tuple(expected)}, for {images} images")
    return (shape[1] + 1) // (spec.width + 1)


def main(
    arguments: list[str],
    *,
    offered: dict[str, Recipe] | None = None,
    store: ModelStore | None = None,
) -> int:
    """Run the command line; 0 for success, 2 for an error that was explained.

    Args:
        offered: recipes by card; by default all.
        store: knows their cards.
    """
    offered, store = offered or recipes(), store or ModelStore()
    parser = argparse.ArgumentParser(
        prog="python -m train.film", description="Ship the film of a finished training run."
    )
    parser.add_argument(
        "card", choices=offered, metavar="CARD", help=f"one of {', '.join(offered)}"
    )
    parser.add_argument("--run", type=Path, metavar="FOLDER", help="of the run; default: runs/CARD")
    parser.add_argument(
        "--films", type=Path, default=FILMS, metavar="FOLDER",
        help="for the result; default: genlab/assets/films",
    )  # fmt: skip
    parser.add_argument(
        "--alone", action="store_true",
        help="of a run that began with trained weights, ship no more than that run",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    run = options.run or Path("runs") / options.card
    try:
        film = read_run(offered[options.card], store.card(options.card), run)
        if not options.alone:
            film = with_beginning(film, options.films)
        size = ship(film, options.films)
    except GenLabError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{options.card}: {len(film.moments)} pictures, {size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

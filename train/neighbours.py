"""`python -m train.neighbours <card>` records the nearest training images of 16 samples.

The site shows them beneath the same samples, drawn live. Distances are Euclidean in pixels; where
the model is about binarised pictures, or has few grey levels, so are and have those that it is
compared with. As many test images are looked up, too: what is new and real is some distance away
from all training images.
"""

import argparse
import functools
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from genlab import data
from genlab.analysis.neighbours import NEIGHBOURS, SAMPLES, NeighbourRecord, find_nearest, remedy
from genlab.core.cards import sha256
from genlab.core.errors import GenLabError
from genlab.core.images import dequantise, image_grid, save_picture
from genlab.data import DataSet, binarise_dynamic, to_levels
from genlab.inference.sampling import draw_seeded, levels_seen, picture_hash, sampler_of
from genlab.store import CHECKPOINTS, ModelStore
from train.errors import TrainingError
from train.export import revision
from train.recipe import Recipe, recipes
from train.replace import replacing

CHUNK = 5_000  # images at once: 16 MB of pixels
DECIMALS = 4  # of a distance
REMEDY = "Free some room and repeat the command."


def record_neighbours(
    card: str, store: ModelStore, recipe: Recipe, folder: Path, root: Path | None = None
) -> NeighbourRecord:
    """Draw, search, and write `<card>.png` and `<card>.json`.

    Args:
        root: see `genlab.data.data_root`.

    Raises:
        TrainingError: the card's model does not generate, or a file cannot be written.
        UnknownModel, CheckpointError, DataError
    """
    model = store.get(card)
    if sampler_of(model) is None:
        raise TrainingError(f"{card} draws no samples. Choose a card of a generator.")
    load = functools.partial(data.load, recipe.data, root=root)
    train, test = load("train"), load("test")
    samples, labels = draw_seeded(model, SAMPLES)
    levels = levels_seen(model)
    distances, places = find_nearest(samples, parts_seen(train.images, levels))
    nearest = images_seen(train.images, places, levels)
    sheet = write_sheet(nearest, folder / f"{card}.png")
    record = NeighbourRecord(
        card=card,
        weights=store.card_file(card).sha256,
        data=recipe.data,
        levels=levels,
        hashes=[picture_hash(sample) for sample in samples],
        labels=labels or [],
        indices=places.tolist(),
        classes=[train.classes[int(label)] for label in train.labels[places]],
        distances=[round(distance, DECIMALS) for distance in distances.tolist()],
        test_median=round(held_out_median(train, test, levels), DECIMALS),
        sheet=sheet,
        command=remedy(shlex.quote(card)),
        revision=revision(),
    )
    with replacing(folder / f"{card}.json", remedy=REMEDY) as fresh:
        record.write(fresh)
    return record


def parts_seen(images: Tensor, levels: int) -> Iterator[Tensor]:
    """uint8 images as floats in [0, 1], `CHUNK` at a time, rounded to the nearest of `levels`.

    Two levels are drawn instead, with a seed of its own for each chunk: whoever asks twice gets
    the same pixels.
    """
    for seed, part in enumerate(images.split(CHUNK)):
        generator = torch.Generator().manual_seed(seed)
        drawn = binarise_dynamic(part, generator) if levels == 2 else to_levels(part, levels)
        yield dequantise(drawn, levels)


def images_seen(images: Tensor, places: Tensor, levels: int) -> Tensor:
    """Those of `parts_seen` at `places`, (N,) → (N, C, H, W)."""
    found = torch.empty(len(places), *images.shape[1:])
    for number, part in enumerate(parts_seen(images, levels)):
        here = places // CHUNK == number
        found[here] = part[places[here] % CHUNK]
    return found


def held_out_median(train: DataSet, test: DataSet, levels: int) -> float:
    """The median distance of `SAMPLES` test images to their nearest training image."""
    chosen = torch.randperm(len(test.images), generator=torch.Generator().manual_seed(0))[:SAMPLES]
    (seen,) = parts_seen(test.images[chosen], levels)
    distances, _ = find_nearest(seen, parts_seen(train.images, levels))
    return distances.double().quantile(0.5).item()


def write_sheet(pictures: Tensor, path: Path) -> str:
    """Write the pictures in one row without gaps; the sha256 of the file.

    Raises:
        TrainingError: it cannot be written.
        DataError
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path, remedy=REMEDY) as fresh:
        named = fresh.with_suffix(".new.png")  # the picture's writer asks for this ending
        save_picture(image_grid(pictures, columns=len(pictures), gap=0), named)
        named.replace(fresh)
        return sha256(fresh.read_bytes())


def main(
    arguments: list[str],
    *,
    offered: dict[str, Recipe] | None = None,
    store: ModelStore | None = None,
) -> int:
    """Run the command line; 0 for success, 2 for an error that was explained.

    Args:
        offered: recipes by card; by default all.
        store: by default that of --checkpoints.
    """
    options = parse_arguments(arguments)
    offered = recipes() if offered is None else offered
    store = store or ModelStore(options.checkpoints)
    try:
        store.card(options.card)
        if options.card not in offered:
            raise TrainingError(f"No recipe says what {options.card} was trained on. Add one.")
        recipe = offered[options.card]
        record = record_neighbours(options.card, store, recipe, options.folder, options.data_root)
    except GenLabError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"median distance {record.median:.2f}; of test images {record.test_median:.2f}")
    return 0


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """The command line; wrong values end the program with a message."""
    parser = argparse.ArgumentParser(prog="python -m train.neighbours", description=__doc__)
    parser.add_argument("card", metavar="CARD", help="such as pixelcnn-mnist")
    parser.add_argument("--data-root", type=Path, metavar="FOLDER",
                        help="holds the data sets; else GENLAB_DATA, else data")  # fmt: skip
    parser.add_argument("--checkpoints", type=Path, default=CHECKPOINTS, metavar="FOLDER",
                        help="holds the card; default: the repository's checkpoints")  # fmt: skip
    parser.add_argument("--folder", type=Path, default=NEIGHBOURS,
                        help="where the record goes; default: the assets")  # fmt: skip
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m genlab complete`: keep the top of a picture, let a model draw the rest, headless.

The picture is converted as `genlab.core.images.read_image` says and then rounded to the nearest of
the model's levels; these are what is kept.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from genlab.core.cards import sha256
from genlab.core.commands import Command, Shelf
from genlab.core.errors import InputError
from genlab.core.images import image_grid, quantise, read_image, save_picture, to_picture
from genlab.core.protocols import Autoregressive
from genlab.inference.completion import complete, keep_rows

ROWS = 14  # half of a digit
COUNT = 6
MAX_COUNT = 256  # variants of one call
SCALE = 4  # side of a pixel in what is written


def add_complete_arguments(parser: ArgumentParser) -> None:
    """A card, a picture, how much of it stays, and how the rest is drawn."""
    parser.add_argument("card", help="a name that `models` lists with Autoregressive")
    parser.add_argument(
        "image",
        type=Path,
        help="a PNG, JPEG or WebP file, white on black as the data: fitted in, reduced to grey and "
        "rounded to the model's levels; transparent parts become black",
    )
    parser.add_argument(
        "--rows", type=int, default=ROWS, help=f"kept, from the top; default: {ROWS}"
    )
    parser.add_argument("--count", type=int, default=COUNT, help=f"variants; default: {COUNT}")
    parser.add_argument("--seed", type=int, default=0, help="variant i has seed + i; default: 0")
    parser.add_argument("--temperature", type=float, default=1.0, help="positive; default: 1")
    parser.add_argument(
        "--top-p", type=float, default=1.0, help="from 0, the argmax, to 1; default: 1"
    )
    parser.add_argument("--label", type=int, help="class of the picture; default: any")
    parser.add_argument(
        "--guidance", type=float, default=1.0, help="how far towards the class; default: 1"
    )
    parser.add_argument("--out", type=Path, required=True, help="the grid of variants, a .png")


def complete_file(shelf: Shelf, options: Namespace) -> dict[str, object]:
    """Complete a picture, write the variants as one grid, and say what they are."""
    model = _drawing_model(shelf, options.card)
    pixels = quantise(read_image(options.image, model.spec), model.spec.levels)[0]  # (C, H, W)
    if options.count > MAX_COUNT:
        raise InputError(f"count must be at most {MAX_COUNT}, got {options.count}.")
    try:
        images = complete(
            model,
            pixels,
            keep_rows(model.spec, options.rows),
            seed=options.seed,
            count=options.count,
            temperature=options.temperature,
            top_p=options.top_p,
            label=options.label,
            guidance=options.guidance,
        )
    except ValueError as error:
        raise InputError(f"{error}.") from error
    save_picture(image_grid(images), options.out, scale=SCALE)
    return {
        "card": options.card,
        "image": str(options.image),
        "rows": options.rows,
        "count": options.count,
        "seed": options.seed,
        "out": str(options.out),
        "sha256": sha256(to_picture(images).numpy().tobytes()),
    }


def complete_text(result: dict[str, object]) -> str:
    """One sentence."""
    return (
        f"{result['count']} ways in which {result['card']} goes on below the first "
        f"{result['rows']} rows of {result['image']}, seeds from {result['seed']}: {result['out']}"
    )


def _drawing_model(shelf: Shelf, name: str) -> Autoregressive:
    """The card's network, if it continues what is given.

    Raises:
        InputError: it cannot, or cheats.
        UnknownModel, CheckpointError
    """
    model = shelf.get(name)
    if not isinstance(model, Autoregressive):
        raise InputError(
            f"{name} does not continue a picture pixel by pixel. Choose a model that `models` "
            "lists with Autoregressive."
        )
    if any(card.name == name and card.masked and card.masked.leaks for card in shelf.cards):
        raise InputError(
            f"{name} is wrong on purpose: it sees the pixel that it predicts, so it cannot draw "
            "one that is not there. Choose another model."
        )
    return model


COMMANDS = (
    Command("complete", "go on with the top of a picture", add_complete_arguments, complete_file,
            complete_text),
)  # fmt: skip

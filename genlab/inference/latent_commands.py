"""`python -m genlab decode`, `encode` and `interpolate`: codes of any latent model, headless.

A VAE, an autoencoder and the generator of a GAN are told apart by what they can do: to encode, a
model needs an encoder, to deal codes a prior.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

import torch
from torch import Tensor, nn

from genlab.core.cards import sha256
from genlab.core.commands import Command, Shelf
from genlab.core.errors import InputError
from genlab.core.images import image_grid, read_image, save_picture, to_picture
from genlab.core.protocols import ConditionalDecoder, Encoder, LatentDecoder, LatentPrior
from genlab.inference.latent import (
    checked_codes,
    decode_points,
    encode_images,
    interpolate_codes,
    prior_codes,
)
from genlab.inference.prior_samples import OfClass

COUNT = 16  # codes that the prior deals where nothing is said
STEPS = 8  # pictures of a path where nothing is said
SCALE = 4  # side of a pixel in what is written
WHAT_IT_LACKS = {
    LatentDecoder: "does not turn codes into pictures. Choose",
    Encoder: "has no encoder that turns pictures into codes. Choose",
    LatentPrior: "has no prior that deals codes. Name codes with --z, or choose",
}
CODE_HELP = "numbers with commas; where the first is negative, with a sign of equality: {}=-1,0.5"


def add_decode_arguments(parser: ArgumentParser) -> None:
    """A code or more, or the seeds of codes that the prior deals."""
    _add_card(parser)
    parser.add_argument(
        "--z", action="append", metavar="CODE", help=f"{CODE_HELP.format('--z')}; may be repeated"
    )
    parser.add_argument(
        "--seed", type=int, help="code i is dealt by the prior with seed + i; default: 0"
    )
    parser.add_argument("--count", type=int, help=f"of these; default: {COUNT}")
    _add_label(parser)
    parser.add_argument("--out", type=Path, required=True, help="the grid of pictures, a .png")


def decode_grid(shelf: Shelf, options: Namespace) -> dict[str, object]:
    """Decode codes, write the pictures as one grid, and say what the codes were."""
    model = _told_the_class(_model_with(shelf, options.card, LatentDecoder), options)
    codes = _codes_of_options(model, options)
    images = decode_points(model, codes)
    save_picture(image_grid(images), options.out, scale=SCALE)
    return _written(options, codes, images)


def add_encode_arguments(parser: ArgumentParser) -> None:
    """A picture."""
    _add_card(parser)
    parser.add_argument("image", type=Path, help="a PNG, JPEG or WebP file; it is fitted in")
    parser.add_argument("--out", type=Path, help="the picture and its reconstruction, a .png")


def encode_picture(shelf: Shelf, options: Namespace) -> dict[str, object]:
    """Mean and standard deviation of a picture's code; the reconstruction where it is wanted."""
    model = _model_with(shelf, options.card, LatentDecoder, Encoder)
    picture = read_image(options.image, model.spec)  # (1, C, H, W)
    mean, std = encode_images(model, picture)  # (1, D) each
    if options.out is not None:
        pair = torch.cat([picture, decode_points(model, mean)])
        save_picture(image_grid(pair, columns=2), options.out, scale=SCALE)
    return {
        "card": options.card,
        "image": str(options.image),
        "mean": mean[0].tolist(),
        "std": std[0].tolist(),
        "out": None if options.out is None else str(options.out),
    }


def encode_text(result: dict[str, object]) -> str:
    """A line a dimension, and a sentence about the reconstruction."""
    pairs = zip(result["mean"], result["std"], strict=True)
    lines = ["dimension     mean      std"]
    lines += [f"{i:9}  {mean:+7.3f}  {std:7.3f}" for i, (mean, std) in enumerate(pairs)]
    if result["out"]:
        lines.append(f"the picture and its reconstruction: {result['out']}")
    return "\n".join(lines)


def add_interpolate_arguments(parser: ArgumentParser) -> None:
    """Two pictures or two codes, and the path between them."""
    _add_card(parser)
    parser.add_argument("images", type=Path, nargs="*", metavar="IMAGE", help="two picture files")
    for flag in ("--from-z", "--to-z"):
        parser.add_argument(flag, metavar="CODE", help=CODE_HELP.format(flag))
    parser.add_argument(
        "--count", type=int, default=STEPS, help=f"pictures, both ends included; default: {STEPS}"
    )
    parser.add_argument(
        "--spherical", action="store_true", help="turn from one direction to the other"
    )
    _add_label(parser)
    parser.add_argument("--out", type=Path, required=True, help="the strip of pictures, a .png")


def interpolate_strip(shelf: Shelf, options: Namespace) -> dict[str, object]:
    """Decode a path of codes, write the pictures side by side, and say what the codes were."""
    model = _told_the_class(_model_with(shelf, options.card, LatentDecoder), options)
    start, end = _ends(model, options)
    codes = interpolate_codes(start, end, options.count, spherical=options.spherical)
    images = decode_points(model, codes)
    save_picture(image_grid(images, columns=len(images)), options.out, scale=SCALE)
    return _written(options, codes, images)


def written_text(result: dict[str, object]) -> str:
    """One sentence."""
    count = len(result["codes"])
    return f"{count} picture{'s' if count > 1 else ''} of {result['card']}: {result['out']}"


def _add_card(parser: ArgumentParser) -> None:
    parser.add_argument("card", help="a name that `models` lists")


def _add_label(parser: ArgumentParser) -> None:
    parser.add_argument("--label", type=int, help="class, for models that know classes")


def _told_the_class(model: LatentDecoder, options: Namespace) -> LatentDecoder:
    """The model, or the one of the class that was asked for.

    Raises:
        InputError: a class that does not exist, is missing, or that the model cannot be told.
    """
    if isinstance(model, ConditionalDecoder):
        if options.label is None:
            raise InputError(
                f"{options.card} needs a class. Say --label with a number from 0 to "
                f"{model.classes - 1}."
            )
        return OfClass(model, options.label)
    if options.label is not None:
        raise InputError(f"{options.card} was trained without classes. Leave out --label.")
    return model


def _model_with(shelf: Shelf, card: str, *capabilities: type) -> nn.Module:
    """The card's network, if it has all of these.

    Raises:
        InputError: it lacks one.
        UnknownModel, CheckpointError
    """
    model = shelf.get(card)
    for each in capabilities:
        _check_capability(model, card, each)
    return model


def _check_capability(model: nn.Module, card: str, capability: type) -> None:
    if not isinstance(model, capability):
        raise InputError(
            f"{card} {WHAT_IT_LACKS[capability]} a model that `models` lists with "
            f"{capability.__name__}."
        )


def _codes_of_options(model: LatentDecoder, options: Namespace) -> Tensor:
    """What `--z` names, or what the prior deals, (B, D)."""
    if options.z is not None:
        if (options.seed, options.count) != (None, None):
            raise InputError("Codes are either named or dealt. Say --z, or --seed and --count.")
        return torch.cat([_code(model, text) for text in options.z])
    _check_capability(model, options.card, LatentPrior)
    seed, count = options.seed or 0, COUNT if options.count is None else options.count
    try:
        return prior_codes(model, seed, count)
    except ValueError as error:
        raise InputError(f"{error}.") from error


def _ends(model: LatentDecoder, options: Namespace) -> tuple[Tensor, Tensor]:
    """Two codes, (D,) each, of two pictures or as they were typed."""
    typed = [options.from_z, options.to_z]
    if len(options.images) == 2 and typed == [None, None]:
        _check_capability(model, options.card, Encoder)
        pictures = torch.cat([read_image(path, model.spec) for path in options.images])
        start, end = encode_images(model, pictures)[0]
        return start, end
    if options.images or None in typed:
        raise InputError("A path has two ends. Name two pictures, or --from-z and --to-z.")
    start, end = torch.cat([_code(model, text) for text in typed])
    return start, end


def _code(model: LatentDecoder, text: str) -> Tensor:
    """A code as it was typed, (1, D).

    Raises:
        InputError: not numbers, another length, or a number that is too far out.
    """
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise InputError(
            f"A code must be numbers with commas, such as 0.5,-1.25; got {text[:60]!r}. Change it, "
            "then go."
        ) from error
    return checked_codes(model, numbers)


def _written(options: Namespace, codes: Tensor, images: Tensor) -> dict[str, object]:
    return {
        "card": options.card,
        "codes": codes.tolist(),
        "out": str(options.out),
        "sha256": sha256(to_picture(images).numpy().tobytes()),
    }


COMMANDS = (
    Command("decode", "turn codes into pictures", add_decode_arguments, decode_grid, written_text),
    Command("encode", "turn a picture into a code", add_encode_arguments, encode_picture,
            encode_text),
    Command("interpolate", "walk from one code to another", add_interpolate_arguments,
            interpolate_strip, written_text),
)  # fmt: skip

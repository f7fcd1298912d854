"""`python -m genlab score`: what a picture costs an autoregressive model, headless.

The picture is converted as `genlab.core.images.read_image` says and then rounded to the nearest of
the model's levels. A model of two levels thus sees white where the picture is brighter than half.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from torch import Tensor

from genlab.analysis.likelihood_lens import (
    PictureScore,
    RecordedScores,
    recorded_scores,
    score_picture,
)
from genlab.core.commands import Command, Shelf
from genlab.core.errors import InputError
from genlab.core.images import quantise, read_image, save_picture
from genlab.core.protocols import Autoregressive

SCALE = 8  # side of a pixel in the map that is written
DIGITS = 6  # behind the point, of the bits of a pixel


def add_score_arguments(parser: ArgumentParser) -> None:
    """A card and a picture."""
    parser.add_argument("card", help="a name that `models` lists with Autoregressive")
    parser.add_argument(
        "image",
        type=Path,
        help="a PNG, JPEG or WebP file, white on black as the data: fitted in, reduced to grey and "
        "rounded to the model's levels; transparent parts become black",
    )
    parser.add_argument("--label", type=int, help="score it as this class; default: as any")
    parser.add_argument(
        "--out", type=Path, help="the map of the bits, a .png; the dearest pixel is white"
    )


def score_file(shelf: Shelf, options: Namespace) -> dict[str, object]:
    """Score a picture and say what it costs: in all, in each pixel, and as each class."""
    model = _likelihood_model(shelf, options.card)
    pixels = quantise(read_image(options.image, model.spec), model.spec.levels)[0]  # (C, H, W)
    try:
        score = score_picture(model, pixels, label=options.label)
    except ValueError as error:
        raise InputError(f"{error}.") from error
    if options.out is not None:
        save_picture(_shades(score.bits), options.out, scale=SCALE)
    figures = shelf.card_file(options.card).figures
    # What was recorded tells no class, and p(x | class) is another number than p(x).
    recorded = recorded_scores(figures, score.values) if options.label is None else None
    return {
        "card": options.card,
        "image": str(options.image),
        "levels": model.spec.levels,
        "label": options.label,
        "nats": score.nats,
        "bits_per_dim": score.bits_per_dim,
        "expected_bits": score.expected_bits.sum().item(),
        "classes": None if score.classes is None else score.classes.tolist(),
        "test_images": None if recorded is None else _beside(recorded, score),
        "bits": [[round(bits, DIGITS) for bits in row] for row in score.bits.tolist()],
        "out": None if options.out is None else str(options.out),
    }


def score_text(result: dict[str, object]) -> str:
    """Some sentences, without the bits of each pixel."""
    given = "" if result["label"] is None else f" as class {result['label']}"
    lines = [
        f"{result['image']} costs {result['card']} {result['nats']:.2f} nats{given}, "
        f"{result['bits_per_dim']:.4f} bits/dim"
    ]
    test = result["test_images"]
    if test:
        side = "dearer" if test["deviations"] > 0 else "cheaper"
        lines.append(
            f"its {test['n']:,} test images cost {test['mean']:.2f} ± "
            f"{test['standard_deviation']:.2f} nats; this one is {abs(test['deviations']):.1f} "
            f"standard deviations {side}"
        )
    if result["classes"]:
        likeliest = sorted(enumerate(result["classes"]), key=lambda each: -each[1])[:3]
        told = ", ".join(f"{label} {100 * chance:.1f} %" for label, chance in likeliest)
        lines.append(f"the class, by Bayes' rule: {told}")
    if result["out"]:
        lines.append(f"the bits of each pixel: {result['out']}")
    return "\n".join(lines)


def _likelihood_model(shelf: Shelf, name: str) -> Autoregressive:
    """The card's network, if what it knows is a likelihood.

    Raises:
        InputError: it has none, or cheats.
        UnknownModel, CheckpointError
    """
    model = shelf.get(name)
    if not isinstance(model, Autoregressive):
        raise InputError(
            f"{name} knows no likelihood. Choose a model that `models` lists with Autoregressive."
        )
    if any(card.name == name and card.masked and card.masked.leaks for card in shelf.cards):
        raise InputError(
            f"{name} is wrong on purpose: it sees the pixel that it predicts, so what it gives is "
            "no likelihood. Choose another model."
        )
    return model


def _beside(recorded: RecordedScores, score: PictureScore) -> dict[str, object]:
    return {
        "figure": recorded.figure,
        "n": recorded.n,
        "mean": recorded.mean,
        "standard_deviation": recorded.standard_deviation,
        "deviations": recorded.deviations(score.nats),
    }


def _shades(bits: Tensor) -> Tensor:
    """(1, H, W) in [0, 1], black where a pixel is free."""
    return (bits / bits.max().clamp(min=1e-9)).float()[None]


COMMANDS = (
    Command("score", "say what a picture costs a model", add_score_arguments, score_file,
            score_text),
)  # fmt: skip

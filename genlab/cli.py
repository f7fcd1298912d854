"""The command line: everything that needs no screen, for a person or, with --json, a program.

Each subcommand is a `genlab.core.commands.Command`. `models` and `sample` live here; a module of
`genlab.analysis` or `genlab.inference` brings its own. What is done with a model follows from its
capabilities, never from its family: the samplers and their options come from `genlab.inference`.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from torch import nn

from genlab.analysis.figures import with_error
from genlab.core.capabilities import Sampler
from genlab.core.cards import ModelCard, sha256
from genlab.core.commands import Command, Shelf
from genlab.core.errors import CheckpointError, GenLabError, InputError
from genlab.core.images import image_grid, save_picture, to_picture
from genlab.inference.sampling import capabilities_of
from genlab.registry import discover
from genlab.store import CHECKPOINTS, ModelStore, skeleton

MAX_COUNT = 256  # images of one call
MAX_SCALE = 16  # 256 images of 28×28 then fill 55 megapixels


def main(arguments: Sequence[str]) -> int:
    """Run one command line; 0 is success, 2 an error that was explained, 130 an interruption."""
    options = make_parser().parse_args(arguments)
    try:
        result = options.command.run(ModelStore(options.checkpoints), options)
    except GenLabError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    print(json.dumps(result, indent=2) if options.json else options.command.as_text(result))
    return 0


def make_parser() -> argparse.ArgumentParser:
    """A subparser for each of this file's commands and of those that analyses bring."""
    parser = argparse.ArgumentParser(
        prog="python -m genlab", description="GenLab without a screen.", allow_abbrev=False
    )
    subparsers = parser.add_subparsers(required=True, metavar="command")
    found = discover("genlab.analysis", "COMMANDS") + discover("genlab.inference", "COMMANDS")
    for command in sum(found, COMMANDS):
        sub = subparsers.add_parser(
            command.name, help=command.help, description=command.help, allow_abbrev=False
        )
        command.add_arguments(sub)
        sub.add_argument("--json", action="store_true", help="print one JSON value, nothing else")
        sub.add_argument(
            "--checkpoints", type=Path, default=CHECKPOINTS, help="folder of the trained weights"
        )
        sub.set_defaults(command=command)
    return parser


def list_models(shelf: Shelf, options: argparse.Namespace) -> list[dict[str, object]]:
    """All cards, with or without weights."""
    return [_describe(shelf, card) for card in shelf.cards]


def _describe(shelf: Shelf, card: ModelCard) -> dict[str, object]:
    network = skeleton(card)
    checkpoint, figures = "missing", {}
    if shelf.has_weights(card.name):
        try:
            figures = shelf.card_file(card.name).figures
            checkpoint = "here"
        except CheckpointError:
            checkpoint = "damaged"
    return {
        "name": card.name,
        "title": card.title,
        "family": card.family,
        "data": card.data,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "checkpoint": checkpoint,
        "capabilities": [each.__name__ for each in capabilities_of(network)],
        "figures": {
            name: {"value": figure.value, "standard_error": figure.standard_error}
            for name, figure in figures.items()
        },
    }


def models_table(models: list[dict[str, object]]) -> str:
    """A line a card, the columns aligned."""
    rows = [("name", "title", "family", "data", "parameters", "checkpoint", "capabilities",
             "figures")]  # fmt: skip
    for model in models:
        figures = (
            f"{name} {with_error(figure['value'], figure['standard_error'])}"
            for name, figure in model["figures"].items()
        )
        rows.append(
            (
                *(model[key] for key in ("name", "title", "family", "data")),
                f"{model['parameters']:,}",
                model["checkpoint"],
                ", ".join(model["capabilities"]),
                ", ".join(figures) or "–",
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "\n".join(lines)


def add_sample_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of every sampler, and the options of all samplers, as texts."""
    parser.add_argument("card", help="a name that `models` lists")
    parser.add_argument("--count", type=_whole(1, MAX_COUNT), default=16, help="default: 16")
    parser.add_argument("--seed", type=int, default=0, help="image i has seed + i; default: 0")
    parser.add_argument("--out", type=Path, required=True, help="the grid of pictures, a .png")
    parser.add_argument(
        "--scale", type=_whole(1, MAX_SCALE), default=4, help="side of a pixel; default: 4"
    )
    for name, help_text in _sampler_options().items():
        parser.add_argument(_flag(name), dest=name, metavar="VALUE", help=help_text)


def sample_grid(shelf: Shelf, options: argparse.Namespace) -> dict[str, object]:
    """Make `count` pictures, write them as one grid, and say what they are."""
    model = shelf.get(options.card)
    sampler = _sampler_for(model, options.card)
    chosen = _chosen_options(sampler, options)
    started = time.perf_counter()
    try:
        images = sampler.sample(model, seed=options.seed, count=options.count, **chosen)
    except ValueError as error:
        raise InputError(f"{error}.") from error
    seconds = time.perf_counter() - started
    save_picture(image_grid(images), options.out, scale=options.scale)
    return {
        "card": options.card,
        "seed": options.seed,
        "count": options.count,
        "options": chosen,
        "out": str(options.out),
        "seconds": round(seconds, 3),
        "sha256": sha256(to_picture(images).numpy().tobytes()),
    }


def sample_text(result: dict[str, object]) -> str:
    """One sentence."""
    return (
        f"{result['count']} pictures of {result['card']}, seeds from {result['seed']}, "
        f"in {result['seconds']:.2f} s: {result['out']}"
    )


def _sampler_for(model: nn.Module, card: str) -> Sampler:
    for sampler in discover("genlab.inference", "SAMPLER"):
        if isinstance(model, sampler.capability):
            return sampler
    raise InputError(f"There is no way to draw samples of {card}. Choose a model that generates.")


def _chosen_options(sampler: Sampler, options: argparse.Namespace) -> dict[str, object]:
    """The sampler's keywords, parsed; an option of another sampler is refused."""
    own = {option.name: option for option in sampler.options}
    for name in _sampler_options():
        if name not in own and getattr(options, name) is not None:
            raise InputError(
                f"{options.card} has no option {_flag(name)}. It has: "
                f"{', '.join(map(_flag, own)) or 'none'}."
            )
    chosen = {}
    for name, option in own.items():
        text = getattr(options, name)
        try:
            chosen[name] = option.default if text is None else option.parse(text)
        except ValueError as error:
            raise InputError(f"{_flag(name)} cannot be {text[:60]!r}: {option.help}.") from error
    return chosen


def _sampler_options() -> dict[str, str]:
    """Names and help of all samplers' options; samplers may share a name."""
    texts: dict[str, list[str]] = {}
    for sampler in discover("genlab.inference", "SAMPLER"):
        for option in sampler.options:
            line = f"{sampler.capability.__name__}: {option.help}"
            texts.setdefault(option.name, []).append(line.replace("%", "%%"))
    return {name: "; ".join(lines) for name, lines in texts.items()}


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _whole(lowest: int, highest: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isdecimal() and lowest <= int(text) <= highest):
            raise argparse.ArgumentTypeError(f"must be from {lowest} to {highest}, got {text}")
        return int(text)

    return parse


COMMANDS = (
    Command("models", "list all models", lambda parser: None, list_models, models_table),
    Command("sample", "draw pictures", add_sample_arguments, sample_grid, sample_text),
)

"""`python -m train.evaluate <card>` measures the figures that stand in `checkpoints/<card>.json`.

All of them or none are written, and other figures stay as they are.
"""

import argparse
import dataclasses
import functools
import shlex
import sys
from pathlib import Path

from torch import nn
from tqdm import tqdm

from genlab import data
from genlab.core.cards import CardFile, Figure
from genlab.core.errors import GenLabError
from genlab.core.protocols import Denoiser
from genlab.store import CHECKPOINTS, ModelStore
from train.compiled import compile_denoiser
from train.errors import TrainingError
from train.evaluator import Evaluator, Measurement, Subject, evaluators_of
from train.evaluators.denoiser import BATCH
from train.export import write_card
from train.judged import judge_of
from train.kept_pictures import Keeper
from train.recipe import Recipe, recipes
from train.stop import terminable

LIMITS = ("samples", "images")
DECIMALS = 4  # of a nat; the standard error is some 0.2
DIGITS = 4  # of smaller numbers, such as a kernel distance
HASH = 12  # characters of the weights' that name a folder
FEWEST = 10  # precision and recall look at the fifth neighbour
DESCRIPTION = """\
Measure a card's figures on the test images and write them to checkpoints/<card>.json, with their
standard errors and this command. Which ones, the model's capabilities say. A diffusion model's
pictures are kept while they are drawn: after a stop, the same command goes on behind them.
"""


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """The command line; wrong values end the program with a message."""
    parser = argparse.ArgumentParser(prog="python -m train.evaluate", description=DESCRIPTION)
    parser.add_argument("card", metavar="CARD", help="such as pixelcnn-mnist")
    parser.add_argument(
        "--quick", action="store_true", help="few images; prints, and writes nothing"
    )
    parser.add_argument(
        "--only", metavar="NAME", help="one group of figures, such as sample_quality; default: all"
    )
    parser.add_argument(
        "--images", type=_count, metavar="N",
        help="measure the likelihood of at most so many test images, evenly spaced; default: all",
    )  # fmt: skip
    parser.add_argument(
        "--samples", type=_count, metavar="N",
        help="draw at most so many samples for a figure, and for its floor; default: all that the "
        "figure is made for, mostly 10,000",
    )  # fmt: skip
    parser.add_argument(
        "--compile",
        action="store_true",
        help="compile a diffusion model first: the same figures but for rounding, a third sooner "
        "where the walk is long",
    )
    parser.add_argument(
        "--data-root",
        type=Path,
        metavar="FOLDER",
        help="holds the data sets; default: the variable GENLAB_DATA, else data",
    )
    parser.add_argument(
        "--checkpoints",
        type=Path,
        default=CHECKPOINTS,
        metavar="FOLDER",
        help="holds the card; default: the repository's checkpoints",
    )
    parser.add_argument(
        "--runs",
        type=Path,
        default=Path("runs"),
        metavar="FOLDER",
        help="for pictures that take hours to draw; default: %(default)s",
    )
    return parser.parse_args(arguments)


def main(
    arguments: list[str],
    *,
    offered: dict[str, Recipe] | None = None,
    store: ModelStore | None = None,
) -> int:
    """Run the command line.

    Args:
        offered: recipes by card; by default all.
        store: by default that of --checkpoints.

    Returns:
        0 for success, 2 for an error that was explained, 130 after a stop.
    """
    options = parse_arguments(arguments)
    offered = recipes() if offered is None else offered
    store = store or ModelStore(options.checkpoints)
    try:
        with terminable():
            recorded = store.card_file(options.card)
            keeper = None if options.quick else keeper_of(recorded, options.runs)
            figures = measure(options, offered, store, keeper)
            if keeper:
                write_figures(figures, recorded, store, options.checkpoints)
                keeper.forget()
    except GenLabError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; no figure was written", file=sys.stderr)
        return 130
    return 0


def keeper_of(card: CardFile, runs: Path) -> Keeper:
    """Of the pictures that these weights draw; other weights have another folder."""
    return Keeper(runs / card.card / "samples" / card.sha256[:HASH])


def measure(
    options: argparse.Namespace,
    offered: dict[str, Recipe],
    store: ModelStore,
    keeper: Keeper | None = None,
) -> dict[str, Figure]:
    """All figures that the card's capabilities call for; each is printed when it is known.

    Raises:
        TrainingError: nothing is offered for this card, or a limit is named that limits nothing.
        UnknownModel, CheckpointError, DataError
    """
    model = store.get(options.card)
    if options.card not in offered:
        raise TrainingError(
            f"No recipe says what {options.card} was trained on. Add one to train/recipes."
        )
    chosen = _chosen(evaluators_of(model), options)
    name = offered[options.card].data
    load = functools.partial(data.load, name, root=options.data_root)
    if options.compile:
        compile_model(model)
    subject = Subject(
        model, load, options.quick, judge_of(name, store), options.samples, options.images, keeper
    )
    figures = {}
    for evaluator in chosen:
        command = _command(options, evaluator)
        for measured in evaluator.measure(subject):
            tqdm.write(describe(measured))
            figures[measured.name] = Figure(
                rounded(measured.value), rounded(measured.standard_error), measured.n, command
            )
    return figures


def compile_model(model: nn.Module) -> None:
    """Let it answer by compiled code, after a look at one answer.

    Raises:
        TrainingError: it is no denoiser, or the compiler fails.
    """
    if not isinstance(model, Denoiser):
        raise TrainingError("--compile is for diffusion models. Leave it out.")
    compile_denoiser(model, BATCH)


def _chosen(evaluators: list[Evaluator], options: argparse.Namespace) -> list[Evaluator]:
    """Those that were named; all where none is.

    Raises:
        TrainingError: there is no such one, or none of them heeds a limit that was given.
    """
    found = [each for each in evaluators if options.only in (None, each.name)]
    if not found:
        raise TrainingError(
            f"Nothing called {options.only!r} is measured of this card. Choose one of: "
            f"{', '.join(each.name for each in evaluators)}."
        )
    for limit in LIMITS:
        if getattr(options, limit) is not None and limit not in {each.limit for each in found}:
            raise TrainingError(f"--{limit} limits nothing that is measured here. Leave it out.")
    return found


def describe(measured: Measurement) -> str:
    """One line."""
    return (
        f"{measured.name} {rounded(measured.value):.7g} ± {rounded(measured.standard_error):.7g} "
        f"(n = {measured.n}), {measured.note}".rstrip(", ")
    )


def rounded(value: float) -> float:
    """To ten-thousandths, or to four digits where that is finer."""
    return round(value, DECIMALS) if abs(value) >= 0.1 else float(f"{value:.{DIGITS}g}")


def write_figures(
    figures: dict[str, Figure], recorded: CardFile, store: ModelStore, folder: Path
) -> None:
    """Put the figures into the card as it stands now, beside its others.

    Raises:
        TrainingError: other weights were exported meanwhile, or the card cannot be written.
    """
    current = store.card_file(recorded.card)
    if current.sha256 != recorded.sha256:
        raise TrainingError(
            f"The weights of {recorded.card} were replaced while the old ones were measured. "
            "Nothing was written: evaluate again."
        )
    updated = dataclasses.replace(current, figures={**current.figures, **figures})
    write_card(updated, folder, remedy="Free some room and evaluate again.")


def _command(options: argparse.Namespace, evaluator: Evaluator) -> str:
    """What measures the same again, wherever the folders are; without limits of other figures."""
    words = ["python", "-m", "train.evaluate", options.card]
    words += ["--only", options.only] if options.only else []
    limit = getattr(options, evaluator.limit, None)
    words += [f"--{evaluator.limit}", str(limit)] if limit else []
    return shlex.join([*words, *(["--compile"] if options.compile else [])])


def _count(text: str) -> int:
    if not (text.isdecimal() and int(text) >= FEWEST):
        raise argparse.ArgumentTypeError(f"must be {FEWEST} or more, got {text}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

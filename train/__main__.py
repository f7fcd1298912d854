"""`python -m train <card>` trains one card, `python -m train all` the queue."""

import argparse
import dataclasses
import math
import sys
import traceback
from pathlib import Path

from genlab.core.errors import GenLabError
from genlab.store import CHECKPOINTS, ModelStore
from train import recording
from train.arguments import parse_seed, parse_steps
from train.export import is_exported
from train.loop import averaged_weights
from train.recipe import Recipe, recipes
from train.run import Request
from train.run_folder import RunFolder
from train.session import disband, train_card
from train.stop import terminable

ALL = "all"
FILM = "film"
DESCRIPTION = "Train a card and write checkpoints/<card>.safetensors and checkpoints/<card>.json."
EPILOG = """\
Ctrl+C and SIGTERM end the step, save the state and leave; a kill loses at most half a minute.
Go on with:      python -m train CARD --resume     (the run remembers its budget and its seed)
The queue:       python -m train all               (leaves out what is done, goes on with the rest)
Several GPUs:    accelerate launch --multi_gpu -m train CARD
Several cores:   torchrun --standalone --nproc-per-node 2 -m train CARD
Runs to watch:   python -m train film --help       (recorded with pictures and figures, no card)
"""


def parse_arguments(arguments: list[str], offered: dict[str, Recipe]) -> tuple[str, Request]:
    """The card, or "all", and what is asked; wrong values end the program with a message."""
    parser = argparse.ArgumentParser(
        prog="python -m train",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "card",
        choices=[*offered, ALL],
        metavar="CARD",
        help=f"one of {', '.join(offered)}; or {ALL}: one after the other, for their own minutes",
    )
    length = parser.add_mutually_exclusive_group()
    length.add_argument(
        "--budget-minutes",
        type=_minutes,
        metavar="MINUTES",
        help="how long, in training time: pauses, validation and previews do not count",
    )
    length.add_argument(
        "--steps",
        type=parse_steps,
        metavar="N",
        help="how long, in steps; default: the recipe's",
    )
    parser.add_argument(
        "--seed",
        type=parse_seed,
        metavar="N",
        help="of first weights and batches; default: 0",
    )
    beginning = parser.add_mutually_exclusive_group()
    beginning.add_argument(
        "--resume",
        action="store_true",
        help="go on with the run in --runs; another length moves its learning rate accordingly",
    )
    beginning.add_argument(
        "--init-from",
        type=Path,
        metavar="CHECKPOINT",
        help="start with these weights, such as checkpoints/CARD; a new warm-up, a new cosine",
    )
    parser.add_argument(
        "--compile",
        action=argparse.BooleanOptionalAction,
        dest="compiled",
        help="compile the network first, half a minute on a CPU; default: where the recipe says so",
    )
    folders = parser.add_argument_group("folders")
    folders.add_argument(
        "--data-root",
        type=Path,
        metavar="FOLDER",
        help="holds the data sets; default: the variable GENLAB_DATA, else data",
    )
    folders.add_argument(
        "--runs",
        type=Path,
        default=Path("runs"),
        metavar="FOLDER",
        help="for state, log and film; default: %(default)s",
    )
    folders.add_argument(
        "--checkpoints",
        type=Path,
        default=CHECKPOINTS,
        metavar="FOLDER",
        help="for the result; default: the repository's checkpoints",
    )
    options = vars(parser.parse_args(arguments))
    card, request = options.pop("card"), Request(**options)
    if request.resume and request.seed is not None:
        parser.error("--seed belongs to a run's start; --resume goes on with the run's own")
    if card == ALL and (request.steps or request.init_from or request.resume):
        parser.error(f"--steps, --init-from and --resume are for one card, not for {ALL!r}")
    return card, request


def _minutes(text: str) -> float:
    minutes = float(text)
    if not (math.isfinite(minutes) and minutes > 0):
        raise argparse.ArgumentTypeError(f"must be a positive number of minutes, got {text}")
    return minutes


def main(
    arguments: list[str],
    *,
    offered: dict[str, Recipe] | None = None,
    store: ModelStore | None = None,
) -> int:
    """Run the command line.

    Args:
        offered: recipes by card in the order of the queue; by default all.
        store: knows their cards.

    Returns:
        0 for success, 1 where cards of the queue failed, 2 for an error that was explained, 130
        after a stop.
    """
    if arguments[:1] == [FILM]:
        return recording.main(arguments[1:])
    offered, store = offered or recipes(), store or ModelStore()
    chosen, request = parse_arguments(arguments, offered)
    try:
        with terminable():
            if chosen == ALL:
                return train_queue(offered, store, request)
            train_card(offered[chosen], store.card(chosen), request)
    except GenLabError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        again = chosen if chosen == ALL else f"{chosen} --resume"
        print(f"stopped; go on with `python -m train {again}`", file=sys.stderr)
        return 130
    finally:
        disband()
    return 0


def train_queue(offered: dict[str, Recipe], store: ModelStore, request: Request) -> int:
    """Train every card that is not done; one that fails does not stop the others.

    Returns:
        0, or 1 where a card failed.
    """
    failed = []
    for recipe in offered.values():
        try:
            train_next(recipe, store, request)
        except GenLabError as error:
            failed.append(f"{recipe.card}: {error}")
        except Exception as error:  # a mistake in one recipe must not cost the others their night
            traceback.print_exc()
            failed.append(f"{recipe.card}: {type(error).__name__}: {error}")
    for failure in failed:
        print(f"error: {failure}", file=sys.stderr)
    return 1 if failed else 0


def train_next(recipe: Recipe, store: ModelStore, request: Request) -> None:
    """Begin, go on with or leave out one card of the queue.

    Raises:
        GenLabError: as `train_card`.
    """
    minutes = request.budget_minutes or recipe.minutes
    folder = RunFolder(request.runs / recipe.card)
    if folder.has_state:
        state = folder.load_state()
        weights = averaged_weights(state["average"], recipe.stored_as)
        if state["seconds"] >= 60 * minutes and is_exported(
            recipe.card, weights, request.checkpoints
        ):
            print(f"{recipe.card}: done")
            return
    own = dataclasses.replace(request, budget_minutes=minutes, resume=folder.has_state)
    train_card(recipe, store.card(recipe.card), own)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m train.table` writes `checkpoints/README.md`: all cards and their figures."""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from genlab.analysis.figures import describe
from genlab.core.cards import CardFile, ModelCard
from genlab.core.errors import GenLabError
from genlab.store import CHECKPOINTS, ModelStore
from train.replace import replacing

HEAD = """\
# Trained weights

Each `<card>.safetensors` has a `<card>.json` beside it: sha256, training command, revision, and
every figure with its standard error and the command that measured it. This page is made of them by
`python -m train.table`; nothing in it is typed by hand.

Nats and bits are per image and lower is better. *Dynamic* means pixels drawn anew from their grey
value, *thresholded* cut at one half; the two are never compared. `fid_floor` is the distance of as
many real training images, the mean of five sets, so `fid_times_floor` is the unit to compare by;
its error counts the floor's. Likelihood and distance need not agree: they measure different things.
"""
REMEDY = "Free some room and repeat the command."


def page(store: ModelStore) -> str:
    """The whole file: a section a family, a table of figures in each.

    Raises:
        CheckpointError: a card is damaged.
    """
    shipped = [card for card in store.cards if store.has_weights(card.name)]
    families = dict.fromkeys(card.family for card in shipped)
    sections = (
        section(family, [card for card in shipped if card.family == family], store)
        for family in families
    )
    return "\n".join([HEAD, *sections])


def section(family: str, cards: list[ModelCard], store: ModelStore) -> str:
    """What each card of a family is, then its figures side by side."""
    files = [store.card_file(card.name) for card in cards]
    about = table(
        ["card", "what", "data", "parameters", "steps", "minutes", "device"],
        [
            [f"`{f.card}`", f.title, f.data, f"{f.parameters:,}", f"{f.steps:,}", f"{f.minutes:g}",
             f.device]
            for f in files
        ],
    )  # fmt: skip
    names = list(dict.fromkeys(name for file in files for name in file.figures))
    figures = table(
        ["figure", *(f"`{file.card}`" for file in files)],
        [[f"`{name}`", *(_cell(file, name) for file in files)] for name in names],
    )
    return f"## {family}\n\n{about}\n\n{figures}\n"


def _cell(file: CardFile, name: str) -> str:
    figure = file.figures.get(name)
    return "–" if figure is None else describe(figure)


def table(head: list[str], rows: Iterable[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main(arguments: list[str]) -> int:
    """Run the command line; 0 for success, 2 for an error that was explained."""
    parser = argparse.ArgumentParser(prog="python -m train.table", description=__doc__)
    parser.add_argument(
        "--checkpoints", type=Path, default=CHECKPOINTS, metavar="FOLDER",
        help="holds the cards; default: the repository's checkpoints",
    )  # fmt: skip
    folder = parser.parse_args(arguments).checkpoints
    try:
        content = page(ModelStore(folder))
        with replacing(folder / "README.md", remedy=REMEDY) as fresh:
            fresh.write_text(content, encoding="utf8")
    except GenLabError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

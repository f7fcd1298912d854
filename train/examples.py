"""Makes the contact sheets of `genlab/assets/examples` anew: `python -m train.examples`.

A sheet has one row a class and ten test images a row, without gaps, so that `genlab.data.examples`
gets every byte back from an 8-bit grey PNG.
"""

import argparse
import sys
from pathlib import Path

from genlab.core.errors import GenLabError
from genlab.core.images import image_grid, save_picture
from genlab.data import EXAMPLES, NAMES, choose_examples

FOLDER = Path(__file__).parents[1] / "genlab" / "assets" / "examples"


def write_sheet(name: str, path: Path, root: Path | None = None) -> None:
    """Write one data set's contact sheet.

    Raises:
        DataError: the data set cannot be had, or the file cannot be written.
    """
    images = choose_examples(name, root).images / 255
    save_picture(image_grid(images, columns=EXAMPLES, gap=0), path)


def main(arguments: list[str]) -> int:
    """Read the command line and write all sheets; 0 for success, 2 for an explained error."""
    parser = argparse.ArgumentParser(prog="python -m train.examples", description=__doc__)
    parser.add_argument("--data-root", type=Path, help="else GENLAB_DATA, else data")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="default: %(default)s")
    options = parser.parse_args(arguments)
    try:
        for name in NAMES:
            write_sheet(name, options.folder / f"{name}.png", options.data_root)
    except GenLabError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m genlab receptive-field`: what one pixel's prediction can see, as a grid of glyphs."""

from argparse import ArgumentParser, Namespace
from dataclasses import asdict

from genlab.analysis.architectures import ARCHITECTURES
from genlab.analysis.reachability import States, states
from genlab.core.commands import Command, Shelf
from genlab.core.errors import InputError

MAX_SIZE = 28  # pixels a side
MAX_KERNEL = 27
MAX_LAYERS = 255
LEGEND = "# seen  o target  x blind  ? pending  - lost  . future  ! leak  @ target seen"


def add_arguments(parser: ArgumentParser) -> None:
    """The architecture, its size and the pixel that is asked about."""
    parser.add_argument("--architecture", required=True, help=", ".join(ARCHITECTURES))
    parser.add_argument(
        "--kernel", type=int, help="side of the kernels; not needed where the name says it"
    )
    parser.add_argument("--layers", type=int, required=True, help=f"1 to {MAX_LAYERS}")
    parser.add_argument(
        "--size", type=int, required=True, help=f"side of the image, 1 to {MAX_SIZE}"
    )
    parser.add_argument(
        "--target", type=int, nargs=2, required=True, metavar=("ROW", "COLUMN"), help="from 0 on"
    )


def show_field(shelf: Shelf, options: Namespace) -> dict[str, object]:
    """The states of all pixels, their counts and the depths at which something ends."""
    _check_sizes(options)
    found = states(
        options.architecture,
        kernel=_kernel(options),
        layers=options.layers,
        size=options.size,
        target=tuple(options.target),
    )
    return asdict(found)


def as_text(result: dict[str, object]) -> str:
    """The grid, a legend, the counts and the two depths."""
    found = States(**result)
    counts = ", ".join(f"{name} {count}" for name, count in found.counts.items())
    return "\n".join(
        [
            *found.grid,
            LEGEND,
            counts,
            f"at its limit: {_depth(found.limit_layer)}",
            f"empty: {_depth(found.empty_layer)}",
        ]
    )


def _depth(layers: int | None) -> str:
    return "never" if layers is None else f"with {layers} layer{'s' if layers > 1 else ''}"


def _kernel(options: Namespace) -> int:
    """The kernel that was asked for, or the first of those that the architecture fixes.

    Raises:
        InputError: no such architecture, no kernel where one is needed, one that cannot be.
    """
    if options.architecture not in ARCHITECTURES:
        raise InputError(
            f"There is no architecture {options.architecture[:60]!r}. Choose one of: "
            f"{', '.join(ARCHITECTURES)}."
        )
    fixed = ARCHITECTURES[options.architecture].fixed_kernels
    if options.kernel is None and fixed is None:
        raise InputError(f"{options.architecture} needs a kernel. Say one, such as --kernel 3.")
    kernel = fixed[0] if options.kernel is None else options.kernel
    if not 3 <= kernel <= MAX_KERNEL or kernel % 2 == 0:
        raise InputError(
            f"A kernel of {kernel} has no centre or no neighbours. Choose an odd --kernel from 3 "
            f"to {MAX_KERNEL}."
        )
    return kernel


def _check_sizes(options: Namespace) -> None:
    """Refuse what no image and no network has.

    Raises:
        InputError
    """
    _check_range("layers", options.layers, MAX_LAYERS)
    _check_range("size", options.size, MAX_SIZE)
    size = options.size
    if not all(0 <= place < size for place in options.target):
        row, column = options.target
        raise InputError(
            f"The target {row} {column} lies outside of {size}×{size} pixels. Choose a row and a "
            f"column from 0 to {size - 1}."
        )


def _check_range(name: str, value: int, highest: int) -> None:
    if not 1 <= value <= highest:
        raise InputError(f"--{name} cannot be {value}. Choose a number from 1 to {highest}.")


COMMANDS = (
    Command("receptive-field", "what a masked network can see", add_arguments, show_field, as_text),
)

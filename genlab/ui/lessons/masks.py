"""*Look closer* of the Masks page: the stage's target in numbers, the code, the shapes."""

import inspect
import json
from dataclasses import dataclass

import gradio as gr

from genlab.analysis import propagation
from genlab.analysis.masks import mask_a, mask_b
from genlab.analysis.reachability import ARCHITECTURES, States, layer_masks, states
from genlab.core.errors import InputError
from genlab.ui import kit
from genlab.ui.closer import LATEX
from genlab.ui.lessons.mask_recursion import describe_recursion

KERNELS = (3, 5, 7)
MOST_LAYERS, SMALLEST, LARGEST = 16, 3, 28


@dataclass(frozen=True)
class Choice:
    """What the stage shows, checked."""

    architecture: str
    kernel: int
    layers: int
    size: int
    target: tuple[int, int]

    def states(self, **changes: object) -> States:
        """The grid of this choice, or of one that differs in `changes`."""
        asked = {
            "architecture": self.architecture, "kernel": self.kernel, "layers": self.layers,
            "size": self.size, "target": self.target,
        }  # fmt: skip
        asked |= changes
        return states(asked.pop("architecture"), **asked)


def read_choice(sent: object) -> Choice:
    """The stage's value as it was sent.

    Raises:
        InputError: not a choice that the stage offers.
    """
    try:
        given = json.loads(sent) if isinstance(sent, str) else sent
        size = kit.whole_number(given["size"], "Size", SMALLEST, LARGEST)
        row, column = given["target"]
        return Choice(
            architecture=kit.choice(given["architecture"], "Architecture", tuple(ARCHITECTURES)),
            kernel=kit.choice(given["kernel"], "Kernel", KERNELS),
            layers=kit.whole_number(given["layers"], "Layers", 1, MOST_LAYERS),
            size=size,
            target=(
                kit.whole_number(row, "Row", 0, size - 1),
                kit.whole_number(column, "Column", 0, size - 1),
            ),
        )
    except (ValueError, TypeError, LookupError) as error:
        raise InputError("The choice did not arrive whole. Reload the page, then go.") from error


def build(stage: gr.components.Component) -> None:
    """Declare the folded part; it reads the stage's choice when it is unfolded."""
    with gr.Accordion("Look closer", open=False) as section:
        account = gr.Markdown("", latex_delimiters=LATEX, elem_classes="genlab-account")
        again = gr.Button("Take the target that is on the stage now", size="sm")
        gr.Markdown("### The lines of our code that did this")
        gr.Code(_code(), language="python", show_label=False, interactive=False)
    explain = kit.readable_errors(lambda sent: describe_choice(read_choice(sent)))
    for trigger in (section.expand, again.click):
        trigger(explain, stage, account, show_progress="hidden", api_visibility="private",
                preprocess=False, queue=False)  # fmt: skip


def describe_choice(choice: Choice) -> str:
    """The recursion, this target's numbers in it, and the shapes."""
    row, column = choice.target
    found, earlier = choice.states(), row * choice.size + column
    counts = found.counts
    rest = "".join(
        f" - {counts[name]}_{{\\text{{{name}}}}}"
        for name in ("blind", "pending", "lost")
        if counts[name]
    )
    return rf"""
### Row {row}, column {column}: {earlier} earlier pixels

A layer hands on what its mask's taps read. So what the target needs of the image is found
backwards: start with the target alone and step through the layers, the last one first. A mask
stands for the offsets of its taps, and what it reads to compute the positions $S$ is
$S \oplus M = \{{\, q + m : q \in S,\ m \in M \,\}}$.

{describe_recursion(choice.architecture, choice.layers, choice.target)} Before it in raster order
are ${row} \cdot {choice.size} + {column} = {earlier}$ pixels, and of these it sees

$$\text{{seen}} = {f"{earlier}{rest} = " if rest else ""}{counts["seen"]}$$
{_by_rows(choice, found)}
### The masks and their shapes

{_mask_rows(choice)}
"""


def _by_rows(choice: Choice, found: States) -> str:
    """The blind spot row by row, where there is one above the target."""
    row = choice.target[0]
    lost = [(row - up, found.grid[up].count("x")) for up in range(row) if "x" in found.grid[up]]
    if not lost:
        return ""
    terms = " + ".join(str(count) for _, count in reversed(lost))
    rows = ", ".join(str(up) for up, _ in reversed(lost))
    return (
        f"\nIts blind cells by rows above it ({rows}): ${terms} = {sum(n for _, n in lost)}$. With "
        "each row up a path can go a few columns further to the right, and never more.\n"
    )


def _mask_rows(choice: Choice) -> str:
    names = ("1", "2 and later") if choice.layers > 1 else ("1",)
    layers = layer_masks(choice.architecture, choice.kernel, len(names))
    rows = [
        f"| {name} | {mask.name} | {mask.taps.shape[0]} × {mask.taps.shape[1]} | "
        f"{int(mask.taps.sum())} of {mask.taps.size} |"
        for name, masks in zip(names, layers, strict=True)
        for mask in masks
    ]
    return "\n".join(["| layer | mask | shape | taps that read |", "|---|---|---|---|", *rows])


def _code() -> str:
    parts = (mask_a, mask_b, propagation._walk, propagation._below, propagation._reads)
    return "\n\n".join(inspect.cleandoc("\n" + inspect.getsource(part)) for part in parts)

"""Masks in numbers: what colours see of each other, and how much is never reachable by kernel."""

import gradio as gr
import numpy as np

from genlab.analysis.channel_masks import COLOURS, TAPS, visibility
from genlab.analysis.reachability import ARCHITECTURES, unreachable_share
from genlab.ui import kit

STACKS = ("A", "B", "A B", "A B B", "A A")
SIDE = 28
SHARES = (("a-then-b", 3), ("a-then-b", 5), ("a-then-b", 7), ("a7-then-b3", 7), ("gated", 3))

_PLACES = {"centre": "the same pixel", "left": "the pixel to the left", "above": "the pixel above"}


def build() -> None:
    """Declare both folded sections."""
    with gr.Accordion("Red, green, blue", open=False):
        gr.Markdown(
            "In a colour image each pixel is three steps: R, then G given R, then B given both. A "
            "row is the colour that is predicted, the digits say what it reads, 1 for yes. All "
            "colours of earlier pixels are fair, so the channel mask belongs on the centre tap "
            "alone; put on every tap, a common slip, a mask A in any layer blinds R."
        )
        stack = gr.Radio(STACKS, value="A B", label="Masks of the layers, first to last")
        matrices = gr.Markdown(describe_colours("A B"), elem_classes="genlab-matrices")
        stack.input(kit.readable_errors(describe_colours), stack, matrices, preprocess=False,
                    **kit.QUICK)  # fmt: skip
    with gr.Accordion("How much is never seen", open=False):
        gr.Markdown(describe_shares())


def describe_colours(stack: object) -> str:
    """The visibility matrices of a stack, right and common-wrong, as a Markdown table."""
    layers = kit.choice(stack, "Masks of the layers", STACKS).split()
    right, wrong = visibility(layers), visibility(layers, on_every_tap=True)
    head = ["| reads of | by | on the centre tap | on every tap |", "|---|---|---|---|"]
    rows = [
        f"| {_PLACES[tap]} | **{colour}** | {_digits(right[tap][i])} | {_digits(wrong[tap][i])} |"
        for tap in TAPS
        for i, colour in enumerate(COLOURS)
    ]
    return "\n".join([*head, *rows])


def _digits(row: np.ndarray) -> str:
    return "`" + "\u00a0".join(map(str, row.tolist())) + "`"


def describe_shares() -> str:
    """What no depth ever reaches, over all targets, as a Markdown table."""
    head = f"Of all earlier pixels of all targets at {SIDE}×{SIDE}, no depth ever reaches:"
    rows = [
        f"| {_name(architecture, kernel)} | {100 * unreachable_share(architecture, kernel):.2f} % |"
        for architecture, kernel in SHARES
    ]
    return "\n".join([head, "", "| network | never reachable |", "|---|---:|", *rows])


def _name(architecture: str, kernel: int) -> str:
    chosen = ARCHITECTURES[architecture]
    return chosen.title if chosen.fixed_kernels else f"{chosen.title}, {kernel}×{kernel}"

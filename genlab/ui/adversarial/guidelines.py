"""The page of the DCGAN guidelines: a checklist, looked up in the chosen network's modules.

The verdicts are computed (`genlab.analysis.dcgan_guidelines`); why a guideline was given, and why
our networks do without some of them, is told by hand.
"""

from dataclasses import dataclass

import gradio as gr

from genlab.analysis.dcgan_guidelines import GUIDELINES, Verdict, check_guidelines
from genlab.store import ModelStore, skeleton
from genlab.ui import kit

MOST_NAMES = 6  # modules that a verdict lists
FOLLOWS, DOES_NOT = "✓ follows", "× does not"


@dataclass(frozen=True)
class Told:
    """What is said about a guideline.

    Attributes:
        asks: the guideline in our words.
        why: what it is for.
        otherwise: why a network of ours does without it.
    """

    asks: str
    why: str
    otherwise: str


TOLD = dict(
    zip(
        GUIDELINES,
        (
            Told(
                "Strided convolutions shrink the picture in the critic, transposed ones grow it in "
                "the generator. Nothing pools and nothing resizes.",
                "Each network learns its own way to change the size.",
                "A network of dense layers has no sizes to change: it sees all pixels as one list.",
            ),
            Told(
                "Batch norm in the generator and in the critic.",
                "It keeps activations in a range in which both learn.",
                "Our critics are held by the R1 penalty, a price on their slope at real pictures, "
                "and our generators' weights are averages over many steps, which the running means "
                "of batch norm do not follow. Where a generator needs a norm it has pixel norm, "
                "which looks at one picture only.",
            ),
            Told(
                "No dense hidden layers: only the first layer of the generator, which turns the "
                "code into small pictures, and the last one of the critic are dense.",
                "Convolutions know that neighbouring pixels belong together, with few weights.",
                "The dense GAN is there to show what convolutions are good for. The "
                "convolutional critics have one dense layer before the score, in which a class can "
                "be a direction (a projection), and which costs little with 28 × 28 pixels.",
            ),
            Told(
                "ReLU everywhere in the generator, tanh at its output.",
                "Tanh ends where the pixels do, at −1 and 1.",
                "The dense generator has leaky ReLUs, so that none of its few units falls silent "
                "for good.",
            ),
            Told(
                "Leaky ReLU everywhere in the critic.",
                "A unit that is off still hands a gradient down, and the generator lives on "
                "gradients.",
                "This critic has other activations.",
            ),
        ),
        strict=True,
    )
)


def build(store: ModelStore, card: gr.Dropdown) -> None:
    """Declare the page and wire it; classes make no difference to it."""
    gr.Markdown(
        "## Does this network follow the DCGAN guidelines?\nFive rules made deep convolutional "
        "GANs trainable. Each verdict below is looked up in the modules of the chosen network.",
        elem_classes="genlab-question",
    )
    checked = gr.Markdown(
        _checked(store, card.value), elem_id="gan-guidelines", elem_classes="genlab-account"
    )

    def check(name: str) -> str:
        return _checked(store, name)

    card.change(kit.readable_errors(check), card, checked, show_progress="hidden", queue=False,
                api_visibility="private", preprocess=False)  # fmt: skip


def checklist(verdicts: tuple[Verdict, ...]) -> str:
    """The verdicts as Markdown, each with the modules that show it and why it is so."""
    followed = sum(verdict.follows for verdict in verdicts)
    head = f"**{followed} of {len(verdicts)}** guidelines are followed.\n"
    return "\n".join([head, *map(_item, verdicts)])


def _checked(store: ModelStore, name: str | None) -> str:
    network = skeleton(store.card(name)) if name else None
    if not all(hasattr(network, part) for part in ("generator", "critic")):
        return "This network has no generator and critic. Choose another model."
    title = store.card(name).title
    return f"### {title}\n\n{checklist(check_guidelines(network.generator, network.critic))}"


def _item(verdict: Verdict) -> str:
    told = TOLD[verdict.guideline]
    lines = [
        f"#### {FOLLOWS if verdict.follows else DOES_NOT}: {verdict.guideline}\n",
        f"{told.asks} {told.why}\n",
    ]
    if not verdict.follows:
        lines += [f"Against it: {_names(verdict.against)}. {told.otherwise}\n"]
    if verdict.shown_by:
        lines += [f"Shown by: {_names(verdict.shown_by)}.\n"]
    return "\n".join(lines)


def _names(found: tuple[str, ...]) -> str:
    """Names of modules as code, their kinds beside; the first of many."""
    shown = ", ".join(_as_code(each) for each in found[:MOST_NAMES])
    more = len(found) - MOST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown


def _as_code(found: str) -> str:
    name, bracket, kind = found.partition(" (")
    return f"`{name}` ({kind}" if bracket else found

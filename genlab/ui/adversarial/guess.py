"""The page of the game: which of twelve pictures are real? The visitor and the critic both guess.

A round lives in the session's state on the server. What the browser gets before *Reveal* is twelve
pictures and nothing else: not even the seed, from which the round could be dealt again.
"""

import dataclasses
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import gradio as gr
from torch import Tensor

from genlab.analysis.critic import UNDECIDED, opinions
from genlab.core.errors import InputError
from genlab.inference.latent import MAX_SEED
from genlab.inference.real_or_generated import Mixture, mix
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.adversarial import classes
from genlab.ui.adversarial.opinions import in_words, percent
from genlab.ui.canvas.judged import JudgedSheet, Opinion
from genlab.ui.canvas.sheet import picture_sheet
from genlab.ui.latent import codes, pictures

ROWS, COLS = 2, 6
COUNT = ROWS * COLS
ASK = (
    "From a third to two thirds of these pictures are real test pictures. Mark those that you "
    "think are real, then press *Reveal*."
)
LATE = "This round is revealed already. Press Next round."
NO_ROUND = "This round is no longer known here. Press Next round."


@dataclass(frozen=True)
class Round:
    """What the server knows of a round.

    Attributes:
        name: of the generator.
        seed: decides everything about it.
        is_revealed: whether the visitor has seen the truth.
    """

    name: str
    seed: int
    is_revealed: bool = False


@dataclass(frozen=True)
class Tally:
    """Pictures judged so far in this session against one generator, and how many rightly."""

    pictures: int = 0
    visitor: int = 0
    critic: int = 0

    def plus(self, visitor: int, critic: int) -> "Tally":
        """With a round more."""
        return Tally(self.pictures + COUNT, self.visitor + visitor, self.critic + critic)


def deal(store: ModelStore, name: str) -> Round:
    """A round that nobody can foresee."""
    classes.generator_of(store, name)
    return Round(name, secrets.randbelow(MAX_SEED - COUNT))


def mixture_of(store: ModelStore, dealt: Round) -> Mixture:
    """The pictures of a round and the truth about them."""
    model = classes.generator_of(store, dealt.name)
    real = classes.real_pictures(store, dealt.name)
    return mix(model, real, seed=dealt.seed, count=COUNT)


def show_round(store: ModelStore, dealt: Round) -> dict:
    """What the sheet gets of a round: its pictures, no marks, no opinions."""
    across = mixture_of(store, dealt).pictures.images.unflatten(0, (ROWS, COLS))
    return gr.update(value=[], sheet=picture_sheet(across), opinions=[])


def reveal(
    store: ModelStore, dealt: Round | None, marked: Sequence[int], tally: Tally
) -> tuple[dict, str, Round, Tally]:
    """The truth, who was right, and the new tally.

    Raises:
        InputError: there is no such round, or it is revealed.
    """
    if dealt is None:
        raise InputError(NO_ROUND)
    if dealt.is_revealed:
        raise InputError(LATE)
    mixed = mixture_of(store, dealt)
    shown = mixed.pictures
    shares = opinions(classes.generator_of(store, dealt.name), shown.images, shown.labels)
    truth = mixed.is_real.tolist()
    guesses = [place in marked for place in range(COUNT)]
    visitor = _agreeing(guesses, truth)
    critic = _agreeing((shares > UNDECIDED).tolist(), truth)
    tally = tally.plus(visitor, critic)
    words = describe(codes.title_of(store, dealt.name), dealt.seed, visitor, critic, tally)
    told = gr.update(value=list(marked), opinions=_truth(truth, guesses, shares))
    return told, words, dataclasses.replace(dealt, is_revealed=True), tally


def describe(title: str, seed: int, visitor: int, critic: int, tally: Tally) -> str:
    """The scores of a round and of all rounds."""
    return (
        f"**You: {visitor} of {COUNT}. The critic: {critic} of {COUNT}**, if it calls real what it "
        f"gives more than ½. All your rounds: you {_percent_right(tally.visitor, tally)}, the "
        f"critic {_percent_right(tally.critic, tally)} of {tally.pictures} pictures; guessing "
        f"blindly gives about half. {title}, round {seed}."
    )


def _percent_right(right: int, tally: Tally) -> str:
    """Right ones in percent."""
    return f"{100 * right / tally.pictures:.0f} %"


def build(store: ModelStore, choice: classes.Choice) -> None:
    """Declare the page and wire it."""
    gr.Markdown(
        "## Which ones are real?\nThat is the critic's task in training. Play it yourself: real "
        "test pictures and generated ones are mixed.",
        elem_classes="genlab-question",
    )
    sheet = JudgedSheet(
        label="Real or generated", rows=ROWS, cols=COLS, verb="real", size=820,
        elem_id="gan-guess",
    )  # fmt: skip
    words = gr.Markdown(ASK, elem_id="gan-guess-words", elem_classes="genlab-status")
    with gr.Row():
        telling = gr.Button("Reveal", variant="primary", elem_id="gan-reveal")
        dealing = gr.Button("Next round", elem_id="gan-next")
    _wire(store, choice, sheet, words, telling, dealing)


def _wire(
    store: ModelStore,
    choice: classes.Choice,
    sheet: JudgedSheet,
    words: gr.Markdown,
    telling: gr.Button,
    dealing: gr.Button,
) -> None:
    dealt, tally = gr.State(None), gr.State(Tally())

    def next_round(name: str) -> tuple:
        fresh = deal(store, name)
        return show_round(store, fresh), ASK, fresh

    def another(name: str) -> tuple:
        return *next_round(name), Tally()

    def tell(sent: object, dealt: Round | None, tally: Tally) -> tuple:
        return reveal(store, dealt, sheet.preprocess(sent), tally)

    outputs = [sheet, words, dealt]
    telling.click(kit.quick(tell), [sheet, dealt, tally], [*outputs, tally], **pictures.QUIET)
    dealing.click(kit.quick(next_round), choice.every, outputs, **pictures.QUIET)
    choice.every.change(kit.quick(another), choice.every, [*outputs, tally], **pictures.QUIET)
    kit.on_first_sight(lambda: next_round(choice.every.value), outputs)


def _truth(truth: list[bool], guesses: list[bool], shares: Tensor) -> list[Opinion]:
    return [
        Opinion(
            title="real" if is_real else "generated",
            note=f"critic: {in_words(share)}, {percent(share)}",
            share=round(share, 4),
            mark="right" if is_real == guess else "wrong",
        )
        for is_real, guess, share in zip(truth, guesses, shares.tolist(), strict=True)
    ]


def _agreeing(guesses: list[bool], truth: list[bool]) -> int:
    return sum(guess == is_real for guess, is_real in zip(guesses, truth, strict=True))

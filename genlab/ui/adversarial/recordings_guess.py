"""The game of the recorded runs: which of two collapses, to judge by their losses alone?

What a round is lives in the session's state on the server, so that the browser cannot tell.
"""

import itertools
import random
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import gradio as gr

from genlab.core.errors import InputError
from genlab.films.recording import Recording
from genlab.ui import kit
from genlab.ui.canvas.recording_duel import LETTERS, TOLD, Duel, RunDuel

FEW = 0.5  # of what real images cover: a run that ends with no more has collapsed
APART = 3  # classes, at least, between the two runs of a round
QUESTION = (
    "## Can you tell from the losses which run collapses?\nA generator collapses when it draws the "
    "same few things, whatever its code. Below are the losses of two recorded runs; one of them "
    "collapses. Which one?"
)
ASK = "Look at the curves, then press a button. The pictures come after, and what they cover."
NO_PAIR = (
    "This guess needs a run that collapses and one that does not, and there is no such pair here. "
    "Record them with `python -m train film gan-collapse` and `python -m train film gan-healthy`, "
    "then start GenLab again."
)
NO_ROUND = "This round is no longer known here. Press Another pair."
LATE = "This round is over. Press Another pair."

Run = tuple[str, int]  # name and seed
Load = Callable[[str, int], Recording]


@dataclass(frozen=True)
class Round:
    """What the server knows of a round.

    Attributes:
        runs: A and B.
        collapsed: the letter of the one that collapses.
        is_over: whether the visitor has seen the truth.
    """

    runs: tuple[Run, Run]
    collapsed: str
    is_over: bool = False


@dataclass(frozen=True)
class Tally:
    """Guesses of this session."""

    rounds: int = 0
    right: int = 0


def covered(run: Recording) -> float:
    """Classes at the end."""
    return run.moments[-1].values.get(TOLD) or 0.0


def has_collapsed(run: Recording) -> bool:
    """Whether it ends with at most half of what real images cover."""
    return covered(run) <= FEW * (run.measures[TOLD].real or 0.0)


def find_pairs(runs: Sequence[Recording]) -> list[tuple[Run, Run]]:
    """All pairs of a run that collapses and one that clearly does not."""
    fit = [run for run in runs if TOLD in run.measures and run.curve]
    return [
        ((bad.name, bad.seed), (good.name, good.seed))
        for bad, good in itertools.product(fit, fit)
        if has_collapsed(bad) and not has_collapsed(good) and covered(good) - covered(bad) >= APART
    ]


def deal(pairs: Sequence[tuple[Run, Run]], before: Round | None, chance: random.Random) -> Round:
    """A round that nobody can foresee, of another pair than the one before where there is one.

    Raises:
        InputError: there is no pair.
    """
    if not pairs:
        raise InputError(NO_PAIR)
    fresh = [pair for pair in pairs if before is None or set(pair) != set(before.runs)]
    bad, good = chance.choice(fresh or list(pairs))
    letter = chance.choice(LETTERS)
    return Round((bad, good) if letter == LETTERS[0] else (good, bad), letter)


def verdict(duel: Duel, tally: Tally) -> str:
    """Who was right, and how the visitor fares; how the runs end stands below them."""
    answer = "Right" if duel.guess == duel.collapsed else "No"
    return (
        f"**{answer}: {duel.collapsed} collapses.** Your guesses: {tally.right} of {tally.rounds} "
        "right; guessing blindly gives half."
    )


def build(load_all: Callable[[], list[Recording]], load: Load) -> None:
    """Declare the game and wire it.

    Args:
        load_all: every recording that is whole.
        load: one of them.
    """
    gr.Markdown(QUESTION, elem_classes="genlab-question")
    if not find_pairs(load_all()):
        gr.Markdown(NO_PAIR, elem_id="recordings-no-pair")
        return
    shown = RunDuel(label="Two recorded runs", elem_id="recordings-duel")
    words = gr.Markdown(ASK, elem_id="recordings-verdict", elem_classes="genlab-status")
    with gr.Row():
        again = gr.Button("Another pair", scale=0, min_width=180, elem_id="recordings-deal")
    state, tally = gr.State(None), gr.State(Tally())

    def deal_round(before: Round | None) -> tuple[Duel, str, Round]:
        dealt = deal(find_pairs(load_all()), before, secrets.SystemRandom())
        return Duel((load(*dealt.runs[0]), load(*dealt.runs[1]))), ASK, dealt

    def judge(round_: Round | None, tally: Tally, event: gr.EventData) -> tuple:
        sent = event._data if isinstance(event._data, dict) else {}
        guess = kit.choice(sent.get("run"), "Run", LETTERS)
        dealt = _open(round_)
        runs = load(*dealt.runs[0]), load(*dealt.runs[1])
        told = Duel(runs, dealt.collapsed, guess)
        tally = Tally(tally.rounds + 1, tally.right + (guess == dealt.collapsed))
        return told, verdict(told, tally), Round(dealt.runs, dealt.collapsed, True), tally

    quiet = {"show_progress": "hidden", "api_visibility": "private"}
    outputs = [shown, words, state]
    for event in (shown.deal, again.click):
        event(kit.readable_errors(deal_round), state, outputs, **quiet)
    shown.accuse(kit.readable_errors(judge), [state, tally], [*outputs, tally],
                 trigger_mode="multiple", **quiet)  # fmt: skip


def _open(dealt: Round | None) -> Round:
    """The round, which must not be over.

    Raises:
        InputError: there is none, or it is over.
    """
    if dealt is None:
        raise InputError(NO_ROUND)
    if dealt.is_over:
        raise InputError(LATE)
    return dealt

"""Four pictures to guess about: which one does the model find likeliest, and why?

One is as the training data, and three are not: whatever a score says about them is no praise.
"""

import functools
import math
from dataclasses import dataclass

import gradio as gr
import torch
from torch import Tensor

from genlab import data
from genlab.analysis.likelihood_lens import PictureScore
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas.judged import JudgedSheet, Opinion
from genlab.ui.canvas.sheet import picture_sheet
from genlab.ui.latent import codes, pictures
from genlab.ui.pixels import lens_tables as tables
from genlab.ui.pixels import lens_views as views

DEAREST = 0.1  # of the pixels, whose part of the whole cost is told
NOISE_SEED = 0
LETTERS = ("A", "B", "C", "D")  # of the pictures to guess about
NOISE, KNOWN, EMPTY, FOREIGN = range(len(LETTERS))
SHOWN_EXAMPLE = {"mnist": 32, "fashion-mnist": 82, "quickdraw": 22}  # a three, a bag, a cat
OTHER = {"mnist": "fashion-mnist", "fashion-mnist": "mnist", "quickdraw": "mnist"}
TITLES = {"mnist": "Digit", "fashion-mnist": "Fashion", "quickdraw": "Doodle"}
TABLE, WORDS = 180, 176  # px that stay free for what the reveal brings
ASK = "Guess a letter, then press *Reveal*."
NONE_YET = "The four scores stand here after the reveal."


@dataclass(frozen=True, eq=False)
class Candidate:
    """One of the pictures to guess about.

    Attributes:
        title: what it is.
        image: (1, 1, 28, 28) in [0, 1].
    """

    title: str
    image: Tensor


def build(store: ModelStore, card: gr.Dropdown) -> None:
    """Declare the guess and wire it; another card begins it anew."""
    with gr.Row():
        with gr.Column(scale=3, min_width=320):
            gr.Markdown("**Which of these four pictures does the model find likeliest?**")
            sheet = JudgedSheet(
                label="Four pictures", rows=1, cols=len(LETTERS), lines=1, size=560,
                elem_id="lens-four", **_four(store, card.value),
            )  # fmt: skip
        with gr.Column(scale=3, min_width=304):
            with gr.Row():
                guess = gr.Radio(list(LETTERS), label="Your guess", elem_id="lens-guess", scale=3)
                telling = gr.Button("Reveal", variant="primary", min_width=96,
                                    elem_id="lens-reveal")  # fmt: skip
            words = gr.Markdown(ASK, elem_id="lens-told", elem_classes="genlab-status",
                                min_height=WORDS)  # fmt: skip
            table = tables.declare(NONE_YET, min_height=TABLE, elem_id="lens-scores")

    def tell(name: str, letter: object) -> tuple:
        opinions, told, scores = reveal(store, name, letter)
        return gr.update(opinions=opinions), told, scores

    def again(name: str) -> tuple:
        return gr.update(**_four(store, name)), ASK, NONE_YET, None

    telling.click(
        kit.readable_errors(tell), [card, guess], [sheet, words, table],
        show_progress="minimal", show_progress_on=words, api_visibility="private",
        preprocess=False, **kit.COMPUTE,
    )  # fmt: skip
    card.change(kit.quick(again), card, [sheet, words, table, guess], **pictures.QUIET)


def reveal(store: ModelStore, name: str, guess: object) -> tuple[list[Opinion], str, str]:
    """What stands under the four pictures, in words beside them, and their scores as a table.

    Raises:
        InputError: no letter is chosen.
    """
    letter = kit.choice(guess, "Your guess", LETTERS)
    views.likelihood_model(store, name)
    scores = score_candidates(store, name)
    places = [views.place_among(store, name, each) for each in scores]
    chances = [views.class_chances(store, name, each) for each in scores]
    likeliest = [max(each, key=lambda pair: pair[1])[0] for each in chances if each]
    pictures = candidates(store, name)
    titles = [f"{each} · {picture.title}" for each, picture in zip(LETTERS, pictures, strict=True)]
    table = tables.draw_scores(titles, scores, places, likeliest)
    return *judge_guess(store, name, letter), table


def _four(store: ModelStore, name: str) -> dict:
    """The pictures without a word about them, as the sheet's props."""
    images = torch.cat([each.image for each in candidates(store, name)])
    return {"sheet": picture_sheet(images[None]), "opinions": letters()}


def candidates(store: ModelStore, name: str | None) -> tuple[Candidate, ...]:
    """The pictures to guess about, in the order of `LETTERS`."""
    own = codes.data_name(store, name)
    generator = torch.Generator().manual_seed(NOISE_SEED)
    shape = 1, 1, data.SIDE, data.SIDE
    return (
        Candidate("Noise", torch.rand(shape, generator=generator)),
        _example(own),
        Candidate("Empty", torch.zeros(shape)),
        _example(OTHER[own]),
    )


def _example(told: str) -> Candidate:
    examples = data.examples(told)
    place = SHOWN_EXAMPLE[told]
    label = examples.classes[examples.labels[place]]
    return Candidate(f"{TITLES[told]}: {label.lower()}", examples.images[place, None] / 255)


@functools.lru_cache(maxsize=views.KEPT)
def score_candidates(store: ModelStore, name: str) -> tuple[PictureScore, ...]:
    """What the pictures to guess about cost."""
    return tuple(views.look(store, name, each.image).score for each in candidates(store, name))


def letters() -> list[Opinion]:
    """What stands under the pictures before the reveal."""
    return [Opinion(title=each, note="", share=None, mark="") for each in LETTERS]


def judge_guess(store: ModelStore, name: str, guess: str) -> tuple[list[Opinion], str]:
    """What stands under the pictures at the reveal, and whether the guess was right."""
    found = score_candidates(store, name)
    best = min(range(len(found)), key=lambda index: found[index].nats)
    guessed = LETTERS.index(guess)
    opinions = [
        Opinion(
            title=f"{LETTERS[index]} · {each.title}",
            note=f"{score.nats:,.1f} nats",
            share=None,
            mark="right" if index == best else "wrong" if index == guessed else "",
        )
        for index, (each, score) in enumerate(zip(candidates(store, name), found, strict=True))
    ]
    verdict = "Right" if guessed == best else "Not quite"
    return opinions, f"**{verdict}: it is {LETTERS[best]}.** {explain(found, best)}"


def explain(found: tuple[PictureScore, ...], best: int) -> str:
    """Why the likeliest one is the likeliest; only the empty picture has a reason of its own."""
    known = found[KNOWN]
    strokes = known.bits.flatten().topk(round(DEAREST * known.bits.numel())).values.sum()
    share = 100 * strokes.item() / known.bits.sum().item()
    paid = (
        f"Of the test picture's {known.nats:.1f} nats, {share:.0f} % fall on the dearest "
        f"{DEAREST:.0%} of its pixels".replace("10%", "10 %")
    )
    if best != EMPTY:
        return f"{paid}."
    empty = found[EMPTY]
    return (
        f"{paid}: a likelihood is paid where a pixel is hard to foresee. The empty picture has "
        f"hardly any, and black after black is nearly free: {empty.bits_per_dim:.3f} "
        f"bits a pixel, {empty.bits.max().item():.2f} at most. But likely is not typical. The "
        f"empty picture is {_power(known.nats - empty.nats)} times as likely as this one "
        f"test picture, and still the model draws it once in {_power(empty.nats)} pictures, "
        "since there are far more pictures that are not empty. A score far below those of test "
        "pictures is a warning, too."
    )


def _power(nats: float) -> str:
    """e^nats as a power of ten."""
    exponent = nats / math.log(10)
    digits = str(round(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"about 10{digits}"

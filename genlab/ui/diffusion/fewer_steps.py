"""The page of fewer steps: the same noise by 4 to 250 steps, and with more and more luck."""

from collections.abc import Iterator

import gradio as gr

from genlab.analysis.diffusion_figures import FEW
from genlab.inference.diffusion_steps import SAMPLER_NAMES
from genlab.inference.latent import MAX_SEED
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas.multiples import Multiples
from genlab.ui.diffusion import fewer_steps_views as views
from genlab.ui.diffusion.same_noise_views import (
    UNTRAINED,
    begin,
    declare_run,
    heading,
    noise_line,
    watch,
    wire_run,
)
from genlab.ui.latent import sliders

NOISE = "Noise x_T"
FEWEST, MOST = 2, 100  # of the second table
FIRST_STEPS = 20
BUSY = "Press Compare again when the server is less busy."  # the rows' steps are the page's own

WHY = """
**Why fewer steps can do.** A step of DDIM does not undo one step of noise. It asks the network for
the clean image, and noises that image again to any earlier step, with the noise that was found. So
it may leap. A long leap trusts an image that the network saw from far away, so what few steps get
wrong are details first, and at last the whole.

**Without luck (η = 0) the noise decides.** The path from x_T to the image is the same however many
steps follow it; more steps follow it more closely, and the pictures of a column stay one picture.
DPM-Solver++ follows the same path along curves, so it needs fewer steps for it.

**With luck (η = 1, which is DDPM) it does not.** Each step adds fresh noise, and a run of another
number of steps adds other noise: the pictures of a column need not resemble each other.

**What luck is good for.** Without it, whatever the network gets wrong stays in x and leads the next
steps astray. Fresh noise drowns a part of the error, and the next step looks anew
([Karras et al. 2022](https://arxiv.org/abs/2206.00364), section 4). So a network that errs much
gains by luck: compare the *Quality* of η = 0 and η = 1 where the card knows both. One that errs
little does better without, above all in few steps
([Song et al. 2021](https://arxiv.org/abs/2010.02502), table 1).

*Quality* is read from the model's card: the Fréchet distance between samples and test pictures in
the features of a classifier, as a multiple of that of real training pictures. It was measured on
{few:,} pictures, or on the n told beside it, with the classes told and without guidance; six tell
nothing of the kind. ± is the standard error: rows that are no farther apart, it does not tell
apart. *Changed by* compares a row with the one above, noise by noise. *Time now* is what the server
spent on computing, without sending, as under *Backward*.
"""


def build(store: ModelStore, card: gr.Dropdown, label: gr.Dropdown) -> None:
    """Declare the page and wire it."""
    gr.Markdown(
        "## From how few steps do you still recognise the class?\nEvery row begins with the same "
        "noise and takes another number of steps. Guess first, then press Compare.",
        elem_classes="genlab-question",
    )
    if card.value is None:
        gr.Markdown(UNTRAINED)
        return
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            board = _declare_rows([f"{n} steps" for n in views.STEPS], "Fewer steps", "fewer-rows")
            words = gr.Markdown(
                "", elem_id="fewer-words", elem_classes="genlab-status", min_height=150
            )
        with gr.Column(scale=1, min_width=304):
            guess = gr.Radio(
                list(views.STEPS), label="Your guess", info="Steps", elem_id="fewer-guess"
            )
            sampler = gr.Radio(
                [(title, name) for name, title in SAMPLER_NAMES.items()], value="ddim",
                label="Sampler",
                info="DDIM and DPM-Solver++ without luck; DDPM with luck in each step",
                elem_id="fewer-sampler",
            )  # fmt: skip
            with gr.Row(elem_classes="genlab-seed"):
                seed = gr.Number(0, label="Seed", precision=0, minimum=0, maximum=MAX_SEED)
                dice = gr.Button("Roll", min_width=64, elem_classes="genlab-dice")
            start, stop = declare_run("Compare", "fewer")
    gr.Markdown("### And with luck?\nThe same noise again. η is the share of luck in each step.")
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            lucky = _declare_rows([f"η = {eta:g}" for eta in views.ETAS], "Luck", "luck-rows")
            lucky_words = gr.Markdown(
                "", elem_id="luck-words", elem_classes="genlab-status", min_height=80
            )
        with gr.Column(scale=1, min_width=304):
            steps = gr.Slider(
                FEWEST, MOST, value=FIRST_STEPS, step=1, label="Steps", elem_id="luck-steps",
                info="Of every row; the seed is the one above",
            )  # fmt: skip
            lucky_start, lucky_stop = declare_run("Add luck", "luck")
    gr.Markdown(WHY.format(few=FEW))
    dice.click(None, None, seed, js=sliders.ROLL)
    compare, add_luck = _handlers(store)
    wire_run(start, stop, compare, [card, label, seed, sampler, guess], [board, words])
    wire_run(lucky_start, lucky_stop, add_luck, [card, label, seed, steps], [lucky, lucky_words])
    kit.on_first_sight(lambda: _opening(store, card.value), [board, lucky])


def _declare_rows(titles: list[str], label: str, elem_id: str) -> Multiples:
    return Multiples(
        label=label, titles=[NOISE, *titles], pictures=views.COLUMNS, figures=views.FIGURES,
        plain=1, elem_id=elem_id,
    )  # fmt: skip


def _opening(store: ModelStore, card: str) -> tuple[str, str]:
    """The noise that both tables begin with."""
    noise = noise_line(begin(store, card, "any", 0, views.COLUMNS))
    return noise, noise


def _handlers(store: ModelStore) -> tuple:
    """The two streaming handlers of the page."""

    @kit.readable_errors
    def compare(
        card: str, label: object, seed: object, sampler: object, guess: object
    ) -> Iterator[tuple]:
        start = begin(store, card, label, seed, views.COLUMNS)
        chosen = kit.choice(sampler, "Sampler", tuple(SAMPLER_NAMES))
        guessed = None if guess is None else kit.choice(guess, "Your guess", views.STEPS)
        done: list[views.Row] = []
        pieces = views.stream(store, start, views.ways_by_steps(chosen), done)
        told = heading(store, start, [SAMPLER_NAMES[chosen]])
        yield from watch(
            pieces,
            told,
            lambda: views.describe_steps(store, start, chosen, done, guessed),
            BUSY,
        )

    @kit.readable_errors
    def add_luck(card: str, label: object, seed: object, steps: object) -> Iterator[tuple]:
        start = begin(store, card, label, seed, views.COLUMNS)
        count = kit.whole_number(steps, "Steps", FEWEST, MOST)
        done: list[views.Row] = []
        pieces = views.stream(store, start, views.ways_by_luck(count), done)
        told = heading(store, start, [f"DDIM, {count} steps"])
        yield from watch(pieces, told, lambda: views.describe_luck(store, start, count, done))

    return compare, add_luck

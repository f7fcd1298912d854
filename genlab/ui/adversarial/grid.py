"""The page of the grid: what a generator draws, what its critic thinks, what truncation costs."""

from typing import Any

import gradio as gr

from genlab.analysis.critic import opinions
from genlab.analysis.diversity import mean_pairwise_distance
from genlab.inference.latent import MAX_SEED
from genlab.inference.prior_samples import LEAST_TRUNCATION, MOST_TRUNCATION
from genlab.inference.real_or_generated import LabelledPictures, generate, some_of
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.adversarial import classes
from genlab.ui.adversarial.opinions import opinions_of
from genlab.ui.canvas.judged import JudgedSheet
from genlab.ui.canvas.sheet import picture_sheet
from genlab.ui.latent import codes, pictures, sliders

ROWS, COLS = 2, 8
COUNT = ROWS * COLS
THRESHOLD = 1.0  # standard deviations, where the slider begins


def build(store: ModelStore, choice: classes.Choice) -> None:
    """Declare the page and wire it."""
    gr.Markdown(
        "## What does it draw from random numbers?\nEach picture comes from a code that its seed "
        "deals. Below stands what the critic, its opponent in training, thinks: the bar is "
        "σ(score), its opinion that the picture is real.",
        elem_classes="genlab-question",
    )
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            real = JudgedSheet(
                label="Real test pictures", rows=1, cols=COLS, visible="hidden",
                elem_id="gan-real",
            )  # fmt: skip
            sheet = JudgedSheet(
                label="Generated pictures", rows=ROWS, cols=COLS, elem_id="gan-grid"
            )
            words = gr.Markdown("", elem_id="gan-grid-words", elem_classes="genlab-status")
        with gr.Column(scale=1, min_width=304):
            with gr.Row(elem_classes="genlab-seed"):
                seed = gr.Number(
                    0, label="Seed", precision=0, minimum=0, maximum=MAX_SEED,
                    elem_id="gan-grid-seed",
                )  # fmt: skip
                dice = gr.Button("Roll", min_width=64, elem_classes="genlab-dice")
            truncated = gr.Checkbox(False, label="Truncation", elem_id="gan-truncated")
            threshold = gr.Slider(
                LEAST_TRUNCATION, MOST_TRUNCATION, value=THRESHOLD, step=0.05,
                label="Threshold", interactive=False, elem_id="gan-threshold",
                info="With truncation, no number of a code is further from 0",
            )  # fmt: skip
            shows_real = gr.Checkbox(False, label="Real images above", elem_id="gan-shows-real")
    inputs = [choice.every, seed, truncated, threshold]
    _wire(store, choice, inputs, dice, shows_real, [sheet, real, words])


def draw(
    store: ModelStore, name: str, seed: object, truncated: object = False, threshold: object = None
) -> tuple[dict, dict, str]:
    """The generated pictures, the real ones and the words, of what a visitor sent."""
    number = kit.whole_number(seed, "Seed", 0, MAX_SEED - COUNT + 1)
    limit = None
    if kit.choice(truncated, "Truncation", (True, False)):
        limit = kit.number(threshold, "Threshold", LEAST_TRUNCATION, MOST_TRUNCATION)
    card, label = classes.split(store, name)
    model = classes.generator_of(store, name)
    drawn = generate(model, seed=number, count=COUNT, label=label, truncation=limit)
    whole = drawn
    if limit is not None:
        whole = generate(model, seed=number, count=COUNT, label=label)
    words = describe(codes.title_of(store, name), number, limit, *map(diversity, (drawn, whole)))
    real = some_of(classes.real_pictures(store, name), seed=number, count=COLS)
    seeds = [f"seed {number + place}" for place in range(COUNT)]
    tests = [f"test picture {place + 1}" for place in range(COLS)]
    return _judged(store, name, drawn, seeds), _judged(store, name, real, tests), words


def diversity(drawn: LabelledPictures) -> float:
    """How far two of the pictures are from each other, see `mean_pairwise_distance`."""
    return mean_pairwise_distance(drawn.images)


def describe(title: str, seed: int, limit: float | None, now: float, whole: float) -> str:
    """Which card drew from which seeds, and how different the pictures are from one another.

    Args:
        now, whole: diversity with and without truncation.
    """
    told = (
        f"{title} · seeds {seed} to {seed + COUNT - 1} · two of these pictures differ by "
        f"{100 * now:.1f} % of the grey range (root mean square of a pixel, mean over all pairs)"
    )
    if limit is None:
        return f"{told}. Truncation is off."
    share = 1 - now / whole if whole else 0.0
    price = f"which costs {100 * share:.0f} % of that" if share > 0 else "which costs none of that"
    return f"{told}; without truncation they would differ by {100 * whole:.1f} %, {price}."


def _judged(
    store: ModelStore, name: str, shown: LabelledPictures, otherwise: list[str]
) -> dict[str, Any]:
    """What a sheet shows of pictures."""
    shares = opinions(classes.generator_of(store, name), shown.images, shown.labels)
    titles = classes.titles(store, name, shown.labels, otherwise)
    across = shown.images.unflatten(0, (-1, COLS))
    return gr.update(sheet=picture_sheet(across), opinions=opinions_of(titles, shares))


def _wire(
    store: ModelStore,
    choice: classes.Choice,
    inputs: list[gr.components.Component],
    dice: gr.Button,
    shows_real: gr.Checkbox,
    outputs: list[gr.components.Component],
) -> None:
    """Let the grid follow every choice."""
    _, seed, truncated, threshold = inputs
    _, real, _ = outputs

    def show(name: str, *sent: object) -> tuple:
        return draw(store, name, *sent)

    def allow(is_on: object) -> dict:
        return gr.update(interactive=is_on is True)

    def place_real(is_on: object) -> dict:
        return gr.update(visible=True if is_on is True else "hidden")

    rolled = dice.click(None, None, seed, js=sliders.ROLL)
    changes = (choice.every.change, seed.input, rolled.success, truncated.input, threshold.input)
    for change in changes:
        change(kit.quick(show), inputs, outputs, **pictures.QUIET)
    truncated.input(kit.readable_errors(allow), truncated, threshold, **pictures.QUIET)
    shows_real.input(kit.readable_errors(place_real), shows_real, real, **pictures.QUIET)
    kit.on_first_sight(lambda: show(choice.every.value, 0), outputs)

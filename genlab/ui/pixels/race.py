"""The page of the race: four samplers draw the same pictures from the same random numbers."""

from collections.abc import Iterator
from dataclasses import dataclass

import gradio as gr

from genlab.inference.autoregressive import MAX_SEED
from genlab.inference.race import LANES, LONGEST
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas.race import RaceLanes
from genlab.ui.latent import pictures, sliders
from genlab.ui.pixels import completion_asked as asking
from genlab.ui.pixels import completion_stage as stages
from genlab.ui.pixels import lens_tables as tables
from genlab.ui.pixels import race_asked, race_views
from genlab.ui.pixels import race_words as words

IDS = "race"
UNTRAINED = "No PixelCNN is trained yet. Run `python -m train pixelcnn-mnist`, then reload."
REMEDY = "Choose fewer images, or race again when the server is less busy."
TOLD, TABLE = 120, 200  # px that stay free for what the race brings

# A line of the browser's own, see `race_payload`: the run behind the race is over.
_END = """(value) => value && !value.endsWith('"over"\\n') ? value + '"over"\\n' : value"""


@dataclass(frozen=True)
class Controls:
    """What a race asks for."""

    label: gr.Dropdown
    images: gr.Radio
    seed: gr.Number
    first: gr.Radio
    runs: gr.Radio
    order: gr.Radio
    start: gr.Button
    stop: gr.Button


def build(store: ModelStore, card: gr.Dropdown) -> None:
    """Declare the page and wire it.

    Args:
        card: names of autoregressive cards that may sample.
    """
    gr.Markdown(
        "## Four ways to draw the same picture: which is the quickest?\nAll lanes get the same "
        "random number for each pixel, so they must draw the same pixels. Guess, then press Race. "
        f"A lane that has computed for {LONGEST:.0f} s is stopped where it is.",
        elem_classes="genlab-question",
    )
    if card.value is None:
        gr.Markdown(UNTRAINED)
        return
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            lanes = RaceLanes(label="Race of samplers", lanes=words.lanes(),
                              elem_id=f"{IDS}-lanes")  # fmt: skip
            told = gr.Markdown(words.ASK, elem_id=f"{IDS}-told", elem_classes="genlab-status",
                               min_height=TOLD)  # fmt: skip
            table = tables.declare(
                words.draw_table(race_views.Course()), min_height=TABLE, elem_id=f"{IDS}-table"
            )
        with gr.Column(scale=1, min_width=304):
            controls = _declare_controls(store, card)
    gr.Markdown(words.WHY, elem_classes="genlab-section")
    outputs = [lanes, told, table]
    _wire_race(store, card, controls, outputs)
    _wire_card(store, card, controls, outputs)
    kit.on_first_sight(lambda: show_start(store, card.value, race_asked.COUNTS[0], 0), lanes)


def show_start(store: ModelStore, card: object, count: object, seed: object) -> str:
    """The lanes at the start: the page asks for a guess, so it does not begin with the end.

    Raises:
        InputError: a value that is not on offer.
    """
    asked = race_asked.read_asked(store, card, count, seed, asking.ANY, race_asked.TURNS)
    return race_views.at_the_start(store, asked)


def _declare_controls(store: ModelStore, card: gr.Dropdown) -> Controls:
    """What stands beside the lanes, the guesses first."""
    first = gr.Radio(
        [(race_asked.NAMES[name], name) for name in LANES], label="Your guess",
        info="Which lane is finished first?", elem_id=f"{IDS}-first",
    )  # fmt: skip
    runs = gr.Radio(
        list(race_asked.RUNS), label="Your guess", elem_id=f"{IDS}-runs",
        info="How many times does the fixed point run the network?",
    )  # fmt: skip
    images = gr.Radio(race_asked.COUNTS, value=race_asked.COUNTS[0], label="Images",
                      info="Drawn at once by every lane", elem_id=f"{IDS}-images")  # fmt: skip
    with gr.Row(elem_classes="genlab-seed"):
        seed = gr.Number(
            0, label="Seed", precision=0, minimum=0, maximum=MAX_SEED, elem_id=f"{IDS}-seed"
        )
        dice = gr.Button("Roll", min_width=64, elem_classes="genlab-dice")
    dice.click(None, None, seed, js=sliders.ROLL)
    start = gr.Button("Race", variant="primary", elem_id=f"{IDS}-run",
                      elem_classes="genlab-primary")  # fmt: skip
    stop = gr.Button(
        "Stop", variant="stop", visible=False, elem_id=f"{IDS}-stop",
        elem_classes="genlab-primary",
    )  # fmt: skip
    with gr.Accordion("More", open=False):
        label = gr.Dropdown(
            label="Class", elem_id=f"{IDS}-class", **stages.fitting(store, card.value)[0]
        )
        order = gr.Radio(
            [(title, each) for each, title in race_asked.ORDERS.items()],
            value=race_asked.TURNS, label="Order of the lanes", elem_id=f"{IDS}-order",
            info="In turns, all clocks run together; one after another, the naive lane is last",
        )  # fmt: skip
    return Controls(label, images, seed, first, runs, order, start, stop)


def _wire_race(
    store: ModelStore, card: gr.Dropdown, controls: Controls, outputs: list[gr.components.Component]
) -> None:
    """Race and Stop."""

    @kit.readable_errors
    def race(
        card: object, count: object, seed: object, label: object, order: object, *guesses: object
    ) -> Iterator[tuple]:
        asked = race_asked.read_asked(store, card, count, seed, label, order)
        guess = race_asked.read_guess(*guesses)
        course = race_views.Course()
        cleared = words.draw_table(race_views.Course())
        for content in kit.paced(race_views.stream(store, asked, course), REMEDY):
            yield content, words.tell_so_far(course), cleared
            cleared = gr.skip()
        yield gr.skip(), words.tell_race(course, guess), words.draw_table(course)

    lanes, told, _ = outputs
    inputs = [card, controls.images, controls.seed, controls.label, controls.order,
              controls.first, controls.runs]  # fmt: skip
    kit.becomes_stop(controls.start, controls.stop, controls.start.click)
    started = controls.start.click(race, inputs, outputs, show_progress="minimal",
                                   show_progress_on=told, api_name="race", preprocess=False,
                                   **kit.COMPUTE)  # fmt: skip
    kit.until_the_end(controls.start, controls.stop, [started])
    ended = dict(fn=None, inputs=lanes, outputs=lanes, js=_END, show_progress="hidden",
                 api_visibility="private")  # fmt: skip
    started.then(**ended)
    started.failure(**ended)


def _wire_card(
    store: ModelStore, card: gr.Dropdown, controls: Controls, outputs: list[gr.components.Component]
) -> None:
    """Let the class fit another card, and its lanes stand at the start, with nothing said yet."""

    def refit(name: object) -> dict:
        asking.asked_model(store, name)
        return gr.update(**stages.fitting(store, name)[0])

    def line_up(name: object, count: object, seed: object) -> tuple[str, str, str]:
        start = show_start(store, name, count, seed)
        return start, words.ASK, words.draw_table(race_views.Course())

    card.change(kit.quick(refit), card, controls.label, **pictures.QUIET)
    card.change(kit.quick(line_up), [card, controls.images, controls.seed], outputs,
                **pictures.QUIET)  # fmt: skip

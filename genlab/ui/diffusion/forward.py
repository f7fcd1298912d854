"""The page of the forward process: a picture drowns in one jump or in many small steps."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr
from torch import Tensor

from genlab.core.noise_schedule import FEWEST_STEPS, MOST_STEPS
from genlab.inference.latent import MAX_SEED
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas.drowned import DrownedPicture
from genlab.ui.diffusion import forward_views as views
from genlab.ui.diffusion.computing_time import Timed
from genlab.ui.latent import codes, pictures, sliders

BOARD = "Picture"
FIRST = {"mnist": {BOARD: [32]}, "fashion-mnist": {BOARD: [82]}}  # a three, a bag
OPENING = views.Asked()
KINDS = [("Cosine", "cosine"), ("Linear in β", "linear")]
QUESTION = (
    "## At which step can you no longer tell what it was?\nDrag t until you lose the picture. "
    "Guess how much of it is left there, then look."
)
STOPPED = """words => words.startsWith('Step ')
    ? words.replace('Step', 'Stopped at step') + '. Walk begins anew.' : words"""

_walks = views.Walks()  # of all visitors


@dataclass(frozen=True)
class Controls:
    """What decides the course, in the order of `forward_views.ask`."""

    kind: gr.Radio
    steps: gr.Slider
    s: gr.Slider
    first: gr.Slider
    final: gr.Slider
    seed: gr.Number
    dice: gr.Button
    walk: gr.Button
    stop: gr.Button

    @property
    def inputs(self) -> list[gr.components.Component]:
        """What `forward_views.ask` takes."""
        return [self.kind, self.steps, self.s, self.first, self.final, self.seed]


def build(store: ModelStore, card: gr.Dropdown, label: gr.Dropdown) -> None:
    """Declare the page and wire it; noise knows no classes, so `label` changes nothing here."""
    gr.Markdown(QUESTION, elem_classes="genlab-question")
    first = FIRST[codes.data_name(store, card.value)]
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            shown = DrownedPicture(label="The drowned picture", elem_id="forward-drowned")
            status = gr.Markdown("", elem_id="forward-status", elem_classes="genlab-status")
        with gr.Column(scale=1, min_width=304):
            board = pictures.declare_board(
                store, card, label="Your picture", elem_id="forward-board", first=first[BOARD][0]
            )
            controls = _declare_controls()
            sheet = pictures.declare_sheet(
                store, card, label="Test pictures", elem_id="forward-examples", chosen=first
            )
    changes = [
        *pictures.board_changes(board),
        *pictures.sheet_changes(store, card, sheet, {BOARD: board}, FIRST),
    ]
    _wire(store, card, board, controls, changes, [shown, status])


def warm_up(store: ModelStore) -> None:
    """Walk the course that the page begins with."""
    for _ in views.take_walk(_walks, OPENING):
        pass


def opening(store: ModelStore, card: str | None) -> dict[str, Any]:
    """What the page begins with; its walk where `warm_up` has been called."""
    place = FIRST[codes.data_name(store, card)][BOARD]
    return show_course(store, card, OPENING, codes.example_images(store, card)[place])


def show_course(
    store: ModelStore, card: str | None, asked: views.Asked, image: Tensor
) -> dict[str, Any]:
    """An update of the component: another schedule, or another noise."""
    return show_walk(asked, image) | {"course": views.course(store, card, asked)}


def show_walk(asked: views.Asked, image: Tensor) -> dict[str, Any]:
    """An update of the component: the picture, and the walk of this course where one is known."""
    walk = views.shown_walk(_walks, asked)
    changed = {} if walk is None else {"walk": walk}
    return gr.update(value=views.drown(_walks, asked, image), **changed)


def walk(asked: views.Asked) -> Iterator[str]:
    """Words while the steps are walked; `show_walk` then shows what came of it."""
    told, steps = time.monotonic(), Timed(views.take_walk(_walks, asked))
    for done in steps:
        if time.monotonic() - told >= kit.MESSAGE_INTERVAL:
            told = time.monotonic()
            yield f"Step {done:,} of {asked.steps:,}"
    yield (
        f"{views.DRAWS} walks of {asked.steps:,} steps took {steps.seconds:.2f} s of computing. A "
        "jump, to any t, is one step."
    )


def _declare_controls() -> Controls:
    kind = gr.Radio(KINDS, value=OPENING.kind, label="Schedule", elem_id="forward-kind")
    steps = gr.Slider(
        FEWEST_STEPS, MOST_STEPS, value=OPENING.steps, step=1, label="T",
        info="How many small steps there are", elem_id="forward-steps",
    )  # fmt: skip
    walk = gr.Button(
        "Walk", variant="primary", elem_id="forward-walk", elem_classes="genlab-primary"
    )
    stop = gr.Button(
        "Stop", variant="stop", visible=False,
        elem_id="forward-stop", elem_classes="genlab-primary",
    )  # fmt: skip
    with gr.Accordion("More", open=False):
        s = gr.Slider(
            0.0, views.LARGEST_OFFSET, value=OPENING.s, step=0.001, label="s",
            info="Cosine: offset, so that the first steps are not too small to notice",
            elem_id="forward-s",
        )  # fmt: skip
        first = gr.Slider(
            views.SMALLEST_FIRST, views.LARGEST_FIRST, value=OPENING.first, step=1e-4,
            label="First β", info="Linear: variance of the noise of step 0", interactive=False,
            elem_id="forward-first",
        )  # fmt: skip
        final = gr.Slider(
            views.SMALLEST_FINAL, views.LARGEST_FINAL, value=OPENING.final, step=1e-3,
            label="Final β", info="Linear: variance of the noise of the last step",
            interactive=False, elem_id="forward-final",
        )  # fmt: skip
        with gr.Row(elem_classes="genlab-seed"):
            seed = gr.Number(0, label="Seed", precision=0, minimum=0, maximum=MAX_SEED)
            dice = gr.Button("Roll", min_width=64, elem_classes="genlab-dice")
    return Controls(kind, steps, s, first, final, seed, dice, walk, stop)


def _wire(
    store: ModelStore,
    card: gr.Dropdown,
    board: pictures.Board,
    controls: Controls,
    changes: list[pictures.Change],
    outputs: list[gr.components.Component],
) -> None:
    """Let the course follow its controls, the counts the picture, and Walk walk."""
    shown, inputs = outputs[0], [card, board.canvas, *controls.inputs]

    def follow_controls(name: str, sent: object, *values: object) -> dict:
        return show_course(store, name, views.ask(*values), pictures.read_board(board, sent))

    def follow_picture(name: str, sent: object, *values: object) -> Any:  # noqa: ANN401 (a value)
        return views.drown(_walks, views.ask(*values), pictures.read_board(board, sent))

    @kit.readable_errors
    def run(*values: object) -> Iterator[str]:
        yield from walk(views.ask(*values))

    def follow_walk(name: str, sent: object, *values: object) -> dict:
        return show_walk(views.ask(*values), pictures.read_board(board, sent))

    rolled = controls.dice.click(None, None, controls.seed, js=sliders.ROLL)
    moved = [each.input for each in controls.inputs]
    for change in (*moved, rolled.success, card.change):
        change(kit.quick(follow_controls), inputs, shown, **pictures.QUIET)
    for change in changes:
        change(kit.quick(follow_picture), inputs, shown, **pictures.QUIET)
    _wire_kind(controls)
    # Asked for at its end: meanwhile another picture may have come onto the board.
    walked = _wire_walk(controls, run, outputs[1])
    walked(kit.quick(follow_walk), inputs, shown, **pictures.QUIET)
    kit.on_first_sight(lambda: opening(store, card.value), shown)


def _wire_kind(controls: Controls) -> None:
    """Let only those numbers be changed that the schedule has."""

    def fit(kind: object) -> list[dict]:
        return [
            gr.update(interactive=(kind == "cosine") is cosine) for cosine in (True, False, False)
        ]

    controls.kind.input(
        kit.readable_errors(fit), controls.kind, [controls.s, controls.first, controls.final],
        **pictures.QUIET,
    )  # fmt: skip


def _wire_walk(controls: Controls, run: Callable, status: gr.Markdown) -> pictures.Change:
    """Let the button walk; what to listen to for the end of a whole walk."""
    kit.becomes_stop(controls.walk, controls.stop, controls.walk.click)
    started = controls.walk.click(
        run, controls.inputs, status, show_progress="hidden", api_visibility="private",
        preprocess=False, **kit.COMPUTE,
    )  # fmt: skip
    kit.until_the_end(controls.walk, controls.stop, [started])
    controls.stop.click(None, status, status, js=STOPPED, show_progress="hidden")
    return started.success

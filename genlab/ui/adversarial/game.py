"""The live game: a generator and a discriminator learn before the visitor's eyes, in the plane.

A run holds one of two places of its own queue, a quarter of a core for at most two minutes, and
ends when its page does. Steps by hand and new settings are quick events.
"""

from dataclasses import dataclass

import gradio as gr

from genlab.inference.game_play import Clock
from genlab.inference.game_targets import MOST_CORNERS
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.adversarial.game_controls import (
    MAX_SEED,
    OPENING,
    SEED,
    Controls,
    Steps,
    apply_preset,
    declare_controls,
    declare_steps,
)
from genlab.ui.adversarial.game_handlers import Handlers, take_strokes
from genlab.ui.adversarial.game_views import EXAMPLE, picture
from genlab.ui.adversarial.rooms import Asked, Rooms
from genlab.ui.canvas.game import GameCanvas

PLACES = {"concurrency_id": "game", "concurrency_limit": 2}
"""Event settings of a run: two games at once, others wait in the queue."""

QUICK = kit.QUICK | {"trigger_mode": "multiple"}  # no step and no stroke is dropped

QUESTION = """## Can you tell from the losses whether it covers all modes?

A generator G learns to make points that a discriminator D takes for real ones. Let both learn, and
watch the points, the count of covered modes and the losses."""


def build(store: ModelStore, clock: Clock | None = None) -> Rooms:  # noqa: ARG001 (see below)
    """Declare the page and wire it.

    Args:
        store: not needed here; every page has it.
        clock: of the runs; tests bring their own.

    Returns:
        the visitors' games.
    """
    rooms = Rooms()
    gr.Markdown(QUESTION, elem_classes="genlab-question")
    strokes = gr.State(EXAMPLE)
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            board = GameCanvas(
                label="The game in the plane", most_corners=MOST_CORNERS, elem_id="game-canvas"
            )
            steps = declare_steps()
            status = gr.Markdown("", elem_classes="genlab-status")
        with gr.Column(scale=1, min_width=304):
            controls = declare_controls()
    page = Page(board, status, strokes, controls, steps)
    handlers = Handlers(rooms, page.inputs, clock)
    _wire_run(page, handlers)
    _wire_steps(page, handlers)
    _wire_settings(page, handlers)
    opening = Asked("ring", 0, *OPENING.values)
    kit.on_first_sight(lambda: picture(opening.begin(), opening), board)
    return rooms


@dataclass(frozen=True)
class Page:
    """The components, and what every event of them gets."""

    board: GameCanvas
    status: gr.Markdown
    strokes: gr.State
    controls: Controls
    steps: Steps

    @property
    def inputs(self) -> list[gr.components.Component]:
        """In the order of `read_settings`."""
        return [*self.controls.settings, self.strokes]

    @property
    def shown(self) -> list[gr.components.Component]:
        """What the events fill."""
        return [self.board, self.status]


def _wire_run(page: Page, handlers: Handlers) -> None:
    train, stop = page.controls.train, page.controls.stop
    kit.becomes_stop(train, stop, train.click)
    # `preprocess=False`: our own checks name the remedy, gradio's do not (or raise on NaN).
    started = train.click(
        kit.readable_errors(handlers.train), set(page.inputs), page.shown, show_progress="minimal",
        show_progress_on=page.status, preprocess=False, api_name="play_game", **PLACES,
    )  # fmt: skip
    kit.until_the_end(train, stop, [started])


def _wire_steps(page: Page, handlers: Handlers) -> None:
    for button, act in (
        (page.steps.of_d, handlers.step_d),
        (page.steps.of_g, handlers.step_g),
        (page.steps.again, handlers.start_over),
    ):
        button.click(kit.quick(act), set(page.inputs), page.shown, preprocess=False, **QUICK)


def _wire_settings(page: Page, handlers: Handlers) -> None:
    controls, begin = page.controls, kit.quick(handlers.begin)
    gr.on(
        [each.change for each in controls.settings],
        begin, set(page.inputs), page.shown, preprocess=False, **kit.QUICK,
    )  # fmt: skip
    drawn = page.board.drawn(kit.quick(take_strokes), None, page.strokes, **QUICK)
    drawn.then(begin, set(page.inputs), page.shown, preprocess=False, **QUICK)
    controls.dice.click(
        None, None, controls.settings[SEED], js=f"() => Math.floor(Math.random() * {MAX_SEED + 1})"
    )
    presets = [controls.settings[0], *controls.settings[SEED + 1 :], controls.seen]
    controls.preset.input(
        kit.readable_errors(apply_preset), controls.preset, presets, preprocess=False, **kit.QUICK
    )
    gr.on(  # by hand: then the settings are nobody's that were tried
        [each.input for each in controls.settings if each is not controls.settings[SEED]],
        None, None, [controls.preset, controls.seen],
        js="() => [null, '']", api_visibility="private",
    )  # fmt: skip

"""The page of completion: a part of a picture is kept, and the model goes on with it.

Three boards, one picture: the drawing as a hand made it, what of it is kept, in the levels that
the model knows, and what the order of drawing loses of that. In *Live* mode six variants follow
every stroke. They are queued, since a run can take half a second, and a new stroke waits for the
run before it; strokes in between are skipped.
"""

import functools
import json
from collections.abc import Iterator

import gradio as gr
import torch

from genlab.store import ModelStore, skeleton
from genlab.ui import kit
from genlab.ui.canvas.mask_board import ERASED, KEPT, MaskBoard
from genlab.ui.latent import codes, pictures
from genlab.ui.pixels import completion_asked as asking
from genlab.ui.pixels import completion_lost as lost
from genlab.ui.pixels import completion_stage as stages
from genlab.ui.pixels import completion_views as views

UNTRAINED = "No PixelCNN is trained yet. Run `python -m train pixelcnn-mnist`, then reload."
LIVE_INTERVAL = 0.15  # seconds; each message costs the page time that the last one waits for

# Another picture under the same mask, in the model's levels; both are text, see `MaskBoard`. The
# server rounds again by its own rule, so this is what it looks like and never what it is.
_PLACE = """(drawn, masked, card) => {
    const most = LEVELS[card] - 1;
    const hex = (drawn || '00'.repeat(CELLS)).replace(/../g, (byte) =>
        Math.round(Math.round(parseInt(byte, 16) / 255 * most) / most * 255)
            .toString(16).padStart(2, '0'));
    return hex + '|' + (masked.split('|')[1] || 'KEPT'.repeat(CELLS));
}"""
_KEEP_ROWS = """(rows, masked) => {
    const known = COLS * Math.max(0, Math.min(ROWS, Math.round(rows) || 0));
    return masked.split('|')[0] + '|' + 'KEPT'.repeat(known) + 'ERASED'.repeat(CELLS - known);
}"""
_ASK = "(live, asked) => live ? asked + 1 : asked"


def build(store: ModelStore, card: gr.Dropdown) -> None:
    """Declare the page and wire it.

    Args:
        card: names of autoregressive cards that may sample.
    """
    gr.Markdown(
        "## The top of a picture: what could it become?\nSwitch *Live* on, press *Clear* and draw "
        "the top half of a digit, or of what else the model has seen. It keeps your pixels and "
        "draws the erased ones, six times with six seeds.",
        elem_classes="genlab-question",
    )
    if card.value is None:
        gr.Markdown(UNTRAINED)
        return
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            stage = stages.declare_stage(store, card)
        with gr.Column(scale=1, min_width=304):
            controls = stages.declare_controls(store, card)
            sheet = pictures.declare_sheet(
                store, card, label="Test pictures", elem_id=f"{stages.IDS}-examples",
                chosen=stages.FIRST[codes.data_name(store, card.value)],
            )  # fmt: skip
    changes = [
        *pictures.board_changes(stage.drawing),
        *pictures.sheet_changes(store, card, sheet, {stages.GROUP: stage.drawing}, stages.FIRST),
    ]
    _wire_picture(store, card, stage, changes)
    refitted = _wire_card(store, card, stage, controls)
    _wire_runs(store, card, stage, controls, refitted)
    kit.on_first_sight(lambda: draw_opening(store, card.value), [stage.panels, stage.status])


@functools.lru_cache(maxsize=4)
def draw_opening(store: ModelStore, card: str) -> views.Message:
    """The completions that the page begins with, drawn once for all visitors."""
    masked = stages.first_picture(store, card)
    asked = asking.read_asked(store, card, masked, asking.ANY, 1.0, 1.0, 0)
    *_, message = views.fill_in(store, asked)
    return message


def _wire_picture(
    store: ModelStore,
    card: gr.Dropdown,
    stage: stages.Stage,
    changes: list[pictures.Change],
) -> None:
    """Let the drawing and the slider change the board, and the board what is said about it."""
    board = stage.board
    levels = {each.name: skeleton(each).spec.levels for each in asking.offered(store)}
    for change in changes:
        change(None, [stage.drawing.canvas, board, card], board,
               js=_filled(_PLACE, board).replace("LEVELS", f"({json.dumps(levels)})"),
               show_progress="hidden")  # fmt: skip
    stage.rows.input(None, [stage.rows, board], board, js=_filled(_KEEP_ROWS, board),
                        trigger_mode="always_last", show_progress="hidden")  # fmt: skip

    def explain(name: object, sent: object) -> tuple:
        masked = board.preprocess(sent)
        kept = torch.from_numpy(masked.kept)
        rounded = asking.in_levels(asking.asked_model(store, name), masked)
        losing = gr.update(value=lost.background(rounded), overlay=lost.overlay(kept))
        return losing, lost.tell_lost(kept)

    board.change(kit.quick(explain), [card, board], [stage.lost, stage.loss],
                 **pictures.QUIET)  # fmt: skip


def _filled(code: str, board: MaskBoard) -> str:
    """The code with the board's numbers in it."""
    known = {"CELLS": board.rows * board.cols, "COLS": board.cols, "ROWS": board.rows}
    for name, value in {**known, "KEPT": KEPT, "ERASED": ERASED}.items():
        code = code.replace(name, str(value))
    return code


def _wire_card(
    store: ModelStore, card: gr.Dropdown, stage: stages.Stage, controls: stages.Controls
) -> pictures.Change:
    """Let class, guidance and the rule of rounding fit another card; what to listen to for that."""

    def refit(name: object) -> list:
        rule = views.tell_rounding(asking.asked_model(store, name))
        return [*(gr.update(**each) for each in stages.fitting(store, name)), rule]

    return card.change(kit.quick(refit), card, [controls.label, controls.guidance, stage.rounding],
                       **pictures.QUIET).success  # fmt: skip


def _wire_runs(
    store: ModelStore,
    card: gr.Dropdown,
    stage: stages.Stage,
    controls: stages.Controls,
    refitted: pictures.Change,
) -> None:
    """Run and Stop, and the runs that Live asks for; with Live on there is no other."""

    def read(card: object, sent: object, *settings: object) -> asking.Asked:
        return asking.read_asked(store, card, stage.board.preprocess(sent), *settings)

    @kit.readable_errors
    def run(*sent: object) -> Iterator[views.Message]:
        yield from views.fill_in(store, read(*sent))

    @kit.readable_errors
    def follow_hand(live: object, *sent: object) -> Iterator[views.Message]:
        if live is not True:
            return
        asked = read(*sent)
        asking.must_be_quick(asked)
        yield from views.fill_in(store, asked, LIVE_INTERVAL)

    inputs = [card, stage.board, controls.label, controls.guidance, controls.temperature,
              controls.seed]  # fmt: skip
    outputs = [stage.panels, stage.status]
    kit.becomes_stop(controls.run, controls.stop, controls.run.click)
    started = controls.run.click(run, inputs, outputs, show_progress="minimal",
                                 show_progress_on=stage.status, api_name="complete",
                                 preprocess=False, **kit.COMPUTE)  # fmt: skip
    kit.until_the_end(controls.run, controls.stop, [started])
    followed = controls.asked.change(
        follow_hand, [stage.live, *inputs], outputs, show_progress="hidden",
        trigger_mode="always_last", api_visibility="private", preprocess=False, **kit.COMPUTE,
    )  # fmt: skip
    ask = dict(fn=None, inputs=[stage.live, controls.asked], outputs=controls.asked, js=_ASK,
               show_progress="hidden", trigger_mode="always_last")  # fmt: skip
    gr.on([stage.board.change, controls.label.change, controls.guidance.change,
           controls.temperature.change, controls.seed.change], **ask)  # fmt: skip
    refitted(**ask)
    switched = stage.live.change(
        None, stage.live, controls.run, cancels=[started, followed], show_progress="hidden",
        js="(live) => ({__type__: 'update', interactive: !live})",
    )  # fmt: skip
    switched.then(**ask)

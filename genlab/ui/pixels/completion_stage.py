"""The parts of the completion page: six pictures, three boards, and what a run asks for."""

from dataclasses import dataclass
from typing import Any

import gradio as gr
import numpy as np
import torch
from numpy.typing import NDArray

from genlab.inference.autoregressive import MAX_SEED
from genlab.inference.completion import keep_rows
from genlab.store import ModelStore, skeleton
from genlab.ui.canvas import PixelCanvas
from genlab.ui.canvas.mask_board import MaskBoard, MaskedPicture
from genlab.ui.canvas.panels import Panel, PicturePanels
from genlab.ui.latent import codes, pictures, sliders
from genlab.ui.pixels import completion_asked as asking
from genlab.ui.pixels import completion_lost as lost
from genlab.ui.pixels import completion_views as views
from genlab.ui.pixels import guidance_asked as guiding

IDS = "completion"
GROUP = "Picture"  # the only group of the sheet
FIRST = {"mnist": {GROUP: [32]}, "fashion-mnist": {GROUP: [82]}}  # a three, a bag
SIDE = 280  # of a board, CSS pixels
CLASS_INFO = "What the picture should become"
NO_CLASSES = "This network was trained without classes"


@dataclass(frozen=True)
class Stage:
    """What the page is about."""

    panels: PicturePanels
    status: gr.Markdown
    live: gr.Checkbox
    rows: gr.Slider
    drawing: pictures.Board
    board: MaskBoard
    rounding: gr.Markdown
    lost: PixelCanvas
    loss: gr.Markdown


@dataclass(frozen=True)
class Controls:
    """What a run asks for; `asked` counts the runs that Live wants."""

    label: gr.Dropdown
    guidance: gr.Slider
    temperature: gr.Slider
    seed: gr.Number
    run: gr.Button
    stop: gr.Button
    asked: gr.Number


def declare_stage(store: ModelStore, card: gr.Dropdown) -> Stage:
    """The six pictures, and below them the three boards."""
    masked = first_picture(store, card.value)
    kept = torch.from_numpy(masked.kept)
    gr.Markdown("**Six completions**; grey is not drawn yet")
    panels = PicturePanels(
        label="Six completions", size=150, elem_id=f"{IDS}-variants",
        panels=[Panel(f"Variant {i + 1}") for i in range(asking.VARIANTS)],
    )  # fmt: skip
    status = gr.Markdown("", elem_id=f"{IDS}-status", elem_classes="genlab-status")
    live, rows = _declare_switches(masked.kept)
    with gr.Row():
        with gr.Column(min_width=290):
            gr.Markdown("**Your picture**: draw here")
            first = FIRST[codes.data_name(store, card.value)][GROUP][0]
            drawing = pictures.declare_board(
                store, card, label="Your picture", elem_id=f"{IDS}-drawing", first=first, size=SIDE
            )
        with gr.Column(min_width=290):
            gr.Markdown("**What is kept of it**: erase here")
            board = MaskBoard(
                masked, label="What is kept of the picture", size=SIDE,
                elem_id=f"{IDS}-mask",
            )  # fmt: skip
            rounding = gr.Markdown(
                views.tell_rounding(skeleton(store.card(card.value))), elem_id=f"{IDS}-rounding",
                elem_classes="genlab-status",
            )  # fmt: skip
    gr.Markdown("**What the order of drawing loses of that**")
    with gr.Row():
        with gr.Column(min_width=290):
            losing = PixelCanvas(
                lost.background(masked), label="What the order of drawing loses", size=SIDE,
                overlay=lost.overlay(kept), states=lost.STATES, elem_id=f"{IDS}-lost",
            )  # fmt: skip
        with gr.Column(min_width=290):
            loss = gr.Markdown(lost.tell_lost(kept), elem_id=f"{IDS}-loss", min_height="6em")
            gr.Markdown(lost.WHY)
    return Stage(panels, status, live, rows, drawing, board, rounding, losing, loss)


def _declare_switches(kept: NDArray[np.bool_]) -> tuple[gr.Checkbox, gr.Slider]:
    """Live and the rows that are kept, next to the boards: on a phone the side is far below."""
    height = len(kept)
    with gr.Row():
        with gr.Column(min_width=290):
            live = gr.Checkbox(
                False, label="Live", info="Complete after every stroke", elem_id=f"{IDS}-live"
            )
        with gr.Column(min_width=290):
            rows = gr.Slider(
                0, height - 1, value=int(kept.all(axis=1).sum()), step=1,
                label="Keep the first rows", info="Erases all rows below; the brush changes more",
                elem_id=f"{IDS}-rows",
            )  # fmt: skip
    return live, rows


def declare_controls(store: ModelStore, card: gr.Dropdown) -> Controls:
    """What stands beside the stage."""
    label, guidance = fitting(store, card.value)
    classes = gr.Dropdown(label="Class", elem_id=f"{IDS}-class", **label)
    with gr.Row(elem_classes="genlab-seed"):
        seed = gr.Number(
            0, label="Seed", precision=0, minimum=0, maximum=MAX_SEED, elem_id=f"{IDS}-seed"
        )
        dice = gr.Button("Roll", min_width=64, elem_classes="genlab-dice")
    dice.click(None, None, seed, js=sliders.ROLL)
    run = gr.Button("Run", variant="primary", elem_id=f"{IDS}-run", elem_classes="genlab-primary")
    stop = gr.Button(
        "Stop", variant="stop", visible=False, elem_id=f"{IDS}-stop",
        elem_classes="genlab-primary",
    )  # fmt: skip
    with gr.Accordion("More", open=False):
        temperature = gr.Slider(
            asking.COOLEST, asking.HOTTEST, value=1.0, step=0.05, label="Temperature",
            info="1 is the model; lower plays safe", elem_id=f"{IDS}-temperature",
        )  # fmt: skip
        strength = gr.Slider(
            guiding.WEAKEST, guiding.STRONGEST, step=0.1, label="Guidance",
            info="How far towards the class: 0 forgets it, 1 is the model",
            elem_id=f"{IDS}-guidance", **guidance,
        )  # fmt: skip
    asked = gr.Number(0, visible="hidden", elem_id=f"{IDS}-asked")
    return Controls(classes, strength, temperature, seed, run, stop, asked)


def first_picture(store: ModelStore, card: str) -> MaskedPicture:
    """What the page begins with: an example in the model's levels, its lower half erased."""
    network = skeleton(store.card(card))
    place = FIRST[codes.data_name(store, card)][GROUP][0]
    image = codes.example_images(store, card)[place, 0].numpy()
    kept = keep_rows(network.spec, network.spec.height // 2).numpy()
    return asking.in_levels(network, MaskedPicture(image, kept))


def fitting(store: ModelStore, card: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings of class and guidance as the card's network has them; they stay in place."""
    named = [(title, str(each)) for title, each in codes.named_classes(store, card)]
    label = dict(
        choices=[("Any class", asking.ANY), *named],
        value=asking.ANY,
        interactive=bool(named),
        info=CLASS_INFO if named else NO_CLASSES,
    )
    return label, {"value": 1.0, "interactive": bool(named)}

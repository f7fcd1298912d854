"""The page of erasing: what is kept stays, and what is erased is invented to fit it."""

from collections.abc import Iterator

import gradio as gr
import numpy as np
import torch

from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas.mask_board import MaskBoard, MaskedPicture
from genlab.ui.diffusion import given_views as given
from genlab.ui.diffusion import restoring_views as restoring
from genlab.ui.diffusion import variants_views as variants
from genlab.ui.latent.codes import example_images

IDS = "inpaint"
# Another picture under the same mask: both are text, see `MaskBoard`.
_PLACE = """(drawn, masked) =>
    (drawn || '00'.repeat(CELLS)) + '|' + (masked.split('|')[1] || '1'.repeat(CELLS))"""
BEFORE = "Press Run: six variants keep your pixels and invent the others, each with its own seed."


def build(store: ModelStore, card: gr.Dropdown, label: gr.Dropdown) -> None:
    """Declare the page and wire it."""
    gr.Markdown(
        "## Erase the lower half. What could it still be?\nGuess first: what else begins like "
        "this one? Then press Run. The network keeps your pixels and invents the others, six "
        "times.",
        elem_classes="genlab-question",
    )
    if card.value is None:
        gr.Markdown(variants.UNTRAINED)
        return
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            with gr.Row():
                with gr.Column(min_width=310):
                    gr.Markdown("**Your picture**: hatched pixels are erased")
                    board = MaskBoard(
                        lower_half_erased(store, card.value), label="Picture to erase from",
                        elem_id=f"{IDS}-mask",
                    )  # fmt: skip
                with gr.Column(min_width=310):
                    gr.Markdown("**Six variants** of what was erased")
                    panels = variants.declare_panels(IDS)
                    status = gr.Markdown(
                        BEFORE, elem_id=f"{IDS}-status", elem_classes="genlab-status"
                    )
            gr.Markdown(restoring.HOW)
        with gr.Column(scale=1, min_width=304):
            steps, rounds = variants.declare_steps(IDS), restoring.declare_rounds(IDS)
            controls = variants.declare_controls(IDS, steps)
            picture = given.declare_given(store, card, IDS)
    place = _PLACE.replace("CELLS", str(board.rows * board.cols))
    for change in picture.changes:
        change(None, [picture.board.canvas, board], board, js=place, show_progress="hidden")
    inputs = [card, label, board, steps, rounds, controls.guidance, controls.view, controls.seed]
    _wire(store, board, controls, inputs, [panels, status])


def lower_half_erased(store: ModelStore, card: str) -> MaskedPicture:
    """What the page begins with."""
    image = example_images(store, card)[given.first_place(store, card), 0].numpy()
    kept = np.ones(image.shape, bool)
    kept[image.shape[0] // 2 :] = False
    return MaskedPicture(image, kept)


def _wire(
    store: ModelStore,
    board: MaskBoard,
    controls: variants.Controls,
    inputs: list[gr.components.Component],
    outputs: list[gr.components.Component],
) -> None:
    @kit.readable_errors
    def run(
        card: object, label: object, sent: object, *settings: object
    ) -> Iterator[restoring.Message]:
        masked = board.preprocess(sent)
        asked = restoring.read_asked(store, card, label, *settings)
        known = restoring.as_known(*map(torch.from_numpy, (masked.image, masked.kept)))
        yield from restoring.fill_in(store, asked, known, restoring.account)

    variants.wire_button(controls.run, controls.stop, run, inputs, outputs, api_name="inpaint")

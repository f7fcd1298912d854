"""The page of surroundings: the picture is made smaller, and what lies around it is invented."""

from collections.abc import Iterator

import gradio as gr
from torch import Tensor

from genlab import data
from genlab.inference.inpainting import Known, shrink
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas.mask_board import MaskBoard, MaskedPicture
from genlab.ui.diffusion import given_views as given
from genlab.ui.diffusion import restoring_views as restoring
from genlab.ui.diffusion import variants_views as variants
from genlab.ui.latent import pictures
from genlab.ui.latent.codes import example_images

IDS = "outpaint"
SMALLEST, LARGEST, SIZE = 8, data.SIDE - 1, 12  # pixels
BEFORE = "Press Run: six times, the network invents what surrounds the small picture."
HONEST = (
    "**What to expect.** Large image models were shown scenes, so they can invent a room around a "
    "chair. This network was shown single things only, in the middle and nearly as large as the "
    "frame: a small one in an empty field is nothing it knows. Two answers fit what it learned. It "
    "can take the small picture for a part of a large one and add strokes around it, or leave the "
    "surroundings black. Try 8 pixels, then 22, and compare how much it adds."
)


def build(store: ModelStore, card: gr.Dropdown, label: gr.Dropdown) -> None:
    """Declare the page and wire it."""
    gr.Markdown(
        "## What lies around a small picture?\nChoose how small. Guess what the network puts "
        "around it, then press Run.",
        elem_classes="genlab-question",
    )
    if card.value is None:
        gr.Markdown(variants.UNTRAINED)
        return
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            with gr.Row():
                with gr.Column(min_width=310):
                    gr.Markdown("**The small picture**: hatched pixels are to be invented")
                    small = MaskBoard(
                        label="The small picture", editable=False, elem_id=f"{IDS}-small",
                        value=as_masked(shrunk(first_image(store, card.value), SIZE)),
                    )  # fmt: skip
                with gr.Column(min_width=310):
                    gr.Markdown("**Six variants** of its surroundings")
                    panels = variants.declare_panels(IDS)
                    status = gr.Markdown(
                        BEFORE, elem_id=f"{IDS}-status", elem_classes="genlab-status"
                    )
            gr.Markdown(HONEST)
        with gr.Column(scale=1, min_width=304):
            size = gr.Slider(
                SMALLEST, LARGEST, value=SIZE, step=1, label="Size of the small picture",
                info=f"Pixels a side, of {data.SIDE}", elem_id=f"{IDS}-size",
            )  # fmt: skip
            steps, rounds = variants.declare_steps(IDS), restoring.declare_rounds(IDS)
            controls = variants.declare_controls(IDS, steps)
            picture = given.declare_given(store, card, IDS)
    inputs = [card, label, picture.board.canvas, size, steps, rounds,
              controls.guidance, controls.view, controls.seed]  # fmt: skip
    _wire(store, picture, size, small, controls, inputs, [panels, status])


def first_image(store: ModelStore, card: str) -> Tensor:
    """The example that the page begins with, (1, 1, 28, 28)."""
    place = given.first_place(store, card)
    return example_images(store, card)[place : place + 1]


def shrunk(image: Tensor, size: object) -> Known:
    """One picture, (1, 1, 28, 28), as small as a visitor asked for.

    Raises:
        InputError: no size on offer.
    """
    side = kit.whole_number(size, "The size of the small picture", SMALLEST, LARGEST)
    return shrink(image, side, side)


def as_masked(known: Known) -> MaskedPicture:
    """As a board shows it."""
    return MaskedPicture(known.images[0, 0].numpy(), known.kept[0, 0].numpy())


def account(known: Known, final: Tensor) -> str:
    """Whether the small picture is what it was, and how much was drawn around it."""
    bright = 100 * (final[~known.kept] > 0.5).float().mean().item()
    return f"{restoring.account(known, final)} Of the surroundings, {bright:.1f} % became bright."


def _wire(
    store: ModelStore,
    picture: given.Given,
    size: gr.Slider,
    small: MaskBoard,
    controls: variants.Controls,
    inputs: list[gr.components.Component],
    outputs: list[gr.components.Component],
) -> None:
    def show(sent: object, size: object) -> MaskedPicture:
        return as_masked(shrunk(pictures.read_board(picture.board, sent), size))

    @kit.readable_errors
    def run(
        card: object, label: object, sent: object, size: object, *settings: object
    ) -> Iterator[restoring.Message]:
        known = shrunk(pictures.read_board(picture.board, sent), size)
        asked = restoring.read_asked(store, card, label, *settings)
        yield from restoring.fill_in(store, asked, known, account)

    for change in (*picture.changes, size.input):
        change(kit.quick(show), [picture.board.canvas, size], small, **pictures.QUIET)
    variants.wire_button(controls.run, controls.stop, run, inputs, outputs, api_name="outpaint")

"""What the blind spot buys: pixels that cannot see each other may be drawn together."""

import json
import time

import gradio as gr
import torch

from genlab.analysis.reachability import offset_table
from genlab.core.cards import ModelCard
from genlab.core.frames import last
from genlab.core.protocols import Incremental
from genlab.inference.autoregressive import MAX_SEED, draw_uniforms, make_stepper, stream_pixels
from genlab.store import ModelStore, skeleton
from genlab.ui import kit
from genlab.ui.canvas.field import FieldView

ORDERS = ("raster", "wavefront")
DICE = 9999  # seeds that a visitor can remember


def cards(store: ModelStore) -> list[ModelCard]:
    """Trained cards that draw in both orders, black and white."""
    return [
        card
        for card in store.cards_with(Incremental)
        if card.masked is not None
        and set(ORDERS) <= set(skeleton(card).orders)
        and skeleton(card).spec.levels == 2
    ]


def build(store: ModelStore, *, bench: str) -> None:
    """Declare the folded section; it draws when it is unfolded."""
    with gr.Accordion("What the blind spot buys", open=False) as section:
        if not cards(store):
            gr.Markdown(
                "No PixelCNN is trained yet. Run `python -m train pixelcnn-mnist`, then reload."
            )
            return
        gr.Markdown(
            "A blind spot is a loss, but not only: pixels that cannot see each other need not wait "
            "for each other. Both pictures are drawn by the same network from the same seed."
        )
        with gr.Row(elem_classes="genlab-seed"):
            seed = gr.Number(0, label="Seed of the race", precision=0, minimum=0, maximum=MAX_SEED)
            dice = gr.Button("Roll", scale=0, min_width=64, elem_classes="genlab-dice")
        draw = gr.Button("Draw both", size="sm")
        view = FieldView(view="race", bench=bench, label="Two orders", elem_id="masks-race")

    @kit.readable_errors
    def race(seed: object) -> str:
        chosen = kit.whole_number(seed, "Seed of the race", 0, MAX_SEED)
        return describe_race(store, cards(store)[0], chosen)

    for trigger in (section.expand, draw.click):
        trigger(race, seed, view, show_progress="minimal", api_visibility="private",
                preprocess=False, **kit.COMPUTE)  # fmt: skip
    dice.click(None, None, seed, js=f"() => Math.floor(Math.random() * {DICE + 1})",
               api_visibility="private")  # fmt: skip


def describe_race(store: ModelStore, card: ModelCard, seed: int) -> str:
    """Draw one image in both orders; what the view of the race shows, as JSON."""
    model = store.get(card.name)
    steppers, images, seconds = [], [], []
    for order in ORDERS:
        started = time.perf_counter()
        steppers.append(make_stepper(model, 1, order=order))
        uniforms = draw_uniforms(model.spec, seed, 1)
        images.append(last(stream_pixels(model, uniforms, stepper=steppers[-1])).images)
        seconds.append(time.perf_counter() - started)
    steps = [len(stepper.fronts) for stepper in steppers]
    return json.dumps(
        {
            "size": model.spec.height,
            "skews": [stepper.skew for stepper in steppers],
            "images": ["".join(f"{value:.0f}" for value in each.flatten()) for each in images],
            "verdict": " ".join(
                (
                    _same(torch.equal(*images)),
                    f"{card.title}, seed {seed}: {steps[0]} steps against {steps[1]}, computed in "
                    f"{seconds[0]:.2f} s and {seconds[1]:.2f} s.",
                    _reason(card, steppers[1].skew, model.spec.height),
                )
            ),
        }
    )


def _same(is_same: bool) -> str:
    return "Both images are the same, pixel for pixel." if is_same else "The two images differ."


def _reason(card: ModelCard, skew: int, size: int) -> str:
    """Whether the pixels of a front see each other, by the table of the card's masks."""
    first = offset_table(card.masked.name, card.masked.kernels[0]).first
    middle = first.shape[1] // 2
    together = [first[up, middle + skew * up] for up in range(1, size) if skew * up <= middle]
    if any(together):
        return ""
    return (
        f"A pixel and the one a row up and {skew} columns to the right never see each other, nor "
        f"do any further ones on that line: they are drawn together."
    )

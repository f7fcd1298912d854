"""*Two streams*: the gates of a gated network's two stacks, at the pixel that was clicked."""

from functools import lru_cache
from typing import Any

import gradio as gr
import torch
from torch import Tensor

from genlab import data
from genlab.analysis.streams import StackMaps, gated_layers, look_into
from genlab.core.frames import last
from genlab.core.images import quantise, to_picture
from genlab.inference.runs import Run, stream_run
from genlab.store import ModelStore, skeleton
from genlab.ui import kit
from genlab.ui.canvas import PixelPlayer
from genlab.ui.canvas.gates import GateMaps, ShownGates, ShownStack, absent
from genlab.ui.lessons.pixel_account import clicked_pixel

CHANNELS = 4  # shown of each stack
MOST_LAYERS = 1000  # of any network; the slider may stand at another network's layer
KEPT_DRAWINGS = 8  # runs whose images are kept, so that another layer needs no new drawing

STORY = (
    "Every layer ends in gates, one a channel and pixel. tanh is the content: what to say, from −1 "
    "to 1. σ is the door: how much of it gets through, from 0 to 1. Their product is what it lets "
    "through."
)
CROSSING = "Down by one row: the shift. What crosses is read just before the gate."
VERTICAL = (
    "Reads the rows above and its own row in full, so its values in the pixel's own row know the "
    "pixel itself. "
)
HORIZONTAL = "Reads its own row, to the left only. "
STACKS = [
    {"title": "Vertical stack", "tells": VERTICAL},
    {"title": "Horizontal stack", "tells": HORIZONTAL},
]
INVITATION = "Click a drawn pixel of this model's picture above: here you see its gates."

Chosen = tuple[Run, int, int, int]  # with image, row and column


def build(store: ModelStore, card: gr.Dropdown, player: PixelPlayer, runs: gr.State) -> None:
    """Declare the section; a click on a pixel of the player fills it, a slider moves the layer."""
    layers = _layers(store, card.value)
    gr.Markdown("### Two streams")
    chosen = gr.State(None)  # the pixel that was clicked last, whatever model is chosen since
    standing = gr.State(None)  # the pixel whose gates stand there; None where none do
    layer = gr.Slider(
        1, max(layers, 2), value=1, step=1, label="Layer", visible=layers > 0,
        elem_id="gates-layer",
    )  # fmt: skip
    maps = GateMaps(
        _without_pixel(store, card.value),
        story=STORY,
        crossing=CROSSING,
        stacks=STACKS,
        channels=CHANNELS,
        elem_id="gate-maps",
    )

    @kit.readable_errors
    def choose(runs: dict, layer: float, event: gr.EventData) -> tuple:
        pixel = clicked_pixel(store, runs, event._data)
        count = _layers(store, pixel[0].card)
        if not count:
            return None, gr.update(visible=False), _no_gates(store, pixel[0].card), None
        number = min(kit.whole_number(layer, "Layer", 1, MOST_LAYERS), count)
        slider = gr.update(visible=True, maximum=max(count, 2), value=number)
        return pixel, slider, show_gates(store, pixel, number), pixel

    @kit.readable_errors
    def move(standing: Chosen | None, layer: float) -> Any:  # noqa: ANN401
        if standing is None:
            return gr.skip()
        count = _layers(store, standing[0].card)
        return show_gates(store, standing, kit.whole_number(layer, "Layer", 1, count))

    @kit.readable_errors
    def follow(name: str, chosen: Chosen | None, layer: float) -> tuple:
        count = _layers(store, name)
        if not count:
            return gr.update(visible=False), _without_pixel(store, name), None
        number = min(kit.whole_number(layer, "Layer", 1, MOST_LAYERS), count)
        slider = gr.update(visible=True, maximum=max(count, 2), value=number)
        if chosen is None or chosen[0].card != name:
            return slider, _without_pixel(store, name), None
        return slider, show_gates(store, chosen, number), chosen

    settings = {"show_progress": "hidden", "api_visibility": "private", "preprocess": False}
    player.select(choose, [runs, layer], [chosen, layer, maps, standing], trigger_mode="multiple",
                  **settings, **kit.COMPUTE)  # fmt: skip
    layer.input(move, [standing, layer], maps, trigger_mode="always_last",
                **settings, **kit.COMPUTE)  # fmt: skip
    card.change(follow, [card, chosen, layer], [layer, maps, standing], **settings, **kit.COMPUTE)


def show_gates(store: ModelStore, chosen: Chosen, number: int) -> ShownGates:
    """Layer `number`, from 1, at the chosen pixel of the finished picture."""
    run, image, row, column = chosen
    model = store.get(run.card)
    drawn = draw_again(store, run)[image : image + 1]  # (1, 1, H, W)
    labels = None if run.labels is None else run.labels[:1]
    pixels = quantise(drawn, model.spec.levels)
    streams = look_into(model, pixels, number - 1, (row, column), labels=labels)
    count = len(gated_layers(model))
    return ShownGates(
        title=f"{store.card(run.card).title} · row {row}, column {column} · "
        f"layer {number} of {count}{_pass(store, run)}",
        layer=number,
        pixel=(row, column),
        picture=to_picture(drawn)[0, 0].numpy(),
        stacks=(
            _shown(streams.vertical, VERTICAL + _vertical_place(streams.vertical, number == count)),
            _shown(streams.horizontal, HORIZONTAL + _horizontal_place(streams.horizontal)),
        ),
    )


def _pass(store: ModelStore, run: Run) -> str:
    if run.label is None:
        return ""
    told = f" · class {data.class_name(store.card(run.card).data, run.label)}"
    return told + (", in the pass that knows it" if run.guidance != 1 else "")


@lru_cache(maxsize=KEPT_DRAWINGS)
def draw_again(store: ModelStore, run: Run) -> Tensor:
    """The images of a run, (B, 1, H, W) in [0, 1]: the same pixels as on the stage."""
    return last(stream_run(store.get(run.card), run)).images


def _shown(stack: StackMaps, tells: str) -> ShownStack:
    maps = torch.stack([stack.content, stack.door, stack.product], dim=1)
    return ShownStack(tells, stack.place, maps.numpy(), stack.strongest(CHANNELS))


def _vertical_place(stack: StackMaps, is_last: bool) -> str:
    if stack.place is None:
        return (
            "Above the first row there is nothing, so nothing of it reaches this pixel. Shown are "
            f"the {CHANNELS} of {len(stack.door)} channels with the largest products on average."
        )
    row, column = stack.place
    reaches = f"It reaches the pixel from the row above: the ring, row {row}, column {column}. "
    if is_last:
        reaches = (
            "Behind this last layer nothing reads what these gates let through; the pixel hears "
            "of this stack only what crosses before the gate, at the ring in the row above, row "
            f"{row}, column {column}. "
        )
    return (
        f"{reaches}Shown are the {CHANNELS} of {len(stack.door)} channels with the largest "
        "products there."
    )


def _horizontal_place(stack: StackMaps) -> str:
    row, column = stack.place
    return (
        "With what came from above it has read every earlier pixel in reach, and it speaks at the "
        f"pixel's own place: the ring, row {row}, column {column}. Shown are the {CHANNELS} of "
        f"{len(stack.door)} channels with the largest products there."
    )


def _layers(store: ModelStore, name: str | None) -> int:
    return 0 if name is None else len(gated_layers(skeleton(store.card(name))))


def _without_pixel(store: ModelStore, name: str | None) -> str:
    return INVITATION if _layers(store, name) else _no_gates(store, name)


def _no_gates(store: ModelStore, name: str | None) -> str:
    if name is None:
        return absent("Without a model there are no gates to look at.")
    return absent(f"{store.card(name).title} has one stream and no gates.")

"""The cheat, trained: mask B in the first layer, a dream of a loss, and nonsense for samples."""

import gradio as gr
import numpy as np

from genlab.core.errors import CheckpointError
from genlab.core.images import image_grid
from genlab.inference.autoregressive import MAX_SEED, sample
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas import PixelCanvas

HONEST, CHEAT = "pixelcnn-mnist", "pixelcnn-leaky-mnist"
COUNT = 4
SIDE = 2 * 28 + 1  # two images and the gap between them
FIGURE = "nats_dynamic"


def is_trained(store: ModelStore, name: str) -> bool:
    """Whether this version has the card and its weights are here."""
    return name in [card.name for card in store.cards] and store.has_weights(name)


def build(store: ModelStore) -> None:
    """Both cards beside each other, or a sentence that says what is missing."""
    gr.Markdown("#### The cheat, trained")
    missing = [name for name in (HONEST, CHEAT) if not is_trained(store, name)]
    if missing:
        gr.Markdown(
            f"The comparison needs the card `{missing[0]}`, which is not trained here yet. Run "
            f"`python -m train {missing[0]}`, then reload the page."
        )
        return
    gr.Markdown(
        "The same network twice. The cheat's first layer may read the pixel that it predicts, so "
        "while training it looks at the answer. When it draws, there is no answer to look at: a "
        "pixel that is not drawn yet holds a 0, black, and the cheat repeats what it finds."
    )
    with gr.Row():
        pictures = [_column(store, name) for name in (HONEST, CHEAT)]
    counted = gr.Markdown("", elem_classes="genlab-status")
    seed = gr.Number(0, label="Seed of the samples", precision=0, minimum=0)
    draw = gr.Button("Draw samples of both", size="sm", elem_id="masks-draw")

    @kit.readable_errors
    def draw_both(seed: object) -> list[object]:
        first = kit.whole_number(seed, "Seed of the samples", 0, MAX_SEED - COUNT + 1)
        drawn = [samples(store, name, first) for name in (HONEST, CHEAT)]
        return [*drawn, describe_white(*drawn)]

    draw.click(draw_both, seed, [*pictures, counted], show_progress="minimal",
               api_visibility="private", preprocess=False, **kit.COMPUTE)  # fmt: skip


def _column(store: ModelStore, name: str) -> PixelCanvas:
    with gr.Column(min_width=280):
        gr.Markdown(describe_card(store, name))
        return PixelCanvas(
            label=f"Samples of {store.card(name).title}", rows=SIDE, cols=SIDE, size=300,
            elem_id=f"masks-samples-{name}",
        )  # fmt: skip


def describe_card(store: ModelStore, name: str) -> str:
    """A card's title with its measured loss, or with what is wrong with its file."""
    title = f"**{store.card(name).title}**\n\n"
    try:
        figure = store.card_file(name).figures.get(FIGURE)
    except CheckpointError as error:
        return title + str(error)
    if figure is None:
        return title + "Its loss is not measured yet."
    return (
        f"{title}Loss on {figure.n:,} test images: **{figure.value:.2f} nats** an image "
        f"(± {figure.standard_error:.2f})."
    )


def describe_white(honest: np.ndarray, cheat: np.ndarray) -> str:
    """How many pixels came out white; the gaps of the grids are grey."""
    ours, theirs = ((each == 1).sum().item() for each in (honest, cheat))
    return f"White pixels drawn: **{ours:,}** by the honest network, **{theirs:,}** by the cheat."


def samples(store: ModelStore, name: str, seed: int) -> np.ndarray:
    """Four images in a square, (57, 57) in [0, 1], drawn now."""
    images = sample(store.get(name), seed=seed, count=COUNT)  # (4, 1, 28, 28)
    return image_grid(images)[0].numpy()

"""Prior, posterior, aggregated posterior: three ways to deal codes, and what they are worth."""

import functools

import gradio as gr
import numpy as np

from genlab.inference.latent import MAX_SEED
from genlab.store import ModelStore
from genlab.ui import kit, real_row
from genlab.ui.canvas import PixelCanvas
from genlab.ui.canvas.plane import PlaneCanvas, axis_name, plane_path
from genlab.ui.canvas.strip import Strip, StripPlayer
from genlab.ui.latent import aggregated_views as views
from genlab.ui.latent.codes import example_images, examples_of
from genlab.ui.latent.gaussians import UNTRAINED, variable_model

FIRST_EXAMPLE = 30  # a three
DICE = 9999  # seeds that a visitor can remember
EXAMPLES = 100  # shipped of each data set

QUESTION = """## Which codes test a generator?
A code of a posterior comes from a picture and only rebuilds it. Codes of the prior were given
nothing, so what they decode to is all the model's own: that is the honest test."""


def build(store: ModelStore, card: gr.Dropdown) -> None:
    """Declare the page, for any card that knows log p(x | z) and q(z | x), and wire it."""
    gr.Markdown(QUESTION, elem_classes="genlab-question")
    if card.value is None:
        gr.Markdown(UNTRAINED)
        return
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            plane = PlaneCanvas(
                label="Codes on the map", dots_name="codes dealt", size=440,
                elem_id="aggregated-map",
            )  # fmt: skip
            where = gr.Markdown("", elem_classes="genlab-status")
        with gr.Column(scale=1, min_width=304):
            kind = gr.Radio(
                [(title, name) for name, title in views.KINDS.items()], value="prior",
                label="Codes of the", elem_id="aggregated-kind",
            )  # fmt: skip
            with gr.Row(elem_classes="genlab-seed"):
                seed = gr.Number(0, label="Seed", precision=0, minimum=0, maximum=MAX_SEED)
                dice = gr.Button("Roll", min_width=64, elem_classes="genlab-dice")
            example = gr.Slider(
                0, EXAMPLES - 1, value=FIRST_EXAMPLE, step=1, label="Picture of the posterior",
                info="One of the shipped test pictures, ten of each class",
            )  # fmt: skip
            picture = PixelCanvas(
                label="The picture of the posterior", size=168, elem_id="aggregated-picture"
            )
    real_row.follow(real_row.declare("aggregated-real"), store, card, seed=seed)
    strip = StripPlayer(
        label="What the first codes decode to",
        names=(views.row_name("prior", 0),),
        elem_id="aggregated-strip",
    )
    gr.Markdown("### Are these codes of N(0, I)?")
    table = gr.Markdown("", min_height=310, elem_classes="genlab-account")

    def show(name: str | None, kind: str, example: float, seed: float) -> tuple:
        return draw(store, name, kind, example, seed)

    inputs, outputs = [card, kind, example, seed], [plane, where, strip, picture, table]
    for change in (card.change, kind.change, example.change, seed.change):
        change(kit.readable_errors(show), inputs, outputs, show_progress="hidden",
               trigger_mode="always_last", api_visibility="private", preprocess=False,
               **kit.COMPUTE)  # fmt: skip
    dice.click(None, None, seed, js=f"() => Math.floor(Math.random() * {DICE + 1})")

    def begin() -> tuple:
        plane, *rest = opening(store, card.value)
        return dict(plane), *rest  # gradio takes an update apart, and this one is kept

    kit.on_first_sight(begin, outputs)


@functools.lru_cache(maxsize=4)
def opening(store: ModelStore, name: str) -> tuple:
    """What the page shows first, drawn before anybody asks."""
    return draw(store, name, "prior", FIRST_EXAMPLE, 0)


def draw(
    store: ModelStore, name: str | None, kind: str, example: float, seed: float
) -> tuple[dict, str, Strip, np.ndarray, str]:
    """Everything that the page shows, of what a visitor sent.

    Raises:
        InputError: no model is trained, or a value out of range.
    """
    variable_model(store, name)
    kind = kit.choice(kind, "Codes of the", tuple(views.KINDS))
    example = kit.whole_number(example, "Picture of the posterior", 0, EXAMPLES - 1)
    seed = kit.whole_number(seed, "Seed", 0, MAX_SEED - views.DEALT + 1)
    ground = views.lay_ground(store, name)
    codes = views.deal(store, name, kind, example, seed)
    lowest, highest = [-ground.edge] * 2, [ground.edge] * 2
    plane = gr.update(
        low=lowest, high=highest, sheet=ground.sheet, points=ground.points,
        classes=list(examples_of(store, name).classes),
        axes=[axis_name(dimension) for dimension in ground.shown],
        dimensions=codes.shape[1],
        dots=plane_path(codes[:, list(ground.shown)]),
        ellipses=views.outlines(store, name, kind, example),
    )  # fmt: skip
    return (
        *(plane, describe_map(store, name)),
        views.pictures(store, name, codes, kind, seed),
        example_images(store, name)[example, 0].numpy(),
        views.check(store, name, kind, example, seed),
    )


def describe_map(store: ModelStore, name: str) -> str:
    """What is across and what is upwards."""
    dimensions, (across, upwards) = store.get(name).latent_dim, views.lay_ground(store, name).shown
    if dimensions == 2:
        return "Both dimensions of the code. The discs are the examples' means."
    return (
        f"Dimension {across} across, dimension {upwards} upwards: of {dimensions}, the two that "
        "the encoder uses most. The discs are the examples' means."
    )

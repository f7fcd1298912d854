"""The page of autoencoders without a prior: one takes noise away, three have too many units."""

import gradio as gr

from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.closer import common_mistakes
from genlab.ui.latent import denoising, restored_figure, sparsity
from genlab.ui.lessons import autoencoder_claims, film, mask_figure
from genlab.ui.lessons import autoencoders as lessons

SPARSE = """### Which units speak for this picture?

Three networks of the same size describe a picture with 300 units each; the training of two of them
punished activity. Every bar is a unit, a full one an activity of 1: click one, and see what it
draws and which pictures wake it."""


def build(store: ModelStore) -> None:
    """Declare the page and wire it."""
    gr.Markdown(kit.text("autoencoders"), elem_classes="genlab-question")
    restoring = denoising.build(store)
    with gr.Accordion("Figure for slides", open=False):
        make = gr.Button("Make a figure of what is above", size="sm")
        figure = gr.HTML("", elem_id="denoising-figure")
    film.build(store, restoring.card)
    gr.Markdown(SPARSE, elem_classes="genlab-section")
    coding = sparsity.build(store)
    lessons.build(store, restoring, coding)
    common_mistakes(autoencoder_claims.claims(store), restoring.card)

    def make_figure(*sent: object) -> str:
        drawn = restored_figure.draw_figure(store, restoring.read(*sent))
        return mask_figure.links(drawn, "genlab-denoising")

    make.click(kit.readable_errors(make_figure), restoring.inputs, figure, show_progress="minimal",
               api_visibility="private", preprocess=False, **kit.COMPUTE)  # fmt: skip
    kit.on_first_sight(lambda: denoising.open_page(store), restoring.views)
    kit.on_first_sight(lambda: sparsity.open_page(store), [coding.unit, *coding.views])


def warm_up(store: ModelStore) -> None:
    """Compute what both pages show first."""
    denoising.open_page(store)
    sparsity.open_page(store)


TAB = kit.Tab(title="Autoencoders", order=4, build=build, warm_up=warm_up)

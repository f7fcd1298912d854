"""The page of the way back: from noise to images, each step of it open to the last number.

The server computes a run at full speed; the player scrubs whatever has arrived.
"""

import functools
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import gradio as gr

from genlab.inference.diffusion import DEFAULTS, DiffusionSettings
from genlab.inference.diffusion_steps import SAMPLER_NAMES
from genlab.inference.latent import MAX_SEED
from genlab.store import ModelStore, skeleton
from genlab.ui import kit
from genlab.ui.canvas.trajectory import TrajectoryPlayer
from genlab.ui.diffusion.asked import ANY
from genlab.ui.diffusion.backward_run import COUNTS, AskedRun, draw_backward, read_run
from genlab.ui.diffusion.headline import declare_headline

OPENING = DiffusionSettings(steps=20)  # of the run that a page begins with: a quarter of a second
STRONGEST = 8.0  # guidance on the slider
DICE = 9999  # seeds that a visitor can remember
QUESTION = """## Which digit will it be?

Look at x̂<sub>0</sub>, the network's guess of the finished image, long before x<sub>t</sub> shows
anything. Press *Run*, or move the slider; a click on a pixel opens its numbers."""
QUESTION_OF_OTHERS = QUESTION.replace("digit", "picture")
UNTRAINED = (
    "No diffusion model is trained yet. Run `python -m train ddpm-mnist`, then start GenLab again."
)

# Settings that another one rules out go back to what does nothing, so that no error follows.
FOLLOW_SAMPLER = """(sampler) => ({__type__: 'update', interactive: sampler === 'ddim',
    ...(sampler === 'ddim' ? {} : {value: 0})})"""
FOLLOW_LABEL = f"""(label) => ({{__type__: 'update', interactive: label !== '{ANY}',
    ...(label === '{ANY}' ? {{value: 1}} : {{}})}})"""


@dataclass(frozen=True)
class Controls:
    """What a visitor sets, and the buttons."""

    images: gr.Radio
    seed: gr.Number
    dice: gr.Button
    steps: gr.Number
    sampler: gr.Radio
    guidance: gr.Slider
    eta: gr.Slider
    running: gr.Button
    stop: gr.Button

    @property
    def settings(self) -> list[gr.components.Component]:
        """In the order of `read_run`."""
        return [self.images, self.seed, self.steps, self.sampler, self.eta, self.guidance]


@functools.cache
def draw_opening(store: ModelStore, card: str) -> str:
    """The run that the page begins with, computed once."""
    asked = AskedRun(card, label=None, seed=0, images=1, settings=OPENING)
    return "".join(draw_backward(store, asked, "opening"))


def build(store: ModelStore, card: gr.Dropdown, label: gr.Dropdown) -> None:
    """Declare the page and wire it.

    Args:
        card: its value names a denoiser, or is None where none is trained.
        label: the class, or `genlab.ui.diffusion.asked.ANY`.
    """
    if card.value is None:
        gr.Markdown(UNTRAINED)
        return
    declare_headline(store, card, digits=QUESTION, others=QUESTION_OF_OTHERS)
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            player = TrajectoryPlayer(
                label="From noise to an image",
                placeholder="Warming up: the network takes its first steps",
                elem_id="backward-player",
            )
            status = gr.Markdown("", elem_classes="genlab-status")
        with gr.Column(scale=1, min_width=304):
            controls = _declare_controls(store, card.value, label.value)
    _wire(store, card, label, controls, player, status)
    kit.on_first_sight(lambda: draw_opening(store, card.value), player)


def _declare_controls(store: ModelStore, name: str, label: object) -> Controls:
    available = skeleton(store.card(name)).schedule.steps
    images = gr.Radio(COUNTS, value=COUNTS[-1], label="Images")
    with gr.Row(elem_classes="genlab-seed"):
        seed = gr.Number(0, label="Seed", precision=0, minimum=0, maximum=MAX_SEED)
        dice = gr.Button("Roll", min_width=64, elem_classes="genlab-dice")
    steps = gr.Number(
        DEFAULTS.steps, label="Steps", precision=0, minimum=1, maximum=available,
        info=f"From 1 to {available}, spread evenly over the training's", elem_id="backward-steps",
    )  # fmt: skip
    sampler = gr.Radio(
        [(title, name) for name, title in SAMPLER_NAMES.items()], value=DEFAULTS.sampler,
        label="Sampler",
        info="The rule of a step; all begin with the same noise", elem_id="backward-sampler",
    )  # fmt: skip
    running = gr.Button(
        "Run", variant="primary", elem_id="backward-run", elem_classes="genlab-primary"
    )
    stop = gr.Button(
        "Stop", variant="stop", visible=False, elem_id="backward-stop",
        elem_classes="genlab-primary",
    )  # fmt: skip
    with gr.Accordion("More", open=False):
        guidance = gr.Slider(
            0.0, STRONGEST, value=DEFAULTS.guidance, step=0.1, label="Guidance",
            info="How far towards the class: 0 forgets it, 1 is the model",
            elem_id="backward-guidance", interactive=label != ANY,
        )  # fmt: skip
        eta = gr.Slider(
            0.0, 1.0, value=DEFAULTS.eta, step=0.05, label="η",
            info="Luck in each step of ddim: 0 has none, 1 as much as ddpm", elem_id="backward-eta",
        )  # fmt: skip
    return Controls(images, seed, dice, steps, sampler, guidance, eta, running, stop)


def _wire(
    store: ModelStore,
    card: gr.Dropdown,
    label: gr.Dropdown,
    controls: Controls,
    player: TrajectoryPlayer,
    status: gr.Markdown,
) -> None:
    @kit.readable_errors
    def run(*sent: object) -> Iterator[str]:
        asked = read_run(store, *sent)
        pieces = draw_backward(store, asked, uuid.uuid4().hex[:8])
        yield from kit.paced(pieces, "Choose fewer images or fewer steps.")

    running, stop = controls.running, controls.stop
    kit.becomes_stop(running, stop, running.click)
    # `preprocess=False`: our own checks name the remedy, gradio's do not (or raise on NaN).
    started = running.click(
        run, [card, label, *controls.settings], player, show_progress="minimal",
        show_progress_on=status, api_name="run_backward", preprocess=False, **kit.COMPUTE,
    )  # fmt: skip
    kit.until_the_end(running, stop, [started])
    for source, target, js in (
        (controls.sampler, controls.eta, FOLLOW_SAMPLER),
        (label, controls.guidance, FOLLOW_LABEL),
    ):
        source.change(None, source, target, js=js, api_visibility="private")
    controls.dice.click(
        None, None, controls.seed, js=f"() => Math.floor(Math.random() * {DICE + 1})"
    )

"""Pictures of one run beside one another, and the controls that runs on given pictures share.

A run sends what it has at most 30 times a second, and its last pictures always: those alone are
results.
"""

import contextlib
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass

import gradio as gr
from torch import Tensor

from genlab.core.errors import InputError
from genlab.core.frames import DiffusionFrame, FrameT
from genlab.inference.forward_diffusion import to_images
from genlab.inference.latent import MAX_SEED
from genlab.ui import kit
from genlab.ui.canvas.panels import Panel, PicturePanels, ShownPicture
from genlab.ui.latent import sliders

VARIANTS = 6
FEWEST_STEPS, MOST_STEPS, STEPS = 5, 100, 50
WEAKEST, STRONGEST = 0.0, 5.0  # guidance
NOISY, SEEN = "x_t", "x̂₀"
UNTRAINED = (
    "No diffusion model is trained yet. Run `python -m train ddpm-mnist`, then start GenLab again."
)
TOO_LONG = (
    "The run was stopped after a minute, so that others can compute too. What was drawn stays. "
    "Choose fewer steps or rounds, then run again."
)


@dataclass(frozen=True)
class Controls:
    """What every run asks for; each is declared where the page wants it.

    Attributes:
        seed: of the first variant; each further one has the next.
        view: `NOISY` or `SEEN`, shown while it runs.
    """

    steps: gr.Slider
    seed: gr.Number
    guidance: gr.Slider
    view: gr.Radio
    run: gr.Button
    stop: gr.Button


def declare_steps(ids: str) -> gr.Slider:
    """The number of steps."""
    return gr.Slider(
        FEWEST_STEPS, MOST_STEPS, value=STEPS, step=1, label="Steps",
        info="A pass of the network each", elem_id=f"{ids}-steps",
    )  # fmt: skip


def declare_controls(ids: str, steps: gr.Slider) -> Controls:
    """Seed, Run and Stop, and what stands under More."""
    with gr.Row(elem_classes="genlab-seed"):
        seed = gr.Number(
            0, label="Seed", precision=0, minimum=0, maximum=MAX_SEED, elem_id=f"{ids}-seed"
        )
        dice = gr.Button("Roll", min_width=64, elem_classes="genlab-dice")
    run, stop = declare_run(ids)
    with gr.Accordion("More", open=False):
        guidance = gr.Slider(
            WEAKEST, STRONGEST, value=1.0, step=0.1, label="Guidance",
            info="How far towards the class: 0 forgets it, 1 is the model. Others cost two passes "
            "a step", elem_id=f"{ids}-guidance",
        )  # fmt: skip
        view = gr.Radio(
            [("x_t, what is being denoised", NOISY), ("x̂₀, what the network sees in it", SEEN)],
            value=NOISY, label="While it runs, show", elem_id=f"{ids}-view",
        )  # fmt: skip
    dice.click(None, None, seed, js=sliders.ROLL)
    return Controls(steps, seed, guidance, view, run, stop)


def declare_run(ids: str) -> tuple[gr.Button, gr.Button]:
    """The page's one primary button, and *Stop*, which takes its place."""
    classes = "genlab-primary"
    run = gr.Button("Run", variant="primary", elem_id=f"{ids}-run", elem_classes=classes)
    stop = gr.Button(
        "Stop", variant="stop", visible=False, elem_id=f"{ids}-stop", elem_classes=classes
    )
    return run, stop


def declare_panels(ids: str) -> PicturePanels:
    """Room for six variants."""
    return PicturePanels(
        label="Six variants", panels=[Panel(f"Variant {i + 1}") for i in range(VARIANTS)],
        size=150, elem_id=f"{ids}-variants",
    )  # fmt: skip


def limited(frames: Generator[FrameT, None, None], started: float) -> Iterator[FrameT]:
    """The frames, for at most a minute; when this ends, so does the computation.

    Args:
        started: of `time.monotonic()`.

    Raises:
        InputError: they take longer.
    """
    with contextlib.closing(frames):
        for frame in frames:
            yield frame
            if not frame.is_last and time.monotonic() - started > kit.LONGEST_RUN:
                raise InputError(TOO_LONG)


def paced(frames: Generator[FrameT, None, None]) -> Iterator[tuple[FrameT, float]]:
    """At most 30 frames a second, and always the last; each with the seconds it took."""
    started, told = time.monotonic(), 0.0
    for frame in limited(frames, started):
        now = time.monotonic()
        if frame.is_last or now - told >= kit.MESSAGE_INTERVAL:
            told = now
            yield frame, now - started


def pictures_of(frame: DiffusionFrame, view: str) -> Tensor:
    """What a frame shows, (B, C, H, W) in [0, 1]; the last one the result, whatever the view."""
    return to_images(frame.x0_hat) if view == SEEN and not frame.is_last else frame.images


def shown(images: Tensor, notes: Sequence[str]) -> list[ShownPicture]:
    """Pictures as the panels take them."""
    return [
        ShownPicture(sliders.cells(image), note) for image, note in zip(images, notes, strict=True)
    ]


def seeds_of(seed: int, count: int = VARIANTS) -> list[str]:
    """What stands under pictures that are not finished."""
    return [f"seed {seed + i}" for i in range(count)]


def read_seed(seed: object) -> int:
    """The first variant's seed.

    Raises:
        InputError: no whole number in range.
    """
    return kit.whole_number(seed, "Seed", 0, MAX_SEED - VARIANTS + 1)


def progress(frame: DiffusionFrame, seconds: float) -> str:
    """Where a run is; it stays true when somebody stops it."""
    left = seconds / frame.step * (frame.total - frame.step)
    more = "" if frame.is_last else f"; the rest takes about {left:.0f} s"
    return f"Step {frame.step} of {frame.total}, {seconds:.1f} s{more}."


def wire_button(
    start: gr.Button,
    stop: gr.Button,
    run: Callable[..., Iterator[tuple]],
    inputs: list[gr.components.Component],
    outputs: list[gr.components.Component],
    *,
    api_name: str,
) -> None:
    """Let a button start a streamed run and become *Stop* meanwhile.

    Args:
        outputs: of which the last is the line of words, where the place in the queue stands, too.
    """
    kit.becomes_stop(start, stop, start.click)
    started = start.click(
        run, inputs, outputs, show_progress="minimal", show_progress_on=outputs[-1],
        api_name=api_name, preprocess=False, **kit.COMPUTE,
    )  # fmt: skip
    kit.until_the_end(start, stop, [started])

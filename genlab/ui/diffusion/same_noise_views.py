"""Runs from the same noise under several settings: rows of small multiples, as they are computed.

Only the settings differ from row to row: every one begins with the same x_T, which is shown too.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
import torch
from torch import Tensor

from genlab.analysis.diversity import mean_pairwise_distance
from genlab.core.protocols import Classifier, Denoiser
from genlab.inference.diffusion import DiffusionSettings, stream_diffusion
from genlab.inference.forward_diffusion import to_images
from genlab.inference.image_noise import ImageNoise
from genlab.inference.latent import MAX_SEED
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas.multiples import Mark, line
from genlab.ui.diffusion import asked
from genlab.ui.diffusion.computing_time import Timed
from genlab.ui.judges import judge_of
from genlab.ui.latent import codes

UNTRAINED = (
    "No diffusion model is trained yet. Run `python -m train ddpm-mnist`, then start GenLab again."
)
SIGMAS = 3.0  # of the noise, from mid-grey to black or white


@dataclass(frozen=True, eq=False)
class Beginning:
    """What all rows have in common.

    Attributes:
        card: name of the model's card.
        label: the class of all pictures; None for any.
        seed: of the first noise; the next ones have the next seeds.
        count: noises.
        judge: of the model's data; None where there is none.
    """

    card: str
    model: Denoiser
    label: int | None
    seed: int
    count: int
    judge: Classifier | None


@dataclass(frozen=True, eq=False)
class Row:
    """What came of a setting.

    Attributes:
        images: (N, C, H, W) in [0, 1].
        passes: of the network, each of all pictures.
        seconds: of computing them, see `Timed`.
        seen: the class that the judge sees in each, None without a judge.
    """

    images: Tensor
    passes: int
    seconds: float
    seen: list[int] | None

    def right(self, label: int) -> int:
        """How many pictures the judge takes for the class."""
        return sum(each == label for each in self.seen or [])


def begin(store: ModelStore, card: object, label: object, seed: object, count: int) -> Beginning:
    """What a visitor asked for.

    Raises:
        InputError: something that is not on offer.
    """
    model = asked.asked_model(store, card)
    first = kit.whole_number(seed, "Seed", 0, MAX_SEED - count + 1)
    told = asked.asked_label(model, label)
    return Beginning(card, model, told, first, count, judge_of(store, card, model.spec))


def noise_line(start: Beginning, row: int = 0) -> str:
    """The noise itself as a row: mid-grey is 0, black and white are ±`SIGMAS`."""
    noise = ImageNoise(start.model.spec, start.seed, start.count).draw()
    return line(row, to_images(noise / SIGMAS), notes=seeds(start), note=f"±{SIGMAS:g} σ")


def seeds(start: Beginning) -> list[str]:
    """The seed of each column."""
    return [f"seed {start.seed + place}" for place in range(start.count)]


def run(start: Beginning, settings: DiffusionSettings, row: int) -> Generator[str, None, Row]:
    """One row; how far it is comes first, piece by piece, then its result."""
    labels = asked.repeated(start.label, start.count)
    noise = ImageNoise(start.model.spec, start.seed, start.count)
    yield line(row, note=progress(0, settings.steps))
    frames = Timed(stream_diffusion(start.model, noise, settings, labels=labels))
    for frame in frames:
        if not frame.is_last:
            yield line(row, note=progress(frame.step, settings.steps))
    passes = settings.steps * passes_a_step(settings)
    return Row(frame.images, passes, frames.seconds, judged(start.judge, frame.images))


def passes_a_step(settings: DiffusionSettings) -> int:
    """Two under guidance, which asks with the class and without it; 0 and 1 need one of them."""
    return 1 if settings.guidance in (0, 1) else 2


def progress(step: int, total: int) -> str:
    """How far a row is."""
    return f"step {step} of {total}"


@torch.inference_mode()
def judged(judge: Classifier | None, images: Tensor) -> list[int] | None:
    """The class that the judge sees in each picture."""
    return None if judge is None else judge.classify(images).argmax(dim=1).tolist()


def notes_of(store: ModelStore, start: Beginning, row: Row) -> list[str]:
    """What is said of each picture: its seed, and what the judge sees."""
    if row.seen is None:
        return seeds(start)
    names = [codes.class_name(store, start.card, each) for each in row.seen]
    return [
        f"{seed} · the judge sees {name}" for seed, name in zip(seeds(start), names, strict=True)
    ]


def marks_of(start: Beginning, row: Row) -> list[Mark]:
    """Whether the judge sees the class that was asked for; nothing where none was."""
    if start.label is None or row.seen is None:
        return []
    return ["right" if each == start.label else "wrong" for each in row.seen]


def change(one: Tensor, other: Tensor) -> float:
    """Root mean square difference of a pixel, a mean over pictures of the same noise."""
    pairs = torch.stack([one, other], dim=1)  # (N, 2, C, H, W)
    return sum(map(mean_pairwise_distance, pairs)) / len(pairs)


def class_words(store: ModelStore, start: Beginning) -> str:
    """Which class was asked for, in words."""
    if start.label is None:
        return "any class"
    return f"class {codes.class_name(store, start.card, start.label)}"


def heading(store: ModelStore, start: Beginning, told: Sequence[str]) -> str:
    """Which model drew what from which seeds."""
    last = start.seed + start.count - 1
    parts = [store.card(start.card).title, class_words(store, start), *told]
    return " · ".join([*parts, f"seeds {start.seed} to {last}"])


def percent(share: float) -> str:
    """A share of the grey range, or of anything else."""
    return f"{100 * share:.1f} %"


def seconds(time_spent: float) -> str:
    """A time with as many digits as it deserves."""
    return f"{time_spent:.2f} s" if time_spent < 1 else f"{time_spent:.1f} s"


def watch(
    pieces: Generator[str, None, None],
    told: str,
    words: Callable[[], str],
    remedy: str = "Choose fewer steps.",
) -> Iterator[tuple]:
    """A run for the screen: its rows as they come, then what it showed in words.

    Args:
        told: what was asked for, see `heading`; it stays true when somebody stops the run.
        remedy: see `kit.paced`.
    """
    yield gr.skip(), f"{told}. A row appears when it is done."
    for content in kit.paced(pieces, remedy):
        yield content, gr.skip()
    yield gr.skip(), words()


def declare_run(title: str, ids: str) -> tuple[gr.Button, gr.Button]:
    """The primary button, and *Stop*, which takes its place.

    They stay where they are on a phone, too: at its lower edge is room for one, and a page may have
    several.
    """
    start = gr.Button(title, variant="primary", elem_id=f"{ids}-start")
    return start, gr.Button("Stop", variant="stop", visible=False, elem_id=f"{ids}-stop")


def wire_run(
    start: gr.Button,
    stop: gr.Button,
    handler: Callable[..., Iterator[tuple]],
    inputs: list[gr.components.Component],
    outputs: list[gr.components.Component],
) -> Callable[..., Any]:
    """Let the button run a streaming handler, and be *Stop* meanwhile; the last output is words.

    Returns:
        What to listen to for the end of a whole run.
    """
    kit.becomes_stop(start, stop, start.click)
    # `preprocess=False`: our own checks name the remedy, gradio's do not (or raise on NaN).
    started = start.click(handler, inputs, outputs, show_progress="minimal",
                          show_progress_on=outputs[-1], api_visibility="private",
                          preprocess=False, **kit.COMPUTE)  # fmt: skip
    kit.until_the_end(start, stop, [started])
    return started.success

"""Runs that keep a part of a picture and invent the rest, as the pages of both kinds show them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import gradio as gr
import torch
from torch import Tensor

from genlab.core.errors import InputError
from genlab.core.images import to_picture
from genlab.core.protocols import Denoiser
from genlab.inference.diffusion import DiffusionSettings
from genlab.inference.image_noise import ImageNoise
from genlab.inference.inpainting import MOST_ROUNDS, Known, stream_inpainting
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas.panels import ShownPicture
from genlab.ui.diffusion import variants_views as variants
from genlab.ui.diffusion.asked import asked_label, asked_model, repeated
from genlab.ui.latent import reading

SAMPLER = "ddpm"  # its fresh luck at every step lets the invented part adapt to the kept one
HOW = (
    "While it runs you see x_t. Before every step the kept pixels of x_t are replaced by your own, "
    "with as much noise as belongs to that step: the network always sees a picture whose kept part "
    "is right. It was never trained for this. At the last step your pixels come back without "
    "noise."
)

Message = tuple[list[ShownPicture], str]


@dataclass(frozen=True)
class Asked:
    """A checked wish.

    Attributes:
        labels: (VARIANTS,) int64, or None for any class.
        view: what is shown while it runs.
    """

    card: str
    model: Denoiser
    labels: Tensor | None
    settings: DiffusionSettings
    rounds: int
    seed: int
    view: str


def declare_rounds(ids: str) -> gr.Slider:
    """How often each step is taken."""
    return gr.Slider(
        1, MOST_ROUNDS, value=1, step=1, label="Rounds",
info="Up a step and down again, so that the new part adapts to the kept one. Costs as many "
        "times more", elem_id=f"{ids}-rounds",
    )  # fmt: skip


def read_asked(
    store: ModelStore, card: object, label: object, steps: object, rounds: object,
    guidance: object, view: object, seed: object,
) -> Asked:  # fmt: skip
    """Check what a visitor sent.

    Raises:
        InputError: a value that is not on offer.
    """
    model = asked_model(store, card)
    chosen = asked_label(model, label)
    settings = DiffusionSettings(
        steps=kit.whole_number(steps, "Steps", variants.FEWEST_STEPS, variants.MOST_STEPS),
        sampler=SAMPLER,
        guidance=kit.number(guidance, "Guidance", variants.WEAKEST, variants.STRONGEST),
    )
    return Asked(
        card=card,
        model=model,
        labels=repeated(chosen, variants.VARIANTS),
        settings=settings,
        rounds=kit.whole_number(rounds, "Rounds", 1, MOST_ROUNDS),
        seed=variants.read_seed(seed),
        view=kit.choice(view, "What is shown", (variants.NOISY, variants.SEEN)),
    )


def fill_in(
    store: ModelStore, asked: Asked, known: Known, tell: Callable[[Known, Tensor], str]
) -> Iterator[Message]:
    """Six variants of one picture with a hole: panels and words, as they are computed.

    Args:
        known: one picture, (1, C, H, W).
        tell: words about the finished pictures, given all that was known.

    Raises:
        InputError: a model of other pictures, or a setting that does not fit the model.
    """
    if asked.model.spec.shape != known.images.shape[1:]:
        raise InputError("This model makes pictures of another size. Choose another model.")
    shape = (variants.VARIANTS, -1, -1, -1)
    six = Known(known.images.expand(shape), known.kept.expand(shape))
    noise = ImageNoise(asked.model.spec, asked.seed, variants.VARIANTS)
    frames = stream_inpainting(
        asked.model, six, noise, asked.settings, labels=asked.labels, rounds=asked.rounds
    )
    notes = variants.seeds_of(asked.seed)
    for frame, seconds in variants.paced(frames):
        words = variants.progress(frame, seconds)
        if frame.is_last:
            read = reading.read_classes(store, asked.card, frame.images)
            notes, words = (
                reading.with_classes(notes, read),
                f"{words} {tell(six, frame.images)}",
            )
        yield variants.shown(variants.pictures_of(frame, asked.view), notes), words


def account(known: Known, final: Tensor) -> str:
    """Whether the kept pixels are what they were, compared byte by byte.

    Args:
        final: (B, C, H, W) in [0, 1].
    """
    kept = int(known.kept[0].sum())
    total = known.kept[0].numel()
    if not kept:
        return "Nothing was kept: these are samples like any other."
    before, after = to_picture(known.images), to_picture(final)
    changed = int(((before != after) & known.kept).sum())
    verdict = f"**no**, {changed} differ" if changed else "**yes**, byte for byte"
    rest = "" if kept < total else " Nothing was erased, so nothing was invented."
    return (
        f"Kept pixels unchanged: {verdict}, {kept} of {total} in each of {len(final)} variants."
        f"{rest}"
    )


def as_known(image: Tensor, kept: Tensor) -> Known:
    """One grey picture of (H, W) each, as a batch of one."""
    return Known(image[None, None], kept[None, None].to(torch.bool))

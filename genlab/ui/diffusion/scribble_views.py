"""What a scribble becomes: what is left of it at a step t, and its pictures over several t."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.core.errors import InputError
from genlab.core.frames import last
from genlab.core.noise_schedule import NoiseSchedule
from genlab.core.protocols import Denoiser
from genlab.inference.diffusion import DiffusionSettings
from genlab.inference.forward_diffusion import add_noise, to_images, to_signal
from genlab.inference.image_noise import ImageNoise
from genlab.inference.sdedit import stream_sdedit
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas.panels import ShownPicture
from genlab.ui.canvas.strip import Strip, StripRow
from genlab.ui.diffusion import variants_views as variants
from genlab.ui.diffusion.asked import asked_label, asked_model, repeated
from genlab.ui.latent import reading

SAMPLER = "ddpm"
SHARES = (0.1, 0.25, 0.4, 0.55, 0.7, 0.85)  # of T, in the strip
ROWS = ("Drowned, as variant 1 begins", "Variant 1", "Variant 2", "Variant 3")
STRIP_VARIANTS = len(ROWS) - 1


@dataclass(frozen=True)
class Asked:
    """A checked wish.

    Attributes:
        label: a class, or None for any.
        view: what is shown while it runs.
    """

    card: str
    model: Denoiser
    label: int | None
    settings: DiffusionSettings
    seed: int
    view: str


def read_asked(
    store: ModelStore, card: object, label: object, steps: object, guidance: object, view: object,
    seed: object,
) -> Asked:  # fmt: skip
    """Check what a visitor sent.

    Raises:
        InputError: a value that is not on offer.
    """
    model = asked_model(store, card)
    settings = DiffusionSettings(
        steps=kit.whole_number(steps, "Steps", variants.FEWEST_STEPS, variants.MOST_STEPS),
        sampler=SAMPLER,
        guidance=kit.number(guidance, "Guidance", variants.WEAKEST, variants.STRONGEST),
    )
    return Asked(
        card=card,
        model=model,
        label=asked_label(model, label),
        settings=settings,
        seed=variants.read_seed(seed),
        view=kit.choice(view, "What is shown", (variants.NOISY, variants.SEEN)),
    )


def step_of(schedule: NoiseSchedule, share: object) -> int:
    """The step t that a share of the way to pure noise means.

    Raises:
        InputError: no number from 0 to 1.
    """
    return round(kit.number(share, "The share that is drowned", 0.0, 1.0) * (schedule.steps - 1))


def describe_step(schedule: NoiseSchedule, t: int) -> str:
    """How much of a picture is left at a step."""
    alpha_bar = schedule.alpha_bar(t)
    return (
        f"t = {t} of {schedule.steps - 1}: strokes keep √ᾱ = {math.sqrt(alpha_bar):.2f} of their "
        f"strength, under noise of the strength {math.sqrt(1 - alpha_bar):.2f}"
    )


def drown(model: Denoiser, image: Tensor, t: int, seed: int) -> Tensor:
    """The x_t, as a picture, that the variant of a seed begins with.

    Args:
        image: (1, C, H, W) in [0, 1].

    Returns:
        The same shape.
    """
    check_size(model, image)
    noise = ImageNoise(model.spec, seed, 1).draw()
    return to_images(add_noise(model.schedule, to_signal(image), t, noise))


def stream_variants(
    store: ModelStore, asked: Asked, image: Tensor, t: int
) -> Iterator[tuple[list[ShownPicture], str]]:
    """Six pictures from one scribble: panels and words, as they are computed."""
    check_size(asked.model, image)
    count = variants.VARIANTS
    frames = _stream(asked, image, t, count)
    notes = variants.seeds_of(asked.seed)
    for frame, seconds in variants.paced(frames):
        words = f"{variants.progress(frame, seconds)} {describe_step(asked.model.schedule, t)}."
        if frame.is_last:
            read = reading.read_classes(store, asked.card, frame.images)
            notes = reading.with_classes(notes, read)
            words = f"{words} The variants {_distance(image, frame.images)}."
        yield variants.shown(variants.pictures_of(frame, asked.view), notes), words


def stream_strip(store: ModelStore, asked: Asked, image: Tensor) -> Iterator[tuple[Strip, str]]:
    """The same noise at every t of `SHARES`: the strip so far, and words."""
    check_size(asked.model, image)
    started = time.monotonic()
    schedule, done, captions = asked.model.schedule, [], []
    for index, share in enumerate(SHARES):
        t = step_of(schedule, share)
        frames = variants.limited(_stream(asked, image, t, STRIP_VARIANTS), started)
        final = last(frames).images
        done.append(torch.cat([drown(asked.model, image, t, asked.seed), final]))
        captions.append(_caption(store, asked, image, t, final))
        pictures = torch.stack(done, dim=1)  # (rows, positions, C, H, W)
        rows = [StripRow(name, row) for name, row in zip(ROWS, pictures, strict=True)]
        words = f"{index + 1} of {len(SHARES)} values of t, {time.monotonic() - started:.1f} s."
        yield Strip(rows, list(captions)), words


def check_size(model: Denoiser, image: Tensor) -> None:
    """Refuse a model of other pictures.

    Raises:
        InputError: it is one.
    """
    if model.spec.shape != image.shape[1:]:
        raise InputError("This model makes pictures of another size. Choose another model.")


def _stream(asked: Asked, image: Tensor, t: int, count: int) -> Iterator:
    return stream_sdedit(
        asked.model,
        image.expand(count, -1, -1, -1),
        ImageNoise(asked.model.spec, asked.seed, count),
        asked.settings,
        t=t,
        labels=repeated(asked.label, count),
    )


def _caption(store: ModelStore, asked: Asked, image: Tensor, t: int, final: Tensor) -> str:
    read = reading.read_classes(store, asked.card, final)
    taken = f"; read as {', '.join(read)}" if read else ""
    left = math.sqrt(asked.model.schedule.alpha_bar(t))
    return f"t = {t}, √ᾱ = {left:.2f}: the results {_distance(image, final)}{taken}"


def _distance(image: Tensor, final: Tensor) -> str:
    share = 100 * (final - image).abs().mean().item()
    return f"differ from the scribble by {share:.1f} % of the grey range, on average"

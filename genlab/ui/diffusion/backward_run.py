"""Runs of the page *Backward*: what was asked for, and the stream that the player reads."""

from collections.abc import Generator
from dataclasses import dataclass

from torch import Tensor

from genlab.core.errors import InputError
from genlab.core.noise_schedule import spaced_steps
from genlab.core.protocols import Denoiser
from genlab.inference.diffusion import (
    FARTHEST_GUIDANCE,
    DiffusionSettings,
    Leg,
    legs,
    stream_diffusion,
)
from genlab.inference.diffusion_steps import SAMPLER_NAMES, SAMPLERS, choose_step
from genlab.inference.image_noise import ImageNoise
from genlab.inference.latent import MAX_SEED
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas.trajectory_payload import Bill, Extra, TrajectoryEncoder, plan_steps
from genlab.ui.diffusion.asked import asked_label, asked_model, repeated
from genlab.ui.diffusion.computing_time import Timed
from genlab.ui.diffusion.one_step import mean_weights
from genlab.ui.latent import codes

COUNTS = (1, 4)  # images of a run; of each, every number is sent


@dataclass(frozen=True)
class AskedRun:
    """A run that can be computed.

    Attributes:
        card: name of the model.
        label: the class of all images; None for any.
        seed: of the first image.
        images: how many.
    """

    card: str
    label: int | None
    seed: int
    images: int
    settings: DiffusionSettings


def read_run(
    store: ModelStore,
    card: object,
    label: object,
    images: object,
    seed: object,
    steps: object,
    sampler: object,
    eta: object,
    guidance: object,
) -> AskedRun:
    """What the controls sent.

    Raises:
        InputError: something that they do not offer.
    """
    model = asked_model(store, card)
    count = kit.choice(images, "Images", COUNTS)
    settings = DiffusionSettings(
        steps=kit.whole_number(steps, "Steps", 1, model.schedule.steps),
        sampler=kit.choice(sampler, "The sampler", tuple(SAMPLERS)),
        eta=kit.number(eta, "η", 0, 1),
        guidance=kit.number(guidance, "Guidance", -FARTHEST_GUIDANCE, FARTHEST_GUIDANCE),
    )
    return AskedRun(
        card=card,
        label=asked_label(model, label),
        seed=kit.whole_number(seed, "Seed", 0, MAX_SEED - count + 1),
        images=count,
        settings=settings,
    )


def draw_backward(store: ModelStore, asked: AskedRun, name: str) -> Generator[str, None, None]:
    """The payload of a run, piece by piece.

    Raises:
        InputError: settings that do not go together, or images in colour.
    """
    model = CountedDenoiser(store.get(asked.card))
    settings, schedule = asked.settings, model.schedule
    rule = choose_step(settings.sampler, settings.eta)
    path = legs(spaced_steps(schedule.steps, settings.steps))
    encoder = _encoder(store, model, asked, path, name)
    noise = ImageNoise(model.spec, asked.seed, asked.images)
    labels = repeated(asked.label, asked.images)
    frames = Timed(stream_diffusion(model, noise, settings, labels=labels))
    yield encoder.header()
    kept, earlier = set(encoder.kept), None
    for frame in frames:
        if frame.step in kept:
            weights = mean_weights(
                rule, schedule, frame.t, frame.t_next, t_before=earlier and earlier.t
            )
            bill = Bill(model.passes, model.judged, frames.seconds)
            yield encoder.line(
                frame, weights, schedule.alpha_bar(frame.t_next), bill,
                earlier and earlier.x0_hat,
            )  # fmt: skip
        earlier = frame


def _encoder(
    store: ModelStore, model: Denoiser, asked: AskedRun, path: list[Leg], name: str
) -> TrajectoryEncoder:
    spec, schedule, settings = model.spec, model.schedule, asked.settings
    if spec.channels != 1:
        raise InputError("This page opens grey images only. Choose another model.")
    kept, extra = plan_steps(
        len(path),
        pixels=asked.images * spec.height * spec.width,
        extra_in_gaps=_extra_in_gaps(settings),
    )
    times = tuple(path[step - 1][0] for step in kept)
    return TrajectoryEncoder(
        run=name,
        caption=describe(store, asked, schedule.steps),
        sampler=settings.sampler,
        eta=settings.eta,
        rows=spec.height,
        cols=spec.width,
        images=asked.images,
        seed=asked.seed,
        total=len(path),
        kept=kept,
        times=times,
        alpha_bars=tuple(schedule.alpha_bar(t) for t in times),
        extra=extra,
    )


def _extra_in_gaps(settings: DiffusionSettings) -> Extra:
    if settings.sampler == "dpm-solver++":
        return "before"
    return "z" if settings.sampler == "ddpm" or settings.eta else ""


def describe(store: ModelStore, asked: AskedRun, available: int) -> str:
    """The caption: which card, which class, from which seeds, on which way."""
    settings, last = asked.settings, asked.seed + asked.images - 1
    parts = [store.card(asked.card).title]
    if asked.label is not None:
        guided = f", guidance {settings.guidance:g}" if settings.guidance != 1 else ""
        parts.append(f"class {codes.class_name(store, asked.card, asked.label)}{guided}")
    parts.append(f"seed {asked.seed}" if asked.images == 1 else f"seeds {asked.seed}–{last}")
    luck = f", η {settings.eta:g}" if settings.sampler == "ddim" else ""
    steps = "1 step" if settings.steps == 1 else f"{settings.steps} steps"
    parts.append(f"{steps} of {available}, {SAMPLER_NAMES[settings.sampler]}{luck}")
    return " · ".join(parts)


class CountedDenoiser:
    """Another denoiser; counts how often it was asked, and about how many images in all."""

    def __init__(self, model: Denoiser) -> None:
        self._model, self.passes, self.judged = model, 0, 0
        self.spec, self.schedule = model.spec, model.schedule
        self.classes, self.null_label = model.classes, model.null_label

    def predict_noise(self, x_t: Tensor, t: Tensor, labels: Tensor | None = None) -> Tensor:
        """See `genlab.core.protocols.Denoiser.predict_noise`."""
        self.passes, self.judged = self.passes + 1, self.judged + len(x_t)
        return self._model.predict_noise(x_t, t, labels)

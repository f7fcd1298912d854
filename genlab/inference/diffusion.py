"""From noise to images with a denoiser: the step is the primitive, a run is a fold over the steps.

x is float64 throughout: near pure noise, x̂_0 is found by dividing by some 1e-5, and the network's
float32 alone would leave nothing of it. It costs nothing beside the network.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.core.capabilities import Option, Sampler
from genlab.core.errors import InputError
from genlab.core.frames import DiffusionFrame, last
from genlab.core.noise_schedule import CLEAN, spaced_steps
from genlab.core.protocols import Denoiser
from genlab.inference.diffusion_steps import StepRule, choose_step, predict
from genlab.inference.forward_diffusion import add_noise, to_images
from genlab.inference.guidance import mix
from genlab.inference.image_noise import ImageNoise

FARTHEST_GUIDANCE = 20.0  # beyond some 10, every image is a poster of its class
CHUNK = 16  # images of a pass: more leave the processor's cache

Leg = tuple[int, int]
"""One step of a path: from step t to step t_next."""

Hold = Callable[[Tensor, int], Tensor]
"""Replaces a part of x, (B, C, H, W), at a step."""


@dataclass(frozen=True)
class DiffusionSettings:
    """How to walk back; every sampler takes the same ones.

    Attributes:
        steps: how many of the schedule's steps are taken, spread evenly.
        sampler: a key of `genlab.inference.diffusion_steps.SAMPLERS`.
        eta: share of luck in a step of ddim; 0 for the other samplers.
        guidance: how far towards the class; 0 forgets it, 1 is the model itself.
        clip: whether each x̂_0 is held in the range of images.
    """

    steps: int = 50
    sampler: str = "ddim"
    eta: float = 0.0
    guidance: float = 1.0
    clip: bool = True


DEFAULTS = DiffusionSettings()


class GuidedDenoiser:
    """A class-conditional denoiser under guidance: again a denoiser, at the price of two.

    Args:
        scale: multiplies the difference that the class makes to the noise.

    Reference: Ho & Salimans (2022), Classifier-Free Diffusion Guidance,
    https://arxiv.org/abs/2207.12598, whose scale w is ours minus 1.
    """

    def __init__(self, model: Denoiser, scale: float) -> None:
        self._model, self._scale = model, scale
        self.spec, self.schedule = model.spec, model.schedule
        self.classes, self.null_label = model.classes, model.null_label

    def predict_noise(self, x_t: Tensor, t: Tensor, labels: Tensor | None = None) -> Tensor:
        """See `genlab.core.protocols.Denoiser.predict_noise`; one pass of a doubled batch."""
        if labels is None:
            return self._model.predict_noise(x_t, t)
        both = torch.cat([labels, torch.full_like(labels, self.null_label)])
        noise = self._model.predict_noise(torch.cat([x_t, x_t]), torch.cat([t, t]), both)
        return mix(*noise.chunk(2), self._scale)


def with_guidance(
    model: Denoiser, labels: Tensor | None, guidance: float
) -> tuple[Denoiser, Tensor | None]:
    """The model to ask, and with which labels; scales 0 and 1 cost one pass.

    Raises:
        InputError: a class that the model does not have, guidance without one or out of range.
    """
    if not abs(guidance) <= FARTHEST_GUIDANCE:  # nor is NaN
        raise InputError(
            f"Guidance must be from −{FARTHEST_GUIDANCE:g} to {FARTHEST_GUIDANCE:g}, got "
            f"{guidance}. Change it, then go."
        )
    if labels is None:
        if guidance != 1:
            raise InputError(
                f"Guidance leads towards a class, and none is chosen, got {guidance}. Choose a "
                "class, or set guidance to 1."
            )
        return model, None
    if not ((labels >= 0) & (labels <= model.null_label)).all():
        raise InputError(
            f"Classes are from 0 to {model.classes - 1}, got {labels.tolist()}. Change them."
        )
    if guidance == 0:
        return model, None
    return (model if guidance == 1 else GuidedDenoiser(model, guidance)), labels


def legs(steps: Sequence[int]) -> list[Leg]:
    """Falling steps, and from the last of them to the clean image."""
    return list(zip(steps, [*steps[1:], CLEAN], strict=True))


def stream_diffusion(
    model: Denoiser,
    noise: ImageNoise,
    settings: DiffusionSettings = DEFAULTS,
    *,
    labels: Tensor | None = None,
    x_start: Tensor | None = None,
) -> Iterator[DiffusionFrame]:
    """Images from noise.

    Args:
        noise: of as many images as there shall be; its first draw is x_T.
        labels: (B,) int64, or None for any class.
        x_start: (B, C, H, W) float64 in place of that draw, which is then not taken.

    Returns:
        One frame a step, as they are computed.

    Raises:
        InputError: a setting out of range; at once, not at the first frame.
    """
    path = legs(spaced_steps(model.schedule.steps, settings.steps))
    x = noise.draw() if x_start is None else x_start
    return walk(model, x, path, settings, noise=noise, labels=labels)


def walk(
    model: Denoiser,
    x: Tensor,
    path: Sequence[Leg],
    settings: DiffusionSettings,
    *,
    noise: ImageNoise,
    labels: Tensor | None = None,
    hold: Hold | None = None,
) -> Iterator[DiffusionFrame]:
    """Any path of legs from any x, with all that the settings say but the number of steps.

    Args:
        x: (B, C, H, W) float64, at the step where the path begins.
        path: where a leg begins above the end of the one before, noise is added to get there.
        hold: applied to x at the start, after each leg and after each addition of noise.

    Raises:
        InputError: a setting out of range; at once, not at the first frame.
    """
    rule = choose_step(settings.sampler, settings.eta)
    model, labels = with_guidance(model, labels, settings.guidance)
    return _walk(model, x, path, rule, settings.clip, noise, labels, hold or _let_go)


def _let_go(x: Tensor, t: int) -> Tensor:
    return x


@torch.inference_mode()
def _walk(
    model: Denoiser, x: Tensor, path: Sequence[Leg], rule: StepRule, clip: bool, noise: ImageNoise,
    labels: Tensor | None, hold: Hold,
) -> Iterator[DiffusionFrame]:  # fmt: skip
    before, here = None, path[0][0]
    x = hold(x, here)
    for index, (t, t_next) in enumerate(path):
        if t != here:
            x = hold(add_noise(model.schedule, x, t, noise.draw(), since=here), t)
            before = None  # what was seen there belongs to another x
        now = predict(model, x, t, labels, clip=clip)
        move = rule(now, before, model.schedule.alpha_bar(t_next))
        z = noise.draw() if move.std else None
        x = hold(move.mean if z is None else move.mean + move.std * z, t_next)
        yield DiffusionFrame(
            to_images(x), index + 1, len(path), t, t_next,
            x_t=now.x_t, predicted_noise=now.noise, x0_hat=now.x0_hat,
            mean=move.mean, std=move.std, z=z,
        )  # fmt: skip
        before, here = now, t_next


def sample(
    model: Denoiser,
    *,
    seed: int,
    count: int,
    label: int | None = None,
    steps: int = DEFAULTS.steps,
    sampler: str = DEFAULTS.sampler,
    eta: float = DEFAULTS.eta,
    guidance: float = DEFAULTS.guidance,
) -> Tensor:
    """(count, C, H, W) in [0, 1]; see `DiffusionSettings`.

    Args:
        label: the class of all images; None for any.

    Raises:
        InputError: a value out of range.
    """
    if label is not None and not 0 <= label < model.classes:
        raise InputError(
            f"The class must be from 0 to {model.classes - 1}, got {label}. Change it."
        )
    settings = DiffusionSettings(steps, sampler, eta, guidance)
    parts = []
    for start in range(0, max(count, 1), CHUNK):
        noise = ImageNoise(model.spec, seed + start, min(CHUNK, count - start))
        labels = None if label is None else torch.full((min(CHUNK, count - start),), label)
        parts.append(last(stream_diffusion(model, noise, settings, labels=labels)).images)
    return torch.cat(parts)


SAMPLER = Sampler(
    capability=Denoiser,
    sample=sample,
    options=(
        Option("label", int, None, "the class of all pictures, such as 7; default: any class"),
        Option("steps", int, DEFAULTS.steps, "how many, from 1 to those of the training (1000)"),
        Option("sampler", str, DEFAULTS.sampler, "ddim, ddpm or dpm-solver++"),
        Option("eta", float, DEFAULTS.eta, "share of luck in a step of ddim, from 0 to 1"),
        Option(
            "guidance", float, DEFAULTS.guidance,
            "how far towards the class, from -20 to 20; 0 forgets it, 1 is the model",
        ),
    ),
)  # fmt: skip

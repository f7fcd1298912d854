"""A scribble becomes a picture: noised until only its gist is left, then denoised.

How far it is noised decides between what was drawn and what the model knows.

Reference: Meng et al. (2022), SDEdit, https://arxiv.org/abs/2108.01073
"""

from collections.abc import Iterator

from torch import Tensor

from genlab.core.errors import InputError
from genlab.core.frames import DiffusionFrame
from genlab.core.noise_schedule import spaced_steps
from genlab.core.protocols import Denoiser
from genlab.inference.diffusion import DEFAULTS, DiffusionSettings, legs, walk
from genlab.inference.forward_diffusion import add_noise, to_signal
from genlab.inference.image_noise import ImageNoise


def stream_sdedit(
    model: Denoiser,
    images: Tensor,
    noise: ImageNoise,
    settings: DiffusionSettings = DEFAULTS,
    *,
    t: int,
    labels: Tensor | None = None,
) -> Iterator[DiffusionFrame]:
    """Noise images to step t in one jump, and walk back.

    Args:
        images: (B, C, H, W) in [0, 1].
        noise: of as many images; its first draw is what they are noised with.
        settings: `steps` would be those from pure noise; those above t are left out.
        t: from 0, hardly any noise, to T − 1, where nothing of the images is left.

    Raises:
        InputError: a step that the schedule does not have, a setting out of range.
    """
    available = model.schedule.steps
    if not 0 <= t < available:
        raise InputError(f"The step t must be from 0 to {available - 1}, got {t}. Change it.")
    below = [each for each in spaced_steps(available, settings.steps) if each < t]
    x = add_noise(model.schedule, to_signal(images), t, noise.draw())
    return walk(model, x, legs([t, *below]), settings, noise=noise, labels=labels)

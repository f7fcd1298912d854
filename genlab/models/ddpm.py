"""Denoising diffusion: a network that hears how noisy an image is, and says what the noise is.

Inside, it predicts the velocity v = √ᾱ_t · ε − √(1 − ᾱ_t) · x_0, from which the noise follows:
ε = √ᾱ_t · v + √(1 − ᾱ_t) · x_t. At nearly pure noise, ε is what the network sees anyway and an
error in it is multiplied by 1 / √ᾱ_t in x_0; v asks for the image there and for the noise where the
image is nearly clean, an equally hard question at every step.

References: Ho, Jain & Abbeel (2020), Denoising Diffusion Probabilistic Models,
https://arxiv.org/abs/2006.11239 (which predicts ε); Salimans & Ho (2022), Progressive Distillation,
https://arxiv.org/abs/2202.00512 (v).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from genlab.core.cards import ModelCard
from genlab.core.images import ImageSpec
from genlab.core.noise_schedule import NoiseSchedule, cosine_schedule
from genlab.nn.time_embedding import TimeEmbedding
from genlab.nn.unet import UNet

SOURCE = (
    "Ho, Jain & Abbeel (2020), Denoising Diffusion Probabilistic Models, "
    "https://arxiv.org/abs/2006.11239"
)
WIDTHS = (32, 64, 96)
WAVES = 32  # of the time embedding
CONDITIONS = 128  # numbers that time and class become


class DDPM(nn.Module):
    """A U-Net conditioned on time and class; the null class stands for "any".

    Args:
        spec: of the images; H and W must bear all the halvings.
        schedule: that it is trained on.
        classes: how many.
        widths: channels at each resolution, the finest first.
        conditions: length of the vector that time and class become.
    """

    def __init__(
        self,
        spec: ImageSpec,
        *,
        schedule: NoiseSchedule,
        classes: int = 10,
        widths: Sequence[int] = WIDTHS,
        conditions: int = CONDITIONS,
    ) -> None:
        super().__init__()
        self.spec, self.schedule, self.classes = spec, schedule, classes
        self.time = TimeEmbedding(WAVES, conditions)
        self.label = nn.Embedding(classes + 1, conditions)
        self.network = UNet(*spec.shape, widths, conditions)

    @property
    def null_label(self) -> int:
        """The class that means "any": what the network hears when no class is given."""
        return self.classes

    def forward(self, x_t: Tensor, t: Tensor, labels: Tensor) -> Tensor:
        """The velocity v, (B, C, H, W), of (B, C, H, W), (B,) int64 and (B,) int64."""
        conditions = nn.functional.silu(self.time(t) + self.label(labels))
        x = x_t.to(self.label.weight.dtype, memory_format=torch.channels_last)
        return self.network(x, conditions)

    def predict_noise(self, x_t: Tensor, t: Tensor, labels: Tensor | None = None) -> Tensor:
        """See `genlab.core.protocols.Denoiser.predict_noise`."""
        signal, noise = (each.to(x_t.dtype) for each in self.schedule.amplitudes(t))
        v = self(x_t, t, self.as_labels(labels, len(x_t)).to(x_t.device))
        return signal * v.to(x_t.dtype) + noise * x_t

    def as_labels(self, labels: Tensor | None, batch: int) -> Tensor:
        """(batch,) int64 classes, the null class where none is given.

        Raises:
            ValueError: another length, or a class that does not exist.
        """
        if labels is None:
            return torch.full((batch,), self.null_label)
        if labels.shape != (batch,):
            raise ValueError(f"labels must have the shape ({batch},), got {tuple(labels.shape)}")
        if batch and not 0 <= int(labels.min()) <= int(labels.max()) <= self.null_label:
            raise ValueError(f"labels must be from 0 to {self.null_label}, got {labels.tolist()}")
        return labels


def _ddpm() -> DDPM:
    return DDPM(ImageSpec(1, 28, 28), schedule=cosine_schedule(1000))


CARDS = (
    ModelCard(
        name="ddpm-fashion",
        title="Diffusion, Fashion",
        family="Diffusion",
        data="Fashion-MNIST, with its classes",
        build=_ddpm,
        source=SOURCE,
    ),
    ModelCard(
        name="ddpm-mnist",
        title="Diffusion, MNIST",
        family="Diffusion",
        data="MNIST, with its classes",
        build=_ddpm,
        source=SOURCE,
    ),
)

"""A code becomes a picture: points, slider thumbnails, planes, paths and sums of codes.

Everything is written against `LatentDecoder` and `Encoder`, so a VAE, an autoencoder and the
generator of a GAN are served alike. Nothing here is random but what comes in as a generator.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.core.errors import InputError
from genlab.core.protocols import Encoder, LatentDecoder, LatentPrior

MAX_CODES = 512  # decoded in one call, some 100 ms of a core
FARTHEST = 20.0  # of a code's number from 0; ten million Gaussian numbers stay below 6
FARTHEST_WITHOUT_PRIOR = 1000.0  # nothing holds such codes near 0
CHUNK = 64  # codes decoded at once: more leave the processor's cache
MAX_SEED = 2**32 - 1
AXIS_VALUES = (-0.8, -0.5, -0.25, 0.0, 0.25, 0.5, 0.8)
"""Seven values along one dimension that the classic figure of a tutorial shows."""


@dataclass(frozen=True, eq=False)
class Arithmetic:
    """A − B + C, in codes and in pixels.

    Attributes:
        codes: the averages of A, B and C and the result, (4, D).
        decoded: their pictures, (4, C, H, W).
        pixels: the same sum of averaged *pictures*, (4, C, H, W), clipped to [0, 1].
    """

    codes: Tensor
    decoded: Tensor
    pixels: Tensor


def checked_codes(model: LatentDecoder, z: Tensor | Sequence) -> Tensor:
    """Codes as (B, latent_dim) float32.

    Args:
        z: (latent_dim,) or (B, latent_dim) numbers.

    Raises:
        InputError: another length, more than `MAX_CODES`, NaN, or a number too far from 0.
    """
    try:
        codes = torch.as_tensor(z, dtype=torch.float32)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise InputError("A code must be a list of numbers. Change it, then go.") from error
    codes = codes.unsqueeze(0) if codes.dim() == 1 else codes
    if codes.dim() != 2 or codes.shape[1] != model.latent_dim:
        raise InputError(
            f"A code of this model has {model.latent_dim} numbers, got {codes.shape[-1:].numel()}."
            " Change it, then go."
        )
    if not 1 <= len(codes) <= MAX_CODES:
        raise InputError(
            f"From 1 to {MAX_CODES} codes can be decoded at once, got {len(codes)}. Ask for fewer."
        )
    limit = farthest(model)
    if not (codes.abs() <= limit).all():  # nor is NaN
        raise InputError(
            f"Every number of a code must be from −{limit:g} to {limit:g}. Change it, then go."
        )
    return codes


def farthest(model: LatentDecoder) -> float:
    """How far from 0 a number of the model's codes may be."""
    return FARTHEST if isinstance(model, LatentPrior) else FARTHEST_WITHOUT_PRIOR


@torch.inference_mode()
def decode_points(model: LatentDecoder, z: Tensor | Sequence) -> Tensor:
    """Pictures of codes, (B, C, H, W) in [0, 1].

    Raises:
        InputError: see `checked_codes`.
    """
    return decode_encoded(model, checked_codes(model, z))


@torch.inference_mode()
def decode_encoded(model: LatentDecoder, z: Tensor) -> Tensor:
    """Pictures of codes that an encoder gave, or of their sums and mixtures, (B, D).

    They may lie anywhere: nobody typed them.
    """
    return torch.cat([model.decode(part) for part in z.split(CHUNK)])


@torch.inference_mode()
def encode_images(model: Encoder, images: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of images, (B, C, H, W) in [0, 1] → (B, D) each, in chunks."""
    parts = [model.encode(part) for part in images.split(CHUNK)]
    return torch.cat([mean for mean, _ in parts]), torch.cat([std for _, std in parts])


def along_axis(z: Tensor, dimension: int, values: Sequence[float]) -> Tensor:
    """Copies of one code, (D,), with `dimension` set to each value: (len(values), D).

    Raises:
        InputError: there is no such dimension.
    """
    if not 0 <= dimension < len(z):
        raise InputError(f"Dimension must be from 0 to {len(z) - 1}, got {dimension}. Change it.")
    codes = z.repeat(len(values), 1)
    codes[:, dimension] = torch.as_tensor(values, dtype=codes.dtype)
    return codes


def plane_codes(low: tuple[float, float], high: tuple[float, float], side: int) -> Tensor:
    """Codes on a grid, (side², 2): rows from the top, where the second number is highest.

    The points are the centres of side × side equal cells between the corners `low` and `high`.
    """
    steps = (torch.arange(side) + 0.5) / side
    x = low[0] + steps * (high[0] - low[0])
    y = high[1] + steps * (low[1] - high[1])
    return torch.stack([x.repeat(side), y.repeat_interleave(side)], dim=1)


def interpolate_codes(start: Tensor, end: Tensor, count: int, *, spherical: bool = False) -> Tensor:
    """A path of `count` codes between two, both ends included, (D,) and (D,) → (count, D).

    The spherical path turns at an even rate from one direction to the other, while the length
    changes evenly: it stays where a high-dimensional Gaussian has its mass. Where the directions
    are equal, opposite or undefined it is the straight line.

    Reference: White (2016), Sampling Generative Networks, https://arxiv.org/abs/1609.04468

    Raises:
        InputError: fewer than two codes.
    """
    if not 2 <= count <= MAX_CODES:
        raise InputError(f"A path has from 2 to {MAX_CODES} pictures, got {count}. Change it.")
    share = torch.linspace(0, 1, count, dtype=torch.float64).unsqueeze(1)  # (count, 1)
    between = _arc if spherical else torch.lerp
    path = between(start.double(), end.double(), share).to(start.dtype)
    path[0], path[-1] = start, end  # exactly
    return path


def _arc(start: Tensor, end: Tensor, share: Tensor) -> Tensor:
    """See `interpolate_codes`; float64, since float32 takes opposites for 0.0005 off."""
    lengths = start.norm(), end.norm()
    if not all(lengths):
        return torch.lerp(start, end, share)
    first, second = start / lengths[0], end / lengths[1]
    angle = (first @ second).clamp(-1, 1).acos()
    if angle.sin() < 1e-4:
        return torch.lerp(start, end, share)
    direction = (((1 - share) * angle).sin() * first + (share * angle).sin() * second) / angle.sin()
    return direction * torch.lerp(lengths[0], lengths[1], share)


def cross_fade(first: Tensor, second: Tensor, count: int) -> Tensor:
    """Mixtures of two pictures, (C, H, W) each → (count, C, H, W), both ends included."""
    share = torch.linspace(0, 1, count).view(-1, 1, 1, 1)
    return torch.lerp(first, second, share)


@torch.inference_mode()
def combine(model: LatentDecoder, a: Tensor, b: Tensor, c: Tensor) -> Arithmetic:
    """A − B + C of groups of images, each averaged in code space before anything is decoded.

    Args:
        model: also an `Encoder`.
        a, b, c: (N, C, H, W) in [0, 1], each with at least one image.

    Reference: Radford, Metz & Chintala (2016), https://arxiv.org/abs/1511.06434, section 6.3.2

    Raises:
        InputError: an empty group.
    """
    if not all(len(group) for group in (a, b, c)):
        raise InputError("Each of A, B and C needs at least one picture. Add one, then go.")
    codes = [encode_images(model, group)[0].mean(dim=0) for group in (a, b, c)]
    pixels = [group.mean(dim=0) for group in (a, b, c)]
    for parts in (codes, pixels):
        parts.append(parts[0] - parts[1] + parts[2])
    stacked = torch.stack(codes)
    return Arithmetic(stacked, decode_encoded(model, stacked), torch.stack(pixels).clamp(0, 1))


def posterior_codes(mean: Tensor, std: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """`count` draws of q(z | x) of one image: (D,) and (D,) → (count, D)."""
    return mean + std * torch.randn(count, len(mean), generator=generator)


def aggregated_codes(mean: Tensor, std: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Draws of the aggregated posterior, the mixture of all images' q(z | x).

    Args:
        mean: (N, D).
        std: (N, D).

    Returns:
        (count, D), each from an image chosen at random.
    """
    chosen = torch.randint(len(mean), (count,), generator=generator)
    noise = torch.randn(count, mean.shape[1], generator=generator)
    return mean[chosen] + std[chosen] * noise


def prior_codes(model: LatentPrior, seed: int, count: int) -> Tensor:
    """Codes that the prior deals, (count, D); code i has the seed `seed + i`.

    Raises:
        ValueError: a seed outside [0, 2³² − 1], or no code.
    """
    if not 0 <= seed <= MAX_SEED - max(count, 1) + 1:
        raise ValueError(f"seed must be from 0 to {MAX_SEED} for all images, got {seed}")
    if not 1 <= count <= MAX_CODES:
        raise ValueError(f"count must be from 1 to {MAX_CODES}, got {count}")
    return torch.cat(
        [model.sample_prior(1, torch.Generator().manual_seed(seed + i)) for i in range(count)]
    )


def length(z: Tensor) -> float:
    """|z| as a multiple of √D, where a Gaussian code of many dimensions has nearly all its mass."""
    return z.norm().item() / math.sqrt(len(z))

"""Samples that nothing but their seeds decides, of every model that generates.

Which sampler a model gets follows from its capabilities. The Models page draws these pictures live
and `python -m train.neighbours` draws the same ones, so that both can speak of them.
"""

import torch
from torch import Tensor, nn

from genlab.core.capabilities import Sampler
from genlab.core.cards import sha256
from genlab.core.images import to_picture
from genlab.core.protocols import CAPABILITIES, Conditional, ConditionalDecoder, Denoiser
from genlab.registry import discover

HASH_LENGTH = 16  # hexadecimal digits; enough to tell two pictures apart


def capabilities_of(model: nn.Module) -> list[type]:
    """The protocols that it fulfils: the listed ones, and new ones that a sampler serves."""
    served = [each.capability for each in discover("genlab.inference", "SAMPLER")]
    return [each for each in dict.fromkeys((*CAPABILITIES, *served)) if isinstance(model, each)]


def sampler_of(model: nn.Module) -> Sampler | None:
    """The first that fits; of a model with classes, the first that takes one. None fits a judge."""
    fitting = [
        each
        for each in discover("genlab.inference", "SAMPLER")
        if isinstance(model, each.capability)
    ]
    if _has_classes(model):
        fitting.sort(key=lambda sampler: not _takes_label(sampler))
    return fitting[0] if fitting else None


def sees_binary(model: nn.Module) -> bool:
    """Whether the model is about binarised pictures rather than grey ones."""
    return model.spec.levels == 2 and not getattr(model, "sees_grey", False)


def levels_seen(model: nn.Module) -> int:
    """How many grey levels the pictures have that the model is about, from 2 to 256."""
    if sees_binary(model):
        return 2
    return 256 if model.spec.levels == 2 else model.spec.levels


def draw_seeded(model: nn.Module, count: int) -> tuple[Tensor, list[int] | None]:
    """Pictures of the seeds 0 … count − 1, and their classes where the model has any.

    Classes are dealt in order and as evenly as `count` allows. Where the model is about binarised
    pictures but answers with probabilities of white, the pixels are drawn from them.

    Returns:
        (count, C, H, W) in [0, 1], and `count` labels or None.

    Raises:
        ValueError: nothing samples this model.
    """
    sampler = sampler_of(model)
    if sampler is None:
        raise ValueError("model must be one that generates pictures")
    labels = None
    if _has_classes(model) and _takes_label(sampler):
        labels = [index * model.classes // count for index in range(count)]
        pictures = _of_classes(model, sampler, labels)
    else:
        pictures = sampler.sample(model, seed=0, count=count)
    return (_drawn(pictures) if sees_binary(model) else pictures), labels


def picture_hash(picture: Tensor) -> str:
    """Of what is seen of (C, H, W) in [0, 1]: of its bytes from 0 to 255."""
    return sha256(to_picture(picture).cpu().contiguous().numpy().tobytes())[:HASH_LENGTH]


def _has_classes(model: nn.Module) -> bool:
    return isinstance(model, (Conditional, ConditionalDecoder, Denoiser))


def _takes_label(sampler: Sampler) -> bool:
    return any(option.name == "label" for option in sampler.options)


def _of_classes(model: nn.Module, sampler: Sampler, labels: list[int]) -> Tensor:
    """Image i has the seed i and the class `labels[i]`; equal classes follow one another."""
    return torch.cat(
        [
            sampler.sample(model, seed=labels.index(label), count=labels.count(label), label=label)
            for label in sorted(set(labels))
        ]
    )


def _drawn(pictures: Tensor) -> Tensor:
    """White with each pixel's probability, by the picture's own seed; 0 and 1 stay."""
    uniforms = [
        torch.rand(picture.shape, generator=torch.Generator().manual_seed(seed))
        for seed, picture in enumerate(pictures)
    ]
    return (torch.stack(uniforms) < pictures).float()

"""Pictures of codes that a prior deals: of any class, of one, and with rare codes cut off.

What is done with a code once it is there stands in `genlab.inference.latent`.
"""

import torch
from torch import Tensor

from genlab.core.capabilities import Option, Sampler
from genlab.core.errors import InputError
from genlab.core.images import ImageSpec
from genlab.core.protocols import ConditionalDecoder, LatentPrior
from genlab.inference.latent import CHUNK, decode_points, prior_codes

LEAST_TRUNCATION, MOST_TRUNCATION = 0.1, 3.0  # standard deviations of the prior


class OfClass:
    """A generator that was told its class, so that it is one of codes alone.

    Raises:
        InputError: there is no such class.
    """

    def __init__(self, model: ConditionalDecoder, label: int) -> None:
        if not 0 <= label < model.classes:
            raise InputError(
                f"Class must be from 0 to {model.classes - 1}, got {label}. Change it."
            )
        self._model, self.label = model, label
        self.spec: ImageSpec = model.spec
        self.latent_dim: int = model.latent_dim

    def decode(self, z: Tensor, labels: None = None) -> Tensor:
        """See `genlab.core.protocols.LatentDecoder.decode`."""
        return self._model.decode(z, torch.full((len(z),), self.label))

    def sample_prior(self, count: int, generator: torch.Generator) -> Tensor:
        """See `genlab.core.protocols.LatentPrior.sample_prior`."""
        return self._model.sample_prior(count, generator)


def truncate_codes(codes: Tensor, threshold: float | None) -> Tensor:
    """The truncation trick: codes as the normal law between ±threshold deals them, same shape.

    Every number moves to the quantile of the narrower law that it had in the normal one, so that a
    seed keeps its picture's kind while the threshold moves. None leaves the codes as they are.

    Reference: Brock et al. (2019), https://arxiv.org/abs/1809.11096

    Raises:
        ValueError: a threshold outside [`LEAST_TRUNCATION`, `MOST_TRUNCATION`].
    """
    if threshold is None:
        return codes
    if not LEAST_TRUNCATION <= threshold <= MOST_TRUNCATION:  # nor is NaN
        raise ValueError(
            f"truncation must be from {LEAST_TRUNCATION:g} to {MOST_TRUNCATION:g}, got {threshold}"
        )
    below = torch.special.ndtr(torch.tensor(-threshold, dtype=torch.float64))
    share = torch.lerp(below, 1 - below, torch.special.ndtr(codes.double()))
    return torch.special.ndtri(share).clamp(-threshold, threshold).to(codes.dtype)


def sample(
    model: LatentPrior,
    *,
    seed: int = 0,
    count: int = 1,
    label: int | None = None,
    truncation: float | None = None,
) -> Tensor:
    """Pictures of codes that the prior deals, (count, C, H, W) in [0, 1].

    Args:
        label: of all pictures, for a model that knows classes; without one image i has class
            i mod classes.
        truncation: see `truncate_codes`.

    Raises:
        ValueError: see `prior_codes` and `truncate_codes`; a label that the model does not know.
        InputError: a class that does not exist.
    """
    codes = truncate_codes(prior_codes(model, seed, count), truncation)
    if not isinstance(model, ConditionalDecoder):
        if label is not None:
            raise ValueError("label must not be given: the model was trained without classes")
        return decode_points(model, codes)
    if label is not None:
        return decode_points(OfClass(model, label), codes)
    return _of_every_class(model, codes)


@torch.inference_mode()
def _of_every_class(model: ConditionalDecoder, codes: Tensor) -> Tensor:
    """One class after the other, (B, D) → (B, C, H, W)."""
    labels = torch.arange(len(codes)) % model.classes
    pairs = zip(codes.split(CHUNK), labels.split(CHUNK), strict=True)
    return torch.cat([model.decode(*pair) for pair in pairs])


SAMPLER = Sampler(
    LatentPrior,
    sample,
    options=(
        Option(
            "label",
            int,
            None,
            "class of all images, for models that know classes; default: one class after the other",
        ),
        Option(
            "truncation",
            float,
            None,
            "codes from a normal law cut off beyond this, from "
            f"{LEAST_TRUNCATION:g} to {MOST_TRUNCATION:g}; default: not cut off",
        ),
    ),
)

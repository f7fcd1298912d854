"""What is measured of planes of codes, with a prior and without one, in words and tables."""

import functools

import torch

from genlab.analysis.bounds import binarised
from genlab.analysis.elbo import elbo
from genlab.analysis.holes import fitted_codes, hole_share
from genlab.core.cards import ModelCard
from genlab.inference.latent import encode_images, prior_codes
from genlab.store import ModelStore
from genlab.ui.latent.plane_views import (
    draw_each,
    example_images,
    one_each,
    percent,
    short_title,
)

DEALT = 512  # codes with which holes are counted


@functools.cache
@torch.inference_mode()
def figures(store: ModelStore, name: str) -> tuple[float, float, float, float]:
    """Of the examples: reconstruction, KL (nats), spread of all codes, share of holes."""
    model, images = store.get(name), binarised(example_images())
    mean, std = encode_images(model, images)
    generator = torch.Generator().manual_seed(0)
    bound = elbo(model, images, torch.randn(mean.shape, generator=generator))
    codes = draw_each(mean, std)  # of the pictures in black and white, as all figures here
    holes = hole_share(prior_codes(model, 0, DEALT), codes)
    return (
        *(bound.reconstruction.mean().item(), bound.kl.sum(dim=1).mean().item()),
        *(codes.std().item(), holes),
    )


def compare(store: ModelStore, cards: list[ModelCard], chosen: str) -> str:
    """The figures of all β as a table, the chosen one in bold."""
    lines = [
        "| | reconstruction | KL | spread of the codes | holes |",
        "|---|---:|---:|---:|---:|",
    ]
    for card in cards:
        reconstruction, kl, spread, holes = figures(store, card.name)
        cells = [
            *(short_title(card), f"{reconstruction:.1f} nats", f"{kl:.2f} nats"),
            *(f"{spread:.2f}", percent(holes)),
        ]
        mark = "**" if card.name == chosen else ""
        lines.append("| " + " | ".join(f"{mark}{cell}{mark}" for cell in cells) + " |")
    lines.append(
        f"\nMeasured on the {len(example_images())} examples in black and white. The prior's own "
        f"spread is 1. Holes: of {DEALT} codes that the prior dealt, those farther from every "
        "example's code than 95 % of these codes are from another one."
    )
    return "\n".join(lines)


def describe_holes(store: ModelStore, name: str, prior: ModelCard) -> str:
    """How often a deal misses the codes of an autoencoder, and those of the VAE beside it."""
    codes = one_each(store, name)
    dealt = fitted_codes(codes, DEALT, torch.Generator().manual_seed(0))
    share = figures(store, prior.name)[-1]
    (x0, y0), (x1, y1) = codes.amin(dim=0).tolist(), codes.amax(dim=0).tolist()
    return (
        f"Its codes of the examples go from {x0:.1f} to {x1:.1f} across and from {y0:.1f} to "
        f"{y1:.1f} upwards. Nothing says which of them to deal. Take the Gaussian that fits them "
        f"best: **{percent(hole_share(dealt, codes))}** of {DEALT} deals land in holes. With "
        f"the VAE above, {short_title(prior)}, and its prior, {percent(share)} do."
    ).replace("-", "−")

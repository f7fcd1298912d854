"""Codes of the prior, of a posterior and of the aggregated one: dealt, mapped and tested."""

import functools
import json
import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from genlab.analysis.gaussian_tests import (
    GaussianTests,
    aggregated_moments,
    chance_moments,
    gaussian_tests,
)
from genlab.inference.latent import (
    aggregated_codes,
    decode_points,
    plane_codes,
    posterior_codes,
    prior_codes,
)
from genlab.store import ModelStore
from genlab.ui.canvas.plane import ellipse, plane_points, plane_sheet
from genlab.ui.canvas.strip import Strip, StripRow
from genlab.ui.latent.codes import examples_of, measured
from genlab.ui.latent.gaussians import example_gaussians

KINDS = {
    "prior": "Prior",
    "posterior": "Posterior of one picture",
    "aggregated": "Aggregated posterior",
}
PICTURES = 16
DEALT = 256  # dots, which are tested; the pictures are those of the first
SIDE = 20  # pictures along an edge of the map
EDGE, WIDEST = 3.0, 6.0  # of the map from 0


@dataclass(frozen=True, eq=False)
class Ground:
    """What lies under the dots.

    Attributes:
        shown: the two dimensions across and upwards; where there are more, those used most.
        edge: of the map, from 0.
        sheet: "" where a code has more than two dimensions.
        points: see `PlaneCanvas`.
    """

    shown: tuple[int, int]
    edge: float
    sheet: str
    points: str


@functools.cache
def lay_ground(store: ModelStore, name: str) -> Ground:
    """The map of a card."""
    model, (mean, _) = store.get(name), example_gaussians(store, name)
    shown = _shown(store, name)
    edge = min(WIDEST, max(EDGE, math.ceil(mean[:, list(shown)].abs().max().item())))
    sheet = ""
    if model.latent_dim == 2:
        codes = plane_codes((-edge, -edge), (edge, edge), SIDE)
        sheet = plane_sheet(decode_points(model, codes), SIDE)
    points = plane_points(mean[:, list(shown)], examples_of(store, name).labels)
    return Ground(shown, edge, sheet, points)


def _shown(store: ModelStore, name: str) -> tuple[int, int]:
    if store.get(name).latent_dim == 2:
        return 0, 1
    order = measured(store, name).order
    return int(order[0]), int(order[1])


def deal(store: ModelStore, name: str, kind: str, example: int, seed: int) -> Tensor:
    """`DEALT` codes, (DEALT, D); code i has the seed `seed + i`, whatever its kind."""
    mean, std = example_gaussians(store, name)
    seeds = range(seed, seed + DEALT)
    if kind == "prior":
        return prior_codes(store.get(name), seed, DEALT)
    if kind == "posterior":
        own = mean[example], std[example]
        return torch.cat([posterior_codes(*own, 1, _generator(each)) for each in seeds])
    return torch.cat([aggregated_codes(mean, std, 1, _generator(each)) for each in seeds])


def _generator(seed: int) -> Generator:
    return Generator().manual_seed(seed)


def pictures(store: ModelStore, name: str, codes: Tensor, kind: str, seed: int) -> Strip:
    """What the first codes decode to."""
    decoded = decode_points(store.get(name), codes[:PICTURES])
    return Strip(
        [StripRow(row_name(kind, seed), decoded)],
        [f"seed {seed + number}" for number in range(PICTURES)],
    )


def row_name(kind: str, seed: int) -> str:
    """What stands above the pictures."""
    return f"{KINDS[kind]}, seeds {seed} to {seed + PICTURES - 1}"


def outlines(store: ModelStore, name: str, kind: str, example: int) -> str:
    """The prior's ellipse, and that of the picture whose posterior it is."""
    shown = list(lay_ground(store, name).shown)
    drawn = [ellipse(torch.zeros(2), torch.ones(2), "N(0, I)")]
    if kind == "posterior":
        mean, std = example_gaussians(store, name)
        drawn.append(ellipse(mean[example, shown], std[example, shown], "q(z | x)"))
    return json.dumps(drawn)


def check(store: ModelStore, name: str, chosen: str, example: int, seed: int) -> str:
    """All three ways against N(0, I), the chosen one in bold, and the mixture's moments."""
    lines = [
        f"| {DEALT} codes each | mean from 0 | mean z² | largest gap | p of N(0, I) |",
        "|---|---:|---:|---:|---|",
    ]
    for kind, title in KINDS.items():
        found = gaussian_tests(deal(store, name, kind, example, seed))
        mark = "**" if kind == chosen else ""
        lines.append("| " + " | ".join(f"{mark}{cell}{mark}" for cell in row(title, found)) + " |")
    dimensions = store.get(name).latent_dim
    lines.append(
        f"\nN(0, I) would give about {math.sqrt(dimensions / DEALT):.2f}, 1 and "
        f"{0.87 / math.sqrt(dimensions * DEALT):.3f}; the gap is that between the distribution of "
        "all numbers and the normal one. p says how rarely N(0, I) itself strays as far: below "
        "0.01 it is another distribution, or one seed in a hundred.\n\n"
        + describe_moments(store, name)
    )
    return "\n".join(lines)


def row(title: str, found: GaussianTests) -> list[str]:
    """One way of dealing in the table."""
    return [
        title,
        f"{found.distance:.2f}",
        f"{found.mean_square:.2f}",
        f"{found.gap:.3f}",
        f"{found.p:.2f}: nothing against it" if found.passes else "below 0.01: no",
    ]


@functools.cache
def describe_moments(store: ModelStore, name: str) -> str:
    """How the aggregated posterior differs from the prior, and how much of that is chance."""
    mean, std = example_gaussians(store, name)
    found = aggregated_moments(mean, std)
    chance = chance_moments(std, Generator().manual_seed(0))
    return (
        f"The aggregated posterior of the {len(mean)} examples has its mean {found.distance:.2f} "
        f"from 0 and standard deviations from {found.low:.2f} to {found.high:.2f}; a Gaussian with "
        f"its mean and covariance has a KL of **{found.kl:.2f} nats** from N(0, I). So few "
        f"examples show some of that by chance: if all posteriors together met the prior, it would "
        f"be {chance.distance:.2f}, {chance.low:.2f} to {chance.high:.2f} and {chance.kl:.2f} nats."
    )

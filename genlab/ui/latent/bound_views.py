"""What the page on the bound shows of one picture: its cost in parts, the bounds as they grow."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from genlab.analysis.bounds import (
    COUNTS,
    BoundPoint,
    PictureCost,
    binarised,
    grow_curve,
    picture_cost,
)
from genlab.analysis.figures import amount
from genlab.core.protocols import LatentVariableModel
from genlab.inference.latent import MAX_SEED
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.latent import bound_drawing as drawing
from genlab.ui.latent.gaussians import variable_model

PIXELS = {"binary": "Black and white", "grey": "Grey"}
DRAWS = 64  # codes over which the reconstruction is averaged


@dataclass(frozen=True, eq=False)
class Asked:
    """One picture, and the model that is to explain it.

    Attributes:
        picture: what is to be explained, (1, C, H, W).
        seen: what the encoder looks at, (1, C, H, W).
        seed: of the codes.
    """

    model: LatentVariableModel
    picture: Tensor
    seen: Tensor
    seed: int

    def generator(self) -> torch.Generator:
        """A fresh one, so that the same picture has the same cost."""
        return torch.Generator().manual_seed(self.seed)


def ask(
    store: ModelStore, name: str | None, picture: Tensor, pixels: object, seed: object
) -> Asked:
    """Check what a visitor sent, and see what the encoder is to look at.

    Raises:
        InputError: a value out of range, or a model without a bound.
    """
    model = variable_model(store, name)
    kind = kit.choice(pixels, "Pixels", tuple(PIXELS))
    seed = kit.whole_number(seed, "Seed", 0, MAX_SEED)
    explained = binarised(picture) if kind == "binary" else picture
    return Asked(model, explained, picture if model.sees_grey else explained, seed)


def take_apart(asked: Asked) -> tuple[np.ndarray | str, ...]:
    """Picture, reconstruction, costs, their scale, the sum, the bars; the curve's beginning."""
    cost = picture_cost(asked.model, asked.picture, DRAWS, asked.generator(), seen=asked.seen)
    costs = cost.pixels.numpy()
    colours, limit = drawing.heat(costs)
    return (
        *(asked.picture[0, 0].numpy(), cost.decoded[0].numpy(), colours),
        *(drawing.scale(costs, limit), add_up(cost), drawing.bars(cost.kl)),
        *(drawing.curve([], -cost.total), f"Press Compare bounds to use {COUNTS[-1]:,} codes."),
    )


def add_up(cost: PictureCost) -> str:
    """The two parts and their sum, in words."""
    kl = cost.kl.sum().item()
    return (
        f"**{amount(cost.reconstruction, 1)} nats** for the pixels "
        f"(± {amount(cost.standard_error, 1)}, a mean over {DRAWS} codes) and "
        f"**{amount(kl, 1)} nats** for the code, the KL: **{amount(cost.total, 1)} nats**. So "
        f"ln p(x) is at least {amount(-cost.total, 1)}: this is the ELBO."
    )


def compare(asked: Asked) -> Iterator[tuple[str, str]]:
    """The curve and its words, as fast as 30 times a second, and always the last.

    After a minute it ends with what there is, so that others can compute too.
    """
    started = told = time.monotonic()
    for points in grow_curve(asked.model, asked.picture, asked.generator(), seen=asked.seen):
        now = time.monotonic()
        is_last = points[-1].count == COUNTS[-1] or now - started > kit.LONGEST_RUN
        if is_last or now - told >= kit.MESSAGE_INTERVAL:
            told = now
            yield show_curve(points)
        if is_last:
            return


def show_curve(points: list[BoundPoint]) -> tuple[str, str]:
    """The curve with its table, and what it says."""
    first, last = points[0], points[-1]
    words = (
        f"ELBO, K = 1: {amount(first.nats)} ± {amount(first.standard_error)} nats. "
        f"K = {last.count:,}: {amount(last.nats)} nats, **{amount(last.nats - first.nats)} "
        f"tighter**, from {first.groups:,} codes."
    )
    return drawing.curve(points, first.nats) + drawing.curve_table(points), words

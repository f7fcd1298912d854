"""What the page of the plane shows, computed: maps, places, drawings, walks."""

import functools
import math
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab import data
from genlab.analysis.bounds import binarised
from genlab.analysis.elbo import gaussian_kl
from genlab.analysis.figures import amount
from genlab.analysis.holes import reach
from genlab.core.cards import ModelCard
from genlab.core.errors import InputError
from genlab.core.protocols import Encoder, LatentDecoder, LatentVariableModel
from genlab.inference.latent import (
    decode_encoded,
    decode_points,
    encode_images,
    farthest,
    interpolate_codes,
    plane_codes,
)
from genlab.store import ModelStore, skeleton
from genlab.ui.canvas.plane import plane_points, plane_sheet
from genlab.ui.canvas.strip import Strip, StripRow
from genlab.ui.latent.gaussians import example_gaussians

SIDE = 20  # pictures along an edge of the map
EDGE, WIDEST = 3.0, 6.0  # of a VAE's map from 0; N(0, 1) stays below 3 in 99.7 % of its deals
MARGIN = 0.05  # of an autoencoder's map around its codes
STEPS = 16  # pictures of a walk
LEAST_SHARE = 0.001  # that is told as it is; the prior deals codes everywhere, if seldom


@dataclass(frozen=True)
class Cards:
    """Networks whose codes have two numbers.

    Attributes:
        priors: those that know p(z), by title, so that β rises.
        bare: those without one.
        missing: names of those without weights here.
    """

    priors: list[ModelCard]
    bare: list[ModelCard]
    missing: list[str]


@dataclass(frozen=True, eq=False)
class Map:
    """What lies on a plane.

    Attributes:
        low, high: its corners.
        sheet, points: see `PlaneCanvas`.
        codes: means of the shipped examples, (N, 2).
        stds: their standard deviations, (N, 2).
        reach: see `genlab.analysis.holes`; of one code drawn for each example, see `one_each`.
    """

    low: tuple[float, float]
    high: tuple[float, float]
    sheet: str
    points: str
    codes: Tensor
    stds: Tensor
    reach: float


def plane_cards(store: ModelStore) -> Cards:
    """Look through all cards for those with a plane of codes."""
    found = [(card, skeleton(card)) for card in store.cards]
    found = [(card, net) for card, net in found if _has_plane(net)]
    here = [(card, net) for card, net in found if store.has_weights(card.name)]
    priors = [card for card, net in here if isinstance(net, LatentVariableModel)]
    bare = [card for card, _ in here if card not in priors]
    missing = [card.name for card, _ in found if not store.has_weights(card.name)]
    return Cards(sorted(priors, key=lambda card: card.title), bare, missing)


def _has_plane(network: object) -> bool:
    return (
        isinstance(network, LatentDecoder)
        and isinstance(network, Encoder)
        and network.latent_dim == 2
    )


@functools.cache
def examples() -> data.DataSet:
    """The shipped digits, ten of each class."""
    return data.examples("mnist")


@functools.cache
def example_images() -> Tensor:
    """(N, 1, H, W) in [0, 1]."""
    return examples().images / 255


@functools.cache
def draw_map(store: ModelStore, name: str) -> Map:
    """The map of one card; some 100 ms the first time."""
    model = store.get(name)
    mean, std = example_gaussians(store, name)
    low, high = _corners(store, name)
    pictures = decode_points(model, plane_codes(low, high, SIDE))
    return Map(
        *(low, high, plane_sheet(pictures, SIDE), plane_points(mean, examples().labels)),
        *(mean, std, reach(one_each(store, name))),
    )


def _corners(store: ModelStore, name: str) -> tuple[tuple, tuple]:
    """All VAEs share one range, so that β can be compared; an autoencoder has its own."""
    if isinstance(store.get(name), LatentVariableModel):
        names = [card.name for card in plane_cards(store).priors]
        outmost = max(example_gaussians(store, each)[0].abs().max().item() for each in names)
        edge = min(WIDEST, max(EDGE, math.ceil(outmost)))
        return (-edge, -edge), (edge, edge)
    mean, _ = example_gaussians(store, name)
    margin = MARGIN * (mean.amax(dim=0) - mean.amin(dim=0)) + 1e-3  # of codes that are all alike
    corners = mean.amin(dim=0) - margin, mean.amax(dim=0) + margin
    limit = farthest(store.get(name))
    low, high = (tuple(each.clamp(-limit, limit).tolist()) for each in corners)
    return low, high


def one_each(store: ModelStore, name: str) -> Tensor:
    """A code of each example, drawn from its q(z | x), (N, 2); always the same ones.

    The examples are black and white where the network was trained on such pictures.
    """
    model = store.get(name)
    if isinstance(model, LatentVariableModel) and not model.sees_grey:
        return draw_each(*encode_images(model, binarised(example_images())))
    return draw_each(*example_gaussians(store, name))


def draw_each(mean: Tensor, std: Tensor) -> Tensor:
    """A code of each Gaussian, (N, D) each → (N, D); always the same ones."""
    return mean + std * torch.randn(mean.shape, generator=torch.Generator().manual_seed(0))


def place_words(store: ModelStore, name: str, point: tuple[float, float]) -> str:
    """What is known about one place of a map."""
    drawn, here = draw_map(store, name), torch.tensor([point])
    distances = (drawn.codes - here).norm(dim=1)  # cdist rounds what is close to 0
    nearest = int(distances.argmin())
    digit = with_article(examples().classes[int(examples().labels[nearest])])
    words = f"The nearest example is {digit}, {amount(distances[nearest].item())} away"
    words += ": a hole." if distances[nearest] > drawn.reach else "."
    if isinstance(store.get(name), LatentVariableModel):
        share = math.exp(-(point[0] ** 2 + point[1] ** 2) / 2)  # of a Gaussian plane, exactly
        told = percent(share) if share >= LEAST_SHARE else f"fewer than {percent(LEAST_SHARE)}"
        words += f" N(0, I) deals {told} of its codes as far out or farther."
    return f"**z = {pair(point)}** {words}"


def drawing_words(mean: Tensor, std: Tensor) -> str:
    """The Gaussian of a drawing, (2,) each, in words; without one, its code."""
    if not std.any():
        return f"Your drawing's code is {pair(mean.tolist())}."
    kl = gaussian_kl(mean, std).sum().item()
    return (
        f"Your drawing's Gaussian: mean {pair(mean.tolist())}, standard deviation "
        f"{pair(std.tolist())}, a KL of {amount(kl)} nats from N(0, I)."
    )


def walk(store: ModelStore, names: list[str], start: Tensor, end: Tensor) -> tuple[Strip, list]:
    """Each card's walk between its codes of two pictures, (1, C, H, W) each, or of two codes.

    Args:
        start, end: a picture, or a code of the first card, (2,): the other cards then take the
            first one's picture of it.

    Returns:
        The pictures, a row a card, and each card's codes, (STEPS, 2).
    """
    ends = [_as_picture(store.get(names[0]), each) for each in (start, end)]
    paths = []
    for number, name in enumerate(names):
        codes = [
            each if each.dim() == 1 and number == 0 else _code(store.get(name), picture)
            for each, picture in zip((start, end), ends, strict=True)
        ]
        paths.append(interpolate_codes(*codes, STEPS))
    rows = [
        StripRow(row_name(store.card(name)), decode_encoded(store.get(name), path))
        for name, path in zip(names, paths, strict=True)
    ]
    return Strip(rows, [f"z = {pair(code)}" for code in paths[0].tolist()]), paths


def _as_picture(model: LatentDecoder, end: Tensor) -> Tensor:
    return decode_points(model, end) if end.dim() == 1 else end


def _code(model: Encoder, picture: Tensor) -> Tensor:
    return encode_images(model, picture)[0][0]


def end_of_walk(value: object, cursor: Tensor, drawing: Tensor) -> Tensor:
    """What a visitor chose as an end: a class, "drawing" or "cursor".

    Raises:
        InputError: something else, or an empty drawing.
    """
    if value == "cursor":
        return cursor
    if value == "drawing":
        if not drawing.any():
            raise InputError("Your drawing is empty. Draw a digit, or choose another end.")
        return drawing
    is_class = isinstance(value, int) and not isinstance(value, bool)
    if not is_class or not 0 <= value < len(examples().classes):
        raise InputError("A walk leads from a digit, your drawing or the cursor. Choose one.")
    return example_images()[int((examples().labels == value).nonzero()[0])].unsqueeze(0)


def with_article(digit: str) -> str:
    """A digit within a sentence."""
    return f"{'an' if digit == '8' else 'a'} {digit}"


def short_title(card: ModelCard) -> str:
    """What tells the cards of one kind apart: the title's last part."""
    return card.title.rpartition(", ")[2]


def row_name(card: ModelCard) -> str:
    """What stands beside a card's walk."""
    return f"{card.family}, {short_title(card)}"


def pair(numbers: tuple[float, float] | list[float]) -> str:
    """Two numbers as a place."""
    return f"({amount(numbers[0])}, {amount(numbers[1])})"


def percent(share: float) -> str:
    """A share with as many digits as it deserves."""
    return f"{share:.1%}".replace("%", " %") if share < 0.1 else f"{share:.0%}".replace("%", " %")

"""Toy networks under the names of the four cards of grey levels, for the tests of their page."""

from shelved import write_checkpoint

from genlab import data
from genlab.core.cards import Figure, ModelCard
from genlab.core.images import ImageSpec
from genlab.models.gated_pixelcnn import GatedPixelCNN
from genlab.models.pixelcnn import PixelCNN
from genlab.store import ModelStore
from genlab.ui.pixels.levels_views import GRID

PLAIN_8, GATED_8 = GRID[0]
PLAIN_256, GATED_256 = GRID[1]
MEASURED = {
    PLAIN_8: {
        "bits_per_dim": Figure(0.612, 0.004, 10_000, ""),
        "fid_times_floor": Figure(176.4, 1.9, 10_000, ""),
    },
    GATED_8: {
        "bits_per_dim_mixture": Figure(0.587, 0.003, 4_000, ""),
        "bits_per_dim_conditional": Figure(0.571, 0.003, 4_000, ""),
    },
}


def toy(name):
    """A card of the grid with a network of its kind that fits in no time."""
    spec = ImageSpec(1, data.SIDE, data.SIDE, levels=256 if "256" in name else 8)
    if name.startswith("gated"):
        build = lambda: GatedPixelCNN(  # noqa: E731
            spec, classes=10, features=4, layers=1, first_kernel=3, head=4
        )
    else:
        build = lambda: PixelCNN(spec, features=4, blocks=1, first_kernel=3, head=4)  # noqa: E731
    return ModelCard(name, f"Toy {name}", family="PixelCNN", data="MNIST", build=build,
                     source="https://arxiv.org")  # fmt: skip


def toy_store(folder, *trained):
    """All cards of the grid, weights of some."""
    cards = tuple(toy(name) for row in GRID for name in row)
    for card in cards:
        if card.name in trained:
            figures = MEASURED.get(card.name, {"fid": Figure(1.0, 0.1, 10_000, "")})
            write_checkpoint(folder, card, seed=len(card.name), figures=figures)
    return ModelStore(folder, cards)

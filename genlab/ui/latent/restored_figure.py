"""A restoration and its errors over the level as a figure for slides, drawn by matplotlib."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from genlab.store import ModelStore
from genlab.ui.canvas.panels import signed_limit
from genlab.ui.latent.restored import (
    ERROR_AXIS,
    LEVEL_AXIS,
    NAMES,
    Shown,
    error_curves,
    restorer,
    show_pictures,
)

WIDTH, HEIGHT = 8.0, 5.6  # inches
TITLES = ("Original", "Corrupted", "Restored", "Restored − original")
SIGNED = ("#0072B2", "#FFFFFF", "#D55E00")  # below zero, zero, above
STYLES = {"": "solid", "7 4": "dashed", "2 3": "dotted"}


def draw_figure(store: ModelStore, shown: Shown) -> Figure:
    """The four pictures above, the curves below with the level's place on them."""
    figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
    axes = figure.subplot_mosaic([["0", "1", "2", "3"], ["c"] * 4], height_ratios=(1, 1.2))
    for place, (title, picture) in enumerate(zip(TITLES, show_pictures(shown), strict=True)):
        _show_picture(axes[str(place)], picture.values, is_signed=place == 3)
        axes[str(place)].set_title(title, fontsize=10)
        axes[str(place)].set_xlabel(picture.note, fontsize=8)
    _show_curves(axes["c"], store, shown)
    figure.suptitle(f"{NAMES[shown.corruption]}, level {shown.level:g}, seed {shown.seed}")
    return figure


def _show_picture(axes: Axes, values: np.ndarray, *, is_signed: bool) -> None:
    axes.set(xticks=[], yticks=[])
    if not is_signed:
        axes.imshow(values.clip(0, 1), cmap="gray", vmin=0, vmax=1)
        return
    limit = signed_limit(values)
    colours = LinearSegmentedColormap.from_list("signed", SIGNED)
    shown = axes.imshow(values, cmap=colours, vmin=-limit, vmax=limit)
    axes.figure.colorbar(shown, ax=axes, orientation="horizontal", ticks=[-limit, 0, limit])


def _show_curves(axes: Axes, store: ModelStore, shown: Shown) -> None:
    for curve in error_curves(store, shown):
        across, up = zip(*curve.points, strict=True)
        axes.plot(across, up, color=curve.colour, linestyle=STYLES[curve.dash], label=curve.name)
    axes.axvline(shown.level, color="black", linewidth=1)
    network = restorer(store, shown.card.name)
    if network.corruption == shown.corruption:
        axes.axvline(network.corruption_level, color="black", linestyle=":", label="trained here")
    axes.set(xlabel=LEVEL_AXIS.name, ylabel=ERROR_AXIS.name.replace(", ", "\n"), yscale="log",
             xlim=(0, 1), ylim=(ERROR_AXIS.low, ERROR_AXIS.high))  # fmt: skip
    axes.legend(frameon=False)

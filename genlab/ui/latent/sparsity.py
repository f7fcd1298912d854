"""One picture in 300 units: without a penalty, with L1 and with KL beside one another."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import gradio as gr

from genlab import data
from genlab.analysis.sparse_codes import code_images
from genlab.store import ModelStore, skeleton
from genlab.ui import kit
from genlab.ui.canvas.panels import Panel, PicturePanels
from genlab.ui.canvas.units import UnitBars
from genlab.ui.latent import sparse_unit
from genlab.ui.latent.codes import data_name, example_images
from genlab.ui.latent.pictures import (
    board_changes,
    declare_board,
    declare_sheet,
    read_board,
    sheet_changes,
)
from genlab.ui.latent.sparse_picture import (
    HIGHEST_THRESHOLD,
    TITLES,
    Coded,
    offered,
    read_coded,
    show_codes,
)

FIRST_EXAMPLE = 92  # an ankle boot
GROUP = "Picture"
FIRST = dict.fromkeys(data.DESCRIBED.values(), {GROUP: [FIRST_EXAMPLE]})
OPENING = "l1"
THRESHOLD = 0.1


@dataclass(frozen=True)
class Stage:
    """The controls, how to read what they send, and the views that show it.

    Attributes:
        unit: the choice of the unit.
        inputs: picture, threshold, network and unit.
        views: bars, words and pictures of all networks, and those of the chosen unit.
        read: takes the inputs' values as sent, raises InputError.
    """

    unit: gr.Number
    inputs: list[gr.components.Component]
    views: list[gr.components.Component]
    read: Callable[..., Coded]


def build(store: ModelStore) -> Stage:
    """Declare the page and wire it."""
    cards = offered(store)
    units = max((skeleton(store.card(card)).latent_dim for card in cards.values()), default=1)
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            bars, words = _declare_bars(units, tuple(cards))
            decoded = PicturePanels(
                label="A picture and what three codes keep of it", size=170,
                panels=[Panel("Original"), *(Panel(TITLES[each]) for each in cards)],
                elem_id="sparse-decoded",
            )  # fmt: skip
            unit_views = sparse_unit.build()
        with gr.Column(scale=1, min_width=304):
            threshold = gr.Slider(
                0.0, HIGHEST_THRESHOLD, value=THRESHOLD, step=0.01, label="Threshold",
                info="A unit above it counts as active; its bar is filled",
                elem_id="sparse-threshold",
            )  # fmt: skip
            network = gr.Radio(
                [(TITLES[penalty], card) for penalty, card in cards.items()],
                value=opening_card(cards), label="Unit of which network", elem_id="sparse-network",
            )  # fmt: skip
            unit = gr.Number(
                0, label="Unit", precision=0, minimum=0, maximum=units - 1,
                info="Or click a bar", elem_id="sparse-unit",
            )  # fmt: skip
            board = declare_board(
                store, network, label="Your picture", elem_id="sparse-board", first=FIRST_EXAMPLE
            )
            sheet = declare_sheet(
                store, network, label="Test pictures to take", elem_id="sparse-sheet",
                chosen=FIRST[data_name(store, network.value)],
            )  # fmt: skip

    inputs = [board.canvas, threshold, network, unit]
    views = [*bars, *words, decoded, *unit_views]

    def read(sent: object, *settings: object) -> Coded:
        return read_coded(store, read_board(board, sent), *settings)

    def show_all(*sent: object) -> list:
        return show_codes(store, read(*sent))

    show = kit.quick(show_all)
    changes = [*board_changes(board), *sheet_changes(store, network, sheet, {GROUP: board}, FIRST)]
    for change in (*changes, threshold.input, network.input, unit.input):
        change(show, inputs, views, preprocess=False, **kit.QUICK)
    for each, card in zip(bars, cards.values(), strict=True):
        each.select(_picking(card, show_all), [board.canvas, threshold], [network, unit, *views],
                    preprocess=False, **kit.QUICK | {"trigger_mode": "multiple"})  # fmt: skip
    return Stage(unit, inputs, views, read)


def _declare_bars(units: int, penalties: tuple[str, ...]) -> tuple[list, list]:
    """A column a network: its bars and its numbers."""
    bars, words = [], []
    with gr.Row():
        for penalty in penalties:
            with gr.Column(min_width=240):
                words.append(
                    gr.Markdown(
                        f"**{TITLES[penalty]}**",
                        elem_classes="genlab-status",
                        elem_id=f"sparse-words-{penalty}",
                    )
                )
                bars.append(
                    UnitBars(
                        label=f"The code of the network: {TITLES[penalty]}",
                        units=units,
                        elem_id=f"sparse-bars-{penalty}",
                    )
                )
    return bars, words


def _picking(card: str, show: Callable[..., list]) -> Callable[..., list]:
    """A click on a bar of this network chooses its unit."""

    @kit.quick
    def pick(picture: object, threshold: object, event: gr.EventData) -> list:
        asked = event._data if isinstance(event._data, dict) else {}
        unit = asked.get("index")
        return [card, unit, *show(picture, threshold, card, unit)]

    return pick


@functools.cache
def open_page(store: ModelStore) -> list:
    """The unit and the views' values before a visitor asks: the picture's strongest unit."""
    card = opening_card(offered(store))
    picture = example_images(store, card)[FIRST_EXAMPLE : FIRST_EXAMPLE + 1]
    unit = int(code_images(store.get(card), picture).codes[0].argmax()) if card else 0
    return [unit, *show_codes(store, read_coded(store, picture, THRESHOLD, card, unit))]


def opening_card(cards: dict[str, str]) -> str | None:
    """The network whose unit is shown first."""
    return cards.get(OPENING) or next(iter(cards.values()), None)

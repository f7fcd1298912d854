"""The picture that a run is given: an example, an upload or a drawing, all on one small board."""

from dataclasses import dataclass

import gradio as gr

from genlab.store import ModelStore
from genlab.ui.latent import codes, pictures

GROUP = "Picture"  # the only group of the sheet
FIRST = {"mnist": {GROUP: [32]}, "fashion-mnist": {GROUP: [82]}}  # a three, a bag


@dataclass(frozen=True)
class Given:
    """A board with the picture on it, and what to listen to for another one."""

    board: pictures.Board
    changes: list[pictures.Change]


def first_place(store: ModelStore, card: str) -> int:
    """Which example a page begins with."""
    return FIRST[codes.data_name(store, card)][GROUP][0]


def declare_given(store: ModelStore, card: gr.Dropdown, ids: str) -> Given:
    """The sheet of examples, and the board under a fold; the sheet follows the card's data."""
    sheet = pictures.declare_sheet(
        store, card, label="Test pictures", elem_id=f"{ids}-examples",
        chosen=FIRST[codes.data_name(store, card.value)],
    )  # fmt: skip
    with gr.Accordion("Draw or upload your own", open=False):
        board = pictures.declare_board(
            store, card, label="Your picture", elem_id=f"{ids}-board",
            first=first_place(store, card.value),
        )  # fmt: skip
    changes = [
        *pictures.board_changes(board),
        *pictures.sheet_changes(store, card, sheet, {GROUP: board}, FIRST),
    ]
    return Given(board, changes)

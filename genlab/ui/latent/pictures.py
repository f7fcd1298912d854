"""Choosing a picture: draw it, upload it or pick an example.

All three end on the same board, so there is one picture to look at, to change and to send.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genlab import data
from genlab.core.errors import InputError
from genlab.core.images import ImageSpec, read_image
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas import DrawingCanvas
from genlab.ui.canvas.example_sheet import ExampleSheet, Groups
from genlab.ui.canvas.sheet import picture_sheet
from genlab.ui.latent.codes import data_name, example_images, examples_of

SPEC = ImageSpec(1, data.SIDE, data.SIDE)  # of the board
ENDINGS = [".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp"]
QUIET = {**kit.QUICK, "preprocess": False}
_INVERT = """(value) => (value || '00'.repeat(CELLS)).match(/../g)
    .map((byte) => (255 - parseInt(byte, 16)).toString(16).padStart(2, '0')).join('')"""
_FORGET = """(value) => JSON.stringify({...JSON.parse(value || '{}'), ['GROUP']: []})"""

Change = Callable[..., Any]  # takes a listener, like `component.input`


@dataclass(frozen=True)
class Board:
    """A picture that a visitor makes, and the buttons below it."""

    canvas: DrawingCanvas
    upload: gr.UploadButton
    invert: gr.Button


def declare_board(
    store: ModelStore, card: gr.Dropdown, *, label: str, elem_id: str, first: int, size: int = 224
) -> Board:
    """A board with the example `first` on it."""
    picture = example_images(store, card.value)[first, 0].numpy()
    canvas = DrawingCanvas(picture, label=label, size=size, elem_id=elem_id)
    with gr.Row():
        upload = gr.UploadButton(
            "Upload", file_types=ENDINGS, size="sm", min_width=80, elem_id=f"{elem_id}-upload"
        )
        invert = gr.Button("Invert", size="sm", min_width=80)
    return Board(canvas, upload, invert)


def declare_sheet(
    store: ModelStore,
    card: gr.Dropdown,
    *,
    label: str,
    elem_id: str,
    chosen: Mapping[str, Sequence[int]],
    most: int = 1,
) -> ExampleSheet:
    """The examples of the card's data, with groups and what is in them at first."""
    return ExampleSheet(
        chosen,
        label=label,
        groups=tuple(chosen),
        most=most,
        elem_id=elem_id,
        **_sheet_props(store, card.value),
    )


def read_board(board: Board, sent: object) -> Tensor:
    """What is on a board, (1, 1, 28, 28) in [0, 1], of what the browser sent unprocessed."""
    return torch.from_numpy(board.canvas.preprocess(sent))[None, None]


def read_choice(sheet: ExampleSheet, sent: object) -> Groups:
    """The choice from a sheet, of what the browser sent unprocessed."""
    return sheet.preprocess(sent)


def board_changes(board: Board) -> list[Change]:
    """Wire the buttons of a board; what to listen to for a new picture on it."""
    uploaded = board.upload.upload(read_upload, board.upload, board.canvas,
                                   show_progress="hidden", api_visibility="private")  # fmt: skip
    inverted = board.invert.click(
        None, board.canvas, board.canvas, js=_INVERT.replace("CELLS", str(data.SIDE**2))
    )
    return [board.canvas.input, uploaded.success, inverted.success]


def touches(board: Board, sheet: ExampleSheet) -> list[Change]:
    """What a visitor does for a new picture; the first moment of all `…_changes` of the two.

    What is to end then must hear of this: gradio 6.31 heeds no `cancels` of an event that follows
    another, such as one after an upload.
    """
    return [board.canvas.input, board.upload.upload, board.invert.click, sheet.input]


def sheet_changes(
    store: ModelStore,
    card: gr.Dropdown,
    sheet: ExampleSheet,
    boards: Mapping[str, Board],
    first: Mapping[str, Groups],
) -> list[Change]:
    """Let the sheet's choice fill the boards, a group a board; what to listen to for that.

    Drawing on a board takes its group out of the sheet, so that the next click on the sheet
    leaves that drawing alone.

    Args:
        first: what is chosen at first, by data set.
    """
    canvases = [board.canvas for board in boards.values()]

    def place(name: str, sent: object) -> Any:  # noqa: ANN401
        images, chosen = example_images(store, name), read_choice(sheet, sent)
        placed = [_picture(images, chosen[group]) for group in boards]
        return placed if len(placed) > 1 else placed[0]  # gradio packs a lone output itself

    placed = sheet.input(kit.quick(place), [card, sheet], canvases, **QUIET)
    for group, board in boards.items():
        for change in (board.canvas.input, board.upload.upload, board.invert.click):
            forget(sheet, group, change)
    return [placed.success, follow_card(store, card, sheet, boards, first)]


def follow_card(
    store: ModelStore,
    card: gr.Dropdown,
    sheet: ExampleSheet,
    boards: Mapping[str, Board],
    first: Mapping[str, Groups],
) -> Change:
    """Let another card bring its own examples, where its data differs, to sheet and boards.

    A board with a drawing of the visitor's, whose group is empty, keeps it.
    """
    shown = gr.State(data_name(store, card.value))

    def follow(name: str, shown: str, sent: object) -> list:
        wanted = data_name(store, name)
        if wanted == shown:
            return [gr.skip()] * (2 + len(boards))
        images, before = example_images(store, name), read_choice(sheet, sent)
        chosen = {
            group: [] if group in boards and not before[group] else places
            for group, places in first[wanted].items()
        }
        placed = [_picture(images, chosen[group]) for group in boards]
        return [wanted, gr.update(value=chosen, **_sheet_props(store, name)), *placed]

    outputs = [shown, sheet, *(board.canvas for board in boards.values())]
    return card.change(kit.quick(follow), [card, shown, sheet], outputs, **QUIET).success


def forget(sheet: ExampleSheet, group: str, change: Change) -> None:
    """Let a change elsewhere take a group's mark from the sheet, in the browser."""
    change(None, sheet, sheet, js=_FORGET.replace("GROUP", group), show_progress="hidden")


@kit.readable_errors
def read_upload(path: str | None) -> NDArray[np.float32]:
    """The uploaded picture as (28, 28) in [0, 1]; the file is not kept."""
    if not path:
        raise InputError("No picture arrived. Choose a PNG, JPEG or WebP file.")
    try:
        return read_image(Path(path), SPEC)[0, 0].numpy()
    finally:
        Path(path).unlink(missing_ok=True)


def _picture(images: Tensor, places: Sequence[int]) -> Any:  # noqa: ANN401 (a skip or an array)
    return images[places[0], 0].numpy() if places else gr.skip()


def _sheet_props(store: ModelStore, name: str | None) -> dict[str, Any]:
    examples = examples_of(store, name)
    rows = len(examples.classes)
    pictures = example_images(store, name).unflatten(0, (rows, data.EXAMPLES))
    return {
        "sheet": picture_sheet(pictures),
        "names": examples.classes,
        "rows": rows,
        "cols": data.EXAMPLES,
    }

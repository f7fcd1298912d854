"""All cards in one table, with the figures that their files hold now, and what figures mean."""

from collections.abc import Callable
from html import escape

import gradio as gr

from genlab.analysis.figure_kinds import KINDS, Better, FigureKind
from genlab.analysis.figures import Reading, read_figure
from genlab.core.cards import CardFile, ModelCard
from genlab.core.errors import CheckpointError
from genlab.store import ModelStore, skeleton
from genlab.ui import kit
from genlab.ui.models_pages.card_table import CardTable
from genlab.ui.models_pages.words import STYLE, linked

OVERVIEW, TRAINING, LIKELIHOOD, SAMPLES = VIEWS = ("Overview", "Training", "Likelihood", "Samples")
VIEWS_OF = {
    "nll": [OVERVIEW, LIKELIHOOD],
    "elbo": [OVERVIEW, LIKELIHOOD],
    "bits": [LIKELIHOOD],
    "fid": [OVERVIEW, SAMPLES],
    "class": [OVERVIEW, SAMPLES],
    "test": [OVERVIEW],
}
"""Figures that are not named here stand with the samples."""

Cell = dict[str, object]


def build(store: ModelStore) -> CardTable:
    """Declare the table, which fills itself at each page load, and the meanings below it."""
    table = CardTable(
        label="All cards and their figures",
        columns=columns(),
        rows=table_rows(store),
        views=VIEWS,
        elem_id="models-table",
    )
    kit.on_first_sight(lambda: gr.update(rows=table_rows(store)), table)
    with gr.Accordion("What each figure means", open=False):
        gr.HTML(meanings(), css_template=STYLE, js_on_load=None, apply_default_css=False)
    return table


def columns() -> list[dict[str, object]]:
    """See `CardTable`."""
    every = [*VIEWS]
    return [
        _column("title", "Card", "family · data", every, is_text=True),
        *map(_figure_column, KINDS),
        _column("parameters", "Parameters", "numbers", [OVERVIEW, TRAINING]),
        _column("size", "Size", "of the file", [TRAINING]),
        _column("minutes", "Training", "minutes", [OVERVIEW, TRAINING]),
        _column("steps", "Steps", "of the optimiser", [TRAINING]),
        _column("device", "Device", "it was trained on", [TRAINING], is_text=True),
        _column("data", "Data", "and how pixels were made", [TRAINING], is_text=True),
    ]


def _column(
    key: str, title: str, unit: str, views: list[str], *, is_text: bool = False
) -> dict[str, object]:
    return {"key": key, "title": title, "unit": unit, "views": views, "isText": is_text, "hint": ""}


def _figure_column(kind: FigureKind) -> dict[str, object]:
    is_higher = kind.better is Better.HIGHER
    arrow = "higher ↑" if is_higher else "lower ↓"
    return {
        **_column(
            kind.key,
            kind.title,
            f"{kind.unit}, {arrow}" if kind.unit else arrow,
            VIEWS_OF.get(kind.key, [SAMPLES]),
        ),
        "hint": f"{kind.title}: {kind.better.value}.",
        "descends": is_higher,
    }


def shipped_cards(store: ModelStore) -> list[ModelCard]:
    """Those whose weights are here."""
    return [card for card in store.cards if store.has_weights(card.name)]


def data_of(card: ModelCard) -> str:
    """The data set of a card, without what was done to it."""
    return card.data.partition(",")[0]


def table_rows(store: ModelStore) -> list[dict[str, object]]:
    """What the files of all shipped cards say now; a damaged one says so in its row."""
    return [_row(store, card) for card in shipped_cards(store)]


def _row(store: ModelStore, card: ModelCard) -> dict[str, object]:
    try:
        size = store.weights_size(card.name)
        cells = _cells(card, store.card_file(card.name), size)
    except CheckpointError as error:
        cells = {"title": _cell(card.title, card.title), "nll": _cell("damaged", None, str(error))}
    kind = f"{card.family} · {data_of(card)}"
    return {"name": card.name, "title": card.title, "family": kind, "cells": cells}


def _cells(card: ModelCard, recorded: CardFile, size: int) -> dict[str, Cell]:
    network = skeleton(card)
    leaks = bool(card.masked and card.masked.leaks)
    figures = {
        kind.key: _read_cell(read_figure(kind, recorded, network, leaks=leaks)) for kind in KINDS
    }
    return {
        "title": _cell(card.title, card.title),
        "data": _cell(recorded.data, recorded.data),
        "parameters": _cell(f"{recorded.parameters:,}", recorded.parameters),
        "size": _cell(f"{size / 1e6:.1f} MB", size),
        "minutes": _cell(f"{recorded.minutes:g}", recorded.minutes),
        "steps": _cell(f"{recorded.steps:,}", recorded.steps),
        "device": _cell(recorded.device, recorded.device),
        **figures,
    }


def _cell(text: str, value: float | str | None, note: str = "") -> Cell:
    return {"text": text, "value": value, "note": note}


def _read_cell(reading: Reading) -> Cell:
    return _cell(reading.text, reading.value, reading.note)


def meanings() -> str:
    """A paragraph a figure, as HTML."""
    return f'<div class="gl-meanings">{"".join(map(_meaning, KINDS))}</div>'


def _meaning(kind: FigureKind) -> str:
    is_higher = kind.better is Better.HIGHER
    rows: tuple[tuple[str, Callable[[str], str], str], ...] = (
        ("Beware", escape, kind.trap),
        ("Paper", linked, kind.paper),
    )
    unit = f", in {kind.unit}" if kind.unit else ""
    more = "".join(f"<p><b>{name}.</b> {write(text)}</p>" for name, write, text in rows)
    return (
        f"<section><h4>{escape(kind.title)} <small>{'↑' if is_higher else '↓'} "
        f"{kind.better.value}{unit}</small></h4><p>{escape(kind.meaning)}</p>{more}</section>"
    )

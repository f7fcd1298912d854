"""The plane: a space of codes with two dimensions as a map, with a prior and without one."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import gradio as gr
import numpy as np
import torch
from torch import Tensor

from genlab.core.cards import ModelCard
from genlab.core.errors import InputError
from genlab.inference.latent import decode_encoded, decode_points, encode_images
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas import PixelCanvas
from genlab.ui.canvas.plane import PlaneCanvas, ellipse, plane_path
from genlab.ui.canvas.strip import Strip, StripPlayer
from genlab.ui.latent import plane_views as views
from genlab.ui.latent.pictures import Board, board_changes, declare_board, read_board
from genlab.ui.latent.plane_figures import compare, describe_holes, figures

FIRST = "vae-plane-mnist"  # the card that the page begins with
ON_BOARD = 40  # the example that is drawn there at first, a 4
FROM, TO = 1, 7  # the first walk
OTHER_ENDS = [("your drawing", "drawing"), ("the cursor", "cursor")]
QUEUED = {**kit.COMPUTE, "api_visibility": "private", "preprocess": False}
AT_ONCE = {**kit.QUICK, "preprocess": False}


@dataclass(frozen=True)
class Stage:
    """The map of one card or of several, and what its places decode to.

    Attributes:
        holes: how often a deal lands in one; None where a table tells it.
    """

    plane: PlaneCanvas
    picture: PixelCanvas
    words: gr.Markdown
    holes: gr.Markdown | None = None


@dataclass(frozen=True)
class Panel:
    """What a visitor sets."""

    beta: gr.Radio
    start: gr.Dropdown
    end: gr.Dropdown
    walk: gr.Button
    board: Board


@dataclass(frozen=True)
class Shown:
    """What the settings change; `bare` is the plane without a prior, where there is one."""

    stage: Stage
    bare: Stage | None
    rebuilt: PixelCanvas
    gaussian: gr.Markdown
    strip: StripPlayer
    table: gr.Markdown


def build(store: ModelStore, card: gr.Dropdown) -> None:
    """Declare the page and wire it; it has cards of its own, and follows `card` where it is one."""
    cards = views.plane_cards(store)
    gr.Markdown(
        "## What lies between the digits?\nEvery place on this map is a code of two numbers: "
        "point at it, and the decoder draws what it means. The discs are "
        f"{len(views.examples().images)} test pictures, where the encoder puts them.",
        elem_classes="genlab-question",
    )
    if cards.missing:
        gr.Markdown(_remedy(cards.missing))
    if not cards.priors:
        return
    first = first_card(cards.priors, card.value)
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            with gr.Row():
                with gr.Column(scale=2, min_width=320):
                    plane = _plane("The plane of codes", size=480, elem_id="plane-map")
                with gr.Column(scale=1, min_width=240):
                    picture = _picture("What the decoder draws here", elem_id="plane-picture")
                    words = gr.Markdown("", elem_classes="genlab-status")
            gr.Markdown("**The walk**, in even steps on the map")
            names = (views.row_name(first), *map(views.row_name, cards.bare[:1]))
            strip = StripPlayer(label="The walk", names=names, elem_id="plane-walked")
        with gr.Column(scale=1, min_width=304):
            panel = _panel(store, cards.priors, first)
            rebuilt = _picture("Your drawing, rebuilt", elem_id="plane-rebuilt", size=168)
            gaussian = gr.Markdown("", elem_classes="genlab-status")
    gr.Markdown("### What does β trade?")
    table = gr.Markdown("", min_height=230, elem_classes="genlab-account")
    bare = _bare(store, cards.bare[0]) if cards.bare else None
    shown = Shown(Stage(plane, picture, words), bare, rebuilt, gaussian, strip, table)
    _wire(store, cards, panel, shown, card)


def first_card(cards: list[ModelCard], chosen: str | None) -> ModelCard:
    """The one that the page begins with: what is chosen above, the usual one, or another."""
    named = {card.name: card for card in cards}
    return named.get(chosen) or named.get(FIRST) or cards[0]


def warm_up(store: ModelStore) -> None:
    """Draw all maps before anybody asks."""
    cards = views.plane_cards(store)
    for card in (*cards.priors, *cards.bare):
        views.draw_map(store, card.name)
    for card in cards.priors:
        figures(store, card.name)


def _remedy(missing: list[str]) -> str:
    commands = "\n".join(f"- `python -m train {name}`" for name in missing)
    return f"Not trained here yet. Run this, then start GenLab again:\n\n{commands}"


def _plane(label: str, *, size: int, elem_id: str) -> PlaneCanvas:
    return PlaneCanvas(label=label, size=size, classes=views.examples().classes,
                       dots_name="code of your drawing", elem_id=elem_id)  # fmt: skip


def _picture(label: str, *, elem_id: str, size: int = 252) -> PixelCanvas:
    gr.Markdown(f"**{label}**")
    return PixelCanvas(label=label, size=size, elem_id=elem_id)


def _panel(store: ModelStore, cards: list[ModelCard], first: ModelCard) -> Panel:
    classes = [
        (views.with_article(name), label) for label, name in enumerate(views.examples().classes)
    ]
    beta = gr.Radio(
        [(views.short_title(card), card.name) for card in cards], value=first.name,
        label="Model", info="β is the weight of the KL in training", elem_id="plane-beta",
    )  # fmt: skip
    with gr.Row():
        start, end = (
            gr.Dropdown([*classes, *OTHER_ENDS], value=value, label=label, min_width=120)
            for label, value in (("From", FROM), ("To", TO))
        )
    walk = gr.Button("Walk", variant="primary", elem_id="plane-walk")
    gr.Markdown("**Your drawing**")
    board = declare_board(store, beta, label="Your drawing", elem_id="plane-board", first=ON_BOARD)
    return Panel(beta, start, end, walk, board)


def _bare(store: ModelStore, card: ModelCard) -> Stage:
    """The plane of an autoencoder without a prior; its holes are compared with the chosen VAE's."""
    gr.Markdown(f"### And without a prior?\n{card.title}: nothing holds its codes together.")
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            plane = _plane(f"The codes of: {card.title}", size=400, elem_id="bare-map")
        with gr.Column(scale=3, min_width=240):
            picture = _picture("What its decoder draws here", elem_id="bare-picture")
            words = gr.Markdown("", elem_classes="genlab-status")
            holes = gr.Markdown("", min_height=110)

    def look(at: str) -> tuple[np.ndarray, str]:
        return _place(store, card.name, plane.preprocess(at))

    def opening() -> tuple:
        middle = tuple(views.draw_map(store, card.name).codes.mean(dim=0).tolist())
        place = _place(store, card.name, middle)
        return _map(store, card.name) | {"value": middle}, *place

    plane.input(kit.quick(look), plane, [picture, words], **AT_ONCE)
    kit.on_first_sight(opening, [plane, picture, words])
    return Stage(plane, picture, words, holes)


def _wire(
    store: ModelStore, cards: views.Cards, panel: Panel, shown: Shown, card: gr.Dropdown
) -> None:
    stage, plane = shown.stage, shown.stage.plane
    look, land, switch, walk, walk_again = _handlers(store, cards, plane, panel.board)
    planes = [plane, *([shown.bare.plane] if shown.bare else [])]
    drawing = [panel.beta, panel.board.canvas], [*planes, shown.rebuilt, shown.gaussian]
    moving = [panel.beta, panel.start, panel.end, plane, panel.board.canvas], [*planes, shown.strip]
    holes = [shown.bare.holes] if shown.bare else []
    whole = [panel.beta, plane], [plane, stage.picture, stage.words, shown.table, *holes]
    plane.input(kit.quick(look), whole[0], [stage.picture, stage.words], **AT_ONCE)
    for change in board_changes(panel.board):
        change(kit.quick(land), *drawing, **AT_ONCE)
    panel.walk.click(kit.readable_errors(walk), *moving, show_progress="minimal",
                     show_progress_on=shown.strip, **QUEUED)  # fmt: skip
    names = [each.name for each in cards.priors]
    follow = f"(above, here) => {json.dumps(names)}.includes(above) ? above : here"
    card.change(None, [card, panel.beta], panel.beta, js=follow, show_progress="hidden")
    for handler, (inputs, outputs) in ((switch, whole), (land, drawing), (walk_again, moving)):
        above = kit.readable_errors(_where_it_is_a_plane(handler, names, len(outputs)))
        for change, answer, chosen in (
            (panel.beta.input, kit.readable_errors(handler), panel.beta),
            (card.change, above, card),  # the radio may be hidden, and tell no change
        ):
            change(answer, [chosen, *inputs[1:]], outputs, show_progress="hidden",
                   trigger_mode="always_last", **QUEUED)  # fmt: skip
    name, at = panel.beta.value, plane.postprocess(None)
    drawn = panel.board.canvas.value
    kit.on_first_sight(lambda: switch(name, at), whole[1])
    kit.on_first_sight(lambda: land(name, drawn), drawing[1])
    kit.on_first_sight(lambda: walk(name, FROM, TO, at, drawn), moving[1])


def _where_it_is_a_plane(
    handler: Callable[..., tuple], names: list[str], outputs: int
) -> Callable[..., tuple]:
    """The same handler for the choice above the page, which stays as it is for other cards."""

    def follow(name: str, *sent: object) -> tuple:
        return handler(name, *sent) if name in names else (gr.skip(),) * outputs

    return follow


def _handlers(
    store: ModelStore, cards: views.Cards, plane: PlaneCanvas, board: Board
) -> tuple[Callable, ...]:
    """What hovering, drawing, another β and a walk compute, of what the browser sent."""
    names = tuple(card.name for card in cards.priors)
    bare = [card.name for card in cards.bare[:1]]

    def look(name: str, at: str) -> tuple[np.ndarray, str]:
        return _place(store, kit.choice(name, "Model", names), plane.preprocess(at))

    def land(name: str, drawn: str) -> tuple:
        drawing = read_board(board, drawn)
        kit.choice(name, "Model", names)
        if not drawing.any():
            emptied = gr.update(ellipses=""), *(gr.update(dots="") for _ in bare)
            return *emptied, "", "Draw a digit: the encoder gives it a Gaussian on the map."
        mean, std = encode_images(store.get(name), drawing)
        placed = [
            gr.update(ellipses=json.dumps([ellipse(mean[0], std[0], "your drawing")])),
            *(gr.update(dots=plane_path(_code(store, each, drawing))) for each in bare),
        ]
        rebuilt = decode_encoded(store.get(name), mean)[0, 0].numpy()
        return *placed, rebuilt, views.drawing_words(mean[0], std[0])

    def switch(name: str, at: str) -> tuple:
        kit.choice(name, "Model", names)
        place = _place(store, name, plane.preprocess(at))
        told = [describe_holes(store, each, store.card(name)) for each in bare]
        return _map(store, name), *place, compare(store, cards.priors, name), *told

    def walk(
        name: str, start: object, end: object, at: str, drawn: str
    ) -> tuple[dict | Strip, ...]:
        shown = [kit.choice(name, "Model", names), *bare]
        cursor, drawing = torch.tensor(plane.preprocess(at)), read_board(board, drawn)
        ends = [views.end_of_walk(each, cursor, drawing) for each in (start, end)]
        strip, paths = views.walk(store, shown, *ends)
        return *(gr.update(path=plane_path(path)) for path in paths), strip

    def walk_again(*asked: object) -> tuple[dict | Strip | None, ...]:
        """Without a walk where none can be had: the old one is another card's."""
        try:
            return walk(*asked)
        except InputError:
            return *(gr.update(path="") for _ in range(1 + len(bare))), None

    return look, land, switch, walk, walk_again


def _map(store: ModelStore, name: str) -> dict:
    drawn = views.draw_map(store, name)
    return gr.update(
        low=list(drawn.low), high=list(drawn.high), sheet=drawn.sheet, points=drawn.points
    )


def _place(store: ModelStore, name: str, point: tuple[float, float]) -> tuple[np.ndarray, str]:
    picture = decode_points(store.get(name), point)[0, 0].numpy()
    return picture, views.place_words(store, name, point)


def _code(store: ModelStore, name: str, drawing: Tensor) -> Tensor:
    return encode_images(store.get(name), drawing)[0]  # (1, 2)

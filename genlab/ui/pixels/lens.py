"""The likelihood lens: what a picture costs a model that knows p(x), pixel by pixel."""

import functools
import time
from collections.abc import Iterator
from dataclasses import dataclass

import gradio as gr
from torch import Tensor

from genlab import data
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas.example_sheet import ExampleSheet
from genlab.ui.canvas.panels import Panel, PicturePanels, ShownPicture
from genlab.ui.latent import codes, pictures
from genlab.ui.pixels import lens_drawing as drawing
from genlab.ui.pixels import lens_guess as guessing
from genlab.ui.pixels import lens_tables as tables
from genlab.ui.pixels import lens_views as views

GROUP = "Picture"  # the only group of the sheet
FIRST = {name: {GROUP: [place]} for name, place in guessing.SHOWN_EXAMPLE.items()}
PANELS = [
    Panel("As the model reads it"),
    Panel("Bits paid", unit="bits"),
    Panel("Bits expected", unit="bits"),
    Panel("Paid − expected", signed=True),
]
CHART, BARS = 360, 330  # px that stay free for what follows a picture
UNTRAINED = (
    "No PixelCNN is trained yet. Run `python -m train pixelcnn-mnist`, then start GenLab again."
)
QUESTION = """## How surprised is the model by your picture?
A PixelCNN knows p(x): it names a price in bits for every pixel, given all earlier ones. First a
guess, then your own picture."""
HOW = """**Paid**: −log₂ of the probability of what stands there. **Expected**: what the model
thought it would pay there on average, the entropy. Where paid is above expected (vermilion in the
last map) the picture surprised it."""


@dataclass(frozen=True)
class Lens:
    """What follows from the picture on the board."""

    maps: PicturePanels
    words: gr.Markdown
    place: gr.HTML
    classes: gr.HTML


def build(store: ModelStore, card: gr.Dropdown) -> None:
    """Declare the page and wire it.

    Args:
        card: the autoregressive cards that may sample, by name.
    """
    gr.Markdown(QUESTION, elem_classes="genlab-question")
    if card.value is None:
        gr.Markdown(UNTRAINED)
        return
    guessing.build(store, card)
    gr.Markdown("### Your picture through the lens", elem_classes="genlab-section")
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            shown, score, stop = _stage()
        with gr.Column(scale=1, min_width=304):
            board, buttons, sheet = _picture(store, card)
    run = _wire_scores(store, card, board, score, stop, shown)
    # Before all other listeners: the browser works through them one after another.
    clicks = [button.click for button in buttons.values()]
    for touch in (*pictures.touches(board, sheet), *clicks, card.change):
        touch(None, None, None, cancels=[run], show_progress="hidden")
    _wire_changes(store, card, board, _wire_picture(store, card, board, buttons, sheet), shown)


def see(store: ModelStore, name: str, image: Tensor) -> tuple[list[ShownPicture], str, str, str]:
    """What the page shows of a picture, (1, 1, 28, 28): maps, words, place, classes."""
    seen = views.look(store, name, image)
    levels = views.likelihood_model(store, name).spec.levels
    maps, words = views.show_maps(seen, levels), views.describe(seen, levels)
    return maps, words, *stand(store, name, seen)


def stand(store: ModelStore, name: str, seen: views.Seen) -> tuple[str, str]:
    """The place among test pictures, and the classes."""
    place = views.place_among(store, name, seen.score)
    chances = views.class_chances(store, name, seen.score)
    accuracy = views.measured_accuracy(store, name)
    return drawing.draw_place(place), tables.draw_classes(chances, place, accuracy)


def score_more(store: ModelStore, name: str, image: Tensor) -> Iterator[tuple[str, str]]:
    """The place and the classes while test pictures are scored, for a minute at most.

    Ends with what there is, so that others can compute too; the next run goes on from there.
    """
    seen = views.look(store, name, image)
    started = told = time.monotonic()
    for _ in views.score_examples(store, name):
        now = time.monotonic()
        if now - started > kit.LONGEST_RUN:
            break
        if now - told >= kit.MESSAGE_INTERVAL:
            told = now
            yield stand(store, name, seen)
    yield stand(store, name, seen)


def warm_up(store: ModelStore, name: str) -> None:
    """Score the test pictures of a card before anybody asks; meant for a card without classes."""
    for _ in views.score_examples(store, name):
        pass


def _stage() -> tuple[Lens, gr.Button, gr.Button]:
    maps = PicturePanels(
        label="Bits per pixel", panels=PANELS, rows=data.SIDE, cols=data.SIDE, size=200,
        elem_id="lens-maps",
    )  # fmt: skip
    words = gr.Markdown("", min_height=92, elem_id="lens-words", elem_classes="genlab-status")
    gr.Markdown(HOW)
    with gr.Row():
        with gr.Column(min_width=320):
            gr.Markdown("**Its place among test pictures**")
            place = tables.declare("", min_height=CHART, elem_id="lens-place")
            score = gr.Button("Score the test pictures", size="sm", elem_id="lens-score")
            stop = gr.Button("Stop", variant="stop", size="sm", visible=False, elem_id="lens-stop")
        with gr.Column(min_width=320):
            gr.Markdown("**p(class | x)** by Bayes' rule, all classes equally likely before")
            classes = tables.declare("", min_height=BARS, elem_id="lens-classes")
    return Lens(maps, words, place, classes), score, stop


def _picture(
    store: ModelStore, card: gr.Dropdown
) -> tuple[pictures.Board, dict[int, gr.Button], ExampleSheet]:
    """The board, and what is put on it by one click: candidates of the guess, test pictures."""
    first = FIRST[codes.data_name(store, card.value)]
    board = pictures.declare_board(
        store, card, label="Your picture", elem_id="lens-board", first=first[GROUP][0]
    )
    with gr.Row():
        buttons = {
            index: gr.Button(title, size="sm", min_width=88, elem_id=f"lens-{title.lower()}")
            for index, title in (
                (guessing.FOREIGN, "Other data"), (guessing.NOISE, "Noise"),
                (guessing.EMPTY, "Empty"),
            )
        }  # fmt: skip
    sheet = pictures.declare_sheet(
        store, card, label="Test pictures", elem_id="lens-examples", chosen=first
    )
    return board, buttons, sheet


def _wire_picture(
    store: ModelStore,
    card: gr.Dropdown,
    board: pictures.Board,
    buttons: dict[int, gr.Button],
    sheet: ExampleSheet,
) -> list[pictures.Change]:
    """Let the clicks put their pictures on the board; what to listen to for another picture."""
    changes = [
        *pictures.board_changes(board),
        *pictures.sheet_changes(store, card, sheet, {GROUP: board}, FIRST),
    ]
    for index, button in buttons.items():
        put = kit.quick(functools.partial(_candidate, store, index))
        changes.append(button.click(put, card, board.canvas, **pictures.QUIET).success)
        pictures.forget(sheet, GROUP, button.click)
    return changes


def _candidate(store: ModelStore, index: int, name: str) -> object:
    return guessing.candidates(store, name)[index].image[0, 0].numpy()


def _wire_scores(
    store: ModelStore,
    card: gr.Dropdown,
    board: pictures.Board,
    score: gr.Button,
    stop: gr.Button,
    shown: Lens,
) -> dict:
    """Let the button score test pictures until it is stopped; the run."""

    def more(name: str, sent: object) -> Iterator[tuple[str, str]]:
        yield from score_more(store, name, pictures.read_board(board, sent))

    kit.becomes_stop(score, stop, score.click)
    run = score.click(
        kit.readable_errors(more), [card, board.canvas], [shown.place, shown.classes],
        show_progress="hidden", api_name="score_test_pictures", preprocess=False, **kit.COMPUTE,
    )  # fmt: skip
    kit.until_the_end(score, stop, [run])
    return run


def _wire_changes(
    store: ModelStore,
    card: gr.Dropdown,
    board: pictures.Board,
    changes: list[pictures.Change],
    shown: Lens,
) -> None:
    """Let everything follow the picture and the card."""
    outputs = [shown.maps, shown.words, shown.place, shown.classes]

    def show(name: str, sent: object) -> tuple:
        return see(store, name, pictures.read_board(board, sent))

    def begin() -> tuple:
        place = FIRST[codes.data_name(store, card.value)][GROUP]
        return see(store, card.value, codes.example_images(store, card.value)[place])

    for change in changes:
        change(kit.readable_errors(show), [card, board.canvas], outputs, show_progress="hidden",
               trigger_mode="always_last", api_visibility="private", preprocess=False,
               **kit.COMPUTE)  # fmt: skip
    kit.on_first_sight(begin, outputs)

"""The page of sliders: a number of the code is moved, and the picture follows the hand."""

import functools
import math
from dataclasses import dataclass
from typing import Any

import gradio as gr
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genlab import data
from genlab.core.errors import InputError
from genlab.core.protocols import Encoder, LatentPrior
from genlab.inference.latent import MAX_CODES, MAX_SEED, along_axis, decode_points, length
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas import PixelCanvas
from genlab.ui.canvas.example_sheet import ExampleSheet
from genlab.ui.canvas.grid import to_hex
from genlab.ui.canvas.latents import LatentSliders, slider_dimensions, thumbnail_sheet
from genlab.ui.latent import codes, pictures

AHEAD = 5  # small decodes along each slider
FEW = 24  # sliders with small decodes of a GAN, whose pictures cost half a millisecond and more
DICE = 9999  # seeds that a visitor can remember
GROUP = "Picture"  # of the sheet of test pictures
NONE = dict.fromkeys(data.NAMES, {GROUP: []})  # of the test pictures is chosen at first
ROLL = f"() => Math.floor(Math.random() * {DICE + 1})"


@dataclass(frozen=True)
class SlidersPage:
    """What other pages may set: return the updates of `show_code` to `shown`, in this order.

    Attributes:
        examples: marks the test picture that the sliders stand at; None without an encoder.
        moves: what to listen to for the sliders being moved on the page itself.
    """

    latents: LatentSliders
    picture: PixelCanvas
    words: gr.Markdown
    examples: ExampleSheet | None
    moves: tuple[pictures.Change, ...]

    @property
    def shown(self) -> list[gr.components.Component]:
        """The outputs of `show_code`."""
        return [self.latents, self.picture, self.words]


def build(store: ModelStore, card: gr.Dropdown | gr.State, *, ids: str = "sliders") -> SlidersPage:
    """Declare the page and wire it; it begins with seed 0 of the chosen card.

    Args:
        card: its value names a decoder, see `codes`.
        ids: what the ids of the page's elements begin with; two pages need two.
    """
    gr.Markdown(
        "## Where does each number lead?\nA picture is decoded from a code. Drag one of its "
        "numbers: the small pictures show where the slider leads while the others stay.",
        elem_classes="genlab-question",
    )
    with gr.Row():
        with gr.Column(scale=3, min_width=304):
            picture = _picture(store, card.value, ids)
            words = gr.Markdown("", elem_classes="genlab-status")
        with gr.Column(scale=4, min_width=320):
            latents = LatentSliders(label="The numbers of the code", elem_id=f"{ids}-code")
        with gr.Column(scale=2, min_width=280):
            with gr.Row(elem_classes="genlab-seed"):
                seed = gr.Number(0, label="Seed", precision=0, minimum=0, maximum=MAX_SEED)
                dice = gr.Button("Roll", min_width=64, elem_classes="genlab-dice")
            reset = gr.Button("Reset", elem_id=f"{ids}-reset")
            examples = None
            if codes.can_encode(store, card.value):
                gr.Markdown("**Or the mean code of a test picture**")
                examples = pictures.declare_sheet(
                    store, card, label="Test pictures", elem_id=f"{ids}-examples",
                    chosen=NONE["mnist"],
                )  # fmt: skip
    moves = (latents.input, seed.input, dice.click, reset.click, card.change)
    if examples is not None:
        moves += (examples.input,)
    page = SlidersPage(latents, picture, words, examples, moves)
    if card.value is not None:
        _wire(store, card, page, seed, dice, reset)
    return page


def show_code(store: ModelStore, name: str, code: Tensor, told: str = "") -> tuple[str, str, str]:
    """What the page shows of a code, (D,): the sliders, the picture, the words."""
    picture = decode_points(codes.decoder_of(store, name), code)[0]
    return latents_value(code), to_hex(cells(picture)), describe(store, name, code, told)


def look_ahead(store: ModelStore, name: str, code: Tensor) -> dict[str, Any]:
    """Five pictures along every slider, the other numbers as they are, for `thumbnails`.

    The most used dimensions come first; as many get pictures as one call may decode.
    """
    model = codes.decoder_of(store, name)
    most = MAX_CODES // AHEAD if isinstance(model, Encoder) else FEW
    shown = _dimensions(store, name)[:most]
    indices = [each["index"] for each in shown]
    values = [torch.linspace(each["low"], each["high"], AHEAD).tolist() for each in shown]
    ways = [along_axis(code, *each) for each in zip(indices, values, strict=True)]
    decoded = decode_points(model, torch.cat(ways))
    return thumbnail_sheet(decoded.unflatten(0, (len(shown), AHEAD)), indices, values)


def describe(store: ModelStore, name: str, code: Tensor, told: str = "") -> str:
    """Which card decoded, where the code comes from, and how far from the middle it is.

    √D is where nearly all codes of a prior with many dimensions lie.
    """
    parts = [codes.title_of(store, name), *([told] if told else [])]
    if isinstance(codes.decoder_of(store, name), LatentPrior):
        root = math.sqrt(len(code))
        parts.append(f"|z| = {length(code) * root:.2f}, √{len(code)} = {root:.2f}")
    return " · ".join(parts)


def cells(picture: Tensor) -> NDArray[np.float32]:
    """A picture, (C, H, W), as a canvas takes it: (H, W) or (H, W, 3)."""
    return picture.movedim(0, -1).squeeze(-1).numpy()


def latents_value(code: Tensor) -> str:
    """A code, (D,), as the sliders take it; millionths are more than they show."""
    return "[" + ",".join(f"{number:.6g}" for number in code.tolist()) + "]"


def decode_code(store: ModelStore, name: str, code: list[float]) -> str:
    """For programs: the picture of a code as hex, a byte a pixel (three in colour), by rows."""
    return to_hex(cells(decode_points(codes.decoder_of(store, name), code)[0]))


def opening(store: ModelStore, name: str, seed: int = 0) -> tuple[dict, dict, str]:
    """What the page shows of a card first: its dimensions, and its code of a seed."""
    value, picture, words, ahead = _first_view(store, name, seed)
    dimensions = _dimensions(store, name)
    latents = gr.update(value=value, dimensions=dimensions, thumbnails=ahead)
    return latents, gr.update(value=picture, **_shape(store, name)), words


@functools.lru_cache(maxsize=codes.KEPT)
def _first_view(store: ModelStore, name: str, seed: int) -> tuple[str, str, str, dict[str, Any]]:
    """The same for every visitor, so it is decoded once; nobody writes to it."""
    code, told = codes.random_code(store, name, seed)
    return *show_code(store, name, code, told), look_ahead(store, name, code)


def _dimensions(store: ModelStore, name: str) -> list[dict[str, Any]]:
    has_prior = isinstance(codes.decoder_of(store, name), LatentPrior)
    return slider_dimensions(codes.measured(store, name), gaussian=has_prior)


def _shape(store: ModelStore, name: str) -> dict[str, int]:
    """Of the card's pictures, as a canvas names it."""
    spec = codes.spec_of(store, name)
    return {"rows": spec.height, "cols": spec.width, "channels": spec.channels}


def _picture(store: ModelStore, name: str | None, ids: str) -> PixelCanvas:
    shape = _shape(store, name) if name else {}
    return PixelCanvas(label="The picture of this code", size=336, elem_id=f"{ids}-picture",
                       **shape)  # fmt: skip


def _wire(
    store: ModelStore,
    card: gr.Dropdown | gr.State,
    page: SlidersPage,
    seed: gr.Number,
    dice: gr.Button,
    reset: gr.Button,
) -> None:
    def follow(name: str, sent: object) -> tuple[str, str]:
        code = codes.read_sent_code(codes.decoder_of(store, name), sent)
        return show_code(store, name, code)[1:]

    def draw(name: str, seed: object) -> tuple[str, str, str]:
        return show_code(store, name, *codes.random_code(store, name, seed))

    def rest(name: str) -> tuple[str, str, str]:
        return show_code(store, name, *codes.resting_code(store, name))

    @kit.readable_errors
    def ahead(name: str, sent: object) -> dict:
        code = codes.read_sent_code(codes.decoder_of(store, name), sent)
        return gr.update(thumbnails=look_ahead(store, name, code))

    @kit.readable_errors
    def begin(name: str, seed: object) -> tuple[Any, dict, dict, str]:
        """The seed in the box is dealt; one that is none becomes 0, so that the card comes."""
        try:
            return gr.skip(), *opening(store, name, kit.whole_number(seed, "Seed", 0, MAX_SEED))
        except InputError:
            return 0, *opening(store, name)

    page.latents.input(
        kit.quick(follow), [card, page.latents], [page.picture, page.words], **pictures.QUIET
    )
    rolled = dice.click(None, None, seed, js=ROLL)
    moves = [
        each(kit.quick(draw), [card, seed], page.shown, **pictures.QUIET)
        for each in (seed.input, rolled.success)
    ]
    moves.append(reset.click(kit.quick(rest), card, page.shown, **pictures.QUIET))
    if page.examples is not None:
        for change in (page.latents.release, seed.input, dice.click, reset.click, card.change):
            pictures.forget(page.examples, GROUP, change)
        moves.append(_wire_examples(store, card, page, page.examples))
    queued = {"show_progress": "hidden", "api_visibility": "private", "preprocess": False}
    for change in (page.latents.release, *(move.success for move in moves)):
        change(ahead, [card, page.latents], page.latents, trigger_mode="always_last",
               **queued, **kit.COMPUTE)  # fmt: skip
    card.change(begin, [card, seed], [seed, *page.shown], **queued, **kit.COMPUTE)
    kit.on_first_sight(lambda: opening(store, card.value), page.shown)

    def decode(card: str, code: list[float]) -> str:
        """The picture of a code as hex, a byte a pixel (three in colour), rows from the top."""
        return decode_code(store, card, code)

    gr.api(kit.readable_errors(decode), api_name="decode_code", **kit.COMPUTE)


def _wire_examples(
    store: ModelStore,
    card: gr.Dropdown,
    page: SlidersPage,
    sheet: ExampleSheet,
) -> Any:  # noqa: ANN401 (gradio's dependency)
    """Let a click on a test picture set the sliders, and the sheet follow the card's data."""

    def take(name: str, sent: object) -> tuple:
        places = pictures.read_choice(sheet, sent)[GROUP]
        if not places:
            raise InputError("No picture is chosen. Click one of the test pictures.")
        code = codes.example_codes(store, name)[places[0]]
        return show_code(store, name, code, "the mean code of a test picture")

    pictures.follow_card(store, card, sheet, {}, NONE)
    return sheet.input(kit.quick(take), [card, sheet], page.shown, **pictures.QUIET)

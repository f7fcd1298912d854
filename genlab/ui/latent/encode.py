"""The page of the encoder: a picture becomes a cloud of codes, and the cloud becomes pictures."""

from dataclasses import dataclass
from typing import Any

import gradio as gr
import torch
from torch import Tensor

from genlab.analysis.elbo import gaussian_kl
from genlab.core.errors import InputError
from genlab.core.protocols import LatentVariableModel
from genlab.inference.latent import (
    MAX_SEED,
    decode_encoded,
    encode_images,
    farthest,
    posterior_codes,
)
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas import PixelCanvas
from genlab.ui.canvas.panels import Panel, PicturePanels, ShownPicture
from genlab.ui.latent import codes, pictures, sliders
from genlab.ui.latent.posterior import Posterior, draw_posterior

BOARD = "Picture"
FIRST = {"mnist": {BOARD: [32]}, "fashion-mnist": {BOARD: [82]}}  # a three, a bag
DRAWS = 8  # of q(z | x)
MILLION = 1_000_000


@dataclass(frozen=True)
class Shown:
    """What follows from the picture on the board."""

    cloud: gr.HTML
    rebuilt: PixelCanvas
    draws: PicturePanels
    words: gr.Markdown


def build(store: ModelStore, card: gr.Dropdown, page: sliders.SlidersPage) -> None:
    """Declare the page and wire it; `page` takes the mean on its sliders."""
    gr.Markdown(
        "## What does the encoder make of your picture?\nDraw, upload or pick one. The encoder "
        "answers with a mean and a spread for every number of the code: a cloud, not a point.",
        elem_classes="genlab-question",
    )
    if not codes.can_encode(store, card.value):
        gr.Markdown(codes.nothing_to_encode(store, card.value))
        return
    first = FIRST[codes.data_name(store, card.value)]
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            with gr.Row():
                with gr.Column(min_width=304):
                    gr.Markdown("**Your picture x**")
                    board = pictures.declare_board(
                        store, card, label="Your picture", elem_id="encode-board",
                        first=first[BOARD][0], size=252,
                    )  # fmt: skip
                with gr.Column(min_width=304):
                    gr.Markdown("**Reconstruction**, decoded from the mean")
                    rebuilt = PixelCanvas(
                        label="The reconstruction", size=252, elem_id="encode-rebuilt"
                    )
                    words = gr.Markdown("", elem_classes="genlab-status")
            gr.Markdown("**The cloud q(z | x)**")
            cloud = gr.HTML("", min_height=310, elem_id="encode-cloud")
            gr.Markdown("**Codes drawn from the cloud**, decoded")
            draws = PicturePanels(
                label="Draws of q(z | x)", size=100, elem_id="encode-draws",
                panels=[Panel(f"Draw {number}") for number in range(1, DRAWS + 1)],
            )  # fmt: skip
        with gr.Column(scale=1, min_width=304):
            sheet = pictures.declare_sheet(
                store, card, label="Test pictures", elem_id="encode-examples",
                chosen=first,
            )  # fmt: skip
            with gr.Row(elem_classes="genlab-seed"):
                seed = gr.Number(0, label="Seed", precision=0, minimum=0, maximum=MAX_SEED)
                dice = gr.Button("Roll", min_width=64, elem_classes="genlab-dice")
            put = gr.Button("Put the mean on the sliders", variant="primary", elem_id="encode-put")
            done = gr.Markdown("", elem_classes="genlab-status")
    shown = Shown(cloud, rebuilt, draws, words)
    changes = [
        *pictures.board_changes(board),
        *pictures.sheet_changes(store, card, sheet, {BOARD: board}, FIRST),
    ]
    _wire(store, card, board, seed, dice, changes, shown)
    _wire_sliders(store, card, board, pictures.touches(board, sheet), put, done, page)


def encode(store: ModelStore, name: str, image: Tensor, seed: int) -> tuple[str, str, list, str]:
    """What the page shows of a picture, (1, 1, 28, 28): cloud, reconstruction, draws, words."""
    model = codes.encoder_of(store, name)
    posterior = posterior_of(store, name, image)
    generator = torch.Generator().manual_seed(seed)
    drawn = posterior_codes(posterior.mean, posterior.std, DRAWS, generator)
    decoded = decode_encoded(model, torch.cat([posterior.mean.unsqueeze(0), drawn]))
    rebuilt, *draws = (sliders.cells(picture) for picture in decoded)
    shown = [ShownPicture(picture) for picture in draws]
    words = describe(store, name, posterior, drawn)
    return draw_posterior(posterior), sliders.to_hex(rebuilt), shown, words


def posterior_of(store: ModelStore, name: str, image: Tensor) -> Posterior:
    """q(z | x) of one picture, with what the numbers are used for on the test pictures."""
    model = codes.encoder_of(store, name)
    mean, std = (each[0] for each in encode_images(model, image))
    kl = gaussian_kl(mean, std) if isinstance(model, LatentVariableModel) else None
    dimensions = codes.measured(store, name)
    return Posterior(mean, std, kl, dimensions.order, dimensions.is_used)


def describe(store: ModelStore, name: str, posterior: Posterior, drawn: Tensor) -> str:
    """How much the code says about this picture, or that it is a point; see `outside`."""
    if posterior.kl is None:
        return (
            f"{store.card(name).title} gives a picture one code and no spread, so every draw "
            "below is the reconstruction again."
        )
    return (
        f"KL(q ‖ p) = {digits(posterior.kl.sum().item())} nats: so much this picture's cloud says "
        f"beyond the prior.{outside(posterior, drawn, farthest(codes.encoder_of(store, name)))}"
    )


def outside(posterior: Posterior, drawn: Tensor, limit: float) -> str:
    """That draws, (n, D), lie where the prior deals no code, as those of a strange picture do."""
    count = int((drawn.abs() > limit).any(dim=1).sum())
    if not count:
        return ""
    lie = "has" if count == 1 else "have"
    widest = digits(posterior.std.max().item())
    return (
        f"\n\nThe cloud is far wider than the prior: σ reaches {widest}, not 1. **{count}** of the "
        f"{len(drawn)} draws below {lie} numbers beyond ±{limit:g}, where the prior deals nothing; "
        "the decoder draws something there all the same."
    )


def digits(number: float) -> str:
    """A number as exact as it is worth reading; the spread of a strange picture has no end."""
    if number >= MILLION:
        return "more than a million"
    return f"{number:,.0f}" if number >= 1000 else f"{number:.1f}"


def _wire(
    store: ModelStore,
    card: gr.Dropdown,
    board: pictures.Board,
    seed: gr.Number,
    dice: gr.Button,
    changes: list[pictures.Change],
    shown: Shown,
) -> None:
    """Let everything follow the picture, the card and the seed."""
    outputs = [shown.cloud, shown.rebuilt, shown.draws, shown.words]

    def show(name: str, sent: object, seed: object) -> tuple:
        image = pictures.read_board(board, sent)
        return encode(store, name, image, kit.whole_number(seed, "Seed", 0, MAX_SEED))

    def redraw(name: str, sent: object, seed: object) -> tuple:
        return show(name, sent, seed)[2:]

    def begin() -> tuple:
        places = FIRST[codes.data_name(store, card.value)][BOARD]
        return encode(store, card.value, codes.example_images(store, card.value)[places], 0)

    rolled = dice.click(None, None, seed, js=sliders.ROLL)
    for change in changes:
        change(kit.quick(show), [card, board.canvas, seed], outputs, **pictures.QUIET)
    for change in (seed.input, rolled.success):
        change(kit.quick(redraw), [card, board.canvas, seed], outputs[2:], **pictures.QUIET)
    kit.on_first_sight(begin, outputs)


def _wire_sliders(
    store: ModelStore,
    card: gr.Dropdown,
    board: pictures.Board,
    touches: list[pictures.Change],
    put: gr.Button,
    done: gr.Markdown,
    page: sliders.SlidersPage,
) -> None:
    """Let the button set the other page's sliders to the mean, and say so while that is true.

    Args:
        touches: see `pictures.touches`; the card is among what moves `page`.
    """

    @kit.readable_errors
    def take(name: str, sent: object) -> tuple[Any, ...]:
        mean = posterior_of(store, name, pictures.read_board(board, sent)).mean
        limit = farthest(codes.encoder_of(store, name))
        if not (mean.abs() <= limit).all():
            raise InputError(
                f"The mean of this picture's code lies beyond ±{limit:g}, where the sliders end. "
                "Change the picture, then try again."
            )
        value, *rest = sliders.show_code(store, name, mean, "the mean code of your picture")
        ahead = sliders.look_ahead(store, name, mean)
        return gr.update(value=value, thumbnails=ahead), *rest, "The sliders stand at the mean."

    taken = put.click(take, [card, board.canvas], [*page.shown, done], show_progress="hidden",
                      api_visibility="private", preprocess=False, **kit.COMPUTE)  # fmt: skip
    pictures.forget(page.examples, sliders.GROUP, taken.success)
    for change in (*touches, *page.moves):  # an answer under way would come too late
        change(None, None, done, js="() => ''", show_progress="hidden", cancels=[taken])

"""The page of sums: A − B + C with averages of codes, and with averages of pixels for contrast."""

from dataclasses import dataclass
from typing import Any

import gradio as gr
import torch
from torch import Tensor

from genlab import data
from genlab.inference.latent import (
    MAX_SEED,
    Arithmetic,
    combine,
    decode_encoded,
    posterior_codes,
)
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas.panels import Panel, PicturePanels, ShownPicture
from genlab.ui.latent import codes, pictures, sliders

GROUPS = ("A", "B", "C")
MOST = 20  # pictures in a group
TERMS = ("A", "− B", "+ C", "A − B + C")
FIRST = {  # boots less sneakers, added to sandals; bold digits less thin ones, added to a three
    "fashion-mnist": {"A": [92, 93, 95, 99], "B": [70, 71, 72, 78], "C": [51, 57]},
    "mnist": {"A": [3, 83, 36, 47], "B": [5, 85, 35, 43], "C": [31]},
}
NEIGHBOURS = 8
NOISE, MOST_NOISE = 0.3, 2.0  # standard deviation of what is added to a neighbour's code
NOWHERE = "nowhere"
OWN = [("Nowhere", NOWHERE), *((group, group) for group in GROUPS)]


@dataclass(frozen=True)
class Shown:
    """What follows from the groups."""

    decoded: PicturePanels
    pixels: PicturePanels
    neighbours: PicturePanels
    words: gr.Markdown


def build(store: ModelStore, card: gr.Dropdown) -> None:
    """Declare the page and wire it."""
    gr.Markdown(
        "## Can you add and subtract pictures?\nClick pictures into A, B and C. Each group's codes "
        "are averaged, summed and decoded; the same sum of pixels stands below.",
        elem_classes="genlab-question",
    )
    if not codes.can_encode(store, card.value):
        gr.Markdown(codes.nothing_to_encode(store, card.value))
        return
    first = FIRST[codes.data_name(store, card.value)]
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            shown = declare_stage()
        with gr.Column(scale=1, min_width=304):
            sheet = pictures.declare_sheet(
                store, card, label="Test pictures for A, B and C", elem_id="arithmetic-examples",
                chosen=first, most=MOST,
            )  # fmt: skip
            with gr.Row(elem_classes="genlab-seed"):
                seed = gr.Number(0, label="Seed", precision=0, minimum=0, maximum=MAX_SEED)
                dice = gr.Button("Roll", min_width=64, elem_classes="genlab-dice")
            with gr.Accordion("More", open=False):
                noise = gr.Slider(
                    0.0, MOST_NOISE, value=NOISE, step=0.05, label="Noise",
                    info="Standard deviation of what is added to every number of a neighbour",
                )  # fmt: skip
                own = gr.Radio(
                    OWN, value=NOWHERE, label="Your own picture counts in",
                    elem_id="arithmetic-own",
                )  # fmt: skip
                board = pictures.declare_board(
                    store, card, label="Your own picture", elem_id="arithmetic-board",
                    first=first["C"][0], size=196,
                )  # fmt: skip
    inputs = [card, sheet, seed, noise, own, board.canvas]
    _wire(store, card, sheet, board, dice, inputs, shown)


def sum_up(
    store: ModelStore, name: str, groups: list[Tensor], seed: int, noise: float
) -> tuple[list, list, list, str]:
    """What the page shows of three groups: the sums in codes and in pixels, neighbours, words.

    Args:
        groups: A, B and C, (N, 1, 28, 28) each.
    """
    model = codes.encoder_of(store, name)
    result = combine(model, *groups)
    code = result.codes[-1]
    generator = torch.Generator().manual_seed(seed)
    near = posterior_codes(code, torch.full_like(code, noise), NEIGHBOURS, generator)
    return (
        shown_pictures(result.decoded, [len(group) for group in groups]),
        shown_pictures(result.pixels, [len(group) for group in groups]),
        [ShownPicture(sliders.cells(picture)) for picture in decode_encoded(model, near)],
        describe(store, name, result),
    )


def follow_board(wanted: str, drawn: Tensor) -> Any:  # noqa: ANN401 (an array or a skip)
    """What the visitor's board shows beside the data `wanted`: a drawing, (1, 1, 28, 28), stays.

    What another data set's card put there, and nobody changed, becomes this one's.
    """
    others = [first_on_board(each) for each in FIRST if each != wanted]
    is_untouched = any(torch.equal(drawn[0, 0], each) for each in others)
    return first_on_board(wanted).numpy() if is_untouched else gr.skip()


def first_on_board(told: str) -> Tensor:
    """The visitor's own picture while there is none: the first of C, (28, 28) in [0, 1]."""
    return data.examples(told).images[FIRST[told]["C"][0], 0] / 255


def describe(store: ModelStore, name: str, result: Arithmetic) -> str:
    """Which card did the sum, and how far its code is from C's."""
    moved = (result.codes[-1] - result.codes[2]).norm().item()
    return f"{codes.title_of(store, name)} · the sum's code lies {moved:.2f} from C's"


def remedy(empty: list[str]) -> str:
    """What to do about empty groups."""
    return (
        f"**Nothing in {' and '.join(empty)}.** Click a picture into it; until then the sums stay."
    )


def shown_pictures(images: Tensor, counts: list[int]) -> list[ShownPicture]:
    """A, B, C and their sum, (4, C, H, W), with how many pictures are in each group."""
    notes = [f"mean of {count}" if count > 1 else "1 picture" for count in counts] + [""]
    return [
        ShownPicture(sliders.cells(image), note) for image, note in zip(images, notes, strict=True)
    ]


def declare_stage(ids: str = "arithmetic") -> Shown:
    """The three rows of pictures and the words; their ids begin with `ids`."""
    terms = [Panel(term) for term in TERMS]
    gr.Markdown("**In codes:** the averages, decoded, and their sum")
    decoded = PicturePanels(
        label="The sum of codes", panels=terms, size=196, elem_id=f"{ids}-codes"
    )
    gr.Markdown("**In pixels:** the averages of the pictures themselves, and their sum")
    pixels = PicturePanels(
        label="The sum of pixels", panels=terms, size=196, elem_id=f"{ids}-pixels"
    )
    gr.Markdown("**Near the sum of codes:** the same code with a little noise")
    neighbours = PicturePanels(
        label="Neighbours of the sum", size=100, elem_id=f"{ids}-neighbours",
        panels=[Panel(f"Near {number}") for number in range(1, NEIGHBOURS + 1)],
    )  # fmt: skip
    return Shown(decoded, pixels, neighbours, gr.Markdown("", elem_classes="genlab-status"))


def _wire(
    store: ModelStore,
    card: gr.Dropdown,
    sheet: pictures.ExampleSheet,
    board: pictures.Board,
    dice: gr.Button,
    inputs: list[gr.components.Component],
    shown: Shown,
) -> None:
    """Let the sums follow every choice."""
    _, _, seed, noise, own, _ = inputs
    outputs = [shown.decoded, shown.pixels, shown.neighbours, shown.words]

    def show(
        name: str, sent: object, seed: object, noise: object, own: object, drawn: object
    ) -> tuple:
        groups = _groups(store, name, pictures.read_choice(sheet, sent))
        into = kit.choice(own, "Your own picture", tuple(each for _, each in OWN))
        if into != NOWHERE:
            groups[into] = torch.cat([groups[into], pictures.read_board(board, drawn)])
        empty = [group for group, images in groups.items() if not len(images)]
        if empty:
            return *([gr.skip()] * 3), remedy(empty)
        return sum_up(
            store,
            name,
            list(groups.values()),
            kit.whole_number(seed, "Seed", 0, MAX_SEED),
            kit.number(noise, "Noise", 0.0, MOST_NOISE),
        )

    def begin() -> tuple:
        chosen = FIRST[codes.data_name(store, card.value)]
        groups = list(_groups(store, card.value, chosen).values())
        return sum_up(store, card.value, groups, 0, NOISE)

    rolled = dice.click(None, None, seed, js=sliders.ROLL)
    followed = pictures.follow_card(store, card, sheet, {}, FIRST)

    def replace(name: str, drawn: object) -> Any:  # noqa: ANN401
        return follow_board(codes.data_name(store, name), pictures.read_board(board, drawn))

    replaced = followed(kit.quick(replace), [card, board.canvas], board.canvas, **pictures.QUIET)
    changes = [sheet.input, seed.input, rolled.success, noise.input, own.input, replaced.success]
    for change in (*changes, *pictures.board_changes(board)):
        change(kit.quick(show), inputs, outputs, **pictures.QUIET)
    kit.on_first_sight(begin, outputs)


def _groups(store: ModelStore, name: str, chosen: pictures.Groups) -> dict[str, Tensor]:
    images = codes.example_images(store, name)
    return {group: images[chosen[group]] for group in GROUPS}

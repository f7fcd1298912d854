"""The page of paths: from one picture to another through the codes, and through the pixels."""

from dataclasses import dataclass

import gradio as gr
import torch
from torch import Tensor

from genlab.inference.latent import (
    AXIS_VALUES,
    MAX_SEED,
    along_axis,
    cross_fade,
    decode_encoded,
    encode_images,
    interpolate_codes,
)
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas.strip import Strip, StripPlayer, StripRow
from genlab.ui.drawing.curves import short
from genlab.ui.latent import codes, pictures

FIRST = {  # a three and an eight, trousers and a sandal
    "mnist": {"A": [31], "B": [82]},
    "fashion-mnist": {"A": [12], "B": [52]},
}
PICTURES, MOST = 11, 25  # of a path
LATENT, PIXELS = "Through the codes", "Through the pixels"
STRAIGHT, SPHERICAL, AXIS = "straight", "spherical", "axis"
WAYS = (("Straight", STRAIGHT), ("Spherical", SPHERICAL), ("Along one dimension", AXIS))
WAY_INFO = (
    "Spherical turns from A's direction to B's at the length of their codes; the last starts at "
    "A's code and changes one number"
)


@dataclass(frozen=True)
class Panel:
    """What a visitor sets: the way, the dimension of the third one, the count of the others."""

    way: gr.Radio
    dimension: gr.Number
    count: gr.Slider

    @property
    def inputs(self) -> list[gr.components.Component]:
        """In the order of `read_way`."""
        return [self.way, self.dimension, self.count]


@dataclass(frozen=True)
class Way:
    """A chosen way; `dimension` counts on the third one alone, `count` on the others."""

    kind: str
    dimension: int
    count: int


def build(store: ModelStore, card: gr.Dropdown | gr.State, *, ids: str = "between") -> None:
    """Declare the page and wire it.

    The ends are pictures; for a model without an encoder they are codes of two seeds.

    Args:
        card: its value names a decoder, see `codes`.
        ids: what the ids of the page's elements begin with; two pages need two.
    """
    gr.Markdown(
        "## What lies between two pictures?\nThe upper way mixes codes and decodes them, the "
        "lower one mixes the pixels. One slider moves both.",
        elem_classes="genlab-question",
    )
    if card.value is None:
        gr.Markdown("No model is trained yet. Train one, then start GenLab again.")
        return
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            strip = StripPlayer(
                label="The way from A to B", names=(LATENT, PIXELS), size=224,
                elem_id=f"{ids}-strip",
            )  # fmt: skip
            words = gr.Markdown("", elem_classes="genlab-status")
        with gr.Column(scale=1, min_width=304):
            if codes.can_encode(store, card.value):
                sheet = pictures.declare_sheet(
                    store, card, label="Test pictures for A and B", elem_id=f"{ids}-examples",
                    chosen=FIRST[codes.data_name(store, card.value)],
                )  # fmt: skip
            else:
                seeds = [_seed(f"Seed of {name}", at) for at, name in enumerate("AB")]
            panel = _panel(store, card.value, ids)
    if codes.can_encode(store, card.value):
        _wire_pictures(store, card, sheet, panel, [strip, words])
    else:
        _wire_seeds(store, card, seeds, panel, [strip, words])


def _panel(store: ModelStore, name: str, ids: str) -> Panel:
    way = gr.Radio(WAYS, value=STRAIGHT, label="Way", info=WAY_INFO, elem_id=f"{ids}-way")
    dimension = gr.Number(
        0, label="Dimension", precision=0, minimum=0, interactive=False,
        maximum=codes.latent_dim_of(store, name) - 1, elem_id=f"{ids}-dimension",
        info="Of the way along one dimension",
    )  # fmt: skip
    with gr.Accordion("More", open=False):
        count = gr.Slider(3, MOST, value=PICTURES, step=2, label="Pictures of a way")
    return Panel(way, dimension, count)


def _seed(label: str, value: int) -> gr.Number:
    return gr.Number(value, label=label, precision=0, minimum=0, maximum=MAX_SEED)


def read_way(store: ModelStore, name: str, kind: object, dimension: object, count: object) -> Way:
    """What the panel sent.

    Raises:
        InputError: something that it does not offer.
    """
    dimensions = codes.decoder_of(store, name).latent_dim
    kind = kit.choice(kind, "Way", tuple(each for _, each in WAYS))
    used = kit.whole_number(dimension, "Dimension", 0, dimensions - 1) if kind == AXIS else 0
    return Way(kind, used, kit.whole_number(count, "Pictures of a way", 2, MOST))


def walk_pictures(store: ModelStore, name: str, images: Tensor, way: Way) -> tuple[Strip, str]:
    """The strip from one picture to another, (2, 1, 28, 28), and what it shows."""
    ends = encode_images(codes.encoder_of(store, name), images)[0]
    return walk(store, name, ends, way, images)


def walk(
    store: ModelStore, name: str, ends: Tensor, way: Way, images: Tensor | None = None
) -> tuple[Strip, str]:
    """The strip from one code to another, (2, D).

    Args:
        images: what the pixels' way leads from and to, (2, C, H, W); the decoded ends by default,
            and always where the way runs along a dimension.
    """
    is_rebuilt = images is not None
    path, captions = _path(ends, way)
    decoded = decode_encoded(codes.decoder_of(store, name), path)
    if images is None or way.kind == AXIS:
        images = decoded[[0, -1]]
    faded = cross_fade(images[0], images[1], len(path))
    strip = Strip([StripRow(LATENT, decoded), StripRow(PIXELS, faded)], captions)
    return strip, f"{codes.title_of(store, name)} · {_describe(way, is_rebuilt)}"


def _path(ends: Tensor, way: Way) -> tuple[Tensor, list[str]]:
    """The codes of a way, (n, D), and a caption for each."""
    if way.kind == AXIS:
        captions = [f"Dimension {way.dimension} at {short(value)}" for value in AXIS_VALUES]
        return along_axis(ends[0], way.dimension, AXIS_VALUES), captions
    path = interpolate_codes(*ends, way.count, spherical=way.kind == SPHERICAL)
    shares = torch.linspace(0, 100, way.count).tolist()
    return path, [f"{100 - share:.0f} % A, {share:.0f} % B" for share in shares]


def _describe(way: Way, is_rebuilt: bool) -> str:
    if way.kind == AXIS:
        return (
            f"A's code with dimension {way.dimension} from {short(AXIS_VALUES[0])} to "
            f"{short(AXIS_VALUES[-1])}; the pixels' way joins the two ends of that"
        )
    told = "; the codes' ends are reconstructions" if is_rebuilt else ""
    return f"{way.count} pictures from A to B, {way.kind}{told}"


def _wire_pictures(
    store: ModelStore,
    card: gr.Dropdown,
    sheet: pictures.ExampleSheet,
    panel: Panel,
    outputs: list[gr.components.Component],
) -> None:
    """Two boards below the strip are the ends of the way."""
    boards, first = {}, FIRST[codes.data_name(store, card.value)]
    with gr.Row():
        for name, places in first.items():
            with gr.Column(min_width=304):
                gr.Markdown(f"**{name}**")
                boards[name] = pictures.declare_board(
                    store, card, label=f"Picture {name}", elem_id=f"between-{name.lower()}",
                    first=places[0], size=196,
                )  # fmt: skip
    a, b = boards.values()

    def show(name: str, sent_a: object, sent_b: object, *sent: object) -> tuple[Strip, str]:
        images = torch.cat([pictures.read_board(a, sent_a), pictures.read_board(b, sent_b)])
        return walk_pictures(store, name, images, read_way(store, name, *sent))

    def begin() -> tuple[Strip, str]:
        places = [each for group in first.values() for each in group]
        images = codes.example_images(store, card.value)[places]
        return walk_pictures(store, card.value, images, Way(STRAIGHT, 0, PICTURES))

    placed, followed = pictures.sheet_changes(store, card, sheet, boards, FIRST)
    changes = [placed, *pictures.board_changes(a), *pictures.board_changes(b)]
    _wire(store, card, panel, followed, changes, show, [a.canvas, b.canvas], outputs)
    kit.on_first_sight(begin, outputs)


def _wire_seeds(
    store: ModelStore,
    card: gr.Dropdown | gr.State,
    seeds: list[gr.Number],
    panel: Panel,
    outputs: list[gr.components.Component],
) -> None:
    """The ends of the way are codes that the prior deals."""

    def show(name: str, seed_a: object, seed_b: object, *sent: object) -> tuple[Strip, str]:
        ends = [codes.random_code(store, name, seed)[0] for seed in (seed_a, seed_b)]
        return walk(store, name, torch.stack(ends), read_way(store, name, *sent))

    changes = [each.input for each in seeds]
    _wire(store, card, panel, card.change, changes, show, seeds, outputs)
    kit.on_first_sight(lambda: show(card.value, 0, 1, STRAIGHT, 0, PICTURES), outputs)


def _wire(
    store: ModelStore,
    card: gr.Dropdown | gr.State,
    panel: Panel,
    followed: pictures.Change,
    changes: list[pictures.Change],
    show: pictures.Change,
    ends: list[gr.components.Component],
    outputs: list[gr.components.Component],
) -> None:
    """Let the strip follow the ends and the panel, and the panel the card and the way.

    Args:
        followed: what to listen to for another card, when the ends are its own.
        changes: of the ends.
    """

    def most_used(name: str) -> int:
        return int(codes.measured(store, name).order[0])

    def fit(name: str, kind: str, dimension: object) -> dict:
        last = codes.decoder_of(store, name).latent_dim - 1
        is_within = isinstance(dimension, (int, float)) and 0 <= dimension <= last
        value = dimension if is_within else most_used(name)
        return gr.update(interactive=kind == AXIS, maximum=last, value=value)

    fitted, _ = (
        change(kit.quick(fit), [card, panel.way, panel.dimension], panel.dimension,
               **pictures.QUIET)
        for change in (followed, panel.way.input)
    )  # fmt: skip
    # Only then another card is shown: the dimension may be none of its own.
    for change in (*changes, fitted.success, *(each.input for each in panel.inputs)):
        change(kit.quick(show), [card, *ends, *panel.inputs], outputs, **pictures.QUIET)
    kit.on_first_sight(lambda: most_used(card.value), panel.dimension)

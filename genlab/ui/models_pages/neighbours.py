"""Samples drawn live above their nearest training images, which were recorded before.

The samples are those of the seeds 0 to 15, whoever draws them, so the record can speak of them; a
hash of each tells whether they are the same.
"""

import base64
import functools
from html import escape
from pathlib import Path

import gradio as gr
from torch import Tensor

from genlab.analysis.neighbours import (
    NEIGHBOURS,
    SAMPLES,
    NeighbourRecord,
    read_neighbours,
    remedy,
)
from genlab.core.cards import ModelCard
from genlab.core.errors import DataError
from genlab.inference.sampling import draw_seeded, picture_hash, sampler_of
from genlab.store import ModelStore, skeleton
from genlab.ui import kit
from genlab.ui.canvas.sheet import picture_sheet
from genlab.ui.models_pages.sprites import SPRITES, frame_style, window
from genlab.ui.models_pages.table import shipped_cards
from genlab.ui.models_pages.words import STYLE, with_code

KEPT = 32  # cards whose samples are kept
DATA = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST", "quickdraw": "Quick, Draw!"}
LEANING = {
    -1: "The samples lie nearer to training images than real new pictures do; smooth pictures lie "
    "near to many others.",
    0: "So few pictures cannot tell whether samples or real new ones lie nearer to training "
    f"images: two groups of {SAMPLES} real ones may differ as much.",
    1: "The samples lie farther from training images than real new pictures do.",
}
NEIGHBOUR_STYLE = (
    STYLE
    + SPRITES
    + """
.gl-pairs { display: grid; grid-template-columns: repeat(8, minmax(0, 1fr)); gap: 14px 10px;
  max-width: 1060px; margin: 4px 0 14px; }
figure { margin: 0; display: grid; gap: 2px; }
figcaption { color: var(--gl-dim); font-size: var(--text-sm); line-height: 1.25;
  min-height: 1.25em; overflow-wrap: anywhere; }
.gl-other figcaption { color: inherit; font-weight: 600; }
@media (max-width: 640px) { .gl-pairs { grid-template-columns: repeat(4, minmax(0, 1fr)); }
  figcaption { min-height: 2.5em; } }
"""
)


def build(store: ModelStore, opened: gr.Tab, *, folder: Path = NEIGHBOURS) -> None:
    """Declare the part; it draws when its tab is opened, and when another card is chosen.

    Args:
        folder: holds the records.
    """
    cards = generating_cards(store)
    card = gr.Dropdown(
        [(each.title, each.name) for each in cards],
        value=cards[0].name if cards else None,
        label="Model",
        elem_id="neighbours-card",
    )
    shown = gr.HTML(
        before(store, card.value, folder), css_template=NEIGHBOUR_STYLE, js_on_load=None,
        apply_default_css=False, elem_id="neighbours",
    )  # fmt: skip
    draw = kit.readable_errors(lambda name: compare_samples(store, name, folder))
    for trigger in (opened.select, card.change):
        trigger(draw, card, shown, preprocess=False, show_progress="minimal",
                api_visibility="private", **kit.COMPUTE)  # fmt: skip


def generating_cards(store: ModelStore) -> list[ModelCard]:
    """Shipped cards whose models draw pictures."""
    return [
        card
        for card in shipped_cards(store)
        if sampler_of(skeleton(card)) and not (card.masked and card.masked.leaks)
    ]


@functools.lru_cache(maxsize=KEPT)
def live_samples(store: ModelStore, name: str) -> Tensor:
    """What the card's model draws here, (SAMPLES, C, H, W) in [0, 1]."""
    return draw_seeded(store.get(name), SAMPLES)[0]


def before(store: ModelStore, name: str | None, folder: Path) -> str:
    """The part before anything was drawn: its frames, and what is recorded."""
    if name is None:
        return "<p>No model that draws pictures is trained yet.</p>"
    return _page(store.card(name), _recorded(name, folder), None)


def compare_samples(store: ModelStore, name: str | None, folder: Path) -> str:
    """The whole part with the samples of a card, drawn here and now, as HTML.

    Raises:
        InputError: no card that draws pictures.
        CheckpointError
    """
    offered = tuple(card.name for card in generating_cards(store))
    if name is None and not offered:
        return before(store, None, folder)
    name = kit.choice(name, "Model", offered)
    return _page(store.card(name), _recorded(name, folder), live_samples(store, name))


def _recorded(name: str, folder: Path) -> tuple[NeighbourRecord, bytes] | str:
    """The record, or why there is none."""
    try:
        found = read_neighbours(name, folder)
    except DataError as error:
        return str(error)
    return found or (
        "Nobody has looked for the nearest training images of this model yet. Training data does "
        f"not come with the site: `{remedy(name)}` looks, and records them."
    )


def _page(
    card: ModelCard, recorded: tuple[NeighbourRecord, bytes] | str, samples: Tensor | None
) -> str:
    hashes = None if samples is None else [picture_hash(sample) for sample in samples]
    above = "" if samples is None else picture_sheet(samples.unsqueeze(0))
    if isinstance(recorded, str):
        pairs = "".join(_pair(card, place, None, True) for place in range(SAMPLES))
        return f"<p>{with_code(recorded)}</p>{_frame(pairs, above, '')}"
    record, sheet = recorded
    below = f"data:image/png;base64,{base64.b64encode(sheet).decode()}"
    same = [hashes is None or hashes[place] == record.hashes[place] for place in range(SAMPLES)]
    pairs = "".join(_pair(card, place, record, same[place]) for place in range(SAMPLES))
    return (
        f"{tell_sameness(same, record, is_drawn=samples is not None)}"
        f"{_frame(pairs, above, below)}{tell_record(record)}"
    )


def _frame(pairs: str, samples: str, nearest: str) -> str:
    style = frame_style(SAMPLES, samples=samples, nearest=nearest)
    return f'<div class="gl-pairs" style="{style}">{pairs}</div>'


def _pair(card: ModelCard, place: int, record: NeighbourRecord | None, is_same: bool) -> str:
    """A sample, and beneath it its neighbour where one is recorded."""
    sample = window("samples", place, SAMPLES, label=f"Sample of seed {place} of {card.title}")
    if record is None:
        return f"<figure>{sample}<figcaption>seed {place}</figcaption></figure>"
    kind, distance = record.classes[place], record.distances[place]
    label = f"Nearest training image, number {record.indices[place]}, class {kind}"
    nearest = window("nearest", place, SAMPLES, label=label)
    words = f"{distance:.2f} · {escape(kind)}" if is_same else "another sample"
    mark = "" if is_same else ' class="gl-other"'
    return f"<figure{mark}>{sample}{nearest}<figcaption>{words}</figcaption></figure>"


def tell_sameness(same: list[bool], record: NeighbourRecord, *, is_drawn: bool) -> str:
    """Whether the samples on the page are those that the record is about, as HTML."""
    if not is_drawn:
        return f"<p>The {SAMPLES} samples are drawn when this part is opened.</p>"
    different = same.count(False)
    if not different:
        return (
            f"<p>Above, {SAMPLES} samples drawn just now, of the seeds 0 to {SAMPLES - 1}; beneath "
            "each the nearest of all training images, its distance and its class. The samples are "
            "those that the record is about, pixel for pixel.</p>"
        )
    return (
        f'<p class="gl-loud">{different} of the {SAMPLES} samples drawn just now differ from those '
        "that the record is about: the weights or the machine's arithmetic changed. The images "
        f"beneath those belong to other samples. <code>{escape(remedy(record.card))}</code> "
        "records them anew.</p>"
    )


def tell_record(record: NeighbourRecord) -> str:
    """What was compared with what, what came out, and who did it, as HTML."""
    how = {
        2: "as black and white pictures, drawn from the grey ones",
        256: "in grey",
    }.get(record.levels, f"rounded to {record.levels} levels of grey, as the model knows them")
    return (
        f"<p>Distances are Euclidean over all pixels in [0, 1], {how}. Their median is "
        f"<b>{record.median:.2f}</b>, the smallest {min(record.distances):.2f}. {SAMPLES} test "
        f"images of {escape(DATA.get(record.data, record.data))}, which are real and new, have a "
        f"median of <b>{record.test_median:.2f}</b>. {tell_verdict(record)}</p>"
        f"<p>Recorded by <code>{escape(record.command)}</code> at revision "
        f"<code>{escape(record.revision[:12])}</code>: the training images are not on this server, "
        "so the search was made before.</p>"
    )


def tell_verdict(record: NeighbourRecord) -> str:
    """Whether the samples lie nearer than test images, where that is clear, and copies, as HTML."""
    return f"{LEANING[record.lean()]} {_tell_copies(record)}"


def _tell_copies(record: NeighbourRecord) -> str:
    if not record.copies:
        return "A copy would lie at or near 0, and none does."
    seeds = ", ".join(map(str, record.copies))
    farthest = max(record.distances[place] for place in record.copies)
    return (
        f"<b>Copies, or nearly so: {len(record.copies)} of the {len(record.distances)}</b> "
        f"(seed {seeds}), at most {farthest:.2f} from a training image."
    )

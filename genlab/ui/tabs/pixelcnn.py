"""The PixelCNN page: a picture comes into being pixel by pixel, the model's doubt beside it.

What else such a model can be asked is in `genlab.ui.pixels`.
"""

import functools
import random
import time
import uuid
from collections.abc import Iterator

import gradio as gr

from genlab.core.cards import ModelCard
from genlab.core.errors import InputError
from genlab.core.protocols import Conditional, Incremental
from genlab.data import SIDE
from genlab.inference.autoregressive import MAX_SEED
from genlab.inference.cost import full_pass_seconds
from genlab.inference.runs import Run, Segment
from genlab.store import ModelStore, skeleton
from genlab.ui import kit, real_row
from genlab.ui.canvas import PixelPlayer
from genlab.ui.lessons import diagram, film, streams
from genlab.ui.lessons import pixelcnn as lessons
from genlab.ui.pixels import completion, lens
from genlab.ui.shown_runs import describe_cost, draw_run, measure

COUNTS = (1, 4, 16)
COOLEST, HOTTEST = 0.1, 3.0
STRONGEST = 5.0  # guidance
FIRST = "pixelcnn-mnist"  # the card that the page begins with
ANY = "any"  # class
KEPT_RUNS = 20  # of each visitor; older ones can no longer be branched from
DICE = 9999  # seeds that a visitor can remember

ORDERS = {"raster": "Row by row", "wavefront": "Wavefront"}
CLASS_INFO = "What the picture should show"
ORDER_INFO = "The same picture; the wavefront draws independent pixels together"

Runs = dict[str, Run]

PAGES = {"Completion": completion, "Likelihood": lens}
"""What else such a model can be asked, each beside a model picker."""


def offered_cards(store: ModelStore) -> list[ModelCard]:
    """What the page can draw; the plain PixelCNN comes first, since the others build upon it."""
    return sorted(store.cards_with(Incremental), key=lambda card: card.name != FIRST)


def opening(store: ModelStore) -> Runs:
    """What the page shows first, by its name: seed 0 of the first card; nothing without a card."""
    cards = offered_cards(store)
    if not cards:
        return {}
    segment = Segment(0, seed=0, temperature=1.0)
    return {"opening": Run(cards[0].name, COUNTS[0], "raster", (segment,))}


@functools.cache
def draw_opening(store: ModelStore) -> str:
    """The first picture, drawn before anybody asks; the naive rates are measured beside it."""
    for name, run in opening(store).items():
        for count in COUNTS:
            full_pass_seconds(store.get(run.card), count)
        return "".join(draw_run(store, run, name))
    raise InputError(
        "No PixelCNN is trained yet. Run `python -m train pixelcnn-mnist`, then reload the page."
    )


def fitting(store: ModelStore, name: str | None) -> tuple[dict, dict, dict]:
    """Settings of class, guidance and order as the card's network has them; they stay in place."""
    network = skeleton(store.card(name)) if name else None
    classes = network.classes if isinstance(network, Conditional) else 0
    orders = network.orders if isinstance(network, Incremental) else tuple(ORDERS)
    label = dict(
        choices=[("Any class", ANY), *((str(k), k) for k in range(classes))],
        value=ANY,
        interactive=classes > 0,
        info=CLASS_INFO if classes else "This network was trained without classes",
    )
    order = dict(
        choices=[(title, each) for each, title in ORDERS.items() if each in orders],
        value="raster",
        info=ORDER_INFO if len(orders) > 1 else "This network's cache serves one order",
    )
    return label, {"value": 1.0, "interactive": classes > 0}, order


def build(store: ModelStore) -> None:
    """Declare the page and wire it."""
    with gr.Tabs():
        with gr.Tab("Sampling"):
            build_drawing(store)
        for title, page in PAGES.items():
            with gr.Tab(title):
                page.build(store, pick_card(taking_examples(store)))


def taking_examples(store: ModelStore) -> list[ModelCard]:
    """The cards whose pictures are as large as the shipped examples."""
    size = (1, SIDE, SIDE)
    return [card for card in offered_cards(store) if skeleton(card).spec.shape == size]


def pick_card(cards: list[ModelCard]) -> gr.Dropdown:
    """A model picker of a page's own."""
    return gr.Dropdown(
        [(each.title, each.name) for each in cards],
        value=cards[0].name if cards else None,
        label="Model",
    )


def build_drawing(store: ModelStore) -> None:
    """The page that draws."""
    cards = offered_cards(store)
    runs = gr.State(opening(store))
    classes, guidances, orders = fitting(store, cards[0].name if cards else None)
    gr.Markdown(kit.text("pixelcnn"), elem_classes="genlab-question")
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            real = real_row.declare("pixelcnn-real")
            player = PixelPlayer(
                label="The picture that the PixelCNN draws",
                placeholder="Warming up: the network draws its first picture",
                selectable=True,
                elem_id="pixelcnn-player",
            )
            status = gr.Markdown("", elem_classes="genlab-status")
        with gr.Column(scale=1, min_width=304):
            card = pick_card(cards)
            label = gr.Dropdown(label="Class", **classes)
            images = gr.Radio(COUNTS, value=COUNTS[0], label="Images")
            with gr.Row(elem_classes="genlab-seed"):
                seed = gr.Number(0, label="Seed", precision=0, minimum=0, maximum=MAX_SEED)
                dice = gr.Button("Roll", min_width=64, elem_classes="genlab-dice")
            temperature = gr.Slider(
                COOLEST, HOTTEST, value=1.0, step=0.05, label="Temperature",
                info="1 is the model; lower plays safe",
            )  # fmt: skip
            drawing = gr.Button(
                "Draw", variant="primary", elem_id="pixelcnn-draw", elem_classes="genlab-primary"
            )
            stop = gr.Button(
                "Stop", variant="stop", visible=False,
                elem_id="pixelcnn-stop", elem_classes="genlab-primary",
            )  # fmt: skip
            with gr.Accordion("More", open=False):
                guidance = gr.Slider(
                    0.0, STRONGEST, step=0.1, label="Guidance",
                    info="How far towards the class: 0 forgets it, 1 is the model", **guidances,
                )  # fmt: skip
                order = gr.Radio(label="Order of drawing", **orders)
    real_row.follow(real, store, card, seed=seed, label=label, drawn=drawing.click)
    film.build(store, card)

    def views() -> None:
        diagram.build(store, card)
        streams.build(store, card, player, runs)

    lessons.build(store, card, player, runs, views=views)

    shown = [player, status, runs]
    settings = [card, images, seed, temperature, order, label, guidance, runs]
    draw, branch_off = _handlers(store)
    # `preprocess=False`: our own checks name the remedy, gradio's do not (or raise on NaN).
    kit.becomes_stop(drawing, stop, drawing.click)
    kit.becomes_stop(drawing, stop, player.branch)
    started = drawing.click(draw, settings, shown, show_progress="minimal",
                            show_progress_on=status, api_name="draw_pixels",
                            preprocess=False, **kit.COMPUTE)  # fmt: skip
    branched = player.branch(branch_off, [seed, temperature, runs], [*shown, seed],
                             show_progress="minimal", show_progress_on=status,
                             api_visibility="private", preprocess=False,
                             **kit.COMPUTE)  # fmt: skip
    kit.until_the_end(drawing, stop, [started, branched])
    refit = kit.readable_errors(lambda name: [gr.update(**each) for each in fitting(store, name)])
    card.change(refit, card,
                [label, guidance, order], show_progress="hidden", queue=False,
                api_visibility="private", preprocess=False)  # fmt: skip
    dice.click(None, None, seed, js=f"() => Math.floor(Math.random() * {DICE + 1})")
    kit.on_page_load(lambda: draw_opening(store), player)


def _handlers(store: ModelStore) -> tuple:
    """The two streaming handlers of the page."""

    def stream(run: Run, runs: Runs) -> Iterator[tuple]:
        name = uuid.uuid4().hex[:8]
        told = dict(list(runs.items())[-KEPT_RUNS + 1 :]) | {name: run}
        started = time.perf_counter()
        for content in kit.paced(draw_run(store, run, name)):
            yield content, gr.skip(), told
            told = gr.skip()
        cost = measure(store, run, time.perf_counter() - started)
        yield gr.skip(), describe_cost(cost), gr.skip()

    @kit.readable_errors
    def draw(
        card: str,
        images: int,
        seed: float,
        temperature: float,
        order: str,
        label: str | int,
        guidance: float,
        runs: Runs,
    ) -> Iterator[tuple]:
        count = kit.choice(images, "Images", COUNTS)
        run = Run(
            card=card,
            images=count,
            order=_offered_order(store, card, order),
            segments=(_segment(0, seed, temperature, count),),
            label=_offered_label(store, card, label),
            guidance=kit.number(guidance, "Guidance", 0.0, STRONGEST),
        )
        yield from stream(run, runs)

    @kit.readable_errors
    def branch_off(
        seed: float, temperature: float, runs: Runs, event: gr.EventData
    ) -> Iterator[tuple]:
        asked = event._data if isinstance(event._data, dict) else {}
        run = runs.get(str(asked.get("run")))
        if run is None:
            raise InputError("This run is no longer known here. Press Draw, then branch again.")
        model = store.get(run.card)
        pixels = model.spec.height * model.spec.width
        position = kit.whole_number(asked.get("position"), "The pixel to branch at", 1, pixels - 1)
        segment = _segment(position, seed, temperature, run.images)
        last = run.segments[-1]
        if (segment.seed, segment.temperature) == (last.seed, last.temperature):
            segment = _segment(position, _another_seed(last.seed), temperature, run.images)
        for values in stream(run.branch(segment), runs):
            yield *values, segment.seed

    return draw, branch_off


def _offered_order(store: ModelStore, card: str, order: object) -> str:
    """The order of drawing, where the card's network has it."""
    chosen = kit.choice(order, "Order", tuple(ORDERS))
    model = store.get(card)
    if not isinstance(model, Incremental) or chosen not in model.orders:
        raise InputError(
            f"{store.card(card).title} cannot draw in the order “{ORDERS[chosen]}”. Choose the "
            "other order under More, or another model."
        )
    return chosen


def _offered_label(store: ModelStore, card: str, label: object) -> int | None:
    """The class to draw, where the card's network knows classes; None for any."""
    if label == ANY:
        return None
    model = store.get(card)
    if not isinstance(model, Conditional):
        raise InputError(
            f"{store.card(card).title} was trained without classes. Choose “Any class”, or "
            "another model."
        )
    return kit.whole_number(label, "Class", 0, model.classes - 1)


def _another_seed(seed: int) -> int:
    return (seed + random.randint(1, DICE)) % (DICE + 1)


def _segment(start: int, seed: object, temperature: object, images: int) -> Segment:
    return Segment(
        start,
        seed=kit.whole_number(seed, "Seed", 0, MAX_SEED - images + 1),
        temperature=kit.number(temperature, "Temperature", COOLEST, HOTTEST),
    )


def warm_up(store: ModelStore) -> None:
    """What the pages open with, and the scores that many visitors ask for."""
    draw_opening(store)
    for card in taking_examples(store)[:1]:
        lens.warm_up(store, card.name)


TAB = kit.Tab(title="PixelCNN", order=1, build=build, warm_up=warm_up)

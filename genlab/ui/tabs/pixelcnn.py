"""The PixelCNN page: a picture comes into being pixel by pixel, the model's doubt beside it."""

import functools
import random
import time
import uuid
from collections.abc import Generator, Iterator

import gradio as gr

from genlab.core.errors import InputError
from genlab.core.protocols import Incremental
from genlab.inference.autoregressive import MAX_SEED, in_bursts
from genlab.inference.cost import RunCost, full_pass_seconds
from genlab.inference.runs import Run, Segment, make_run_stepper, stream_run
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas import PixelPlayer
from genlab.ui.canvas.payload import RunEncoder
from genlab.ui.lessons import pixelcnn as lessons

COUNTS = (1, 4, 16)
COOLEST, HOTTEST = 0.1, 3.0
KEPT_RUNS = 20  # of each visitor; older ones can no longer be branched from
BURST = 14  # steps that are encoded together, some 5 ms of computing
DICE = 9999  # seeds that a visitor can remember

ORDERS = {"raster": "Row by row", "wavefront": "Wavefront"}

Runs = dict[str, Run]


def describe(store: ModelStore, run: Run) -> str:
    """The caption: which card drew it, from which seeds."""
    title = store.card(run.card).title
    return " · ".join([title, *(_describe_segment(each, run.images) for each in run.segments)])


def _describe_segment(segment: Segment, images: int) -> str:
    seeds = f"seed {segment.seed}"
    if images > 1:
        seeds = f"seeds {segment.seed}–{segment.seed + images - 1}"
    start = f"from pixel {segment.start}: " if segment.start else ""
    heat = f", temperature {segment.temperature:g}" if segment.temperature != 1 else ""
    return f"{start}{seeds}{heat}"


def draw_run(store: ModelStore, run: Run, name: str) -> Generator[str, None, None]:
    """The payload of a run, piece by piece."""
    model = store.get(run.card)
    stepper = make_run_stepper(model, run)
    encoder = RunEncoder(
        run=name,
        rows=model.spec.height,
        cols=model.spec.width,
        images=run.images,
        levels=model.spec.levels,
        skew=stepper.skew,
        start=run.segments[-1].start,
        caption=describe(store, run),
    )
    yield encoder.header()
    for frame in in_bursts(stream_run(model, run, stepper), BURST):
        yield encoder.cells(
            frame.levels[..., 0].numpy(),
            frame.entropy.numpy(),
            frame.surprise.numpy(),
            frame.probabilities[:, :, 0].numpy(),
        )


def describe_cost(cost: RunCost) -> str:
    """The bill in words; every number in it was measured or counted."""
    images = "one image" if cost.images == 1 else f"{cost.images} images"
    return (
        f"**{cost.seconds:.2f} s** of computing in **{cost.steps} steps** for {images}. A naive "
        f"sampler runs the whole network {cost.full_passes} times; at "
        f"{1000 * cost.full_pass_seconds:.1f} ms a pass, measured on this server, that is "
        f"{cost.naive_seconds:.1f} s: **{cost.speed_up:.0f} times** as long."
    )


def measure(store: ModelStore, run: Run, seconds: float) -> RunCost:
    """What a finished run cost."""
    model = store.get(run.card)
    return RunCost(
        images=run.images,
        steps=len(make_run_stepper(model, run).fronts),
        seconds=seconds,
        full_passes=model.spec.height * model.spec.width,
        full_pass_seconds=full_pass_seconds(model, run.images),
    )


def opening(store: ModelStore) -> Runs:
    """What the page shows first, by its name: seed 0 of the first card; nothing without a card."""
    cards = store.cards_with(Incremental)
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


def build(store: ModelStore) -> None:
    """Declare the page and wire it."""
    cards = store.cards_with(Incremental)
    runs = gr.State(opening(store))
    gr.Markdown(kit.text("pixelcnn"), elem_classes="genlab-question")
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            player = PixelPlayer(
                label="The picture that the PixelCNN draws",
                placeholder="Warming up: the network draws its first picture",
                selectable=True,
                elem_id="pixelcnn-player",
            )
            status = gr.Markdown("", elem_classes="genlab-status")
        with gr.Column(scale=1, min_width=280):
            card = gr.Dropdown(
                [(each.title, each.name) for each in cards],
                value=cards[0].name if cards else None,
                label="Model",
            )
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
                order = gr.Radio(
                    [(title, name) for name, title in ORDERS.items()],
                    value="raster", label="Order of drawing",
                    info="The same picture; the wavefront draws independent pixels together",
                )  # fmt: skip
    lessons.build(store, card, player, runs)

    shown = [player, status, runs]
    settings = [card, images, seed, temperature, order, runs]
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
        card: str, images: int, seed: float, temperature: float, order: str, runs: Runs
    ) -> Iterator[tuple]:
        count = kit.choice(images, "Images", COUNTS)
        run = Run(
            card=card,
            images=count,
            order=_offered_order(store, card, order),
            segments=(_segment(0, seed, temperature, count),),
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


def _another_seed(seed: int) -> int:
    return (seed + random.randint(1, DICE)) % (DICE + 1)


def _segment(start: int, seed: object, temperature: object, images: int) -> Segment:
    return Segment(
        start,
        seed=kit.whole_number(seed, "Seed", 0, MAX_SEED - images + 1),
        temperature=kit.number(temperature, "Temperature", COOLEST, HOTTEST),
    )


TAB = kit.Tab(title="PixelCNN", order=1, build=build, warm_up=draw_opening)

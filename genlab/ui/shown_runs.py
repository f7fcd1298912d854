"""Runs as a page shows them: the payload that the player plays, the caption, the bill."""

from collections.abc import Generator

from genlab import data
from genlab.inference.cost import RunCost, full_pass_seconds
from genlab.inference.pixel_frames import in_bursts
from genlab.inference.runs import (
    Run,
    Segment,
    make_run_stepper,
    sized,
    stream_run,
)
from genlab.store import ModelStore
from genlab.ui.canvas.payload import RunEncoder

BURST = 14  # steps that are encoded together, some 5 ms of computing


def describe(store: ModelStore, run: Run) -> str:
    """The caption: which card drew it, how large, of which class, from which seeds."""
    parts = [store.card(run.card).title]
    if run.size is not None:
        parts.append(f"{run.size} × {run.size} pixels")
    if run.label is not None:
        guidance = f", guidance {run.guidance:g}" if run.guidance != 1 else ""
        parts.append(f"class {data.class_name(store.card(run.card).data, run.label)}{guidance}")
    return " · ".join(parts + [_describe_segment(each, run.images) for each in run.segments])


def _describe_segment(segment: Segment, images: int) -> str:
    seeds = f"seed {segment.seed}"
    if images > 1:
        seeds = f"seeds {segment.seed}–{segment.seed + images - 1}"
    start = f"from pixel {segment.start}: " if segment.start else ""
    heat = f", temperature {segment.temperature:g}" if segment.temperature != 1 else ""
    cut = f", {_describe_top_p(segment.top_p)}" if segment.top_p != 1 else ""
    return f"{start}{seeds}{heat}{cut}"


def _describe_top_p(top_p: float) -> str:
    return f"top-p {top_p:g}" if top_p else "argmax"


def describe_laws(run: Run) -> tuple[tuple[int, str], ...]:
    """From which positions on pixels are drawn from what else than the model's own distribution.

    Returns:
        the first position and the settings in words, "" for the model itself; in their order.
    """
    return tuple((each.start, _describe_law(each, run.guidance)) for each in run.segments)


def _describe_law(segment: Segment, guidance: float) -> str:
    settings = {"guidance": guidance, "temperature": segment.temperature, "top-p": segment.top_p}
    return ", ".join(f"{name} {value:g}" for name, value in settings.items() if value != 1)


def draw_run(store: ModelStore, run: Run, name: str) -> Generator[str, None, None]:
    """The payload of a run, piece by piece."""
    model = store.get(run.card)
    spec = sized(model, run).spec
    stepper = make_run_stepper(model, run)
    encoder = RunEncoder(
        run=name,
        rows=spec.height,
        cols=spec.width,
        images=run.images,
        levels=spec.levels,
        skew=stepper.skew,
        start=run.segments[-1].start,
        caption=describe(store, run),
        laws=describe_laws(run),
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
    spec = sized(model, run).spec
    passes_a_pixel = 1 if run.guidance == 1 else 2  # with the class, and without
    return RunCost(
        images=run.images,
        steps=len(make_run_stepper(model, run).fronts),
        seconds=seconds,
        full_passes=passes_a_pixel * spec.height * spec.width,
        full_pass_seconds=full_pass_seconds(model, run.images, run.size),
    )

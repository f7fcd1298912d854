"""What the checks of *Common mistakes* try about whole runs from noise to pictures.

Few pictures and few steps, so that an answer takes a second: enough to compare runs picture by
picture, never enough to measure quality, for which the card's figures stand.
"""

import statistics

import torch
from torch import Tensor

from genlab import data
from genlab.analysis.diffusion_figures import walk_figure
from genlab.analysis.diversity import mean_pairwise_distance
from genlab.analysis.figures import describe
from genlab.core.errors import CheckpointError
from genlab.core.frames import last
from genlab.core.protocols import Classifier, Denoiser
from genlab.inference.diffusion import DiffusionSettings, stream_diffusion
from genlab.inference.image_noise import ImageNoise
from genlab.store import ModelStore
from genlab.ui.judges import judge_of

SEED = 0
PICTURES = 4  # of each run; more take longer than a visitor wants to wait
RUNS = (3, 6, 12, 24)  # steps, each twice as many
MEASURED = (4, 8, 20, 50, 250, 1000)  # steps of which cards have figures
STEPS = 12  # where their number is not the question
GUIDED_STEPS = 6
SCALES = (1.0, 4.0)
GUIDED = 8  # pictures of one class
NOTHING = 1e-6  # a difference that is none; nothing is divided by less
CLASS = 7  # a digit that is written in two ways; a sneaker


def draw(
    model: Denoiser, settings: DiffusionSettings, *, label: int | None = None, count: int = PICTURES
) -> Tensor:
    """Pictures of the seeds `SEED`, `SEED` + 1, …, (count, C, H, W) in [0, 1]."""
    noise = ImageNoise(model.spec, SEED, count)
    labels = None if label is None else torch.full((count,), label)
    return last(stream_diffusion(model, noise, settings, labels=labels)).images


def apart(one: Tensor, other: Tensor) -> float:
    """Root mean square difference of a pixel; black and white have the distance 1."""
    return (one - other).double().square().mean().sqrt().item()


def moved(one: Tensor, other: Tensor) -> float:
    """The same of each picture, and the median of them: one may become quite another picture."""
    return (one - other).double().square().flatten(1).mean(dim=1).sqrt().median().item()


def check_more_steps(store: ModelStore, name: str) -> str:
    """How far pictures move when the number of steps is doubled, and the card's own figures."""
    model = store.get(name)
    runs = [min(steps, model.schedule.steps) for steps in RUNS]
    drawn = [draw(model, DiffusionSettings(steps)) for steps in runs]
    rows = [
        f"| {few} → {many} | {moved(one, other):.4f} |"
        for few, many, one, other in zip(runs, runs[1:], drawn, drawn[1:], strict=False)
    ]
    share = moved(drawn[-2], drawn[-1]) / max(moved(drawn[0], drawn[1]), NOTHING)
    return (
        f"{PICTURES} pictures of the same noises by DDIM without luck, and how far a pixel moves "
        "when the steps are doubled (black to white is 1; the median picture):\n\n"
        "| steps | moved |\n|---|---:|\n"
        + "\n".join(rows)
        + f"\n\nThe last doubling moves it **{share:.2f}** times as far as the first, for "
        f"{(runs[-1] - runs[-2]) / (runs[1] - runs[0]):g} times as many passes. So few pictures "
        f"say nothing about quality, and another seed gives other numbers. {_quality(store, name)}"
    )


def _quality(store: ModelStore, name: str) -> str:
    """The card's distances to real pictures by steps, as far as they can be compared."""
    try:
        figures = store.card_file(name).figures
    except CheckpointError:
        figures = {}
    found = {steps: walk_figure(figures, steps) for steps in MEASURED}
    measured = {steps: figure for steps, figure in found.items() if figure is not None}
    number = statistics.multimode(each.n for each in measured.values())[:1]
    alike = {steps: each for steps, each in measured.items() if each.n in number}
    if len(alike) < 2:
        return f"That is not measured yet: run `python -m train.evaluate {name}`."
    told = "; ".join(f"{steps} steps: {describe(each)}" for steps, each in alike.items())
    return (
        f"The card has it measured by FID on {number[0]:,} pictures, as multiples of what real "
        f"pictures have, smaller being better: **{told}**."
    )


def check_same_seed(store: ModelStore, name: str) -> str:
    """The same noises by three samplers, compared picture by picture."""
    model = store.get(name)
    steps = min(STEPS, model.schedule.steps)
    ddim, solver, ddpm = (
        draw(model, DiffusionSettings(steps, sampler))
        for sampler in ("ddim", "dpm-solver++", "ddpm")
    )
    calm, lucky = apart(ddim, solver), apart(ddim, ddpm)
    return (
        f"{PICTURES} noises, {steps} steps each; how far a pixel of a DDIM picture is from that of "
        "(black to white is 1):\n\n| | distance |\n|---|---:|\n"
        f"| DPM-Solver++, same seed, no luck | **{calm:.3f}** |\n"
        f"| DDPM, same seed, fresh noise at each step | **{lucky:.3f}** |\n"
        f"| DDIM, another seed | {apart(ddim, ddim.roll(1, dims=0)):.3f} |\n\n"
        f"The sampler with luck ends **{lucky / max(calm, NOTHING):.1f}** times as far away as the "
        "one without. Other seeds and other numbers of steps give other numbers."
    )


def check_guidance(store: ModelStore, name: str) -> str:
    """How different the pictures of a class are, and what a judge says, with two scales."""
    model = store.get(name)
    judge = judge_of(store, name, model.spec)
    label, steps = min(CLASS, model.classes - 1), min(GUIDED_STEPS, model.schedule.steps)
    named = data.class_name(store.card(name).data, label)
    rows, spread = [], []
    for scale in SCALES:
        settings = DiffusionSettings(steps, guidance=scale)
        pictures = draw(model, settings, label=label, count=GUIDED)
        spread.append(mean_pairwise_distance(pictures))
        passes = 1 if scale == 1 else 2
        taken = "–" if judge is None else f"{probability(judge, pictures, label):.3f}"
        rows.append(f"| {scale:g} | **{spread[-1]:.3f}** | {taken} | {steps * passes} |")
    change = spread[1] / max(spread[0], NOTHING) - 1
    went = "less" if change < 0 else "more"
    return (
        f"{GUIDED} pictures of class {named}, the same noises in {steps} steps of DDIM:\n\n"
        "| scale | mean distance of two | judge's p(class) | passes a picture |\n"
        "|---:|---:|---:|---:|\n" + "\n".join(rows) + f"\n\nWith the scale {SCALES[1]:g} they "
        f"differ **{abs(change):.0%} {went}** from one another. It is a draw of {GUIDED}: other "
        "seeds and classes give other numbers."
    )


@torch.inference_mode()
def probability(judge: Classifier, pictures: Tensor, label: int) -> float:
    """The mean probability that a judge gives to a class."""
    return judge.classify(pictures).softmax(dim=1)[:, label].mean().item()

"""What the page of fewer steps computes and says: rows by number of steps and by share of luck."""

from collections.abc import Generator, Mapping, Sequence

from genlab.analysis.diffusion_figures import FEW, walk_figure
from genlab.analysis.diversity import mean_pairwise_distance
from genlab.core.cards import Figure
from genlab.core.errors import CheckpointError
from genlab.inference.diffusion import DiffusionSettings
from genlab.inference.diffusion_steps import SAMPLER_NAMES
from genlab.store import ModelStore
from genlab.ui.canvas.multiples import line
from genlab.ui.diffusion.same_noise_views import (
    Beginning,
    Row,
    change,
    heading,
    marks_of,
    noise_line,
    notes_of,
    percent,
    run,
    seconds,
)

STEPS = (4, 8, 20, 50, 250)
ETAS = (0.0, 0.25, 0.5, 0.75, 1.0)
COLUMNS = 6
ENOUGH = 5  # of the columns: so many recognised pictures are a row that one recognises
FIGURES = ("Passes", "Time now", "Quality", "Changed by")
UNMEASURED = "not measured"
LUCK = {"ddim": 0.0, "dpm-solver++": 0.0, "ddpm": 1.0}
"""The share of luck η of each sampler: an ancestral step is one of DDIM with η = 1."""


def quality(figures: Mapping[str, Figure], settings: DiffusionSettings) -> str:
    """What the card says about a setting: its Fréchet distance as a multiple of the floor.

    Another number of pictures than the usual one is told: its floor is another one, too.

    An ancestral step and one of DDIM with η = 1 have the same law, so one figure serves both.
    """
    steps, sampler, eta = settings.steps, settings.sampler, settings.eta
    found = walk_figure(figures, steps, sampler=sampler, eta=eta)
    if found is None and sampler == "ddpm":
        found = walk_figure(figures, steps, eta=LUCK[sampler])
    if found is None:
        return UNMEASURED
    number = "" if found.n == FEW else f", n = {found.n:,}"
    return f"{found.value:.1f} ± {found.standard_error:.1f} × floor{number}"


def figures_of(store: ModelStore, card: str) -> Mapping[str, Figure]:
    """What was measured of a card; nothing where its file cannot be read."""
    try:
        return store.card_file(card).figures
    except CheckpointError:
        return {}


def stream(
    store: ModelStore, start: Beginning, ways: Sequence[DiffusionSettings], done: list[Row]
) -> Generator[str, None, None]:
    """The noise, then a row a setting.

    Args:
        done: gets the rows as they are finished.
    """
    figures = figures_of(store, start.card)
    yield noise_line(start)
    for place, settings in enumerate(ways, 1):
        if settings.steps > start.model.schedule.steps:
            yield line(place, note=f"its T is {start.model.schedule.steps}")
            continue
        row = yield from run(start, settings, place)
        moved = percent(change(done[-1].images, row.images)) if done else "–"
        done.append(row)
        yield line(
            place, row.images, note="", notes=notes_of(store, start, row),
            marks=marks_of(start, row),
            figures=[str(row.passes), seconds(row.seconds), quality(figures, settings), moved],
        )  # fmt: skip


def ways_by_steps(sampler: str) -> list[DiffusionSettings]:
    """The rows of the first table."""
    return [DiffusionSettings(steps, sampler) for steps in STEPS]


def ways_by_luck(steps: int) -> list[DiffusionSettings]:
    """The rows of the second table."""
    return [DiffusionSettings(steps, "ddim", eta) for eta in ETAS]


def describe_steps(
    store: ModelStore, start: Beginning, sampler: str, done: Sequence[Row], guess: int | None
) -> str:
    """What the rows say about the guess, and how they differ from one another."""
    told = heading(store, start, [SAMPLER_NAMES[sampler]])
    return f"{verdict(start, sampler, done, guess)}\n\n{told}. {_drift(sampler, done)}"


def verdict(start: Beginning, sampler: str, done: Sequence[Row], guess: int | None) -> str:
    """From how few steps the judge recognises the class."""
    said = "You made no guess." if guess is None else f"You said {guess} steps."
    counts = recognised(start, sampler, done)
    if counts is None:
        return f"**{said}** {_no_judgement(start)}"
    listed = ", ".join(map(str, counts))
    return (
        f"**{said} The judge recognises at least {ENOUGH} of {COLUMNS} pictures {_where(counts)}."
        f"** Row by row it recognises {listed}"
        + ("." if start.label is not None else ": it takes the last row for the truth.")
    )


def _where(counts: Sequence[int]) -> str:
    """In which rows enough is recognised; "on" from the first after which no row has less."""
    steps = STEPS[: len(counts)]  # rows beyond the card's T are not drawn
    enough = [n for n, right in zip(steps, counts, strict=True) if right >= ENOUGH]
    last_short = max((n for n in steps if n not in enough), default=0)
    if not enough:
        return "in none of the rows"
    if last_short == steps[-1]:
        return f"with {' and '.join(map(str, enough))} steps, but not with {last_short}"
    return f"from {next(n for n in steps if n > last_short)} steps on"


def recognised(start: Beginning, sampler: str, done: Sequence[Row]) -> list[int] | None:
    """How many pictures of each row the judge puts into the right class; None: nobody can say.

    Where no class was asked for, the right one is what the last row shows, if luck leaves it be.
    """
    if start.judge is None or not done:
        return None
    if start.label is not None:
        return [row.right(start.label) for row in done]
    if LUCK[sampler]:
        return None
    truth = done[-1].seen
    return [sum(a == b for a, b in zip(row.seen, truth, strict=True)) for row in done]


def _no_judgement(start: Beginning) -> str:
    if start.judge is None:
        return "No judge of this data is trained, so trust your own eyes."
    return (
        "No class was asked for, and with luck in each step the rows show other pictures, so there "
        "is no right answer. Choose a class to have the rows judged."
    )


def _drift(sampler: str, done: Sequence[Row]) -> str:
    """How far rows are from one another, against how far pictures are."""
    if len(done) < 2:
        return ""
    last = change(done[-2].images, done[-1].images)
    apart = mean_pairwise_distance(done[-1].images)
    luck = (
        "every step adds fresh luck, and other steps add other luck"
        if LUCK[sampler]
        else "nothing but the noise decides, and more steps only follow its path more closely"
    )
    return (
        f"With the same noise, the last two rows differ by {percent(last)} of the grey range (root "
        f"mean square of a pixel); two different pictures of the last row by {percent(apart)}: "
        f"{luck}."
    )


def describe_luck(store: ModelStore, start: Beginning, steps: int, done: Sequence[Row]) -> str:
    """How far luck leads from what the noise alone decides."""
    told = heading(store, start, [f"DDIM, {steps} steps"])
    if len(done) < 2:
        return f"{told}."
    away = ", ".join(percent(change(done[0].images, row.images)) for row in done[1:])
    return (
        f"{told}. From the row without luck, the others differ by {away} of the grey range; two "
        f"different pictures of that row by {percent(mean_pairwise_distance(done[0].images))}."
    )

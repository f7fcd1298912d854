"""What the page says about recorded runs: how they end, what sets them apart, how to repeat them.

Every number comes from the recording that is shown.
"""

from collections.abc import Sequence

from genlab.films.recording import Recording
from genlab.ui.canvas.recording_charts import tell_end

SHA = 12  # letters of a hash that are shown


def name_run(run: Recording) -> str:
    """Title and seed."""
    return f"{run.title}, seed {run.seed}"


def tell_whose_end(run: Recording) -> str:
    """How a run ends: its last losses and what was covered, in a sentence."""
    return f"**{name_run(run)}** ends with {tell_end(run)}."


def tell_run(run: Recording, others: Sequence[Recording]) -> str:
    """What the run is about, its end, and the end of those to compare it with."""
    return " ".join([run.told, *(tell_whose_end(each) for each in (run, *others))])


def settings_table(run: Recording, others: Sequence[Recording]) -> str:
    """All settings in Markdown; what is otherwise in another run is marked and told."""
    head = ["", "Setting", f"{run.title} (shown)", *(each.title for each in others)]
    rows = [_row(run, others, name) for name in run.settings]
    lines = [head, ["---"] * len(head), *rows]
    table = "\n".join("| " + " | ".join(_cell(text) for text in line) + " |" for line in lines)
    return f"{table}\n\n{_tell_differences(run, others)}"


def _row(run: Recording, others: Sequence[Recording], name: str) -> list[str]:
    shown = run.settings[name]
    theirs = [each.settings.get(name, "–") for each in others]
    differs = any(other != shown for other in theirs)
    emphasis = "**" if differs else ""
    return ["≠" if differs else "", name, f"{emphasis}{shown}{emphasis}", *theirs]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _tell_differences(run: Recording, others: Sequence[Recording]) -> str:
    """How many settings differ, from each of the others."""
    counts = [
        f"{sum(each.settings.get(key) != value for key, value in run.settings.items())} from "
        f"{each.title}"
        for each in others
    ]
    return f"≠ marks what differs: {', '.join(counts)}." if counts else ""


def tell_origin(run: Recording) -> str:
    """How to record it again, and what it was recorded with."""
    return (
        f"Recorded with\n\n```\n{run.command}\n```\n\nThis repeats the run and compares every "
        f"picture's hash:\n\n```\n{run.command} --verify\n```\n\nRevision `{run.revision[:SHA]}`, "
        f"torch {run.torch}, sha256 of the codes `{run.codes[:SHA]}…`. All pictures are made from "
        "the same codes, so only the weights change."
    )

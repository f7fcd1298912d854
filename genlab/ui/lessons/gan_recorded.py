"""How the recorded runs end: what their losses say beside what their pictures cover."""

from pathlib import Path

from genlab.core.errors import DataError
from genlab.films.recording import RECORDINGS, Recording, load_recording, recorded
from genlab.ui.canvas.recording_charts import tell_end


def check_recorded(folder: Path = RECORDINGS) -> str:
    """The last losses and coverage of every recorded run, in Markdown; "" where there is none."""
    lines = [f"- **{run.title}**, seed {run.seed}: {tell_end(run)}" for run in _whole(folder)]
    if not lines:
        return ""
    told = "\n".join(lines)
    return f"And on pictures? The runs recorded under *Collapse*, above, end like this:\n\n{told}"


def _whole(folder: Path) -> list[Recording]:
    """Those that can be read; the page of the recordings says what is wrong with the others."""
    runs = []
    for name, seeds in recorded(folder).items():
        for seed in seeds:
            try:
                runs.append(load_recording(name, seed, folder))
            except DataError:
                continue
    return runs

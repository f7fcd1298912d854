"""`runs/<card>/`: the state to resume from, the log, the loss curve and the training film.

Every file but the log is written beside its place and moved there, so that a kill at any moment
leaves the last whole one. The log only grows; what a kill left behind its last saved state, half a
line perhaps, is dropped when the run goes on.
"""

import dataclasses
import hashlib
import io
import json
import pickle
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import torch
from torch import Tensor

from genlab.core.images import image_grid, to_picture
from train.errors import TrainingError
from train.loop import Moment
from train.replace import replacing
from train.run import Run

REMEDY = (
    "The last good state is still there: free some room and go on with --resume, or choose another "
    "folder with --runs."
)


class RunFolder:
    """The files of one training run.

    Raises:
        TrainingError: the folder cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            (path / "film").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise TrainingError(
                f"Cannot write to {path} ({error.strerror}). Choose another folder with --runs."
            ) from error

    @property
    def has_state(self) -> bool:
        """Whether there is something to resume."""
        return (self.path / "state.pt").exists()

    def save_state(self, state: dict[str, object]) -> None:
        """Replace the state in one move."""
        content = io.BytesIO()  # torch, writing to a full disk, raises a RuntimeError of its own
        torch.save(state, content)
        self._replace("state.pt", content.getvalue())

    def load_state(self) -> dict[str, object]:
        """The last state; tensors and numbers only, nothing in it is executed.

        Raises:
            TrainingError: there is none, or it is damaged.
        """
        if not self.has_state:
            raise TrainingError(f"There is no run in {self.path}. Start one without --resume.")
        try:
            return torch.load(self.path / "state.pt", map_location="cpu", weights_only=True)
        except (OSError, RuntimeError, ValueError, EOFError, pickle.UnpicklingError) as error:
            raise self._damaged("state.pt") from error

    def save_run(self, run: Run) -> None:
        """Remember what was asked for."""
        self._replace("run.json", _as_json(dataclasses.asdict(run)))

    def load_run(self) -> Run | None:
        """What was asked for; None in a run older than this file.

        Raises:
            TrainingError: it is damaged.
        """
        path = self.path / "run.json"
        if not path.exists():
            return None
        try:
            return Run(**json.loads(path.read_text(encoding="utf8")))
        except (OSError, ValueError, TypeError) as error:
            raise self._damaged("run.json") from error

    def log(self, moment: Moment, **more: float) -> None:
        """Append a line of JSON."""
        line = json.dumps({**dataclasses.asdict(moment), **more})
        path = self.path / "log.jsonl"
        try:
            with path.open("a", encoding="utf8") as file:
                file.write(line + "\n")
        except OSError as error:
            raise TrainingError(f"Cannot write {path} ({error.strerror}). {REMEDY}") from error

    def read_log(self) -> list[dict]:
        """All whole lines of the log so far."""
        path = self.path / "log.jsonl"
        lines = path.read_text(encoding="utf8").splitlines() if path.exists() else []
        entries = []
        for line in lines:
            with suppress(ValueError):  # half a line, of a process that was killed there
                entries.append(json.loads(line))
        return entries

    def forget_after(self, step: int) -> None:
        """Drop what a killed run logged and filmed behind the state from which it goes on."""
        kept = [line for line in self.read_log() if line["step"] <= step]
        self._replace("log.jsonl", "".join(json.dumps(line) + "\n" for line in kept).encode())
        film = self.read_film()
        self._replace("film/film.json", _as_json([e for e in film if e["step"] <= step]))
        for entry in film:
            if entry["step"] > step:
                (self.path / _frame(entry["index"])).unlink(missing_ok=True)

    def add_to_film(self, index: int, images: Tensor, entry: dict[str, object]) -> None:
        """Keep the picture of one moment, and its hash: (B, C, H, W) in [0, 1]."""
        from PIL import Image

        grid = to_picture(image_grid(images)).movedim(0, -1).squeeze(-1).numpy()
        picture = io.BytesIO()
        Image.fromarray(grid).save(picture, format="PNG")
        self._replace(_frame(index), picture.getvalue())
        digest = hashlib.sha256(grid.tobytes()).hexdigest()
        frames = [frame for frame in self.read_film() if frame["index"] != index]
        frames.append({"index": index, **entry, "sha256": digest})
        frames.sort(key=lambda frame: frame["index"])
        self._replace("film/film.json", _as_json(frames))

    def keep_of_film(self, chosen: Sequence[int]) -> None:
        """Leave these pictures only, rising indices, and number them anew."""
        film = self.read_film()
        kept = [film[index] for index in chosen]
        for index, entry in enumerate(kept):  # never behind itself, so nothing is overwritten
            if entry["index"] != index:
                self._replace(_frame(index), (self.path / _frame(entry["index"])).read_bytes())
        numbered = [entry | {"index": index} for index, entry in enumerate(kept)]
        self._replace("film/film.json", _as_json(numbered))
        for entry in film[len(kept) :]:
            (self.path / _frame(entry["index"])).unlink(missing_ok=True)

    def read_film(self) -> list[dict]:
        """The film's entries so far, in their order."""
        path = self.path / "film" / "film.json"
        return json.loads(path.read_text(encoding="utf8")) if path.exists() else []

    def plot_losses(self) -> None:
        """Draw the log as `loss.png`."""
        from matplotlib.figure import Figure

        log = self.read_log()
        figure = Figure(figsize=(7, 4), layout="constrained")
        axes = figure.subplots()
        axes.plot([e["seconds"] / 60 for e in log], [e["losses"]["loss"] for e in log], lw=0.5)
        checked = [e for e in log if "validation" in e]
        axes.plot(
            [e["seconds"] / 60 for e in checked], [e["validation"] for e in checked], "o-", ms=3
        )
        axes.set(xlabel="training time in minutes", ylabel="loss (line: batch, dots: validation)")
        if checked:
            axes.set_ylim(top=1.3 * checked[-1]["validation"] + 20)
        plot = io.BytesIO()
        figure.savefig(plot, format="png", dpi=120)
        self._replace("loss.png", plot.getvalue())

    def _replace(self, name: str, content: bytes) -> None:
        with replacing(self.path / name, remedy=REMEDY) as fresh:
            fresh.write_bytes(content)

    def _damaged(self, name: str) -> TrainingError:
        return TrainingError(
            f"{self.path / name} is damaged. Remove the folder {self.path} and start anew, or from "
            "the last checkpoint with --init-from."
        )


def _frame(index: int) -> str:
    return f"film/{index:02}.png"


def _as_json(content: object) -> bytes:
    return json.dumps(content, indent=1).encode()

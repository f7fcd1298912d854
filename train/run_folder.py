"""`runs/<card>/`: the state to resume from, the log, the loss curve and the training film.

Everything is written beside its place and moved there, so that a kill at any moment leaves the
last whole file.
"""

import dataclasses
import hashlib
import json
import os
from pathlib import Path

import torch
from torch import Tensor

from genlab.core.images import image_grid, to_picture
from train.errors import TrainingError
from train.loop import Moment


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
        self._replace("state.pt", lambda path: torch.save(state, path))

    def load_state(self) -> dict[str, object]:
        """The last state; tensors and numbers only, nothing in it is executed.

        Raises:
            TrainingError: there is none.
        """
        if not self.has_state:
            raise TrainingError(f"There is no run in {self.path}. Start one without --resume.")
        return torch.load(self.path / "state.pt", map_location="cpu", weights_only=True)

    def log(self, moment: Moment, **more: float) -> None:
        """Append a line of JSON."""
        line = json.dumps({**dataclasses.asdict(moment), **more})
        with (self.path / "log.jsonl").open("a", encoding="utf8") as file:
            file.write(line + "\n")

    def read_log(self) -> list[dict]:
        """All lines of the log so far."""
        path = self.path / "log.jsonl"
        lines = path.read_text(encoding="utf8").splitlines() if path.exists() else []
        return [json.loads(line) for line in lines]

    def forget_log_after(self, step: int) -> None:
        """Drop what a killed run logged behind the state from which it is resumed."""
        kept = [line for line in self.read_log() if line["step"] <= step]
        text = "".join(json.dumps(line) + "\n" for line in kept)
        self._replace("log.jsonl", lambda path: path.write_text(text, encoding="utf8"))

    def add_to_film(self, index: int, images: Tensor, entry: dict[str, float]) -> None:
        """Keep the picture of one moment, and its hash: (B, C, H, W) in [0, 1]."""
        from PIL import Image

        grid = to_picture(image_grid(images)).movedim(0, -1).squeeze(-1).numpy()
        self._replace(
            f"film/{index:02}.png", lambda path: Image.fromarray(grid).save(path, format="PNG")
        )
        digest = hashlib.sha256(grid.tobytes()).hexdigest()
        frames = [frame for frame in self.read_film() if frame["index"] != index]
        frames.append({"index": index, **entry, "sha256": digest})
        frames.sort(key=lambda frame: frame["index"])
        text = json.dumps(frames, indent=1)
        self._replace("film/film.json", lambda path: path.write_text(text, encoding="utf8"))

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
        self._replace("loss.png", lambda path: figure.savefig(path, format="png", dpi=120))

    def _replace(self, name: str, write) -> None:  # noqa: ANN001 (a function of a path)
        target = self.path / name
        fresh = target.with_name(target.name + ".new")
        try:
            write(fresh)
            os.replace(fresh, target)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise TrainingError(
                f"Cannot write {target} ({error.strerror}). The last good file is still there. "
                "Free some room, or choose another folder with --runs."
            ) from error

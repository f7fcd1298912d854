"""`python -m train film <name>` records a training run for the pages; `--verify` repeats one.

The run's own networks draw the pictures, from the same codes at every moment, and a judge that has
nothing to do with the training measures what the losses do not tell.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from accelerate.utils import set_seed
from torch import Tensor, nn
from tqdm import tqdm

from genlab import data as data_sets
from genlab.core.errors import GenLabError
from genlab.core.images import image_grid, to_picture
from genlab.data import DataSet
from genlab.films.film import inputs_sha256, pixels_sha256
from genlab.films.recording import RECORDINGS, Measure, RecordedMoment, Recording, load_recording
from genlab.registry import discover
from train.arguments import parse_seed, parse_steps
from train.errors import TrainingError
from train.export import revision
from train.loop import Budget, Trainer
from train.recipe import Batch, Player, Recipe
from train.replace import replacing
from train.schedule import film_moments
from train.session import make_accelerator

MOMENTS = 24
LOSSES = ("critic", "generator")  # that the players' losses tell
STRETCHES = 100  # of steps, of which the losses' means are kept
LARGEST = 750_000  # bytes of a run's two files; the repository carries them for ever
REMEDY = "Free some room, or name another folder with --recordings."


@dataclass(frozen=True)
class RecordedRun:
    """How one kind of run is made.

    Attributes:
        build: the network with random weights.
        batches: as a recipe's.
        players: as a recipe's.
        codes: what all pictures are made from, (N, D).
        draw: pictures in [0, 1], (N, C, H, W), of the network in evaluation mode and codes.
        measure: of the network in evaluation mode and the validation images: a value of each of the
            measures, less those of `LOSSES`, which are means over the steps since the last moment.
        measures: what they are, by name, of the validation images.
        columns: pictures a row.
    """

    name: str
    title: str
    told: str
    settings: dict[str, str]
    data: str
    epochs: float
    batch: int
    build: Callable[[], nn.Module]
    batches: Callable[[DataSet, torch.Generator], Iterator[Batch]]
    players: tuple[Player, ...]
    codes: Callable[[], Tensor]
    draw: Callable[[nn.Module, Tensor], Tensor]
    measure: Callable[[nn.Module, DataSet], dict[str, float]]
    measures: Callable[[DataSet], dict[str, Measure]]
    columns: int


def record(
    run: RecordedRun, seed: int, root: Path | None = None, *, steps: int | None = None
) -> Recording:
    """Train from random weights to the end.

    Args:
        root: holds the data sets.
        steps: how long, instead of the run's epochs.

    Raises:
        TrainingError, DivergedError, DataError
    """
    code = revision()  # of what is imported now, whatever is committed meanwhile
    set_seed(seed)
    training = data_sets.load(run.data, "train", root)
    validation = data_sets.load(run.data, "validation", root)
    epoch = len(training.images) // run.batch
    length = "" if steps is None else f" --steps {steps}"
    steps = steps or round(run.epochs * epoch)
    trainer = Trainer(
        _recipe(run, steps), run.build(), training,
        accelerator=make_accelerator(), budget=Budget(steps), seed=seed,
    )  # fmt: skip
    camera = _Camera(run, trainer, validation, epoch)
    due = [round(share * steps) for share in film_moments(MOMENTS)]
    camera.shoot()
    for _ in tqdm(range(steps), desc=f"{run.name}, seed {seed}", mininterval=2.0):
        camera.watch(trainer.advance().losses)
        if trainer.step in due:
            camera.shoot()
    return Recording(
        name=run.name,
        title=run.title,
        told=run.told,
        settings=run.settings,
        seed=seed,
        pictures=np.stack(camera.pictures),
        columns=run.columns,
        moments=tuple(camera.moments),
        measures=run.measures(validation),
        curve=_stretched(camera.losses),
        codes=inputs_sha256(run.codes()),
        command=f"python -m train film {run.name} --seed {seed}{length}",
        revision=code,
        torch=torch.__version__,
    )


class _Camera:
    """Takes the pictures and the figures of a run, and does not disturb its random numbers."""

    def __init__(self, run: RecordedRun, trainer: Trainer, validation: DataSet, epoch: int) -> None:
        self._run, self._trainer, self._validation = run, trainer, validation
        self._epoch = epoch
        self.pictures, self.moments, self.losses = [], [], []
        self._since = 0  # losses that belong to earlier moments

    def watch(self, losses: dict[str, float]) -> None:
        """After each step."""
        self.losses.append({name: value for name, value in losses.items() if name != "loss"})

    def shoot(self) -> None:
        """Draw and measure with the weights of now."""
        model = self._run.build()
        model.load_state_dict(self._trainer.averaged_weights())
        model.eval().requires_grad_(False)
        with torch.random.fork_rng(), torch.inference_mode():
            drawn = self._run.draw(model, self._run.codes())
            measured = self._run.measure(model, self._validation)
        picture = to_picture(image_grid(drawn, self._run.columns))[0].numpy()
        step = self._trainer.step
        self.pictures.append(picture)
        self.moments.append(
            RecordedMoment(
                step=step,
                epoch=round(step / self._epoch, 3),
                values=self._losses_since() | {k: round(v, 4) for k, v in measured.items()},
                sha256=pixels_sha256(picture),
            )
        )

    def _losses_since(self) -> dict[str, float | None]:
        """Their means since the last moment; nothing is known before the first step."""
        recent, self._since = self.losses[self._since :], len(self.losses)
        if not recent:
            return dict.fromkeys(LOSSES)
        return {name: round(sum(e[name] for e in recent) / len(recent), 4) for name in LOSSES}


def _recipe(run: RecordedRun, steps: int) -> Recipe:
    """What the trainer needs; the weights are not averaged, so that the film shows what played."""
    last = run.players[-1]
    return Recipe(
        card=run.name,
        data=run.data,
        queue=0,
        minutes=0,
        batches=run.batches,
        loss=last.make_loss(),
        validate=lambda model, data: next(iter(run.measure(model, data).values())),
        preview=lambda model: run.draw(model, run.codes()),
        steps=steps,
        optimiser=last.optimiser,
        ema=0.0,
        players=run.players,
    )


def _stretched(losses: list[dict[str, float]]) -> dict[str, list[float]]:
    """Means over `STRETCHES` stretches of steps, or over single steps where there are fewer."""
    parts = np.array_split(np.arange(len(losses)), min(STRETCHES, len(losses)))
    return {
        name: [round(float(np.mean([losses[i][name] for i in part])), 4) for part in parts]
        for name in (losses[0] if losses else ())
    }


def ship(recording: Recording, folder: Path) -> int:
    """Write both files into `folder/<name>`; how many bytes they are.

    Raises:
        TrainingError: they are too large, or cannot be written.
    """
    files = {".png": recording.sheet(), ".json": recording.notes()}
    size = sum(map(len, files.values()))
    if size > LARGEST:
        raise TrainingError(
            f"The recording {recording.name} has {size:,} bytes, more than {LARGEST:,}. Let it "
            "draw fewer codes."
        )
    home = folder / recording.name
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainingError(f"Cannot write to {home} ({error.strerror}). {REMEDY}") from error
    for ending, content in files.items():
        with replacing(home / f"{recording.seed}{ending}", remedy=REMEDY) as fresh:
            fresh.write_bytes(content)
    return size


def compare(kept: Recording, anew: Recording) -> str:
    """How far the repeated run is the recorded one.

    Raises:
        TrainingError: it is another run: its settings, codes or untrained pictures differ.
    """
    for what in ("settings", "codes", "columns"):
        if getattr(kept, what) != getattr(anew, what):
            raise TrainingError(
                f"The {what} of {kept.name} are not those that were recorded. Record it anew with "
                f"`{kept.command}`."
            )
    pairs = zip(kept.moments, anew.moments, strict=True)
    same = [old.sha256 == new.sha256 for old, new in pairs]
    if not same[0]:
        raise TrainingError(
            f"Already the untrained network of {kept.name} draws other pictures than were "
            f"recorded. Record it anew with `{kept.command}`."
        )
    told = f"{sum(same)} of {len(same)} pictures are the recorded ones to the bit"
    if all(same):
        return told
    return (
        f"{told}, the first {same.index(False)} in a row. Recorded with torch {kept.torch}, "
        f"repeated with {anew.torch}: another version or processor rounds otherwise, and such a "
        "game magnifies that"
    )


def recorded_runs() -> dict[str, RecordedRun]:
    """All that can be recorded, by name."""
    return {run.name: run for run in sum(discover("train.recordings", "RECORDINGS"), ())}


def main(arguments: list[str], *, offered: dict[str, RecordedRun] | None = None) -> int:
    """Run the command line; 0 for success, 2 for an error that was explained."""
    offered = recorded_runs() if offered is None else offered
    options = _parse(arguments, offered)
    run = offered[options.name]
    try:
        if options.verify:
            kept = load_recording(run.name, options.seed, options.recordings)
            steps = kept.moments[-1].step
            print(compare(kept, record(run, options.seed, options.data_root, steps=steps)))
        else:
            recording = record(run, options.seed, options.data_root, steps=options.steps)
            print(f"{run.name}: {ship(recording, options.recordings):,} bytes")
    except GenLabError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _parse(arguments: list[str], offered: dict[str, RecordedRun]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m train film", description="Record a training run for the pages."
    )
    parser.add_argument(
        "name", choices=offered, metavar="NAME", help=f"one of {', '.join(offered)}"
    )
    parser.add_argument("--seed", type=parse_seed, default=0, metavar="N", help="default: 0")
    length = parser.add_mutually_exclusive_group()
    length.add_argument(
        "--verify", action="store_true", help="repeat the run, compare, and write nothing"
    )
    length.add_argument(
        "--steps", type=parse_steps, metavar="N", help="how long; default: the run's epochs"
    )
    parser.add_argument("--data-root", type=Path, metavar="FOLDER", help="holds the data sets")
    parser.add_argument(
        "--recordings", type=Path, default=RECORDINGS, metavar="FOLDER",
        help="for the result; default: genlab/assets/recordings",
    )  # fmt: skip
    return parser.parse_args(arguments)

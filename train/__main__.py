"""`python -m train <card>` trains one card, `python -m train all` the queue.

Stop it with Ctrl+C or a kill at any moment and go on with --resume.
"""

import argparse
import math
import os
import shlex
import sys
import time
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from tqdm import tqdm

from genlab import data
from genlab.core.cards import CardFile
from genlab.core.errors import GenLabError
from genlab.registry import discover
from genlab.store import CHECKPOINTS, ModelStore, read_weights, with_weights
from train.errors import TrainingError
from train.export import export
from train.loop import Budget, Moment, Trainer, train
from train.recipe import Recipe
from train.run_folder import RunFolder
from train.schedule import film_moments

FILM_MOMENTS = 20
LOG_EVERY = 50  # steps
SAVE_EVERY = 30.0  # seconds: a killed run loses at most that and one step


def recipes() -> dict[str, Recipe]:
    """All recipes by card, in the order of the queue."""
    found = sum(discover("train.recipes", "RECIPES"), ())
    return {recipe.card: recipe for recipe in sorted(found, key=lambda recipe: recipe.queue)}


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """The command line; wrong values end the program with a message."""
    parser = argparse.ArgumentParser(prog="python -m train", description=__doc__)
    parser.add_argument("card", choices=[*recipes(), "all"])
    parser.add_argument("--budget-minutes", type=_minutes, help="training time; overrides steps")
    parser.add_argument("--steps", type=int, help="overrides the recipe's number of steps")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", action="store_true", help="go on with the run in --runs")
    parser.add_argument("--init-from", type=Path, help="start from a checkpoint's weights")
    parser.add_argument("--data-root", type=Path, help="where the data sets are, or go")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--checkpoints", type=Path, default=CHECKPOINTS)
    return parser.parse_args(arguments)


def _minutes(text: str) -> float:
    minutes = float(text)
    if not (math.isfinite(minutes) and minutes > 0):
        raise argparse.ArgumentTypeError(f"must be a positive number of minutes, got {text}")
    return minutes


def main(arguments: list[str]) -> int:
    """Run the command line; 0 is success, 2 an error that was explained."""
    options = parse_arguments(arguments)
    try:
        if options.card == "all":
            return train_queue(options)
        train_card(recipes()[options.card], options, shlex.join(["python -m train", *arguments]))
    except GenLabError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; go on with --resume", file=sys.stderr)
        return 130
    return 0


def train_queue(options: argparse.Namespace) -> int:
    """Train every card whose run is not finished, each for its recipe's minutes."""
    for recipe in recipes().values():
        folder = RunFolder(options.runs / recipe.card)
        minutes = options.budget_minutes or recipe.minutes
        if folder.has_state and folder.load_state()["seconds"] >= 60 * minutes:
            print(f"{recipe.card}: done")
            continue
        choice = argparse.Namespace(
            **{**vars(options), "budget_minutes": minutes, "resume": folder.has_state}
        )
        command = f"python -m train {recipe.card} --budget-minutes {minutes:g}"
        train_card(recipe, choice, command)
    return 0


def train_card(recipe: Recipe, options: argparse.Namespace, command: str) -> CardFile:
    """One run from its start, or its last state, to the exported checkpoint."""
    folder = RunFolder(options.runs / recipe.card)
    if folder.has_state and not options.resume:
        raise TrainingError(
            f"There is a run in {folder.path} already. Go on with --resume, or remove the folder."
        )
    set_seed(options.seed)
    accelerator = make_accelerator()
    card = ModelStore().card(recipe.card)
    model, earlier_minutes, earlier_steps = card.build(), 0.0, 0
    if options.init_from is not None:
        path = options.init_from.with_suffix(".safetensors")
        model.load_state_dict(with_weights(card, read_weights(path)).state_dict())
        earlier = CardFile.read(path.with_suffix(".json"))
        earlier_minutes, earlier_steps = earlier.minutes, earlier.steps
    trainer = Trainer(
        recipe,
        model,
        data.load(recipe.data, "train", options.data_root),
        accelerator=accelerator,
        budget=Budget(
            steps=options.steps or recipe.steps,
            seconds=options.budget_minutes and 60 * options.budget_minutes,
        ),
        seed=options.seed,
    )
    if options.resume:
        trainer.load_state(folder.load_state())
        folder.forget_log_after(trainer.step)
    validation = data.load(recipe.data, "validation", options.data_root)
    if accelerator.is_main_process:
        follow = Follower(recipe, trainer, folder, validation)
        for moment in train(trainer):
            follow(moment)
    else:
        for _ in train(trainer):
            pass
    accelerator.wait_for_everyone()
    return export(
        card,
        recipe,
        trainer.averaged_weights(),
        folder=options.checkpoints,
        command=command,
        seed=options.seed,
        steps=earlier_steps + trainer.step,
        minutes=earlier_minutes + trainer.seconds / 60,
    )


def make_accelerator() -> Accelerator:
    """bfloat16 on whatever device there is.

    Raises:
        TrainingError: torchrun started several processes that would each train alone.
    """
    accelerator = Accelerator(cpu=not torch.cuda.is_available(), mixed_precision="bf16")
    wanted = int(os.environ.get("WORLD_SIZE", "1"))
    if wanted != accelerator.num_processes:
        raise TrainingError(
            f"torchrun started {wanted} processes, but Accelerate sees "
            f"{accelerator.num_processes}: each would train alone. Start with `accelerate launch`."
        )
    return accelerator


class Follower:
    """Writes down a run as it goes: bar, log, state, film."""

    def __init__(
        self, recipe: Recipe, trainer: Trainer, folder: RunFolder, validation: data.DataSet
    ) -> None:
        self._recipe, self._trainer, self._folder = recipe, trainer, folder
        self._validation = validation
        self._card = ModelStore().card(recipe.card)
        self._bar = tqdm(total=100.0, desc=recipe.card, unit="%", mininterval=2.0)
        self._saved = time.monotonic()
        self._film = film_moments(FILM_MOMENTS)
        self._taken = len(folder.read_film())
        if trainer.step == 0:
            self._take_picture(Moment(0, 0.0, 0.0, 0.0, 0, {}))

    def __call__(self, moment: Moment) -> None:
        """After each step."""
        self._bar.update(100 * moment.progress - self._bar.n)
        if moment.step % LOG_EVERY == 0:
            self._folder.log(moment)
            speed = moment.step * moment.images / moment.seconds
            self._bar.set_postfix(loss=f"{moment.losses['loss']:.2f}", images_per_s=f"{speed:.0f}")
        while self._taken < FILM_MOMENTS and moment.progress >= self._film[self._taken]:
            self._take_picture(moment)
        if time.monotonic() - self._saved > SAVE_EVERY or moment.progress >= 1:
            self._folder.save_state(self._trainer.state())
            self._saved = time.monotonic()

    def _take_picture(self, moment: Moment) -> None:
        model = with_weights(self._card, self._trainer.averaged_weights())
        validation = self._recipe.validate(model, self._validation)
        entry = {"step": moment.step, "seconds": moment.seconds, "validation": validation}
        self._folder.add_to_film(self._taken, self._recipe.preview(model), entry)
        self._taken += 1
        if moment.step:
            self._folder.log(moment, validation=validation)
            self._folder.plot_losses()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

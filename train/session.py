"""One training from its start, or its last state, to the exported checkpoint."""

import dataclasses
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from torch import nn

from genlab import data
from genlab.core.cards import CardFile, ModelCard
from genlab.store import read_weights, with_weights
from train.errors import TrainingError
from train.export import export, revision
from train.follower import Follower
from train.loop import Moment, Trainer, train
from train.recipe import Recipe
from train.run import Request, Run
from train.run_folder import RunFolder
from train.stop import deferred_stop


def train_card(recipe: Recipe, card: ModelCard, request: Request) -> CardFile | None:
    """Train, and export on the main process; None on the others.

    Raises:
        TrainingError, DivergedError, CheckpointError, DataError
        KeyboardInterrupt: a stop was asked for; the state is saved.
    """
    code = revision()  # of what is imported now, whatever is committed meanwhile
    folder = RunFolder(request.runs / recipe.card)
    run, model = (resume if request.resume else start)(recipe, card, request, folder)
    accelerator = make_accelerator()
    with accelerator.main_process_first():  # which downloads the data set where it is absent
        training = data.load(recipe.data, "train", request.data_root)
        validation = data.load(recipe.data, "validation", request.data_root)
    if request.init_from is not None and recipe.wake is not None:
        woken = recipe.wake(model, training, torch.Generator().manual_seed(run.seed))
        accelerator.print(f"{woken} units slept and were given a new start.")
    trainer = Trainer(
        recipe,
        model,
        training,
        accelerator=accelerator,
        budget=run.budget,
        seed=run.seed + run.earlier_steps,  # not the batches that led to the checkpoint again
        compiled=recipe.compiled if request.compiled is None else request.compiled,
    )
    if request.resume:
        trainer.load_state(folder.load_state())
    if not accelerator.is_main_process:
        spend(trainer, nullcontext(_look_away))
        accelerator.wait_for_everyone()
        return None
    folder.forget_after(trainer.step if request.resume else -1)
    folder.save_run(run)
    spend(trainer, Follower(recipe, card, trainer, folder, validation))
    card_file = export(
        card,
        recipe,
        trainer.averaged_weights(),
        folder=request.checkpoints,
        command=run.commands,
        seed=run.seed,
        steps=run.earlier_steps + trainer.step,
        minutes=run.earlier_minutes + trainer.seconds / 60,
        revision=code,
    )
    accelerator.wait_for_everyone()  # torchrun would end this process with the first that leaves
    return card_file


def spend(trainer: Trainer, following: AbstractContextManager[Callable[[Moment], None]]) -> None:
    """Train until the budget is spent.

    Raises:
        KeyboardInterrupt: a stop was asked for. What followed has been left without an error.
    """
    with deferred_stop() as stop_asked, following as follow:
        for moment in train(trainer, stop_asked):
            follow(moment)
    if trainer.progress < 1 or stop_asked():
        raise KeyboardInterrupt


def start(
    recipe: Recipe, card: ModelCard, request: Request, folder: RunFolder
) -> tuple[Run, nn.Module]:
    """A new run and its network: random weights, or those of a checkpoint.

    Raises:
        TrainingError: there is a run already.
        CheckpointError: the checkpoint is missing or damaged, or another network's.
    """
    if folder.has_state:
        raise TrainingError(
            f"There is a run in {folder.path} already. Go on with --resume, or remove the folder."
        )
    run = _asked(recipe, request)
    set_seed(run.seed)
    model = card.build()
    if request.init_from is None:
        return run, model
    if request.init_from.name in ("", ".."):
        raise TrainingError(
            f"--init-from {request.init_from} names no checkpoint. Give one, such as "
            f"checkpoints/{card.name}."
        )
    earlier = CardFile.read(request.init_from.with_suffix(".json"))
    weights = read_weights(
        request.init_from.with_suffix(".safetensors"), expected_sha256=earlier.sha256
    )
    model.load_state_dict(with_weights(card, weights).state_dict())
    run = dataclasses.replace(
        run,
        init_from=request.init_from.stem,
        earlier_steps=earlier.steps,
        earlier_minutes=earlier.minutes,
        earlier_command=earlier.command if earlier.card == card.name else "",
    )
    return run, model


def resume(
    recipe: Recipe, card: ModelCard, request: Request, folder: RunFolder
) -> tuple[Run, nn.Module]:
    """The run in the folder, with the request's budget where it names one; a network to fill.

    Raises:
        TrainingError: there is no run, or a damaged one.
    """
    if not folder.has_state:
        raise TrainingError(f"There is no run in {folder.path}. Start one without --resume.")
    run = folder.load_run() or _asked(recipe, request)
    set_seed(run.seed)
    return run.lasting(request), card.build()


def make_accelerator() -> Accelerator:
    """bfloat16 on a GPU, and on a processor that computes in it.

    Raises:
        TrainingError: torchrun started several processes that would each train alone.
    """
    on_cpu = not torch.cuda.is_available()
    precision = "no" if on_cpu and not cpu_has_bfloat16() else "bf16"
    accelerator = Accelerator(cpu=on_cpu, mixed_precision=precision)
    wanted = _started_processes()
    if wanted != accelerator.num_processes:
        raise TrainingError(
            f"torchrun started {wanted} processes, but Accelerate sees "
            f"{accelerator.num_processes}: each would train alone. Start with `accelerate launch`."
        )
    return accelerator


def cpu_has_bfloat16() -> bool:
    """Whether bfloat16 is worth while here: without AVX-512 it is emulated, ten times slower."""
    return torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()


def disband() -> None:
    """End the group of processes, if there is one: torch aborts those that leave without."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def _asked(recipe: Recipe, request: Request) -> Run:
    run = Run(recipe.card, request.seed or 0, recipe.steps, processes=_started_processes())
    return run.lasting(request)


def _started_processes() -> int:
    """As many as torchrun or accelerate's launcher started together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def _look_away(moment: Moment) -> None:
    """What all but the main process do."""

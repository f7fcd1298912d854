"""From averaged weights to `checkpoints/<card>.safetensors` and its card file."""

import datetime
import platform
import subprocess
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor

from genlab.core.cards import CardFile, Figure, ModelCard, sha256
from genlab.core.errors import CheckpointError
from genlab.data import LICENCES
from genlab.store import read_weights, skeleton
from train.errors import TrainingError
from train.recipe import Recipe
from train.replace import replacing

REMEDY = "The training is kept: free some room, and repeat the command with --resume."


def export(
    card: ModelCard,
    recipe: Recipe,
    weights: dict[str, Tensor],
    *,
    folder: Path,
    command: str,
    seed: int,
    steps: int,
    minutes: float,
    revision: str,
) -> CardFile:
    """Write both files, the weights first.

    The figures are empty until `train.evaluate` ran; those of the very same weights are kept.

    Raises:
        TrainingError: a file cannot be written.
    """
    content = safetensors.torch.save(weights)
    card_file = CardFile(
        card=card.name,
        title=card.title,
        family=card.family,
        data=card.data,
        licence=f"weights: MIT; training data: {LICENCES[recipe.data]}",
        parameters=_parameters(card),
        sha256=sha256(content),
        source=card.source,
        command=command,
        seed=seed,
        steps=steps,
        minutes=round(minutes, 1),
        device=describe_device(),
        revision=revision,
        created=datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        figures=_figures(folder / f"{card.name}.json", sha256(content)),
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainingError(f"Cannot write to {folder} ({error.strerror}). {REMEDY}") from error
    with replacing(folder / f"{card.name}.safetensors", remedy=REMEDY) as fresh:
        fresh.write_bytes(content)
    write_card(card_file, folder, remedy=REMEDY)
    return card_file


def write_card(card_file: CardFile, folder: Path, *, remedy: str) -> None:
    """Replace `<card>.json` in one move.

    Raises:
        TrainingError: it cannot be written, or no page could read it again.
    """
    with replacing(folder / f"{card_file.card}.json", remedy=remedy) as fresh:
        try:
            card_file.write(fresh)
        except TypeError as error:
            raise TrainingError(
                f"The card of {card_file.card} was not written: {error}. Look at what the network "
                "draws; a figure that is not finite mostly comes from values that are not."
            ) from error


def is_exported(name: str, weights: dict[str, Tensor], folder: Path) -> bool:
    """Whether the card's files are whole and hold these weights."""
    digest = sha256(safetensors.torch.save(weights))
    try:
        read_weights(folder / f"{name}.safetensors", expected_sha256=digest)
        return CardFile.read(folder / f"{name}.json").sha256 == digest
    except CheckpointError:
        return False


def describe_device() -> str:
    """The GPU's name, or the CPU threads of each process and the machine's kind."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    distributed = torch.distributed.is_available() and torch.distributed.is_initialized()
    processes = f"{torch.distributed.get_world_size()} processes of " if distributed else ""
    threads = torch.get_num_threads()
    return f"CPU, {processes}{threads} thread{'s'[: threads > 1]}, {platform.machine()}"


def revision() -> str:
    """The commit of the code, or "unknown" outside a git checkout."""
    here = Path(__file__).parent
    try:
        asked = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:  # no git on this machine
        return "unknown"
    return asked.stdout.strip() or "unknown"


def _parameters(card: ModelCard) -> int:
    return sum(parameter.numel() for parameter in skeleton(card).parameters())


def _figures(path: Path, digest: str) -> dict[str, Figure]:
    try:
        earlier = CardFile.read(path)
    except CheckpointError:
        return {}
    return earlier.figures if earlier.sha256 == digest else {}

"""From averaged weights to `checkpoints/<card>.safetensors` and its card file."""

import datetime
import os
import platform
import subprocess
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor

from genlab.core.cards import CardFile, ModelCard, sha256
from genlab.data import LICENCES
from train.recipe import Recipe


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
) -> CardFile:
    """Write both files, the weights first; the figures are empty until `train.evaluate` ran."""
    content = safetensors.torch.save(weights)
    card_file = CardFile(
        card=card.name,
        title=card.title,
        family=card.family,
        data=card.data,
        licence=f"weights: MIT; training data: {LICENCES[recipe.data]}",
        parameters=sum(value.numel() for value in weights.values()),
        sha256=sha256(content),
        source=card.source,
        command=command,
        seed=seed,
        steps=steps,
        minutes=round(minutes, 1),
        device=describe_device(),
        revision=revision(),
        created=datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
    )
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{card.name}.safetensors"
    fresh = target.with_suffix(".new")
    fresh.write_bytes(content)
    os.replace(fresh, target)
    card_file.write(folder / f"{card.name}.json")
    return card_file


def describe_device() -> str:
    """The GPU's name, or the number of CPU threads and the machine's kind."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"CPU, {torch.get_num_threads()} threads, {platform.machine()}"


def revision() -> str:
    """The commit of the code, or "unknown" outside a git checkout."""
    here = Path(__file__).parent
    asked = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or "unknown"

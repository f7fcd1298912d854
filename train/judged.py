"""What the judge of a data set sees in pictures, for the evaluation and for validation figures."""

import functools

import torch
from torch import Tensor, nn

from genlab.core.protocols import Classifier
from genlab.store import ModelStore
from train.errors import TrainingError
from train.sample_metrics import frechet_distance

JUDGES = {"mnist": "judge-mnist", "fashion-mnist": "judge-fashion"}
BATCH = 50  # pictures judged at once


def judge_of(data_set: str, store: ModelStore) -> nn.Module | None:
    """The trained judge of a data set; None where there is none."""
    name = JUDGES.get(data_set)
    known = {card.name for card in store.cards}
    return store.get(name) if name in known and store.has_weights(name) else None


@torch.inference_mode()
def judge_features(judge: Classifier, pictures: Tensor) -> Tensor:
    """(N, F) of (N, C, H, W)."""
    return torch.cat([judge.features(part) for part in pictures.split(BATCH)])


@torch.inference_mode()
def judge_classes(judge: Classifier, pictures: Tensor) -> Tensor:
    """(N,) int64 of (N, C, H, W)."""
    return torch.cat([judge.classify(part).argmax(dim=1) for part in pictures.split(BATCH)])


@functools.cache
def shipped_judge(data_set: str) -> nn.Module:
    """The judge in this repository's checkpoints.

    Raises:
        TrainingError: it is not trained.
    """
    judge = judge_of(data_set, ModelStore())
    if judge is None:
        raise TrainingError(
            f"Samples of {data_set} need their judge: run `python -m train {JUDGES[data_set]}`."
        )
    return judge


def frechet_to(real: Tensor, pictures: Tensor, *, data_set: str) -> float:
    """Fréchet distance of (M, C, H, W) pictures from (N, C, H, W) real ones, both in [0, 1]."""
    judge = shipped_judge(data_set)
    return frechet_distance(judge_features(judge, real), judge_features(judge, pictures))

"""How often a classifier is right on the test images, as they are and binarised."""

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from genlab.core.protocols import Classifier
from genlab.data import DataSet, binarise_dynamic, binarise_thresholded
from train.evaluator import Evaluator, Measurement, Subject

BATCH = 128
QUICK_STEP = 10  # every tenth image
KINDS: dict[str, Callable[[Tensor], Tensor]] = {
    "test_accuracy": lambda images: images / 255,
    "test_accuracy_dynamic": lambda images: binarise_dynamic(
        images, torch.Generator().manual_seed(0)
    ).float(),
    "test_accuracy_thresholded": lambda images: binarise_thresholded(images).float(),
}
"""Figures by name: uint8 images → floats in [0, 1]."""


@torch.inference_mode()
def accuracy(subject: Subject) -> Iterator[Measurement]:
    """Shares of right answers; see `train.evaluator.Evaluator.measure`."""
    test = subject.load("test")
    if subject.quick:
        test = DataSet(test.images[::QUICK_STEP], test.labels[::QUICK_STEP], test.classes)
    for name, prepare in KINDS.items():
        parts = prepare(test.images).split(BATCH)
        answers = torch.cat([subject.model.classify(part).argmax(dim=1) for part in parts])
        right = (answers == test.labels).double()
        share = right.mean().item()
        error = math.sqrt(share * (1 - share) / len(right))
        yield Measurement(name, share, error, len(right))


EVALUATORS = (Evaluator(Classifier, accuracy),)

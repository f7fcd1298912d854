"""The shipped GANs are trained, and the recorded runs show what their pages say."""

import pytest
import torch

from genlab.core.protocols import Critic, LatentPrior
from genlab.data import examples
from genlab.films.recording import load_recording
from genlab.inference.prior_samples import sample
from genlab.store import ModelStore

STORE = ModelStore()
TOLD = [card.name for card in STORE.cards_with(Critic) if hasattr(STORE.get(card.name), "classes")]
DATA = {"MNIST": "mnist", "Fashion-MNIST": "fashion-mnist"}
JUDGES = {"mnist": "judge-mnist", "fashion-mnist": "judge-fashion"}


def data_of(name):
    return DATA[STORE.card(name).data.split(",")[0]]


def test_there_is_a_generator_with_a_critic():
    assert TOLD
    assert all(isinstance(STORE.get(name), LatentPrior) for name in TOLD)


@pytest.mark.parametrize("name", TOLD)
def test_a_judge_finds_the_class_that_was_asked_for_as_often_as_the_card_says(name):
    judge, told = STORE.get(JUDGES[data_of(name)]), STORE.card_file(name).figures["class_accuracy"]

    with torch.inference_mode():
        answers = judge.classify(sample(STORE.get(name), seed=1000, count=500)).argmax(dim=1)

    right = (answers == torch.arange(500) % 10).float().mean().item()
    assert right == pytest.approx(told.value, abs=0.06)
    assert right > 0.8, "random weights are right once in ten times"


@pytest.mark.parametrize("name", TOLD)
def test_a_critic_tells_unseen_real_pictures_from_its_generator_s(name):
    """That is all it was trained for: of pictures that no generator drew it may think anything."""
    model, shipped = STORE.get(name), examples(data_of(name))
    generated = sample(model, seed=500, count=500)

    with torch.inference_mode():
        real = model.score(shipped.images / 255, shipped.labels)
        other = model.score(generated, torch.arange(500) % 10)

    assert (real[:, None] > other).float().mean() > 0.7, "an untrained one would be right by luck"


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("gan-healthy", 8, 10),
        ("gan-collapse", 0, 3),
        ("gan-replay", 0, 3),
        ("gan-minibatch-std", 8, 10),
    ],
)
def test_a_recorded_run_ends_with_the_classes_that_it_is_shown_for(name, least, most):
    last = load_recording(name, 0).moments[-1].values

    assert least <= last["coverage"] <= most

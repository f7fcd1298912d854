"""The shipped denoisers are trained: a judge reads the classes that were asked for."""

import pytest
import torch

from genlab.core.frames import last
from genlab.core.protocols import Denoiser
from genlab.inference.diffusion import DiffusionSettings, stream_diffusion
from genlab.inference.image_noise import ImageNoise
from genlab.store import ModelStore
from genlab.ui.judges import judge_of

NAMES = [card.name for card in ModelStore().cards_with(Denoiser)]
LABELS = torch.arange(20) % 10


def share_read_right(store, name, model):
    noise = ImageNoise(model.spec, 0, len(LABELS))
    frames = stream_diffusion(model, noise, DiffusionSettings(steps=10), labels=LABELS)
    answers = judge_of(store, name, model.spec).classify(last(frames).images).argmax(dim=1)
    return (answers == LABELS).double().mean().item()


@pytest.mark.parametrize("name", NAMES)
def test_a_judge_reads_most_of_the_classes_that_were_asked_for(store, name):
    assert share_read_right(store, name, store.get(name)) >= 0.7


@pytest.mark.parametrize("name", NAMES)
def test_and_none_but_by_chance_in_what_untrained_weights_draw(store, name):
    torch.manual_seed(0)
    model = type(store.get(name))(store.get(name).spec, schedule=store.get(name).schedule).eval()

    assert share_read_right(store, name, model) <= 0.3

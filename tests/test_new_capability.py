"""A capability that GenLab has never heard of needs one new file in `genlab.inference`."""

import pytest
import torch
from torch import nn

import genlab.inference
from genlab.analysis.network_layers import layers_at_work
from genlab.core.images import ImageSpec
from genlab.inference.sampling import capabilities_of, draw_seeded

FLOW = """
from typing import Protocol, runtime_checkable

import torch

from genlab.core.capabilities import Sampler


@runtime_checkable
class Invertible(Protocol):
    def invert(self, noise): ...


def sample(model, *, seed=0, count=1):
    noise = torch.randn(count, *model.spec.shape, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        return model.invert(noise).clamp(0, 1)


SAMPLER = Sampler(Invertible, sample, options=())
"""


class Flow(nn.Module):
    def __init__(self):
        super().__init__()
        self.spec = ImageSpec(1, 4, 4)
        self.shear = nn.Conv2d(1, 1, 3, padding=1)

    def invert(self, noise):
        return noise + self.shear(noise)


@pytest.fixture
def _flow_file(tmp_path, monkeypatch):
    (tmp_path / "flow_of_a_fork.py").write_text(FLOW)
    monkeypatch.setattr(genlab.inference, "__path__", [*genlab.inference.__path__, str(tmp_path)])


@pytest.mark.usefixtures("_flow_file")
def test_a_network_has_the_capability_of_a_new_sampler():
    assert [each.__name__ for each in capabilities_of(Flow())] == ["Invertible"]


@pytest.mark.usefixtures("_flow_file")
def test_its_layers_run_while_it_draws():
    (layer,) = layers_at_work(Flow, lambda network: draw_seeded(network, 1))

    assert (layer.name, layer.runs, layer.shape) == ("shear", 1, (1, 4, 4))


@pytest.mark.usefixtures("_flow_file")
def test_it_draws_by_seed():
    torch.manual_seed(0)
    flow = Flow()

    pictures, labels = draw_seeded(flow, 2)

    assert labels is None
    assert pictures.shape == (2, 1, 4, 4)
    assert torch.equal(pictures, draw_seeded(flow, 2)[0])

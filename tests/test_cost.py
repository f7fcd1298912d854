"""The bill of a run: its arithmetic, and that the naive rate is measured once."""

from types import SimpleNamespace

import pytest
import torch

from genlab.core.images import ImageSpec
from genlab.inference import cost
from genlab.inference.cost import PASSES, RunCost, full_pass_seconds


class Slow:
    """A model whose passes take the given seconds, the last one for ever after, on a fake clock."""

    spec = ImageSpec(1, 3, 5, levels=2)

    def __init__(self, clock, *durations):
        self._clock, self._durations = clock, durations
        self.shapes = []

    def logits(self, pixels, labels=None):
        self._clock.now += self._durations[min(len(self.shapes), len(self._durations) - 1)]
        self.shapes.append(tuple(pixels.shape))
        self.was_inference = torch.is_inference_mode_enabled()


@pytest.fixture
def clock(monkeypatch):
    fake = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(cost, "time", SimpleNamespace(perf_counter=lambda: fake.now))
    return fake


@pytest.mark.parametrize(
    ("seconds", "passes", "a_pass", "naive", "speed_up"),
    [(0.5, 784, 0.01, 7.84, 15.68), (2.0, 100, 0.01, 1.0, 0.5), (1.0, 784, 0.0, 0.0, 0.0)],
)
def test_a_run_is_so_many_times_faster_than_full_passes(seconds, passes, a_pass, naive, speed_up):
    bill = RunCost(1, 136, seconds, passes, a_pass)

    assert bill.naive_seconds == pytest.approx(naive)
    assert bill.speed_up == pytest.approx(speed_up)


def test_a_full_pass_is_measured_once_for_each_model_and_number_of_images(clock):
    model, other = Slow(clock, 1.0), Slow(clock, 5.0)

    first = [full_pass_seconds(model, 4) for _ in range(3)]
    second = [full_pass_seconds(model, 16) for _ in range(3)]
    third = full_pass_seconds(other, 4)

    assert first == second == [1.0] * 3
    assert third == 5.0
    assert model.shapes == [(4, 1, 3, 5)] * (PASSES + 1) + [(16, 1, 3, 5)] * (PASSES + 1)
    assert len(other.shapes) == PASSES + 1


def test_the_cold_pass_does_not_count_and_one_slow_pass_does_not_either(clock):
    assert full_pass_seconds(Slow(clock, 100.0, 0.25, 30.0, 0.5), 1) == 0.5


def test_a_measurement_keeps_no_graph(clock):
    model = Slow(clock, 1.0)

    full_pass_seconds(model, 1)

    assert model.was_inference
    assert not torch.is_inference_mode_enabled()

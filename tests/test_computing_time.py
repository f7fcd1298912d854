"""The two times that the diffusion tab tells mean the same: computing, and nothing in between."""

import json
import time

import pytest
from diffusion_toys import Counting
from test_backward_page import NAME, ask, denoiser_card

from genlab.inference.diffusion import DiffusionSettings
from genlab.store import ModelStore
from genlab.ui.canvas.trajectory_payload import TrajectoryEncoder
from genlab.ui.diffusion import backward_run, same_noise_views

PASS, ENCODING, SENDING = 1.0, 16.0, 256.0  # seconds


class Clock:
    """Time that passes only where the test lets it."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def spend(self, seconds):
        self.now += seconds


class Slow(Counting):
    """Another denoiser, a pass of which takes a second."""

    def __init__(self, model, clock):
        super().__init__(model)
        self._clock = clock

    def predict_noise(self, x_t, t, labels=None):
        self._clock.spend(PASS)
        return super().predict_noise(x_t, t, labels)


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    encode = TrajectoryEncoder.line

    def slowly(*inputs):
        clock.spend(ENCODING)
        return encode(*inputs)

    monkeypatch.setattr(time, "perf_counter", clock)
    monkeypatch.setattr(TrajectoryEncoder, "line", slowly)
    return clock


@pytest.fixture
def store(clock, tmp_path, monkeypatch):
    card = denoiser_card()
    model = Slow(card.build(), clock)
    monkeypatch.setattr(ModelStore, "get", lambda self, name: model)
    monkeypatch.setattr(ModelStore, "cards_with", lambda self, capability: [card])
    return ModelStore(tmp_path, (card,))


@pytest.mark.parametrize("steps", [1, 6])
def test_the_bill_of_a_run_back_counts_computing_alone(store, clock, steps):
    lines = []
    for piece in backward_run.draw_backward(store, ask(store, steps=steps), "run"):
        clock.spend(SENDING)
        lines.append(piece)

    seconds = [json.loads(line.split("|")[0])["seconds"] for line in lines[1:]]
    assert seconds == [PASS * step for step in range(1, steps + 1)]


@pytest.mark.parametrize("steps", [1, 6])
def test_the_time_of_a_row_counts_computing_alone(store, clock, steps):
    start = same_noise_views.Beginning(NAME, store.get(NAME), None, 0, 2, None)
    pieces, row = same_noise_views.run(start, DiffusionSettings(steps), 0), None
    while row is None:
        try:
            next(pieces)
            clock.spend(SENDING)
        except StopIteration as end:
            row = end.value

    assert row.seconds == PASS * steps == row.passes

"""What the tests of the race page share: clocks, and a race read back from its lines."""

import base64
import json

import numpy as np


class PassClock:
    """A clock on which a pass of the whole network takes `seconds`, and nothing else takes time."""

    def __init__(self, seconds=1.0):
        self.now, self.seconds = 0.0, seconds

    def follow(self, model):
        model.register_forward_hook(self._tick)
        return self

    def _tick(self, *_):
        self.now += self.seconds

    def __call__(self):
        return self.now

    def __deepcopy__(self, memo):
        return self  # a copied network still moves this clock


class LookClock:
    """A clock that goes on by a millisecond whenever somebody looks, however busy the machine."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 0.001
        return self.now


class ReadRace:
    """A payload as the browser reads it."""

    def __init__(self, payload):
        self.header, *self.lines = (json.loads(line) for line in payload.splitlines())

    @property
    def size(self):
        """(B, H, W)."""
        return tuple(self.header[name] for name in ("images", "rows", "cols"))

    @property
    def uniforms(self):
        """(B, H, W) bytes."""
        return np.frombuffer(base64.b64decode(self.header["uniforms"]), np.uint8).reshape(self.size)

    def lane(self, index):
        """The frames of a lane as dictionaries."""
        names = ("lane", "seconds", "step", "passes", "pixels", "final", "end", "cells")
        frames = [dict(zip(names, line, strict=True)) for line in self.lines]
        return [frame for frame in frames if frame["lane"] == index]

    def levels(self, index, count=None):
        """(B, H, W) of a lane after `count` frames, −1 where nothing is drawn."""
        cells = np.full(np.prod(self.size), -1)
        for frame in self.lane(index)[:count]:
            sent = np.frombuffer(base64.b64decode(frame["cells"]), np.uint8).reshape(-1, 3)
            cells[sent[:, 0].astype(int) * 256 + sent[:, 1]] = sent[:, 2]
        return cells.reshape(self.size)

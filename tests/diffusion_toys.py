"""Denoisers whose answers are known, and a lively tiny network."""

import torch
from lively import enliven

from genlab.core.images import ImageSpec
from genlab.core.noise_schedule import CLEAN, cosine_schedule
from genlab.models.ddpm import DDPM

CLASSES = 3


def tiny_ddpm(*, size=(8, 8), steps=100, seed=0):
    """A lively DDPM with three classes, frozen as in the store."""
    model = DDPM(
        ImageSpec(1, *size),
        schedule=cosine_schedule(steps),
        classes=CLASSES,
        widths=(8, 16),
        conditions=8,
    )
    return enliven(model, seed).requires_grad_(False)


class GaussianDenoiser:
    """Exact for images whose values are all N(mean, std²); class k adds k to the mean."""

    classes, null_label = CLASSES, CLASSES

    def __init__(self, schedule, *, mean=0.2, std=0.5, side=8):
        self.spec, self.schedule = ImageSpec(1, side, side), schedule
        self.mean, self.std = mean, std

    def predict_noise(self, x_t, t, labels=None):
        """E[ε | x_t]."""
        labels = torch.zeros(len(x_t)) if labels is None else labels % self.null_label
        mean = self.mean + labels.view(-1, 1, 1, 1)
        signal, rest = self.schedule.amplitudes(t)
        variance = (signal * self.std) ** 2 + rest**2
        return (rest * (x_t - signal * mean) / variance).to(x_t.dtype)

    def flow(self, x_t, t, t_next=CLEAN):
        """Where the probability flow takes x from one step to another."""
        (signal, spread), (signal_next, spread_next) = map(self._law, (t, t_next))
        return signal_next * self.mean + spread_next / spread * (x_t - signal * self.mean)

    def _law(self, t):
        """√ᾱ and the standard deviation of x at a step."""
        alpha_bar = self.schedule.alpha_bar(t)
        return alpha_bar**0.5, (alpha_bar * self.std**2 + 1 - alpha_bar) ** 0.5


class Counting:
    """Another denoiser, and how many images it was asked about, and in how many passes."""

    def __init__(self, model):
        self.spec, self.schedule = model.spec, model.schedule
        self.classes, self.null_label = model.classes, model.null_label
        self._model, self.passes, self.images = model, 0, 0

    def predict_noise(self, x_t, t, labels=None):
        """The other's answer."""
        self.passes, self.images = self.passes + 1, self.images + len(x_t)
        return self._model.predict_noise(x_t, t, labels)

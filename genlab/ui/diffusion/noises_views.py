"""Ways from one noise to another, drawn: on the arc, on the straight line, through the pixels."""

import math
from collections.abc import Generator
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.core.frames import DiffusionFrame
from genlab.core.protocols import Denoiser
from genlab.inference.diffusion import DiffusionSettings, stream_diffusion
from genlab.inference.image_noise import ImageNoise, interpolate_noise
from genlab.inference.latent import cross_fade, interpolate_codes
from genlab.store import ModelStore
from genlab.ui.canvas.strip import Strip, StripRow
from genlab.ui.diffusion import asked
from genlab.ui.latent import codes

PICTURES = 9  # of a way
UNHEARD_OF = 5.0  # standard errors of σ below 1: of millions of noises, one is drawn as quiet
ARC, LINE, PIXELS = "Noises on the arc", "Noises on the line", "Pixels mixed"


@dataclass(frozen=True, eq=False)
class Ways:
    """Two ways from one noise to another, (n, C, H, W) float64 each."""

    arc: Tensor
    line: Tensor

    @property
    def spreads(self) -> tuple[list[float], list[float]]:
        """The standard deviation of every noise on either way."""
        arc, line = (way.flatten(1).std(dim=1).tolist() for way in (self.arc, self.line))
        return arc, line


def ways_between(model: Denoiser, seeds: tuple[int, int]) -> Ways:
    """The ways between the noises of two seeds."""
    start, end = (ImageNoise(model.spec, seed, 1).draw()[0] for seed in seeds)
    line = interpolate_codes(start.flatten(), end.flatten(), PICTURES)
    return Ways(interpolate_noise(start, end, PICTURES), line.unflatten(1, start.shape))


def draw_ways(
    model: Denoiser, ways: Ways, steps: int, label: int | None
) -> Generator[str, None, Tensor]:
    """What the noises of both ways become, in one batch: (2, n, C, H, W) in [0, 1]."""
    noise = torch.cat([ways.arc, ways.line])
    unused = ImageNoise(model.spec, 0, len(noise))  # DDIM without luck draws nothing
    labels = asked.repeated(label, len(noise))
    frames = stream_diffusion(model, unused, DiffusionSettings(steps), labels=labels, x_start=noise)
    frame = yield from told(frames, "step")
    return frame.images.unflatten(0, (2, PICTURES))


def told(
    frames: Generator[DiffusionFrame, None, None], name: str
) -> Generator[str, None, DiffusionFrame]:
    """The last frame; how far the run is comes first, a line a step."""
    frame = None
    for frame in frames:
        yield f"{name} {frame.step} of {frame.total}\n"
    assert frame is not None  # a run has at least one step
    return frame


def name_run(
    store: ModelStore, card: str, label: int | None, steps: int, seeds: tuple[int, int]
) -> str:
    """Which model drew what from which seeds; at the pictures, whatever is chosen next."""
    told = "any class" if label is None else f"class {codes.class_name(store, card, label)}"
    return (
        f"{store.card(card).title} · {told} · DDIM, {steps} steps · seeds {seeds[0]} and {seeds[1]}"
    )


def strip_of(ways: Ways, drawn: Tensor, name: str) -> Strip:
    """The ways' pictures above one another, and below them the mixed pixels of both ends.

    Args:
        name: of the run, see `name_run`.
    """
    arc, line = drawn
    pixels = cross_fade(arc[0], arc[-1], PICTURES)
    captions = [
        f"{name} · {100 * place / (PICTURES - 1):.0f} % of the way · σ of the noise: {one:.2f} on "
        f"the arc, {other:.2f} on the line"
        for place, (one, other) in enumerate(zip(*ways.spreads, strict=True))
    ]
    return Strip([StripRow(ARC, arc), StripRow(LINE, line), StripRow(PIXELS, pixels)], captions)


def describe_ways(ways: Ways) -> str:
    """What the line does to the noise."""
    arc, line = (each[PICTURES // 2] for each in ways.spreads)
    return (
        f"In the middle, the noise on the arc has the standard deviation σ = {arc:.2f} and the "
        f"noise on the line σ = {line:.2f}, which is {100 * line**2 / arc**2:.0f} % of the "
        f"variance. {_known(line, ways.line[0].numel())}"
    )


def _known(spread: float, count: int) -> str:
    """Whether noises of so many numbers can have this standard deviation."""
    if spread < 1 - UNHEARD_OF / math.sqrt(2 * count):
        return "The network was never shown a first step with so little noise."
    return (
        "Noises of this strength are drawn, so the network knows such a first step. Between two "
        "different seeds the line loses about half of the variance."
    )

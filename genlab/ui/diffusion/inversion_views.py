"""A picture's own noise: found by DDIM run backwards, judged, and turned into a picture again."""

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from genlab.analysis.diversity import mean_pairwise_distance
from genlab.core.errors import InputError
from genlab.core.images import ImageSpec
from genlab.core.protocols import Denoiser
from genlab.inference.ddim_inversion import stream_inversion
from genlab.inference.diffusion import DiffusionSettings, stream_diffusion
from genlab.inference.image_noise import ImageNoise
from genlab.ui.canvas.panels import Panel, ShownPicture
from genlab.ui.diffusion import asked
from genlab.ui.diffusion.noises_views import told

PANELS = (
    Panel("A noise drawn from N(0, 1)", signed=True),
    Panel("The noise found", signed=True),
    Panel("The picture regained"),
    Panel("Regained − yours", signed=True),
)
KEPT = 6  # measurements in the table
NOTHING = ("–", "–", "–")  # its row before the first of them
STRAYS = 3.0  # standard errors; of a hundred noises of N(0, 1), one is farther in any of the four


@dataclass(frozen=True, eq=False)
class Journey:
    """There and back.

    Attributes:
        image: (1, C, H, W) in [0, 1].
        x_T: the noise found, like it.
        regained: what became of it, like `image`.
        steps: on either way.
        passes: of the network, on both ways together.
    """

    image: Tensor
    x_T: Tensor  # noqa: N815 (the field's own symbol)
    regained: Tensor
    steps: int
    passes: int

    @property
    def error(self) -> float:
        """Root mean square difference of a pixel, as a share of the grey range."""
        return mean_pairwise_distance(torch.cat([self.image, self.regained]))

    @property
    def reading(self) -> "NoiseReading":
        """What speaks for and against N(0, 1)."""
        return read_noise(self.x_T)


@dataclass(frozen=True)
class NoiseReading:
    """Of a noise of n numbers.

    Attributes:
        neighbours: the correlation of numbers side by side; 0 for independent ones.
        squares: that of their squares, which quiet and loud areas raise.
    """

    mean: float
    std: float
    neighbours: float
    squares: float
    n: int

    @property
    def strays(self) -> list[str]:
        """What is farther from the value of N(0, 1) than `STRAYS` standard errors."""
        root = math.sqrt(self.n)
        found = {
            "the mean": self.mean * root,
            "the standard deviation": (self.std - 1) * root * math.sqrt(2),
            "the correlation of neighbours": self.neighbours * root,
            "that of their squares, so there are quiet and loud areas": self.squares * root,
        }
        return [name for name, errors in found.items() if abs(errors) > STRAYS]


def read_noise(noise: Tensor) -> NoiseReading:
    """Moments of one noise, (1, C, H, W)."""
    pairs = torch.stack([noise[..., :-1].flatten(), noise[..., 1:].flatten()])  # (2, pairs)
    plain, squared = (torch.corrcoef(each)[0, 1].item() for each in (pairs, pairs.square()))
    return NoiseReading(noise.mean().item(), noise.std().item(), plain, squared, noise.numel())


def travel(
    model: Denoiser, image: Tensor, *, steps: int, guesses: int, label: int | None
) -> Generator[str, None, Journey]:
    """Up to the noise of a picture, (1, 1, 28, 28), and down again.

    Raises:
        InputError: the model draws pictures of another size.
    """
    if image.shape[1:] != model.spec.shape:
        raise InputError("This model draws pictures of another size. Choose another model.")
    settings, labels = DiffusionSettings(steps, clip=False), asked.repeated(label, 1)
    rising = stream_inversion(model, image, settings, labels=labels, guesses=guesses)
    x_T = (yield from told(rising, "To the noise: step")).mean  # noqa: N806
    unused = ImageNoise(model.spec, 0, 1)  # DDIM without luck draws nothing
    falling = stream_diffusion(model, unused, settings, labels=labels, x_start=x_T)
    regained = (yield from told(falling, "Back: step")).images
    return Journey(image, x_T, regained, steps, steps * (guesses + 1))


def panels_of(journey: Journey) -> list[ShownPicture]:
    """What stands in `PANELS`."""
    found = journey.reading
    return [
        *drawn_noise(ImageSpec(*journey.image.shape[1:])),
        ShownPicture(_cells(journey.x_T), f"mean {_signed(found.mean)}, σ = {found.std:.2f}"),
        ShownPicture(_cells(journey.regained), f"after {journey.steps} steps up and down"),
        ShownPicture(_cells(journey.regained - journey.image), f"error {percent(journey.error)}"),
    ]


def drawn_noise(spec: ImageSpec) -> list[ShownPicture]:
    """To compare the found noise with."""
    noise = ImageNoise(spec, 0, 1).draw()
    found = read_noise(noise)
    return [ShownPicture(_cells(noise), f"mean {_signed(found.mean)}, σ = {found.std:.2f}")]


def describe_journey(journey: Journey) -> str:
    """Whether the noise found looks drawn from N(0, 1), and how well the picture came back."""
    found = journey.reading
    error, root = 1 / math.sqrt(found.n), 1 / math.sqrt(2 * found.n)
    verdict = "None is too far for chance."
    if found.strays:
        verdict = f"Too far for chance: {'; '.join(found.strays)}."
    return (
        f"The noise found has the mean {_signed(found.mean)} and the standard deviation "
        f"{found.std:.2f}; neighbours correlate by {_signed(found.neighbours)}, their squares by "
        f"{_signed(found.squares)}. {found.n} numbers of N(0, 1) would have 0 ± {error:.2f}, "
        f"1 ± {root:.2f} and twice 0 ± {error:.2f}. {verdict}\n\nThe picture came back with an "
        f"error of {percent(journey.error)} of the grey range (root mean square of a pixel), by "
        f"{journey.passes} passes."
    )


def table_of(journeys: Sequence[Journey]) -> str:
    """Your measurements so far: steps, passes, error."""
    rows = [(each.steps, each.passes, percent(each.error)) for each in journeys]
    lines = "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows or [NOTHING])
    head = "**Your measurements of this picture**\n\n| Steps | Passes | Error |\n|--:|--:|--:|"
    return f"{head}\n{lines}"


def percent(share: float) -> str:
    """Small errors keep two digits."""
    return f"{100 * share:.1f} %" if share >= 0.001 else f"{100 * share:.2g} %"


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")


def _cells(picture: Tensor) -> np.ndarray:
    return picture[0, 0].numpy()

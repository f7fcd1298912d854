"""One training example of a denoiser, opened: what it hears, what is asked, what the loss is.

The training has its own lines for the loss, which the pages must not import; here the same loss is
computed from what every `Denoiser` can say, its noise, and tests hold the two together.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab import data
from genlab.core.noise_schedule import LEAST_WEIGHT, MOST_WEIGHT, NoiseSchedule
from genlab.core.protocols import Denoiser
from genlab.inference.diffusion_steps import Prediction, predict
from genlab.inference.forward_diffusion import add_noise, to_images, to_signal
from genlab.inference.image_noise import ImageNoise
from genlab.inference.latent import MAX_SEED
from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.canvas.panels import Panel, ShownPicture

PIXEL = (14, 14)  # row and column, amid the picture
SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)  # of all steps, at which weights are compared
PANELS = (Panel("x₀"), Panel("Noise ε", signed=True), Panel("x_t"), Panel("x̂₀"))


@dataclass(frozen=True, eq=False)
class TrainingExample:
    """A picture, a step and a noise, and what the network says to them.

    Attributes:
        x_0, noise: (1, C, H, W) float64, x_0 from −1 to 1.
        t: the step.
        alpha_bar: ᾱ_t.
        weight: what the error counts in the loss.
        seen: the network's answer, not clipped; its `x_t` is what it got.
        label, told: the picture's class, as a number and in words.
    """

    x_0: Tensor
    noise: Tensor
    t: int
    alpha_bar: float
    weight: float
    seen: Prediction
    label: int
    told: str

    @property
    def velocity(self) -> Tensor:
        """What is asked, √ᾱ · ε − √(1 − ᾱ) · x_0."""
        return _velocity(self.alpha_bar, self.noise, self.x_0)

    @property
    def found_velocity(self) -> Tensor:
        """What the network says, the same of its ε̂ and x̂_0."""
        return _velocity(self.alpha_bar, self.seen.noise, self.seen.x0_hat)

    @property
    def error(self) -> float:
        """The mean square of v's error over all pixels."""
        return (self.found_velocity - self.velocity).square().mean().item()


def _velocity(alpha_bar: float, noise: Tensor, x_0: Tensor) -> Tensor:
    return math.sqrt(alpha_bar) * noise - math.sqrt(1 - alpha_bar) * x_0


def examples_of(store: ModelStore, name: str) -> data.DataSet:
    """The shipped examples of what a card was trained on."""
    fashion = store.card(name).data.startswith("Fashion")
    return data.examples("fashion-mnist" if fashion else "mnist")


def open_example(
    store: ModelStore, name: str, example: object, t: object, seed: object
) -> TrainingExample:
    """What training would do with a shipped picture, a step and a noise.

    Raises:
        InputError: a value out of range.
        GenLabError: see `ModelStore.get`.
    """
    model, found = store.get(name), examples_of(store, name)
    place = kit.whole_number(example, "Picture", 0, len(found.images) - 1)
    t = kit.whole_number(t, "Step t", 0, model.schedule.steps - 1)
    seed = kit.whole_number(seed, "Seed of the noise", 0, MAX_SEED)
    x_0, label = to_signal(found.images[place : place + 1] / 255), int(found.labels[place])
    noise = ImageNoise(model.spec, seed, 1).draw()
    seen = ask(model, x_0, noise, t, label)
    alpha_bar, weight = model.schedule.alpha_bar(t), model.schedule.velocity_weights[t].item()
    return TrainingExample(x_0, noise, t, alpha_bar, weight, seen, label, found.classes[label])


@torch.inference_mode()
def ask(model: Denoiser, x_0: Tensor, noise: Tensor, t: int, label: int) -> Prediction:
    """What the network sees in x_0 with this noise, told the class if it knows so many."""
    labels = torch.tensor([label]) if label < model.classes else None
    return predict(model, add_noise(model.schedule, x_0, t, noise), t, labels, clip=False)


def shown(opened: TrainingExample) -> list[ShownPicture]:
    """The four pictures; what is no picture of values in [0, 1] is coloured by its sign."""
    off = (opened.seen.x0_hat - opened.x_0).square().mean().sqrt().item() / 2  # of black to white
    rest = math.sqrt(1 - opened.alpha_bar)
    return [
        ShownPicture(_grey(opened.x_0), f"class {opened.told}"),
        ShownPicture(opened.noise[0, 0].numpy(), f"times {rest:.3f} in x_t"),
        ShownPicture(_grey(opened.seen.x_t), f"t = {opened.t}; clipped"),
        ShownPicture(_grey(opened.seen.x0_hat), f"off by {off:.3f}"),
    ]


def _grey(x: Tensor) -> object:
    return to_images(x)[0, 0].numpy()


def describe_example(opened: TrainingExample, schedule: NoiseSchedule) -> str:
    """The jump, the question and the loss, with one pixel's numbers in them."""
    row, column = PIXEL
    x_0, noise, x_t, v, v_hat, noise_hat, x0_hat = (
        each[0, 0, row, column].item()
        for each in (
            *(opened.x_0, opened.noise, opened.seen.x_t, opened.velocity, opened.found_velocity),
            *(opened.seen.noise, opened.seen.x0_hat),
        )
    )
    signal, rest = math.sqrt(opened.alpha_bar), math.sqrt(1 - opened.alpha_bar)
    snr = opened.alpha_bar / (1 - opened.alpha_bar)
    return rf"""
### One training example, and its pixel in row {row}, column {column}

Training takes a picture $x_0$, here of class {opened.told} with values from −1 to 1, draws **one**
step $t$ of 0 … {schedule.steps - 1} and a fresh noise $\epsilon$, and jumps there. No other step is
computed:

$$\begin{{aligned}} x_t &= \sqrt{{\bar\alpha_t}}\, x_0 + \sqrt{{1 - \bar\alpha_t}}\, \epsilon \cr
&= {signal:.4f} \cdot ({x_0:.3f}) + {rest:.4f} \cdot ({noise:.3f}) \cr
&= {x_t:.3f} \end{{aligned}}$$

The network sees $x_t$, $t = {opened.t}$ and the class. It is asked for the *velocity*, a mixture of
noise and picture,

$$v = \sqrt{{\bar\alpha_t}}\, \epsilon - \sqrt{{1 - \bar\alpha_t}}\, x_0 = {v:.3f}$$

and it says $\hat v = {v_hat:.3f}$.

With $x_t$ at hand, that is an answer to two more questions: which noise, and which picture?

$$\begin{{aligned}}
\hat\epsilon &= \sqrt{{\bar\alpha_t}}\, \hat v + \sqrt{{1 - \bar\alpha_t}}\, x_t
= {noise_hat:.3f} \cr
\hat x_0 &= \sqrt{{\bar\alpha_t}}\, x_t - \sqrt{{1 - \bar\alpha_t}}\, \hat v
= {x0_hat:.3f}
\end{{aligned}}$$

Over all pixels the mean of $(\hat v - v)^2$ is **{opened.error:.4f}**. For a picture
of variance 1 the ratio of signal to noise is
$\mathrm{{SNR}} = \bar\alpha_t / (1 - \bar\alpha_t) = {snr:.4g}$, and a *truncated SNR* makes the
loss of it

$$\begin{{aligned}}
L &= \frac{{\min(\max(\mathrm{{SNR}}, {LEAST_WEIGHT:g}), {MOST_WEIGHT:g})}}{{\mathrm{{SNR}} + 1}}
\cdot {opened.error:.4f} \cr
&= {opened.weight:.4f} \cdot {opened.error:.4f} = {opened.weight * opened.error:.5f}
\end{{aligned}}$$

So steps with hardly any noise, whose picture is plain to see, count little; the noisiest ones,
where the picture is decided, count fully:

{_weight_table(schedule)}
"""


def _weight_table(schedule: NoiseSchedule) -> str:
    steps = [round(share * (schedule.steps - 1)) for share in SHARES]
    rows = [
        f"| {t} | {schedule.alpha_bar(t):.4f} | {schedule.snr[t].item():.3g} "
        f"| {schedule.velocity_weights[t].item():.4f} |"
        for t in steps
    ]
    return "\n".join(["| $t$ | $\\bar\\alpha_t$ | SNR | weight |", "|---:|---:|---:|---:|", *rows])

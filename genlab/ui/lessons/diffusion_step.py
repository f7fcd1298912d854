"""One step back by three rules, with a pixel's numbers in each formula.

The step starts from an opened training example, so that what the network saw there and what it sees
here are one thing. All results are those of the functions that the samplers run.
"""

import math
from dataclasses import dataclass

from torch import Tensor

from genlab.core.noise_schedule import CLEAN
from genlab.core.protocols import Denoiser
from genlab.inference.diffusion_steps import (
    Move,
    Prediction,
    ddim_step,
    ddpm_step,
    dpm_solver_step,
)
from genlab.ui.lessons.diffusion_example import PIXEL, TrainingExample, ask

RUN = 20  # steps of the run whose stride is taken
PART_OF_THE_WAY = r"""No rule steps to $\hat x_0$ itself: each takes it as a direction, goes a part
of the way, and asks again."""
ALL_THE_WAY = r"""This step is the last: every rule leads to $\hat x_0$ itself, and the run ends
there."""


@dataclass(frozen=True, eq=False)
class OpenedStep:
    """A step from t to `t_next` by the three rules.

    Attributes:
        now: what the network sees at t.
        before: what it sees one step noisier, in the same picture and noise; None where t + stride
            is beyond the schedule.
        alpha_bar: ᾱ where the step leads; 1 for the clean picture.
        ddpm, ddim, solver: where each rule leads.
    """

    t: int
    t_next: int
    now: Prediction
    before: Prediction | None
    alpha_bar: float
    ddpm: Move
    ddim: Move
    solver: Move


def open_step(model: Denoiser, opened: TrainingExample) -> OpenedStep:
    """Take a step as long as those of a run of `RUN` steps; asks the network once more."""
    schedule, t = model.schedule, opened.t
    stride = max(1, schedule.steps // RUN)
    t_next, t_before = max(CLEAN, t - stride), t + stride
    before = None
    if t_before < schedule.steps:
        before = ask(model, opened.x_0, opened.noise, t_before, opened.label)
    now, alpha_bar = opened.seen, schedule.alpha_bar(t_next)
    rules = (ddpm_step, ddim_step, dpm_solver_step)
    return OpenedStep(
        t, t_next, now, before, alpha_bar, *(rule(now, before, alpha_bar) for rule in rules)
    )


def describe_step(step: OpenedStep) -> str:
    """The three formulas with the pixel's numbers in them."""
    end, way = f"$s = {step.t_next}$", PART_OF_THE_WAY
    if step.t_next == CLEAN:
        end, way = "the clean picture", ALL_THE_WAY
    row, column = PIXEL
    return rf"""
### One step back from there: three rules for the same pixel

A run of {RUN} steps would go from $t = {step.t}$ to {end}, where the signal's amplitude is
$\sqrt{{\bar\alpha_s}} = {math.sqrt(step.alpha_bar):.4f}$. {way}

**DDPM** draws from what $x_s$ can have been, given $x_t$ and $\hat x_0$. With
$\alpha = \bar\alpha_t / \bar\alpha_s$,

{_ddpm(step)}

**DDIM** noises $\hat x_0$ anew, with the noise that was found; no luck at $\eta = 0$:

{_ddim(step)}

**DPM-Solver++ 2M** goes on along the line through two values of $\hat x_0$, here and one step
noisier, in the time $\lambda = \ln(\sqrt{{\bar\alpha}} / \sqrt{{1 - \bar\alpha}})$:

{_solver(step)}

A run also holds $\hat x_0$ in −1 … 1, where pictures are, before each step.
"""


def _at(x: Tensor) -> float:
    return x[0, 0, PIXEL[0], PIXEL[1]].item()


def _ddpm(step: OpenedStep) -> str:
    kept = step.now.alpha_bar / step.alpha_bar
    rest, rest_next = 1 - step.now.alpha_bar, 1 - step.alpha_bar
    of_picture = math.sqrt(step.alpha_bar) * (1 - kept) / rest
    of_x = math.sqrt(kept) * rest_next / rest
    return rf"""$$\begin{{aligned}}
x_s &= \frac{{\sqrt{{\bar\alpha_s}} (1 - \alpha)}}{{1 - \bar\alpha_t}} \hat x_0
+ \frac{{\sqrt\alpha (1 - \bar\alpha_s)}}{{1 - \bar\alpha_t}} x_t + \sigma z \cr
&= {of_picture:.4f} \cdot ({_at(step.now.x0_hat):.3f}) + {of_x:.4f} \cdot ({_at(step.now.x_t):.3f})
+ \sigma z \cr
&= {_at(step.ddpm.mean):.3f} + {step.ddpm.std:.4f}\, z, \quad z \sim N(0, 1)
\end{{aligned}}$$"""


def _ddim(step: OpenedStep) -> str:
    signal, rest = math.sqrt(step.alpha_bar), math.sqrt(1 - step.alpha_bar)
    picture, noise = _at(step.now.x0_hat), _at(step.now.noise)
    return rf"""$$\begin{{aligned}}
x_s &= \sqrt{{\bar\alpha_s}}\, \hat x_0 + \sqrt{{1 - \bar\alpha_s}}\, \hat\epsilon \cr
&= {signal:.4f} \cdot ({picture:.3f}) + {rest:.4f} \cdot ({noise:.3f}) \cr
&= {_at(step.ddim.mean):.3f} \end{{aligned}}$$"""


def _solver(step: OpenedStep) -> str:
    result = f"{_at(step.solver.mean):.3f}"
    if step.t_next == CLEAN:
        return rf"$$x_s = \hat x_0 = {result} \quad (\lambda_s = \infty)$$"
    if step.before is None:
        return (
            rf"$$x_s = \sqrt{{\bar\alpha_s}}\, \hat x_0 + \sqrt{{1 - \bar\alpha_s}}\, \hat\epsilon"
            rf" = {result}$$"
            "\n\nA first step knows one value only; then it is DDIM's."
        )
    shrunk = math.sqrt((1 - step.alpha_bar) / (1 - step.now.alpha_bar))
    h = _time(step.alpha_bar) - _time(step.now.alpha_bar)
    pull = -math.sqrt(step.alpha_bar) * math.expm1(-h)
    further = h / (2 * (_time(step.now.alpha_bar) - _time(step.before.alpha_bar)))
    now, before = _at(step.now.x0_hat), _at(step.before.x0_hat)
    ahead = now + further * (now - before)
    return rf"""$$\begin{{aligned}}
x_s &= \sqrt{{\frac{{1 - \bar\alpha_s}}{{1 - \bar\alpha_t}}}}\, x_t
+ \sqrt{{\bar\alpha_s}} (1 - e^{{\lambda_t - \lambda_s}})\, \tilde x_0 \cr
&= {shrunk:.4f} \cdot ({_at(step.now.x_t):.3f}) + {pull:.4f} \cdot ({ahead:.3f}) \cr
&= {result} \end{{aligned}}$$

where $\hat x_0$ went from ${before:.3f}$ to ${now:.3f}$, and ${further:.2f}$ times as far again to
$\tilde x_0 = {ahead:.3f}$."""


def _time(alpha_bar: float) -> float:
    """λ, half the logarithm of signal to noise."""
    return 0.5 * math.log(alpha_bar / (1 - alpha_bar))

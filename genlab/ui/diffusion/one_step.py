"""What a step's mean is made of: how much of x_t, of the noise, and of x̂_0 now and before.

Each rule of `genlab.inference.diffusion_steps` is linear in these four, so asked about one of them
at a time, it tells their weights. The page's formulas are thus the code's own, not a second copy.
"""

import torch

from genlab.core.noise_schedule import NoiseSchedule
from genlab.inference.diffusion_steps import Prediction, StepRule
from genlab.ui.canvas.trajectory_payload import Weights


def mean_weights(
    rule: StepRule, schedule: NoiseSchedule, t: int, t_next: int, *, t_before: int | None
) -> Weights:
    """The weights of the step from t to t_next.

    Args:
        t_before: where the step before began; None at the start of a run.
    """
    x_t, noise, x0_hat, earlier = torch.eye(4, dtype=torch.float64)
    now = Prediction(schedule.alpha_bar(t), x_t, noise, x0_hat)
    before = None
    if t_before is not None:
        before = Prediction(schedule.alpha_bar(t_before), x_t, noise, earlier)
    return Weights(*rule(now, before, schedule.alpha_bar(t_next)).mean.tolist())

"""What the diffusion tab says holds for the numbers that it computes."""

import math
import re

import pytest
from test_diffusion_lesson import STEPS

from genlab.core.noise_schedule import cosine_schedule
from genlab.ui.lessons import diffusion


def test_the_product_of_the_idea_begins_with_the_step_that_the_schedule_begins_with():
    schedule = cosine_schedule(STEPS)
    first = int(re.search(r"\\bar\\alpha_t = \(1 - \\beta_(\d)\) \\cdots", diffusion.IDEA)[1])

    for t in range(STEPS):
        product = math.prod((1 - schedule.betas[first : t + 1]).tolist())
        assert product == pytest.approx(schedule.alpha_bar(t)), t

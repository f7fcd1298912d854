"""What the diffusion tab says holds for the numbers that it computes."""

import math
import re

import pytest
import torch
from test_diffusion_lesson import STEPS, OneModel, small_ddpm

from genlab.core.noise_schedule import cosine_schedule
from genlab.ui.lessons import diffusion
from genlab.ui.lessons.diffusion_example import open_example
from genlab.ui.lessons.diffusion_step import describe_step, open_step


@pytest.fixture(scope="module")
def store():
    torch.manual_seed(0)
    return OneModel(small_ddpm().eval())


def test_the_product_of_the_idea_begins_with_the_step_that_the_schedule_begins_with():
    schedule = cosine_schedule(STEPS)
    first = int(re.search(r"\\bar\\alpha_t = \(1 - \\beta_(\d)\) \\cdots", diffusion.IDEA)[1])

    for t in range(STEPS):
        product = math.prod((1 - schedule.betas[first : t + 1]).tolist())
        assert product == pytest.approx(schedule.alpha_bar(t)), t


def test_the_text_denies_a_step_to_the_picture_guessed_where_there_is_none(store):
    for t in range(STEPS):
        step = open_step(store.model, open_example(store, "tiny", 30, t, 0))
        rules = (step.ddpm, step.ddim, step.solver)
        lands = [torch.allclose(rule.mean, step.now.x0_hat, atol=1e-6) for rule in rules]

        text = " ".join(describe_step(step).split())

        assert ("every rule leads to $\\hat x_0$" in text) == all(lands), t
        assert ("No rule steps to $\\hat x_0$" in text) == (not any(lands)), t

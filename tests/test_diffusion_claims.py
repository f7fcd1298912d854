"""The checks of *Common mistakes* about diffusion measure what they say, and can say otherwise."""

import dataclasses
import re

import pytest
import torch
from diffusion_toys import GaussianDenoiser, tiny_ddpm
from lively import enliven

from genlab import data
from genlab.core.cards import CardFile, Figure, ModelCard
from genlab.core.errors import CheckpointError
from genlab.core.frames import last
from genlab.core.noise_schedule import NoiseSchedule, cosine_schedule, linear_schedule
from genlab.inference.diffusion import DiffusionSettings, stream_diffusion
from genlab.inference.forward_diffusion import to_signal
from genlab.inference.image_noise import ImageNoise
from genlab.models.judge import CARDS as JUDGES
from genlab.ui.lessons import diffusion_claims as claims
from genlab.ui.lessons import diffusion_runs as runs
from train.recipes import ddpm as recipe

STEPS = 100
CARD = ModelCard("tiny", "Tiny", "Diffusion", "MNIST, with its classes", lambda: None, "nobody")


class Shelf:
    """A store with a denoiser and, if it is given one, a judge."""

    def __init__(self, model, judge=None, figures=None):
        self.models = {"tiny": model, JUDGES[0].name: judge}
        self.judge, self.figures = judge, figures

    def card(self, name):
        return CARD

    def cards_with(self, capability):
        return [JUDGES[1], JUDGES[0]] if self.judge is not None else []

    def get(self, name):
        return self.models[name]

    def card_file(self, name):
        if self.figures is None:
            raise CheckpointError("missing")
        return CardFile(
            card="tiny", title="", family="", data="", licence="", parameters=1, sha256="",
            source="", command="", seed=0, steps=1, minutes=1.0, device="", revision="",
            created="", figures=self.figures,
        )  # fmt: skip


@pytest.fixture
def model():
    return tiny_ddpm(size=(28, 28), steps=STEPS)


@pytest.fixture
def store(model):
    return Shelf(model)


def exact(**options):
    return GaussianDenoiser(cosine_schedule(STEPS), side=28, **options)


def bold(text):
    """The numbers in bold type."""
    return [float(each.rstrip("%")) for each in re.findall(r"\*\*(\d+\.?\d*%?)", text)]


def rows(text):
    """The numbers of each row of a table."""
    lines = [line for line in text.splitlines() if re.match(r"\| *\d", line)]
    return [[float(each) for each in re.findall(r"\d+\.?\d*", line)] for line in lines]


def answers(store):
    return [claim.check("tiny") for claim in claims.claims(store)]


def test_every_check_answers_with_numbers_and_says_the_same_again():
    found = answers(Shelf(exact(std=0.3)))

    assert len(found) == 7
    assert all(re.search(r"\d", each) for each in found)
    assert not any(re.search(r"\bnan\b|\binf\b", each) for each in found)
    assert answers(Shelf(exact(std=0.3))) == found


@pytest.mark.slow
def test_every_check_answers_about_a_network_and_with_a_judge(model):
    found = answers(Shelf(model, enliven(JUDGES[0].build())))

    assert not any(re.search(r"\bnan\b|\binf\b", each) for each in found)
    assert "– |" not in found[-1]


# — amplitude, schedule —


def test_the_amplitude_measured_after_small_steps_is_the_root(store, model):
    amplitude, formula = bold(claims.check_amplitude(store, "tiny"))

    assert amplitude == pytest.approx(formula, abs=0.03)
    assert formula == pytest.approx(0.5**0.5, abs=0.01)
    assert abs(amplitude - formula**2) > 0.15  # the mistaken one


def test_splitting_finds_amplitude_and_noise_that_were_put_in():
    generator = torch.Generator().manual_seed(0)
    x_0, noise = torch.randn(2, 4, 1, 28, 28, generator=generator, dtype=torch.float64)

    amplitude, rest = claims.split(0.3 * x_0 + 0.8 * noise, x_0)

    assert amplitude == pytest.approx(0.3, abs=0.05)
    assert rest == pytest.approx(0.64, abs=0.05)


def test_the_walk_takes_every_small_step_up_to_t(model):
    images = torch.zeros(1, 1, 28, 28)

    x_t = claims.walk_to(model, images, 2)

    noise = ImageNoise(model.spec, claims.SEED, 1)
    expected = to_signal(images)
    for beta in model.schedule.betas[:3].tolist():
        expected = (1 - beta) ** 0.5 * expected + beta**0.5 * noise.draw()
    torch.testing.assert_close(x_t, expected)


def test_the_linear_schedule_s_table_is_its_cumulative_product(store):
    text = claims.check_linear(store, "tiny")

    betas = linear_schedule(STEPS).betas
    for t, beta, even, left in rows(text):
        until = int(t) + 1
        assert beta == pytest.approx(betas[int(t)].item(), abs=1e-5)
        assert left == pytest.approx((1 - betas[:until]).prod().sqrt().item(), abs=1e-3)
        assert even == pytest.approx(1 - t / (STEPS - 1), abs=0.01)


def test_half_of_the_amplitude_is_gone_where_alpha_bar_is_a_quarter():
    schedule = NoiseSchedule(torch.tensor([0.5, 0.4, 0.3, 0.2], dtype=torch.float64))

    assert claims.half_gone(schedule) == "at t = **2**"  # ᾱ is 0.5, 0.3, 0.21, 0.168
    assert "never" in claims.half_gone(NoiseSchedule(schedule.betas[:2]))


# — what one pass says —


def test_of_gaussian_pictures_one_pass_sees_what_can_be_seen():
    flat = exact(mean=-0.74, std=0.0)  # all pictures are alike

    noisy, stepped, seen = claims.errors_at(flat, torch.full((3, 1, 28, 28), 0.13), 70)

    assert seen == pytest.approx(0, abs=1e-6)
    assert noisy > stepped > noisy - 0.05


def test_a_network_that_sees_nothing_is_found_out(store, model):
    class Blind:
        spec, schedule = model.spec, model.schedule

        def predict_noise(self, x_t, t, labels=None):
            return torch.zeros_like(x_t)

    images = data.examples("mnist").images[:3] / 255

    noisy, _, seen = claims.errors_at(Blind(), images, 70)

    assert seen > noisy


def test_the_table_has_the_errors_of_five_steps(store, model):
    table = rows(claims.check_at_once(store, "tiny"))

    images = claims.one_of_each(store, "tiny")[0][::2]
    assert [int(row[0]) for row in table] == [10, 30, 50, 69, 89]
    for t, *errors in table:
        assert errors == pytest.approx(claims.errors_at(model, images, int(t)), abs=1e-4)


def test_one_example_of_each_class_is_taken(store):
    images, labels = claims.one_of_each(store, "tiny")

    assert labels.tolist() == list(range(10))
    assert torch.equal(images[3], data.examples("mnist").images[30] / 255)


# — the batch —


def test_the_errors_of_a_batch_are_those_of_the_training(model):
    images, t = data.examples("mnist").images[:3] / 255, torch.tensor([5, 60, 99])
    labels = torch.tensor([0, 2, 1])
    noise = ImageNoise(model.spec, claims.SEED, 3).draw()

    found = claims.velocity_errors(model, images, labels, t)

    expected = recipe.squared_errors(model, images.double(), labels, t, noise)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-7)


def test_each_loss_is_weight_times_error_and_the_steps_differ(store, model):
    table = rows(claims.check_batch(store, "tiny"))

    assert len({row[0] for row in table}) > 3
    for t, error, weight, loss in table:
        assert weight == pytest.approx(model.schedule.velocity_weights[int(t)].item(), abs=1e-4)
        assert loss == pytest.approx(weight * error, rel=1e-2, abs=1e-4)


def test_a_network_that_mixes_its_batch_is_found_out(store, model):
    def apart(store):
        return bold(claims.check_batch(store, "tiny"))[-1]

    class Mixing:
        spec, schedule, null_label = model.spec, model.schedule, model.null_label

        def predict_noise(self, x_t, t, labels=None):
            return model.predict_noise(x_t, t, labels) + x_t.mean(dim=0, keepdim=True)

    assert apart(store) < 1e-5
    assert apart(Shelf(Mixing())) > 1e-3


# — whole runs —


def test_doubling_moves_what_the_runs_of_both_lengths_are_apart(store, model):
    text = runs.check_more_steps(store, "tiny")

    few, many = (runs.draw(model, DiffusionSettings(steps)) for steps in runs.RUNS[:2])
    moved = sorted(runs.apart(*pair) for pair in zip(few, many, strict=True))[1]  # of four
    assert rows(text)[0] == pytest.approx([*runs.RUNS[:2], moved], abs=1e-4)


def test_an_exact_network_settles_as_steps_are_doubled():
    text = runs.check_more_steps(Shelf(exact(std=0.2)), "tiny")

    moved = [row[2] for row in rows(text)]
    assert moved == sorted(moved, reverse=True)
    assert bold(text)[0] == pytest.approx(moved[-1] / moved[0], abs=0.02)
    assert bold(text)[0] < 0.6


def figure(value, n=2000):
    return Figure(value, 0.05, n, "python -m train.evaluate tiny")


def test_measured_quality_is_told_where_it_can_be_compared(model):
    measured = {f"fid_{steps}_steps_times_floor": figure(steps / 8) for steps in (20, 50)}

    text = runs.check_more_steps(Shelf(model, figures=measured), "tiny")

    assert "20 steps: 2.5" in text
    assert "50 steps: 6.2" in text
    assert "2,000 pictures" in text


def test_a_figure_of_another_number_of_pictures_is_left_out(model):
    measured = {f"fid_{steps}_steps_times_floor": figure(steps / 8) for steps in (20, 50)}
    measured["fid_1000_steps_times_floor"] = figure(1.0, n=500)

    text = runs.check_more_steps(Shelf(model, figures=measured), "tiny")

    assert "50 steps: 6.2" in text
    assert "1000 steps" not in text


@pytest.mark.parametrize(
    "figures",
    [None, {}, {"fid_20_steps_times_floor": figure(2.0), "fid_50_steps_times_floor": figure(2, 9)}],
    ids=["no file", "no figure", "other numbers of pictures"],
)
def test_quality_that_is_not_measured_is_not_told(model, figures):
    text = runs.check_more_steps(Shelf(model, figures=figures), "tiny")

    assert "not measured yet: run `python -m train.evaluate tiny`" in text


def test_samplers_without_luck_agree_on_gaussian_pictures_and_luck_does_not():
    calm, lucky = bold(runs.check_same_seed(Shelf(exact(std=0.4)), "tiny"))[:2]

    assert calm < 0.3 * lucky


def test_the_distances_are_those_of_the_three_runs(store, model):
    text = runs.check_same_seed(store, "tiny")

    ddim, ddpm = (
        last(
            stream_diffusion(
                model, ImageNoise(model.spec, 0, 4), DiffusionSettings(runs.STEPS, sampler)
            )
        ).images
        for sampler in ("ddim", "ddpm")
    )
    assert bold(text)[1] == pytest.approx(runs.apart(ddim, ddpm), abs=1e-3)


def test_the_difference_is_that_of_pairs_and_its_change_is_told(store, model):
    text = runs.check_guidance(store, "tiny")

    one, far = rows(text)
    change = far[1] / one[1] - 1
    word = "less" if change < 0 else "more"
    assert f"{abs(change):.0%} {word}" in text or abs(change) < 0.02
    assert (one[-1], far[-1]) == (runs.GUIDED_STEPS, 2 * runs.GUIDED_STEPS)
    assert "| – |" in text  # no judge is here


def test_guidance_that_spreads_pictures_is_told_so(model, monkeypatch):
    spreads = iter([0.2, 0.3])
    monkeypatch.setattr(runs, "mean_pairwise_distance", lambda _: next(spreads))

    assert "**50% more**" in runs.check_guidance(Shelf(model), "tiny")


def test_a_class_has_its_name(model, monkeypatch):
    monkeypatch.setattr(Shelf, "card", lambda *_: dataclasses.replace(CARD, data="Fashion-MNIST"))

    assert f"{runs.GUIDED} pictures of class Pullover" in runs.check_guidance(Shelf(model), "tiny")


def test_the_probability_is_the_mean_of_the_softmax():
    class Sure:
        def classify(self, images):
            return torch.tensor([[0.0, 0.0], [100.0, 0.0]])

    assert runs.probability(Sure(), torch.zeros(2, 1, 2, 2), 0) == pytest.approx(0.75)

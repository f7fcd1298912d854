"""The diffusion lesson's numbers are those of the page's card and of the functions that run."""

import inspect
import math
import re
from xml.etree import ElementTree

import gradio as gr
import pytest
import torch
from diffusion_toys import GaussianDenoiser, tiny_ddpm
from torch import nn

from genlab import data
from genlab.analysis.network_layers import layers_at_work
from genlab.analysis.unet_diagram import draw_up_unet
from genlab.core.cards import CardFile, Figure, ModelCard
from genlab.core.errors import CheckpointError, InputError
from genlab.core.images import ImageSpec
from genlab.core.noise_schedule import CLEAN, cosine_schedule
from genlab.inference import diffusion_steps
from genlab.inference.forward_diffusion import add_noise
from genlab.models.ddpm import CARDS, DDPM
from genlab.store import skeleton
from genlab.ui.drawing.unet import draw_unet
from genlab.ui.lessons import diffusion, diffusion_network
from genlab.ui.lessons.diffusion_example import (
    PIXEL,
    describe_example,
    open_example,
    shown,
)
from genlab.ui.lessons.diffusion_step import describe_step, open_step
from train.recipes import ddpm as recipe

STEPS = 100


def small_ddpm():
    """What a card builds, small."""
    return DDPM(ImageSpec(1, 28, 28), schedule=cosine_schedule(STEPS), widths=(8, 16))


class OneModel:
    """A store with one card."""

    def __init__(self, model, told="MNIST, with its classes"):
        self.model = model
        self.made = ModelCard("tiny", "Tiny", "Diffusion", told, small_ddpm, "nobody")

    def card(self, name):
        return self.made

    def get(self, name):
        return self.model

    def card_file(self, name):
        raise CheckpointError("The card tiny.json is missing. Restore it.")


class Velocity(nn.Module):
    """Says the exact velocity of Gaussian images, as the network that is trained does."""

    def __init__(self, exact):
        super().__init__()
        self.exact, self.schedule = exact, exact.schedule

    def forward(self, x_t, t, labels):
        signal, rest = self.schedule.amplitudes(t)
        noise = self.exact.predict_noise(x_t, t, labels)
        return (noise - rest * x_t) / signal


@pytest.fixture
def model():
    return tiny_ddpm(size=(28, 28), steps=STEPS)


@pytest.fixture
def store(model):
    return OneModel(model)


# — the training example —


def test_the_example_is_the_jump_of_the_shipped_picture(store, model):
    opened = open_example(store, "tiny", 12, 40, 3)

    x_0 = data.examples("mnist").images[12:13].double() / 255 * 2 - 1
    noise = torch.randn(1, 28, 28, generator=torch.Generator().manual_seed(3)).double()[None]
    torch.testing.assert_close(opened.x_0, x_0)
    torch.testing.assert_close(opened.seen.x_t, add_noise(model.schedule, x_0, 40, noise))
    assert opened.told == "1"


def test_the_network_is_told_the_picture_s_class(store, model):
    opened = open_example(store, "tiny", 12, 40, 3)

    at = torch.tensor([40])
    for label, is_right in ((1, True), (2, False)):
        found = model.predict_noise(opened.seen.x_t, at, torch.tensor([label]))
        assert torch.allclose(opened.seen.noise, found) is is_right


def test_a_network_that_knows_fewer_classes_is_told_none(store, model):
    opened = open_example(store, "tiny", 99, 40, 3)  # a nine, of three classes

    found = model.predict_noise(opened.seen.x_t, torch.tensor([40]))
    torch.testing.assert_close(opened.seen.noise, found)


@pytest.mark.parametrize("t", [0, 17, 50, 99])
def test_error_weight_and_loss_are_those_of_the_training(t):
    exact = GaussianDenoiser(cosine_schedule(STEPS), side=28)
    opened = open_example(OneModel(exact), "tiny", 12, t, 3)

    images, labels, at = (opened.x_0 + 1) / 2, torch.tensor([1]), torch.tensor([t])
    expected = recipe.squared_errors(Velocity(exact), images, labels, at, opened.noise)
    assert opened.error == pytest.approx(expected.item())
    assert opened.weight == exact.schedule.velocity_weights[t].item()


def test_the_pixel_s_numbers_in_the_account_are_the_tensors(store, model):
    opened = open_example(store, "tiny", 30, 40, 0)

    text = describe_example(opened, model.schedule)

    for tensor in (opened.x_0, opened.noise, opened.seen.x_t, opened.velocity):
        assert f"{tensor[0, 0, PIXEL[0], PIXEL[1]]:.3f}" in text
    signal, rest = (math.sqrt(each) for each in (opened.alpha_bar, 1 - opened.alpha_bar))
    torch.testing.assert_close(
        signal * opened.found_velocity + rest * opened.seen.x_t, opened.seen.noise
    )
    torch.testing.assert_close(
        signal * opened.seen.x_t - rest * opened.found_velocity, opened.seen.x0_hat
    )
    assert f"{opened.weight * opened.error:.5f}" in text


def test_the_table_of_weights_has_those_of_the_schedule(store, model):
    text = describe_example(open_example(store, "tiny", 0, 0, 0), model.schedule)

    rows = re.findall(r"^\| (\d+) \| ([\d.]+) \| \S+ \| ([\d.]+) \|$", text, re.M)
    assert len(rows) == 5
    for t, alpha_bar, weight in rows:
        assert float(alpha_bar) == pytest.approx(model.schedule.alpha_bar(int(t)), abs=1e-4)
        expected = model.schedule.velocity_weights[int(t)].item()
        assert float(weight) == pytest.approx(expected, abs=1e-4)


def test_the_four_pictures_are_shown(store):
    opened = open_example(store, "tiny", 30, 40, 0)

    pictures = shown(opened)

    assert [each.values.shape for each in pictures] == [(28, 28)] * 4
    assert torch.equal(torch.from_numpy(pictures[1].values), opened.noise[0, 0])
    assert pictures[0].note == "class 3"


@pytest.mark.parametrize(
    ("asked", "name"),
    [((100, 0, 0), "Picture"), ((0, STEPS, 0), "Step t"), ((0, 0, -1), "Seed"),
     ((0.5, 0, 0), "Picture"), ((0, "1", 0), "Step t"), ((0, 0, math.nan), "Seed"),
     ((None, 0, 0), "Picture"), ((0, -1, 0), "Step t"), ((0, 0, 2**32), "Seed")],
)  # fmt: skip
def test_what_is_out_of_range_is_refused(store, asked, name):
    with pytest.raises(InputError, match=name):
        open_example(store, "tiny", *asked)


# — the step —


@pytest.mark.parametrize("t", [0, 3, 40, 96, 99])
def test_every_formula_s_result_is_its_function_s(store, model, t):
    step = open_step(model, open_example(store, "tiny", 30, t, 0))

    text = describe_step(step)

    place = (0, 0, *PIXEL)
    for rule, move in (
        (diffusion_steps.ddpm_step, step.ddpm),
        (diffusion_steps.ddim_step, step.ddim),
        (diffusion_steps.dpm_solver_step, step.solver),
    ):
        expected = rule(step.now, step.before, model.schedule.alpha_bar(step.t_next))
        torch.testing.assert_close(move.mean, expected.mean)
        assert f"{move.mean[place]:.3f}" in text
    assert f"{step.ddpm.std:.4f}" in text
    assert "nan" not in text


def products(text):
    """What the lines a · (b) + c · (d) say, with the result of the line after each."""
    found = re.findall(
        r"&= ([\d.]+) \\cdot \(([-\d.]+)\) \+ ([\d.]+) \\cdot \(([-\d.]+)\)[^&]*&= ([-\d.]+)", text
    )
    return [tuple(map(float, each)) for each in found]


def test_the_numbers_in_each_formula_give_its_result(store, model):
    opened = open_example(store, "tiny", 30, 40, 0)
    text = describe_example(opened, model.schedule) + describe_step(open_step(model, opened))

    lines = products(text)

    assert len(lines) == 4  # the jump, and the three rules
    for a, b, c, d, result in lines:
        assert a * b + c * d == pytest.approx(result, abs=3e-3)


def test_the_step_has_the_stride_of_a_run_and_ends_at_the_picture(store, model):
    amid, end, start = (
        open_step(model, open_example(store, "tiny", 30, t, 0)) for t in (40, 3, 99)
    )

    assert (amid.t_next, end.t_next) == (35, CLEAN)
    assert end.alpha_bar == 1
    torch.testing.assert_close(end.solver.mean, end.now.x0_hat)
    assert start.before is None
    torch.testing.assert_close(start.solver.mean, start.ddim.mean)


# — code, training, page —


@pytest.mark.parametrize("part", ["ddpm_step", "ddim_step", "dpm_solver_step", "predict"])
def test_the_code_is_what_runs(store, part):
    text = diffusion.code(store, "tiny")

    assert inspect.getsource(getattr(diffusion_steps, part)).strip() in text
    assert inspect.cleandoc("\n" + inspect.getsource(DDPM.predict_noise)) in text
    assert "cumprod" in text


def recorded(figures):
    return CardFile(
        card="tiny", title="Tiny", family="Diffusion", data="MNIST", licence="MIT",
        parameters=12_345, sha256="", source="", command="python -m train tiny", seed=0, steps=678,
        minutes=9.5, device="CPU", revision="", created="2026-01-01", figures=figures,
    )  # fmt: skip


def test_the_training_s_facts_are_those_of_the_card_file():
    figure = Figure(0.1234, 0.0021, 10_000, "python -m train.evaluate tiny")

    text = diffusion.describe_training(recorded({"noise_error": figure}), cosine_schedule(STEPS))

    for fact in ("12,345", "678", "9.5 minutes", "`python -m train tiny`", "| 100 |", "10,000"):
        assert fact in text
    assert "0.123" in text


def test_every_walk_s_multiple_of_the_floor_stands_under_its_steps_and_number_of_pictures():
    walks = {
        "fid_250_steps": (1.25, 2000), "fid_20_steps_dpm_solver": (5.5, 10_000),
        "fid_20_steps": (4.5, 10_000), "fid_20_steps_eta_1": (3.5, 10_000),
        "fid_20_steps_2000_samples": (2.5, 2000), "fid_4_steps_eta_0.5": (9.5, 2000),
    }  # fmt: skip
    figures = {
        f"{name}{kind}": Figure(value if kind == "_times_floor" else 77, 0.25, n, "x")
        for name, (value, n) in walks.items()
        for kind in ("", "_floor", "_times_floor")
    }

    text = diffusion.describe_training(recorded(figures), cosine_schedule(STEPS))

    tables = {
        int(each.split(" ")[0].replace(",", "")): [
            [cell.strip().removesuffix(" ± 0.25") for cell in line.strip("|").split("|")]
            for line in each.split("\n\n")[1].splitlines()
        ]
        for each in text.split("number of steps**, ")[1:]
    }
    assert list(tables) == [10_000, 2000]
    many, few = ([rows[0], *rows[2:]] for rows in tables.values())
    assert many == [
        ["Steps", "20"], ["DDIM", "4.50"], ["DDIM, η = 1", "3.50"], ["DPM-Solver++", "5.50"],
    ]  # fmt: skip
    assert few == [
        ["Steps", "4", "20", "250"], ["DDIM", "–", "2.50", "1.25"],
        ["DDIM, η = 0.5", "9.50", "–", "–"],
    ]  # fmt: skip
    assert "77" not in text


def test_a_card_without_figures_or_file_says_what_to_do(store):
    unmeasured = diffusion.describe_training(recorded({}), cosine_schedule(STEPS))

    assert "python -m train.evaluate tiny" in unmeasured
    assert "Restore it" in diffusion.training(store, "tiny")


def built(store, name):
    with gr.Blocks(analytics_enabled=False) as blocks:
        card = gr.Dropdown(["tiny"], value=name)
        diffusion.build(store, card)
    return blocks


def explainer(blocks):
    return next(fn for fn in blocks.fns.values() if len(fn.inputs) == 4)


def test_the_page_stands_without_a_trained_card_and_says_so(store):
    explain = explainer(built(store, None))

    assert explain.fn(None, 0, 0, 0) == (None, diffusion.UNTRAINED)


def test_the_page_answers_a_visitor(store):
    explain = explainer(built(store, "tiny"))

    pictures, text = explain.fn("tiny", 0, 50, 0)
    assert len(pictures) == 4
    assert "DPM-Solver++" in text
    with pytest.raises(gr.Error, match="Seed"):
        explain.fn("tiny", 0, 50, "x")


# — the network —

every_card = pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)


@every_card
def test_the_diagram_s_parameters_are_the_network_s(card):
    own = sum(parameter.numel() for parameter in skeleton(card).parameters())

    assert draw_up_unet(card.build).parameters == own > 100_000


@every_card
def test_the_diagram_has_the_shapes_that_a_pass_has(card):
    ran = {}
    network = skeleton(card)
    for name, module in network.named_modules():
        module.register_forward_hook(
            lambda _, __, output, name=name: ran.update({name: tuple(output.shape[1:])})
        )
    with torch.device("meta"):
        network.predict_noise(torch.zeros(1, 1, 28, 28), torch.zeros(1).long())

    parts = [part for part in draw_up_unet(card.build).parts if part.name]

    assert len(parts) == len(network.network.down) + len(network.network.up) + 7
    assert all(ran[part.name] == part.shape for part in parts)


def test_every_level_s_bridge_doubles_the_channels_at_its_resolution():
    diagram = draw_up_unet(CARDS[0].build)

    assert [level.down[-1].shape[1:] for level in diagram.levels] == [(28, 28), (14, 14), (7, 7)]
    for level in diagram.levels:
        assert level.up[0].shape == (2 * level.down[-1].shape[0], *level.down[-1].shape[1:])


def test_only_conditioned_blocks_hear_time_and_class():
    parts = draw_up_unet(CARDS[0].build).parts

    hearing = {part.name for part in parts if part.hears}
    assert hearing == {part.name for part in parts if part.text == "Conditioned block"}
    assert len(hearing) == 8


def test_a_network_of_two_resolutions_has_another_diagram():
    two = draw_up_unet(small_ddpm)

    assert [level.down[-1].shape for level in two.levels] == [(8, 28, 28), (16, 14, 14)]


def test_the_drawing_is_well_formed_and_names_every_part():
    diagram = draw_up_unet(CARDS[0].build)

    svg = ElementTree.fromstring(draw_unet(diagram, "a <title>"))

    texts = [node.text for node in svg.iter() if node.tag.endswith("text")]
    for part in diagram.parts:
        assert part.text in texts
    assert svg.get("aria-label") == "a <title>"
    boxes = [node for node in svg.iter() if node.tag.endswith("rect")]
    assert len(boxes) == len(diagram.parts) + 3  # both ends, and the conditions
    for box in boxes:
        assert 0 <= float(box.get("x")) <= 360 - float(box.get("width"))
        assert float(box.get("y")) + float(box.get("height")) <= float(svg.get("height"))


def test_no_two_boxes_overlap():
    svg = ElementTree.fromstring(draw_unet(draw_up_unet(CARDS[0].build), ""))

    boxes = [
        [float(node.get(name)) for name in ("x", "y", "width", "height")]
        for node in svg.iter()
        if node.tag.endswith("rect")
    ]
    for index, (x, y, width, height) in enumerate(boxes):
        for x2, y2, width2, height2 in boxes[:index]:
            apart = x >= x2 + width2 or x2 >= x + width or y >= y2 + height2 or y2 >= y + height
            assert apart


class Bridgeless(nn.Module):
    """A denoiser whose network is no U."""

    def __init__(self):
        super().__init__()
        self.spec, self.schedule = ImageSpec(1, 8, 8), cosine_schedule(STEPS)
        self.classes = self.null_label = 2
        self.layer = nn.Conv2d(1, 1, 3, padding=1)

    def forward(self, x):
        return self.layer(x)

    def predict_noise(self, x_t, t, labels=None):
        return self(x_t)


def test_a_network_without_bridges_has_a_sentence_and_a_table():
    card = ModelCard("flat", "Flat", "Diffusion", "MNIST", Bridgeless, "nobody")

    assert diffusion_network.NO_U in diffusion_network.draw_page(card)
    assert "`layer`" in diffusion_network.describe_layers(card)


@every_card
def test_the_table_of_layers_adds_up(card):
    table = diffusion_network.describe_layers(card)

    total = sum(row.parameters for row in layers_at_work(card.build))
    assert f"**{total:,}**" in table

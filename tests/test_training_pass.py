"""The page of one training pass: its losses are the training's own, pixel by pixel."""

import json
import re

import numpy as np
import pytest
import torch
from lens_shelf import CLASSY, CODES, LEAKY, LEVELS, PLAIN, build_page, lens_store

from genlab.analysis.likelihood import pixel_nats
from genlab.analysis.receptive_field import gradient_field
from genlab.core.errors import GenLabError, InputError
from genlab.data import binarise_dynamic, to_levels
from genlab.ui.kit import tex
from genlab.ui.latent.codes import examples_of
from genlab.ui.pixels import training_pass
from genlab.ui.pixels import training_pass_views as views
from train.autoregressive import negative_log_likelihood

PLACE, CLASS = 32, 3  # the first example of MNIST that the page shows, and its class
OWN, NOTHING = views.TOLD


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    return lens_store(tmp_path_factory.mktemp("cards"))


def open_one(store, card, told=NOTHING, seed=0, place=PLACE):
    return views.open_pass(store, card, [place], told, seed)


@pytest.mark.parametrize("card", [PLAIN, CLASSY, LEVELS])
def test_the_losses_are_those_of_the_likelihood(shelf, card):
    opened = open_one(shelf, card)

    expected = pixel_nats(shelf.get(card), opened.pixels[None, None])[0, 0]

    torch.testing.assert_close(opened.losses, expected, rtol=1e-6, atol=1e-6)


def test_the_sum_on_the_page_is_the_loss_that_training_lowers(shelf):
    opened = open_one(shelf, CLASSY, OWN)
    batch = {"images": opened.pixels[None, None], "labels": torch.tensor([CLASS])}
    loss = negative_log_likelihood(shelf.get(CLASSY), batch)["loss"].item()

    words = views.describe(shelf, opened)

    assert f"**The loss of this picture: {loss:,.1f} nats**" in words
    assert views.panels(opened)[2].note == f"784 losses, sum {loss:,.1f} nats"


def test_the_class_is_told_where_the_network_has_classes(shelf):
    model = shelf.get(CLASSY)
    told, untold = open_one(shelf, CLASSY, OWN), open_one(shelf, CLASSY, NOTHING)

    expected = pixel_nats(model, told.pixels[None, None], torch.tensor([CLASS]))[0, 0]

    torch.testing.assert_close(told.losses, expected, rtol=1e-6, atol=1e-6)
    assert not torch.allclose(told.losses, untold.losses)
    assert "told the class 3" in views.describe(shelf, told)
    assert "without telling the class" in views.describe(shelf, untold)
    assert open_one(shelf, PLAIN, OWN).label is None


def test_black_and_white_is_drawn_by_the_seed_as_in_training(shelf):
    image = examples_of(shelf, PLAIN).images[PLACE]
    seeded = binarise_dynamic(image, torch.Generator().manual_seed(7))[0]

    assert open_one(shelf, PLAIN, seed=7).pixels.equal(seeded)
    assert not open_one(shelf, PLAIN, seed=8).pixels.equal(seeded)


def test_levels_are_rounded_without_luck(shelf):
    image = examples_of(shelf, LEVELS).images[PLACE]

    assert open_one(shelf, LEVELS, seed=7).pixels.equal(to_levels(image, 8)[0])
    assert open_one(shelf, LEVELS, seed=8).pixels.equal(to_levels(image, 8)[0])


def test_the_expected_grey_of_black_and_white_is_p_of_white(shelf):
    opened = open_one(shelf, PLAIN)

    logits = shelf.get(PLAIN).logits(opened.pixels[None, None])[0, :, 0]

    torch.testing.assert_close(opened.expected, logits.double().softmax(dim=0)[1])


def test_the_expected_grey_of_levels_is_their_mean():
    logs = torch.tensor([0.5, 0.25, 0.25]).double().log().view(3, 1, 1)
    opened = views.TrainingPass("x", None, torch.zeros(1, 1).long(), logs, None)

    assert opened.expected.item() == pytest.approx(0.25 * 0.5 + 0.25)


def test_the_page_begins_with_the_dearest_pixel(shelf):
    opened = open_one(shelf, PLAIN)
    row, column = np.argwhere(opened.losses.numpy() == opened.losses.max().item())[0]

    words = views.show(shelf, opened)[1]

    assert words == views.explain(opened, int(row), int(column))
    assert f"= {opened.losses.max().item():.3f}" in words


@pytest.mark.parametrize("card", [PLAIN, LEVELS])
def test_a_clicked_pixel_tells_its_own_chance_and_loss(shelf, card):
    opened = open_one(shelf, card)
    chance = opened.logs[opened.pixels[9, 14], 9, 14].exp().item()

    words = views.explain_clicked(opened, [9, 14])

    assert f"loss {9 * 28 + 15} of 784" in words
    assert rf"-\ln {tex(chance, 4)} = {opened.losses[9, 14].item():.3f}" in words


@pytest.mark.parametrize("card", [PLAIN, CLASSY])
@pytest.mark.parametrize("place", [(27, 14), (9, 27), (0, 3)])
def test_a_pixel_is_said_to_read_what_its_masks_let_through(shelf, card, place):
    masked = shelf.card(card).masked
    field = gradient_field(masked.name, kernel=3, layers=2, size=28, target=place)

    words = views.explain(open_one(shelf, card), *place)

    before = 28 * place[0] + place[1]
    assert f"the network reads {field.sum()} of the {before} earlier pixels" in words


def gradients(model, opened, row, column):
    """∂ loss of one pixel / ∂ what the last layer gives there, (1 or levels,), by autograd."""
    given = []

    def catch(module, inputs, output):
        given.append(output.detach().requires_grad_())
        return given[0]

    with torch.enable_grad():
        handle = model.output.register_forward_hook(catch)
        logits = model.logits(opened.pixels[None, None])[0, :, 0, row, column]
        handle.remove()
        (-logits.log_softmax(dim=0)[opened.pixels[row, column]]).backward()
    return given[0].grad[0, :, row, column]


def a_place(found):
    """Row and column of a pixel in the middle of those that are so."""
    places = found.nonzero().tolist()
    return places[len(places) // 2]


@pytest.mark.parametrize("is_white", [False, True])
def test_the_gradient_of_black_and_white_is_that_of_its_one_logit(shelf, is_white):
    opened = open_one(shelf, PLAIN)
    row, column = a_place(opened.pixels == int(is_white))

    words = views.explain(opened, row, column)

    (gradient,) = gradients(shelf.get(PLAIN), opened, row, column)
    assert (gradient < 0) == is_white
    assert f"= {gradient.item():.3f}$: the further" in words


@pytest.mark.parametrize("is_black", [False, True])
def test_the_gradient_of_a_level_is_that_of_its_own_logit(shelf, is_black):
    opened = open_one(shelf, LEVELS)
    row, column = a_place((opened.pixels == 0) == is_black)
    there = int(opened.pixels[row, column])

    words = views.explain(opened, row, column)

    gradient = gradients(shelf.get(LEVELS), opened, row, column)[there].item()
    assert f"the logit of level {there}, which is there, is $p - 1 = {gradient:.3f}$" in words


@pytest.mark.parametrize("levels", [2, 4])
def test_what_is_near_zero_is_never_written_as_zero(levels):
    logits = torch.zeros(levels).double()
    logits[0] = 12.0  # p − 1 is some −(levels − 1) · 6.1 · 10⁻⁶
    logs = logits.log_softmax(dim=0).view(levels, 1, 1)
    opened = views.TrainingPass("x", None, torch.zeros(1, 1).long(), logs, None)

    words = views.explain(opened, 0, 0)

    assert "0.000$" not in words
    assert r"= 6.1\cdot 10^{-6}$: the" in words or r"p - 1 = -1.8\cdot 10^{-5}$: the" in words
    assert "0.0000" not in words and "(p = 0.000)" not in words
    assert ("(p < 0.001)" if levels > 2 else "p(white) < **0.0001**") in words


def test_a_sampler_s_steps_are_counted_on_its_stepper(shelf):
    model = shelf.get(PLAIN)
    waves = len(model.stepper(1, order="wavefront").fronts)

    words = views.describe(shelf, open_one(shelf, PLAIN))

    assert views.steps_of(model) == {"raster": 784, "wavefront": waves}
    assert f"| {waves} small steps | {784 / waves:.1f} on average |" in words
    assert "| Training, this picture | 1 pass | 784 |" in words
    assert "| Drawing, naive | 784 passes | 1 |" in words


def test_a_loss_beyond_the_map_is_said():
    logs = torch.tensor([[-20.0, -1e-9], [-0.5, -1.0]]).double().view(2, 1, 2)
    opened = views.TrainingPass("x", None, torch.zeros(1, 2).long(), logs, None)

    assert views.panels(opened)[2].values.max() == pytest.approx(views.MOST)
    assert views.panels(opened)[2].note == "2 losses, sum 20.0 nats"
    assert "The map ends at 7.9" in views._clipped(opened.losses)


# — what a visitor can send —


@pytest.mark.parametrize("place", [None, [], [1], [1, 2, 3], "12", [28, 0], [-1, 0], [0.5, 1],
                                   [True, 1], ["1", 1]])  # fmt: skip
def test_a_click_elsewhere_is_refused(shelf, place):
    with pytest.raises(InputError):
        views.explain_clicked(open_one(shelf, PLAIN), place)


@pytest.mark.parametrize("card", [None, LEAKY, CODES, "nobody", 7])
def test_what_knows_no_likelihood_is_refused(shelf, card):
    with pytest.raises(GenLabError):
        open_one(shelf, card)


@pytest.mark.parametrize("told", [None, "", "everything", 3, ["nothing"]])
def test_what_it_is_told_is_one_of_two(shelf, told):
    with pytest.raises(InputError, match="its class, nothing"):
        open_one(shelf, CLASSY, told)


@pytest.mark.parametrize("seed", [-1, 0.5, None, "0", float("nan"), 2**40])
def test_the_seed_is_a_whole_number(shelf, seed):
    with pytest.raises(InputError, match="Seed"):
        open_one(shelf, PLAIN, seed=seed)


def test_without_a_class_nothing_can_be_chosen(shelf):
    assert training_pass.fitting(shelf, PLAIN) | {"info": "", "choices": []} == {
        "choices": [], "value": NOTHING, "interactive": False, "info": "",
    }  # fmt: skip
    assert training_pass.fitting(shelf, CLASSY)["value"] == OWN


def test_only_black_and_white_asks_for_a_seed(shelf):
    assert training_pass.luck(shelf, PLAIN) == (True, training_pass.DRAWN)
    lucky, remark = training_pass.luck(shelf, LEVELS)
    assert not lucky and "the nearest of 8 levels" in remark


def test_the_page_opens_with_the_first_example_told_its_class(shelf):
    shown, pixel, words = training_pass.opening(shelf, CLASSY)

    expected = open_one(shelf, CLASSY, OWN)
    np.testing.assert_allclose(shown[2].values, expected.losses.clamp(max=views.MOST).numpy())
    assert re.search(r"Row \d+, column \d+: loss", pixel)
    assert "told the class 3" in words


def test_without_any_card_the_page_says_how_to_get_one(shelf):
    blocks, _ = build_page(training_pass.build, shelf)

    assert training_pass.UNTRAINED in json.dumps(blocks.get_config_file(), ensure_ascii=False)

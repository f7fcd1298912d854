"""The lessons below the PixelCNN's pages: every number is computed, every check tells the truth."""

import dataclasses
import json
import math
import re

import gradio as gr
import pytest
import torch
from lens_shelf import CLASSY, CODES, LEAKY, LEVELS, PLAIN, build_page, lens_store
from shelved import tiny_card, write_checkpoint

from genlab import data
from genlab.analysis.likelihood import class_nats, image_nats, pixel_nats
from genlab.core.errors import InputError
from genlab.inference.autoregressive import sample
from genlab.store import ModelStore
from genlab.ui.lessons import pixels_accounts as accounts
from genlab.ui.lessons import pixels_depth as depth
from genlab.ui.lessons import pixels_drawing_claims as drawing
from genlab.ui.lessons import pixels_examples as pictures
from genlab.ui.lessons import pixels_scoring_claims as scoring

SERVED = (PLAIN, CLASSY, LEVELS)
CHECKS = (
    *(drawing.check_temperature, drawing.check_order, drawing.check_cool),
    *(drawing.check_reach, drawing.check_fixed_point, scoring.check_below),
    *(scoring.check_bayes, scoring.check_levels, scoring.check_parallel),
)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    return lens_store(tmp_path_factory.mktemp("cards"))


# — temperature and top-p —


def test_only_dividing_the_logits_is_the_temperature():
    logits = torch.tensor([0.3, -1.0, 2.0]).double()

    right, divided, again = drawing.under_temperature(logits, 0.5)

    torch.testing.assert_close(right, (logits.softmax(dim=0) ** 2) / (logits.softmax(0) ** 2).sum())
    torch.testing.assert_close(divided, logits.softmax(dim=0))
    assert not torch.allclose(again, right)
    assert not torch.allclose(drawing.under_temperature(logits, 1.0)[2], logits.softmax(dim=0))


def test_the_check_of_the_temperature_shows_the_same_number_thrice(shelf):
    logits, _ = drawing.doubtful_logits(shelf, LEVELS)
    best = f"{logits.softmax(dim=0).max().item():.4f}"

    found = drawing.check_temperature(shelf, LEVELS)

    assert found.count(f"| {best} |") == 3
    assert "The column of p / T never moves" in found
    assert f"| 1 | **{best}** |" in found


def test_the_order_of_temperature_and_top_p_matters_only_where_both_are_at_work():
    logits = torch.randn(5, 6, 8, generator=torch.Generator().manual_seed(0)).double()

    for heat, share, same in ((1.0, 0.7, True), (2.0, 1.0, True), (2.0, 0.7, False)):
        ours, swapped = drawing.in_both_orders(logits, heat, share)
        torch.testing.assert_close(ours.sum(dim=-1), torch.ones(5, 6).double())
        torch.testing.assert_close(swapped.sum(dim=-1), torch.ones(5, 6).double())
        assert torch.allclose(ours, swapped) is same


def test_a_known_pixel_keeps_both_levels_in_one_order_and_one_in_the_other():
    logits = torch.tensor([0.0, math.log(19)]).double()  # p = 0.05, 0.95

    ours, swapped = drawing.in_both_orders(logits, 2.0, 0.9)

    odds = math.sqrt(19)
    torch.testing.assert_close(ours, torch.tensor([1, odds]).double() / (1 + odds))
    torch.testing.assert_close(swapped, torch.tensor([0.0, 1.0]).double())


def test_the_check_of_cool_samples_begins_with_what_the_data_costs(shelf):
    real = pictures.as_in_training(shelf, PLAIN, drawing.EACH)
    nats = image_nats(shelf.get(PLAIN), real).mean().item()

    found = drawing.check_cool(shelf, PLAIN)

    assert f"| 20 test pictures | **{nats:.1f}** |" in found
    assert all(f"| T = {heat:g} |" in found for heat in drawing.HEATS)


# — how far a network sees —


@pytest.mark.parametrize("card", SERVED)
def test_the_rows_in_reach_matter_and_those_above_do_not(shelf, card):
    """By changing them, which the gradient's own way does not."""
    model, pixels = shelf.get(card), pictures.as_in_training(shelf, card, drawing.EACH)
    reach = drawing.rows_in_reach(model, pixels)
    last = 27 - reach  # the row furthest up that the last row sees
    foot = model.logits(pixels)[..., -1, :]

    def changed(rows):
        other = pixels.clone()
        other[..., rows, :] = model.spec.levels - 1 - other[..., rows, :]
        return not model.logits(other)[..., -1, :].equal(foot)

    assert changed(slice(last, last + 1))
    assert not changed(slice(last))


@pytest.mark.parametrize("card", SERVED)
def test_expected_ink_is_one_minus_the_chance_of_black(shelf, card):
    model, pixels = shelf.get(card), pictures.as_in_training(shelf, card, 1)
    black = torch.zeros_like(pixels)

    found = drawing.expected_ink(model, pixels)

    costs = -pixel_nats_of(model, pixels, black)  # of black at each pixel, told what precedes it
    torch.testing.assert_close(found, (1 - costs.exp()).sum(dim=-1).mean(dim=0), rtol=1e-5, atol=0)


def pixel_nats_of(model, pixels, answers):
    """−ln p of other answers at all pixels, (N, H, W) float64."""
    logits = model.logits(pixels)[:, :, 0].double()
    return torch.nn.functional.cross_entropy(logits, answers[:, 0], reduction="none")


def test_a_cut_keeps_the_rows_above_it():
    whole = torch.ones(1, 1, 5, 2, dtype=torch.int64)

    assert drawing.cut_off(whole, 2)[0, 0, :, 0].tolist() == [1, 1, 0, 0, 0]
    assert not drawing.cut_off(whole, 0).any()
    assert drawing.cut_off(whole, None).equal(whole)
    assert whole.all()  # which stays as it was


@pytest.mark.parametrize(("kept", "seen"), [(28, 4), (24, 4), (23, 3), (21, 1), (20, 0), (0, 0)])
def test_in_sight_are_the_kept_rows_among_those_in_reach(kept, seen):
    rows = torch.arange(28)

    assert drawing.in_sight(kept, top=24, reach=4) == seen
    assert int(((rows >= 20) & (rows < 24) & (rows < kept)).sum()) == seen


@pytest.mark.parametrize("card", SERVED)
def test_with_nothing_in_sight_the_network_expects_what_follows_an_empty_picture(shelf, card):
    found = drawing.check_reach(shelf, card)

    table = [line.split("|")[1:-1] for line in found.splitlines() if line.startswith("| ")][1:]
    expected = {told.strip(): (int(seen), number.strip()) for told, seen, number in table}
    assert len(expected) == len(drawing.KEPT)
    blind = {number for seen, number in expected.values() if seen == 0}
    assert blind == {expected["0"][1]} != {expected["all"][1]}


@pytest.mark.parametrize(("row", "column", "ended"), [(25, 3, 0), (26, 0, 1), (27, 27, 1)])
def test_a_picture_ends_in_ink_if_a_pixel_of_its_last_two_rows_is_not_black(row, column, ended):
    pixels = torch.zeros(3, 1, 28, 28, dtype=torch.int64)
    pixels[1, 0, row, column] = 1

    assert drawing.ending_in_ink(pixels) == ended


@pytest.mark.parametrize("card", SERVED)
def test_the_network_s_own_endings_are_counted_beside_the_real_ones(shelf, card):
    model, real = shelf.get(card), pictures.as_in_training(shelf, card, drawing.EACH)
    drawn = [sample(model, seed=seed, count=1) for seed in range(drawing.PICTURES)]
    inked = sum(bool((each[..., -2:, :] > 0).any()) for each in drawn)

    found = drawing.check_reach(shelf, card)

    share = f"**{inked} of {drawing.PICTURES}**"
    assert f" Of the pictures that it draws itself, {share} are not black there" in found
    assert f"of the test pictures, **{drawing.ending_in_ink(real)} of {len(real)}**" in found


# — the fixed point —


@pytest.mark.parametrize("card", SERVED)
def test_the_fixed_point_is_said_to_be_exact_and_halfway_not(shelf, card):
    found = drawing.check_fixed_point(shelf, card)

    assert f"differ at the end: **0 of {drawing.RACED * 784:,}**" in found
    assert "100.0 % of the pixels were right" not in found


# — completion —


@pytest.mark.parametrize("card", SERVED)
def test_what_is_below_changes_nothing_and_what_is_above_does(shelf, card):
    found = scoring.check_below(shelf, card)

    assert "opposite: **0** of 1,344 drawn pixels change" in found
    assert int(found.rsplit("**", 2)[1]) > 0


def test_an_inverted_picture_is_inverted_in_its_rows_alone(shelf):
    model, (pixels, _) = shelf.get(LEVELS), pictures.first_example(shelf, LEVELS)

    turned = scoring.inverted(model, pixels, slice(20, None))

    assert turned[:, :20].equal(pixels[:, :20])
    assert turned[:, 20:].equal(7 - pixels[:, 20:])


# — likelihood —


def test_the_sum_is_sure_where_the_mean_knows_hardly_anything():
    nats = torch.tensor([[70.0, 80.0], [90.0, 80.0]]).double()

    by_sum, by_mean = scoring.sureness(nats, 784)

    assert by_sum == pytest.approx(1 / (1 + math.exp(-10)))
    assert by_mean == pytest.approx(1 / (1 + math.exp(-10 / 784)))


def test_the_check_of_bayes_counts_right_classes_and_turns_gaps_into_odds(shelf):
    pixels, labels = pictures.some_of_each(shelf, CLASSY, scoring.SCORED)
    nats = class_nats(shelf.get(CLASSY), pixels)
    right = int((nats.argmin(dim=1) == labels).sum())
    two = nats.topk(2, dim=1, largest=False).values

    found = scoring.check_bayes(shelf, CLASSY)

    assert f"right one **{right}** times" in found
    assert scoring._odds((two[:, 1] - two[:, 0]).min().item()) in found
    assert found == scoring.check_bayes(shelf, PLAIN)  # which has no classes, so another card has


@pytest.mark.parametrize(("nats", "told"), [(0.0, "1.0 to 1"), (math.log(20), "20.0 to 1"),
                                            (10 * math.log(10), "about 10¹⁰ to 1")])  # fmt: skip
def test_odds_are_e_to_the_gap(nats, told):
    assert scoring._odds(nats) == told


def test_finer_levels_cost_the_same_model_more():
    fair = torch.tensor([0, 255], dtype=torch.uint8).repeat(50)
    bits = [scoring.histogram_bits(data.examples("mnist").images, n) for n in scoring.LEVELS]

    assert scoring.histogram_bits(fair, 2) == pytest.approx(1)
    assert scoring.histogram_bits(fair, 256) == pytest.approx(1)
    assert bits == sorted(bits)
    assert all(each < math.log2(n) for each, n in zip(bits, scoring.LEVELS, strict=True))


# — training —


@pytest.mark.parametrize("card", SERVED)
def test_a_walk_through_the_pixels_gives_the_losses_of_one_pass(shelf, card):
    model, (pixels, label) = shelf.get(card), pictures.first_example(shelf, card)
    labels = pictures.told(model, label)

    nats, steps = scoring.walk(model, pixels, labels)

    expected = pixel_nats(model, pixels[None], labels)[0, 0]
    torch.testing.assert_close(nats, expected, rtol=1e-4, atol=1e-4)
    assert steps == len(model.stepper(1, order=model.orders[0]).fronts)
    assert (labels is not None) == (card == CLASSY)


@pytest.mark.parametrize(("gap", "same"), [(0.0, True), (0.5, False)])
def test_a_walk_that_gives_other_losses_is_not_called_rounding(shelf, monkeypatch, gap, same):
    right = scoring.walk

    def another(*asked):
        nats, steps = right(*asked)
        nats[9, 14] += gap
        return nats, steps

    monkeypatch.setattr(scoring, "walk", another)

    found = scoring.check_parallel(shelf, PLAIN)

    assert ("the rounding of float32" in found) is same
    assert ("not the same" in found) is not same
    assert same or "is 5.0e-01 nats" in found


# — look closer —


@pytest.mark.parametrize("card", SERVED)
def test_the_account_of_the_likelihood_has_the_picture_s_own_numbers(shelf, card):
    model, (pixels, label) = shelf.get(card), pictures.first_example(shelf, card)
    words = accounts.tell_likelihood(shelf, card)

    if card == CLASSY:
        by_class = class_nats(model, pixels[None])[0]
        total = (math.log(10) - (-by_class).logsumexp(dim=0)).item()
        assert f"costs ${by_class[label].item():.2f}$ nats" in words
        assert f"= {(-by_class).softmax(dim=0)[label].item():.4f}$" in words
        whole, own, chance = map(float, re.search(
            r"e\^\{([\d.]+) - ([\d.]+)\} / 10 = ([\d.]+)\$", words
        ).groups())  # fmt: skip
        assert math.exp(whole - own) / 10 == pytest.approx(chance, abs=1e-4)
    else:
        total = image_nats(model, pixels[None]).item()
        assert "p(y" not in words
    assert rf"= {total:.2f}\ \text{{nats}}" in words


def test_the_account_of_the_likelihood_calls_the_class_by_its_name(tmp_path):
    build = lens_store(tmp_path).card(CLASSY).build
    clothes = dataclasses.replace(tiny_card("bags", build=build), data="Fashion-MNIST, rounded")
    write_checkpoint(tmp_path, clothes)

    words = accounts.tell_likelihood(ModelStore(tmp_path, (clothes,)), "bags")

    assert "Given its own class, Bag, the picture" in words


def test_the_account_of_completion_splits_the_whole_cost(shelf):
    model, (pixels, _) = shelf.get(PLAIN), pictures.first_example(shelf, PLAIN)
    nats = pixel_nats(model, pixels[None])[0, 0]

    words = accounts.tell_completion(shelf, PLAIN)

    assert f"${nats[: accounts.ROWS].sum():.1f}$ nats" in words
    assert f"${nats[accounts.ROWS :].sum():.1f}$ nats more" in words
    assert "(0 of them lose anything)" in words


def test_the_account_of_training_sums_all_pixels(shelf):
    model, (pixels, label) = shelf.get(CLASSY), pictures.first_example(shelf, CLASSY)
    total = image_nats(model, pixels[None], torch.tensor([label])).item()

    assert rf"= {total:.2f}\ \text{{nats}}" in accounts.tell_training(shelf, CLASSY)


@pytest.mark.parametrize("page", depth.PAGES)
@pytest.mark.parametrize("card", SERVED)
def test_every_page_has_an_account_its_code_and_claims_for_every_card(shelf, page, card):
    assert "| tensor | shape |" in depth.account_for(shelf, page, card)
    for part in depth.PAGES[page].code:
        assert f"def {part.__name__}" in depth.code(page)
    assert depth.claims(shelf, page)


def test_every_check_belongs_to_a_page_once(shelf):
    said = [claim.said for page in depth.PAGES for claim in depth.claims(shelf, page)]

    assert len(said) == len(set(said)) == len(CHECKS)


# — the pictures —


def test_black_and_white_cards_get_pictures_whose_greys_were_drawn(shelf):
    drawn, rounded = (
        each(shelf, PLAIN, 10)
        for each in (pictures.as_in_training, lambda *asked: pictures.some_of_each(*asked)[0])
    )
    images = data.examples("mnist").images

    assert drawn.unique().tolist() == rounded.unique().tolist() == [0, 1]
    assert not drawn.equal(rounded)
    assert not drawn[images == 0].any() and drawn[images == 255].all()


def test_some_of_each_class_are_as_many_of_each(shelf):
    _, labels = pictures.some_of_each(shelf, LEVELS, 3)

    assert labels.bincount().tolist() == [3] * 10


# — what a visitor can choose —


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("card", [LEAKY, CODES])
def test_what_cannot_be_checked_is_refused_with_a_remedy(shelf, check, card):
    with pytest.raises(InputError, match="Choose another model"):
        check(shelf, card)


def test_without_any_model_with_classes_the_remedy_is_to_train_one(tmp_path, monkeypatch):
    store = lens_store(tmp_path)
    monkeypatch.setattr(store, "cards_with", lambda capability: [])

    with pytest.raises(InputError, match="python -m train gated-mnist"):
        scoring.check_bayes(store, PLAIN)


def test_a_page_without_depth_or_without_a_card_stays_as_it_is(shelf):
    for page, names in (("Elsewhere", (PLAIN,)), ("Race", ())):
        blocks, _ = build_page(lambda store, card, page=page: depth.build(store, card, page),
                               shelf, *names)  # fmt: skip
        assert "Common mistakes" not in json.dumps(blocks.get_config_file(), default=str)


def test_a_page_with_depth_has_both_folded_parts(shelf):
    with gr.Blocks(analytics_enabled=False) as blocks:
        card = gr.Dropdown([PLAIN], value=PLAIN)
        depth.build(shelf, card, "Likelihood")
    config = json.dumps(blocks.get_config_file(), default=str, ensure_ascii=False)

    assert "Look closer" in config and "Common mistakes" in config
    for claim in depth.claims(shelf, "Likelihood"):
        assert claim.said in config
    assert depth.account_for(shelf, "Likelihood", None) == depth.UNTRAINED

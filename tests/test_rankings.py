"""Two rankings of the same cards: what proves a disagreement, and what the page shows of it."""

import re

import pytest
from latent_shelf import latent_card
from shelved import tiny_card, write_checkpoint

from genlab.analysis.figures import name_of
from genlab.analysis.rankings import Ranked, disagreements, tell_agreement, tightest_bound
from genlab.core.cards import Figure, ModelCard
from genlab.store import ModelStore
from genlab.ui.models_pages import comparison


def figure(value, error=0.0):
    return Figure(value, error, 10_000, "python -m …")


def shelf(folder, *cards, **figures):
    """A store of these cards, all with the same figures."""
    for each in cards:
        write_checkpoint(folder, each, figures=figures or {"other": figure(1)})
    return ModelStore(folder, cards)


def ranked(title, nats, distance, error=0.1, *, is_bound=False):
    return Ranked(title, figure(nats, error), is_bound, figure(distance, error))


def test_a_better_likelihood_with_worse_samples_is_a_disagreement():
    a, b, c = ranked("A", 80, 9), ranked("B", 85, 5), ranked("C", 90, 12)

    assert disagreements([a, b, c]) == [(a, b)]
    assert "A has the better likelihood (80.0 against 85.0 nats), B the better" in tell_agreement(
        [c, b, a]
    )


def test_likelihoods_of_another_unit_are_told_in_it():
    a, b = ranked("A", 1.025, 9, error=0.002), ranked("B", 1.065, 5, error=0.002)

    assert "(1.025 against 1.065 bits/dim)" in tell_agreement([a, b], unit="bits/dim")


def test_differences_within_the_error_contradict_nothing():
    a, b = ranked("A", 80, 9, error=5), ranked("B", 85, 5, error=5)

    assert disagreements([a, b]) == []
    assert "no pair contradicts itself" in tell_agreement([a, b])


@pytest.mark.parametrize("is_bound", [False, True])
def test_a_bound_that_is_higher_proves_nothing(is_bound):
    pair = [ranked("A", 80, 9, is_bound=is_bound), ranked("B", 85, 5, is_bound=True)]

    assert disagreements(pair) == []
    assert "A bound is at or above the NLL" in tell_agreement(pair)


def test_a_bound_that_is_already_lower_proves_the_better_likelihood():
    a, b = ranked("A", 80, 9, is_bound=True), ranked("B", 85, 5)

    assert disagreements([b, a]) == [(a, b)]
    assert "A has the better likelihood (at most 80.0 against 85.0 nats)" in tell_agreement([b, a])


def test_exact_figures_need_no_word_about_bounds():
    assert "bound" not in tell_agreement([ranked("A", 80, 9), ranked("B", 85, 5)])


def test_the_bound_that_counts_is_the_lowest_of_those_on_most_pictures():
    few = Figure(82, 0.7, 1_000, "python -m …")
    figures = {"neg_elbo_nats_dynamic": figure(88), "iwae_100_nats": figure(85), "iwae_nats": few}

    assert tightest_bound(figures) == "iwae_100_nats"
    assert tightest_bound({**figures, "iwae_100_nats": figure(89)}) == "neg_elbo_nats_dynamic"
    assert tightest_bound({"iwae_nats": few}) == "iwae_nats"
    assert tightest_bound({"kl_nats": figure(3)}) is None


def test_a_card_is_ranked_by_its_tightest_bound_which_is_named(tmp_path):
    pixels = tiny_card("pixels")
    pixels = ModelCard(pixels.name, pixels.title, "PixelCNN", "MNIST, binary", pixels.build, "x")
    digits = latent_card("digits")
    bounds = {"neg_elbo_nats_dynamic": figure(88, 0.2), "iwae_100_nats": figure(84.83, 0.2)}
    shelf(tmp_path, pixels, nats_dynamic=figure(86.13, 0.2), fid_times_floor=figure(9, 0.1))
    shelf(tmp_path, digits, **bounds, fid_times_floor=figure(5, 0.1))

    page = comparison.comparison(ModelStore(tmp_path, (pixels, digits)))

    left = re.search("<ol>(.*?)</ol>", page).group(1)
    assert re.findall("<span>(.*?)</span>", left) == ["Tiny digits", "Tiny pixels"]
    assert f"{name_of('iwae_100_nats')}: 84.83 ± 0.20" in left
    assert "here they do not" not in page, "the better bound has the better samples"


def test_ranks_are_drawn_best_first_with_a_line_for_each_card_in_both(tmp_path):
    first, second, bare = latent_card("digits"), tiny_card("pixels"), latent_card("generator")
    second = ModelCard(second.name, second.title, "PixelCNN", "MNIST, binary", second.build, "x")
    shelf(tmp_path, first, neg_elbo_nats_dynamic=figure(88, 0.2), fid_times_floor=figure(3, 0.1))
    shelf(tmp_path, second, nats_dynamic=figure(80, 0.2), fid_times_floor=figure(7, 0.1))
    shelf(tmp_path, bare, fid_times_floor=figure(5, 0.1))
    page = comparison.comparison(ModelStore(tmp_path, (first, second, bare)))

    left, right = re.findall("<ol>(.*?)</ol>", page)
    titles = [re.findall("<span>(.*?)</span>", side) for side in (left, right)]
    assert titles[0] == ["Tiny pixels", "Tiny digits"]
    assert titles[1] == ["Tiny digits", "Tiny generator", "Tiny pixels"]
    assert page.count("<path ") == 2
    assert "no likelihood" in right
    assert "no pair contradicts itself" in page, "the bound of the digits is the higher one"


def test_without_two_cards_to_compare_the_page_says_what_measures_them(tmp_path):
    store = shelf(tmp_path, latent_card("digits"), neg_elbo_nats_dynamic=figure(88, 0.2))

    page = comparison.comparison(store)
    assert "python -m train.evaluate CARD --only sample_quality" in page
    assert "−ELBO: 88.00 ± 0.20" in page

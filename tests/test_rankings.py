"""Two rankings of the same cards: what proves a disagreement, and what the page shows of it."""

import re

import pytest
from lively import tiny_gan
from shelved import write_checkpoint

from genlab.analysis.figures import name_of
from genlab.analysis.rankings import Ranked, disagreements, tell_agreement, tightest_bound
from genlab.core.cards import Figure, ModelCard
from genlab.core.images import ImageSpec
from genlab.core.protocols import Autoregressive
from genlab.models.pixelcnn import PixelCNN
from genlab.models.vae import VAE
from genlab.nn.latent_networks import DenseDecoder, DenseEncoder
from genlab.store import ModelStore
from genlab.ui.models_pages import comparison


def figure(value, error=0.0):
    return Figure(value, error, 10_000, "python -m …")


def card(name, title, data, *, levels=2, network="pixels"):
    """A tiny card about pictures in so many levels."""
    spec = ImageSpec(1, 6, 6, levels=levels)
    builds = {
        "pixels": lambda: PixelCNN(spec, features=8, blocks=1, head=8),
        "vae": lambda: VAE(
            spec, 3, encoder=DenseEncoder(spec, (8,), 6), decoder=DenseDecoder(spec, 3, (8,))
        ),
        "gan": lambda: tiny_gan(),
    }
    return ModelCard(name, title, network, data, builds[network], "x")


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


def sections(store):
    """The page's sections: heading → the lists of titles on either side, and the whole text."""
    found = {}
    for part in comparison.comparison(store).split("<section>")[1:]:
        left, right = re.findall("<ol>(.*?)</ol>", part)
        titles = [re.findall("<span>(.*?)</span>", side) for side in (left, right)]
        found[re.search("<h4>(.*?)</h4>", part).group(1)] = (*titles, part)
    return found


def test_a_card_is_ranked_by_its_tightest_bound_which_is_named(tmp_path):
    pixels, digits = (card(name, name, "MNIST, binary", network=name) for name in ("pixels", "vae"))
    bounds = {"neg_elbo_nats_dynamic": figure(88, 0.2), "iwae_100_nats": figure(84.83, 0.2)}
    shelf(tmp_path, pixels, nats_dynamic=figure(86.13, 0.2), fid_times_floor=figure(9, 0.1))
    shelf(tmp_path, digits, **bounds, fid_times_floor=figure(5, 0.1))

    left, _, page = sections(ModelStore(tmp_path, (pixels, digits)))["MNIST, binary"]

    assert left == ["vae", "pixels"]
    assert f"{name_of('iwae_100_nats')}: 84.83 ± 0.20" in page
    assert "here they do not" not in page, "the better bound has the better samples"


def test_ranks_are_drawn_best_first_with_a_line_for_each_card_in_both(tmp_path):
    first = card("a", "A", "MNIST, grey", levels=256)
    second = card("b", "B", "MNIST, all levels", levels=256)
    bare = card("c", "C", "MNIST, grey", network="gan")
    shelf(tmp_path, first, bits_per_dim=figure(1.1, 0.01), fid_times_floor=figure(3, 0.1))
    shelf(tmp_path, second, bits_per_dim_mixture=figure(1, 0.01), fid_times_floor=figure(7, 0.1))
    shelf(tmp_path, bare, fid_times_floor=figure(5, 0.1))

    left, right, page = sections(ModelStore(tmp_path, (first, second, bare)))[
        "MNIST, 256 grey levels"
    ]

    assert left == ["B", "A"]
    assert right == ["A", "C", "B"]
    assert page.count("<path ") == 2
    assert page.count("no likelihood") == 1
    assert "<small>1.00 ± 0.01</small>" in page
    assert "here they do not: B has the better likelihood (1.000 against 1.100 bits/dim)" in page


def test_pictures_of_other_levels_are_never_ranked_together(tmp_path):
    cards = [
        card(f"of-{levels}-{name}", f"{name} {levels}", f"{name}, rounded", levels=levels)
        for name in ("MNIST", "Fashion-MNIST")
        for levels in (256, 8, 2)
    ]
    for at, each in enumerate(cards):  # the finer the levels, the worse the samples: no matter
        name = "nats_dynamic" if at % 3 == 2 else "bits_per_dim"
        found = {name: figure(90 if at % 3 == 2 else 3 - at % 3)}
        shelf(tmp_path, each, **found, fid_times_floor=figure(9 - at))

    found = sections(ModelStore(tmp_path, cards))

    assert list(found) == [
        f"{name}, {kind}"
        for name in ("MNIST", "Fashion-MNIST")
        for kind in ("binary", "8 grey levels", "256 grey levels")
    ]
    for heading, (left, right, page) in found.items():
        assert len(left) == 1 and left == right
        assert f"Likelihood: {'nats' if 'binary' in heading else 'bits/dim'}," in page
        assert "here they do not" not in page


def test_what_a_card_lacks_is_told_from_what_it_cannot_have(tmp_path):
    unmeasured = card("a", "A", "MNIST, binary", network="vae")
    unlikely = card("b", "B", "MNIST, grey", network="gan")
    alone = card("c", "C", "MNIST, rounded", levels=8)
    shelf(tmp_path, unmeasured, neg_elbo_nats_dynamic=figure(88, 0.2))
    shelf(tmp_path, unlikely, fid_times_floor=figure(5, 0.1))
    shelf(tmp_path, alone, bits_per_dim=figure(1.1, 0.01), fid_times_floor=figure(3, 0.1))

    found = sections(ModelStore(tmp_path, (unmeasured, unlikely, alone)))

    remedy = "<code>python -m train.evaluate CARD</code> measures all that a card lacks"
    lacking = {heading: remedy in page for heading, (*_, page) in found.items()}
    assert lacking == {
        "MNIST, binary": True, "MNIST, 8 grey levels": False, "MNIST, 256 grey levels": False
    }  # fmt: skip
    assert "−ELBO: 88.00 ± 0.20" in found["MNIST, binary"][-1]
    assert "no card has one" in found["MNIST, 256 grey levels"][-1]


def test_a_likelihood_that_is_not_measured_is_not_called_impossible(tmp_path):
    store = shelf(tmp_path, card("a", "A", "MNIST, binary"), fid_times_floor=figure(5, 0.1))

    ((*_, page),) = sections(store).values()

    assert "likelihood not measured" in page and "no likelihood" not in page


@pytest.mark.parametrize("shipped", ModelStore().cards_with(Autoregressive), ids=lambda c: c.name)
def test_no_shipped_pixelcnn_with_a_likelihood_is_told_to_have_none(shipped):
    page = comparison.comparison(ModelStore())

    assert not re.search(f"<span>{re.escape(shipped.title)}</span><small>[^<]*no like", page)

"""The lens: its map against the total, enumeration and float64; classes by Bayes' rule."""

import copy
import math

import pytest
import torch
from lively import CLASSES, tiny_gated, tiny_pixelcnn
from toys import Alternating, Coins, Dice, all_images

from genlab.analysis.likelihood import class_nats, image_nats, mixture_nats, pixel_nats
from genlab.analysis.likelihood_lens import (
    ScoreDistribution,
    classify_by_bayes,
    recorded_scores,
    score_distribution,
    score_picture,
)
from genlab.core.cards import Figure
from genlab.core.images import ImageSpec, quantise
from genlab.data import examples
from genlab.inference.autoregressive import sample

LN2 = math.log(2)


def some_pictures(spec, count=4):
    generator = torch.Generator().manual_seed(3)
    return torch.randint(spec.levels, (count, *spec.shape), generator=generator)


@pytest.mark.parametrize("levels", [2, 5, 256])
def test_the_map_sums_to_the_total(levels):
    model = tiny_pixelcnn(size=(5, 7), levels=levels)
    pictures = some_pictures(model.spec)

    scores = [score_picture(model, each) for each in pictures]

    for score, nats in zip(scores, image_nats(model, pictures).tolist(), strict=True):
        assert score.bits.shape == (5, 7)
        assert score.bits.sum().item() * LN2 == pytest.approx(nats, rel=1e-6)
        assert score.nats == pytest.approx(nats, rel=1e-6)
        assert score.bits_per_dim == pytest.approx(nats / LN2 / 35, rel=1e-6)
        assert score.beliefs is None


@pytest.mark.parametrize("levels", [2, 5])
def test_the_map_of_a_model_with_classes_sums_to_their_mixture_or_to_the_one_class(levels):
    model = tiny_gated(levels=levels)
    picture = some_pictures(model.spec, 1)
    by_class = class_nats(model, picture)

    assert score_picture(model, picture[0]).nats == pytest.approx(mixture_nats(by_class).item())
    for label in range(CLASSES):
        score = score_picture(model, picture[0], label=label)
        assert score.nats == pytest.approx(by_class[0, label].item())
        assert score.beliefs is None
    null = score_picture(model, picture[0], label=model.null_label)
    assert null.nats == pytest.approx(image_nats(model, picture).item())


@pytest.mark.parametrize("build", [tiny_pixelcnn, tiny_gated])
def test_the_total_equals_the_full_pass_in_float64(build):
    model = build(levels=5)
    exact = copy.deepcopy(model).double()
    pictures = some_pictures(model.spec)

    for picture in pictures:
        assert score_picture(model, picture).nats == pytest.approx(
            score_picture(exact, picture).nats, rel=1e-5
        )


@pytest.mark.parametrize("card", ["pixelcnn-mnist", "gated-mnist"])
def test_a_shipped_total_equals_the_full_pass_in_float64(store, card):
    model = store.get(card)
    digit = quantise(examples("mnist").images[42] / 255, 2)  # (1, 28, 28)
    exact = copy.deepcopy(model).double()
    if card == "gated-mnist":
        nats = mixture_nats(class_nats(exact, digit[None]))
    else:
        nats = image_nats(exact, digit[None])

    assert score_picture(model, digit).nats == pytest.approx(nats.item(), abs=1e-3)


@pytest.mark.parametrize("build", [tiny_pixelcnn, tiny_gated])
def test_each_pixel_s_bits_are_those_of_the_enumerated_likelihood(build):
    model = build(size=(3, 3), first_kernel=3)
    images = all_images(model.spec)
    if build is tiny_gated:
        likelihood = (-mixture_nats(class_nats(model, images))).exp()
    else:
        likelihood = (-image_nats(model, images)).exp()
    picture = images[343]
    same = (images == picture).flatten(1).cumprod(dim=1)  # (N, 9), agrees up to here
    prefix = torch.cat([torch.ones(1).double(), likelihood @ same.double()])

    bits = score_picture(model, picture).bits

    torch.testing.assert_close(bits.flatten(), -(prefix[1:] / prefix[:-1]).log2(), rtol=1e-5,
                               atol=1e-6)  # fmt: skip


@pytest.mark.parametrize("build", [tiny_pixelcnn, tiny_gated])
def test_the_expected_bits_are_the_mean_over_what_the_pixel_could_have_been(build):
    model = build(size=(4, 5), levels=5)
    picture = some_pictures(model.spec, 1)[0]
    expected = score_picture(model, picture).expected_bits

    for row, column in [(0, 0), (1, 3), (3, 4)]:
        bits = []
        for level in range(5):
            other = picture.clone()
            other[0, row, column] = level
            bits.append(score_picture(model, other).bits[row, column])
        bits = torch.stack(bits)
        assert (2**-bits).sum().item() == pytest.approx(1, abs=1e-6)
        assert expected[row, column].item() == pytest.approx((2**-bits @ bits).item(), rel=1e-5)


def test_a_fair_coin_is_as_dear_as_expected_and_a_certain_pixel_is_free():
    score = score_picture(Alternating(2, 3), torch.tensor([[[1, 0, 1], [0, 1, 0]]]))

    expected = torch.tensor([[1.0, 0, 0], [0, 0, 0]]).double()
    torch.testing.assert_close(score.bits, expected)
    torch.testing.assert_close(score.expected_bits, expected)
    torch.testing.assert_close(score.surplus, torch.zeros(2, 3).double())


def test_a_pixel_s_bits_are_the_sum_over_its_channels():
    white = torch.tensor([0.5, 0.25, 0.125]).view(3, 1, 1).expand(3, 2, 2)

    score = score_picture(Coins(white), torch.ones(3, 2, 2, dtype=torch.int64))

    torch.testing.assert_close(score.bits, torch.full((2, 2), 6.0).double())
    assert score.values == 12
    assert score.bits_per_dim == pytest.approx(2)


def test_beliefs_follow_from_the_pixels_so_far():
    model = tiny_gated(size=(4, 5))
    picture = some_pictures(model.spec, 1)
    nats = torch.stack(
        [pixel_nats(model, picture, torch.tensor([label])).flatten() for label in range(CLASSES)]
    )  # (classes, 20)

    beliefs = score_picture(model, picture[0]).beliefs

    assert beliefs.shape == (CLASSES, 4, 5)
    for index in range(20):
        expected = (-nats[:, : index + 1].sum(dim=1)).softmax(dim=0)
        torch.testing.assert_close(beliefs.flatten(1)[:, index], expected, rtol=1e-5, atol=1e-7)


def test_the_last_belief_is_the_class_by_bayes_rule():
    model = tiny_gated()
    pictures = some_pictures(model.spec, 5)

    chances = classify_by_bayes(model, pictures)

    assert chances.shape == (5, CLASSES)
    torch.testing.assert_close(chances.sum(dim=1), torch.ones(5).double())
    for picture, expected in zip(pictures, chances, strict=True):
        torch.testing.assert_close(
            score_picture(model, picture).classes, expected, rtol=1e-4, atol=1e-7
        )


class ThreeDice(Dice):
    """A class is a die."""

    classes = null_label = 3


def test_the_class_of_rolled_dice_is_as_bayes_computed_it_by_hand():
    weights = torch.tensor([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]])
    model = ThreeDice(ImageSpec(1, 1, 3, levels=2), weights)

    chances = classify_by_bayes(model, torch.tensor([[[[1, 1, 0]]]]))

    joint = torch.tensor([0.1 * 0.1 * 0.9, 0.5**3, 0.8 * 0.8 * 0.2]).double()
    torch.testing.assert_close(chances[0], joint / joint.sum(), rtol=1e-5, atol=1e-7)


def test_pictures_of_a_class_are_mostly_told_to_be_of_it():
    model = tiny_gated()

    right = [
        classify_by_bayes(model, quantise(sample(model, seed=0, count=50, label=label), 2))
        .argmax(dim=1)
        .eq(label)
        .double()
        .mean()
        .item()
        for label in range(CLASSES)
    ]

    assert min(right) > 0.6


@pytest.mark.parametrize(
    ("build", "label", "complaint"),
    [
        (tiny_pixelcnn, 0, "this model was trained without classes"),
        (tiny_gated, -1, "label must be from 0 to 2, got -1"),
        (tiny_gated, 4, "label must be from 0 to 2, got 4"),
    ],
)
def test_a_class_that_the_model_does_not_have_is_refused(build, label, complaint):
    model = build()

    with pytest.raises(ValueError, match=complaint):
        score_picture(model, some_pictures(model.spec, 1)[0], label=label)


@pytest.mark.parametrize("build", [tiny_pixelcnn, tiny_gated])
def test_the_distribution_holds_the_scores_of_its_pictures(build):
    model = build()
    pictures = some_pictures(model.spec, 6)

    distribution = score_distribution(model, pictures)

    expected = sorted(score_picture(model, each).nats for each in pictures)
    assert distribution.nats.tolist() == pytest.approx(expected, rel=1e-5)


def test_a_place_is_the_share_of_cheaper_pictures():
    distribution = ScoreDistribution(torch.tensor([1.0, 2, 2, 5]).double())

    shares = [distribution.share_below(nats) for nats in (0, 1, 1.5, 2, 3, 9)]

    assert shares == [0, 0, 0.25, 0.25, 0.75, 1]


def test_a_histogram_holds_every_picture_once():
    distribution = ScoreDistribution(torch.tensor([0.0, 1, 2.5, 9, 10]).double())

    counts, edges = distribution.histogram(5)

    assert counts.tolist() == [2, 1, 0, 0, 2]
    assert edges.tolist() == pytest.approx([0, 2, 4, 6, 8, 10])


def test_a_histogram_of_equal_scores_holds_them_too():
    counts, edges = ScoreDistribution(torch.full((4,), 3.0).double()).histogram(3)

    assert counts.sum() == 4
    assert len(edges) == 4


def test_a_card_s_scores_are_spread_out_from_the_error_of_their_mean():
    figures = {
        "nats_dynamic": Figure(81.0, 0.2, 10_000, ""),
        "nats_thresholded": Figure(68.0, 0.15, 10_000, ""),
    }

    found = recorded_scores(figures, 784)

    assert (found.figure, found.mean, found.n) == ("nats_thresholded", 68.0, 10_000)
    assert found.standard_deviation == pytest.approx(15)
    assert found.deviations(53.0) == pytest.approx(-1)


def test_a_card_in_bits_per_dim_is_read_in_nats():
    found = recorded_scores({"bits_per_dim": Figure(0.5, 0.01, 100, "")}, 784)

    assert found.mean == pytest.approx(784 * 0.5 * LN2)
    assert found.standard_deviation == pytest.approx(784 * 0.1 * LN2)


def test_a_card_without_such_figures_or_without_their_error_has_no_scores():
    assert recorded_scores({"nats_dynamic": Figure(81.0, 0.2, 10, "")}, 784) is None
    assert recorded_scores({"nats_thresholded": Figure(68.0, 0.0, 10, "")}, 784) is None

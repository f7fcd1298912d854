"""*Common mistakes* on Sampling: each check is about the card's own pictures and levels."""

import dataclasses
import re

import pytest
import torch
from levels_shelf import GATED_8, PLAIN_8, PLAIN_256, toy_store
from shelved import tiny_card, write_checkpoint

from genlab import data
from genlab.analysis.likelihood import image_nats
from genlab.core.cards import Figure
from genlab.core.images import ImageSpec
from genlab.models.gated_pixelcnn import GatedPixelCNN
from genlab.models.pixelcnn import PixelCNN
from genlab.store import ModelStore
from genlab.ui.lessons import pixelcnn_claims as lesson
from genlab.ui.lessons import pixels_examples as pictures

PLAIN, CLASSY, LEVELS = "plain", "classy", "levels"
EVERY = pytest.mark.parametrize("card", [PLAIN, CLASSY, LEVELS])
NAMES = {2: ("black", "white"), 8: ("black", *(f"level {k} of 7" for k in range(1, 7)), "white")}


def plain(levels):
    """A network whose sight ends nine rows up, so far pixels count."""
    spec = ImageSpec(1, 28, 28, levels=levels)
    return PixelCNN(spec, features=8, blocks=6, head=8)


def classy():
    return GatedPixelCNN(ImageSpec(1, 28, 28, levels=2), features=4, layers=5, head=8)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cards")
    told = {PLAIN: "MNIST, binary", CLASSY: "MNIST, binary", LEVELS: "Fashion-MNIST, 8 levels"}
    builds = {PLAIN: lambda: plain(2), CLASSY: classy, LEVELS: lambda: plain(8)}
    cards = [
        dataclasses.replace(tiny_card(name, build=build), data=told[name])
        for name, build in builds.items()
    ]
    for card in cards:
        write_checkpoint(folder, card)
    return ModelStore(folder, tuple(cards))


def bold(text):
    return re.findall(r"\*\*(.+?)\*\*", text)


@EVERY
def test_every_claim_s_check_names_a_number(shelf, card):
    found = [claim.check(card) for claim in lesson.claims(shelf)]

    assert len(found) == 4
    assert all(re.search(r"\d", bold(text)[0]) for text in found)


# — what it reads —


def chances(model, pixels, target, turned=None):
    """The distribution of a pixel, (levels,), with one pixel turned into its opposite."""
    pixels = pixels.clone()
    if turned:
        there = (..., *turned)
        pixels[there] = model.spec.levels - 1 - pixels[there]
    return model.logits(pixels).softmax(dim=1)[0, :, 0, target[0], target[1]]


@EVERY
def test_the_told_level_of_the_card_s_own_picture_moves_as_told_and_no_far_pixel_moves_one_more(
    shelf, card
):
    model, text = shelf.get(card), lesson.check_far(shelf, card)
    pixels = pictures.first_example(shelf, card)[0][None]
    names = NAMES[model.spec.levels]
    numbers = [int(each) for each in re.findall(r"(?:row|column) (\d+)", text)]
    target, far = tuple(numbers[:2]), tuple(numbers[2:])
    level = names.index(re.search(r"p\((.+?)\)", text)[1])
    before = chances(model, pixels, target)
    after = {
        (target[0] - up, target[1] + aside): chances(
            model, pixels, target, (target[0] - up, target[1] + aside)
        )
        for up in lesson.FAR_UP
        for aside in lesson.FAR_ASIDE
    }

    assert bold(text) == [f"{before[level]:.4f}", f"{after[far][level]:.4f}"]
    moved = {place: (each - before).abs().max().item() for place, each in after.items()}
    assert moved[far] == max(moved.values()) > 1e-4
    assert (after[far] - before).abs()[level].item() == pytest.approx(moved[far], abs=1e-6)
    there = int(pixels[0, 0, far[0], far[1]])
    assert f"turned from {names[there]} into {names[len(names) - 1 - there]}," in text
    assert f"{target[0] - far[0]} rows above" in text


@EVERY
def test_the_fill_changes_nothing_in_words_too(shelf, card):
    assert bold(lesson.check_fill(shelf, card)) == ["0"]


def test_the_fill_is_tried_behind_the_card_s_own_picture(shelf, monkeypatch):
    bag = data.examples("fashion-mnist").images[pictures.FIRST["fashion-mnist"]]
    right, tried = lesson.fill_effect, []

    def watched(model, pixels, target):
        tried.append(pixels)
        return right(model, pixels, target)

    monkeypatch.setattr(lesson, "fill_effect", watched)

    text = lesson.check_fill(shelf, LEVELS)

    assert tried[0].equal(data.to_levels(bag, 8)[None])
    assert "each of the 8 logits" in text


# — likelihood —


@EVERY
def test_the_costs_are_those_of_the_card_s_own_test_pictures(shelf, card):
    model = shelf.get(card)
    pixels = pictures.as_in_training(shelf, card, 10)
    scores = image_nats(model, pixels)
    empty = image_nats(model, torch.zeros(1, 1, 28, 28, dtype=torch.int64)).item()

    text = lesson.check_likely(shelf, card)

    assert pixels.max() == model.spec.levels - 1
    assert f"cost {scores.mean():.1f} nats on average" in text
    assert f"the cheapest of them {scores.min():.1f}." in text
    assert f"**{empty:.1f} nats**, less than {sum(each > empty for each in scores)} of them" in text
    assert ("without a class" in text) == (card == CLASSY)


def measured(cost, distance, name="bits_per_dim"):
    return {
        name: Figure(cost, 0.003, 10_000, ""),
        "fid_times_floor": Figure(distance, 1.5, 10_000, ""),
    }


def pair_of(folder, plain, gated):
    """Both cards of 8 levels with these figures, and others that are about other pictures."""
    store = toy_store(folder)
    for name, figures in {PLAIN_8: plain, GATED_8: gated}.items():
        write_checkpoint(folder, store.card(name), figures=figures)
    write_checkpoint(folder, store.card(PLAIN_256), figures=measured(0.1, 1.0))
    families = {GATED_8: "Gated PixelCNN", PLAIN_256: "Another"}
    return ModelStore(
        folder,
        tuple(
            dataclasses.replace(card, family=families.get(card.name, card.family))
            for card in store.cards
        ),
    )


def test_the_cards_about_the_same_pictures_are_compared_by_both_figures(tmp_path):
    store = pair_of(tmp_path, measured(1.025, 212.6), measured(1.065, 64.6, "bits_per_dim_mixture"))

    for name in (PLAIN_8, GATED_8):
        text = lesson.compare_cards(store, name)
        assert "| PixelCNN | 1.025 ± 0.003 | 212.60 ± 1.50 |" in text
        assert "| Gated PixelCNN | 1.065 ± 0.003 | 64.60 ± 1.50 |" in text
        assert "PixelCNN has the better likelihood (1.025 against 1.065 bits/dim)" in text
        assert "Gated PixelCNN the better samples" in text
        assert "scored on 10,000 of them or more" in text
        assert "Another" not in text


def test_cards_that_agree_are_not_said_to_disagree(tmp_path):
    store = pair_of(tmp_path, measured(1.065, 212.6), measured(1.025, 64.6))

    assert "no pair contradicts itself" in lesson.compare_cards(store, PLAIN_8)


def test_a_card_alone_is_compared_with_nothing(tmp_path):
    store = pair_of(tmp_path, measured(1.025, 212.6), {"fid": Figure(1.0, 0.1, 10, "")})

    assert lesson.compare_cards(store, PLAIN_8) == ""


def test_a_damaged_card_leaves_the_others_to_compare(tmp_path):
    store = pair_of(tmp_path, measured(1.025, 212.6), measured(1.065, 64.6))
    (tmp_path / f"{GATED_8}.json").write_text("{")

    assert lesson.compare_cards(store, PLAIN_8) == ""


# — levels —


def test_our_levels_come_back_and_those_of_the_mixed_pair_do_not():
    text = lesson.check_rounding()

    assert "8 come back from our own" in text
    assert int(bold(text)[0]) < 8

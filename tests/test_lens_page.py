"""The lens: what it shows is what the model says; nothing is told before the reveal."""

import json
import re

import numpy as np
import pytest
import torch
from lens_shelf import CLASSY, CODES, LEAKY, LEVELS, PLAIN, build_page, lens_store
from toys import Alternating

from genlab.analysis.likelihood import class_nats
from genlab.analysis.likelihood_lens import (
    PictureScore,
    RecordedScores,
    ScoreDistribution,
    classify_by_bayes,
    score_distribution,
    score_picture,
)
from genlab.core.cards import Figure
from genlab.core.errors import InputError, UnknownModel
from genlab.core.images import quantise
from genlab.ui import kit
from genlab.ui.canvas.grid import to_hex
from genlab.ui.latent.codes import example_images
from genlab.ui.pixels import lens, lens_drawing, lens_guess, lens_tables
from genlab.ui.pixels import lens_views as views

SIDE = 28


@pytest.fixture
def shelf(tmp_path):
    """A fresh one, so that nobody has scored anything yet."""
    return lens_store(tmp_path)


def three(store):
    return example_images(store, PLAIN)[lens_guess.SHOWN_EXAMPLE["mnist"], None]


def a_place(nats, *, others=(), recorded=None, right=None):
    scored = ScoreDistribution(torch.tensor(sorted(others)).double()) if others else None
    return views.Place(nats, scored, right, of=100, recorded=recorded)


# — the picture —


@pytest.mark.parametrize("card", [PLAIN, CLASSY, LEVELS])
def test_the_maps_are_the_model_s_own_and_their_sum_is_what_the_page_says(shelf, card):
    model = shelf.get(card)
    levels = model.spec.levels
    expected = score_picture(model, quantise(three(shelf), levels)[0])

    maps, words, *_ = lens.see(shelf, card, three(shelf))

    assert expected.bits.max() < views.MOST_BITS
    np.testing.assert_allclose(maps[1].values, expected.bits.numpy())
    np.testing.assert_allclose(maps[2].values, expected.expected_bits.numpy())
    np.testing.assert_allclose(maps[3].values, expected.surplus.numpy())
    assert maps[1].note == f"{maps[1].values.sum():,.1f} bits"
    assert f"**{expected.nats:,.1f} nats, {expected.bits_per_dim:.3f} bits/dim**" in words


def test_grey_becomes_white_from_128_of_255_on_as_the_page_says(shelf):
    bytes_ = torch.arange(SIDE * SIDE).clamp(max=255).view(1, 1, SIDE, SIDE)

    seen = views.look(shelf, PLAIN, bytes_ / 255)

    assert seen.pixels.equal((bytes_[0] >= 128).long())
    assert "from 128 of 255 on are read as white" in views.describe(seen, 2)


def test_other_levels_are_told_too():
    assert "nearest of this model's 8 levels" in views.reading_rule(8)
    assert "all 256 grey values" in views.reading_rule(256)


def test_a_map_ends_at_8_bits_and_its_note_does_not():
    wrong = torch.tensor([[[1, 1, 1], [1, 1, 1]]])
    score = score_picture(Alternating(2, 3), wrong)
    seen = views.Seen(wrong, score)

    maps = views.show_maps(seen, 2)

    assert maps[1].values.max() == views.MOST_BITS
    assert maps[1].note == f"{score.bits.sum().item():,.1f} bits"
    assert "The maps end at 8 bits" in views.describe(seen, 2)


def test_the_dearest_pixel_is_named():
    bits = torch.zeros(3, 4).double()
    bits[2, 1] = 5
    seen = views.Seen(torch.zeros(1, 3, 4).long(), PictureScore(bits, bits, None, 12))

    assert "row 2, column 1, costs 5.0 bits" in views.describe(seen, 2)


# — its place —


@pytest.mark.parametrize("card", [PLAIN, CLASSY])
def test_the_histogram_is_that_of_the_shipped_test_pictures(shelf, card):
    counts = list(views.score_examples(shelf, card))
    pictures = quantise(example_images(shelf, card), 2)
    expected = score_distribution(shelf.get(card), pictures)

    place = views.place_among(shelf, card, views.look(shelf, card, three(shelf)).score)

    assert counts == list(range(1, 101))
    torch.testing.assert_close(place.others.nats, expected.nats, rtol=1e-5, atol=1e-4)


def test_the_first_scores_are_one_of_each_class(shelf):
    scored = views.score_examples(shelf, PLAIN)
    for _ in range(10):
        next(scored)

    assert sorted(views.known_scores(shelf, PLAIN)) == list(range(0, 100, 10))


def test_no_picture_is_scored_twice(shelf):
    first = views.score_examples(shelf, PLAIN)
    for _ in range(30):
        next(first)

    assert len(list(views.score_examples(shelf, PLAIN))) == 70
    assert list(views.score_examples(shelf, PLAIN)) == []


def test_right_answers_are_those_of_bayes_rule(shelf):
    list(views.score_examples(shelf, CLASSY))
    pictures = quantise(example_images(shelf, CLASSY), 2)
    labels = torch.arange(10).repeat_interleave(10)
    expected = (classify_by_bayes(shelf.get(CLASSY), pictures).argmax(dim=1) == labels).sum()

    place = views.place_among(shelf, CLASSY, views.look(shelf, CLASSY, three(shelf)).score)

    assert place.right == expected
    assert f"Of the 100 scored here, {expected} are right." in lens_tables.draw_classes(
        [("0", 1.0)], place, None
    )


def test_a_model_without_classes_has_no_right_answers(shelf):
    list(views.score_examples(shelf, PLAIN))

    place = views.place_among(shelf, PLAIN, views.look(shelf, PLAIN, three(shelf)).score)

    assert place.right is None


def test_scoring_ends_after_its_time_and_goes_on_later(shelf, monkeypatch):
    monkeypatch.setattr(kit, "LONGEST_RUN", -1.0)
    assert len(list(lens.score_more(shelf, PLAIN, three(shelf)))) == 1
    monkeypatch.undo()

    *_, (place, _) = lens.score_more(shelf, PLAIN, three(shelf))

    assert "100 of 100 shipped test pictures" in place


def test_the_bars_hold_every_score_once_and_the_table_too():
    place = a_place(5.0, others=(1.0, 2.0, 2.0, 7.0))

    drawn = lens_drawing.draw_place(place)

    assert sum(map(int, re.findall(r"nats: (\d+)</title>", drawn))) == 4
    assert sum(map(int, re.findall(r"<td>(\d+)</td></tr>", drawn))) == 4
    assert "3 of them are likelier than this picture" in drawn


def mark_of(drawn):
    return float(re.search(r'class="mark" d="M([\d.]+)', drawn)[1])


def test_the_mark_stands_where_the_score_is():
    recorded = RecordedScores("nats_thresholded", 70.0, 10.0, 10_000)
    mean_line = re.compile(r'class="mean" d="M([\d.]+)')

    at_mean = lens_drawing.draw_place(a_place(70.0, recorded=recorded))
    cheap = lens_drawing.draw_place(a_place(35.0, recorded=recorded))

    assert mark_of(at_mean) == float(mean_line.search(at_mean)[1])
    assert mark_of(cheap) < mark_of(at_mean)
    assert "3.5 SD cheaper" in cheap


def test_a_score_beyond_the_axis_is_marked_at_its_end_with_an_arrow():
    recorded = RecordedScores("nats_thresholded", 70.0, 10.0, 10_000)

    drawn = lens_drawing.draw_place(a_place(5000.0, recorded=recorded))

    assert "this picture 5,000.0 →" in drawn
    assert mark_of(drawn) == lens_drawing.WIDTH - lens_drawing.RIGHT


def test_a_card_without_any_scores_still_has_a_place():
    drawn = lens_drawing.draw_place(a_place(12.0))

    assert "this picture 12.0" in drawn
    assert "Press the button below" in drawn


# — classes —


def test_the_bars_are_p_of_the_class(shelf):
    seen = views.look(shelf, CLASSY, three(shelf))
    expected = (-class_nats(shelf.get(CLASSY), seen.pixels[None])).softmax(dim=1)[0]

    chances = views.class_chances(shelf, CLASSY, seen.score)

    assert [name for name, _ in chances] == list("0123456789")
    assert [chance for _, chance in chances] == pytest.approx(expected.tolist(), abs=1e-4)
    drawn = lens.see(shelf, CLASSY, three(shelf))[3]
    for chance in expected.tolist():
        assert lens_tables.percent(chance) in drawn.replace("&lt;", "<")


def test_the_likeliest_class_is_marked():
    drawn = lens_tables.draw_classes([("bag", 0.2), ("coat", 0.8)], a_place(1.0), None)

    assert re.findall(r'class="best"><th scope="row">(\w+)', drawn) == ["coat"]


def test_the_measured_accuracy_is_the_card_s_and_else_not_measured(shelf):
    measured = views.measured_accuracy(shelf, CLASSY)
    chances = [("0", 1.0)]

    assert "91.3 ± 0.3 % of 10,000" in lens_tables.draw_classes(chances, a_place(1.0), measured)
    assert "not measured" in lens_tables.draw_classes(chances, a_place(1.0), None)
    assert views.measured_accuracy(shelf, PLAIN) is None


def test_a_model_without_classes_says_so(shelf):
    assert "trained without classes" in lens.see(shelf, PLAIN, three(shelf))[3]


@pytest.mark.parametrize(
    ("chance", "told"), [(0.0, "< 0.1 %"), (0.5, "50.0 %"), (0.9994, "99.9 %"), (1, "> 99.9 %")]
)
def test_a_share_is_never_rounded_to_nothing_or_all(chance, told):
    assert lens_tables.percent(chance) == told


# — the guess —


@pytest.mark.parametrize(
    ("card", "own", "other"),
    [(PLAIN, "Digit: 3", "Fashion: bag"), (LEVELS, "Fashion: bag", "Digit: 3")],
)
def test_three_of_the_four_are_not_of_the_card_s_data(shelf, card, own, other):
    four = lens_guess.candidates(shelf, card)

    assert [each.title for each in four] == ["Noise", own, "Empty", other]
    assert four[lens_guess.EMPTY].image.max() == 0
    assert all(each.image.shape == (1, 1, SIDE, SIDE) for each in four)


@pytest.mark.parametrize("card", [PLAIN, CLASSY, LEVELS])
def test_the_reveal_marks_the_likeliest_and_a_wrong_guess(shelf, card):
    model = shelf.get(card)
    nats = [
        score_picture(model, quantise(each.image, model.spec.levels)[0]).nats
        for each in lens_guess.candidates(shelf, card)
    ]
    best = int(np.argmin(nats))
    wrong = (best + 1) % 4

    opinions, words, table = lens_guess.reveal(shelf, card, lens_guess.LETTERS[wrong])

    assert words.startswith(f"**Not quite: it is {lens_guess.LETTERS[best]}.**")
    assert [each["note"] for each in opinions] == [f"{each:,.1f} nats" for each in nats]
    marks = {best: "right", wrong: "wrong"}
    assert [each["mark"] for each in opinions] == [marks.get(i, "") for i in range(4)]
    assert all(f"<td>{each:,.1f}</td>" in table for each in nats)
    assert lens_guess.reveal(shelf, card, lens_guess.LETTERS[best])[1].startswith("**Right")


def test_the_browser_has_no_score_before_the_reveal(shelf):
    blocks, _ = build_page(lens.build, shelf, PLAIN)
    config = json.dumps(blocks.get_config_file(), default=str)
    scores = lens_guess.score_candidates(shelf, PLAIN)

    assert not any(f"{each.nats:,.1f}" in config for each in scores)
    assert not any(each.title in config for each in lens_guess.candidates(shelf, PLAIN)[1::2])


def test_the_empty_picture_is_the_likeliest_of_a_shipped_model_and_the_page_says_why(store):
    found = lens_guess.score_candidates(store, "pixelcnn-mnist")

    words = lens_guess.reveal(store, "pixelcnn-mnist", "C")[1]

    assert min(found, key=lambda each: each.nats) is found[lens_guess.EMPTY]
    assert "Right: it is C" in words
    assert "black after black is nearly free" in words
    assert "stroke" not in words, "clothes have none"
    assert f"{found[lens_guess.EMPTY].bits_per_dim:.3f} bits a pixel" in words


def test_another_likeliest_picture_is_not_explained_by_emptiness():
    dear, cheap = (PictureScore(torch.full((3, 4), each).double(), torch.zeros(3, 4), None, 12)
                   for each in (2.0, 1.0))  # fmt: skip
    found = (cheap, dear, dear, dear)

    assert "nearly free" not in lens_guess.explain(found, 0)


# — what a visitor can send —


@pytest.mark.parametrize("card", [None, LEAKY, CODES])
def test_what_knows_no_likelihood_is_refused_with_a_remedy(shelf, card):
    for ask in (
        lambda: lens.see(shelf, card, three(shelf)),
        lambda: lens_guess.reveal(shelf, card, "A"),
        lambda: list(lens.score_more(shelf, card, three(shelf))),
    ):
        with pytest.raises(InputError, match=r"Choose another model|Train one"):
            ask()


@pytest.mark.parametrize("card", ["nobody", 7, ["plain"]])
def test_an_unknown_card_is_refused(shelf, card):
    with pytest.raises(UnknownModel):
        lens.see(shelf, card, three(shelf))


@pytest.mark.parametrize("guess", [None, "", "E", 0, ["A"]])
def test_a_guess_is_one_of_four_letters(shelf, guess):
    with pytest.raises(InputError, match="one of A, B, C, D"):
        lens_guess.reveal(shelf, PLAIN, guess)


def test_the_button_scores_what_is_on_the_board(shelf):
    _, handlers = build_page(lens.build, shelf, PLAIN, CLASSY)
    drawing = to_hex(np.zeros((SIDE, SIDE)))
    nats = views.look(shelf, PLAIN, torch.zeros(1, 1, SIDE, SIDE)).score.nats

    *_, (place, _) = handlers["score_test_pictures"](PLAIN, drawing)

    assert f"this picture {nats:,.1f}" in place
    assert "100 of 100" in place


def test_without_any_card_the_page_says_how_to_get_one(shelf):
    blocks, _ = build_page(lens.build, shelf)

    assert lens.UNTRAINED in json.dumps(blocks.get_config_file(), default=str, ensure_ascii=False)


def test_a_warm_card_has_all_its_scores(shelf):
    lens.warm_up(shelf, PLAIN)

    assert len(views.known_scores(shelf, PLAIN)) == 100


def test_a_figure_with_an_error_of_its_own_is_told_with_it():
    told = lens_tables.draw_classes([("0", 1.0)], a_place(1.0), Figure(0.5, 0.01, 200, ""))

    assert "50.0 ± 1.0 % of 200 test pictures" in told

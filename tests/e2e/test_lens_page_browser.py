"""The likelihood lens, used by a visitor in a real browser."""

import pytest
from lens_shelf import CLASSY, PLAIN, build_page, lens_store
from playwright.sync_api import expect

from genlab.core.images import quantise
from genlab.ui.latent.codes import example_images
from genlab.ui.pixels import lens, lens_guess
from genlab.ui.pixels import lens_views as views


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    return lens_store(tmp_path_factory.mktemp("cards"))


@pytest.fixture(scope="module")
def url(shelf, serve):
    return serve(build_page(lens.build, shelf, PLAIN, CLASSY)[0])


def total_of(store, card, image):
    return f"{views.look(store, card, image).score.nats:,.1f} nats, "


def choose_card(tab, title):
    tab.locator("#card input").click()
    tab.get_by_role("option", name=title).click()


def test_one_click_puts_an_unlike_picture_under_the_lens(page, url, shelf, canvas):
    tab = page(url)
    words = tab.locator("#lens-words")
    candidates = lens_guess.candidates(shelf, PLAIN)
    expect(words).to_contain_text(total_of(shelf, PLAIN, candidates[lens_guess.KNOWN].image))

    for name, index in (("noise", lens_guess.NOISE), ("empty", lens_guess.EMPTY)):
        tab.locator(f"#lens-{name}").click()
        expect(words).to_contain_text(total_of(shelf, PLAIN, candidates[index].image))

    maps = canvas(tab, "lens-maps")
    maps.wait("g.values(0).every((value) => value === 0)")
    paid = views.look(shelf, PLAIN, candidates[lens_guess.EMPTY].image).score.bits.flatten()
    assert maps.count("values(1)") == pytest.approx(paid.tolist(), abs=2e-3)


def test_a_chosen_example_and_a_stroke_on_it_are_scored(page, url, shelf, canvas):
    tab = page(url)
    words = tab.locator("#lens-words")
    image = example_images(shelf, PLAIN)[:1]

    tab.locator("#lens-examples [data-part=cells] button").first.click()
    expect(words).to_contain_text(total_of(shelf, PLAIN, image))

    board, maps = canvas(tab, "lens-board"), canvas(tab, "lens-maps")
    board.stage.click(position=board.inside(2, 2))
    maps.wait("g.values(0)[2 * 28 + 2] === 1")
    assert quantise(image, 2)[0, 0, 2, 2] == 0
    expect(words).not_to_contain_text(total_of(shelf, PLAIN, image))


def test_the_guess_is_answered_and_another_card_asks_anew(page, url, shelf):
    tab = page(url)
    told, table = tab.locator("#lens-told"), tab.locator("#lens-scores")
    expect(told).to_contain_text("Guess a letter")
    nats = [each.nats for each in lens_guess.score_candidates(shelf, PLAIN)]
    best = nats.index(min(nats))

    tab.locator("#lens-guess label").nth(best).click()
    tab.locator("#lens-reveal").click()

    expect(told).to_contain_text(f"Right: it is {lens_guess.LETTERS[best]}")
    for each in nats:
        expect(table).to_contain_text(f"{each:,.1f}")

    choose_card(tab, f"Tiny {CLASSY}")
    expect(told).to_contain_text("Guess a letter")
    expect(table).to_have_text(lens_guess.NONE_YET)
    expect(tab.locator("#lens-classes tr")).to_have_count(10)


def test_test_pictures_are_scored_to_the_end_and_the_button_comes_back(page, url):
    tab = page(url)
    expect(tab.locator("#lens-words")).to_contain_text("nats")

    tab.locator("#lens-score").click()

    expect(tab.locator("#lens-place")).to_contain_text("100 of 100 shipped test pictures")
    expect(tab.locator("#lens-score")).to_be_visible()
    expect(tab.locator("#lens-place rect.bar").first).to_be_visible()


def test_nothing_scrolls_sideways_on_a_phone(page, url):
    tab = page(url, width=390, height=844)
    expect(tab.locator("#lens-words")).to_contain_text("nats")

    assert tab.evaluate("document.documentElement.scrollWidth") <= 390

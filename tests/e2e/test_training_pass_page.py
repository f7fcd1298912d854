"""One training pass, looked at by a visitor in a real browser."""

import pytest
from lens_shelf import CLASSY, LEVELS, PLAIN, build_page, lens_store
from playwright.sync_api import expect

from genlab.ui.pixels import training_pass
from genlab.ui.pixels import training_pass_views as views


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    return lens_store(tmp_path_factory.mktemp("cards"))


@pytest.fixture(scope="module")
def url(shelf, serve):
    return serve(build_page(training_pass.build, shelf, PLAIN, CLASSY, LEVELS)[0])


def total_of(store, card, place=32, *, told="nothing", seed=0):
    opened = views.open_pass(store, card, [place], told, seed)
    return f"The loss of this picture: {opened.losses.sum().item():,.1f} nats"


def test_the_map_shows_all_losses_and_a_click_one_of_them(page, url, shelf, canvas):
    tab = page(url)
    opened = views.open_pass(shelf, PLAIN, [32], "nothing", 0)
    expect(tab.locator("#training-pass-words")).to_contain_text(total_of(shelf, PLAIN))

    panels = canvas(tab, "training-pass")
    expected = opened.losses.flatten().tolist()
    assert panels.count("values(2)") == pytest.approx(expected, abs=2e-3)

    loss_map = tab.locator("#training-pass canvas").nth(2)
    box = loss_map.bounding_box()
    loss_map.click(position={"x": box["width"] * 14.5 / 28, "y": box["height"] * 9.5 / 28})
    expect(tab.locator("#training-pass-pixel")).to_contain_text("Row 9, column 14")
    expect(tab.locator("#training-pass-pixel")).to_contain_text(f"{opened.losses[9, 14]:.3f}")


def test_another_picture_brings_its_own_losses(page, url, shelf):
    tab = page(url)
    words = tab.locator("#training-pass-words")
    expect(words).to_contain_text(total_of(shelf, PLAIN))

    tab.locator("#training-pass-pictures [data-part=cells] button").first.click()

    expect(words).to_contain_text(total_of(shelf, PLAIN, 0))


def test_a_network_with_classes_is_told_the_class_until_it_is_not(page, url, shelf):
    tab = page(url)
    words = tab.locator("#training-pass-words")
    expect(words).to_contain_text(total_of(shelf, PLAIN))

    tab.locator("#card input").click()
    tab.get_by_role("option", name=f"Tiny {CLASSY}").click()
    expect(words).to_contain_text(total_of(shelf, CLASSY, told="its class"))

    tab.locator("#training-pass-told label").nth(1).click()
    expect(words).to_contain_text(total_of(shelf, CLASSY))


def test_the_seed_goes_where_there_is_no_luck(page, url, shelf):
    tab = page(url)
    words = tab.locator("#training-pass-words")
    expect(words).to_contain_text(total_of(shelf, PLAIN))
    seed = tab.get_by_label("Seed")
    expect(seed).to_be_visible()

    tab.locator("#card input").click()
    tab.get_by_role("option", name=f"Tiny {LEVELS}").click()
    expect(words).to_contain_text(total_of(shelf, LEVELS, 82))

    expect(seed).not_to_be_visible()
    expect(tab.get_by_text("nearest of 8 levels")).to_be_visible()


def test_nothing_scrolls_sideways_on_a_phone(page, url, shelf):
    tab = page(url, width=390, height=844)
    expect(tab.locator("#training-pass-words")).to_contain_text(total_of(shelf, PLAIN))

    assert tab.evaluate("document.documentElement.scrollWidth") <= 390

"""The plane, the three ways to deal codes and the bound, used in a real browser."""

import itertools
import threading

import gradio as gr
import numpy as np
import pytest
import torch
from lively import tiny_autoencoder, tiny_vae
from shelved import write_checkpoint

from genlab.core.cards import ModelCard
from genlab.core.images import to_picture
from genlab.core.protocols import LatentVariableModel
from genlab.inference.latent import decode_points
from genlab.store import ModelStore
from genlab.ui.latent import aggregated, bound, bound_views, plane

SIZE = (28, 28)
CARDS = tuple(
    ModelCard(name, title, family="VAE", data=data, build=build, source="https://arxiv.org")
    for name, title, data, build in (
        (plane.FIRST, "Plane, β = 1", "MNIST", lambda: tiny_vae(size=SIZE, latent_dim=2)),
        ("half", "Plane, β = 0.5", "MNIST", lambda: tiny_vae(size=SIZE, latent_dim=2)),
        ("deep", "Deep", "Fashion-MNIST", lambda: tiny_vae(size=SIZE, latent_dim=5)),
        ("bare", "Bare plane, MNIST", "MNIST", lambda: tiny_autoencoder(size=SIZE, latent_dim=2)),
    )
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cards")
    for seed, each in enumerate(CARDS):
        write_checkpoint(folder, each, seed=seed)
    return ModelStore(folder, CARDS)


def page_of(store, build):
    with gr.Blocks(analytics_enabled=False, fill_width=True) as blocks:
        cards = store.cards_with(LatentVariableModel)
        card = gr.Dropdown(
            [(each.title, each.name) for each in cards],
            value=plane.FIRST,
            label="Model",
            elem_id="card",
        )
        build(card)
    return blocks


@pytest.fixture(scope="module")
def map_page(shared_page, serve, store):
    """The page of the plane, with all that it shows first."""
    tab = shared_page(serve(page_of(store, lambda card: plane.build(store, card))))
    tab.locator("#plane-map").scroll_into_view_if_needed()
    said(tab, "deals 100 %")
    said(tab, "Its codes of the examples go from")
    return tab


@pytest.fixture(scope="module")
def deal_page(shared_page, serve, store):
    """The page of the three ways to deal codes."""
    tab = shared_page(serve(page_of(store, lambda card: aggregated.build(store, card))))
    said(tab, "nothing against it")
    return tab


@pytest.fixture(scope="module")
def bound_page(shared_page, serve, store):
    """The page of the bound."""
    tab = shared_page(serve(page_of(store, lambda card: bound.build(store, card))))
    said(tab, "K = 1,000:")
    return tab


def said(tab, words):
    """Wait until a text is on the page, whatever is bold in it."""
    tab.wait_for_function("(words) => document.body.innerText.includes(words)", arg=words)


def place_of(tab):
    """Where the page says that the cursor is."""
    return tab.locator("strong", has_text="z = (").first.inner_text()


def grey(picture):
    return np.array(picture)[..., 0]


def test_pointing_at_the_map_decodes_that_place(map_page, canvas, store):
    plane_map, picture = canvas(map_page, "plane-map"), canvas(map_page, "plane-picture")
    before = place_of(map_page)

    box = plane_map.stage.bounding_box()
    map_page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.3 * box["height"])

    map_page.wait_for_function(
        "(old) => ![...document.querySelectorAll('strong')].some((e) => e.innerText === old)",
        arg=before,
    )
    map_page.wait_for_timeout(300)
    x, y = plane_map.count("x"), plane_map.count("y")
    assert f"({x:.2f}, {y:.2f})".replace("-", "−") in place_of(map_page)
    expected = to_picture(decode_points(store.get(plane.FIRST), torch.tensor([x, y])))[0, 0].numpy()
    shown = grey(picture.picture(28, 28))
    assert np.abs(shown.astype(int) - expected).max() <= 1


def test_an_empty_board_has_no_gaussian_and_a_stroke_gives_it_one(map_page, canvas):
    board = canvas(map_page, "plane-board")

    board.part("clear").click()
    said(map_page, "Draw a digit: the encoder gives it a Gaussian")
    map_page.wait_for_function(
        "() => !document.querySelector('#plane-map').innerText.includes('Ellipses')"
    )
    board.stage.hover(position=board.inside(5, 14))
    map_page.mouse.down()
    map_page.mouse.move(*board.centre(22, 14))
    map_page.mouse.up()

    said(map_page, "Your drawing's Gaussian: mean (")
    map_page.wait_for_function(
        "() => document.querySelector('#plane-map').innerText.includes('Ellipses: your drawing')"
    )


def test_a_walk_starts_at_the_cursor_where_it_is_chosen(map_page, canvas):
    strip, plane_map = canvas(map_page, "plane-walked"), canvas(map_page, "plane-map")
    choose(map_page, "From", "the cursor")
    plane_map.stage.focus()
    map_page.keyboard.press("Home")
    said(map_page, "z = (0.00, 0.00)")

    map_page.locator("#plane-walk").click()

    map_page.wait_for_function(
        "() => document.querySelector('#plane-walked').innerText.includes('z = (0.00, 0.00)')"
    )
    assert strip.count("total") == 16
    assert "Path: 16 places" in plane_map.box.inner_text()


def choose(tab, label, option):
    tab.get_by_label(label, exact=True).click()
    tab.get_by_role("option", name=option).click()


def test_another_beta_brings_another_map_and_moves_nothing(map_page, canvas):
    plane_map = canvas(map_page, "plane-map")
    sheets, top = plane_map.count("sheets"), top_of(map_page, "#bare-map")

    map_page.get_by_label("β = 0.5").check()

    plane_map.wait(f"g.sheets > {sheets}")
    map_page.wait_for_function(
        "() => [...document.querySelectorAll('td strong')].some((e) => e.innerText === 'β = 0.5')"
    )
    assert top_of(map_page, "#bare-map") == pytest.approx(top, abs=1)


def test_a_plane_that_is_chosen_above_comes_to_the_map(map_page, canvas):
    sheets = canvas(map_page, "plane-map").count("sheets")
    for option, shown in (("Plane, β = 1", "β = 1"), ("Plane, β = 0.5", "β = 0.5")):
        map_page.locator("#card input").click()
        map_page.get_by_role("option", name="Deep").click()
        map_page.locator("#card input").click()
        map_page.get_by_role("option", name=option).click()

        map_page.wait_for_function(
            "(b) => [...document.querySelectorAll('td strong')].some((e) => e.innerText === b)",
            arg=shown,
        )
        assert map_page.get_by_label(shown, exact=True).is_checked()
        canvas(map_page, "plane-map").wait(f"g.sheets > {sheets}")


def top_of(tab, selector):
    return tab.evaluate(
        "(s) => document.querySelector(s).getBoundingClientRect().top + window.scrollY", selector
    )


def test_the_plane_without_a_prior_decodes_too(map_page, canvas, store):
    bare, picture = canvas(map_page, "bare-map"), canvas(map_page, "bare-picture")
    before = bare.count("x")

    bare.stage.focus()
    for _ in range(4):
        map_page.keyboard.press("Shift+ArrowRight")

    bare.wait(f"g.x > {before}")
    map_page.wait_for_timeout(500)
    place = torch.tensor([bare.count("x"), bare.count("y")])
    expected = to_picture(decode_points(store.get("bare"), place))[0, 0].numpy()
    assert np.abs(grey(picture.picture(28, 28)).astype(int) - expected).max() <= 1


def test_the_three_ways_put_their_dots_and_pictures(deal_page):
    for kind, row in (("Aggregated posterior", 2), ("Posterior of one picture", 1), ("Prior", 0)):
        deal_page.get_by_label(kind, exact=True).check()

        bold = f"tbody tr:nth-child({row + 1}) td strong"
        deal_page.locator(bold).first.wait_for()
        said(deal_page, f"{kind}, seeds 0 to 15")


def test_a_rolled_seed_deals_other_codes(deal_page):
    deal_page.locator("button", has_text="Roll").click()

    deal_page.wait_for_function(
        """() => {
            const seed = document.querySelector('input[type=number]').value;
            return seed !== '0' && document.body.innerText.includes('seeds ' + seed + ' to');
        }"""
    )


def test_a_card_of_other_data_brings_its_classes_and_dimensions(deal_page):
    choose(deal_page, "Model", "Deep")

    said(deal_page, "of 5, the two that the encoder uses most")


def test_comparing_bounds_grows_the_curve_and_hands_the_button_back(bound_page):
    bound_page.locator("input[type=number]").first.fill("7")
    bound_page.keyboard.press("Tab")
    said(bound_page, "Press Compare bounds to use 1,000 codes.")

    bound_page.locator("#bound-compare").click()

    said(bound_page, "K = 1,000:")
    bound_page.locator("#bound-compare").wait_for(state="visible")
    assert bound_page.locator("#bound-stop").count() == 0


def test_a_stopped_comparison_keeps_its_bounds_and_hands_the_button_back(bound_page, monkeypatch):
    go_on, sent = threading.Event(), []

    def slowly(model, picture, generator, seen):
        for points in itertools.islice(grow_curve(model, picture, generator, seen=seen), 3):
            sent.append(bound_views.show_curve(points)[1].replace("**", ""))
            yield points
        go_on.wait(60)

    grow_curve = bound_views.grow_curve
    monkeypatch.setattr(bound_views, "grow_curve", slowly)
    monkeypatch.setattr(bound_views.kit, "MESSAGE_INTERVAL", 0)
    bound_page.locator("#bound-compare").click()
    said(bound_page, "K = 100:")
    bound_page.locator("#bound-stop").click()
    bound_page.locator("#bound-compare").wait_for(state="visible")
    go_on.set()

    assert bound_page.locator("#bound-told").inner_text().strip() in sent


def test_another_picture_is_taken_apart_at_once_and_moves_nothing(bound_page, canvas):
    board, top = canvas(bound_page, "bound-board"), top_of(bound_page, "#bound-bars")
    before = bound_page.locator("#bound-words").inner_text()

    board.part("clear").click()

    bound_page.wait_for_function(
        "(old) => document.querySelector('#bound-words').innerText !== old", arg=before
    )
    said(bound_page, "Press Compare bounds to use 1,000 codes.")
    assert grey(canvas(bound_page, "bound-seen").picture(28, 28)).max() == 0
    assert top_of(bound_page, "#bound-bars") == pytest.approx(top, abs=1)


@pytest.mark.parametrize(("width", "dark"), [(390, False), (1280, True)])
def test_the_pages_fit_a_phone_and_the_dark(page, serve, store, width, dark):
    def build(card):
        plane.build(store, card)
        aggregated.build(store, card)
        bound.build(store, card)

    tab = page(serve(page_of(store, build)), width=width, dark=dark)

    for words in ("deals 100 %", "nothing against it", "K = 1,000:"):
        said(tab, words)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width

"""Sliders, encoder, paths and sums, used by a visitor in a real browser."""

import gradio as gr
import numpy as np
import pytest
import torch
from latent_shelf import DIM, latent_store
from PIL import Image
from playwright.sync_api import expect

from genlab.core.images import to_picture
from genlab.inference.latent import AXIS_VALUES, prior_codes
from genlab.ui.latent import arithmetic, between, codes, encode, sliders

SIDE = 28
NAMES = ("digits", "few", "clothes", "bare")
ROUNDING = 2  # grey levels: a board sends bytes, sliders send six digits


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return latent_store(tmp_path_factory.mktemp("cards"))


@pytest.fixture(scope="module")
def url(store, serve):
    with gr.Blocks(analytics_enabled=False, fill_width=True) as blocks:
        choices = [(store.card(name).title, name) for name in NAMES]
        card = gr.Dropdown(choices, value="digits", label="Model")
        with gr.Tabs():
            with gr.Tab("Sliders"):
                page = sliders.build(store, card)
            with gr.Tab("Encode"):
                encode.build(store, card, page)
            with gr.Tab("Between"):
                between.build(store, card)
            with gr.Tab("Arithmetic"):
                arithmetic.build(store, card)
    return serve(blocks)


@pytest.fixture
def visit(page, url, canvas, model):
    """Open the app at one of its tabs, whose first picture has come."""

    def go(tab, **settings):
        opened = page(url, **settings)
        first = model.decode(prior_codes(model, 0, 1))
        wait_for_picture(canvas(opened, "sliders-picture"), first)
        if tab != "Sliders":
            opened.get_by_role("tab", name=tab).click()
        return opened

    return go


@pytest.fixture
def model(store):
    return store.get("digits")


def wait_for_picture(canvas, image):
    """Until the component shows an image, (1, 1, 28, 28)."""
    expected = to_picture(image)[0, 0].numpy().astype(int)

    def is_shown():
        seen = np.array(canvas.picture(SIDE, SIDE))[..., 0].astype(int)
        return np.abs(seen - expected).max() <= ROUNDING

    canvas.wait_until(is_shown)


def rebuilt(model, image):
    return model.decode(model.encode(image)[0])


def choose_card(tab, title):
    tab.get_by_label("Model").click()
    tab.get_by_role("option", name=title).click()


def pick(tab, sheet, name):
    tab.locator(f"#{sheet} :is([aria-label='{name}'], [aria-label^='{name},'])").click()


def panel(canvas, index):
    return np.array(canvas.count(f"values({index})")).reshape(SIDE, SIDE)


def wait_for_panel(canvas, index, image):
    expected = image[0, 0].numpy()
    canvas.wait_until(lambda: np.abs(panel(canvas, index) - expected).max() < 0.01)


# — sliders —


def test_the_page_opens_with_the_picture_of_seed_0(visit, canvas, model):
    tab = visit("Sliders")

    wait_for_picture(canvas(tab, "sliders-picture"), model.decode(prior_codes(model, 0, 1)))


def test_the_picture_follows_a_drag_and_the_thumbnails_its_end(visit, canvas, model, store):
    tab = visit("Sliders")
    latents, picture = canvas(tab, "sliders-code"), canvas(tab, "sliders-picture")
    code = prior_codes(model, 0, 1)
    wait_for_picture(picture, model.decode(code))
    latents.wait("g.painted > 1")
    painted = latents.count("painted")

    track = tab.locator("#sliders-code input[type=range]").first
    track.scroll_into_view_if_needed()
    box = track.bounding_box()
    middle = box["y"] + box["height"] / 2
    at = tab.evaluate("(node) => (node.value - node.min) / (node.max - node.min)",
                      track.element_handle())  # fmt: skip
    tab.mouse.move(box["x"] + 9 + at * (box["width"] - 18), middle)
    tab.mouse.down()
    for share in (0.3, 0.6, 0.9):
        tab.mouse.move(box["x"] + share * box["width"], middle)
    dragged = torch.tensor([latents.count("value()")])
    assert not torch.allclose(dragged, code)
    wait_for_picture(picture, model.decode(dragged))
    assert latents.count("painted") == painted

    tab.mouse.up()
    latents.wait(f"g.painted > {painted}")


def test_a_typed_number_reset_and_a_new_seed_set_the_code(visit, canvas, model):
    tab = visit("Sliders")
    latents, picture = canvas(tab, "sliders-code"), canvas(tab, "sliders-picture")
    wait_for_picture(picture, model.decode(prior_codes(model, 0, 1)))

    tab.get_by_role("button", name="Reset").click()
    wait_for_picture(picture, model.decode(torch.zeros(1, DIM)))
    typed = tab.locator("#sliders-code input[type=number]").first
    typed.fill("1.5")
    typed.press("Enter")
    index = codes_order(tab)[0]
    expected = torch.zeros(1, DIM)
    expected[0, index] = 1.5
    wait_for_picture(picture, model.decode(expected))
    assert latents.count("value()")[index] == 1.5
    tab.get_by_label("Seed").first.fill("7")
    wait_for_picture(picture, model.decode(prior_codes(model, 7, 1)))


def codes_order(tab):
    names = tab.locator("#sliders-code .gl-name").all_inner_texts()
    return [int(name.split()[-1]) for name in names]


def test_a_test_picture_sets_the_sliders_to_its_mean(visit, canvas, model, store):
    tab = visit("Sliders")
    image = codes.example_images(store, "digits")[31:32]

    pick(tab, "sliders-examples", "3, example 2")

    wait_for_picture(canvas(tab, "sliders-picture"), rebuilt(model, image))
    chosen = tab.locator("#sliders-examples [data-part=cells] [aria-pressed=true]")
    expect(chosen).to_have_count(1)
    tab.get_by_role("button", name="Reset").click()
    expect(chosen).to_have_count(0)


def test_another_card_brings_as_many_sliders_as_its_code_has_numbers(visit, canvas, store):
    tab = visit("Sliders")
    picture = canvas(tab, "sliders-picture")
    expect(tab.get_by_text(f"More dimensions ({DIM - 2})")).to_be_visible()

    choose_card(tab, "Tiny few")

    expect(tab.get_by_text("More dimensions (1)")).to_be_visible()
    few = store.get("few")
    wait_for_picture(picture, few.decode(prior_codes(few, 0, 1)))
    choose_card(tab, "Tiny clothes")
    expect(tab.locator("#sliders-examples [data-part=cells] button").first).to_have_attribute(
        "aria-label", "T-shirt/top, example 1"
    )


# — encode —


def test_a_picked_picture_is_encoded_and_put_on_the_sliders(visit, canvas, model, store):
    tab = visit("Encode")
    image = codes.example_images(store, "digits")[70:71]

    pick(tab, "encode-examples", "7, example 1")

    wait_for_picture(canvas(tab, "encode-board"), image)
    wait_for_picture(canvas(tab, "encode-rebuilt"), rebuilt(model, image))
    tab.get_by_role("button", name="Put the mean").click()
    expect(tab.get_by_text("The sliders stand at the mean")).to_be_visible()
    tab.get_by_role("tab", name="Sliders").click()
    wait_for_picture(canvas(tab, "sliders-picture"), rebuilt(model, image))


def put_mean(tab):
    """On the page of the encoder."""
    tab.get_by_role("button", name="Put the mean").click()
    stand = tab.get_by_text("The sliders stand at the mean")
    expect(stand).to_have_count(1)
    return stand


def test_it_says_that_the_sliders_stand_at_the_mean_while_they_do(visit):
    tab = visit("Encode")

    stand = put_mean(tab)
    pick(tab, "encode-examples", "7, example 1")
    expect(stand).to_have_count(0)
    put_mean(tab)
    tab.get_by_role("button", name="Invert").first.click()
    expect(stand).to_have_count(0)
    put_mean(tab)
    choose_card(tab, "Tiny few")
    expect(stand).to_have_count(0)
    put_mean(tab)
    tab.get_by_role("tab", name="Sliders").click()
    tab.get_by_role("button", name="Reset").click()
    expect(stand).to_have_count(0)


def test_the_mean_of_a_picture_takes_the_mark_from_a_test_picture(visit):
    tab = visit("Sliders")
    chosen = tab.locator("#sliders-examples [data-part=cells] [aria-pressed=true]")
    pick(tab, "sliders-examples", "3, example 2")
    expect(chosen).to_have_count(1)

    tab.get_by_role("tab", name="Encode").click()
    put_mean(tab)

    expect(chosen).to_have_count(0)


def test_a_drawing_is_encoded_and_no_longer_an_example(visit, canvas, model):
    tab = visit("Encode")
    board, picture = canvas(tab, "encode-board"), canvas(tab, "encode-rebuilt")
    wait_for_picture(picture, rebuilt(model, drawn(board)))

    box = board.stage.bounding_box()
    tab.mouse.move(box["x"] + 40, box["y"] + 40)
    tab.mouse.down()
    tab.mouse.move(box["x"] + 200, box["y"] + 60)
    tab.mouse.up()

    expect(tab.locator("#encode-examples [data-part=cells] [aria-pressed=true]")).to_have_count(0)
    wait_for_picture(picture, rebuilt(model, drawn(board)))


def drawn(board):
    seen = np.array(board.picture(SIDE, SIDE), np.float32)[..., 0]
    return torch.from_numpy(seen)[None, None] / 255


def test_an_upload_lands_on_the_board_and_can_be_inverted(visit, canvas, model, tmp_path):
    tab = visit("Encode")
    Image.new("L", (50, 50), 200).save(tmp_path / "grey.png")

    tab.locator("#encode-board-upload").locator("xpath=..").locator("input[type=file]").first \
        .set_input_files(tmp_path / "grey.png")  # fmt: skip

    grey = torch.full((1, 1, SIDE, SIDE), 200 / 255)
    wait_for_picture(canvas(tab, "encode-board"), grey)
    wait_for_picture(canvas(tab, "encode-rebuilt"), rebuilt(model, grey))
    tab.get_by_role("button", name="Invert").first.click()
    wait_for_picture(canvas(tab, "encode-board"), 1 - grey)
    wait_for_picture(canvas(tab, "encode-rebuilt"), rebuilt(model, 1 - grey))


def test_the_dice_deals_other_draws(visit, canvas, model):
    tab = visit("Encode")
    draws = canvas(tab, "encode-draws")
    draws.wait("g.values(0).length > 0")
    before = panel(draws, 0)

    tab.get_by_role("button", name="Roll").click()

    draws.wait_until(lambda: np.abs(panel(draws, 0) - before).max() > 0.01)


# — between —


def test_the_chosen_ends_lie_at_the_ends_of_the_way(visit, canvas, model, store):
    tab = visit("Between")
    strip = canvas(tab, "between-strip")
    strip.wait(f"g.total === {between.PICTURES}")

    tab.locator("#between-examples").get_by_role("button", name="B", exact=True).click()
    pick(tab, "between-examples", "0, example 1")

    image = codes.example_images(store, "digits")[:1]
    wait_for_picture(canvas(tab, "between-b"), image)
    strip.part("scrub").focus()
    tab.keyboard.press("End")
    expect(strip.part("caption")).to_contain_text("0 % A, 100 % B")


def test_the_way_along_a_dimension_has_seven_pictures(visit, canvas):
    tab = visit("Between")
    strip = canvas(tab, "between-strip")
    strip.wait(f"g.total === {between.PICTURES}")
    expect(tab.locator("#between-dimension input")).to_be_disabled()

    tab.get_by_label("Along one dimension").check()

    strip.wait(f"g.total === {len(AXIS_VALUES)}")
    expect(tab.locator("#between-dimension input")).to_be_enabled()
    tab.get_by_label("Spherical").check()
    strip.wait(f"g.total === {between.PICTURES}")


# — arithmetic —


def test_clicks_move_pictures_between_groups_and_the_sums_follow(visit, canvas, model, store):
    tab = visit("Arithmetic")
    sums = canvas(tab, "arithmetic-codes")
    sums.wait("g.notes[0] === 'mean of 4'")
    groups = tab.locator("#arithmetic-examples [data-part=groups]")

    groups.get_by_role("button", name="Clear A").click()
    expect(tab.get_by_text("Nothing in A")).to_be_visible()
    pick(tab, "arithmetic-examples", "9, example 1")

    image = codes.example_images(store, "digits")[90:91]
    wait_for_panel(sums, 0, rebuilt(model, image))
    groups.get_by_role("button", name="C ·").click()
    pick(tab, "arithmetic-examples", "9, example 2")
    sums.wait("g.notes[2] === 'mean of 2'")
    pick(tab, "arithmetic-examples", "9, example 2")
    sums.wait("g.notes[2] === '1 picture'")


def test_the_sheet_is_used_with_keys_alone(visit, canvas):
    tab = visit("Arithmetic")
    sheet = canvas(tab, "arithmetic-examples")
    tab.locator("#arithmetic-examples [data-part=cells] button").first.focus()

    for key in ("ArrowDown", "ArrowRight", "Enter"):
        tab.keyboard.press(key)

    assert 11 in sheet.count("chosen()")["A"]


def test_another_card_brings_its_own_examples_and_sums(visit, canvas, store):
    tab = visit("Arithmetic")
    sums = canvas(tab, "arithmetic-codes")
    sums.wait("g.notes[0] === 'mean of 4'")

    choose_card(tab, "Tiny clothes")

    chosen = arithmetic.FIRST["fashion-mnist"]["C"]
    clothes = store.get("clothes")
    mean = clothes.encode(codes.example_images(store, "clothes")[chosen])[0].mean(dim=0)
    wait_for_panel(sums, 2, clothes.decode(mean[None]))


def test_another_card_brings_its_own_picture_to_an_untouched_board(visit, canvas, store):
    tab = visit("Arithmetic")
    tab.get_by_role("button", name="More").last.click()
    board = canvas(tab, "arithmetic-board")
    wait_for_picture(board, codes.example_images(store, "digits")[31:32])

    choose_card(tab, "Tiny clothes")
    wait_for_picture(board, codes.example_images(store, "clothes")[51:52])
    tab.get_by_role("button", name="Invert").last.click()
    drawn = 1 - codes.example_images(store, "clothes")[51:52]
    wait_for_picture(board, drawn)
    choose_card(tab, "Tiny digits")

    expect(tab.locator("#arithmetic-examples [data-part=cells] button").first).to_have_attribute(
        "aria-label", "0, example 1"
    )
    tab.wait_for_timeout(300)
    wait_for_picture(board, drawn)


@pytest.mark.parametrize("name", ["Sliders", "Encode", "Between"])
def test_a_phone_needs_no_sideways_scroll(visit, name):
    tab = visit(name, width=390, dark=True)

    tab.locator("h2:visible").first.wait_for()
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390

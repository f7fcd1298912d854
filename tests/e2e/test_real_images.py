"""The switch for real images as a visitor meets it on the PixelCNN page."""

import gradio as gr
import pytest

from genlab.store import ModelStore
from genlab.ui.pixels import sampling
from genlab.ui.shell import LAUNCH
from genlab.ui.tabs import pixelcnn

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sampling.offered_cards(ModelStore()), reason="no PixelCNN is trained"),
]

GREYS = """() => [...new Set([...document.images].flatMap((each) => {
    if (!each.closest('#pixelcnn-real')) return [];
    const canvas = Object.assign(document.createElement('canvas'), {width: 28, height: 28});
    const pen = canvas.getContext('2d');
    pen.drawImage(each, 0, 0);
    return [...pen.getImageData(0, 0, 28, 28).data];
}))].sort((a, b) => a - b)"""


@pytest.fixture(scope="module")
def address(serve):
    store = ModelStore()
    with gr.Blocks(fill_width=True, analytics_enabled=False) as app:
        pixelcnn.build_sampling(store)
    return serve(app, **LAUNCH)


def switch(tab):
    return tab.get_by_label("Real images above")


def row(tab):
    return tab.locator("#pixelcnn-real figure")


def turn_on(tab):
    switch(tab).check()
    row(tab).wait_for()


def test_the_row_comes_with_its_label_and_goes(page, address):
    tab = page(address)
    switch(tab).wait_for()
    assert not row(tab).is_visible()

    turn_on(tab)

    assert row(tab).get_by_text("Real test images, MNIST", exact=True).is_visible()
    assert row(tab).get_by_role("img").count() == 10
    assert row(tab).get_by_alt_text("Real test image, class 7").is_visible()
    switch(tab).uncheck()
    row(tab).wait_for(state="hidden")


def test_a_binary_card_s_real_images_are_black_and_white(page, address):
    tab = page(address)

    turn_on(tab)

    assert tab.evaluate(GREYS) == [0, 255]


def test_the_row_stands_above_the_stage_and_moves_nothing_afterwards(page, address, canvas):
    tab = page(address)
    turn_on(tab)
    player = canvas(tab, "pixelcnn-player")
    before = player.stage.bounding_box()

    tab.get_by_label("Seed").fill("5")
    tab.get_by_role("button", name="Draw", exact=True).click()
    tab.get_by_text("by seed 5").wait_for()

    assert player.stage.bounding_box() == before
    box = row(tab).bounding_box()
    assert box["y"] + box["height"] <= before["y"]


def test_the_row_follows_the_class(page, address):
    tab = page(address)
    turn_on(tab)
    tab.get_by_role("combobox", name="Model").click()
    tab.get_by_role("option", name="Gated").first.click()
    tab.get_by_text("What the picture should show").wait_for()

    tab.get_by_role("combobox", name="Class").click()
    tab.get_by_role("option", name="3", exact=True).click()

    row(tab).get_by_text("all of class 3").wait_for()
    assert row(tab).get_by_alt_text("Real test image, class 3").count() == 10


def test_the_row_is_no_wider_than_a_phone(page, address):
    tab = page(address, width=390)

    turn_on(tab)

    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    assert row(tab).get_by_role("img").first.bounding_box()["width"] > 44

"""Erasing, surroundings and scribbles, used by a visitor in a real browser."""

import threading

import gradio as gr
import numpy as np
import pytest
import torch
from playwright.sync_api import expect
from restoring_shelf import DENOISER, OTHER, SIDE, declare_pickers, restoring_store

from genlab.core.images import to_picture
from genlab.ui.diffusion import given_views as given
from genlab.ui.diffusion import inpaint, outpaint, restoring_views, scribble
from genlab.ui.diffusion import scribble_views as views
from genlab.ui.latent.codes import example_images

PAGES = {"Inpaint": inpaint, "Outpaint": outpaint, "Scribble": scribble}
expect.set_options(timeout=15_000)  # ms; a slow machine is no failure


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return restoring_store(tmp_path_factory.mktemp("cards"))


@pytest.fixture(scope="module")
def url(store, serve):
    with gr.Blocks(analytics_enabled=False, fill_width=True) as blocks:
        pickers = declare_pickers([DENOISER, OTHER])
        with gr.Tabs():
            for title, page in PAGES.items():
                with gr.Tab(title):
                    page.build(store, *pickers)
    return serve(blocks)


@pytest.fixture
def visit(page, url):
    """Open the app at one of its pages."""

    def go(name, **settings):
        tab = page(url, **settings)
        if name != "Inpaint":
            tab.get_by_role("tab", name=name).click()
        tab.locator("h2:visible").first.wait_for()
        return tab

    return go


def set_slider(tab, elem_id, value):
    box = tab.locator(f"#{elem_id} input[type=number]")
    box.fill(str(value))
    box.press("Enter")


def run(tab, ids):
    tab.locator(f"#{ids}-run").click()


def is_done(tab, ids, words):
    expect(tab.locator(f"#{ids}-status")).to_contain_text(words)
    expect(tab.locator(f"#{ids}-run")).to_be_visible()


def variants(canvas):
    return np.array([canvas.count(f"values({i})") for i in range(6)]).reshape(6, SIDE, SIDE)


def example(store, card, place):
    return to_picture(example_images(store, card))[place, 0].numpy()


def test_a_run_keeps_the_kept_pixels_and_invents_six_rests(visit, canvas, store):
    tab = visit("Inpaint")
    board, panels = canvas(tab, "inpaint-mask"), canvas(tab, "inpaint-variants")
    board.wait("g.paints > 0")
    set_slider(tab, "inpaint-steps", 5)

    board.box.get_by_role("button", name="Right half").click()
    run(tab, "inpaint")

    is_done(tab, "inpaint", "Kept pixels unchanged: yes, byte for byte, 392 of 784")
    panels.wait("g.notes.length === 6 && g.notes[5].startsWith('seed 5, read as')")
    made = np.rint(variants(panels) * 255)
    expected = example(store, DENOISER, given.first_place(store, DENOISER))
    assert (made[:, :, : SIDE // 2] == expected[:, : SIDE // 2]).all()
    assert len(np.unique(made[:, :, SIDE // 2 :].reshape(6, -1), axis=0)) == 6


def test_an_example_comes_under_the_mask_that_is_there(visit, canvas, store):
    tab = visit("Inpaint")
    board = canvas(tab, "inpaint-mask")
    board.wait("g.paints > 0")
    board.box.get_by_role("button", name="Middle").click()
    kept = board.count("kept()")

    tab.locator("#inpaint-examples [aria-label='7, example 1']").click()

    expected = example(store, DENOISER, 70).ravel().tolist()
    board.wait_until(lambda: board.count("bytes()") == expected)
    assert board.count("kept()") == kept


def test_a_drawing_comes_under_the_mask_too(visit, canvas):
    tab = visit("Inpaint")
    board = canvas(tab, "inpaint-mask")
    tab.get_by_role("button", name="Draw or upload your own").click()
    drawing = canvas(tab, "inpaint-board")
    drawing.wait("g.paints > 0")

    drawing.part("clear").click()

    board.wait("g.bytes().every((each) => each === 0)")
    assert sum(board.count("kept()")) == SIDE**2 // 2


def test_stop_ends_a_run_and_keeps_what_it_had(visit, canvas, monkeypatch):
    go_on, stream = threading.Event(), restoring_views.stream_inpainting

    def held(*args, **settings):
        for frame in stream(*args, **settings):
            yield frame
            if frame.step >= 3:
                go_on.wait(10)

    monkeypatch.setattr(restoring_views, "stream_inpainting", held)
    tab = visit("Inpaint")
    panels = canvas(tab, "inpaint-variants")
    set_slider(tab, "inpaint-steps", 100)
    set_slider(tab, "inpaint-rounds", 10)

    run(tab, "inpaint")
    panels.wait("g.notes.length === 6")
    tab.locator("#inpaint-stop").click()

    expect(tab.locator("#inpaint-run")).to_be_visible()
    go_on.set()
    expect(tab.locator("#inpaint-status")).to_contain_text("of 991")
    assert panels.count("notes[0]") == "seed 0"


def test_what_is_not_possible_is_said_and_the_page_goes_on(visit, canvas):
    tab = visit("Inpaint")
    tab.get_by_role("button", name="More").click()
    set_slider(tab, "inpaint-guidance", 3)
    set_slider(tab, "inpaint-steps", 5)

    run(tab, "inpaint")
    expect(tab.get_by_text("Choose a class")).to_be_visible()
    expect(tab.locator("#inpaint-run")).to_be_visible()
    set_slider(tab, "inpaint-guidance", 1)
    run(tab, "inpaint")
    is_done(tab, "inpaint", "yes")


def test_another_model_brings_its_examples_to_pages_not_yet_seen(visit, canvas, store):
    tab = visit("Scribble")
    choose_model(tab, OTHER)
    first = given.first_place(store, OTHER)

    tab.get_by_role("tab", name="Inpaint").click()
    board = canvas(tab, "inpaint-mask")
    expected = example(store, OTHER, first).ravel().tolist()
    board.wait_until(lambda: board.count("bytes()") == expected)
    board.wait("g.paints > 0")
    tab.get_by_role("tab", name="Outpaint").click()
    small = canvas(tab, "outpaint-small")
    shrunk = outpaint.shrunk(example_images(store, OTHER)[first : first + 1], outpaint.SIZE)
    picture = to_picture(shrunk.images).flatten().tolist()
    small.wait_until(lambda: small.count("bytes()") == picture)
    small.wait("g.paints > 0")


def choose_model(tab, name):
    tab.get_by_label("Model").click()
    tab.get_by_role("option", name=f"Tiny {name}").click()


@pytest.mark.parametrize("name", PAGES)
def test_no_page_asks_for_digits_of_a_model_of_clothes(visit, name):
    tab = visit(name)
    headline = tab.locator(".prose.genlab-question:visible")
    before = headline.inner_text()

    choose_model(tab, OTHER)

    expect(headline).not_to_contain_text("digit")
    choose_model(tab, DENOISER)
    expect(headline).to_have_text(before, use_inner_text=True)


def shows(canvas, image):
    """A claim: what the screen shows is this picture, (1, 1, 28, 28) in [0, 1]."""
    expected = to_picture(image)[0, 0].tolist()
    return lambda: [[c[0] for c in row] for row in canvas.picture(SIDE, SIDE)] == expected


def test_another_model_brings_its_scribble_but_never_in_place_of_the_visitor_s(
    visit, canvas, store
):
    tab = visit("Scribble")
    board, drowned = canvas(tab, "scribble-board"), canvas(tab, "scribble-drowned")
    bag = torch.from_numpy(scribble.scribble(scribble.BAG))[None, None]
    board.wait("g.paints > 0")

    choose_model(tab, OTHER)
    board.wait_until(shows(board, bag))
    drowned.wait_until(shows(drowned, views.drown(store.get(OTHER), bag, 54, 0)))

    tab.get_by_role("button", name="Invert").click()
    board.wait_until(shows(board, 1 - bag))
    choose_model(tab, DENOISER)
    expect(tab.locator(".prose.genlab-question:visible")).to_contain_text("Draw a digit")
    drowned.wait_until(shows(drowned, views.drown(store.get(DENOISER), 1 - bag, 54, 0)))
    assert shows(board, 1 - bag)()


def test_the_small_picture_follows_its_slider_and_stays(visit, canvas):
    tab = visit("Outpaint")
    small, panels = canvas(tab, "outpaint-small"), canvas(tab, "outpaint-variants")
    set_slider(tab, "outpaint-size", 20)
    small.wait("g.kept().reduce((sum, each) => sum + each, 0) === 400")
    set_slider(tab, "outpaint-steps", 5)

    run(tab, "outpaint")

    is_done(tab, "outpaint", "yes, byte for byte, 400 of 784")
    panels.wait("g.notes.length === 6 && g.notes[0].includes('read')")
    kept = np.array(small.count("kept()"), bool).reshape(SIDE, SIDE)
    before = np.array(small.count("bytes()")).reshape(SIDE, SIDE)
    shown = variants(panels) * 255  # no whole numbers, and sent in steps of 255 / 4096
    assert np.abs(shown[:, kept] - before[kept]).max() < 0.6


def test_the_drowned_scribble_follows_the_slider(visit, canvas, store):
    tab = visit("Scribble")
    drowned = canvas(tab, "scribble-drowned")
    model, image = store.get(DENOISER), torch.from_numpy(scribble.scribble())[None, None]

    for share, t in ((scribble.SHARE, 54), (0.9, 89)):
        set_slider(tab, "scribble-share", share)
        drowned.wait("g.paints > 0")
        drowned.wait_until(shows(drowned, views.drown(model, image, t, 0)))
        expect(tab.locator("#scribble-left")).to_contain_text(f"t = {t} of 99")


def test_a_scribble_becomes_six_pictures_and_a_strip(visit, canvas):
    tab = visit("Scribble")
    panels, strip = canvas(tab, "scribble-variants"), canvas(tab, "scribble-strip")
    set_slider(tab, "scribble-steps", 5)

    run(tab, "scribble")
    is_done(tab, "scribble", "differ from the scribble by")
    panels.wait("g.notes.length === 6 && g.notes[5].includes('seed 5, read as')")
    tab.locator("#scribble-strip-run").click()

    is_done(tab, "scribble-strip", "6 of 6 values of t")
    strip.wait("g.total === 6")
    strip.part("scrub").focus()
    tab.keyboard.press("End")
    expect(strip.part("caption")).to_contain_text("t = 84,")


@pytest.mark.parametrize("name", PAGES)
def test_a_phone_needs_no_sideways_scroll(visit, name):
    tab = visit(name, width=390, dark=True)

    assert tab.evaluate("document.documentElement.scrollWidth") <= 390

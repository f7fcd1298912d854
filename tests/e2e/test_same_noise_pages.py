"""Fewer steps, guidance and noises in a real browser: rows that arrive, columns that are found."""

import threading
import time

import gradio as gr
import pytest
from diffusion_toys import tiny_ddpm
from playwright.sync_api import expect
from same_noise_shelf import CARD, CLASSES, SIDE, noise_store
from shelved import tiny_card, write_checkpoint

from genlab.store import ModelStore
from genlab.ui import kit
from genlab.ui.diffusion import (
    fewer_steps,
    fewer_steps_views,
    guidance_scales,
    noises,
    same_noise_views,
)

PAGES = {"Steps": fewer_steps, "Guidance": guidance_scales, "Noises": noises}
STEPS = (2, 3)
OTHER = "other-ddpm"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def url(tmp_path_factory, serve):
    folder = tmp_path_factory.mktemp("cards")
    other = tiny_card(OTHER, build=lambda: tiny_ddpm(size=(SIDE, SIDE), steps=40))
    write_checkpoint(folder, other, seed=7)
    store = ModelStore(folder, (*noise_store(folder).cards, other))
    patch = pytest.MonkeyPatch()
    patch.setattr(fewer_steps_views, "STEPS", STEPS)
    with gr.Blocks(analytics_enabled=False, fill_width=True) as blocks:
        card = gr.Dropdown([CARD, OTHER], value=CARD, label="Model")
        label = gr.Dropdown(["any", *map(str, range(CLASSES))], value="1", label="Class")
        with gr.Tabs():
            for title, page in PAGES.items():
                with gr.Tab(title):
                    page.build(store, card, label)
    yield serve(blocks)
    patch.undo()


@pytest.fixture
def visit(page, url):
    """Open the app at one of the pages."""

    def go(title="Steps", **settings):
        tab = page(url, **settings)
        tab.get_by_role("tab", name=title, exact=True).first.click()
        return tab

    return go


def press(tab, start):
    tab.locator(f"#{start}-start").click()


def wait_for_the_end(tab, start):
    expect(tab.locator(f"#{start}-start")).to_be_visible()
    expect(tab.locator(f"#{start}-stop")).to_have_count(0)


def test_the_page_opens_with_the_noise_and_fills_row_by_row(visit, canvas):
    tab = visit()
    rows = canvas(tab, "fewer-rows")
    rows.wait("g.full() === 1")

    tab.locator("#fewer-guess label").last.click()
    press(tab, "fewer")
    rows.wait("g.full() === 3")
    wait_for_the_end(tab, "fewer")

    expect(tab.locator("#fewer-words")).to_contain_text(f"You said {STEPS[-1]} steps.")
    assert rows.count("said(1).figures")[0] == "2"
    assert rows.count("said(2).note") == ""


def test_pointing_at_a_picture_finds_its_noise_in_every_row(visit, canvas):
    tab = visit()
    rows = canvas(tab, "fewer-rows")
    rows.wait("g.full() === 1")

    tab.locator("#fewer-rows .gl-tile").nth(2).hover()

    assert rows.count("marked()") == 1 + len(STEPS)
    expect(rows.part("readout")).to_contain_text("noise 3 · seed 2")
    tab.locator("#fewer-words").hover(force=True)
    tab.mouse.move(2, 2)
    rows.wait("g.marked() === 0")


def test_arrow_keys_go_from_picture_to_picture(visit, canvas):
    tab = visit()
    rows = canvas(tab, "fewer-rows")
    rows.wait("g.full() === 1")
    tiles = tab.locator("#fewer-rows .gl-tile")

    tiles.first.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        tab.keyboard.press(key)

    expect(tiles.nth(6 + 2)).to_be_focused()
    expect(rows.part("readout")).to_contain_text("2 steps · noise 3 · not drawn yet")
    assert tab.locator("#fewer-rows .gl-tile[tabindex='0']").count() == 1


def test_stop_keeps_the_rows_that_are_done(visit, canvas, monkeypatch):
    go_on, stream = threading.Event(), same_noise_views.stream_diffusion
    calls = []

    def stuck(*args, **settings):
        calls.append(settings)
        for frame in stream(*args, **settings):
            time.sleep(2 * kit.MESSAGE_INTERVAL)  # so that what came before is sent
            if len(calls) > 1 and frame.step > 1:
                go_on.wait(10)
            yield frame

    monkeypatch.setattr(same_noise_views, "stream_diffusion", stuck)
    tab = visit()
    rows = canvas(tab, "fewer-rows")
    press(tab, "fewer")
    rows.wait("g.full() === 2 && g.said(2).note === 'step 1 of 3'")

    tab.locator("#fewer-stop").click()
    wait_for_the_end(tab, "fewer")
    go_on.set()

    assert rows.count("full()") == 2
    assert rows.count("said(2).sheet") is None
    expect(tab.locator("#fewer-words")).to_contain_text("seeds 0 to 5. A row appears when")


def test_the_rows_are_saved_as_a_picture(visit, canvas):
    tab = visit()
    canvas(tab, "fewer-rows").wait("g.full() === 1")

    with tab.expect_download() as saved:
        tab.locator("#fewer-rows").get_by_role("button", name="Save PNG").click()

    assert saved.value.suggested_filename == "genlab-fewer-steps.png"


def test_nothing_moves_when_rows_arrive(visit, canvas):
    tab = visit()
    rows = canvas(tab, "luck-rows")
    rows.wait("g.full() === 1")
    before = tab.locator("#luck-rows").bounding_box()

    press(tab, "luck")
    rows.wait("g.full() === 6")

    assert tab.locator("#luck-rows").bounding_box()["height"] == before["height"]


@pytest.mark.parametrize("title", PAGES)
def test_a_phone_shows_all_of_a_page_and_reaches_every_button(visit, title):
    tab = visit(title, width=390, touch=True)

    starts = tab.locator("button[id$=-start]").locator("visible=true")
    starts.first.wait_for()
    for start in starts.all():
        start.click(trial=True)  # none covers another

    assert tab.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_guidance_slider_draws_its_row_and_the_table_its_scales(visit, canvas):
    tab = visit("Guidance")
    yours, rows = canvas(tab, "guidance-yours"), canvas(tab, "guidance-rows")
    tab.locator("#guidance-steps input[type=number]").fill("4")
    yours.wait("g.full() === 1 && g.said(0).figures[2] === '4 × 2 = 8'")

    tab.locator("#guidance-scale input[type=number]").fill("3.5")
    yours.wait("g.said(0).title === 'Scale 3.5'")
    press(tab, "guidance")
    rows.wait("g.full() === 6")

    expect(tab.locator("#guidance-found")).to_contain_text("From scale 1 to 8 the pictures")
    expect(tab.locator("#guidance-rows .gl-line").last).to_contain_text("of 16")


@pytest.mark.parametrize(
    ("picker", "option", "told"),
    [("Class", "2", f"Tiny {CARD} · class 2"), ("Model", OTHER, f"Tiny {OTHER} · class 1")],
)
def test_another_class_and_another_model_draw_the_row_anew(visit, canvas, picker, option, told):
    tab = visit("Guidance")
    yours = canvas(tab, "guidance-yours")
    tab.locator("#guidance-steps input[type=number]").fill("4")
    words = tab.locator("#guidance-words")
    expect(words).to_contain_text(f"Tiny {CARD} · class 1")
    yours.wait("g.full() === 1")
    before = yours.count("said(0).sheet")

    tab.get_by_label(picker, exact=True).click()
    tab.get_by_role("option", name=option, exact=True).click()

    expect(words).to_contain_text(told)
    yours.wait_until(lambda: yours.count("said(0).sheet") not in (before, None))


def test_a_class_that_is_chosen_on_another_page_empties_the_row_and_draws_nothing(
    visit, canvas, monkeypatch
):
    tab = visit("Guidance")
    yours = canvas(tab, "guidance-yours")
    tab.locator("#guidance-steps input[type=number]").fill("4")
    yours.wait("g.full() === 1")
    monkeypatch.setattr(same_noise_views, "stream_diffusion", None)

    tab.get_by_role("tab", name="Noises", exact=True).click()
    tab.get_by_label("Class", exact=True).click()
    tab.get_by_role("option", name="2", exact=True).click()

    yours.wait("g.full() === 0")
    expect(tab.locator("#guidance-words")).to_have_text("")


def test_ways_between_noises_are_drawn_and_scrubbed(visit, canvas):
    tab = visit("Noises")
    strip = canvas(tab, "noises-strip")

    press(tab, "noises")
    strip.wait("g.total === 9")
    strip.part("scrub").fill("4")
    strip.wait("g.shown === 4")

    expect(strip.part("caption")).to_contain_text("50 % of the way")
    expect(tab.locator("#noises-words")).to_contain_text("of the variance")


def test_a_picture_goes_to_its_noise_and_back(visit, canvas):
    tab = visit("Noises")
    panels = canvas(tab, "inversion-panels")
    panels.wait("g.notes.length === 1")

    press(tab, "inversion")
    panels.wait("g.notes.length === 4")
    wait_for_the_end(tab, "inversion")

    expect(tab.locator("#inversion-words")).to_contain_text("80 passes")
    expect(tab.locator("#inversion-table")).to_contain_text("80")

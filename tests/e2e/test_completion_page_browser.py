"""Completion, used by a visitor in a real browser: erasing, levels, runs, Live."""

import gradio as gr
import numpy as np
import pytest
from completion_shelf import GATED, PLAIN, SIDE, completion_store, declare_card
from playwright.sync_api import expect

from genlab.core.images import dequantise, quantise, to_picture
from genlab.ui.latent.codes import example_images
from genlab.ui.pixels import completion

IDS = "completion"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return completion_store(tmp_path_factory.mktemp("cards"))


@pytest.fixture(scope="module")
def url(store, serve):
    with gr.Blocks(analytics_enabled=False, fill_width=True) as blocks:
        completion.build(store, declare_card(PLAIN, GATED))
    return serve(blocks)


class Page:
    """The page's parts."""

    def __init__(self, tab, canvas):
        self.tab = tab
        self.board, self.panels, self.drawing, self.lost = (
            canvas(tab, f"{IDS}-{name}") for name in ("mask", "variants", "drawing", "lost")
        )
        self.status, self.loss, self.run, self.live = (
            tab.locator(f"#{IDS}-{name}") for name in ("status", "loss", "run", "live input")
        )
        self.panels.wait("g.notes.length === 6 && g.notes[5].startsWith('seed 5, read as')")
        self.board.wait("g.paints > 0")

    def picture(self):
        return np.array(self.board.count("bytes()")).reshape(SIDE, SIDE)

    def kept(self):
        return np.array(self.board.count("kept()"), bool).reshape(SIDE, SIDE)

    def variants(self):
        found = [self.panels.count(f"values({i})") for i in range(6)]
        return np.rint(np.array(found).reshape(6, SIDE, SIDE) * 255)

    def keeps_what_the_board_shows(self):
        """Whether the run is over and has this very picture."""
        notes, kept = self.panels.count("notes"), self.kept()
        is_over = all("read as" in note for note in notes)
        return is_over and (self.variants()[:, kept] == self.picture()[kept]).all()

    def erase(self, preset):
        self.board.box.get_by_role("button", name=preset, exact=True).click()


@pytest.fixture
def visit(page, url, canvas):
    return lambda **settings: Page(page(url, **settings), canvas)


def example(store, place, levels):
    image = example_images(store, PLAIN)[place]
    return to_picture(dequantise(quantise(image, levels), levels))[0].tolist()


def test_a_run_keeps_what_is_kept_and_draws_the_rest(visit):
    page = visit()
    page.erase("Right half")
    expect(page.loss).to_contain_text("378 of 392 erased pixels cannot use later context")

    page.run.click()

    expect(page.status).to_contain_text("yes, byte for byte, 392 of 784 in each of 6 variants")
    expect(page.run).to_be_visible()
    page.board.wait_until(page.keeps_what_the_board_shows)
    assert (page.kept()[:, :14]).all()
    assert len(np.unique(page.variants()[:, ~page.kept()], axis=0)) == 6


def test_the_slider_keeps_the_rows_at_the_top(visit):
    page = visit()
    rows = page.tab.locator(f"#{IDS}-rows input[type=number]")

    rows.fill("9")
    rows.press("Enter")

    page.board.wait(f"g.kept().reduce((sum, each) => sum + each, 0) === {9 * SIDE}")
    assert page.kept()[:9].all()
    expect(page.loss).to_contain_text(f"0 of {19 * SIDE} erased pixels lose anything")


def test_a_picture_comes_in_the_levels_of_the_model_under_the_mask_that_is_there(visit, store):
    page = visit()
    page.erase("Middle")
    kept = page.kept()

    page.tab.locator(f"#{IDS}-examples [aria-label='7, example 1']").click()
    page.board.wait_until(lambda: page.picture().tolist() == example(store, 70, 2))
    page.tab.get_by_label("Model", exact=True).click()
    page.tab.get_by_role("option", name=f"Tiny {GATED}").click()

    page.board.wait_until(lambda: page.picture().tolist() == example(store, 70, 4))
    assert np.array_equal(page.kept(), kept)
    expect(page.tab.locator(f"#{IDS}-rounding")).to_contain_text("4 greys")
    expect(page.tab.get_by_label("Class", exact=True)).to_be_enabled()


def test_the_rule_of_rounding_follows_the_model_though_the_picture_stays_as_it_was(visit):
    page = visit()
    page.drawing.part("clear").click()
    page.board.wait_until(lambda: not page.picture().any())

    page.tab.get_by_label("Model", exact=True).click()
    page.tab.get_by_role("option", name=f"Tiny {GATED}").click()

    expect(page.tab.get_by_label("Class", exact=True)).to_be_enabled()
    expect(page.tab.locator(f"#{IDS}-rounding")).to_contain_text("4 greys")


def test_live_completions_follow_the_hand_until_it_is_switched_off(visit):
    page = visit()
    page.live.check()
    expect(page.run).to_be_disabled()
    page.erase("Lower half")

    page.drawing.part("clear").click()
    page.board.wait_until(lambda: not page.picture().any() and page.keeps_what_the_board_shows())
    page.drawing.stage.click(position=page.drawing.inside(5, 9))
    page.board.wait_until(lambda: page.picture()[5, 9] == 255 and page.keeps_what_the_board_shows())
    page.erase("All")
    expect(page.status).to_contain_text("Nothing was kept")

    page.live.uncheck()
    expect(page.run).to_be_enabled()
    updates = page.panels.count("updates")
    page.erase("Nothing")
    expect(page.loss).to_contain_text("Nothing is erased")
    page.run.click()
    expect(page.status).to_contain_text("Nothing is erased")
    page.panels.wait(f"g.updates === {updates + 1}")


def test_a_phone_needs_no_sideways_scroll(visit):
    page = visit(width=390, dark=True)

    assert page.tab.evaluate("document.documentElement.scrollWidth") <= 390

"""The page of grey levels in a browser: cells fill from one seed, and one may be missing."""

import gradio as gr
import pytest
import torch
from levels_shelf import GATED_8, GATED_256, PLAIN_8, PLAIN_256, toy_store
from playwright.sync_api import expect

from genlab.inference.autoregressive import sample
from genlab.ui import shell
from genlab.ui.canvas.sheet import picture_sheet
from genlab.ui.pixels import levels
from genlab.ui.pixels.levels_views import COUNT, labels_of

TRAINED = (PLAIN_8, GATED_8, GATED_256)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return toy_store(tmp_path_factory.mktemp("cards"), *TRAINED)


@pytest.fixture(scope="module")
def url(store, serve):
    with gr.Blocks(analytics_enabled=False, fill_width=True) as blocks:
        levels.build(store)
    return serve(blocks, **shell.LAUNCH)


@pytest.fixture
def visit(page, url, canvas):
    """Open the page; its cells show what it opens with."""

    def go(**settings):
        tab = page(url, **settings)
        cells = {name: canvas(tab, f"levels-{name}") for name in TRAINED}
        for cell in cells.values():
            cell.wait("g.full() === 1 && g.said(0).note === ''")
        return tab, cells

    return go


def expected_sheet(store, name, seed):
    """The pictures of a cell, drawn one by one without the page."""
    model = store.get(name)
    labels = labels_of(model)
    asked = [None] * COUNT if labels is None else labels.tolist()
    drawn = [sample(model, seed=seed + i, count=1, label=k) for i, k in enumerate(asked)]
    return picture_sheet(torch.cat(drawn).unsqueeze(0))


def draw(tab, cells, seed):
    tab.get_by_role("spinbutton", name="Seed").fill(str(seed))
    tab.locator("#levels-draw").click()
    for cell in cells.values():
        cell.wait(f"(g.said(0).notes || [])[0]?.startsWith('seed {seed}')")
    expect(tab.locator("#levels-draw")).to_be_visible()
    expect(tab.locator("#levels-stop")).to_have_count(0)


def test_every_cell_draws_what_its_sampler_draws_from_the_seed(store, visit):
    tab, cells = visit()

    draw(tab, cells, 41)

    for name, cell in cells.items():
        assert cell.count("said(0).sheet") == expected_sheet(store, name, 41), name
    expect(tab.locator("#levels-words")).to_contain_text("Seeds 41 to 44 in every card.")


def test_a_card_without_weights_says_how_to_get_them(visit):
    tab, _ = visit()

    missing = tab.locator(f"#levels-{PLAIN_256}")

    expect(missing).to_contain_text(f"python -m train {PLAIN_256}")


def test_why_256_levels_are_harder_is_opened_and_measured(visit, canvas):
    tab, _ = visit()

    tab.get_by_role("button", name="Why 256 levels are harder").click()

    canvas(tab, "levels-cost").wait("g.paints > 0")
    expect(tab.locator("#levels-chart svg").first).to_be_visible()


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_serious(visit, dark):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    tab, _ = visit(dark=dark)

    found = axe.run(tab).response["violations"]

    assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []


def test_a_phone_scrolls_down_and_never_sideways(visit):
    tab, _ = visit(width=390, height=844, touch=True)

    assert tab.evaluate("document.documentElement.scrollWidth") <= 390

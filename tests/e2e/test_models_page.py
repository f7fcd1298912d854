"""The page of all models in a real browser, with networks of random weights."""

import gradio as gr
import pytest
from shelved import write_checkpoint

from genlab.core.cards import Figure
from genlab.models.autoencoder import CARDS as CODERS
from genlab.models.pixelcnn import CARDS as PIXELS
from genlab.models.vae import CARDS as VAES
from genlab.store import ModelStore
from genlab.ui import shell
from genlab.ui.models_pages import table
from genlab.ui.tabs import models

PARTS = ("All cards", "One card", "Likelihood and samples", "Nearest images", "Data sets")
CARDS = (PIXELS[0], *VAES[:2], CODERS[0])
PHONE = 390
ATTEMPTS = 5  # of axe: colours that fade are too pale for a moment


def figure(value):
    return Figure(value, 0.25, 10_000, "python -m train.evaluate somebody --only sample_quality")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A network with both figures, two with a bound and samples, one with another figure."""
    folder = tmp_path_factory.mktemp("checkpoints")
    for seed, card in enumerate(CARDS):
        nats, distance = ((80, 5), (70, 9), (85, 7), (0, 0))[seed]
        name = "nats_dynamic" if card is PIXELS[0] else "neg_elbo_nats_dynamic"
        found = {name: figure(nats), "fid_times_floor": figure(distance)} if nats else {}
        write_checkpoint(folder, card, seed=seed, figures=found or {"mean_activity": figure(1)})
    return ModelStore(folder, CARDS)


@pytest.fixture(scope="module")
def url(store, serve):
    with gr.Blocks(title="Models", analytics_enabled=False, fill_width=True) as blocks:
        gr.Markdown("# GenLab")
        models.build(store)
    settings = {key: shell.LAUNCH[key] for key in ("css_paths", "theme")}
    return serve(blocks, **settings)


@pytest.fixture
def visit(page, url):
    """Opens the page and waits for the table."""

    def open_page(**settings):
        tab = page(url, **settings)
        tab.locator("#models-table tbody tr").nth(3).wait_for()
        return tab

    return open_page


def open_part(tab, name):
    part = tab.get_by_role("tab", name=name, exact=True).locator("visible=true")
    if not part.count():  # on a phone, gradio folds the last ones into a menu
        tab.get_by_label("More tabs").locator("visible=true").last.click()
        part = tab.get_by_role("button", name=name, exact=True).locator("visible=true")
    part.first.click()


def order(tab):
    return tab.locator("#models-table tbody tr").evaluate_all(
        "(rows) => rows.map((row) => row.dataset.card)"
    )


def head(tab, name):
    return tab.locator("#models-table thead").get_by_role("button", name=name)


def test_a_heading_sorts_best_first_and_then_the_other_way(visit):
    tab = visit()
    names = [card.name for card in CARDS]

    head(tab, "FID").click()
    assert order(tab) == [names[0], names[2], names[1], names[3]], "what is missing comes last"
    assert tab.locator("#models-table th[aria-sort=ascending]").inner_text().startswith("FID")

    tab.keyboard.press("Enter")  # the heading kept the focus
    assert order(tab) == [names[1], names[2], names[0], names[3]]
    assert tab.locator("#models-table th[aria-sort=descending]").count() == 1


def test_a_missing_value_says_why(visit):
    tab = visit()
    row = tab.locator(f"#models-table tr[data-card={CODERS[0].name}]")

    row.get_by_role("button", name="Why is there no value?").first.press("Enter")

    note = tab.locator("#models-table [data-part=note]")
    assert note.inner_text().startswith(f"{CODERS[0].title}: NLL does not apply.")


def test_a_view_has_other_columns(visit):
    tab = visit()

    tab.get_by_role("button", name="Samples", exact=True).press("Enter")

    titles = [
        each.split("\n")[0] for each in tab.locator("#models-table thead th").all_inner_texts()
    ]
    assert titles == ["Card", "FID × floor", "KID", "Precision", "Recall", "Density", "Coverage",
                      "Class accuracy"]  # fmt: skip


def test_a_title_opens_its_card(visit, store):
    tab = visit()

    tab.locator("#models-table").get_by_role("button", name=VAES[1].title).press("Enter")

    facts = tab.locator("#models-facts")
    facts.get_by_text(store.card_file(VAES[1].name).sha256).wait_for()
    assert tab.locator("#models-card input").input_value().startswith(VAES[1].title)
    assert "−ELBO" in facts.inner_text()


def test_figures_that_are_measured_meanwhile_are_there_for_the_next_visitor(
    visit, store, monkeypatch
):
    changed = [{**row, "cells": {**row["cells"], "nll": {"text": "7.25", "value": 7, "note": ""}}}
               for row in table.table_rows(store)]  # fmt: skip

    monkeypatch.setattr(table, "table_rows", lambda store: changed)

    visit().locator("#models-table td").get_by_text("7.25").nth(3).wait_for()


def test_samples_are_drawn_when_their_part_is_opened(visit):
    tab = visit()
    open_part(tab, "Nearest images")

    shown = tab.locator("#neighbours")
    shown.get_by_text("drawn just now differ").wait_for()  # random weights are not the shipped ones
    assert f"python -m train.neighbours {PIXELS[0].name}" in shown.inner_text()
    assert shown.locator("figure").count() == 16

    tab.locator("#neighbours-card input").click()
    tab.get_by_role("option", name=VAES[1].title).click()
    shown.get_by_text(f"python -m train.neighbours {VAES[1].name}").first.wait_for()


def test_the_ranks_tell_of_the_cards_on_show(visit):
    tab = visit()
    open_part(tab, "Likelihood and samples")

    assert f"here they do not: {VAES[0].title}" in tab.locator("#models-ranks").inner_text()


def test_the_data_set_and_the_seed_are_followed(visit):
    tab = visit()
    open_part(tab, "Data sets")
    rows, about = tab.locator("#data-binary"), tab.locator("#data-about")

    tab.locator("#data-seed input").fill("12")
    rows.get_by_text("with seed 12,").wait_for()
    tab.locator("#data-set").get_by_text("Fashion-MNIST").click()
    about.get_by_text("Ankle boot").first.wait_for()
    rows.locator("[aria-label='Ankle boot, thresholded']").wait_for()

    tab.locator("#data-seed input").fill("-1")
    tab.get_by_text("Seed must be a whole number").first.wait_for()
    assert rows.get_by_text("with seed 12,").is_visible()


@pytest.mark.parametrize("name", PARTS)
def test_no_part_is_wider_than_a_phone(visit, name):
    tab = visit(width=PHONE, height=844, touch=True)
    open_part(tab, name)

    assert tab.evaluate("document.documentElement.scrollWidth") <= PHONE
    if name == "All cards":
        scroll = tab.locator("#models-table [data-part=scroll]")
        assert scroll.evaluate("(each) => each.scrollWidth > each.clientWidth"), "it scrolls alone"


def serious(axe, tab):
    """What axe holds for more than a blemish, once nothing fades any more."""
    tab.mouse.move(0, 0)  # no hover colour
    for _ in range(ATTEMPTS):
        found = [
            (each["id"], [node["html"][:160] for node in each["nodes"]])
            for each in axe.run(tab).response["violations"]
            if each["impact"] in ("serious", "critical")
        ]
        if not found:
            break
    return found


@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious_in_any_part(visit, dark):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    tab = visit(dark=dark)
    tab.get_by_role("button", name="What each figure means").click()
    found = {}
    for name in PARTS:
        open_part(tab, name)
        if name == "Nearest images":
            tab.get_by_text("drawn just now").wait_for()
        found[name] = serious(axe, tab)

    assert found == {name: [] for name in PARTS}

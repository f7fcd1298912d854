"""The page of autoencoders in a real browser, with networks of random weights."""

import gradio as gr
import pytest
from PIL import Image
from shelved import write_checkpoint

from genlab import data
from genlab.models.autoencoder import CARDS
from genlab.store import ModelStore
from genlab.ui import shell
from genlab.ui.latent import restored
from genlab.ui.tabs import autoencoders as tab

GAUSSIAN, DROPOUT = "denoising-autoencoder-fashion", "denoising-autoencoder-dropout-fashion"
PANELS = "denoising-panels"
UNITS = 300


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    for seed, card in enumerate(CARDS):
        write_checkpoint(folder, card, seed=seed)
    return ModelStore(folder, CARDS)


@pytest.fixture(scope="module")
def url(store, serve):
    with gr.Blocks(analytics_enabled=False, fill_width=True) as blocks:
        tab.build(store)
    tab.warm_up(store)
    return serve(blocks, css_paths=shell.LAUNCH["css_paths"])


@pytest.fixture
def visit(page, canvas, url):
    """Opens the page and waits for its first pictures; the tab and the panels of noise."""

    def open_page(**settings):
        opened = page(url, **settings)
        panels = canvas(opened, PANELS)
        panels.wait("g.notes.length === 4")
        return opened, panels

    return open_page


def notes(store, *, card=GAUSSIAN, corruption="gaussian", level=0.5, seed=0):
    """What stands under the four pictures of the opening example."""
    boot = data.examples("fashion-mnist").images[92:93] / 255
    shown = restored.read_shown(store, boot, card, corruption, level, seed)
    return [picture.note for picture in restored.show_pictures(shown)]


def has_notes(panels, expected):
    panels.wait(f"JSON.stringify(g.notes) === JSON.stringify({expected!r})")


def test_the_pictures_follow_the_slider_the_model_and_the_corruption(visit, store):
    tab, panels = visit()
    has_notes(panels, notes(store))

    slider = tab.locator("#denoising-level input[type=range]")
    for _ in range(3):
        slider.press("ArrowRight")
    has_notes(panels, notes(store, level=0.53))

    tab.locator("#denoising-corruption").get_by_text("Dropped pixels").click()
    has_notes(panels, notes(store, corruption="dropout", level=0.53))
    assert "never saw dropped pixels" in tab.locator("#denoising-verdict").inner_text()

    tab.locator("#denoising-model input").click()
    tab.get_by_role("option", name="Trained on dropped pixels").click()
    has_notes(panels, notes(store, card=DROPOUT, corruption="dropout", level=0.53))
    tab.locator("#denoising-verdict").get_by_text("never saw").wait_for(state="detached")

    tab.locator("#denoising-seed input").fill("8")
    has_notes(panels, notes(store, card=DROPOUT, corruption="dropout", level=0.53, seed=8))


def test_a_drag_is_followed_while_it_lasts_and_ends_where_it_ends(visit, store):
    tab, panels = visit()
    box = tab.locator("#denoising-level input[type=range]").bounding_box()
    before, middle = panels.count("updates"), box["y"] + box["height"] / 2

    tab.mouse.move(box["x"] + box["width"] / 2, middle)
    tab.mouse.down()
    for step in range(1, 11):
        tab.mouse.move(box["x"] + box["width"] * (0.5 + step / 30), middle)
        panels.wait(f"g.updates > {before}")
    assert panels.count("updates") > before, "it follows before the button is released"
    tab.mouse.up()

    level = float(tab.locator("#denoising-level input[type=number]").input_value())
    assert level > 0.7
    has_notes(panels, notes(store, level=level))


def test_a_pixel_is_read_in_all_pictures_by_pointer_and_by_keys(visit, store):
    tab, panels = visit()
    values = [panels.count(f"values({index})") for index in range(4)]

    box = panels.box.locator("canvas").nth(1).bounding_box()
    tab.mouse.move(box["x"] + box["width"] * 14.5 / 28, box["y"] + box["height"] * 14.5 / 28)
    readout = panels.part("readout")
    readout.get_by_text("Row 14, column 14").wait_for()
    at = 14 * 28 + 14
    assert f"original {values[0][at]:.2f}" in readout.inner_text()
    assert f"corrupted {values[1][at]:.2f}".replace("-", "−") in readout.inner_text()

    tab.mouse.move(0, 0)
    panels.part("row").focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown"):
        panels.part("row").press(key)
    readout.get_by_text("Row 2, column 0").wait_for()


def test_the_panels_are_saved_as_one_picture(visit):
    tab, panels = visit()

    with tab.expect_download() as download:
        panels.part("save").click()

    with Image.open(download.value.path()) as picture:
        assert picture.width > 3 * picture.height / 2 > 400
    panels.part("details").locator("summary").click()
    panels.part("table").locator("tbody tr").nth(3).wait_for(state="attached")
    assert panels.part("table").locator("tbody tr").count() == 4


def test_a_click_on_a_bar_and_its_keys_choose_a_unit(visit, canvas):
    tab, _ = visit()
    bars = {name: canvas(tab, f"sparse-bars-{name}") for name in ("none", "l1", "kl")}
    bars["l1"].wait("g.chosen !== null")

    x, y = bars["kl"].inside(3, 5).values()
    bars["kl"].stage.click(position={"x": x, "y": y})

    bars["kl"].wait("g.chosen === 65")
    bars["l1"].wait("g.chosen === null")
    tab.locator("#unit-words").get_by_text("Unit 65 · KL penalty").wait_for()
    assert tab.locator("#sparse-unit input").input_value() == "65"
    value = bars["kl"].count("values()")[65]
    assert bars["kl"].part("readout").inner_text().startswith(f"unit 65: activity {value:.3f}")

    bars["none"].stage.focus()
    for key in ("ArrowRight", "ArrowDown", "Enter"):  # begins at unit 0
        bars["none"].stage.press(key)
    bars["none"].wait("g.chosen === 20")
    tab.locator("#unit-words").get_by_text("Unit 20 · no penalty").wait_for()


def test_the_threshold_counts_the_units_above_it(visit, canvas):
    tab, _ = visit()
    bars = canvas(tab, "sparse-bars-none")
    bars.wait("g.values() !== null")

    tab.locator("#sparse-threshold input[type=range]").press("ArrowRight")

    above = sum(value > 0.11 for value in bars.count("values()"))
    tab.locator("#sparse-words-none").get_by_text(f"{above} of {UNITS}").wait_for()


def test_an_example_comes_from_the_sheet_onto_the_board(visit, store):
    tab, panels = visit()

    tab.locator("#denoising-sheet [data-part=cells] button").first.click()

    first = data.examples("fashion-mnist").images[:1] / 255
    shown = restored.read_shown(store, first, GAUSSIAN, "gaussian", 0.5, 0)
    has_notes(panels, [picture.note for picture in restored.show_pictures(shown)])


@pytest.mark.parametrize("dark", [False, True])
def test_a_phone_shows_everything_without_scrolling_sideways(visit, dark):
    tab, panels = visit(width=390, height=844, dark=dark, touch=True)

    assert tab.evaluate("document.documentElement.scrollWidth") == 390
    assert panels.box.locator("canvas").first.bounding_box()["width"] > 120
    tab.get_by_role("button", name="Look closer").click()
    tab.get_by_text("A pixel that is put right").wait_for()
    tab.get_by_text("and the penalties").wait_for()
    assert tab.evaluate("document.documentElement.scrollWidth") == 390


def test_every_mistake_is_checked_on_the_spot(visit):
    tab, _ = visit()
    tab.get_by_role("button", name="Common mistakes").click()
    buttons = tab.get_by_role("button", name="Check it")

    for place in range(buttons.count()):
        buttons.nth(place).click()
        tab.locator(".genlab-finding").nth(place).locator("strong").first.wait_for()


def test_a_unit_that_there_is_not_gets_a_sentence(visit, page):
    tab, _ = visit()

    answer = tab.evaluate(
        """async () => {
            const config = await (await fetch('config')).json();
            const unit = config.components.find((c) => c.props.elem_id === 'sparse-unit').id;
            const of = config.dependencies.find((d) => d.targets.some(
                (t) => t[0] === unit && t[1] === 'input'));
            const answer = await fetch('gradio_api/run/predict', {
                method: 'POST', headers: {'content-type': 'application/json'},
                body: JSON.stringify({fn_index: of.id, session_hash: 'abc',
                    data: ['', 0.1, 'sparse-autoencoder-l1-fashion', 300]})});
            return await answer.text();
        }"""
    )
    assert "Unit must be a whole number from 0 to 299" in answer
    page.__self__.errors.clear()  # the browser notes the refusal

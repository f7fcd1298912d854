"""*Two streams* and the block diagram in a real browser, under a player of their own."""

import io
import json

import gradio as gr
import numpy as np
import pytest
from PIL import Image
from shelved import tiny_card, write_checkpoint

from genlab.core.images import ImageSpec
from genlab.inference.runs import Run, Segment
from genlab.models.gated_pixelcnn import GatedPixelCNN
from genlab.store import ModelStore
from genlab.ui.canvas import PixelPlayer
from genlab.ui.canvas.gates import gates_payload
from genlab.ui.lessons import diagram, streams
from genlab.ui.shown_runs import draw_run

SIZE = 9
LAYERS = 4
RUN = Run("gated", 1, "raster", (Segment(0, 0, 1.0),))
BLUE, WHITE, VERMILION = np.array([[0, 114, 178], [255, 255, 255], [213, 94, 0]])
COLUMNS = ("content", "door", "product")


def small_gated():
    return GatedPixelCNN(
        ImageSpec(1, SIZE, SIZE, levels=2), features=6, layers=LAYERS, head=8, first_kernel=5
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    cards = tiny_card("gated", build=small_gated), tiny_card("plain")
    for card in cards:
        write_checkpoint(folder, card)
    return ModelStore(folder, cards)


@pytest.fixture(scope="module")
def url(store, serve):
    payload = "".join(draw_run(store, RUN, "run"))
    with gr.Blocks(analytics_enabled=False) as page:
        card = gr.Dropdown([each.name for each in store.cards], value="gated", label="Model")
        player = PixelPlayer(
            payload, label="Player", rows=SIZE, cols=SIZE, selectable=True, elem_id="player"
        )
        streams.build(store, card, player, gr.State({"run": RUN}))
        diagram.build(store, card)
    return serve(page)


class Page:
    """The player, the maps and the diagram."""

    def __init__(self, tab, canvas):
        self.tab = tab
        self.player, self.maps = canvas(tab, "player"), canvas(tab, "gate-maps")
        self.player.wait("g.arrived === g.total")
        self.layer = tab.locator("#gates-layer")
        self.diagram = tab.locator("#network-diagram")

    def click(self, row, col):
        self.player.stage.click(position=self.player.inside(row, col))
        self.maps.wait(f"g.pixel && g.pixel[0] === {row} && g.pixel[1] === {col}")

    def choose(self, name):
        self.tab.get_by_role("combobox", name="Model").click()
        self.tab.get_by_role("option", name=name).click()


@pytest.fixture
def visit(page, canvas, url):
    return lambda **settings: Page(page(url, **settings), canvas)


def map_of(page, stack, row, column):
    """The screen's picture of one map: (SIZE, SIZE, 3) at the cells' centres."""
    shot = page.maps.part(f"stack-{stack}").locator("canvas").nth(3 * row + column).screenshot()
    picture = np.array(Image.open(io.BytesIO(shot)).convert("RGB")).astype(int)
    cell = (min(picture.shape[:2]) - 2) // SIZE
    top, left = ((side - cell * SIZE) // 2 for side in picture.shape[:2])
    at = cell // 2 + cell * np.arange(SIZE)
    return picture[top + at][:, left + at]


def signed(hexes):
    """The colours of a signed map."""
    share = (np.frombuffer(bytes.fromhex(hexes), np.uint8).astype(int) - 127) / 127
    end = np.where(share[:, None] < 0, BLUE, VERMILION)
    colours = WHITE + (end - WHITE) * np.abs(share)[:, None]
    return colours.reshape(SIZE, SIZE, 3)


def test_a_click_shows_the_maps_that_the_server_computed(visit, store):
    page = visit()
    page.click(4, 5)
    sent = json.loads(gates_payload(streams.show_gates(store, (RUN, 0, 4, 5), 1)))

    for stack, (row, col) in enumerate([(3, 5), (4, 5)]):
        ringed = np.zeros((SIZE, SIZE), bool)
        ringed[row - 1 : row + 2, col - 1 : col + 2] = True
        for number, channel in enumerate(sent["stacks"][stack]["channels"]):
            for column in (0, 2):
                seen, expected = (
                    map_of(page, stack, number, column),
                    signed(channel[COLUMNS[column]]),
                )
                np.testing.assert_allclose(seen[~ringed], expected[~ringed], atol=2)
        text = page.maps.part(f"stack-{stack}").inner_text()
        for channel in sent["stacks"][stack]["channels"]:
            assert f"Channel {channel['number']}" in text
            for value in channel["values"]:
                assert f"{value:.2f}".replace("-", "−") in text
    assert page.maps.part("title").inner_text() == (
        f"Tiny gated · row 4, column 5 · layer 1 of {LAYERS}"
    )


def test_the_slider_moves_through_the_layers(visit):
    page = visit()
    page.click(4, 5)
    slider = page.layer.locator("input[type=range]")
    slider.focus()

    for number in range(2, LAYERS + 1):
        slider.press("ArrowRight")
        page.maps.wait(f"g.layer === {number}")

    assert f"layer {LAYERS} of {LAYERS}" in page.maps.part("title").inner_text()
    page.click(2, 2)
    assert page.maps.count("layer") == LAYERS, "a click keeps the layer"


def test_the_table_holds_every_channel(visit, store):
    page = visit()
    page.click(4, 5)

    page.maps.part("details").locator("summary").click()

    rows = page.maps.part("table").locator("tbody tr")
    rows.nth(5).wait_for()
    assert rows.count() == 6
    expected = streams.show_gates(store, (RUN, 0, 4, 5), 1).stacks[1].maps[3, 1, 4, 5]
    assert rows.nth(3).locator("td").nth(4).inner_text() == f"{expected:.2f}"


def test_the_maps_are_saved_as_a_picture(visit):
    page = visit()
    assert page.maps.part("save").is_disabled()
    page.click(4, 5)

    with page.tab.expect_download() as download:
        page.maps.part("save").click()

    assert download.value.suggested_filename == "genlab-gates-layer-1.png"
    with Image.open(download.value.path()) as picture:
        width, height = picture.size
    assert width > height > 100


def test_a_model_without_gates_gets_a_sentence_and_its_own_diagram(visit):
    page = visit()
    page.click(4, 5)
    assert "shift down 1 row" in page.diagram.locator("svg").text_content()

    page.choose("plain")

    page.tab.get_by_text("has one stream and no gates").wait_for()
    page.diagram.get_by_text("Masked residual block").first.wait_for()
    assert "shift" not in page.diagram.locator("svg").text_content()
    assert page.maps.part("whole").is_hidden() and page.layer.is_hidden()
    page.choose("gated")
    page.maps.part("title").filter(has_text="Tiny gated · row 4, column 5").wait_for()


@pytest.mark.parametrize("dark", [False, True])
def test_a_phone_shows_all_of_it_in_either_theme(visit, dark):
    page = visit(width=360, height=740, dark=dark)
    page.click(4, 5)

    widths = "() => [document.documentElement.scrollWidth, innerWidth]"
    assert page.tab.evaluate(widths) == [360, 360]
    ink = page.diagram.locator("svg text").first.evaluate("(n) => getComputedStyle(n).fill")
    brightness = sum(map(int, ink[4:-1].split(",")[:3])) / 3
    assert (brightness > 128) == dark

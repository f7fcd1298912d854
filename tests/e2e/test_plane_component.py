"""The latent map in a real browser: pointed at, dragged, walked by keyboard, read and saved."""

import io
import json
import threading

import gradio as gr
import numpy as np
import pytest
import torch
from PIL import Image

from genlab.ui.canvas.plane import PlaneCanvas, ellipse, plane_path, plane_points, plane_sheet

CLASSES = tuple("0123456789")
LOW, HIGH = (-3.0, -2.0), (3.0, 2.0)
CODES = torch.stack([torch.linspace(-2.5, 2.5, 10), torch.linspace(1.6, -1.6, 10)], dim=1)
GREYS = torch.linspace(0, 1, 16)
SHEET = plane_sheet(GREYS.view(16, 1, 1, 1).expand(-1, -1, 7, 7), 4)
MORE = {
    "dots": plane_path(torch.tensor([[0.0, 1.5], [1.0, 1.5]])),
    "dots_name": "codes from the prior",
    "path": plane_path(torch.tensor([[-2.0, -1.0], [0.0, -1.0], [2.0, -1.0]])),
    "ellipses": json.dumps([ellipse(torch.tensor([1.0, 0.0]), torch.tensor([0.4, 0.3]), "q")]),
}


class Lab:
    """A page with a map; `gate` holds the handler of the cursor back."""

    def __init__(self):
        self.cursors = []
        self.gate = threading.Event()
        self.gate.set()

    def hear(self, cursor):
        self.cursors.append(cursor)
        self.gate.wait(60)

    def build(self):
        with gr.Blocks(analytics_enabled=False) as blocks:
            plane = PlaneCanvas(
                label="A map", low=LOW, high=HIGH, sheet=SHEET, classes=CLASSES, elem_id="plane",
                points=plane_points(CODES, torch.arange(10)),
            )  # fmt: skip
            plane.input(
                self.hear, plane, None, queue=False, trigger_mode="always_last",
                show_progress="hidden", api_visibility="private",
            )  # fmt: skip
            for name, answer in {
                "reset": lambda: gr.update(value=(0.0, 0.0), dots="", path="", ellipses=""),
                "place": lambda: [1.5, -0.5],
                "more": lambda: gr.update(**MORE),
                "bare": lambda: gr.update(points="", sheet="", classes=[]),
                "axes": lambda: gr.update(axes=("z₁₇", "z₄"), dimensions=50),
                "whole": lambda: gr.update(
                    points=plane_points(CODES, torch.arange(10)),
                    sheet=SHEET,
                    classes=CLASSES,
                    axes=("z₀", "z₁"),
                    dimensions=2,
                ),
            }.items():
                gr.Button(name).click(answer, None, plane, show_progress="hidden")
        return blocks


@pytest.fixture(scope="module")
def lab():
    return Lab()


@pytest.fixture(scope="module")
def url(lab, serve):
    return serve(lab.build())


@pytest.fixture(scope="module")
def bench(shared_page, canvas, url):
    """The page that most tests share."""
    plane = canvas(shared_page(url), "plane")
    plane.wait("g.paints > 0 && g.sheets === 1")
    return plane


@pytest.fixture
def plane(bench, lab):
    """The shared map, its cursor at the origin and the pointer far away."""
    lab.gate.set()
    bench.tab.mouse.move(2, 2)
    press(bench, "place")
    bench.wait("g.x === 1.5")
    press(bench, "reset")
    bench.wait("g.x === 0 && g.y === 0")
    for name in ("follow", "pictures", "marks"):
        bench.part(name).check()
    lab.cursors.clear()
    return bench


def press(plane, name):
    plane.tab.get_by_role("button", name=name, exact=True).click()


def point_at(plane, x, y, **how):
    plane.stage.scroll_into_view_if_needed()
    plane.tab.mouse.move(*plane.count(f"place({x}, {y})"), **how)


def switch(plane, name, is_on):
    """Set a check box and wait for the picture without, or with, what it hides."""
    paints = plane.count("paints")
    plane.part(name).set_checked(is_on)
    plane.wait(f"g.paints > {paints}")


def near(cursor, x, y):
    """Within a pixel: the map is 480 wide for 6 units."""
    return abs(cursor[0] - x) < 0.02 and abs(cursor[1] - y) < 0.02


def test_the_cursor_follows_the_pointer_and_tells_where_it_is(plane, lab):
    point_at(plane, 1.2, -0.7)
    plane.wait_until(lambda: lab.cursors and near(lab.cursors[-1], 1.2, -0.7))

    words = plane.part("readout").inner_text()
    assert words.startswith("z₀ = 1.2") and "z₁ = −0.7" in words
    assert "nearest example: a 7," in words  # (1.39, −0.89)


def test_a_click_holds_the_cursor_until_it_may_follow_again(plane, lab):
    point_at(plane, 1, 1)
    plane.tab.mouse.down()
    plane.tab.mouse.up()
    plane.wait_until(lambda: lab.cursors and near(lab.cursors[-1], 1, 1))
    assert not plane.part("follow").is_checked()
    told = plane.count("inputs")

    point_at(plane, -1, -1)
    plane.tab.mouse.move(2, 2)
    assert plane.count("inputs") == told

    plane.part("follow").check()
    point_at(plane, -1, -1)
    plane.wait_until(lambda: near(lab.cursors[-1], -1, -1))


def test_a_drag_moves_a_held_cursor_and_stops_at_the_edge(plane, lab):
    plane.part("follow").uncheck()
    point_at(plane, 0.5, 0.5)
    plane.tab.mouse.down()
    point_at(plane, 2, 1, steps=5)
    plane.wait_until(lambda: lab.cursors and near(lab.cursors[-1], 2, 1))
    point_at(plane, 3.3, 2.5, steps=5)
    plane.tab.mouse.up()
    plane.wait_until(lambda: lab.cursors[-1] == HIGH)


def test_a_crowd_of_moves_tells_once_a_frame_and_the_last_place_in_the_end(plane, lab):
    lab.gate.clear()
    start = plane.count("inputs")
    paints = plane.count("paints")
    point_at(plane, -2, 0)
    point_at(plane, 2, 1.5, steps=60)
    plane.wait("Math.abs(g.x - 2) < 0.02")
    assert plane.count("inputs") - start <= plane.count("paints") - paints
    assert len(lab.cursors) <= 1, "an unanswered event must hold the others back"
    lab.gate.set()
    plane.wait_until(lambda: near(lab.cursors[-1], 2, 1.5))


def test_the_keyboard_alone_moves_the_cursor(plane, lab):
    keys = plane.tab.keyboard
    plane.stage.focus()
    for key, place in [
        ("ArrowRight", (0.1, 0)), ("ArrowUp", (0.1, 0.067)), ("Shift+ArrowLeft", (-0.4, 0.067)),
        ("ArrowDown", (-0.4, 0)), ("Home", (0, 0)),
    ]:  # fmt: skip
        keys.press(key)
        plane.wait_until(lambda place=place: lab.cursors and near(lab.cursors[-1], *place))
        assert plane.part("live").inner_text() == plane.part("readout").inner_text()
    for _ in range(15):
        keys.press("Shift+ArrowUp")
    plane.wait_until(lambda: lab.cursors[-1] == (0, 2))


def test_a_cursor_from_the_server_is_shown_and_not_told_back(plane, lab):
    told = plane.count("inputs")
    press(plane, "place")
    plane.wait("g.x === 1.5 && g.y === -0.5")
    assert "z₀ = 1.50, z₁ = −0.50" in plane.part("readout").inner_text()
    assert plane.count("inputs") == told


def greys_of(plane):
    """Of the sixteen pictures, beside their centres, where no cursor stands."""
    places = [(-2.0 + 1.5 * col, 1.4 - 1.0 * row) for row in range(4) for col in range(4)]
    return colours_at(plane, places)


def colours_at(plane, places):
    picture = Image.open(io.BytesIO(plane.tab.screenshot())).convert("RGB")
    return np.array(
        [picture.getpixel(tuple(map(round, plane.count(f"place({x}, {y})")))) for x, y in places]
    )


def test_every_picture_lies_at_its_code(plane):
    switch(plane, "marks", False)
    expected = np.rint(255 * GREYS.numpy())[:, None].repeat(3, axis=1)

    np.testing.assert_allclose(greys_of(plane), expected, atol=2)

    switch(plane, "pictures", False)
    assert np.ptp(greys_of(plane)) < 30, "pictures are hidden"


def test_points_are_told_apart_by_colour_and_digit(plane):
    switch(plane, "pictures", False)
    x = 4.5 * 6 / 480  # between a disc's digit and its rim
    edges = colours_at(plane, [(code[0] + x, code[1]) for code in CODES.tolist()])
    middles = colours_at(plane, CODES.tolist())

    assert len({tuple(colour) for colour in edges}) == 10
    assert (abs(edges.astype(int) - middles).sum(axis=1) > 60).sum() >= 7, "no digit is drawn"
    switch(plane, "marks", False)
    hidden = colours_at(plane, [(code[0] + x, code[1]) for code in CODES.tolist()])
    assert np.ptp(hidden) < 30, "nothing but the lines of the grid"
    assert "nearest" not in plane.part("readout").inner_text()


def test_the_legend_counts_every_class(plane):
    items = plane.part("legend").locator("li")
    assert items.all_text_contents() == [f"{name}1" for name in CLASSES]
    plane.box.locator("summary").click()
    rows = plane.part("table").locator("tbody tr")
    rows.first.wait_for()
    rows = rows.all_inner_texts()
    assert rows[0].split() == ["0", "1", "−2.50", "1.60"]
    plane.box.locator("summary").click()


def test_what_lies_on_the_map_is_named(plane):
    assert not plane.part("samples-label").is_visible()
    press(plane, "more")
    plane.part("samples-label").wait_for()
    assert plane.part("samples-label").inner_text().split() == ["2", *MORE["dots_name"].split()]
    notes = plane.part("notes").inner_text()
    assert "Ellipses: q, 1σ solid and 2σ dashed, σ = (0.40, 0.30)" in notes
    assert "Path: 3 places from A to B" in notes
    diamonds = [(0.0, 1.5), (1.0, 1.5)]
    assert (colours_at(plane, diamonds) == 255).all()
    switch(plane, "samples", False)
    assert (colours_at(plane, diamonds) < 255).all()
    switch(plane, "samples", True)


def test_nothing_but_the_map_moves_when_things_arrive(plane):
    pieces = [plane.stage, *(plane.part(name) for name in ("readout", "legend", "details", "save"))]
    before = [piece.bounding_box() for piece in pieces]
    press(plane, "more")
    plane.part("samples-label").wait_for()
    assert [piece.bounding_box() for piece in pieces] == before


def test_save_png_brings_the_map_with_its_axes(plane):
    with plane.tab.expect_download() as saved:
        plane.part("save").click()
    assert saved.value.suggested_filename == "genlab-A-map.png"
    with Image.open(saved.value.path()) as picture:
        assert picture.size == (2 * 534, 2 * 534)
        assert np.array(picture.convert("RGBA"))[..., 3].min() == 255


def test_a_map_without_anything_still_has_a_cursor(plane, lab):
    press(plane, "bare")
    plane.part("legend").wait_for(state="hidden")
    point_at(plane, 1, 1)
    plane.wait_until(lambda: lab.cursors and near(lab.cursors[-1], 1, 1))
    press(plane, "whole")
    plane.part("legend").wait_for()


def test_other_axes_have_their_own_names(plane):
    press(plane, "axes")
    plane.tab.wait_for_function(
        "() => document.querySelector('#plane [data-part=readout]').textContent"
        ".startsWith('z₁₇ = 0.00, z₄ = 0.00')"
    )
    plane.box.locator("summary").click()
    heads = plane.part("table").locator("thead th")
    heads.first.wait_for()
    assert heads.all_inner_texts()[2:] == ["mean z₁₇", "mean z₄"]
    told = plane.part("readout").inner_text()
    assert "; nearest example in these two dimensions: a " in told  # of 50
    plane.box.locator("summary").click()
    press(plane, "whole")


def test_a_finger_moves_the_cursor(page, canvas, url, lab):
    plane = canvas(page(url, width=390, touch=True), "plane")
    plane.wait("g.paints > 0")
    lab.cursors.clear()
    plane.tab.touchscreen.tap(*plane.count("place(1, 1)"))
    plane.wait_until(lambda: lab.cursors and abs(lab.cursors[-1][0] - 1) < 0.05)


@pytest.mark.parametrize("width", [360, 390, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_nothing_sticks_out(page, canvas, url, width, dark):
    tab = page(url, width=width, dark=dark)
    plane = canvas(tab, "plane")
    press(plane, "more")
    plane.part("samples-label").wait_for()
    assert tab.evaluate("() => document.documentElement.scrollWidth") <= width
    box = plane.stage.bounding_box()
    assert abs(box["width"] - box["height"]) < 1

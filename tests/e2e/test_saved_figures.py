"""A figure is saved as it looks: with its colours, its title and the list of its lines."""

import xml.etree.ElementTree as ET
from pathlib import Path

import gradio as gr
import pytest
from PIL import Image

from genlab.ui import shell
from genlab.ui.drawing.curves import Axis, Curve, draw_curves
from genlab.ui.drawing.saving import saveable

pytestmark = pytest.mark.slow
SVG = "{http://www.w3.org/2000/svg}"
CURVES = [
    Curve("rising", ((0, 0), (1, 1)), "#0072B2"),
    Curve("falling", ((0, 1), (1, 0)), "#D55E00", "7 4"),
]
SCRIPT = Path(shell.__file__).with_name("figures.js").read_text()
OUTSIDE = (  # as wide as there is room, its scale on the left of it
    '<div style="margin-left: 40px"><svg width="100%" height="60" style="overflow: visible" '
    'role="img" aria-label="A scale outside"><text x="-30" y="30">7.5</text>'
    '<line x2="100%" y1="30" y2="30" stroke="black"/></svg></div>'
)


@pytest.fixture(scope="module")
def url(serve):
    with gr.Blocks() as blocks:
        axis = Axis("t", 0, 1, (0, 1))
        gr.HTML(draw_curves(CURVES, axis, axis, label="Two lines", name="two lines"))
        gr.HTML(saveable(OUTSIDE, "outside"))
    return serve(blocks, **shell.LAUNCH)


@pytest.fixture
def save(page, url, tmp_path):
    """Press a button; the file, its name, and how many files came."""

    def press(kind, figure="two lines", script="", **settings):
        tab = page(url, **settings)
        tab.evaluate(script)
        came = []
        tab.on("download", lambda file: came.append(file))
        with tab.expect_download() as waited:
            drawn = tab.locator(f"[data-genlab-figure='{figure}']")
            drawn.locator(f"[data-genlab-save={kind}]").click()
        tab.wait_for_timeout(500)
        waited.value.save_as(tmp_path / "saved")
        return tmp_path / "saved", waited.value.suggested_filename, len(came)

    return press


def test_the_svg_stands_alone(save):
    path, name, came = save("svg")
    sheet = ET.parse(path).getroot()

    assert (name, came) == ("genlab-two-lines.svg", 1)
    assert sheet.find(f"{SVG}title").text == "Two lines"
    lines = list(sheet.iter(f"{SVG}polyline"))
    assert [line.get("stroke") for line in lines] == ["rgb(0, 114, 178)", "rgb(213, 94, 0)"]
    assert {line.get("fill") for line in lines} == {"none"}
    assert lines[1].get("stroke-dasharray").replace("px", "") == "7, 4"
    assert not list(sheet.iter(f"{SVG}style")), "it would need the page's variables"
    words = [each.text for each in sheet.iter(f"{SVG}text")]
    assert words[-2:] == ["rising", "falling"] and "t" in words
    assert len([each for each in sheet if each.tag == f"{SVG}svg"]) == 1 + len(CURVES)


@pytest.mark.parametrize(("dark", "ground"), [(False, 255), (True, 40)])
def test_the_png_is_fine_and_has_the_colours_of_the_theme(dark, ground, save):
    path, name, came = save("png", dark=dark)
    picture = Image.open(path).convert("RGB")

    assert (name, came) == ("genlab-two-lines.png", 1)
    assert picture.width >= 4 * 380
    corner = picture.getpixel((2, 2))
    assert min(corner) > 240 if ground == 255 else max(corner) < ground + 20
    colours = {colour for _, colour in picture.getcolors(maxcolors=1_000_000)}
    assert {(0, 114, 178), (213, 94, 0)} <= colours


def test_a_scale_outside_its_chart_is_saved_too(save):
    path, _, _ = save("svg", figure="outside")
    sheet = ET.parse(path).getroot()
    inner = sheet.find(f"{SVG}svg")

    left, _, width, _ = map(float, inner.get("viewBox").split())
    assert left <= -30
    assert float(inner.get("x")) >= 0
    assert float(inner.get("x")) + width <= float(sheet.get("width"))


def test_a_script_that_runs_twice_saves_once(save):
    assert save("svg", script=SCRIPT)[2] == 1

"""Sliders of a code and strips of pictures in a real browser: dragged, typed, clicked, played."""

import io

import gradio as gr
import numpy as np
import pytest
import torch
from PIL import Image

from genlab.ui.canvas.latents import LatentSliders, thumbnail_sheet
from genlab.ui.canvas.strip import Strip, StripPlayer, StripRow

COUNT = 50
VALUES = (-3.0, -1.5, 0.0, 1.5, 3.0)
LEVELS = torch.linspace(0, 1, 8)


def dimensions(count):
    """Displayed from the last to the first; only half of them are used."""
    return [
        {
            "index": count - 1 - place,
            "use": 2.0 / (1 + place),
            "unit": "nats",
            "used": 2 * place < count,
            "low": -3.0,
            "high": 3.0,
        }
        for place in range(count)
    ]


def level(index, column):
    """The grey of a thumbnail, another one for each."""
    return 5 * index + column


def thumbnails(count):
    greys = torch.tensor([[level(i, column) for column in range(5)] for i in range(count)]) / 255
    pictures = greys.view(count, 5, 1, 1, 1).expand(-1, -1, 1, 8, 8)
    return thumbnail_sheet(pictures, range(count), [VALUES] * count)


def strip(names=("codes", "pixels")):
    """The second row is the negative of the first."""
    greys = LEVELS.view(8, 1, 1, 1).expand(-1, 1, 7, 7)
    rows = [
        StripRow(name, greys if number == 0 else 1 - greys) for number, name in enumerate(names)
    ]
    return Strip(rows, [f"{number} of 7 parts" for number in range(8)])


class Lab:
    """A page with the components, and what its handlers were given."""

    def __init__(self):
        self.codes = []
        self.released = []

    def release(self, code):
        self.released.append(code)
        return gr.update(thumbnails=thumbnails(len(code)))

    def build(self):
        quiet = {"show_progress": "hidden", "api_visibility": "private"}
        with gr.Blocks(analytics_enabled=False) as blocks:
            sliders = LatentSliders(
                label="The code", dimensions=dimensions(COUNT), thumbnails=thumbnails(COUNT),
                elem_id="sliders",
            )  # fmt: skip
            quick = {"queue": False, "trigger_mode": "always_last", **quiet}
            sliders.input(self.codes.append, sliders, None, **quick)
            sliders.release(self.release, sliders, sliders, **quick)
            later = LatentSliders(label="Another code", elem_id="later")
            player = StripPlayer(label="A path", names=("codes", "pixels"), elem_id="path")
            small = {"value": [1, -1], "dimensions": dimensions(2), "thumbnails": thumbnails(2)}
            whole = {
                "value": None,
                "dimensions": dimensions(COUNT),
                "thumbnails": thumbnails(COUNT),
            }
            for name, answer, output in (
                ("reset", lambda: [0] * COUNT, sliders),
                ("ramp", lambda: torch.arange(COUNT) / 20, sliders),
                ("small card", lambda: gr.update(**small), sliders),
                ("whole card", lambda: gr.update(**whole), sliders),
                ("no pictures", lambda: gr.update(thumbnails={}), sliders),
                ("fill", lambda: gr.update(**whole), later),
                ("send path", strip, player),
                ("send other path", lambda: strip(("one", "two", "three")), player),
                ("empty path", lambda: None, player),
            ):
                gr.Button(name).click(answer, None, output, **quiet)
        return blocks


@pytest.fixture(scope="module")
def lab():
    return Lab()


@pytest.fixture(scope="module")
def url(lab, serve):
    return serve(lab.build())


@pytest.fixture(autouse=True)
def fresh(lab):
    lab.codes.clear()
    lab.released.clear()


def press(tab, name):
    tab.get_by_role("button", name=name, exact=True).click()


@pytest.fixture(scope="module")
def shared_sliders(shared_page, canvas, url):
    return canvas(shared_page(url), "sliders")


@pytest.fixture
def sliders(shared_sliders):
    """The shared sliders, folded and at 0; by way of other numbers, so that 0 is news."""
    set_to(shared_sliders, "whole card", "g.rows >= 2 && g.value().length === 50")
    set_to(shared_sliders, "ramp", "g.value()[49] === 2.45")
    set_to(shared_sliders, "reset", "g.value().every((number) => number === 0)")
    if shared_sliders.part("more").get_attribute("aria-expanded") == "true":
        shared_sliders.part("more").click()
    return shared_sliders


def set_to(sliders, button, condition):
    press(sliders.tab, button)
    sliders.wait(condition)


def knob(sliders, index):
    return sliders.box.get_by_role("slider", name=f"Dimension {index}", exact=True)


def typed(sliders, index):
    return sliders.box.get_by_role("spinbutton", name=f"Dimension {index}, type a number")


def thumbnail(sliders, index, value):
    return sliders.box.get_by_role("button", name=f"Dimension {index} at {value}", exact=True)


def place(range_, value):
    """Where on the screen a slider from −3 to 3 stands at a value; its knob is 18 px wide."""
    box = range_.bounding_box()
    return box["x"] + 9 + (value + 3) / 6 * (box["width"] - 18), box["y"] + box["height"] / 2


def code(**numbers):
    """All 0 but for `d49=1.5`."""
    return [numbers.get(f"d{index}", 0.0) for index in range(COUNT)]


# — sliders —


def test_a_drag_sends_the_whole_code_and_ends_with_one_release(sliders, lab):
    mouse, range_ = sliders.tab.mouse, knob(sliders, 49)
    range_.scroll_into_view_if_needed()
    mouse.move(*place(range_, 0))
    mouse.down()
    for value in (0.5, 1, 1.5, 2):
        mouse.move(*place(range_, value))
    sliders.wait_until(lambda: lab.codes and lab.codes[-1] == code(d49=2.0))
    assert lab.released == [], "the drag goes on"
    assert range_.get_attribute("aria-valuetext") == "2.00"
    assert typed(sliders, 49).input_value() == "2.00"
    mouse.up()
    sliders.wait_until(lambda: lab.released)
    assert lab.released == [code(d49=2.0)]


def test_a_drag_touches_no_other_row_and_asks_for_nothing_but_its_events(sliders, lab, requests):
    rows, painted, inputs = (sliders.count(name) for name in ("rows", "painted", "inputs"))
    with requests(sliders.tab) as seen:
        knob(sliders, 49).evaluate(
            "(node) => { for (let i = 0; i < 50; i++) { node.value = i / 20; "
            "node.dispatchEvent(new Event('input')); } }"
        )
        sliders.wait_until(lambda: lab.codes and lab.codes[-1] == code(d49=2.45))
        assert sliders.count("inputs") == inputs + 1, "what comes within a frame is told once"
    assert (sliders.count("rows"), sliders.count("painted")) == (rows, painted)
    assert len(seen) == 1


def test_a_typed_number_moves_the_slider_and_is_sent_as_it_was_typed(sliders, lab):
    typed(sliders, 48).fill("-1.234")
    assert lab.codes == [], "typing goes on"
    typed(sliders, 48).press("Enter")
    sliders.wait_until(lambda: lab.released)
    assert lab.released == [code(d48=-1.234)]
    assert float(knob(sliders, 48).input_value()) == pytest.approx(-1.25), "the nearest notch"
    assert knob(sliders, 48).get_attribute("aria-valuetext") == "−1.23"


def test_a_number_beyond_the_slider_may_be_typed(sliders, lab):
    typed(sliders, 48).fill("20")
    typed(sliders, 48).press("Enter")
    sliders.wait_until(lambda: lab.released == [code(d48=20.0)])
    assert knob(sliders, 48).input_value() == "3"


@pytest.mark.parametrize("text", ["20.5", "-21", "1e9", "", "-", "1-2"])
def test_a_bad_number_is_marked_and_not_sent(sliders, lab, text):
    field = typed(sliders, 48)
    field.fill("")
    field.press_sequentially(text)
    field.blur()
    row = sliders.box.locator(".gl-refused")
    row.wait_for()
    assert field.get_attribute("aria-invalid") == "true"
    assert row.locator(".gl-bad").inner_text() == "Type −20 to 20"
    assert "It stays at 0.00" in sliders.part("live").inner_text()
    field.press("Escape")
    assert sliders.box.locator(".gl-refused").count() == 0
    assert field.input_value() == "0.00"
    assert (lab.codes, lab.released) == ([], [])


def test_typing_a_minus_sign_is_no_mistake_yet(sliders):
    typed(sliders, 48).fill("")
    typed(sliders, 48).press_sequentially("-")
    assert sliders.box.locator(".gl-refused").count() == 0
    typed(sliders, 48).press("Escape")


def test_arrow_keys_move_slider_and_number_by_a_notch(sliders, lab):
    knob(sliders, 49).focus()
    sliders.tab.keyboard.press("ArrowRight")
    sliders.wait_until(lambda: lab.released == [code(d49=0.05)])
    typed(sliders, 49).focus()
    sliders.tab.keyboard.press("ArrowDown")
    sliders.tab.keyboard.press("ArrowDown")
    sliders.wait_until(lambda: lab.released[-1] == code(d49=-0.05))


def test_a_click_on_a_thumbnail_sets_its_value(sliders, lab):
    thumbnail(sliders, 48, "−1.50").click()
    sliders.wait_until(lambda: lab.released == [code(d48=-1.5)])
    assert thumbnail(sliders, 48, "−1.50").get_attribute("aria-pressed") == "true"
    assert thumbnail(sliders, 48, "0.00").get_attribute("aria-pressed") == "false"
    assert typed(sliders, 48).input_value() == "-1.50"


def test_each_thumbnail_shows_its_own_picture_below_its_place_on_the_slider(sliders):
    sliders.part("more").click()
    for index in (49, 48, 47, 0):
        for column, value in enumerate(("−3.00", "−1.50", "0.00", "1.50", "3.00")):
            button = thumbnail(sliders, index, value)
            shown = button.locator("canvas").evaluate(
                "(node) => [...node.getContext('2d').getImageData(3, 3, 1, 1).data]"
            )
            assert shown == [level(index, column)] * 3 + [255]
            box = button.bounding_box()
            x, _ = place(knob(sliders, index), VALUES[column])
            assert box["x"] + box["width"] / 2 == pytest.approx(x, abs=0.6)


def test_more_opens_the_rest_below_itself_and_fewer_closes_it(sliders):
    def names():
        return sliders.box.locator(".gl-name:visible").all_inner_texts()

    assert names() == ["Dimension 49", "Dimension 48"]
    assert sliders.part("summary").inner_text() == "25 of 50 dimensions are used"
    more = sliders.part("more")
    before = more.bounding_box()
    press(sliders.tab, "More dimensions (48)")
    assert names() == [f"Dimension {index}" for index in range(49, -1, -1)]
    assert sliders.box.locator(".gl-unused").count() == 25
    assert more.bounding_box()["y"] == before["y"]
    press(sliders.tab, "Fewer dimensions")
    assert len(names()) == 2


def test_a_slider_of_the_rest_sets_its_own_place_in_the_code(sliders, lab):
    sliders.part("more").click()
    typed(sliders, 7).fill("1")
    typed(sliders, 7).press("Enter")
    sliders.wait_until(lambda: lab.released == [code(d7=1.0)])


def test_a_handler_moves_the_sliders_every_time(sliders, lab):
    set_to(sliders, "ramp", "g.value()[49] === 2.45")
    assert float(knob(sliders, 49).input_value()) == pytest.approx(2.45)
    thumbnail(sliders, 49, "1.50").click()
    sliders.wait_until(lambda: lab.released)
    set_to(sliders, "ramp", "g.value()[49] === 2.45")
    assert typed(sliders, 49).input_value() == "2.45"
    sliders.part("more").click()
    assert typed(sliders, 4).input_value() == "0.20"
    assert len(lab.released) == 1, "only a visitor's hand is an event"


def test_new_thumbnails_leave_the_code_as_it_is(sliders, lab):
    painted = sliders.count("painted")
    thumbnail(sliders, 49, "1.50").click()
    set_to(sliders, "no pictures", f"g.painted > {painted}")
    assert sliders.count("value()")[49] == 1.5
    assert sliders.box.get_by_role("button", name="Dimension 49, no picture yet").count() == 5
    assert sliders.box.locator(".gl-thumbnail").first.is_disabled()


def test_another_card_brings_its_own_sliders(sliders, lab):
    sliders.part("more").click()
    set_to(sliders, "small card", "g.rows === 2 && g.value().length === 2")
    assert sliders.box.locator(".gl-name:visible").all_inner_texts() == [
        "Dimension 1", "Dimension 0",
    ]  # fmt: skip
    assert not sliders.part("more").is_visible()
    assert typed(sliders, 0).input_value() == "1.00"
    thumbnail(sliders, 1, "3.00").click()
    sliders.wait_until(lambda: lab.released == [[1.0, 3.0]])


def test_terms_are_explained_on_hover(sliders):
    use = sliders.box.locator("abbr").first
    assert use.inner_text() == "2.00 nats"
    assert "KL divergence" in use.get_attribute("title")


def sizes(component):
    return component.box.locator(".gl-dimension, .gl-rest, .gl-larges, .gl-strips").evaluate_all(
        "(all) => all.filter((each) => each.offsetHeight).map((each) => "
        "[each.getBoundingClientRect().top + scrollY, each.offsetHeight])"
    )


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_jumps_when_dimensions_and_pictures_arrive(page, canvas, url, width):
    tab = page(url, width=width, height=900, touch=width < 500)
    later, player = canvas(tab, "later"), canvas(tab, "path")
    before = sizes(later), sizes(player)
    press(tab, "fill")
    later.wait("g.rows === 2 && g.value().length === 50")
    press(tab, "send path")
    player.wait("g.total === 8")
    assert (sizes(later), sizes(player)) == before


def test_a_phone_has_room_for_fingers_and_no_sideways_scroll(page, canvas, url):
    tab = page(url, width=360, height=740, touch=True)
    sliders = canvas(tab, "sliders")
    sliders.part("more").tap()
    press(tab, "send path")
    canvas(tab, "path").wait("g.total === 8")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    controls = tab.locator("#sliders :is(button, input):visible, #path :is(button, input)")
    boxes = controls.evaluate_all(
        "(all) => all.map((each) => each.getBoundingClientRect())"
        ".map(({ left, right, height }) => [left, right, height])"
    )
    assert len(boxes) > 49
    for left, right, height in boxes:
        assert height >= 44 and left >= 0 and right <= 360
    thumbnail(sliders, 49, "3.00").tap()
    sliders.wait("g.value()[49] === 3")


# — a strip —


@pytest.fixture(scope="module")
def shared_player(shared_page, canvas, url):
    return canvas(shared_page(url), "path")


@pytest.fixture
def player(shared_player):
    press(shared_player.tab, "empty path")
    shared_player.wait("g.total === 0")
    press(shared_player.tab, "send path")
    shared_player.wait("g.total === 8 && g.shown === 0")
    return shared_player


def large(player):
    """The greys of the large pictures."""
    return (
        player.part("larges")
        .locator("canvas")
        .evaluate_all(
            "(all) => all.map((each) => each.getContext('2d').getImageData(3, 3, 1, 1).data[0])"
        )
    )


def shown(at):
    grey = round(255 * at / 7)
    return pytest.approx([grey, 255 - grey], abs=1)


def scrub_to(player, at):
    player.part("scrub").evaluate(
        "(node, at) => { node.value = at; node.dispatchEvent(new Event('input')); }", at
    )
    player.wait(f"g.shown === {at}")


def test_the_slider_moves_all_rows_together_and_asks_nothing(player, requests):
    with requests(player.tab) as seen:
        for at in (3, 7, 0):
            scrub_to(player, at)
            assert large(player) == shown(at)
            assert player.part("caption").inner_text() == f"{at} of 7 parts"
    assert seen == []


def test_a_click_on_a_small_picture_goes_there(player):
    for row in (0, 1):
        small = player.part("strips").locator("canvas").nth(row)
        box = small.bounding_box()
        at = 5 - row
        small.click(position={"x": (at + 0.5) / 8 * box["width"], "y": box["height"] / 2})
        player.wait(f"g.shown === {at}")
        assert large(player) == shown(at)


def test_the_knob_stands_below_the_small_picture(player):
    scrub_to(player, 5)
    strip_box = player.part("strips").locator("canvas").first.bounding_box()
    box = player.part("scrub").bounding_box()
    knob_at = box["x"] + 9 + 5 / 7 * (box["width"] - 18)
    assert knob_at == pytest.approx(strip_box["x"] + 5.5 / 8 * strip_box["width"], abs=0.6)


def test_keys_move_the_position_and_name_it(player):
    player.part("scrub").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "End"):
        player.tab.keyboard.press(key)
    player.wait("g.shown === 7")
    assert player.part("scrub").get_attribute("aria-valuetext") == "step 8 of 8: 7 of 7 parts"


def test_one_step_and_back_end_at_the_ends(player):
    player.part("back").click(force=True)
    player.part("next").click()
    player.wait("g.shown === 1")
    scrub_to(player, 7)
    player.part("next").click(force=True)
    assert player.part("next").get_attribute("aria-disabled") == "true"
    player.part("back").click()
    player.wait("g.shown === 6")


def test_play_shows_every_picture_and_can_be_paused(player):
    player.part("play").click()
    player.wait("g.playing && g.shown >= 2")
    player.part("play").click()
    player.wait("!g.playing")
    paused = player.count("shown")
    assert 2 <= paused < 7
    player.part("play").click()
    player.wait(f"g.shown > {paused}")
    player.wait("!g.playing && g.shown === 7")
    player.part("play").click()
    player.wait("g.playing && g.shown < 7")
    player.part("play").click()


def test_reduced_motion_jumps_to_the_end(page, canvas, url):
    player = canvas(page(url, still=True), "path")
    press(player.tab, "send path")
    player.wait("g.total === 8")
    player.part("play").click()
    player.wait("g.shown === 7 && !g.playing")


def test_another_path_keeps_the_position_and_brings_its_rows(player):
    scrub_to(player, 4)
    press(player.tab, "send other path")
    player.wait("g.total === 8")
    player.tab.wait_for_function("() => document.querySelectorAll('#path figcaption').length === 3")
    assert player.count("shown") == 4
    assert player.box.locator("figcaption").all_inner_texts() == ["one", "two", "three"]


def test_the_saved_file_holds_every_picture_of_every_row(player):
    with player.tab.expect_download() as download:
        player.part("save").click()
    content = download.value.path().read_bytes()
    sheet = np.array(Image.open(io.BytesIO(content)).convert("L"))
    assert download.value.suggested_filename == "genlab-a-path.png"
    greys = np.rint(LEVELS.numpy() * 255).astype(int)
    line = sheet.shape[0] // 2
    for row, expected in enumerate((greys, 255 - greys)):
        middle = sheet[row * line + 28 + 14]
        found = middle[8 + 14 :: 4 * 7 + 4][:8]
        np.testing.assert_allclose(found.astype(int), expected, atol=1)


# — for everybody —


@pytest.fixture(scope="module")
def axe():
    return pytest.importorskip("axe_playwright_python.sync_playwright").Axe()


def serious_findings(axe, component):
    """What axe finds in light and in dark, inside one component."""
    found = []
    context = {"include": [f"#{component.box.get_attribute('id')}"]}
    for dark in (False, True):
        component.tab.evaluate("(dark) => document.body.classList.toggle('dark', dark)", dark)
        found += [
            (dark, each["id"], [node["html"][:120] for node in each["nodes"]])
            for each in axe.run(component.tab, context=context).response["violations"]
            if each["impact"] in ("serious", "critical")
        ]
    component.tab.evaluate("() => document.body.classList.remove('dark')")
    return found


def test_axe_finds_nothing_serious_in_the_sliders(sliders, axe):
    sliders.part("more").click()
    typed(sliders, 49).fill("99")
    assert serious_findings(axe, sliders) == []


def test_axe_finds_nothing_serious_in_the_strip(player, axe):
    scrub_to(player, 3)
    assert serious_findings(axe, player) == []

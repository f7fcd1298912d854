"""The board to erase on, in a real browser: brush, keys, presets, the way back, other pictures."""

import gradio as gr
import numpy as np
import pytest
from playwright.sync_api import expect

from genlab.ui.canvas.mask_board import MaskBoard, MaskedPicture

SIDE = 12
HEARD = []  # what the server got
# In screen order; the kept ones of the last preset are all.
ERASED = {
    "Lower half": lambda r, c: r >= SIDE // 2,
    "Right half": lambda r, c: c >= SIDE // 2,
    "Middle": lambda r, c: (r >= 3) & (r < 9) & (c >= 3) & (c < 9),
    "Every second row": lambda r, c: r % 2 == 1,
    "All": lambda r, c: r >= 0,
    "Nothing": lambda r, c: r < 0,
}


def picture():
    return np.arange(SIDE * SIDE, dtype=np.uint8).reshape(SIDE, SIDE)


def whole():
    return np.ones((SIDE, SIDE), bool)


def after_top_row():
    kept = whole()
    kept[0] = False
    return kept


@pytest.fixture(scope="module")
def url(serve):
    def hear(masked):
        HEARD.append(masked)

    def other(masked):
        return MaskedPicture(255 - picture(), masked.kept)

    with gr.Blocks(analytics_enabled=False) as blocks:
        board = MaskBoard(
            MaskedPicture(picture(), whole()), label="Board", rows=SIDE, cols=SIDE, elem_id="board"
        )
        gr.Button("Other picture").click(other, board, board)
        gr.Button("Other mask").click(
            lambda: MaskedPicture(picture(), after_top_row()), None, board
        )
        MaskBoard(
            MaskedPicture(picture(), after_top_row()), label="Shown", rows=SIDE, cols=SIDE,
            editable=False, elem_id="shown",
        )  # fmt: skip
        board.input(hear, board, trigger_mode="always_last")  # "once" would drop the last change
    return serve(blocks)


@pytest.fixture
def board(page, url, canvas):
    HEARD.clear()
    found = canvas(page(url), "board")
    found.wait("g.paints > 0")
    return found


@pytest.fixture(scope="module")
def opened(shared_page, url, canvas):
    found = canvas(shared_page(url), "board")
    found.wait("g.paints > 0")
    return found


@pytest.fixture
def used(opened):
    """For tests that do not mind what others did before them; all is kept."""
    press(opened, "Nothing")
    HEARD.clear()
    return opened


def kept(board):
    return np.array(board.count("kept()"), bool).reshape(SIDE, SIDE)


def press(board, name):
    board.box.get_by_role("button", name=name, exact=True).click()


def wait_to_hear(board, expected):
    """Until the server has this mask; what a test before this one did may still arrive."""
    board.wait_until(lambda: any(np.array_equal(each.kept, expected) for each in HEARD))


def heard(board, count):
    board.wait_until(lambda: len(HEARD) >= count)
    return HEARD[-1].kept


@pytest.mark.parametrize("name", ERASED)
def test_a_preset_erases_what_it_says(used, name):
    press(used, "Invert" if name == "Nothing" else "Nothing")

    press(used, name)

    expected = ~ERASED[name](*np.indices((SIDE, SIDE)))
    assert np.array_equal(kept(used), expected)
    if name != "Nothing":
        used.wait_until(lambda: any(np.array_equal(each.kept, expected) for each in HEARD))
    erased = int((~expected).sum())
    expect(used.part("live")).to_have_text(f"{erased} of {SIDE * SIDE} pixels erased")


def test_invert_exchanges_kept_and_erased(used):
    press(used, "Lower half")
    press(used, "Invert")

    assert np.array_equal(kept(used), ERASED["Lower half"](*np.indices((SIDE, SIDE))))


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_a_key_erases_a_square_of_the_size_of_the_brush(board, size):
    press(board, "1 pixel" if size == 1 else f"{size} by {size} pixels")
    board.stage.focus()
    for key in ["ArrowRight"] + 6 * ["ArrowRight"] + 6 * ["ArrowDown"]:
        board.tab.keyboard.press(key)

    board.tab.keyboard.press("Enter")

    first = 6 - (size - 1) // 2
    expected = whole()
    expected[first : first + size, first : first + size] = False
    wait_to_hear(board, expected)


def test_the_brush_stops_at_the_edge(board):
    press(board, "5 by 5 pixels")
    board.stage.focus()
    board.tab.keyboard.press("ArrowRight")
    board.tab.keyboard.press(" ")

    expected = whole()
    expected[:3, :3] = False
    wait_to_hear(board, expected)


def stroke(board, start, end):
    board.tab.mouse.move(*board.centre(*start))
    board.tab.mouse.down()
    board.tab.mouse.move(*board.centre(*end))
    board.tab.mouse.up()


def test_a_fast_stroke_leaves_no_gaps_and_restoring_takes_it_back(board):
    press(board, "1 pixel")
    stroke(board, (2, 1), (2, 10))

    expected = whole()
    expected[2, 1:11] = False
    wait_to_hear(board, expected)
    press(board, "Restore")
    stroke(board, (2, 4), (2, 10))
    expected[2, 4:11] = True
    assert np.array_equal(heard(board, 2), expected)


def test_undo_goes_back_a_change_at_a_time(board):
    press(board, "Lower half")
    press(board, "Lower half")  # changes nothing, so it is none
    press(board, "All")

    press(board, "Undo")
    assert np.array_equal(kept(board), ~ERASED["Lower half"](*np.indices((SIDE, SIDE))))
    board.stage.focus()
    board.tab.keyboard.press("Control+z")
    assert kept(board).all()
    expect(board.part("undo")).to_have_attribute("aria-disabled", "true")
    wait_to_hear(board, whole())
    assert board.count("sent") == 4


def test_erased_pixels_look_like_none_and_restored_ones_as_before(board):
    before = np.array(board.picture(SIDE, SIDE))
    assert np.array_equal(before[..., 0], picture())

    press(board, "Lower half")
    board.wait_until(lambda: np.array(board.picture(SIDE, SIDE))[-1, 0, 0] != picture()[-1, 0])

    erased = np.array(board.picture(SIDE, SIDE))
    assert np.array_equal(erased[:6], before[:6])
    assert (erased[6:] > 150).all()  # the light theme's hatching, whatever was there
    press(board, "Nothing")
    board.wait_until(lambda: np.array_equal(np.array(board.picture(SIDE, SIDE)), before))


def test_another_picture_keeps_mask_and_history_and_another_mask_forgets_it(board):
    press(board, "Right half")
    expected = kept(board)
    board.tab.get_by_role("button", name="Other picture").click()
    board.wait("g.bytes()[0] === 255")
    assert np.array_equal(kept(board), expected)
    press(board, "Undo")
    assert kept(board).all()
    assert board.count("bytes()[0]") == 255

    press(board, "Right half")
    board.tab.get_by_role("button", name="Other mask").click()
    board.wait("g.bytes()[0] === 0")
    assert np.array_equal(kept(board), after_top_row())
    expect(board.part("undo")).to_have_attribute("aria-disabled", "true")


def test_the_server_gets_the_picture_too(board):
    press(board, "All")

    heard(board, 1)
    assert np.array_equal(np.rint(HEARD[-1].image * 255), picture())


def test_the_table_reads_what_is_kept(board):
    press(board, "Lower half")
    board.box.get_by_text("Read as table").click()

    rows = board.part("table").locator("tbody tr")
    assert rows.nth(0).inner_text().split() == [str(i) for i in (0, *range(SIDE))]
    assert rows.nth(11).inner_text().split() == ["11", *["erased"] * SIDE]


def test_a_board_without_tools_only_shows(board, canvas):
    shown = canvas(board.tab, "shown")

    assert shown.box.get_by_role("button", name="Lower half").count() == 0
    shown.stage.click()
    shown.stage.focus()
    for key in ("ArrowDown", "Enter", "Control+z"):
        board.tab.keyboard.press(key)
    assert np.array_equal(kept(shown), after_top_row())
    board.tab.mouse.move(0, 0)
    expect(shown.part("live")).to_contain_text("row 0, column 0: not kept")


def test_a_finger_erases_too_and_a_phone_has_room(page, url, canvas):
    HEARD.clear()
    board = canvas(page(url, width=390, touch=True, dark=True), "board")
    board.wait("g.paints > 0")

    board.tab.touchscreen.tap(*board.centre(5, 5))

    expected = whole()
    expected[4:7, 4:7] = False
    wait_to_hear(board, expected)
    assert board.tab.evaluate("document.documentElement.scrollWidth") <= 390

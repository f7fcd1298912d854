"""The live game in a real browser: played, stopped, stepped by hand, drawn for, by two at once."""

from functools import partial

import gradio as gr
import pytest

from genlab.inference.game_play import LONGEST
from genlab.ui import shell
from genlab.ui.adversarial import game as page_of_game
from genlab.ui.adversarial.game_controls import OPENING
from genlab.ui.adversarial.game_handlers import OVER
from genlab.ui.adversarial.game_views import picture
from genlab.ui.adversarial.rooms import Asked
from genlab.ui.canvas.game import GameCanvas

BOARD = "game-canvas"


@pytest.fixture(scope="module")
def site(serve):
    """The address of the page alone, and the rooms behind it."""
    with gr.Blocks(analytics_enabled=False) as blocks:
        rooms = page_of_game.build(None)
    blocks.queue(max_size=shell.WAITING, api_open=False)
    return serve(blocks, **shell.LAUNCH), rooms


@pytest.fixture
def url(site):
    return site[0]


@pytest.fixture
def rooms(site):
    return site[1]


@pytest.fixture
def visit(page, canvas, url):
    """Open the page and wait for the opening picture."""

    def open_board(**how):
        board = canvas(page(url, **how), BOARD)
        board.wait("g.game !== null && g.stepsD === 0")
        return board

    return open_board


def press(board, name):
    board.tab.get_by_role("button", name=name, exact=True).click()


def size(board):
    box = board.box.bounding_box()
    return box["width"], box["height"]


def test_it_trains_until_it_is_stopped_and_keeps_what_it_had(visit, rooms):
    board = visit()
    press(board, "Train")
    board.wait("g.frames > 8 && g.stepsG > 8")
    press(board, "Stop")
    board.wait_until(lambda: rooms.playing() == 0)
    board.tab.get_by_role("button", name="Train", exact=True).wait_for()
    kept = board.count("stepsG")
    assert board.part("coverage").inner_text().endswith("of 8 modes covered")
    assert kept == board.count("stepsD")

    press(board, "Train")
    board.wait(f"g.stepsG > {kept}")
    press(board, "Start over")
    board.wait("g.stepsG === 0")
    board.wait_until(lambda: rooms.playing() == 0)


def test_a_late_picture_of_an_ended_run_is_not_shown(page, canvas, serve):
    opening = Asked("ring", 0, *OPENING.values)
    ended, fresh = opening.begin(), opening.begin()
    ended.play_round()
    with gr.Blocks(analytics_enabled=False) as blocks:
        board = GameCanvas(label="Game", most_corners=9, elem_id=BOARD)
        for turn, game in ((2, fresh), (1, ended), (3, ended)):
            gr.Button(f"Turn {turn}").click(partial(picture, game, opening, turn), None, board)
    board = canvas(page(serve(blocks, **shell.LAUNCH)), BOARD)
    press(board, "Turn 2")
    board.wait("g.game !== null")
    press(board, "Turn 1")
    board.wait("g.late === 1")
    assert board.count("game.steps") == [0, 0]
    press(board, "Turn 3")
    board.wait("g.stepsG === 1")


def test_a_closed_page_ends_its_game(visit, rooms):
    board, other = visit(), visit()
    press(board, "Train")
    board.wait("g.stepsG > 2")
    assert rooms.playing() == 1
    board.tab.close()
    other.wait_until(lambda: rooms.playing() == 0)


def test_two_visitors_play_at_once_and_a_third_is_told_its_place(visit, rooms):
    boards = [visit(), visit()]
    for board in boards:
        press(board, "Train")
    for board in boards:
        board.wait("g.stepsG > 3")
    assert rooms.playing() == 2
    third = visit(width=800)
    press(third, "Train")
    third.tab.get_by_text("queue: 1/1").wait_for()
    assert third.count("stepsG") == 0
    press(boards[0], "Stop")
    third.wait("g.stepsG > 0")
    for board in (boards[1], third):
        press(board, "Stop")
    third.wait_until(lambda: rooms.playing() == 0)


def test_steps_by_hand_move_one_network_each(visit):
    board = visit()
    before = board.count("game.samples")
    for steps in range(1, 4):
        press(board, "One step of D")
        board.wait(f"g.stepsD === {steps}")
    assert board.count("game.samples") == before
    press(board, "One step of G")
    board.wait("g.stepsG === 1 && g.stepsD === 3")
    assert board.count("game.samples") != before
    assert board.part("steps").inner_text() == "D 3 steps, G 1 step"


def test_a_drawing_becomes_what_is_learned(visit, rooms):
    board = visit()
    board.tab.get_by_role("radio", name="Your drawing").check()
    board.wait("g.game.target === 'drawing' && g.strokes().length === 1")
    press(board, "Clear")
    board.wait("g.strokes().length === 0")
    board.tab.get_by_text("then press Train").wait_for()
    board.stage.scroll_into_view_if_needed()
    mouse = board.tab.mouse
    mouse.move(*board.count("place(-1, -1)"))
    mouse.down()
    mouse.move(*board.count("place(1, -1)"), steps=12)
    mouse.up()
    board.wait("g.game.places.length > 0 && g.game.places.every((each) => each[1] < -0.7)")
    assert max(abs(y + 1) for _, y in board.count("game.real")) < 0.4
    board.stage.focus()
    for key in ("ArrowUp", "Enter"):
        board.tab.keyboard.press(key)
    board.wait("g.game.places.some((each) => each[1] > -0.7)")
    press(board, "Train")
    board.wait("g.stepsG > 3")
    press(board, "Stop")
    board.wait_until(lambda: rooms.playing() == 0)
    assert board.count("game.target") == "drawing"


def test_a_preset_begins_its_own_game(visit):
    board = visit()
    board.tab.get_by_role("radio", name="Falls onto few modes").check()
    board.wait("g.game.caption.includes('D 0.0001') && !g.game.caption.includes('std')")
    assert board.count("stepsG") == 0


def choose_loss(board, name):
    board.tab.get_by_label("Loss", exact=True).click()
    board.tab.get_by_role("option", name=name, exact=True).click()
    board.wait(f"g.game.loss === '{name}'")


def test_wasserstein_scores_have_a_scale_of_their_own(visit):
    board = visit()
    choose_loss(board, "Wasserstein")
    assert board.part("scale-low").inner_text().startswith("score")
    assert not board.part("half-item").is_visible()


def test_no_formula_of_probabilities_is_offered_for_wasserstein(visit):
    board = visit()
    best, now = board.part("show-best"), board.part("show-opinion")
    press(board, "Best possible D")
    choose_loss(board, "Wasserstein")

    assert best.is_disabled()
    assert now.get_attribute("aria-pressed") == "true"
    assert best.get_attribute("aria-pressed") == "false"
    assert board.part("scale-low").inner_text().startswith("score")
    for told in (best.get_attribute("title"), board.part("notes").inner_text()):
        assert "unbounded score" in told and "p(data)" not in told

    choose_loss(board, "least squares")
    assert best.is_enabled()
    assert "p(data) / (p(data) + p(generated))" in best.get_attribute("title")
    assert "unbounded" not in board.part("notes").inner_text()
    press(board, "Best possible D")
    board.part("half-item").wait_for()
    assert board.part("scale-high").inner_text() == "1 real"


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("dark", [False, True])
def test_nothing_moves_when_the_first_picture_comes(visit, width, dark):
    board = visit(width=width, dark=dark)
    before = size(board)
    press(board, "One step of D")
    board.wait("g.stepsD === 1")
    assert size(board) == before
    assert board.tab.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_serious_on_the_page(visit, dark):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    board = visit(dark=dark)
    board.box.locator("summary").click()
    found = axe.run(board.tab).response["violations"]
    assert [
        (each["id"], [node["html"][:120] for node in each["nodes"]])
        for each in found
        if each["impact"] in ("serious", "critical")
    ] == []


def test_reduced_motion_sees_few_pictures_and_always_the_last(visit, rooms):
    board = visit(still=True)
    press(board, "Train")
    board.wait("g.received > 24")
    press(board, "Stop")
    board.wait_until(lambda: rooms.playing() == 0)
    board.wait("g.seen === g.received")
    assert board.count("paints") < board.count("received")


def test_the_time_is_told_when_it_is_over(page, canvas, serve):
    clock = HurriedClock()
    with gr.Blocks(analytics_enabled=False) as blocks:
        page_of_game.build(None, clock.clock)
    blocks.queue(api_open=False)
    board = canvas(page(serve(blocks, **shell.LAUNCH)), BOARD)
    board.wait("g.game !== null")
    press(board, "Train")
    board.tab.get_by_text(OVER).wait_for()
    board.tab.get_by_role("button", name="Train", exact=True).wait_for()
    assert board.count("stepsG") > 0 and clock.wall >= LONGEST


class HurriedClock:
    """A clock on which every sleep takes ten seconds, and none of them really."""

    def __init__(self):
        self.wall = 0.0

    def sleep(self, seconds):
        self.wall += 10.0

    @property
    def clock(self):
        return page_of_game.Clock(now=lambda: self.wall, sleep=self.sleep)

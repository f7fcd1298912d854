"""The three canvases in a real browser, on a page of their own."""

import io
import threading

import gradio as gr
import httpx
import numpy as np
import pytest
from PIL import Image

from genlab.ui.canvas import DrawingCanvas, PixelCanvas, PixelPlayer
from genlab.ui.canvas.grid import STATES
from genlab.ui.canvas.payload import RunEncoder, front_order

STEP = 28  # positions a message


def make_run(name, *, images=1, levels=2, skew=28, start=0, rows=28, cols=28, seed=0, laws=()):
    """An encoder and what it sends, from a made-up model."""
    caption = f"run {name} <b>bold</b>"
    encoder = RunEncoder(name, rows, cols, images, levels, skew, start, caption, laws)
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet(np.ones(levels), (images, rows * cols))
    drawn = random.integers(0, levels, (images, rows * cols))
    for place, words in laws:
        if words == "top-p 0":  # the rest is certain
            probabilities[:, place:] = np.eye(levels)[drawn[:, place:]]
    entropies = -(probabilities * np.log2(probabilities + 1e-300)).sum(-1)
    surprises = -np.log2(np.take_along_axis(probabilities, drawn[..., None], -1)[..., 0])
    return encoder, (drawn, entropies, surprises, probabilities)


def growing(encoder, run):
    payload = encoder.header()
    yield payload
    for at in range(0, run[0].shape[1], STEP):
        payload += encoder.cells(*(values[:, at : at + STEP] for values in run))
        yield payload


RUNS = {
    "one": make_run("one"),
    "again": make_run("again", seed=1),
    "sixteen": make_run("sixteen", images=16),
    "wavefront": make_run("wavefront", images=4, skew=4),
    "eight": make_run("eight", levels=8, images=4),
    "grey": make_run("grey", levels=256),
    "branch": make_run("branch", start=400),
    "cut": make_run("cut", laws=((0, ""), (400, "top-p 0"))),
    "cool": make_run("cool", laws=((0, "temperature 0.5"),)),
    "small": make_run("small", rows=5, cols=7, skew=7),
}
WHOLE = {name: list(growing(*run))[-1] for name, run in RUNS.items()}


def expected_picture(name, shown=None, image=0):
    """Greys of the first `shown` positions in order, None elsewhere."""
    encoder, (drawn, *_) = RUNS[name]
    picture = np.full((encoder.rows, encoder.cols), -1)
    order = front_order(encoder.rows, encoder.cols, encoder.skew)[:shown]
    picture[order[:, 0], order[:, 1]] = np.rint(
        drawn[image, : len(order)] * 255 / (encoder.levels - 1)
    )
    return picture


def assert_shows(player, name, shown=None, image=0):
    picture = expected_picture(name, shown, image)
    seen = np.array(player.picture(*picture.shape, image=image))
    drawn = picture >= 0
    np.testing.assert_array_equal(
        seen[drawn], np.repeat(picture[drawn][:, None], 3, axis=1), err_msg=name
    )
    if not drawn.all():
        assert not np.isin(seen[~drawn], (0, 255)).all(axis=-1).any(), "undrawn looks drawn"


# The figure of the specification, by the letters of the states.
FIGURE = "????????#####??#####x###oxx.-!@...........ppp...."
COUNTS = {letter: FIGURE.count(letter) for letter in sorted(set(FIGURE))}
SMALL = "#ox?-.!@p#"  # two rows of each
COLOURS = np.random.default_rng(3).integers(0, 256, (4, 6, 3), np.uint8)
GREYS = np.random.default_rng(4).random((7, 7)).astype(np.float32)
CHECKS = np.indices((12, 16)).sum(0) % 2 == 0


class Lab:
    """A page with the canvases; `gate` holds a stream back after its first half."""

    def __init__(self):
        self.events = []
        self.gate = threading.Event()
        self.gate.set()

    def stream(self, name):
        for number, payload in enumerate(growing(*RUNS[name])):
            if number == 14:
                self.gate.wait(20)
            yield payload

    def note_branch(self, event: gr.EventData):
        self.events.append(("branch", event.run, event.position))

    def take_drawing(self, drawing):
        self.events.append(("drawing", drawing))
        return drawing

    def note_select(self, event: gr.SelectData):
        self.events.append(("select", event.index, event.value))

    def build(self):
        with gr.Blocks(analytics_enabled=False) as blocks:
            with gr.Tab("Stream"):
                player = PixelPlayer(
                    label="The picture", placeholder="warming up", selectable=True, elem_id="player"
                )
                for name in RUNS:
                    button = gr.Button(f"stream {name}")
                    button.click(
                        lambda name=name: (yield from self.stream(name)),
                        None,
                        player,
                        show_progress="hidden",
                    )
                    gr.Button(f"send {name}").click(
                        lambda name=name: WHOLE[name], None, player, show_progress="hidden"
                    )
                gr.Button("send broken").click(
                    lambda: '{"rows":1e9,"cols":"x"}|00', None, player, show_progress="hidden"
                )
                gr.Button("clear").click(lambda: "", None, player, show_progress="hidden")
                player.branch(self.note_branch, None, None)
                player.select(self.note_select, None, None, trigger_mode="multiple")
            with gr.Tab("Finished"):
                PixelPlayer(WHOLE["one"], label="A finished picture", elem_id="finished")
            with gr.Tab("Grids"):
                grid = PixelCanvas(
                    label="What a pixel sees", rows=7, cols=7, size=280,
                    overlay=FIGURE.encode().hex(), elem_id="grid",
                )  # fmt: skip
                grid.select(self.note_select, None, None, trigger_mode="multiple")
                gr.Button("swap").click(
                    lambda: gr.update(value=GREYS, overlay=("x" * 49).encode().hex()),
                    None, grid, show_progress="hidden",
                )  # fmt: skip
                PixelCanvas(
                    label="Small cells", rows=20, cols=20, size=100,
                    overlay="".join(letter * 40 for letter in SMALL).encode().hex(),
                    elem_id="small",
                )  # fmt: skip
                PixelCanvas(COLOURS, label="Colours", rows=4, cols=6, channels=3, elem_id="colours")
            with gr.Tab("Board"):
                board = DrawingCanvas(label="Your drawing", rows=12, cols=16, elem_id="board")
                copy = PixelCanvas(label="A copy", rows=12, cols=16, elem_id="copy")
                board.input(
                    self.take_drawing, board, copy, show_progress="hidden",
                    trigger_mode="always_last", api_name="take",
                )  # fmt: skip
                gr.Button("checks").click(
                    lambda: CHECKS, None, board, show_progress="hidden"
                )  # fmt: skip
        return blocks


@pytest.fixture(scope="module")
def lab():
    return Lab()


@pytest.fixture(scope="module")
def url(lab, serve):
    return serve(lab.build())


@pytest.fixture(autouse=True)
def fresh_events(lab):
    lab.events.clear()
    lab.gate.set()


def press(tab, name):
    tab.get_by_role("button", name=name, exact=True).click()


@pytest.fixture(scope="module")
def bench(shared_page, canvas, url):
    """The page that most tests share."""
    return canvas(shared_page(url), "player")


@pytest.fixture
def player(bench):
    """The shared player, empty, at its slowest."""
    bench.tab.mouse.move(0, 0)
    press(bench.tab, "clear")
    bench.wait("g.run === ''")
    set_speed(bench, 0)
    return bench


PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture
def at_once(player):
    """The shared player, showing a whole run: `at_once("one")`."""

    def send(name):
        set_speed(player, 15)
        press(player.tab, f"send {name}")
        player.wait(f"g.run === '{name}' && g.shown === g.total && !g.playing")
        player.tab.evaluate(PAINTED)  # a click lands where the last painted frame has its cells
        return player

    return send


def set_speed(player, notch):
    set_slider(player.part("speed"), notch)


def set_slider(slider, value):
    slider.evaluate(
        "(node, value) => { node.value = value; "
        "node.dispatchEvent(new Event('input', {bubbles: true})); }",
        value,
    )


PIECES = ("player", "caption", "controls", "views", "distribution", "surprise", "doubt")


def size(piece):
    box = piece.bounding_box()
    return box["width"], box["height"]


def test_the_stage_has_its_size_before_anything_is_drawn(player):
    pieces = [player.stage, *(player.box.locator(f".gl-{name}").first for name in PIECES)]
    before = [size(piece) for piece in pieces]
    assert player.part("empty").inner_text() == "warming up"
    press(player.tab, "send sixteen")
    player.wait("g.run === 'sixteen'")
    assert [size(piece) for piece in pieces] == before


def test_a_stream_plays_to_the_end_and_paints_what_it_was_sent(player):
    set_speed(player, 9)
    press(player.tab, "stream one")
    player.wait("g.shown > 0 && g.shown < g.total && g.playing")
    set_speed(player, 15)
    player.wait("g.shown === g.total && !g.playing")
    assert_shows(player, "one")


@pytest.mark.parametrize("name", ["sixteen", "wavefront", "eight", "grey", "small"])
def test_every_kind_of_run_is_painted_exactly(at_once, name):
    player = at_once(name)
    for image in range(RUNS[name][0].images):
        assert_shows(player, name, image=image)


def test_the_canvas_survives_a_second_run(at_once):
    player = at_once("one")
    player.stage.evaluate("(node) => { node.marked = true; }")
    press(player.tab, "send again")
    player.wait("g.run === 'again' && g.shown === g.total")
    assert player.stage.evaluate("(node) => node.marked")
    assert_shows(player, "again")


def test_a_branch_shows_what_it_kept_at_once(player):
    press(player.tab, "send branch")
    player.wait("g.run === 'branch' && g.arrived === g.total")
    assert 400 <= player.count("shown") < 440


def test_the_player_asks_nothing_of_the_server(at_once, requests):
    player = at_once("one")
    with requests(player.tab) as seen:
        player.part("play").click()
        player.wait("g.shown === g.total && !g.playing")
        set_slider(player.part("scrub"), 100)
        player.wait("g.shown === 100")
        player.part("pixel").click()
        player.wait("g.shown === 101")
        player.part("row").click()
        player.wait("g.shown === 112")
        player.part("back-pixel").click()
        player.wait("g.shown === 111")
        player.part("back-row").click()
        player.wait("g.shown === 84")
        set_speed(player, 0)
        player.part("play").click()
        player.wait("g.playing && g.shown === 85")
        player.part("play").click()
        player.wait("!g.playing")
    assert seen == []


def test_scrubbing_back_takes_pixels_away_again(at_once):
    player = at_once("wavefront")
    for shown in (300, 17, 500):
        set_slider(player.part("scrub"), shown)
        player.wait(f"g.shown === {shown}")
        assert_shows(player, "wavefront", shown, image=3)


def test_one_front_draws_the_pixels_that_are_independent(at_once):
    player = at_once("wavefront")
    assert player.part("row").inner_text() == "One front"
    rank = front_order(28, 28, 4) @ (4, 1)
    ends = (np.flatnonzero(np.diff(rank)) + 1).tolist()
    set_slider(player.part("scrub"), ends[40])
    player.part("row").click()
    player.wait(f"g.shown === {ends[41]}")
    assert_shows(player, "wavefront", ends[41])
    player.part("back-row").click()
    player.wait(f"g.shown === {ends[40]}")


def test_the_scrubber_stops_at_what_has_arrived(player, lab):
    lab.gate.clear()
    set_speed(player, 15)
    press(player.tab, "stream one")
    player.wait("g.arrived === 364 && g.shown === 364 && g.playing")
    set_slider(player.part("scrub"), 700)
    player.wait("g.shown === 364 && !g.playing")
    assert "364 of 784" in player.part("progress").inner_text()
    player.part("play").click()
    lab.gate.set()
    player.wait("g.shown === g.total")


def test_a_stopped_stream_can_be_branched_from(player, lab):
    lab.gate.clear()
    set_speed(player, 15)
    press(player.tab, "stream one")
    player.wait("g.shown === 364 && g.stalled")
    player.part("branch").click()
    lab.gate.set()
    player.wait("g.arrived === g.total")
    assert lab.events == [("branch", "one", 364)]


def test_branch_tells_the_run_and_the_position(at_once, lab):
    player = at_once("one")
    assert player.part("branch").is_disabled()
    set_slider(player.part("scrub"), 312)
    player.part("branch").click()
    player.wait_until(lambda: lab.events)
    assert lab.events == [("branch", "one", 312)]


def percent(share):
    text = f"{100 * share:.1f}"
    return {"0.0": "< 0.1", "100.0": "> 99.9"}.get(text, text) + " %"


def test_the_sentence_gives_a_drawn_level_the_percentage_of_its_bar(at_once):
    player = at_once("one")
    for col in range(0, 28, 2):
        player.stage.hover(position=player.inside(12, col))
        player.part("when").filter(has_text=f"row 12, column {col}").wait_for()
        said = player.part("surprise").inner_text().split("(")[1].split(")")[0]
        assert said in player.part("bars").locator(".gl-bar-share").all_inner_texts()


def test_a_pixel_shows_what_the_model_thought(at_once):
    player = at_once("one")
    _, (drawn, entropies, surprises, probabilities) = RUNS["one"]
    player.stage.hover(position=player.inside(12, 7))
    at = 12 * 28 + 7
    player.part("when").filter(has_text="Before drawing row 12, column 7").wait_for()
    shares = player.part("bars").locator(".gl-bar-share").all_inner_texts()
    assert shares == [percent(p) for p in probabilities[0, at]]
    assert f"{surprises[0, at]:.2f} bit" in player.part("surprise").inner_text()
    assert player.part("bits").inner_text() == f"{surprises[0].sum():.1f} bits"
    row = player.part("bars").locator(".gl-drawn").inner_text()
    assert ("white" if drawn[0, at] else "black") in row and "drawn" in row
    player.stage.click(position=player.inside(3, 5))
    at = 3 * 28 + 5
    said = player.part("live").inner_text()
    name = "white" if drawn[0, at] else "black"
    chance = percent(probabilities[0, at, drawn[0, at]])
    assert said.startswith(f"row 3, column 5: {name}, the model gave it {chance}")
    assert f"{entropies[0, at]:.2f} bit" in said


def test_what_is_not_drawn_from_the_model_is_never_called_the_model_s(at_once):
    player = at_once("cut")
    drawn = RUNS["cut"][1][0]
    name = "white" if drawn[0, 20 * 28 + 5] else "black"
    player.stage.click(position=player.inside(20, 5))
    assert player.part("title").inner_text() == "What it draws from, at top-p 0"
    assert player.part("views").get_attribute("aria-label") == "What it draws from, at top-p 0"
    shares = player.part("bars").locator(".gl-bar-share").all_inner_texts()
    assert sorted(shares) == ["0 %", "100 %"]
    assert "(100 %)" in player.part("surprise").inner_text()
    said = player.part("live").inner_text()
    assert said.startswith(f"row 20, column 5: {name}, drawn with 100 % at top-p 0, 0.00 bits")
    laws = "drawn from the model itself, then drawn at top-p 0"
    assert player.part("laws").inner_text() == laws
    player.part("details").locator("summary").click()
    caption = player.part("table").locator("caption")
    caption.filter(has_text=f"Row 20, {laws}").wait_for()
    player.stage.click(position=player.inside(3, 5))
    assert player.part("title").inner_text() == "What the model thinks"
    assert "the model gave it" in player.part("live").inner_text()
    set_slider(player.part("scrub"), 400)
    player.wait("g.shown === 400")
    assert player.part("laws").inner_text() == ""


def test_a_run_at_another_temperature_is_never_called_the_model_s(at_once):
    player = at_once("cool")
    player.stage.click(position=player.inside(3, 5))
    assert player.part("title").inner_text() == "What it draws from, at temperature 0.5"
    assert player.part("laws").inner_text() == "drawn at temperature 0.5"
    assert "model" not in player.part("live").inner_text()


def test_a_click_selects_for_the_server(at_once, lab):
    player = at_once("eight")
    player.stage.click(position=player.inside(3, 5, image=2))
    level = int(RUNS["eight"][1][0][2, 3 * 28 + 5])
    player.wait_until(lambda: ("select", [2, 3, 5], level) in lab.events)  # or one of before
    assert lab.events[-1] == ("select", [2, 3, 5], level)
    assert "image 3" in player.part("when").inner_text()


def test_the_keyboard_alone_plays_scrubs_and_selects(at_once, lab):
    player = at_once("one")
    keys = player.tab.keyboard
    player.stage.focus()
    keys.press("Home")
    player.wait("g.shown === 0")
    keys.press(" ")
    player.wait("g.shown === g.total")
    for _ in range(3):
        keys.press("ArrowUp")
    keys.press("ArrowLeft")
    assert player.part("live").inner_text().startswith("row 24, column 26:")
    keys.press("Enter")
    player.wait_until(lambda: lab.events)
    assert lab.events[0][1] == [0, 24, 26]
    keys.press("Tab")
    assert player.part("play").evaluate("(node) => node === document.activeElement")


def test_arrow_keys_cross_into_the_next_image(at_once):
    player = at_once("sixteen")
    player.stage.click(position=player.inside(3, 27, image=5))
    player.tab.keyboard.press("ArrowRight")
    assert player.part("live").inner_text().startswith("image 7, row 3, column 0")
    player.tab.keyboard.press("ArrowUp")
    for _ in range(3):
        player.tab.keyboard.press("ArrowUp")
    assert player.part("live").inner_text().startswith("image 3, row 27, column 0")


def test_the_table_reads_the_current_row(at_once):
    player = at_once("one")
    player.box.locator("summary").click()
    set_slider(player.part("scrub"), 28 * 4 + 3)
    rows = player.part("table").locator("tbody tr")
    player.part("table").filter(has_text="Row 4").wait_for()
    assert rows.count() == 3
    levels, _, _, probabilities = RUNS["one"][1]
    at = 4 * 28 + 2
    cells = rows.nth(2).locator("th, td").all_inner_texts()
    assert cells[0] == "2" and cells[1] == ("white" if levels[0, at] else "black")
    assert cells[-1] == percent(probabilities[0, at, 1])


def test_save_gives_the_picture_without_smoothing(at_once):
    player = at_once("one")
    with player.tab.expect_download() as download:
        player.part("save").click()
    assert download.value.suggested_filename == "genlab-one-pixel-784.png"
    with open(download.value.path(), "rb") as file:
        saved = np.array(Image.open(io.BytesIO(file.read())).convert("L"))
    assert saved.shape == (840, 840)
    picture = np.kron(expected_picture("one"), np.ones((30, 30)))
    np.testing.assert_array_equal(saved, picture)


def test_a_caption_is_text_and_never_markup(at_once):
    player = at_once("one")
    assert player.part("caption").inner_text() == "run one <b>bold</b>"


def test_a_finished_run_is_shown_finished_when_its_tab_is_opened(page, canvas, url):
    tab = page(url)
    tab.get_by_role("tab", name="Finished").click()
    player = canvas(tab, "finished")
    player.wait("g.paints > 0")
    assert (player.count("shown"), player.count("playing")) == (784, False)
    assert_shows(player, "one")


def test_reduced_motion_jumps_to_what_has_arrived(page, canvas, url):
    tab = page(url, still=True)
    player = canvas(tab, "player")
    set_speed(player, 0)
    press(tab, "send one")
    player.wait("g.run === 'one' && g.shown === g.total")


def test_a_broken_payload_says_so_and_the_next_run_plays(at_once):
    player = at_once("one")
    press(player.tab, "send broken")
    player.part("empty").filter(has_text="cannot be read").wait_for()
    assert player.part("branch").is_disabled()
    assert_shows(at_once("again"), "again")


def test_the_stage_follows_light_and_dark(at_once):
    player = at_once("one")
    set_slider(player.part("scrub"), 28)
    player.wait("g.shown === 28")
    light = player.picture(28, 28)[20][20]
    paints = player.count("paints")
    player.tab.evaluate("() => document.body.classList.add('dark')")
    player.wait(f"g.paints > {paints}")
    dark = player.picture(28, 28)[20][20]
    assert sum(light) > 3 * 180 and sum(dark) < 3 * 90
    assert_shows(player, "one", 28)


@pytest.fixture(scope="module")
def grids(shared_page, canvas, url):
    """The page with the grids; tests must not rely on each other's clicks."""
    tab = shared_page(url)
    tab.get_by_role("tab", name="Grids").click()
    return canvas(tab, "grid"), canvas(tab, "colours")


def test_a_grid_paints_its_colours(grids):
    colours = grids[1]
    colours.wait("g.paints > 0")
    np.testing.assert_array_equal(np.array(colours.picture(4, 6)), COLOURS)


def test_the_legend_counts_every_state(grids):
    items = grids[0].part("legend").locator("li")
    shown = [tuple(item.split("\n")) for item in items.all_inner_texts()]
    assert shown == [(state["name"], str(COUNTS[chr(state["code"])])) for state in STATES]


def test_states_differ_in_more_than_colour(grids):
    """Every two states still differ when the picture is turned to grey and its mean removed."""
    swatches = (
        grids[0]
        .part("legend")
        .locator("canvas")
        .evaluate_all(
            """(nodes) => nodes.map((node) => [...node.getContext('2d')
            .getImageData(0, 0, node.width, node.height).data])"""
        )
    )
    greys = [np.array(each).reshape(-1, 4)[:, :3] @ (0.3, 0.59, 0.11) for each in swatches]
    shapes = [np.sign(np.round((grey - np.median(grey)) / 40)) for grey in greys]
    alike = [
        (STATES[i]["name"], STATES[j]["name"])
        for i in range(len(shapes))
        for j in range(i)
        if (shapes[i] == shapes[j]).all()
    ]
    assert alike == []


def test_cells_too_small_for_marks_are_hatched(grids, canvas):
    small = canvas(grids[0].tab, "small")
    small.wait("g.paints > 0")
    spread = {}
    for row, letter in enumerate(SMALL[:-1]):
        top, bottom = small.inside(2 * row, 4)["y"], small.inside(2 * row + 1, 4)["y"]
        pixels = small.stage.evaluate(
            """(node, [top, bottom]) => [...node.getContext('2d')
                .getImageData(20, top - 2, 60, bottom - top + 4).data]""",
            [top, bottom],
        )
        spread[letter] = np.array(pixels).reshape(-1, 4)[:, :3].std(axis=0).max()
    assert spread["#"] == 0
    assert min(spread[letter] for letter in "ox?-.!@p") > 10


def test_a_cell_tells_its_state_and_selects(grids, lab):
    grid = grids[0]
    grid.stage.click(position=grid.inside(3, 4))
    grid.wait_until(lambda: lab.events)
    assert lab.events == [("select", [3, 4], None)]
    assert grid.part("live").inner_text() == "row 3, column 4: blind, for ever"
    grid.tab.keyboard.press("ArrowLeft")
    assert grid.part("live").inner_text() == "row 3, column 3: target"
    grid.tab.keyboard.press("Enter")
    grid.wait_until(lambda: len(lab.events) == 2)
    assert lab.events[1][1] == [3, 3]


def test_an_update_of_value_and_overlay_keeps_the_canvas(page, canvas, url):
    tab = page(url)
    tab.get_by_role("tab", name="Grids").click()
    grid = canvas(tab, "grid")
    grid.stage.evaluate("(node) => { node.marked = true; }")
    updates = grid.count("updates")
    press(tab, "swap")
    grid.wait(f"g.updates > {updates}")
    grid.part("legend").locator("li", has_text="blind").filter(has_text="49").wait_for()
    assert grid.stage.evaluate("(node) => node.marked")
    grid.stage.hover(position=grid.inside(6, 6))
    grey = int(np.rint(GREYS[6, 6] * 255))
    grid.part("readout").filter(has_text=f"blind, for ever, grey {grey}").wait_for()


def test_a_grid_reads_as_a_table(grids):
    grid = grids[0]
    grid.box.locator("summary").click()
    row = grid.part("table").locator("tbody tr").nth(4)
    row.wait_for()
    cells = row.locator("th, td").all_inner_texts()
    assert cells == ["4", "lost on the way", "leak", "target, seen by itself", *["future"] * 4]
    grid.box.locator("summary").click()


def test_a_leak_pulses(grids):
    grids[0].wait(f"g.paints > {grids[0].count('paints') + 4}")


def test_a_leak_is_still_when_motion_is_reduced(page, canvas, url):
    tab = page(url, still=True)
    tab.get_by_role("tab", name="Grids").click()
    grid, quiet = canvas(tab, "grid"), canvas(tab, "colours")
    grid.wait("g.paints > 0")
    tab.wait_for_timeout(400)  # five frames of the pulse, had there been one
    assert grid.count("paints") <= quiet.count("paints") + 1


@pytest.fixture(scope="module")
def easel(shared_page, canvas, url):
    """The page with the drawing board and the copy that its handler returns."""
    tab = shared_page(url)
    tab.get_by_role("tab", name="Board").click()
    return canvas(tab, "board"), canvas(tab, "copy")


@pytest.fixture
def board(easel, lab):
    """The board, empty, with a hard pen of one cell."""
    board = easel[0]
    if board.part("clear").get_attribute("aria-disabled") == "false":
        board.part("clear").click()
        board.wait_until(lambda: lab.events)
    board.part("soft").set_checked(False)
    board.part("pen").click()
    board.part("size-1").click()
    lab.events.clear()
    return board


def drawn(board, lab, events=1):
    """The last drawing that reached the handler, as whole numbers."""
    board.wait_until(lambda: len(lab.events) >= events)
    value = lab.events[-1][1]
    assert value.dtype == np.float32 and value.shape == (12, 16)
    return np.rint(value * 255).astype(int)


def drag(board, *cells):
    mouse = board.tab.mouse
    board.stage.scroll_into_view_if_needed()
    mouse.move(*board.centre(*cells[0]))
    mouse.down()
    for cell in cells[1:]:
        mouse.move(*board.centre(*cell))
    mouse.up()


def test_a_stroke_reaches_the_handler_without_gaps(board, easel, lab):
    drag(board, (2, 3), (2, 12), (9, 12))
    expected = np.zeros((12, 16), int)
    expected[2, 3:13] = expected[2:10, 12] = 255
    np.testing.assert_array_equal(drawn(board, lab), expected)
    copy = easel[1]
    copy.wait("g.updates > 1")
    np.testing.assert_array_equal(np.array(board.picture(12, 16))[..., 0], expected)


def test_a_wider_pen_a_soft_edge_and_the_eraser(board, lab):
    board.part("size-3").click()
    drag(board, (5, 5), (5, 5))
    assert (drawn(board, lab) == 255).sum() == 9
    board.part("soft").set_checked(True)
    drag(board, (5, 12), (5, 12))
    soft = drawn(board, lab, 2)[:, 9:]
    assert ((soft > 0) & (soft < 255)).any() and soft.max() == 255
    board.part("soft").set_checked(False)
    board.part("eraser").click()
    drag(board, (5, 5), (5, 5))
    assert drawn(board, lab, 3)[:, :8].sum() == 0


def test_undo_takes_back_a_stroke_and_clear_all(board, lab):
    drag(board, (1, 1), (1, 4))
    drag(board, (8, 1), (8, 4))
    assert drawn(board, lab, 2).sum() == 8 * 255
    board.part("undo").click()
    assert drawn(board, lab, 3).sum() == 4 * 255
    board.part("clear").click()
    assert drawn(board, lab, 4).sum() == 0
    board.part("undo").click()
    assert drawn(board, lab, 5).sum() == 4 * 255


def test_drawing_with_the_keyboard_alone(board, lab):
    board.stage.focus()
    for key in ["ArrowDown", "ArrowDown", "ArrowRight"]:
        board.tab.keyboard.press(key)
    board.tab.keyboard.press("Enter")
    first = np.argwhere(drawn(board, lab)).tolist()
    board.tab.keyboard.press("ArrowRight")
    board.tab.keyboard.press(" ")
    second = np.argwhere(drawn(board, lab, 2)).tolist()
    assert len(first) == 1 and second == [*first, [first[0][0], first[0][1] + 1]]


def test_a_finger_draws_and_does_not_scroll(page, canvas, url, lab):
    tab = page(url, width=390, height=500, touch=True)
    tab.get_by_role("tab", name="Board").click()
    board = canvas(tab, "board")
    board.part("size-1").tap()
    board.part("soft").set_checked(False)
    board.stage.scroll_into_view_if_needed()
    touch = tab.context.new_cdp_session(tab)
    top = tab.evaluate("scrollY")
    path = [board.centre(row, 4) for row in range(9, 1, -1)]  # upwards: a page would follow
    for kind, points in [("touchStart", path[:1])] + [("touchMove", [each]) for each in path[1:]]:
        at = [{"x": x, "y": y} for x, y in points]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expected = np.zeros((12, 16), int)
    expected[2:10, 4] = 255
    np.testing.assert_array_equal(drawn(board, lab), expected)
    assert tab.evaluate("scrollY") == top


def test_a_handler_can_set_the_drawing(board, lab):
    updates = board.count("updates")
    press(board.tab, "checks")
    board.wait(f"g.updates > {updates}")
    drag(board, (0, 1), (0, 1))
    expected = np.where(CHECKS, 255, 0)
    expected[0, 1] = 255
    np.testing.assert_array_equal(drawn(board, lab), expected)


FORGED = ["zz" * 192, "ff" * 191, "ff" * 193, "FF" * 192, " f" * 192, 5, ["ff"], {"a": 1}]


@pytest.mark.parametrize("value", FORGED, ids=[str(value)[:8] for value in FORGED])
def test_a_forged_drawing_is_refused_with_a_remedy(url, lab, value):
    call = httpx.post(f"{url}gradio_api/call/take", json={"data": [value]}, timeout=20)
    answer = httpx.get(f"{url}gradio_api/call/take/{call.json()['event_id']}", timeout=20)
    assert "event: error" in answer.text
    assert "Press Clear, then draw it again." in answer.text
    assert lab.events == []


@pytest.fixture(scope="module")
def axe():
    return pytest.importorskip("axe_playwright_python.sync_playwright").Axe()


def serious_findings(axe, canvas):
    """What axe finds in light and in dark, inside one component."""
    found = []
    context = {"include": [f"#{canvas.box.get_attribute('id')}"]}
    for theme in ("light", "dark"):
        canvas.tab.evaluate(
            "(dark) => document.body.classList.toggle('dark', dark)", theme == "dark"
        )
        found += [
            (theme, each["id"], [node["html"][:120] for node in each["nodes"]])
            for each in axe.run(canvas.tab, context=context).response["violations"]
            if each["impact"] in ("serious", "critical")
        ]
    canvas.tab.evaluate("() => document.body.classList.remove('dark')")
    return found


def test_axe_finds_nothing_serious_in_the_player(at_once, axe):
    player = at_once("eight")
    player.box.locator("summary").click()
    set_slider(player.part("scrub"), 300)
    assert serious_findings(axe, player) == []
    player.box.locator("summary").click()


def test_axe_finds_nothing_serious_in_the_grid(grids, axe):
    grids[0].box.locator("summary").click()
    assert serious_findings(axe, grids[0]) == []
    grids[0].box.locator("summary").click()


def test_axe_finds_nothing_serious_on_the_board(board, axe):
    assert serious_findings(axe, board) == []


def test_nothing_jumps_on_a_phone_while_a_run_plays(page, canvas, url):
    tab = page(url, width=360, height=740, touch=True)
    player = canvas(tab, "player")
    pieces = [player.stage, *(player.box.locator(f".gl-{name}").first for name in PIECES)]
    before = [size(piece) for piece in pieces]
    press(tab, "send sixteen")
    player.wait("g.arrived === 784 && g.shown > 0")
    player.stage.tap(position=player.inside(27, 27, image=15))
    for shown in (1, 400, 784):
        set_slider(player.part("scrub"), shown)
        player.wait(f"g.shown === {shown}")
        assert [size(piece) for piece in pieces] == before


def open_tab(tab, name):
    """Click a tab, wherever a narrow page keeps it."""
    shown = tab.get_by_role("tab", name=name).locator("visible=true")
    folded = tab.get_by_label("More tabs").locator("visible=true")
    shown.or_(folded).first.wait_for()
    if shown.count():
        shown.click()
    else:
        folded.click()
        tab.get_by_role("button", name=name, exact=True).locator("visible=true").click()


def test_a_phone_needs_no_sideways_scroll_and_has_room_for_fingers(page, url):
    tab = page(url, width=360, height=740, touch=True)
    small = []
    for where in ("Stream", "Grids", "Board"):
        open_tab(tab, where)
        tab.locator("[data-part=stage]:visible").first.wait_for()
        assert tab.evaluate("document.documentElement.scrollWidth") <= 360, where
        for node in tab.locator("[data-part]:is(button, input, summary):visible").all():
            box = node.bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= 360, where
            if box["height"] < 44 and node.get_attribute("type") != "checkbox":
                small.append(node.get_attribute("data-part"))
    assert small == []

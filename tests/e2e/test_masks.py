"""The Masks page in a real browser: every grid against the analysis, every control by hand."""

import itertools
import json

import gradio as gr
import numpy as np
import pytest

from genlab.analysis.reachability import ARCHITECTURES, layer_masks, states, stream_fields
from genlab.analysis.receptive_field import declared_field
from genlab.store import ModelStore
from genlab.ui import shell
from genlab.ui.lessons import mask_tables, mask_trained
from genlab.ui.tabs import masks

PHONE = 360  # pixels wide
CENTRE = {"kernel": 3, "layers": 3, "size": 7, "target": (3, 3)}
CASES = [
    ("a-then-b", 3, 3, 7, (3, 3)),
    ("a-then-b", 5, 2, 9, (8, 0)),
    ("a-then-b", 7, 1, 3, (1, 1)),
    ("a-only", 3, 9, 7, (3, 3)),
    ("a-only", 7, 4, 4, (3, 2)),
    ("a-only", 7, 1, 3, (1, 1)),
    ("a-only", 7, 2, 3, (2, 1)),
    ("a-only", 7, 5, 3, (2, 2)),
    ("a-only", 7, 9, 3, (2, 2)),
    ("b-only", 3, 2, 7, (0, 6)),
    ("a7-then-b3", 5, 4, 28, (14, 14)),
    ("gated", 3, 16, 28, (27, 13)),
    ("gated-vertical", 5, 2, 11, (5, 10)),
    ("gated-no-shift", 3, 2, 7, (3, 3)),
    ("gated-figure-1", 3, 5, 9, (4, 4)),
    ("pixelcnnpp", 3, 1, 7, (0, 0)),
    ("pixelcnnpp-resnet", 7, 2, 12, (6, 6)),
]


@pytest.fixture(scope="module")
def store():
    return ModelStore()


@pytest.fixture(scope="module")
def url(store, serve):
    masks.warm_up(store)
    with gr.Blocks(analytics_enabled=False, fill_width=True) as blocks:
        masks.build(store)
    blocks.queue(max_size=32)
    return serve(blocks, **shell.LAUNCH)


class Lab:
    """The Masks page of one visitor."""

    def __init__(self, tab, canvas):
        self.tab, self._canvas = tab, canvas
        self.stage = canvas(tab, "masks-stage")
        self.stage.wait("g.paints > 0")

    def view(self, name):
        view = self._canvas(self.tab, f"masks-{name}")
        view.box.scroll_into_view_if_needed()
        view.wait("g.paints > 0")
        return view

    def set(self, architecture="a-then-b", kernel=3, layers=3, size=7, target=(3, 3), **more):
        """Put a choice on the stage as a view does, and wait until it is painted."""
        self.tab.mouse.move(0, 0)
        self.stage.stage.scroll_into_view_if_needed()
        row, column = target
        choice = {
            "architecture": architecture, "kernel": kernel, "layers": layers, "size": size,
            "target": {"row": row, "col": column}, **more,
        }  # fmt: skip
        paints = self.stage.count("paints")
        self.tab.evaluate(
            "(choice) => { for (const each of genlabBenches.masks.setters) each.set(choice); }",
            choice,
        )
        self.stage.wait(f"g.paints > {paints}")

    def hover(self, row, col):
        """Move until it is noticed: on a fresh page, the first move may not be."""
        x, y = self.stage.centre(row, col)
        sideways = itertools.cycle((0, 2))

        def noticed():
            self.tab.mouse.move(x + next(sideways), y)
            return self.stage.count("target()") == [row, col]

        self.stage.wait_until(noticed)

    def facts(self):
        return self.stage.count("facts()")

    def figure(self):
        return self.stage.count("figure()")

    def open(self, title):
        self.tab.get_by_role("button", name=title, exact=False).first.click()

    def live(self, view=None):
        return (view or self.stage).part("live").text_content()


@pytest.fixture(scope="module")
def shared(shared_page, canvas, url):
    return Lab(shared_page(url), canvas)


@pytest.fixture
def lab(shared):
    """The page that most tests share, with the opening choice on its stage."""
    shared.set(compare="gated")
    return shared


@pytest.fixture
def visit(page, canvas, url):
    """Open the page as another visitor."""
    return lambda **settings: Lab(page(url, **settings), canvas)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_grid_is_the_analysis_s_to_the_cell(lab, case):
    name, kernel, layers, size, target = case
    expected = states(name, kernel=kernel, layers=layers, size=size, target=target)

    lab.set(name, kernel, layers, size, target)

    assert lab.figure() == expected.grid
    facts = lab.facts()
    assert (facts["limit"], facts["empty"]) == (expected.limit_layer, expected.empty_layer)
    assert facts["counts"]["#"] == expected.counts["seen"]
    assert facts["counts"]["!"] + facts["counts"]["@"] == expected.counts["leak"]


def test_the_legend_counts_what_is_on_the_stage(lab):
    lab.set("gated-no-shift", layers=2)
    counts = states("gated-no-shift", kernel=3, layers=2, size=7, target=(3, 3)).counts

    rows = lab.stage.part("legend").locator("li").all_inner_texts()
    shown = {row.split("\n")[0]: int(row.split("\n")[-1]) for row in rows}

    assert shown["seen"] == counts["seen"]
    assert shown["pending, needs depth"] == counts["pending"]
    assert shown["leak"] + shown["target, seen by itself"] == counts["leak"]
    assert sum(shown.values()) == 49


def test_states_have_their_colours_on_the_screen(lab):
    lab.set("a-then-b", layers=2, size=9, target=(4, 4))
    corners = lab.tab.evaluate(CORNER_COLOURS)
    colours = {"#": "0072b2", "x": "d55e00", "?": "56b4e9", ".": "a6a6a6", "o": "f0e442"}

    grid = states("a-then-b", kernel=3, layers=2, size=9, target=(4, 4)).grid

    for glyph, colour in colours.items():
        row, column = next((r, line.index(glyph)) for r, line in enumerate(grid) if glyph in line)
        assert near(corners[row][column], colour), glyph


CORNER_COLOURS = """() => {
    const find = (e) => e.genlab;
    const box = [...document.querySelectorAll('#masks-stage *')].find(find);
    const canvas = box.querySelector('[data-part=stage]');
    const pen = canvas.getContext('2d'), rect = canvas.getBoundingClientRect();
    const scale = canvas.width / rect.width;
    const [x0, y0] = box.genlab.centre(0, 0, 0), [x1] = box.genlab.centre(0, 0, 1);
    const side = x1 - x0;
    return Array.from({length: 9}, (_, row) => Array.from({length: 9}, (_, col) => {
        const [x, y] = box.genlab.centre(0, row, col);
        const at = [x - rect.left - 0.42 * side, y - rect.top - 0.42 * side].map((v) => v * scale);
        return [...pen.getImageData(at[0], at[1], 1, 1).data.slice(0, 3)];
    }));
}"""


def near(colour, wanted):
    """Within the darkening that hatching brings."""
    expected = np.array([int(wanted[i : i + 2], 16) for i in (0, 2, 4)])
    return bool((abs(np.array(colour) - expected) <= 0.35 * expected.max()).all())


def test_hovering_changes_the_grid_and_asks_nothing_of_the_server(visit, requests):
    lab = visit()
    with requests(lab.tab) as seen:
        for target in [(0, 0), (6, 6), (2, 5)]:
            lab.hover(*target)
            assert lab.figure() == states("a-then-b", **CENTRE | {"target": target}).grid
        lab.tab.mouse.move(1, 1)
        lab.stage.wait("String(g.target()) === '3,3'")
    assert seen == []


def test_a_click_holds_the_target_and_hovering_then_reads_the_cells(visit):
    lab = visit()
    lab.set(layers=2)
    lab.tab.mouse.click(*lab.stage.centre(5, 2))
    lab.stage.wait("String(g.target()) === '5,2'")

    lab.tab.mouse.move(*lab.stage.centre(1, 0))

    readout = lab.stage.part("readout")
    readout.filter(has_text="row 1, column 0: pending, needs L = 4").wait_for()
    lab.tab.mouse.move(*lab.stage.centre(4, 6))
    readout.filter(has_text="row 4, column 6: blind spot, at every depth").wait_for()
    assert lab.stage.count("target()") == [5, 2]


def test_needs_l_is_the_first_depth_that_sees_the_cell(lab):
    lab.set("gated", layers=1, size=9, target=(8, 4))
    lab.stage.part("details").locator("summary").click()
    lab.stage.part("table").locator("td").first.wait_for()
    row, column = 2, 0

    said = lab.stage.part("table").locator("tbody tr").nth(row).locator("td").nth(column)

    depth = int(said.inner_text().removeprefix("pending, L = "))
    glyphs = [
        states("gated", kernel=3, layers=each, size=9, target=(8, 4)).grid[row][column]
        for each in (depth - 1, depth)
    ]
    assert glyphs == ["?", "#"]
    lab.stage.part("details").locator("summary").click()


@pytest.mark.parametrize(("size", "target"), [(7, (3, 3)), (28, (14, 14)), (7, (0, 2))])
@pytest.mark.parametrize("layers", [1, 2, 3, 9, 13, 14, 16])
def test_deeper_sees_less_only_where_the_next_layer_does(lab, size, target, layers):
    def seen(depth):
        asked = {"kernel": 3, "size": size, "target": target, "layers": depth}
        return states("a-only", **asked).counts["seen"]

    counts = [seen(depth) for depth in range(1, 60)]
    lab.set("a-only", layers=layers, size=size, target=target)

    told = lab.stage.part("limit").inner_text()

    change = counts[layers] - counts[layers - 1]
    assert ("Deeper sees less" in told) == (change < 0)
    assert ("The next layer sees more" in told) == (change > 0)
    most = max(counts)
    assert f"most is seen at L = {counts.index(most) + 1}, {most} pixel" in told
    assert f"nothing is left from L = {counts.index(0) + 1} on" in told


def test_the_keyboard_moves_the_target_and_reads_every_cell(visit):
    lab = visit()
    keys = lab.tab.keyboard
    for _ in range(12):
        keys.press("Tab")
        if lab.tab.evaluate("() => document.activeElement.dataset.part === 'stage'"):
            break
    keys.press("ArrowDown")
    lab.stage.wait("String(g.target()) === '4,3'")
    counts = states("a-then-b", **CENTRE | {"target": (4, 3)}).counts
    assert lab.live() == (
        f"target row 4, column 3: sees {counts['seen']} of 31 earlier pixels; "
        f"{counts['blind']} blind, {counts['pending']} pending"
    )

    for key in ["ArrowUp", "ArrowRight", "ArrowRight", "ArrowRight"]:
        keys.press(f"Shift+{key}")

    assert lab.live() == "row 3, column 6: blind spot, at every depth"
    assert lab.stage.count("target()") == [4, 3]


def test_the_side_panel_sets_the_stage_without_a_request(visit, requests):
    lab = visit()
    with requests(lab.tab) as seen:
        lab.tab.get_by_label("5×5").check()
        lab.stage.wait("g.choice().kernel === 5")
        for label, value in (("Layers", 2), ("Size", 9)):
            box = lab.tab.get_by_label(f"number input for {label}")
            box.fill(str(value))
            box.blur()
        lab.stage.wait("g.choice().layers === 2 && g.choice().size === 9")
        lab.tab.get_by_label("Architecture").click()
        lab.tab.get_by_role("option", name=ARCHITECTURES["b-only"].title, exact=True).click()
        lab.stage.wait("g.choice().architecture === 'b-only' && g.target()[0] === 4")
    assert lab.figure() == states("b-only", kernel=5, layers=2, size=9, target=(4, 4)).grid
    assert seen == []


@pytest.mark.parametrize("kernel", mask_tables.KERNELS)
def test_the_smallest_size_is_shown_as_it_was_asked_for(visit, kernel):
    lab = visit()
    lab.tab.get_by_label(f"{kernel}×{kernel}", exact=True).check()
    box = lab.tab.get_by_label("number input for Size")
    box.fill(str(mask_tables.LEAST))
    box.blur()

    lab.stage.wait(f"g.choice().kernel === {kernel} && g.choice().size <= 4")

    assert lab.stage.count("choice().size") == mask_tables.LEAST
    assert lab.figure() == states("a-then-b", kernel=kernel, layers=3, size=3, target=(1, 1)).grid
    lost = states("a-only", kernel=kernel, layers=3, size=3, target=(1, 1)).grid
    breaks = lab.view("breaks")
    breaks.wait_until(lambda: breaks.count("figure('a-only')") == lost)


def test_the_film_shows_every_depth_and_a_click_sets_the_slider(lab):
    film = lab.view("film")
    for layers in (1, 2, mask_tables.MOST_LAYERS):
        expected = states("a-then-b", **CENTRE | {"layers": layers}).grid
        assert film.count(f"figure({layers})") == expected
    names = [[mask.name for mask in layer] for layer in layer_masks("a-then-b", 3, 2)]
    assert film.count("masks(1)") == f"{names[0][0]}111100000"
    assert film.count("masks(2)") == f"{names[1][0]}111110000"

    film.box.get_by_role("button", name="Layer 5").click()

    lab.stage.wait("g.choice().layers === 5")
    layers = lab.tab.get_by_label("number input for Layers")
    lab.stage.wait_until(lambda: layers.input_value() == "5")


def test_side_by_side_marks_exactly_what_differs(lab):
    pair = lab.view("pair")
    grids = ["".join(states(name, **CENTRE).grid) for name in ("a-then-b", "gated")]

    assert ["".join(pair.count(f"figure({i})")) for i in (0, 1)] == grids
    differing = sum(a != b for a, b in zip(*grids, strict=True))
    assert pair.count("differing()") == differing
    assert f"differ in {differing} cells" in pair.part("difference").inner_text()


def test_the_two_stacks_and_their_union_are_the_analysis_s(lab):
    lab.set("gated", layers=2, size=9, target=(5, 4))
    pair = lab.view("pair")
    pair.wait("g.streams()[2][1].length === 9")
    expected = stream_fields("gated", kernel=3, layers=2, size=9, target=(5, 4))

    shown = dict(pair.count("streams()"))

    assert list(shown) == list(expected)
    for name, field in expected.items():
        seen = np.array([list(line) for line in shown[name]]) == "#"
        assert (seen == field).all(), name


def paint(tab, view, cells):
    for cell in cells:
        tab.mouse.click(*view.centre(*cell))


def test_a_painting_is_scored_by_intersection_over_union(visit):
    lab = visit()
    view = lab.view("predict")
    hits, blind = [(0, 0), (2, 4), (3, 0)], (2, 6)

    paint(lab.tab, view, [*hits, blind])
    assert view.count("painted()") == [0, 18, 20, 21]
    view.part("reveal").click()

    view.wait("g.shown() === '0 revealed'")
    seen = states("a-then-b", **CENTRE).counts["seen"]
    assert view.part("score").inner_text() == f"{100 * 3 / (seen + 1):.0f} %"
    why = view.part("why").inner_text()
    assert f"3 of {seen + 1} cells" in why
    assert "1 painted cell is in the blind spot: 1 row above the target" in why
    assert "no further to the right than 1 column beside it" in why


def test_one_stroke_paints_every_cell_it_crosses(visit):
    lab = visit()
    view = lab.view("predict")
    lab.tab.mouse.move(*view.centre(1, 0))
    lab.tab.mouse.down()
    lab.tab.mouse.move(*view.centre(1, 6), steps=12)
    lab.tab.mouse.up()
    assert view.count("painted()") == list(range(7, 14))


def test_a_perfect_painting_by_keyboard_alone_scores_all(visit):
    lab = visit()
    view = lab.view("predict")
    view.stage.focus()
    keys = lab.tab.keyboard
    grid = states("a-then-b", **CENTRE).grid
    for key in ["ArrowUp"] * 3 + ["ArrowLeft"] * 3:
        keys.press(key)
    for row in range(4):
        columns = range(7) if row % 2 == 0 else range(6, -1, -1)
        for column in columns:
            if grid[row][column] == "#":
                keys.press(" ")
            if column != columns[-1]:
                keys.press("ArrowRight" if row % 2 == 0 else "ArrowLeft")
        keys.press("ArrowDown")
    keys.press("Enter")

    view.wait("g.shown() === '0 revealed'")
    assert view.part("score").inner_text() == "100 %"
    assert "Every cell is right." in view.part("why").inner_text()
    assert view.count("figure()") == grid


@pytest.mark.parametrize("index", range(len(mask_tables.PUZZLES)))
def test_every_puzzle_reveals_the_analysis_s_grid(lab, index):
    puzzle = mask_tables.PUZZLES[index]
    view = lab.view("predict")
    view.part("puzzle").select_option(str(index))
    view.part("reveal").click()
    view.wait(f"g.shown() === '{index} revealed'")

    expected = states(
        puzzle["architecture"], kernel=puzzle["kernel"], layers=puzzle["layers"],
        size=puzzle["size"], target=tuple(puzzle["target"]),
    )  # fmt: skip
    assert view.count("figure()") == expected.grid
    assert view.part("score").inner_text() == "0 %"


@pytest.mark.parametrize("index", range(len(mask_tables.PUZZLES) + 1))
def test_painting_the_truth_scores_all_in_every_puzzle(lab, index):
    lab.set("b-only", layers=1)  # the last puzzle is the choice of the stage
    own = {"architecture": "b-only", **CENTRE, "layers": 1}
    puzzle = [*mask_tables.PUZZLES, own][index]
    asked = {name: puzzle[name] for name in ("kernel", "layers", "size")}
    grid = states(puzzle["architecture"], target=tuple(puzzle["target"]), **asked).grid
    view = lab.view("predict")
    view.part("puzzle").select_option("own" if puzzle is own else str(index))
    view.part("clear").click()

    paint(lab.tab, view, [(r, c) for r in range(7) for c in range(7) if grid[r][c] in "#!@"])
    view.part("reveal").click()

    view.wait("g.shown().endsWith('revealed')")
    assert view.part("score").inner_text() == "100 %"
    why = view.part("why").inner_text()
    assert "Every cell is right." in why
    assert ("The target sees itself, too" in why) == any("@" in line for line in grid)


def test_a_finger_paints_and_reveals(visit):
    lab = visit(width=PHONE, height=740, touch=True)
    view = lab.view("predict")
    view.stage.tap(position=view.inside(0, 1))
    assert view.count("painted()") == [1]
    view.part("reveal").tap()
    view.wait("g.shown() === '0 revealed'")


def test_every_wrong_network_is_there_with_its_line_and_goes_to_the_stage(lab):
    breaks = lab.view("breaks")
    wrong = [each for each in ARCHITECTURES.values() if each.wrong]
    assert breaks.count("names()") == [each.name for each in wrong]
    for each in wrong:
        assert breaks.count(f"figure('{each.name}')") == states(each.name, **CENTRE).grid
        assert breaks.box.get_by_text(each.wrong).count() == 1

    breaks.box.get_by_role("button", name=ARCHITECTURES["b-only"].title + " on the stage").click()

    lab.stage.wait("g.choice().architecture === 'b-only'")
    lab.stage.stage.scroll_into_view_if_needed()
    lab.stage.part("wrong").filter(has_text=ARCHITECTURES["b-only"].wrong).wait_for()


def test_leaks_breathe_but_stay_still_when_motion_is_reduced(visit):
    moving, still = visit(), visit(still=True)
    moving.set("b-only")
    moving.stage.wait(f"g.paints > {moving.stage.count('paints')} + 2")

    still.set("b-only")
    still.tab.evaluate(TWO_FRAMES)
    paints = still.stage.count("paints")
    still.tab.wait_for_timeout(400)

    assert still.stage.count("paints") == paints


TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def test_the_trained_weights_vanish_outside_the_exact_set(lab, store):
    card = mask_trained.cards(store)[0]
    lab.open("Theory and trained network")
    view = lab.view("weights")

    view.stage.click(position=view.inside(20, 9))

    view.wait("String(g.target()) === '20,9'")
    seen = np.array([list(line) for line in view.count("figure()")]) == "#"
    assert (seen == declared_field(card.masked, 28, (20, 9))).all()
    sent = json.loads(mask_trained.describe_weights(store, card.name, (20, 9)))
    weights = np.array(sent["weights"]).reshape(28, 28)
    assert weights[~seen].max() == 0 and weights.max() > 0.01
    high = float(view.part("high").inner_text())
    assert high == pytest.approx(weights.max(), rel=0.01)


def test_a_flip_in_the_blind_spot_changes_exactly_nothing(lab, store):
    lab.open("Flip a pixel")
    view = lab.view("flip")
    grid = view.count("figure()")
    row, column = next((r, line.index("x")) for r, line in enumerate(grid) if "x" in line)

    view.stage.click(position=view.inside(row, column))
    view.wait(f"String(g.sent().flipped) === '{row},{column}'")
    assert view.part("bits").inner_text() == "exactly 0 bits"
    assert "blind spot" in view.part("verdict").inner_text()

    view.stage.click(position=view.inside(14, 13))
    view.wait("String(g.sent().flipped) === '14,13'")
    assert float(view.part("bits").inner_text().split()[0]) > 0
    assert "The target reads this pixel" in view.part("verdict").inner_text()


def test_both_orders_end_with_the_same_image(lab):
    lab.open("What the blind spot buys")
    race = lab.view("race")
    race.wait("g.playing()")
    assert race.count("steps()") == [784, 136]

    race.part("scrub").evaluate(
        "(node) => { node.value = 784; node.dispatchEvent(new Event('input')); }"
    )

    race.wait("g.shown() === 784 && !g.playing()")
    pictures = [race.part(f"grid-{i}").evaluate("(node) => node.toDataURL()") for i in (0, 1)]
    assert pictures[0] == pictures[1]
    assert "Both images are the same, pixel for pixel." in race.part("verdict").inner_text()


def test_a_figure_for_slides_can_be_saved_twice(lab):
    lab.open("More")
    lab.tab.get_by_role("button", name="Figure for slides").click()
    links = lab.tab.locator("#masks-figure a")
    links.nth(1).wait_for()
    for link, ending in zip(links.all(), ("png", "svg"), strict=True):
        with lab.tab.expect_download() as saved:
            link.click()
        assert saved.value.suggested_filename == f"genlab-a-then-b.{ending}"


def test_findings_are_about_the_choice_on_the_stage(visit):
    lab = visit()
    lab.open("Common mistakes")
    finding = lab.tab.locator(".genlab-finding").first
    for change in (
        lambda: lab.tab.get_by_label("5×5").first.check(),  # in the side panel
        lambda: lab.set(kernel=7),  # by a view
    ):
        lab.tab.get_by_role("button", name="Check it").first.click()
        finding.locator("strong").first.wait_for()

        change()

        finding.locator("strong").first.wait_for(state="detached")


SECTIONS = (
    "More", "Theory and trained network", "Flip a pixel", "What the blind spot buys",
    "Red, green, blue", "How much is never seen", "Look closer", "Common mistakes",
)  # fmt: skip


@pytest.fixture(scope="module", params=[False, True], ids=["light", "dark"])
def unfolded(request, shared_page, canvas, url):
    """The whole page on a phone with everything open, in one theme."""
    tab = shared_page(url, width=PHONE, height=740, dark=request.param, still=True, touch=True)
    lab = Lab(tab, canvas)
    for title in SECTIONS:
        lab.open(title)
    for name in ("weights", "flip", "race"):
        lab.view(name)
    tab.locator(".genlab-account math").first.wait_for()
    for check in tab.get_by_role("button", name="Check it").all():
        check.click()
    for finding in tab.locator(".genlab-finding").all():
        finding.locator("strong").first.wait_for()
    return lab


def test_a_phone_scrolls_down_and_never_sideways(unfolded):
    assert unfolded.tab.evaluate("() => document.documentElement.scrollWidth") <= PHONE
    assert unfolded.stage.stage.bounding_box()["width"] >= 280


def test_axe_finds_nothing_serious(unfolded):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    unfolded.tab.set_viewport_size({"width": 1280, "height": 900})
    unfolded.tab.evaluate(
        "() => { for (const each of document.querySelectorAll('details')) each.open = true; }"
    )
    for name in ("stage", "film", "pair", "predict", "breaks", "weights", "flip", "race"):
        unfolded.view(name).part("table").locator("td").first.wait_for(state="attached")

    alike = {"exclude": [["tr:nth-child(n + 6)"]]}  # rows that the first ones' code made
    found = axe.run(unfolded.tab, alike).response["violations"]

    assert [
        (each["id"], [node["html"][:160] for node in each["nodes"]])
        for each in found
        if each["impact"] in ("serious", "critical")
    ] == []

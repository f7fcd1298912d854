"""The recorded runs on a page: guessed, revealed, scrubbed, played and saved by a visitor."""

import gradio as gr
import numpy as np
import pytest
from tiny_recording import SETTINGS, SIDE, tiny_recording, write_recording

from genlab.films.recording_gif import recording_gif
from genlab.ui.adversarial import recordings
from genlab.ui.canvas.recording import recording_key
from genlab.ui.shell import LAUNCH

MOMENTS = 6
FAST = {**SETTINGS, "learning rate of the critic": "5e-05"}
RUNS = {
    (run.name, run.seed): run
    for run in (
        tiny_recording(),
        tiny_recording(seed=3),
        tiny_recording("gan-collapse", covered=2, settings=FAST),
        tiny_recording("gan-replay", covered=8, settings=FAST),
    )
}
HEALTHY, COLLAPSE = RUNS["gan-healthy", 0], RUNS["gan-collapse", 0]
DAMAGED = "gan-replay"


@pytest.fixture(scope="module")
def url(tmp_path_factory, serve):
    """A tab that is not open at first; one of its runs is damaged."""
    folder = tmp_path_factory.mktemp("recordings")
    for run in RUNS.values():
        write_recording(folder, run)
    (folder / DAMAGED / "0.png").write_bytes(b"no picture")
    with gr.Blocks(analytics_enabled=False) as blocks, gr.Tabs():
        with gr.Tab("First"):
            gr.Markdown("Something else.")
        with gr.Tab("Recorded runs"):
            recordings.build(folder)
    return serve(blocks, theme=LAUNCH["theme"], css_paths=LAUNCH["css_paths"])


def visit(tab, canvas):
    """The player and the two runs, when both have arrived."""
    tab.get_by_role("tab", name="Recorded runs").click()
    player, duel = canvas(tab, "recordings-player"), canvas(tab, "recordings-duel")
    player.wait("g.paints > 0 && g.total > 0")
    duel.wait("g.isDealt")
    return player, duel


@pytest.fixture(scope="module")
def bench(shared_page, canvas, url):
    """The page that most tests share."""
    return visit(shared_page(url), canvas)


@pytest.fixture
def player(bench):
    """The shared player, at the healthy run's first moment."""
    choose(bench[0], "Healthy")
    bench[0].wait(f"g.film === '{recording_key('gan-healthy', 0)}'")
    scrub(bench[0], 0)
    return bench[0]


@pytest.fixture
def duel(bench):
    """A round that is open."""
    shown = bench[1]
    if shown.count("isTold"):
        shown.tab.get_by_role("button", name="Another pair").click()
        shown.wait("!g.isTold")
    return shown


def choose(player, title):
    player.tab.locator("#recordings-run").get_by_label(title, exact=True).check()


def scrub(player, moment):
    step = HEALTHY.moments[moment].step
    player.part("scrub").evaluate(
        "(node, value) => { node.value = value; "
        "node.dispatchEvent(new Event('input', {bubbles: true})); }",
        step,
    )
    player.wait(f"g.shown === {moment} && !g.playing")


def assert_shows(player, run, moment):
    seen = np.array(player.picture(SIDE, SIDE))
    np.testing.assert_array_equal(seen, np.repeat(run.pictures[moment][..., None], 3, axis=-1))


def words_of(player, chart):
    return player.part(f"chart-{chart}").locator(".gl-key b").all_inner_texts()


def collapsed(duel):
    """The letter of the collapsing run, told after the guess."""
    return duel.tab.locator("#recordings-verdict strong").first.inner_text().split(": ")[1][0]


# — the run —


def test_scrubbing_moves_pictures_words_and_numbers_without_a_request(player, requests):
    with requests(player.tab) as seen:
        for moment in (2, 5, 0, 3):
            scrub(player, moment)
            assert_shows(player, HEALTHY, moment)
            told, values = HEALTHY.moments[moment], HEALTHY.moments[moment].values
            assert player.part("epoch").inner_text() == f"{told.epoch:.2f}"
            assert player.part("step").inner_text() == f"{told.step:,}"
            assert words_of(player, 1) == [f"{values['coverage']:.0f} of 10"]
            assert words_of(player, 2) == [f"{values['diversity']:.2f}"]
            assert f"{values['entropy']:.2f} bits" in player.part("others").inner_text()
            expected = "–" if values["critic"] is None else f"{values['critic']:.2f}"
            assert words_of(player, 0)[0] == expected
    assert seen == []


def test_the_scrubber_goes_to_the_nearest_moment(player):
    player.part("scrub").evaluate(
        "(node) => { node.value = 2400; node.dispatchEvent(new Event('input', {bubbles: true})); }"
    )  # between 1,800 and 3,200
    player.wait("g.shown === 3")
    assert float(player.part("scrub").input_value()) == HEALTHY.moments[3].step


def test_the_cursors_of_all_charts_and_the_thumb_stand_below_one_another(player):
    for moment in (0, 2, 5):
        scrub(player, moment)
        x, _ = player.count(f"place({moment})")
        cursors = player.box.locator("path.gl-now").evaluate_all(
            "(nodes) => nodes.map((node) => node.getBoundingClientRect().x)"
        )
        assert len(cursors) == 3 and max(abs(cursor - x) for cursor in cursors) <= 1
        box = player.part("scrub").bounding_box()
        share = HEALTHY.moments[moment].step / HEALTHY.moments[-1].step
        assert abs(box["x"] + 9 + (box["width"] - 18) * share - x) <= 1


def test_a_click_into_a_curve_goes_to_its_moment(player):
    player.part("chart-0").scroll_into_view_if_needed()
    for moment in (3, 5, 2):
        player.tab.mouse.click(*player.count(f"place({moment})"))
        player.wait(f"g.shown === {moment}")


def test_levels_and_lines_are_named(player):
    texts = [
        player.part(f"chart-{index}").locator("text").all_text_contents() for index in range(3)
    ]
    assert {"log 4", "log 2"} <= set(texts[0])
    assert "real" in texts[1] and "real" in texts[2] and "epoch" in texts[2]
    assert "learned nothing, and also the best" in player.part("explained").inner_text()
    said = player.part("chart-1").locator("svg[role=img]").get_attribute("aria-label")
    assert "from 0.00 to 9.00" in said


def test_playing_asks_nothing_and_ends_at_the_last_moment(player, requests):
    with requests(player.tab) as seen:
        player.part("play").click()
        player.wait("g.playing && g.shown > 0")
        assert player.part("play-word").inner_text() == "Pause"
        player.wait("g.shown === g.total - 1 && !g.playing")
    assert seen == []
    assert_shows(player, HEALTHY, MOMENTS - 1)


def test_the_keyboard_alone_goes_through_the_run(player):
    keys = player.tab.keyboard
    for node in (player.stage, player.part("scrub")):
        node.focus()
        for key, moment in [("End", 5), ("ArrowLeft", 4), ("ArrowRight", 5), ("Home", 0)]:
            keys.press(key)
            player.wait(f"g.shown === {moment}")
    keys.press("ArrowRight")
    player.wait("g.shown === 1")
    said = player.part("scrub").get_attribute("aria-valuetext")
    assert said == "moment 2 of 6: epoch 0.25, step 200" == player.part("live").inner_text()


def test_the_table_reads_every_moment(player):
    player.box.locator("summary").click()
    rows = player.part("table").locator("tbody tr")
    assert rows.count() == MOMENTS
    cells = rows.nth(5).locator("td").all_inner_texts()
    assert cells == ["6.25", "5,000", "1.25", "0.75", "9 of 10", "3.30", "0.90"]
    player.box.locator("summary").click()


def test_pictures_and_gif_can_be_saved(player, requests):
    scrub(player, 3)
    with player.tab.expect_download() as saved:
        player.part("save").click()
    assert saved.value.suggested_filename == "genlab-gan-healthy-seed-0-step-1800.png"
    with player.tab.expect_download() as first:
        player.part("gif").click()
    assert first.value.suggested_filename == "genlab-gan-healthy-seed-0.gif"
    assert first.value.path().read_bytes() == recording_gif(HEALTHY)
    with requests(player.tab) as seen, player.tab.expect_download():
        player.part("gif").click()
    assert seen == []


# — run and seed —


def test_run_and_seed_are_chosen_and_only_seeds_that_exist_are_offered(player):
    tab = player.tab
    seeds = tab.locator("#recordings-seed")
    assert seeds.get_by_role("radio").count() == 2
    seeds.get_by_label("3").check()
    player.wait("g.film === 'gan-healthy-seed-3'")
    assert_shows(player, RUNS["gan-healthy", 3], MOMENTS - 1)
    choose(player, "Collapse")
    player.wait("g.film === 'gan-collapse-seed-0'")
    assert_shows(player, COLLAPSE, MOMENTS - 1)
    assert seeds.get_by_role("radio").count() == 1
    tab.locator("#recordings-settings").get_by_text("5e-05").wait_for()
    words = tab.locator("#recordings-words").inner_text()
    assert "covers 2 of 10 classes" in words and "Healthy, seed 0 ends with" in words
    origin = tab.locator("#recordings-origin").inner_text()
    assert "python -m train film gan-collapse --seed 0 --verify" in origin


def test_a_damaged_run_says_what_to_do_and_the_next_one_is_shown(player):
    choose(player, DAMAGED)
    player.tab.locator("#recordings-words").get_by_text("git checkout").wait_for()
    player.box.wait_for(state="hidden")
    choose(player, "Collapse")
    player.wait("g.film === 'gan-collapse-seed-0'")
    assert_shows(player, COLLAPSE, MOMENTS - 1)


# — the guess —


def test_before_the_guess_nothing_tells_who_is_who(duel):
    sent = duel.count("sent()")
    for secret in ("ollapse,", "ealthy", "gan-", "png", "coverage", "truth"):
        assert secret not in sent
    assert duel.part("run-A").locator("h3").inner_text() == "Run A"
    assert duel.part("run-A").locator("figure path.gl-line").count() == 4  # 2 lines, 2 keys
    assert duel.part("run-A").locator("img").is_hidden()


def test_the_guess_reveals_both_runs_and_moves_nothing(duel):
    pieces = [
        duel.part(f"run-{letter}").locator(place)
        for letter in "AB"
        for place in ("h3", "button", ".gl-unseen", "svg[role=img] >> nth=1")
    ]
    pieces += [duel.tab.locator(f"#recordings-{below}") for below in ("verdict", "player")]
    before = [piece.bounding_box() for piece in pieces]
    duel.tab.get_by_role("button", name="A collapses").click()
    duel.wait("g.isTold")
    duel.tab.get_by_text("collapses.", exact=False).first.wait_for()
    assert [piece.bounding_box() for piece in pieces] == before
    letter = collapsed(duel)
    other = "BA"["AB".index(letter)]
    assert "Collapse, seed 0" in duel.part(f"run-{letter}").locator("h3").inner_text()
    assert "Healthy" in duel.part(f"run-{other}").locator("h3").inner_text()
    ends = [duel.part(f"run-{each}").locator("p.gl-end").inner_text() for each in (letter, other)]
    assert "covers 2 of 10 classes" in ends[0] and "covers 9 of 10 classes" in ends[1]
    assert "2 of 10" in duel.part(f"run-{letter}").inner_text()
    assert "9 of 10" in duel.part(f"run-{other}").inner_text()
    assert duel.part(f"run-{letter}").locator("img").is_visible()
    assert duel.part("run-A").locator("button").get_attribute("aria-disabled") == "true"
    verdict = duel.tab.locator("#recordings-verdict").inner_text()
    assert verdict.startswith("Right" if letter == "A" else "No")


def test_a_second_guess_in_a_round_asks_nothing(duel, requests):
    duel.tab.get_by_role("button", name="B collapses").click()
    duel.wait("g.isTold")
    duel.tab.get_by_text("guessing blindly", exact=False).wait_for()
    with requests(duel.tab) as seen:
        duel.part("run-A").locator("button").click(force=True)
    assert seen == []


# — any screen —


def test_nothing_is_sent_before_the_tab_is_opened(page, url, requests):
    tab = page(url)
    tab.get_by_text("Something else.").wait_for()
    assert "data:image/png" not in tab.evaluate("() => JSON.stringify(window.gradio_config)")


@pytest.mark.parametrize("width", [360, 390, 800, 1280])
def test_nothing_sticks_out_and_the_truth_has_its_place(page, canvas, url, width):
    tab = page(url, width=width)
    player, duel = visit(tab, canvas)
    height = duel.box.bounding_box()["height"]
    tab.get_by_role("button", name="B collapses").click()
    duel.wait("g.isTold")
    assert duel.box.bounding_box()["height"] == height
    assert tab.evaluate("() => document.documentElement.scrollWidth") <= width
    for svg in tab.locator("svg[role=img]").all():
        frame = svg.bounding_box()
        for label in svg.locator("text").all():
            box = label.bounding_box()
            assert box["x"] >= frame["x"] - 1
            assert box["x"] + box["width"] <= frame["x"] + frame["width"] + 1
    assert player.stage.bounding_box()["width"] > 280


def test_reduced_motion_jumps_to_the_end(page, canvas, url):
    player, _ = visit(page(url, still=True), canvas)
    scrub(player, 0)
    player.part("play").click()
    player.wait(f"g.shown === {MOMENTS - 1} && !g.playing")


def test_axe_finds_nothing_serious_in_light_and_dark(page, canvas, url):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    tab = page(url)
    player, duel = visit(tab, canvas)
    tab.get_by_role("button", name="A collapses").click()
    duel.wait("g.isTold")
    player.box.locator("summary").click()
    found = []
    for dark in (False, True):
        tab.evaluate("(dark) => document.body.classList.toggle('dark', dark)", dark)
        for name in ("recordings-player", "recordings-duel", "recordings-settings"):
            result = axe.run(tab, context={"include": [f"#{name}"]}).response["violations"]
            found += [
                (dark, each["id"], [node["html"][:120] for node in each["nodes"]])
                for each in result
                if each["impact"] in ("serious", "critical")
            ]
    assert found == []

"""The way back in a real browser: run, played, scrubbed, opened to the numbers of one pixel."""

import re
import threading
from functools import partial

import gradio as gr
import pytest
from diffusion_toys import GaussianDenoiser, tiny_ddpm
from shelved import write_checkpoint

from genlab.core.cards import ModelCard
from genlab.inference.diffusion import stream_diffusion
from genlab.inference.image_noise import ImageNoise
from genlab.store import ModelStore
from genlab.ui import shell
from genlab.ui.canvas.trajectory import TrajectoryPlayer
from genlab.ui.diffusion import backward, backward_run

NAME, SIDE, TRAINED = "tiny-diffusion", 28, 100
PLAYER = "backward-player"
SAMPLERS = [("ddim", 0.0), ("ddim", 0.6), ("ddpm", 0.0), ("dpm-solver++", 0.0)]
CELLS = (0, 15, 406, 783)  # pixels that are looked at
ARITHMETIC = re.compile(r"[-+*/(). 0-9]+")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("denoisers")
    card = ModelCard(
        name=NAME, title="Tiny diffusion", family="Diffusion", data="MNIST, with its classes",
        source="https://a.b", build=lambda: tiny_ddpm(size=(SIDE, SIDE), steps=TRAINED),
    )  # fmt: skip
    write_checkpoint(folder, card)
    return ModelStore(folder, (card,))


@pytest.fixture(scope="module")
def url(store, serve):
    with gr.Blocks(analytics_enabled=False, fill_width=True) as blocks:
        card = gr.Dropdown([NAME], value=NAME, label="Model")
        label = gr.Dropdown(["any", "0", "1"], value="any", label="Class")
        backward.build(store, card, label)
    blocks.queue(max_size=shell.WAITING, api_open=False)
    return serve(blocks, **shell.LAUNCH)


@pytest.fixture
def visit(page, canvas, url):
    """Open the page and wait for its opening run."""

    def go(**how):
        player = canvas(page(url, **how), PLAYER)
        player.wait("g.run === 'opening' && g.arrived === g.kept")
        return player

    return go


def top_of(player, name):
    """Where a part begins on the page, however far it is scrolled."""
    return player.part(name).evaluate("(node) => node.getBoundingClientRect().y + scrollY")


def press(player, name):
    player.tab.get_by_role("button", name=name, exact=True).click()


def run_steps(player, steps):
    """Press Run with so many steps and wait until all of it is there."""
    field = player.tab.get_by_label("Steps", exact=True)
    field.fill(str(steps))
    field.blur()
    old = player.count("run")
    press(player, "Run")
    player.wait(f"g.run !== '{old}' && g.run !== '' && g.arrived === g.kept")
    player.tab.get_by_role("button", name="Run", exact=True).wait_for()


def go_to(player, key):
    player.stage.focus()
    player.tab.keyboard.press(key)


# — playing —


def test_the_page_opens_where_the_guess_is_ahead_of_what_it_sees(visit):
    player = visit()

    assert player.count("kept") == backward.OPENING.steps
    assert 0 < player.count("shown") < player.count("kept") / 2
    assert not player.count("playing")
    assert "20 steps of 100, DDIM, η 0" in player.part("caption").inner_text()


def test_the_words_say_what_is_left_of_the_image_s_variance(visit, store):
    player = visit()
    schedule = store.get(NAME).schedule
    for place in (2, 9, 17):
        player.part("scrub").fill(str(place))
        player.wait(f"g.shown === {place}")
        said = player.part("share").inner_text().replace("\n", "")

        t, left, noise = re.search(
            r"t = (\d+), x.? ?keeps ([\d.]+) % of the image’s variance and has ([\d.]+) %", said
        ).groups()

        alpha_bar = schedule.alpha_bar(int(t))
        assert float(left) == pytest.approx(100 * alpha_bar, abs=0.051)
        assert float(noise) == pytest.approx(100 * (1 - alpha_bar), abs=0.051)


def test_a_run_replaces_the_old_one_and_plays_to_its_end(visit):
    player = visit()
    player.part("speed").select_option("50 steps/s")

    run_steps(player, 12)
    player.wait("!g.playing && g.shown === 11")

    assert player.part("progress").inner_text() == "Step 12 of 12: from t = 7 to the image"
    assert "12 passes of the network over 4 images each;" in player.part("bill").inner_text()
    assert player.part("thumbnails").locator("button").count() == 4


def test_scrubbing_asks_the_server_for_nothing(visit, requests):
    player = visit()
    run_steps(player, 12)
    with requests(player.tab) as seen:
        for key, step in (
            ("Home", 0),
            ("PageDown", 1),
            ("PageDown", 2),
            ("PageUp", 1),
            ("End", 11),
        ):
            go_to(player, key)
            player.wait(f"g.shown === {step}")
        player.part("scrub").focus()
        player.tab.keyboard.press("ArrowLeft")
        player.wait("g.shown === 10")
        box = player.part("strip-noise").bounding_box()
        player.part("strip-noise").click(position={"x": 0.06 * box["width"], "y": 10})
        player.wait("g.shown === 0")
        player.part("thumbnails").locator("button").nth(2).click()
        player.wait("g.image === 2")
    assert seen == []


def test_a_stopped_run_keeps_what_has_arrived(visit, monkeypatch):
    gate = threading.Event()
    ended = threading.Event()

    def held(*asked):
        pieces = backward_run.draw_backward(*asked)
        try:
            for _ in range(6):
                yield next(pieces)
            while not gate.wait(0.05):
                yield ""
        finally:
            pieces.close()
            ended.set()

    monkeypatch.setattr(backward, "draw_backward", held)
    player = visit()
    press(player, "Run")
    player.wait("g.run !== 'opening' && g.arrived === 5")
    press(player, "Stop")
    player.wait_until(ended.is_set)
    player.tab.get_by_role("button", name="Run", exact=True).wait_for()

    go_to(player, "End")
    player.wait("g.shown === 4 && g.arrived === 5 && g.kept === 50")
    assert player.part("bill").inner_text().startswith("So far: 5 passes of the network")
    go_to(player, "Home")
    player.wait("g.shown === 0")


def test_where_motion_is_reduced_the_end_is_shown_at_once(visit):
    player = visit(still=True)
    player.part("speed").select_option("1 steps/s")

    run_steps(player, 12)

    player.wait("g.shown === 11 && !g.playing")


# — the numbers —


@pytest.mark.parametrize(("sampler", "eta"), SAMPLERS)
@pytest.mark.parametrize("steps", [10, TRAINED])
def test_the_numbers_are_the_sampler_s_and_the_sums_on_the_screen_add_up(
    page, canvas, serve, store, sampler, eta, steps
):
    player, asked = show_run(page, canvas, serve, store, sampler, eta, steps)
    noise = ImageNoise(store.get(NAME).spec, 3, 4)
    frames = list(stream_diffusion(store.get(NAME), noise, asked.settings))
    kept = player.count("kept")
    every = 1 if kept == steps else -(-(steps - 1) // (kept - 1))

    for index in (0, 1, kept // 2, kept - 2, kept - 1):
        frame = frames[min(index * every, steps - 1)]
        for cell in CELLS:
            hold_numbers(player.count(f"numbers({index}, {cell})"), frame, cell)
            hold_sums(player.count(f"lines({index}, {cell})"), frame, cell)


def show_run(page, canvas, serve, store, sampler, eta, steps):
    """A page with a whole run of four images, the second one chosen, and what was asked for."""
    asked = backward_run.read_run(store, NAME, "any", 4, 3, steps, sampler, eta, 1.0)
    payload = "".join(backward_run.draw_backward(store, asked, "a-run"))
    with gr.Blocks(analytics_enabled=False) as blocks:
        TrajectoryPlayer(payload, label="From noise to an image", elem_id=PLAYER)
    player = canvas(page(serve(blocks, **shell.LAUNCH)), PLAYER)
    player.wait("g.arrived === g.kept && g.kept > 1")
    player.part("thumbnails").locator("button").nth(1).click()
    player.wait("g.image === 1")
    return player, asked


def hold_numbers(got, frame, cell):
    at = partial(pixel_of, cell=cell)
    for name, tensor, tolerance in (
        ("x", frame.x_t, 1e-6), ("noise", frame.predicted_noise, 3e-4),
        ("guess", frame.x0_hat, 1e-6),
        ("mean", frame.mean, 1e-5), ("next", frame.x_next, 1e-5),
    ):  # fmt: skip
        assert got[name] == pytest.approx(at(tensor), abs=tolerance), name
    assert got["std"] == pytest.approx(frame.std)
    assert (got["z"] is None) == (frame.std == 0)
    if got["z"] is not None:
        assert got["z"] == pytest.approx(at(frame.z), abs=1e-3)
    assert got["isClipped"] == (abs(at(frame.x0_hat)) == 1)


def hold_sums(lines, frame, cell):
    assert len(lines) >= 3
    for line in lines:
        if not line["numbers"]:
            continue
        told = line["numbers"].replace("−", "-").replace("·", "*")
        assert ARITHMETIC.fullmatch(told), told
        total = eval(told)  # noqa: S307 (digits and signs alone, see above)
        assert f"{total:.3f}".replace("-0.000", "0.000") == line["result"].replace("−", "-")
    becomes = float(lines[-1]["result"].replace("−", "-"))
    assert becomes == pytest.approx(pixel_of(frame.x_next, cell), abs=6e-4)


def pixel_of(tensor, cell):
    return tensor[1].flatten()[cell].item()


def test_a_clipped_guess_says_so_and_its_sums_add_up(page, canvas, serve, store, monkeypatch):
    outside = GaussianDenoiser(store.get(NAME).schedule, mean=3.0, std=0.1, side=SIDE)
    monkeypatch.setattr(ModelStore, "get", lambda self, name: outside)
    player, asked = show_run(page, canvas, serve, store, "ddim", 0.0, 10)
    frames = list(stream_diffusion(outside, ImageNoise(outside.spec, 3, 4), asked.settings))

    for index in (0, 5, 8):
        lines = player.count(f"lines({index}, 15)")
        assert "It is clipped to x̂_{0} = 1" in lines[0]["lead"]
        assert lines[0]["symbols"].startswith("ε̂ =")
        hold_sums(lines, frames[index], 15)
    assert player.box.locator("dd[data-number=guess]").inner_text() == "1.000, clipped"


def test_a_pixel_is_chosen_by_click_and_by_keyboard_in_all_three_pictures(visit):
    player = visit()
    player.stage.scroll_into_view_if_needed()
    player.stage.click(position=player.inside(3, 20))
    player.wait("g.row === 3 && g.col === 20")
    go_to(player, "ArrowDown")
    player.wait("g.row === 4")
    assert player.part("live").inner_text().startswith("row 4, column 20: x ")
    shown = player.box.locator("dd[data-number=x]").inner_text().replace("−", "-")
    assert float(shown) == pytest.approx(player.count("numbers().x"), abs=6e-4)
    box = player.part("guess").bounding_box()
    player.part("guess").click(position={"x": box["width"] / 2 + 3, "y": box["height"] / 2 + 3})
    player.wait("g.row === 14 && g.col === 14")


def test_the_table_has_a_row_for_each_step(visit):
    player = visit()
    player.box.locator("summary").click()
    player.part("table").locator("tbody tr").nth(19).wait_for()

    rows = player.part("table").locator("tbody tr")
    assert rows.count() == 20
    assert rows.first.locator("th, td").all_inner_texts()[:2] == ["1", "99"]


# — settings —


def test_settings_that_would_be_refused_cannot_be_left_behind(visit):
    player = visit()
    tab = player.tab
    tab.get_by_role("button", name="More", exact=False).first.click()
    eta = tab.locator("#backward-eta input[type=number]")
    eta.fill("0.5")
    eta.blur()
    tab.locator("#backward-sampler").get_by_label("DDPM", exact=True).check()
    tab.wait_for_function(
        "() => { const e = document.querySelector('#backward-eta input[type=number]');"
        " return e.value === '0' && e.disabled; }"
    )
    guidance = tab.locator("#backward-guidance input[type=number]")
    assert guidance.is_disabled()


def test_what_cannot_be_run_is_said(visit):
    player = visit()
    field = player.tab.get_by_label("Steps", exact=True)
    field.fill("0")
    press(player, "Run")
    player.tab.get_by_text("Steps must be a whole number from 1 to 100").first.wait_for()
    player.tab.get_by_role("button", name="Run", exact=True).wait_for()
    assert player.count("run") == "opening"


# — looks —


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("dark", [False, True])
def test_nothing_moves_while_a_run_arrives_and_nothing_is_too_wide(visit, width, dark):
    player = visit(width=width, dark=dark)
    before = top_of(player, "strip-x")
    run_steps(player, 12)
    assert top_of(player, "strip-x") == before
    assert player.tab.evaluate("document.documentElement.scrollWidth") <= width


def test_the_pictures_are_saved_side_by_side(visit):
    player = visit()
    with player.tab.expect_download() as saved:
        press(player, "Save PNG")
    assert re.fullmatch(
        r"genlab-backward-opening-image-1-step-\d+\.png", saved.value.suggested_filename
    )


@pytest.mark.parametrize("payload", ["x", "{}\n", '{"rows":1}\n', '{"kept":[1]'])
def test_a_damaged_run_is_named_and_breaks_nothing(page, canvas, serve, payload):
    with gr.Blocks(analytics_enabled=False) as blocks:
        TrajectoryPlayer(payload, label="From noise to an image", elem_id=PLAYER)
    player = canvas(page(serve(blocks, **shell.LAUNCH)), PLAYER)
    player.wait("g.paints > 0 && g.broken")
    assert "cannot be read" in player.part("empty").inner_text()


def test_axe_finds_nothing_serious(visit):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    player = visit()
    player.box.locator("summary").click()
    for dark in (False, True):
        player.tab.evaluate("(is) => document.body.classList.toggle('dark', is)", dark)
        found = axe.run(player.tab, context={"include": [f"#{PLAYER}"]}).response["violations"]
        assert [
            (each["id"], [node["html"][:120] for node in each["nodes"]])
            for each in found
            if each["impact"] in ("serious", "critical")
        ] == []

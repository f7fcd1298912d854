"""A picture that drowns under the visitor's hand, and a training example, in a real browser."""

import re
import threading
import time

import numpy as np
import pytest
from forward_shelf import CARD, STEPS, declare_pages, forward_store
from PIL import Image
from playwright.sync_api import expect

from genlab.inference.forward_diffusion import to_signal
from genlab.ui.diffusion import example, example_views, forward, forward_views
from genlab.ui.latent import codes

pytestmark = pytest.mark.slow
DROWNED = "forward-drowned"


@pytest.fixture(scope="module")
def url(tmp_path_factory, serve):
    store = forward_store(tmp_path_factory.mktemp("cards"))
    return serve(declare_pages(store, forward, example, fill_width=True))


@pytest.fixture
def opened(page, url, canvas):
    """The tab and the drowned picture, painted."""

    def go(**settings):
        tab = page(url, **settings)
        drowned = canvas(tab, DROWNED)
        drowned.wait("g.paints > 0")
        return tab, drowned

    return go


def drag_to(drowned, t):
    drowned.part("time").evaluate(
        "(node, t) => { node.value = t; node.dispatchEvent(new Event('input', {bubbles: true})) }",
        t,
    )
    drowned.wait(f"g.t === {t}")


def grey(drowned, name):
    """Grey levels of one of the pictures, (784,)."""
    return np.array(drowned.count(f"picture('{name}')")).reshape(-1, 4)[:, 0]


def press(tab, name):
    tab.get_by_role("button", name=name, exact=True).first.click()


def test_a_drag_shows_the_jump_and_asks_nothing_of_the_server(opened, requests):
    tab, drowned = opened()
    schedule = forward_views.schedule_of(forward.OPENING)
    x_0 = to_signal(codes.example_images(None, None)[32]).flatten().numpy()
    noise = forward_views.jumps(forward.OPENING)[0][0].flatten().numpy()

    with requests(tab) as seen:
        for t in (0, 300, 700, 999):
            drag_to(drowned, t)
            share = schedule.alpha_bar(t)
            expected = share**0.5 * x_0 + (1 - share) ** 0.5 * noise
            np.testing.assert_allclose(drowned.count("shown()"), expected, atol=0.001)
            levels = ((expected + 1) * 127.5).clip(0, 255)
            np.testing.assert_allclose(grey(drowned, "stage"), levels, atol=1)
    assert seen == []


def test_the_numbers_come_after_the_guess(opened):
    tab, drowned = opened()
    expect(tab.locator("#forward-drowned [data-part=formula]")).to_be_hidden()

    drag_to(drowned, 420)
    press(tab, "I can no longer tell")

    drowned.wait("g.guess === 420 && !g.veiled")
    expect(tab.locator("#forward-drowned [data-part=formula]")).to_be_visible()
    left = forward_views.schedule_of(forward.OPENING).alpha_bar(420) ** 0.5
    expect(drowned.part("verdict")).to_contain_text(f"√ᾱ = {left:.3f}")


def noisier_from(drowned):
    """The t from which on, as the page says, less than half of the variance is the picture's."""
    told = drowned.part("ending").inner_text()
    return int(re.search(r"From t = (\d+) on, less than half of the variance", told)[1])


def test_the_words_weigh_the_variance_of_the_picture_that_is_shown(opened, tmp_path):
    tab, drowned = opened()
    alpha_bars = forward_views.schedule_of(forward.OPENING).alpha_bars
    variance = to_signal(codes.example_images(None, None)[32]).var(correction=0)
    of_picture = alpha_bars * variance / (alpha_bars * variance + 1 - alpha_bars)

    drag_to(drowned, 420)
    press(tab, "I can no longer tell")

    drowned.wait("!g.veiled")
    assert noisier_from(drowned) == int((of_picture < 0.5).nonzero()[0])
    left = f"Of the picture’s variance, ᾱ = {100 * alpha_bars[420]:.0f} % is left."
    expect(drowned.part("verdict")).to_contain_text(left)
    Image.new("L", (28, 28), 90).save(tmp_path / "even.png")  # its variance is 0
    upload(tab, tmp_path / "even.png")
    drowned.wait_until(lambda: noisier_from(drowned) == 0)
    drowned.wait("g.guess === null && !g.veiled")  # the guess was of the other picture
    expect(drowned.part("verdict")).to_have_text("")


def test_all_follows_the_schedule(opened):
    tab, drowned = opened()
    drag_to(drowned, 999)

    tab.get_by_label("Linear in β").check()

    expect(drowned.part("course-name")).to_contain_text("linear, β from 0.0001 to 0.02")
    box = tab.locator("#forward-steps input[type=number]")
    box.fill("50")
    box.press("Enter")
    drowned.wait("g.steps === 50 && g.t === 49")
    press(tab, "Show the numbers")
    expect(drowned.part("ending")).to_contain_text("still there")


def test_walk_counts_many_steps_and_many_jumps(opened):
    tab, drowned = opened()
    box = tab.locator("#forward-steps input[type=number]")
    box.fill("20")
    box.press("Enter")
    drowned.wait("g.steps === 20 && g.walked === null")
    expect(drowned.part("walk-words")).to_contain_text("Press Walk")

    tab.locator("#forward-walk").click()

    drowned.wait(f"g.walked === 20 && g.counted === {forward_views.DRAWS}")
    drag_to(drowned, 12)
    assert np.abs(grey(drowned, "walked") - grey(drowned, "jumped")).max() > 20
    expect(drowned.part("pair-words")).to_contain_text("Both at t = 12.")
    expect(tab.locator("#forward-status")).to_contain_text("walks of 20 steps")
    expect(tab.locator("#forward-walk")).to_be_visible()


def test_a_picture_that_comes_during_a_walk_is_the_one_that_is_counted(
    opened, tmp_path, monkeypatch
):
    go_on, take = threading.Event(), forward_views.take_walk

    def held(*asked):
        yield from take(*asked)
        go_on.wait(10)

    monkeypatch.setattr(forward_views, "take_walk", held)
    monkeypatch.setattr(forward, "_walks", forward_views.Walks())
    tab, drowned = opened()
    box = tab.locator("#forward-steps input[type=number]")
    box.fill("21")
    box.press("Enter")
    drowned.wait("g.steps === 21 && g.walked === null")
    Image.new("L", (28, 28), 90).save(tmp_path / "even.png")

    tab.locator("#forward-walk").click()
    expect(tab.locator("#forward-stop")).to_be_visible()
    upload(tab, tmp_path / "even.png")
    drowned.wait_until(lambda: (grey(drowned, "clean") == 90).all())
    go_on.set()

    expect(tab.locator("#forward-status")).to_contain_text("walks of 21 steps")
    drowned.wait(f"g.walked === 21 && g.counted === {forward_views.DRAWS}")
    assert (grey(drowned, "clean") == 90).all()


def test_a_stopped_walk_says_that_it_stopped(opened, monkeypatch):
    go_on, take = threading.Event(), forward_views.take_walk

    def held(*asked):
        steps = take(*asked)
        for _ in range(4):
            time.sleep(0.05)  # longer than between two messages
            yield next(steps)
        go_on.wait(10)

    monkeypatch.setattr(forward_views, "take_walk", held)
    monkeypatch.setattr(forward, "_walks", forward_views.Walks())
    tab, drowned = opened()
    status = tab.locator("#forward-status")

    tab.locator("#forward-walk").click()
    expect(status).to_contain_text(re.compile(r"Step [\d,]+ of 1,000"))
    tab.locator("#forward-stop").click()

    expect(status).to_contain_text(
        re.compile(r"Stopped at step [\d,]+ of 1,000\. Walk begins anew\.")
    )
    go_on.set()


def test_a_drawing_drowns_at_once_and_is_counted(opened, canvas):
    tab, drowned = opened()
    board = canvas(tab, "forward-board")
    before = grey(drowned, "clean")

    box = board.stage.bounding_box()
    tab.mouse.move(box["x"] + 20, box["y"] + 20)
    tab.mouse.down()
    tab.mouse.move(box["x"] + 180, box["y"] + 30)
    tab.mouse.up()

    board.wait_until(lambda: (grey(drowned, "clean") != before).any())
    drawn = np.array(board.picture(28, 28))[..., 0].flatten()
    np.testing.assert_allclose(grey(drowned, "clean"), drawn, atol=1)


def upload(tab, path):
    chooser = tab.locator("#forward-board-upload").locator("xpath=..").locator("input[type=file]")
    chooser.first.set_input_files(path)


def test_an_uploaded_picture_drowns_too(opened, tmp_path):
    tab, drowned = opened()
    Image.new("RGB", (60, 60), (200, 200, 200)).save(tmp_path / "grey.png")

    upload(tab, tmp_path / "grey.png")

    drowned.wait_until(lambda: np.abs(grey(drowned, "clean").astype(int) - 200).max() <= 1)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda path: path.write_bytes(b"no picture at all"), "Use a PNG, JPEG or WebP file"),
        (
            lambda path: Image.new("1", (20_000, 20_000)).save(path),
            "more than 4096 × 4096 pixels. Make it smaller",
        ),
    ],
    ids=["broken", "huge"],
)
def test_a_file_that_is_no_picture_is_refused_and_the_old_one_stays(opened, tmp_path, make, told):
    tab, drowned = opened()
    before = grey(drowned, "clean")
    make(tmp_path / "wrong.png")

    upload(tab, tmp_path / "wrong.png")

    expect(tab.get_by_test_id("toast-body").filter(has_text=told).first).to_be_visible()
    assert (grey(drowned, "clean") == before).all()


def test_a_key_moves_the_time(opened):
    tab, drowned = opened()

    drowned.part("time").focus()
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("ArrowRight")

    drowned.wait("g.t === 1")


def test_the_training_example_follows_its_t(opened, canvas):
    tab, _ = opened()
    tab.get_by_role("tab", name="example").click()
    answered = canvas(tab, "example-answered")
    answered.wait("g.notes.length === 4")
    words = tab.locator("#example-words")
    expect(words).to_contain_text("Loss at t = 16")

    box = tab.locator("#example-t input[type=number]")
    box.fill(str(STEPS - 1))
    box.press("Enter")

    expect(words).to_contain_text(f"Loss at t = {STEPS - 1}")
    expect(tab.locator("#example-curve svg").first).to_be_visible()


def test_a_t_that_is_dragged_while_the_curve_is_computed_stays(opened, monkeypatch):
    go_on, measure = threading.Event(), example_views.measure_losses
    tab, _ = opened()
    tab.get_by_role("tab", name="example").click()
    words, curve = tab.locator("#example-words"), tab.locator("#example-curve")
    expect(words).to_contain_text("Loss at t = 16")
    told = curve.locator("p:not(.genlab-save)").inner_text()

    def held(*asked):
        go_on.wait(10)
        return measure(*asked)

    monkeypatch.setattr(example_views, "measure_losses", held)
    tab.locator("#example-pictures [data-part=cells] button").first.click()
    box = tab.locator("#example-t input[type=number]")
    box.fill("30")
    box.press("Enter")
    expect(words).to_contain_text("Loss at t = 30")
    go_on.set()

    expect(curve.locator("p:not(.genlab-save)")).not_to_have_text(told)  # of the other picture
    expect(words).to_contain_text("Loss at t = 30")


@pytest.mark.parametrize("name", ["forward", "example"])
def test_a_phone_needs_no_sideways_scroll_here(opened, name):
    tab, _ = opened(width=390, dark=True)
    tab.get_by_role("tab", name=name).click()

    tab.locator("h2:visible").first.wait_for()
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    assert CARD in tab.get_by_label("Model").input_value()

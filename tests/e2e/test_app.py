"""The site with its first page in a real browser, with the shipped card, as a visitor meets it.

The other pages are left out: a browser takes seconds to set up all of them.
"""

import dataclasses
import threading

import httpx  # comes with gradio
import numpy as np
import pytest

from genlab.core.images import quantise
from genlab.inference.autoregressive import sample
from genlab.inference.runs import Run, Segment, account_for, stream_run
from genlab.store import ModelStore
from genlab.ui import shell
from genlab.ui.lessons import pixelcnn_claims as lessons
from genlab.ui.lessons import pixels_depth
from genlab.ui.pixels import sampling as page_of_pixelcnn
from genlab.ui.tabs import pixelcnn as tab_of_pixelcnn

PLAYER = "pixelcnn-player"
AT_ONCE = 15  # notch of the speed slider
PHONE = 360  # pixels wide
HOLD = 0.02  # s between the messages of a held stream


@pytest.fixture(scope="module")
def store():
    return ModelStore()


@pytest.fixture(scope="module")
def url(store, serve):
    page_of_pixelcnn.draw_opening(store)
    sampling_alone = dataclasses.replace(tab_of_pixelcnn.TAB, build=tab_of_pixelcnn.build_sampling)
    return serve(shell.build_app(store, [sampling_alone]), **shell.LAUNCH)


@pytest.fixture(scope="module")
def card(store):
    return page_of_pixelcnn.offered_cards(store)[0]


class HeldStream:
    """Stands in for the tab's `draw_run`: the first rows of a real run, the rest when released.

    Attributes:
        started: how many runs began.
        ended: how many of them were closed or came to their end.
    """

    def __init__(self, positions):
        self._draw, self._positions = page_of_pixelcnn.draw_run, positions
        self._gate = threading.Event()
        self.started = self.ended = 0

    def __call__(self, *arguments):
        self.started += 1
        try:
            header, bar, cells = "".join(self._draw(*arguments)).partition("|")
            held = len(cells) * self._positions // 784
            yield header + bar + cells[:held] if held else ""
            while not self._gate.wait(HOLD):
                yield ""
            yield cells[held:] if held else header + bar + cells
        finally:
            self.ended += 1

    def release(self):
        self._gate.set()


@pytest.fixture
def held(monkeypatch):
    """Every run stops after ten rows until it is released."""
    stream = HeldStream(280)
    monkeypatch.setattr(page_of_pixelcnn, "draw_run", stream)
    yield stream
    stream.release()


@pytest.fixture
def held_at_once(monkeypatch):
    """Every run is held before its first message."""
    stream = HeldStream(0)
    monkeypatch.setattr(page_of_pixelcnn, "draw_run", stream)
    yield stream
    stream.release()


class Lab:
    """The PixelCNN page of one visitor."""

    def __init__(self, tab, canvas):
        self.tab, self.player = tab, canvas(tab, PLAYER)
        self.player.wait("g.arrived === g.total")
        self.draw = tab.get_by_role("button", name="Draw", exact=True)
        self.stop = tab.get_by_role("button", name="Stop", exact=True)
        self.seed = tab.get_by_label("Seed")
        self.status = tab.locator(".genlab-status").first
        self.set_speed(AT_ONCE)

    def set_speed(self, notch):
        self._slide("speed", notch)

    def scrub(self, position):
        self._slide("scrub", position)
        self.player.wait(f"g.shown === {position}")

    def _slide(self, part, value):
        self.player.part(part).evaluate(
            "(node, value) => { node.value = value; "
            "node.dispatchEvent(new Event('input', {bubbles: true})); }",
            value,
        )

    def type_seed(self, seed):
        self.seed.fill(str(seed))
        self.seed.blur()

    def open(self, title):
        """Unfold an accordion."""
        button = self.tab.get_by_role("button", name=title, exact=False).first
        if "open" not in (button.get_attribute("class") or ""):
            button.click()

    def choose(self, label):
        self.tab.get_by_label(label, exact=True).check()

    def pick(self, label, option):
        """Choose from a dropdown."""
        self.tab.get_by_label(label, exact=True).click()
        self.tab.get_by_role("option", name=option, exact=True).click()

    def start(self, *, trigger=None):
        """Press Draw (or do `trigger`) and wait for the new run's first message."""
        self.player.wait("g.run !== ''")  # the opening picture comes first
        before = self.player.count("run")
        (trigger or self.draw.click)()
        self.player.wait(f"g.run !== '{before}'")

    def finish(self):
        self.player.wait("g.shown === g.total && !g.playing")
        self.draw.wait_for()

    def picture(self, image=0, side=28):
        """(side, side) levels on the screen, −1 where nothing is drawn."""
        colours = np.array(self.player.picture(side, side, image=image))
        white, black = (colours == 255).all(-1), (colours == 0).all(-1)
        return np.where(white, 1, np.where(black, 0, -1))


@pytest.fixture(scope="module")
def lab(shared_page, canvas, url):
    """The page that most tests share."""
    return Lab(shared_page(url), canvas)


@pytest.fixture
def visit(page, canvas, url):
    """Open the site as another visitor."""
    return lambda **settings: Lab(page(url, **settings), canvas)


def drawn_by(store, card, **options):
    """(count, 28, 28) levels that `sample` draws."""
    model = store.get(card.name)
    return quantise(sample(model, **options), model.spec.levels)[:, 0].numpy()


def test_the_first_picture_is_there_complete_with_card_and_seed(lab, store, card):
    assert lab.player.count("run") == "opening"
    lab.scrub(784)

    assert lab.player.part("caption").inner_text() == f"{card.title} · seed 0"
    assert (lab.picture() == drawn_by(store, card, seed=0, count=1)[0]).all()


def test_draw_shows_exactly_what_the_seed_gives(lab, store, card):
    lab.type_seed(5)
    lab.player.stage.evaluate("(node) => { node.marked = true; }")

    lab.start()
    lab.finish()

    assert (lab.picture() == drawn_by(store, card, seed=5, count=1)[0]).all()
    assert lab.player.part("caption").inner_text() == f"{card.title} · seed 5"
    assert lab.player.stage.evaluate("(node) => node.marked"), "the canvas survives"
    lab.status.filter(has_text="784 steps").wait_for()


def test_four_images_in_wavefront_order_are_shown_exactly(lab, store, card):
    lab.type_seed(70)
    lab.choose("4")
    lab.open("More")
    lab.choose("Wavefront")

    lab.start()
    lab.finish()

    expected = drawn_by(store, card, seed=70, count=4)
    for image in range(4):
        assert (lab.picture(image) == expected[image]).all(), image
    lab.status.filter(has_text="136 steps").wait_for()
    lab.status.filter(has_text="4 images").wait_for()
    lab.choose("1")
    lab.choose("Row by row")


def test_draw_becomes_stop_before_the_server_says_anything(lab, held_at_once):
    lab.draw.click()

    lab.stop.wait_for()
    assert not lab.draw.is_visible()

    held_at_once.release()
    lab.finish()
    assert not lab.stop.is_visible()


def test_stop_ends_the_computation_and_keeps_what_was_drawn(lab, store, card, held):
    lab.type_seed(8)
    lab.start()
    lab.player.wait("g.arrived === 280 && g.shown === 280")
    assert held.ended == 0

    lab.stop.click()

    lab.draw.wait_for()
    lab.player.wait_until(lambda: held.ended)
    expected = drawn_by(store, card, seed=8, count=1)[0]
    expected[10:] = -1
    assert (lab.picture() == expected).all()
    assert lab.player.count("arrived") == 280


def test_a_stopped_run_can_be_branched_from(lab, store, card, held):
    lab.type_seed(8)
    lab.start()
    lab.player.wait("g.shown === 280")
    lab.stop.click()
    lab.player.wait_until(lambda: held.ended)
    held.release()
    lab.player.wait("g.stalled")
    lab.type_seed(9)

    lab.start(trigger=lab.player.part("branch").click)
    lab.finish()

    run = Run(card.name, 1, "raster", (Segment(0, 8, 1.0), Segment(280, 9, 1.0)))
    *_, frame = stream_run(store.get(card.name), run)
    assert (lab.picture() == frame.images[0, 0].numpy()).all()


def test_leaving_the_page_ends_the_computation(visit, lab, held):
    gone = visit()
    gone.start()
    assert held.ended == 0

    gone.tab.close()

    lab.player.wait_until(lambda: held.ended)


def test_playing_scrubbing_and_stepping_ask_nothing_of_the_server(lab, requests):
    lab.start()
    lab.finish()
    with requests(lab.tab) as seen:
        lab.player.part("play").click()
        lab.player.wait("g.shown === g.total && !g.playing")
        lab.scrub(300)
        lab.player.part("pixel").click()
        lab.player.wait("g.shown === 301")
        lab.player.part("back-row").click()
        lab.player.wait("g.shown === 280")
        lab.tab.get_by_role("button", name="Roll").click()
    assert seen == []


def test_roll_gives_another_seed(lab):
    lab.type_seed(123_456)

    lab.tab.get_by_role("button", name="Roll").click()

    lab.player.wait_until(lambda: lab.seed.input_value() != "123456")
    assert 0 <= int(lab.seed.input_value()) <= page_of_pixelcnn.DICE


def test_a_branch_keeps_what_is_on_the_screen_and_goes_on_with_the_new_seed(lab, store, card):
    lab.type_seed(11)
    lab.start()
    lab.finish()
    lab.scrub(400)
    kept = lab.picture()
    lab.type_seed(12)

    lab.start(trigger=lab.player.part("branch").click)
    lab.finish()

    caption = f"{card.title} · seed 11 · from pixel 400: seed 12"
    assert lab.player.part("caption").inner_text() == caption
    run = Run(card.name, 1, "raster", (Segment(0, 11, 1.0), Segment(400, 12, 1.0)))
    *_, frame = stream_run(store.get(card.name), run)
    assert (lab.picture() == frame.images[0, 0].numpy()).all()
    lab.scrub(400)
    assert (lab.picture() == kept).all()


def test_a_branch_with_the_old_seed_takes_a_new_one_and_shows_it(lab):
    lab.type_seed(11)
    lab.start()
    lab.finish()
    lab.scrub(400)

    lab.start(trigger=lab.player.part("branch").click)
    lab.finish()

    new = lab.seed.input_value()
    assert new != "11"
    assert lab.player.part("caption").inner_text().endswith(f"seed 11 · from pixel 400: seed {new}")


@pytest.mark.slow
def test_two_visitors_with_one_seed_get_one_picture_and_do_not_meet(visit, lab):
    other = visit()
    lab.type_seed(21)
    lab.start()
    lab.finish()

    assert other.player.count("run") == "opening"
    other.type_seed(21)
    other.start()
    other.finish()

    assert (other.picture() == lab.picture()).all()
    assert other.player.count("run") != lab.player.count("run")


@pytest.fixture
def busy(url, card, held):
    """Two held runs of others: as many as the server computes at once."""
    for seed in (1, 2):
        settings = [card.name, 1, seed, 1.0, "raster", "any", 1.0, 1.0, 1]
        httpx.post(f"{url}gradio_api/call/draw_pixels", json={"data": settings})
    return held


def test_a_busy_server_tells_the_place_in_the_queue(lab, busy):
    lab.draw.click()

    lab.status.filter(has_text="queue: 1/1").wait_for()
    assert busy.started == 2

    busy.release()
    lab.player.wait_until(lambda: busy.ended == 3)
    lab.finish()
    assert not lab.status.filter(has_text="queue").count()


def test_stop_leaves_the_queue(lab, busy):
    lab.draw.click()
    lab.status.filter(has_text="queue: 1/1").wait_for()

    with lab.tab.expect_response("**/cancel"):
        lab.stop.click()

    lab.draw.wait_for()
    busy.release()
    lab.player.wait_until(lambda: busy.ended == 2)
    lab.start()
    lab.finish()
    assert busy.started == 3, "the run that was stopped never began"


def test_a_wrong_value_is_told_and_the_page_goes_on(lab):
    lab.type_seed("")
    before = lab.player.count("run")

    lab.draw.click()

    toast = lab.tab.get_by_test_id("toast-body")
    toast.filter(has_text="Seed must be a whole number from 0 to 4294967295. Change it").wait_for()
    lab.draw.wait_for()
    assert lab.player.count("run") == before
    lab.tab.get_by_test_id("toast-close").click()
    lab.type_seed(1)
    lab.start()
    lab.finish()


def test_a_click_on_a_pixel_is_explained_with_its_numbers(lab, store, card):
    lab.type_seed(5)
    lab.start()
    lab.finish()
    lab.open("Look closer")

    lab.player.stage.click(position=lab.player.inside(12, 7))

    account = lab.tab.locator(".genlab-account.prose")
    account.get_by_role("heading", name="Row 12, column 7: pixel 344").wait_for()
    run = Run(card.name, 1, "raster", (Segment(0, 5, 1.0),))
    expected = account_for(store.get(card.name), run, 0, 12, 7)
    said = account.text_content()
    assert f"{expected.uniform:.4f}" in said
    assert f"{expected.image_bits:.1f}" in said
    assert account.locator("strong").inner_text() == ("white" if expected.level else "black")
    assert account.locator("math").count() > 5, "the formulas are set"


@pytest.mark.slow
def test_every_claim_s_check_answers(lab, store):
    lab.open("Common mistakes")
    claims = (*lessons.claims(store), *pixels_depth.claims(store, "Sampling"))
    cards = lab.tab.locator(".genlab-claim:visible")
    cards.nth(len(claims) - 1).wait_for()
    assert cards.count() == len(claims)

    for index, claim in enumerate(claims):
        box = cards.nth(index)
        assert claim.said in box.inner_text()
        box.get_by_role("button", name="Check it").click()
        number = box.locator(".genlab-finding strong").first
        number.wait_for()
        assert any(letter.isdigit() for letter in number.inner_text())


def focused(tab):
    return tab.evaluate(
        "() => { const e = document.activeElement; return e.dataset.part || e.innerText.trim(); }"
    )


def tab_to(tab, name, *, most=60, back=False):
    """Press Tab until a control has the focus."""
    for _ in range(most):
        if focused(tab) == name:
            return
        tab.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"{name} cannot be reached by keyboard, stuck at {focused(tab)!r}")


def test_the_keyboard_alone_draws_pauses_and_steps(visit):
    lab = visit()
    lab.set_speed(0)
    keys = lab.tab.keyboard
    tab_to(lab.tab, "Draw")
    lab.start(trigger=lambda: keys.press("Enter"))
    lab.player.wait("g.playing && g.arrived === g.total")
    tab_to(lab.tab, "play", back=True)

    keys.press(" ")

    lab.player.wait("!g.playing")
    shown = lab.player.count("shown")
    tab_to(lab.tab, "pixel")
    keys.press("Enter")
    lab.player.wait(f"g.shown === {shown + 1}")


def test_draw_and_stop_hand_the_keyboard_s_focus_to_each_other(lab, held):
    lab.draw.focus()
    lab.start(trigger=lambda: lab.tab.keyboard.press("Enter"))
    lab.player.wait_until(lambda: focused(lab.tab) == "Stop")

    lab.tab.keyboard.press("Enter")

    lab.draw.wait_for()
    lab.player.wait_until(lambda: focused(lab.tab) == "Draw")
    lab.player.wait_until(lambda: held.ended == 1)


@pytest.fixture(scope="module", params=[False, True], ids=["light", "dark"])
def unfolded(request, shared_page, canvas, url):
    """The finished page on a phone with everything open, in one theme."""
    tab = shared_page(url, width=PHONE, height=740, dark=request.param, still=True)
    lab = Lab(tab, canvas)
    lab.finish()
    for title in ("More", "Look closer", "Common mistakes"):
        lab.open(title)
    tab.locator(".genlab-claim").first.wait_for()
    assert tab.evaluate("() => document.body.classList.contains('dark')") == request.param
    return lab


def test_a_phone_scrolls_down_and_never_sideways(unfolded):
    unfolded.tab.set_viewport_size({"width": PHONE, "height": 740})
    unfolded.player.stage.click(position=unfolded.player.inside(12, 7))
    unfolded.tab.locator(".genlab-account math").first.wait_for()

    assert unfolded.tab.evaluate("() => document.documentElement.scrollWidth") <= PHONE
    assert unfolded.player.stage.bounding_box()["width"] >= 280
    assert unfolded.draw.is_visible()


def serious(violations):
    """What axe holds for more than a blemish, with the places."""
    return [
        (each["id"], [(node["target"], node["html"][:200]) for node in each["nodes"]])
        for each in violations
        if each["impact"] in ("serious", "critical")
    ]


@pytest.mark.slow
def test_axe_finds_nothing_serious_on_the_whole_page(unfolded):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    unfolded.tab.set_viewport_size({"width": 1280, "height": 900})
    unfolded.player.stage.click(position=unfolded.player.inside(13, 7))
    unfolded.tab.locator(".genlab-account math").first.wait_for()

    found = axe.run(unfolded.tab).response["violations"]

    assert serious(found) == []


def test_axe_finds_nothing_serious_in_the_stop_button(unfolded, held):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    unfolded.tab.mouse.move(0, 0)
    unfolded.start(trigger=lambda: unfolded.draw.press("Enter"))  # no mouse, no hover colour
    unfolded.stop.wait_for()

    found = axe.run(unfolded.tab, context={"include": ["#pixelcnn-stop"]}).response["violations"]

    unfolded.stop.click()
    unfolded.draw.wait_for()
    assert serious(found) == []


def test_a_class_of_the_gated_network_is_drawn_under_its_guidance(visit, store):
    lab = visit()
    lab.pick("Model", "Gated PixelCNN, binary MNIST")
    lab.tab.get_by_text("What the picture should show").wait_for()
    lab.pick("Class", "3")
    lab.open("More")
    guidance = lab.tab.get_by_label("number input for Guidance")
    guidance.fill("2")
    guidance.blur()

    lab.start()
    lab.finish()

    gated = store.card("gated-mnist")
    caption = lab.player.part("caption").inner_text()
    assert caption == f"{gated.title} · class 3, guidance 2 · seed 0"
    expected = drawn_by(store, gated, seed=0, count=1, label=3, guidance=2.0)[0]
    assert (lab.picture() == expected).all()


def test_a_larger_picture_under_top_p_is_drawn_exactly_and_told_about(visit, store, card):
    lab = visit()
    lab.open("More")
    top_p = lab.tab.get_by_label("number input for Top-p")
    top_p.fill("0.9")
    top_p.blur()
    lab.choose("56")
    lab.choose("Wavefront")

    lab.start()
    lab.finish()

    caption = lab.player.part("caption").inner_text()
    assert caption == f"{card.title} · 56 × 56 pixels · seed 0, top-p 0.9"
    expected = drawn_by(store, card, seed=0, count=1, size=56, top_p=0.9)[0]
    assert expected.shape == (56, 56)
    assert (lab.picture(side=56) == expected).all()
    lab.tab.get_by_text("reads at most 10 rows up").wait_for()


def test_a_network_without_classes_offers_none(visit):
    lab = visit()
    lab.tab.get_by_text("This network was trained without classes").wait_for()
    assert lab.tab.get_by_label("Class", exact=True).is_disabled()

    lab.pick("Model", "Gated PixelCNN, binary MNIST")
    lab.open("More")
    lab.tab.get_by_text("This network's cache serves one order").wait_for()

    assert not lab.tab.get_by_label("Class", exact=True).is_disabled()
    assert lab.tab.get_by_label("Wavefront", exact=True).count() == 0

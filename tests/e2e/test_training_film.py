"""The training film on a page of its own: scrubbed, played and saved by a visitor."""

import io

import gradio as gr
import numpy as np
import pytest
from clouded_film import CLASSES, clouded_film
from PIL import Image
from shelved import tiny_card
from tiny_film import COLS, ROWS, tiny_film, write_film

from genlab.films.gif import film_gif
from genlab.store import ModelStore
from genlab.ui.canvas import FilmPlayer
from genlab.ui.lessons import film as lesson

MOMENTS = 5
FILMS = {
    "first": tiny_film("first", moments=MOMENTS, seed=1),
    "second": tiny_film("second", moments=MOMENTS, seed=2, rows=COLS, cols=ROWS),
    "clouded": clouded_film("clouded", moments=MOMENTS, seed=3, rows=20),
}
TITLES = {name: f"Tiny {name}" for name in (*FILMS, "bare")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The films of two cards."""
    folder = tmp_path_factory.mktemp("films")
    for film in FILMS.values():
        write_film(folder, film)
    return folder


def build_page(folder, chosen):
    """A card picker and the film below it; the card "bare" has none."""
    store = ModelStore(folder, tuple(tiny_card(name) for name in TITLES))
    with gr.Blocks(analytics_enabled=False) as blocks:
        choices = [(title, name) for name, title in TITLES.items()]
        card = gr.Dropdown(choices, value=chosen, label="Model")
        lesson.build(store, card, films=folder)
    return blocks


@pytest.fixture(scope="module")
def url(folder, serve):
    return serve(build_page(folder, "first"))


def unfold(tab, canvas):
    tab.get_by_role("button", name="Training film").click()
    film = canvas(tab, "training-film")
    film.wait("g.paints > 0")
    return film


@pytest.fixture(scope="module")
def bench(shared_page, canvas, url):
    """The unfolded film that most tests share."""
    return unfold(shared_page(url), canvas)


@pytest.fixture
def film(bench):
    """The shared film of the first card, at its first moment."""
    scrub(bench, 0)
    return bench


def scrub(film, moment):
    film.part("scrub").evaluate(
        "(node, value) => { node.value = value; "
        "node.dispatchEvent(new Event('input', {bubbles: true})); }",
        moment,
    )
    film.wait(f"g.shown === {moment} && !g.playing")


def choose(tab, name):
    tab.get_by_label("Model").click()
    tab.get_by_role("option", name=TITLES[name]).click()


def assert_shows(film, name, moment):
    picture = FILMS[name].pictures[moment]
    seen = np.array(film.picture(*picture.shape))
    np.testing.assert_array_equal(seen, np.repeat(picture[..., None], 3, axis=-1))


def caption(film):
    return tuple(film.part(name).inner_text() for name in ("step", "time", "value"))


def words(name, moment):
    told = FILMS[name].moments[moment]
    return f"{told.step:,}", told.time, f"{told.validation:.2f}"


def test_it_opens_on_the_last_moment(page, canvas, url):
    film = unfold(page(url), canvas)

    assert film.count("shown") == MOMENTS - 1
    assert_shows(film, "first", MOMENTS - 1)


def test_scrubbing_changes_picture_and_caption_without_a_request(film, requests):
    with requests(film.tab) as seen:
        for moment in (2, 4, 0, 3, 1):
            scrub(film, moment)
            assert_shows(film, "first", moment)
            assert caption(film) == words("first", moment)
    assert seen == []


def test_playing_asks_nothing_and_ends_at_the_last_moment(film, requests):
    with requests(film.tab) as seen:
        film.part("play").click()
        film.wait("g.playing && g.shown > 0")
        assert film.part("play-word").inner_text() == "Pause"
        film.wait("g.shown === g.total - 1 && !g.playing")
    assert seen == []
    assert_shows(film, "first", MOMENTS - 1)
    assert film.part("play-word").inner_text() == "Play"


def test_pause_stays_where_it_is(film):
    film.part("play").click()
    film.wait("g.playing && g.shown === 1")
    film.part("play").click()
    film.wait("!g.playing")
    assert film.count("shown") < MOMENTS - 1
    assert film.part("play-word").inner_text() == "Play"


def test_the_keyboard_alone_goes_through_the_film(film):
    keys = film.tab.keyboard
    film.stage.focus()
    for key, moment in [("End", 4), ("ArrowLeft", 3), ("ArrowLeft", 2), ("ArrowRight", 3)]:
        keys.press(key)
        film.wait(f"g.shown === {moment}")
    assert film.part("live").inner_text().startswith("moment 4 of 5: step 1,200, 6.0 min")
    keys.press("Home")
    film.wait("g.shown === 0")
    keys.press("ArrowLeft")
    film.wait("g.shown === 0")
    keys.press(" ")
    film.wait("g.playing && g.shown > 0")
    keys.press(" ")
    film.wait("!g.playing")
    film.part("scrub").focus()
    keys.press("Home")
    film.wait("g.shown === 0")
    keys.press("ArrowRight")
    film.wait("g.shown === 1")
    said = film.part("scrub").get_attribute("aria-valuetext")
    assert said == "moment 2 of 5: step 400, 40 s of training, 250.00 nats an image"
    assert film.stage.get_attribute("aria-label").endswith(said)


def test_the_buttons_stop_at_both_ends(film):
    film.part("back").click(force=True)  # it says that it is of no use
    film.wait("g.shown === 0")
    assert film.part("back").get_attribute("aria-disabled") == "true"
    film.part("next").click()
    film.wait("g.shown === 1")
    assert film.part("back").get_attribute("aria-disabled") == "false"


def test_a_click_on_the_curve_goes_to_its_moment(film):
    for moment in (3, 0, 4):
        x, y = film.count(f"place({moment})")
        film.tab.mouse.click(x, y)
        film.wait(f"g.shown === {moment}")


def test_the_curve_stands_above_its_scrubber(film):
    for moment in range(MOMENTS):
        scrub(film, moment)
        x, _ = film.count(f"place({moment})")
        box = film.part("scrub").bounding_box()
        thumb = box["x"] + 9 + (box["width"] - 18) * moment / (MOMENTS - 1)
        assert abs(x - thumb) <= 1


def test_the_curve_names_its_unit_its_scale_and_what_lies_above(film):
    labels = film.part("curve").locator("text").all_text_contents()

    assert "nats an image" in labels
    assert "0 s" in labels and "11 min" in labels
    assert "lower is better" in film.part("figure").inner_text()
    said = film.part("curve").get_attribute("aria-label")
    assert "from 500.00 nats an image at step 0 to 100.00 at step 1,600" in said


def test_the_table_reads_every_moment(film):
    film.box.locator("summary").click()
    rows = film.part("table").locator("tbody tr")
    assert [tuple(row.locator("td").all_inner_texts()) for row in rows.all()] == [
        words("first", moment) for moment in range(MOMENTS)
    ]
    film.box.locator("summary").click()


def test_reduced_motion_jumps_to_the_end(page, canvas, url):
    film = unfold(page(url, still=True), canvas)
    scrub(film, 0)
    paints = film.count("paints")
    film.part("play").click()
    film.wait(f"g.shown === {MOMENTS - 1} && !g.playing")
    assert film.count("paints") == paints + 1


def test_the_film_follows_the_card(page, canvas, url):
    tab = page(url)
    film = unfold(tab, canvas)
    choose(tab, "second")
    film.wait("g.film === 'second'")
    assert_shows(film, "second", MOMENTS - 1)
    scrub(film, 1)
    assert_shows(film, "second", 1)
    tab.get_by_text("Tiny second learns").wait_for()

    choose(tab, "bare")
    tab.get_by_text("There is no training film of Tiny bare.").wait_for()
    film.box.wait_for(state="hidden")

    choose(tab, "first")
    film.wait("g.film === 'first'")
    assert_shows(film, "first", MOMENTS - 1)


def test_a_page_that_begins_without_a_film_shows_the_next_cards(page, canvas, folder, serve):
    tab = page(serve(build_page(folder, "bare")))
    tab.get_by_role("button", name="Training film").click()
    tab.get_by_text("There is no training film of Tiny bare.").wait_for()
    assert not tab.locator("#training-film").is_visible()

    choose(tab, "second")
    film = canvas(tab, "training-film")
    film.wait("g.film === 'second'")
    assert_shows(film, "second", MOMENTS - 1)


def test_save_gif_brings_the_films_gif_and_asks_once(film, requests):
    with film.tab.expect_download() as first:
        film.part("gif").click()
    assert first.value.suggested_filename == "genlab-first-training.gif"
    assert first.value.path().read_bytes() == film_gif(FILMS["first"])

    with requests(film.tab) as seen, film.tab.expect_download() as again:
        film.part("gif").click()
    assert again.value.path().read_bytes() == first.value.path().read_bytes()
    assert seen == []


def test_save_png_brings_the_moment_on_the_stage(film):
    scrub(film, 3)
    with film.tab.expect_download() as saved:
        film.part("save").click()
    assert saved.value.suggested_filename == "genlab-first-step-1200.png"


@pytest.fixture(scope="module")
def arriving(serve):
    """A page with an empty film and a button that brings one."""
    with gr.Blocks(analytics_enabled=False) as blocks:
        button = gr.Button("bring")  # on top, where a click scrolls nothing
        player = FilmPlayer(label="A film", elem_id="training-film")
        button.click(lambda: FILMS["first"], None, player, show_progress="hidden")
    return serve(blocks)


@pytest.mark.parametrize("width", [360, 390, 1280])
def test_the_film_has_its_size_before_it_arrives(page, canvas, arriving, width):
    film = canvas(page(arriving, width=width), "training-film")
    pieces = [film.stage, *(film.part(name) for name in ("curve", "scrub", "play", "details"))]
    before = [piece.bounding_box() for piece in pieces]
    film.tab.get_by_role("button", name="bring").click()
    film.wait("g.paints > 0")
    assert [piece.bounding_box() for piece in pieces] == before


@pytest.mark.parametrize("width", [360, 390, 1280])
def test_nothing_sticks_out(page, canvas, url, width):
    tab = page(url, width=width)
    film = unfold(tab, canvas)
    assert tab.evaluate("() => document.documentElement.scrollWidth") <= width
    frame = film.part("curve").bounding_box()
    for label in film.part("curve").locator("text").all():
        box = label.bounding_box()
        assert frame["x"] - 1 <= box["x"]
        assert box["x"] + box["width"] <= frame["x"] + frame["width"] + 1


# — the cloud —


@pytest.fixture(scope="module")
def clouded_url(folder, serve):
    """A page that begins with the film that has a cloud."""
    return serve(build_page(folder, "clouded"))


@pytest.fixture(scope="module")
def cloud_bench(shared_page, canvas, clouded_url):
    """The unfolded film that the tests of the cloud share."""
    return unfold(shared_page(clouded_url), canvas)


@pytest.fixture
def clouded(cloud_bench):
    """The same, at its last moment."""
    scrub(cloud_bench, MOMENTS - 1)
    return cloud_bench


def dot_colours(film, moment):
    """Mean red, green, blue on the screen where that moment has each dot."""
    picture = np.array(Image.open(io.BytesIO(film.tab.screenshot())).convert("RGB")).astype(int)
    places = [film.count(f"dot({moment}, {index})") for index in range(len(CLASSES))]
    corners = [(round(x) - 4, round(y) - 4) for x, y in places]
    return np.array([picture[y : y + 9, x : x + 9].mean(axis=(0, 1)) for x, y in corners])


def test_the_dots_move_with_the_scrubber_and_keep_their_scale(clouded, requests):
    last = dot_colours(clouded, MOMENTS - 1)
    apart = np.abs(last[:, None] - last).sum(axis=-1)
    same = np.equal.outer(CLASSES, CLASSES)
    assert apart[same].max() < 30 < apart[~same].min()
    first, end = clouded.count("dot(0, 0)"), clouded.count(f"dot({MOMENTS - 1}, 0)")
    with requests(clouded.tab) as seen:
        scrub(clouded, 2)
    assert seen == []
    middle = clouded.count("dot(2, 0)")
    np.testing.assert_allclose(middle, (np.array(first) + end) / 2, atol=1)
    np.testing.assert_allclose(dot_colours(clouded, 2), last, atol=30)
    assert not np.allclose(dot_colours(clouded, MOMENTS - 1), last, atol=30)


def test_the_cloud_is_named_counted_and_in_the_table(clouded):
    assert clouded.part("cloud-legend").locator("li").all_text_contents() == [
        f"{name}2" for name in ("0", "1", "7", "8")
    ]
    scrub(clouded, 0)
    words = clouded.part("cloud-words").inner_text()
    assert "the same 8 images at step 0, spread by 0.00 × 0.00" in words
    assert clouded.part("cloud").get_attribute("aria-label") == words
    clouded.box.locator("summary").click()
    heads = clouded.part("table").locator("thead th").all_inner_texts()
    assert heads[-1] == "spread of the codes"
    clouded.box.locator("summary").click()


def test_pictures_and_cloud_stand_side_by_side_where_there_is_room(clouded):
    pictures, cloud = clouded.stage.bounding_box(), clouded.part("cloud").bounding_box()

    assert cloud["x"] >= pictures["x"] + pictures["width"]
    assert abs(cloud["y"] - pictures["y"]) < 4
    assert abs(cloud["width"] - pictures["width"]) < 16


def test_a_film_without_a_cloud_has_none(film):
    assert not film.part("cloud-figure").is_visible()


def test_the_cloud_comes_and_goes_with_the_card(page, canvas, url):
    tab = page(url)
    film = unfold(tab, canvas)
    choose(tab, "clouded")
    film.wait("g.film === 'clouded' && g.dots === 8")
    assert film.part("cloud-figure").is_visible()
    choose(tab, "first")
    film.wait("g.film === 'first'")
    assert not film.part("cloud-figure").is_visible()


def test_save_png_brings_pictures_and_cloud(clouded):
    with clouded.tab.expect_download() as saved:
        clouded.part("save").click()
    with Image.open(saved.value.path()) as picture:
        assert picture.size == (1680, 840)


@pytest.mark.parametrize("width", [360, 390, 800, 1280])
def test_no_cloud_sticks_out(page, canvas, clouded_url, width):
    tab = page(clouded_url, width=width)
    film = unfold(tab, canvas)
    assert tab.evaluate("() => document.documentElement.scrollWidth") <= width
    box = film.part("cloud").bounding_box()
    assert abs(box["width"] - box["height"]) < 1 and box["width"] > 200

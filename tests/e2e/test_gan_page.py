"""The GAN page in a real browser: grid, classes, the guessing game, sliders, sums, the critic."""

import gradio as gr
import numpy as np
import pytest
import torch
from adversarial_shelf import CLASSES, DIM, PLAIN, TOLD, gan_store
from playwright.sync_api import expect

from genlab.analysis.critic import score_gradient
from genlab.core.images import to_picture
from genlab.inference.latent import prior_codes
from genlab.inference.prior_samples import sample
from genlab.ui.adversarial import critic, grid, guess
from genlab.ui.adversarial.opinions import in_words, percent
from genlab.ui.tabs import gan

PARTS = (
    *("Grid", "Guess", "Sliders", "Between", "Arithmetic", "Critic", "Guidelines"),
    "Live game in 2-D",
)
SIDE, ROUNDING = 28, 2

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return gan_store(tmp_path_factory.mktemp("cards"))


@pytest.fixture(scope="module")
def url(store, serve):
    with gr.Blocks(analytics_enabled=False, fill_width=True) as blocks:
        gan.build(store)
    return serve(blocks)


@pytest.fixture
def visit(page, url):
    """Open the page at one of its parts."""

    def go(part="Grid", **settings):
        tab = page(url, **settings)
        open_part(tab, part)
        return tab

    return go


def open_part(tab, name):
    part = tab.get_by_role("tab", name=name, exact=True).locator("visible=true")
    tab.get_by_role("tab", name="Grid", exact=True).first.wait_for()
    if not part.count():  # on a phone, gradio folds the last ones into a menu
        tab.get_by_label("More tabs").locator("visible=true").last.click()
        part = tab.get_by_role("button", name=name, exact=True).locator("visible=true")
    part.first.click()


def choose(tab, label, option):
    tab.get_by_label(label, exact=True).locator("visible=true").first.click()
    tab.get_by_role("option", name=option, exact=True).click()


def notes(model, labels, images):
    """What stands under pictures."""
    shares = model.score(images, labels).sigmoid().tolist()
    return [f"{in_words(share)}, {percent(share)}" for share in shares]


def wait_for_notes(sheet, expected):
    sheet.wait_until(lambda: [each["note"] for each in sheet.count("opinions()")] == expected)


def test_the_grid_opens_with_seed_0_and_follows_seed_model_and_class(visit, canvas, store):
    tab = visit()
    sheet = canvas(tab, "gan-grid")
    wait_for_notes(sheet, notes(store.get(PLAIN), None, sample(store.get(PLAIN), count=16)))

    tab.locator("#gan-grid-seed input").fill("9")
    nine = sample(store.get(PLAIN), seed=9, count=16)
    wait_for_notes(sheet, notes(store.get(PLAIN), None, nine))

    choose(tab, "Model", f"Tiny {TOLD}")
    told = store.get(TOLD)
    labels = torch.arange(16) % CLASSES
    wait_for_notes(sheet, notes(told, labels, sample(told, seed=9, count=16)))

    choose(tab, "Class", "2")
    labels = torch.full((16,), 2)
    wait_for_notes(sheet, notes(told, labels, sample(told, seed=9, count=16, label=2)))


def test_truncation_is_off_until_it_is_asked_for_and_says_its_price(visit, canvas, store):
    tab = visit()
    sheet, model = canvas(tab, "gan-grid"), store.get(PLAIN)
    expect(tab.locator("#gan-grid-words")).to_contain_text("Truncation is off")

    tab.locator("#gan-truncated input").check()

    wait_for_notes(sheet, notes(model, None, sample(model, count=16, truncation=grid.THRESHOLD)))
    expect(tab.locator("#gan-grid-words")).to_contain_text("without truncation they would")
    expect(tab.locator("#gan-threshold input[type=range]")).to_be_enabled()


def test_real_pictures_stand_above_when_asked_for(visit, canvas, store):
    tab = visit()
    expect(tab.locator("#gan-real")).not_to_be_visible()

    tab.locator("#gan-shows-real input").check()

    expect(tab.locator("#gan-real")).to_be_visible()
    canvas(tab, "gan-real").wait("g.opinions().length === 8")


def test_the_grid_is_saved_as_a_picture(visit, canvas):
    tab = visit()
    canvas(tab, "gan-grid").wait("g.opinions().length === 16")

    with tab.expect_download() as saved:
        tab.locator("#gan-grid").get_by_role("button", name="Save PNG").click()

    assert saved.value.suggested_filename == "genlab-Generated-pictures.png"


def test_a_round_is_guessed_revealed_and_counted(visit, canvas, store, monkeypatch):
    monkeypatch.setattr(guess.secrets, "randbelow", lambda most: 17)
    truth = guess.mixture_of(store, guess.Round(PLAIN, 17)).is_real.tolist()
    tab = visit("Guess")
    sheet = canvas(tab, "gan-guess")
    sheet.wait("g.isFull()")
    assert sheet.count("opinions()") == []

    pictures = tab.locator("#gan-guess button.gl-picture")
    for place, is_real in enumerate(truth):
        if is_real:
            pictures.nth(place).click()
    tab.get_by_role("button", name="Reveal").click()

    sheet.wait("g.opinions().length === 12")
    titles = [each["title"] for each in sheet.count("opinions()")]
    assert titles == ["real" if is_real else "generated" for is_real in truth]
    assert {each["mark"] for each in sheet.count("opinions()")} == {"right"}
    expect(tab.locator("#gan-guess-words")).to_contain_text("You: 12 of 12")
    expect(tab.locator("#gan-guess-words")).to_contain_text("of 12 pictures")

    pictures.first.click(force=True)  # too late
    assert sheet.count("changed") == sum(truth)
    tab.get_by_role("button", name="Next round").click()
    sheet.wait("g.opinions().length === 0 && g.marked().length === 0")
    tab.get_by_role("button", name="Reveal").click()
    expect(tab.locator("#gan-guess-words")).to_contain_text("of 24 pictures")


def test_a_round_is_played_with_the_keyboard(visit, canvas):
    tab = visit("Guess")
    sheet = canvas(tab, "gan-guess")
    sheet.wait("g.isFull()")

    tab.locator("#gan-guess button.gl-picture").first.focus()
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("Enter")

    assert sheet.count("marked()") == [guess.COLS + 1]


def test_a_slider_moves_the_picture_of_the_chosen_class(visit, canvas, store):
    tab = visit("Sliders")
    choose(tab, "Model", f"Tiny {TOLD}")
    choose(tab, "Class", "1")
    tab.get_by_text(f"Tiny {TOLD}, class 1").locator("visible=true").first.wait_for()
    latents, picture = canvas(tab, "gan-sliders-code"), canvas(tab, "gan-sliders-picture")
    before = torch.tensor([latents.count("value()")])

    typed = tab.locator("#gan-sliders-code input[type=number]").first
    typed.fill("1.5")
    typed.press("Enter")

    latents.wait_until(lambda: 1.5 in latents.count("value()"))
    code = torch.tensor([latents.count("value()")])
    assert not torch.equal(code, before) and code.shape == (1, DIM)
    image = store.get(TOLD).decode(code, torch.tensor([1]))
    wait_for_picture(picture, image)


def wait_for_picture(component, image):
    expected = to_picture(image)[0, 0].numpy().astype(int)

    def is_shown():
        seen = np.array(component.picture(SIDE, SIDE))[..., 0].astype(int)
        return np.abs(seen - expected).max() <= ROUNDING

    component.wait_until(is_shown)


def wait_for_panel(component, index, image):
    def is_shown():
        values = np.array(component.count(f"values({index})"))
        return values.size == SIDE**2 and np.abs(values - image.flatten().numpy()).max() < 0.01

    component.wait_until(is_shown)


def test_a_sum_follows_the_picked_pictures(visit, canvas, store):
    tab = visit("Arithmetic")
    sums, model = canvas(tab, "gan-arithmetic-codes"), store.get(PLAIN)
    z = prior_codes(model, 0, 24)
    means = [z[start : start + 3].mean(dim=0) for start in (0, 3, 6)]
    wait_for_panel(sums, 3, model.decode((means[0] - means[1] + means[2])[None]))

    tab.locator("#gan-arithmetic-sheet").get_by_role("button", name="Row 3, example 1").click()

    more = z[[0, 1, 2, 12]].mean(dim=0)
    wait_for_panel(sums, 3, model.decode((more - means[1] + means[2])[None]))


def test_the_critic_s_map_follows_the_picture_and_the_step(visit, canvas, store):
    tab = visit("Critic")
    panels, model = canvas(tab, "gan-critic"), store.get(PLAIN)
    real = critic.dealt(store, PLAIN, 0)[1].images[2:3]
    _, gradient = score_gradient(model, real)

    tab.locator("#gan-critic-pictures").get_by_role("button", name="real, example 3").click()

    wait_for_panel(panels, 0, real)
    wait_for_panel(panels, 1, gradient / gradient.abs().max())
    tab.locator("#gan-critic-step input[type=number]").fill("0")
    wait_for_panel(panels, 2, real)
    expect(tab.locator("#gan-critic-words")).to_contain_text("stays as it is")


def test_the_checklist_follows_the_model(visit):
    tab = visit("Guidelines")
    expect(tab.locator("#gan-guidelines")).to_contain_text(f"Tiny {PLAIN}")

    choose(tab, "Model", f"Tiny {TOLD}")

    expect(tab.locator("#gan-guidelines")).to_contain_text(f"Tiny {TOLD}")
    expect(tab.locator("#gan-guidelines")).to_contain_text("critic.body.5")


def test_no_part_is_wider_than_a_phone_or_broken(visit):
    tab = visit(width=390)

    for name in PARTS:
        open_part(tab, name)
        tab.get_by_role("heading").locator("visible=true").nth(1).wait_for()
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390, name
        assert tab.get_by_text("Error rendering").count() == 0, name

"""The VAE page as a visitor meets it: every part of it opens whole, whatever was chosen before."""

import pytest

from genlab.store import ModelStore
from genlab.ui.shell import LAUNCH, build_app
from genlab.ui.tabs.vae import offered_cards

PARTS = ("Sliders", "Your picture", "Plane", "Between", "Arithmetic", "Prior", "Loss")
NAMED = ".genlab-status:has-text('VAE, 10 dimensions')"
FOLLOWS = {  # what a part shows of the card with ten dimensions, and of no other
    **dict.fromkeys(("Sliders", "Between", "Arithmetic"), NAMED),
    "Your picture": "#encode-cloud svg[aria-label*=' of 10 numbers']",
    "Plane": "#plane-map",  # that card has none
    "Prior": "p:has-text('of 10, the two that')",
    "Loss": "#bound-bars svg[aria-label='KL of each of 10 dimensions']",
}
BROKEN = "Error rendering"  # what gradio writes in place of a component

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not offered_cards(ModelStore()), reason="no VAE is trained"),
]


@pytest.fixture(scope="module")
def tab(shared_page, serve):
    app = build_app(ModelStore())
    tab = shared_page(serve(app, **LAUNCH))
    tab.set_default_timeout(60_000)
    tab.get_by_role("tab", name="VAE", exact=True).click()
    return tab


def open_part(tab, name):
    part = tab.get_by_role("tab", name=name, exact=True).locator("visible=true")
    if not part.count():  # on a phone, gradio folds the last ones into a menu
        tab.get_by_label("More tabs").locator("visible=true").last.click()
        part = tab.get_by_role("button", name=name, exact=True).locator("visible=true")
    part.first.click()
    tab.wait_for_function(
        """() => [...document.querySelectorAll('canvas')].some(
            (each) => each.offsetParent && each.clientWidth > 100)"""
    )


@pytest.mark.parametrize("name", PARTS)
def test_every_part_opens_with_its_canvases(tab, name):
    open_part(tab, name)

    assert tab.get_by_text(BROKEN).count() == 0


def test_parts_that_were_not_open_follow_another_model(tab):
    open_part(tab, "Sliders")
    tab.get_by_label("Model", exact=True).locator("visible=true").first.click()
    tab.get_by_role("option", name="10 dimensions").click()
    tab.get_by_text("VAE, 10 dimensions").first.wait_for()

    for name in PARTS:
        open_part(tab, name)
        assert tab.get_by_text(BROKEN).count() == 0
        tab.locator(FOLLOWS[name]).locator("visible=true").first.wait_for()


def test_the_mistakes_are_checked_on_the_spot(tab):
    tab.get_by_role("button", name="Common mistakes").locator("visible=true").click()

    checks = tab.get_by_role("button", name="Check it").locator("visible=true")
    checks.nth(2).wait_for()
    for check in checks.all():
        check.click()
    for finding in ("lie within one standard deviation", "One code was drawn", "hardly anything"):
        tab.get_by_text(finding).locator("visible=true").wait_for()


def test_no_part_is_wider_than_a_phone(page, serve, tab):
    phone = page(tab.url, width=390)
    phone.set_default_timeout(60_000)
    phone.get_by_role("tab", name="VAE", exact=True).click()

    for name in PARTS:
        open_part(phone, name)
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390, name

"""A finding belongs to the choice that was checked: another choice takes it away."""

import threading

import gradio as gr
import pytest
from playwright.sync_api import expect

from genlab.ui.closer import Claim, common_mistakes

CHOICES = ("digits", "clothes")


class Lab:
    """A page with three claims on one tab and one on another; `gate` holds the checks back."""

    def __init__(self):
        self.gate = threading.Event()
        self.gate.set()

    def check(self, name):
        self.gate.wait(60)
        return f"**Found** for {name}"

    def build(self):
        with gr.Blocks(analytics_enabled=False) as blocks:
            for title, count in (("many", 3), ("one", 1)):
                with gr.Group(elem_id=title):
                    choice = gr.Radio(list(CHOICES), value=CHOICES[0], label=f"Model of {title}")
                    claims = tuple(Claim(f"Claim {n}", "No.", self.check) for n in range(count))
                    common_mistakes(claims, choice)
        return blocks


@pytest.fixture(scope="module")
def lab():
    return Lab()


@pytest.fixture(scope="module")
def url(lab, serve):
    return serve(lab.build())


@pytest.fixture
def group(page, url, lab, request):
    """The part with as many claims as the test asks for, unfolded."""
    lab.gate.set()
    return unfold(page(url), request.param)


def unfold(tab, name):
    group = tab.locator(f"#{name}")
    group.get_by_role("button", name="Common mistakes").click()
    group.get_by_role("button", name="Check it").first.wait_for()
    return group


def check_all(group):
    for check in group.get_by_role("button", name="Check it").all():
        check.click()


def has_findings(group, count, words="Found for"):
    expect(group.get_by_text(words)).to_have_count(count)


@pytest.mark.parametrize(("group", "count"), [("many", 3), ("one", 1)], indirect=["group"])
def test_another_choice_clears_every_finding_and_asks_nothing(group, count, requests):
    check_all(group)
    has_findings(group, count)

    with requests(group.page) as seen:
        group.get_by_label("clothes").check()
        has_findings(group, 0)

    assert seen == []
    check_all(group)
    has_findings(group, count, "Found for clothes")


@pytest.mark.parametrize("group", ["one"], indirect=True)
def test_a_finding_that_comes_after_another_choice_is_not_shown(group, lab):
    other = unfold(group.page, "many")
    lab.gate.clear()
    check_all(group)
    group.get_by_label("clothes").check()
    expect(group.get_by_label("clothes")).to_be_checked()

    lab.gate.set()
    check_all(other)

    has_findings(other, 3)  # which were asked for later
    has_findings(group, 0)

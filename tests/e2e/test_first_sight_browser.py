"""A family's pages are filled when its tab is first opened, and left alone ever after."""

import gradio as gr
import pytest
from playwright.sync_api import expect

from genlab.ui import kit

FILLED = []


@pytest.fixture(scope="module")
def url(serve):
    with gr.Blocks(analytics_enabled=False) as blocks, gr.Tabs():
        for family in ("first", "second"):
            with gr.Tab(family, elem_classes=kit.FAMILY):
                shown = gr.Textbox(label=f"of {family}", interactive=True)
                kit.on_first_sight(lambda name=family: FILLED.append(name) or "here", shown)
    return serve(blocks)


def test_what_a_visitor_changes_stays_when_the_tab_is_opened_again(page, url):
    FILLED.clear()
    tab = page(url)
    expect(tab.get_by_label("of first")).to_have_value("here")
    assert FILLED == ["first"]

    tab.get_by_role("tab", name="second").click()
    expect(tab.get_by_label("of second")).to_have_value("here")
    tab.get_by_label("of second").fill("mine")
    for _ in range(2):  # when the second answer is there, what the first led to is, too
        tab.get_by_role("tab", name="first").click()
        with tab.expect_response(lambda answer: "queue/join" in answer.url):
            tab.get_by_role("tab", name="second").click()

    expect(tab.get_by_label("of second")).to_have_value("mine")
    assert FILLED == ["first", "second"]

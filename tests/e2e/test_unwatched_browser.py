"""With events that Svelte does not watch, a page works as before, and they are not watched."""

import gradio as gr
import pytest
from playwright.sync_api import expect

from genlab.ui import shell


@pytest.fixture(scope="module")
def url(serve):
    with gr.Blocks(analytics_enabled=False) as blocks:
        given = gr.Textbox(label="given")
        told = gr.Textbox(label="told")
        counted = gr.Number(0, label="counted")
        given.submit(str.upper, given, told).then(lambda n: n + 1, counted, counted)
        told.change(None, js="() => { window.changed = (window.changed || 0) + 1; }")
    return serve(blocks, **shell.LAUNCH)


def test_events_run_in_their_order(page, url):
    tab = page(url)

    for times, word in enumerate(["first", "second"], start=1):
        tab.get_by_label("given").fill(word)
        tab.get_by_label("given").press("Enter")
        expect(tab.get_by_label("told")).to_have_value(word.upper())
        expect(tab.get_by_label("counted")).to_have_value(str(times))
        tab.wait_for_function(f"() => window.changed === {times}")

    assert tab.evaluate(
        """() => {
            const events = window.gradio_config.dependencies;
            return events.length === 3 && [events, ...events.map((each) => each.targets)].every(
                (each) => Array.isArray(each) && Object.getPrototypeOf(each) !== Array.prototype);
        }"""
    )

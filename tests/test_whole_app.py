"""What holds for every component and every event of the whole app.

Settings are plain data: gradio takes a prop that is no attribute of its component, and whose name
stands in quotes in the component's script, for the name of an event. Its settings then hold a
reference to the whole app, which is copied with every page load.
"""

import json

import gradio as gr
import pytest

from genlab.store import ModelStore
from genlab.ui.canvas import DrawingCanvas, PixelCanvas, PixelPlayer
from genlab.ui.shell import build_app

CHOOSING = {"input", "change"}


def assert_plain(component):
    json.dumps(component.get_config())
    missing = [name for name in component.props if name not in vars(component)]
    assert missing == [], f"{type(component).__name__} does not set these props as attributes"


@pytest.mark.parametrize("build", [PixelCanvas, DrawingCanvas, PixelPlayer])
def test_a_canvas_sets_its_props_as_attributes(build):
    assert_plain(build(label="A canvas"))


@pytest.fixture(scope="module")
def app():
    return build_app(ModelStore())


def test_every_component_of_the_app_is_plain_data(app):
    components = app.blocks.values()

    ours = [each for each in components if isinstance(each, gr.HTML) and type(each) is not gr.HTML]

    assert len(ours) > 5
    for component in ours:
        assert_plain(component)


def test_no_choice_is_dropped_while_the_one_before_it_is_answered(app):
    choices = [
        (function, type(app.blocks[component]).__name__, event)
        for function in app.fns.values()
        for component, event in function.targets
        if event in CHOOSING
    ]

    assert len(choices) > 50
    dropping = [
        f"{name}.{event}: {function.fn}"
        for function, name, event in choices
        if function.trigger_mode == "once" and function.fn is not None
    ]
    assert dropping == [], "gradio's default; say always_last, or the last choice may be lost"


def test_every_event_that_is_to_end_a_run_is_the_first_of_its_chain(app):
    ending = [each for each in app.fns.values() if each.cancels]

    assert len(ending) > 20
    unheard = [
        f"{app.fns[run].name} goes on"
        for each in ending
        for run in each.cancels
        if any(component is None for component, _ in each.targets)
    ]
    assert unheard == [], "gradio heeds no `cancels` of an event that follows another"

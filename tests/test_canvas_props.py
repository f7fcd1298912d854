"""Every component's settings are plain data.

Gradio takes a prop that is no attribute of its component, and whose name stands in quotes in the
component's script, for the name of an event. Its settings then hold a reference to the whole app,
which is copied with every page load.
"""

import json

import gradio as gr
import pytest

from genlab.store import ModelStore
from genlab.ui.canvas import DrawingCanvas, PixelCanvas, PixelPlayer
from genlab.ui.shell import build_app


def assert_plain(component):
    json.dumps(component.get_config())
    missing = [name for name in component.props if name not in vars(component)]
    assert missing == [], f"{type(component).__name__} does not set these props as attributes"


@pytest.mark.parametrize("build", [PixelCanvas, DrawingCanvas, PixelPlayer])
def test_a_canvas_sets_its_props_as_attributes(build):
    assert_plain(build(label="A canvas"))


def test_every_component_of_the_app_is_plain_data():
    components = build_app(ModelStore()).blocks.values()

    ours = [each for each in components if isinstance(each, gr.HTML) and type(each) is not gr.HTML]

    assert len(ours) > 5
    for component in ours:
        assert_plain(component)

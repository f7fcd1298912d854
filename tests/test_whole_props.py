"""Every update of one of our components carries all of its props."""

import gradio as gr
import pytest
from gradio import blocks

from genlab.ui.canvas import PixelCanvas
from genlab.ui.whole_props import complete_update, send_whole_props


@pytest.fixture
def restored(monkeypatch):
    monkeypatch.setattr(blocks, "postprocess_update_dict", blocks.postprocess_update_dict)


def test_an_update_names_the_props_that_it_does_not_change_too():
    canvas = PixelCanvas(label="A canvas", rows=4, cols=5, size=99)

    update = complete_update(canvas, {"overlay": "23" * 20})

    assert update["props"] == {**canvas.props, "overlay": "23" * 20}
    assert update["props"]["size"] == 99


def test_a_new_value_alone_stays_small():
    canvas = PixelCanvas(label="A canvas", rows=1, cols=2)

    assert complete_update(canvas, {"value": "00ff"}) == {
        "value": "00ff",
        "__type__": "update",
    }


def test_components_of_gradio_are_left_alone():
    update = complete_update(gr.Slider(0, 1), {"maximum": 1})

    assert "props" not in update
    assert update["maximum"] == 1


def test_gradio_uses_it_once_asked_and_asking_again_changes_nothing(restored):
    send_whole_props()
    first = blocks.postprocess_update_dict
    send_whole_props()

    assert first is blocks.postprocess_update_dict is complete_update
    canvas = PixelCanvas(label="A canvas", rows=1, cols=2)
    assert "size" in blocks.postprocess_update_dict(canvas, {"overlay": ""})["props"]

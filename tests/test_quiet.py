"""What a page with many events spares the browser."""

import gradio as gr

from genlab.store import ModelStore
from genlab.ui import shell
from genlab.ui.quiet import share_hidden_progress


def test_only_events_whose_progress_is_hidden_share_a_place():
    with gr.Blocks(analytics_enabled=False) as app:
        place, text, button = gr.Markdown(), gr.Textbox(), gr.Button()
        button.click(str, text, text, show_progress="hidden", api_name="hidden")
        button.click(str, text, text, api_name="shown")
        button.click(str, text, text, show_progress_on=button, api_name="elsewhere")
    share_hidden_progress(app, place)

    events = app.get_config_file()["dependencies"]
    told = {each["api_name"]: each["show_progress_on"] for each in events}

    assert told == {"hidden": [place._id], "shown": None, "elsewhere": [button._id]}


def test_the_site_has_few_components_that_wait_for_progress(tmp_path):
    config = shell.build_app(ModelStore(tmp_path, ())).get_config_file()

    hidden = [each for each in config["dependencies"] if each["show_progress"] == "hidden"]
    assert hidden and len({tuple(each["show_progress_on"]) for each in hidden}) == 1


def test_the_site_looks_into_its_queue_less_often_than_gradio_would(tmp_path):
    with gr.Blocks(analytics_enabled=False) as plain:
        plain.queue()

    app = shell.build_app(ModelStore(tmp_path, ()))

    assert app._queue.sleep_when_free == shell.LOOKS > plain._queue.sleep_when_free


def test_a_class_may_open_the_page_in_the_same_moment():
    events = shell.build_app(ModelStore()).get_config_file()["dependencies"]
    loads = [each for each in events if any(name == "load" for _, name in each["targets"])]

    assert loads and len(loads) * shell.CLASS <= shell.WAITING

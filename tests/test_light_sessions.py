"""A session that begins light tells the same settings as gradio's own, and computes them late."""

import gradio as gr
import httpx
import pytest
from gradio.blocks import BlocksConfig
from gradio.state_holder import SessionState

from genlab.store import ModelStore
from genlab.ui import shell
from genlab.ui.light_sessions import LateSettings, begin_light_sessions, begin_whole


@pytest.fixture(autouse=True)
def as_gradio_has_it(monkeypatch):
    """At first; and afterwards as it was before."""
    monkeypatch.setattr(SessionState, "__init__", begin_whole)


@pytest.fixture
def blocks():
    with gr.Blocks(analytics_enabled=False) as blocks:
        with gr.Tab("One"):
            text = gr.Textbox("hello", label="Text")
            gr.State(3)
        slider = gr.Slider(0, 5, value=2)
        gr.Button("Go").click(lambda a, b: (a + "!", b + 1), [text, slider], [text, slider])
    return blocks


def named(blocks, kind):
    return next(key for key, block in blocks.blocks.items() if isinstance(block, kind))


def nothing(session, blocks):
    pass


def a_new_value(session, blocks):
    session._update_value_in_config(named(blocks, gr.Textbox), "changed")
    session._update_value_in_config(named(blocks, gr.Slider), 4)


def another_component(session, blocks):
    session[named(blocks, gr.Slider)] = gr.Slider(1, 9, value=7, render=False)


def a_state(session, blocks):
    session[named(blocks, gr.State)] = 5


@pytest.mark.parametrize("change", [nothing, a_new_value, another_component, a_state])
def test_the_settings_are_gradio_s(blocks, change):
    own = SessionState(blocks)
    begin_light_sessions()
    light = SessionState(blocks)
    assert not isinstance(own.config_values, LateSettings)
    for each in (own, light):
        change(each, blocks)

    assert list(light.components) == list(own.components)
    assert len(list(light.components)) > 5
    assert vars(light).keys() == vars(own).keys()


def test_a_change_is_one_visitor_s_alone(blocks):
    begin_light_sessions()
    one, other = SessionState(blocks), SessionState(blocks)
    before = list(other.components)
    a_new_value(one, blocks)
    another_component(one, blocks)

    assert list(other.components) == before == list(SessionState(blocks).components)
    assert list(one.components) != before


def test_a_session_begins_without_computing_settings(blocks, monkeypatch):
    asked = []
    settings = BlocksConfig.config_for_block
    monkeypatch.setattr(
        BlocksConfig,
        "config_for_block",
        staticmethod(lambda *given: asked.append(given[0]) or settings(*given)),
    )
    SessionState(blocks)
    assert len(asked) == len(blocks.blocks)  # gradio does; where it no longer does, drop the module
    asked.clear()

    begin_light_sessions()
    light = SessionState(blocks)
    a_new_value(light, blocks)
    assert len(asked) == 2


def test_a_deep_link_holds_what_the_visitor_has_changed(blocks):
    begin_light_sessions()
    _, url, _ = blocks.launch(
        server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, ssr_mode=False
    )
    asked = {"data": ["changed", 4], "fn_index": 0, "session_hash": "visitor", "trigger_id": None}
    try:
        with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
            client.post("/gradio_api/queue/join", json=asked)
            client.get("/gradio_api/queue/data", params={"session_hash": "visitor"})
            link = client.get("/gradio_api/deep_link", params={"session_hash": "visitor"}).json()
            config = client.get("/config", params={"deep_link": link}).json()
    finally:
        blocks.close()

    values = {each["id"]: each["props"].get("value") for each in config["components"]}
    assert values[named(blocks, gr.Textbox)] == "changed!"
    assert values[named(blocks, gr.Slider)] == 5


def test_the_site_s_sessions_are_light(tmp_path):
    app = shell.build_app(ModelStore(tmp_path, ()), ())

    assert isinstance(SessionState(app).config_values, LateSettings)

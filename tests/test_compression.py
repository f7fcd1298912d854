"""The page travels compressed and arrives whole; streams of events are left alone."""

import json

import gradio as gr
import httpx
import pytest

from genlab.ui.compression import COMPRESSED
from genlab.ui.shell import LAUNCH

SCRIPT = "element.textContent = 'the same script for every canvas';" * 20


@pytest.fixture(scope="module")
def client():
    with gr.Blocks() as blocks:
        canvases = [gr.HTML("", js_on_load=SCRIPT) for _ in range(40)]
        gr.Button("Go").click(lambda: "done", outputs=canvases[0], api_name="go")
    _, url, _ = blocks.launch(
        app_kwargs={"middleware": [COMPRESSED]},
        server_name="127.0.0.1",
        prevent_thread_lock=True,
        quiet=True,
        run_history=False,
        ssr_mode=False,
    )
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
        yield client
    blocks.close()


def size(answer):
    return int(answer.headers["content-length"])


@pytest.mark.parametrize("path", ["/", "/config"])
@pytest.mark.parametrize("encoding", ["br", "gzip"])
def test_the_page_is_small_on_its_way_and_whole_at_its_end(client, path, encoding):
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    packed = client.get(path, headers={"Accept-Encoding": encoding})

    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == encoding
    assert size(packed) < size(plain) / 4
    assert len(packed.text) == len(plain.text)
    assert packed.text.count("the same script") == plain.text.count("the same script") >= 40 * 20


def test_events_are_not_held_back(client):
    asked = {"data": [], "fn_index": 0, "session_hash": "visitor", "trigger_id": None}
    client.post("/gradio_api/queue/join", json=asked)

    heard = client.get(
        "/gradio_api/queue/data",
        params={"session_hash": "visitor"},
        headers={"Accept-Encoding": "br, gzip"},
    )

    assert heard.headers["content-type"].startswith("text/event-stream")
    assert "content-encoding" not in heard.headers
    messages = [json.loads(line[6:]) for line in heard.text.splitlines() if line[:6] == "data: "]
    assert messages[-1]["msg"] == "close_stream"
    assert any(each.get("output", {}).get("data") == ["done"] for each in messages)


def test_the_app_is_launched_with_it():
    assert COMPRESSED in LAUNCH["app_kwargs"]["middleware"]

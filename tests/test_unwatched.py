"""The page gets one script more, and nothing else is touched."""

import json

import gradio as gr
import httpx
import pytest

from genlab.ui.shell import LAUNCH
from genlab.ui.unwatched import SCRIPT, UNWATCHED, with_script


@pytest.fixture(scope="module")
def client():
    with gr.Blocks() as blocks:
        said = gr.Textbox("the end of a head looks like this: </head>")
        gr.Button("Go").click(lambda: "done", outputs=said)
    settings = {key: value for key, value in LAUNCH.items() if key != "css_paths"}
    _, url, _ = blocks.launch(
        **settings, server_name="127.0.0.1", prevent_thread_lock=True, quiet=True
    )
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
        yield client
    blocks.close()


@pytest.mark.parametrize("encoding", ["identity", "br"])
def test_the_script_stands_once_between_the_configuration_and_the_body(client, encoding):
    answer = client.get("/", headers={"Accept-Encoding": encoding})
    page = answer.content

    assert page.count(SCRIPT) == 1
    place = page.index(SCRIPT)
    assert page.index(b"window.gradio_config =") < place < page.index(b"<body")
    if encoding == "identity":
        assert int(answer.headers["content-length"]) == len(page)


def test_without_the_script_the_page_is_gradio_s(client):
    page = client.get("/").text
    configuration = page.split("window.gradio_config = ")[1].split(";</script>")[0]

    assert len(json.loads(configuration)["dependencies"]) == 1
    assert client.get("/config").json()["dependencies"]


def test_what_is_no_page_passes(client):
    assert SCRIPT not in client.get("/theme.css").content
    assert client.head("/").status_code == 200
    assert with_script(b"{}") == b"{}"


def test_the_site_has_it():
    assert UNWATCHED in LAUNCH["app_kwargs"]["middleware"]

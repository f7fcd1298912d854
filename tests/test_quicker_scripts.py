"""Gradio's scripts with shortcuts: found, served in their place, and nothing else is touched."""

import gradio as gr
import httpx
import pytest

from genlab.ui.quicker_scripts import ASSETS, QUICKER, SHORTCUTS, quicker_scripts
from genlab.ui.shell import LAUNCH


def original(name):
    return (ASSETS / name).read_text(encoding="utf8")


@pytest.fixture(scope="module")
def client():
    with gr.Blocks() as blocks:
        gr.Textbox("hello")
    settings = {key: value for key, value in LAUNCH.items() if key != "css_paths"}
    _, url, _ = blocks.launch(
        **settings, server_name="127.0.0.1", prevent_thread_lock=True, quiet=True
    )
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
        yield client
    blocks.close()


def of(name):
    """The shortcuts that belong into a script."""
    return [each for each in SHORTCUTS if each.words in original(name)]


def test_gradio_still_has_the_words():
    """Where this fails, gradio has changed: look whether it still needs the shortcut."""
    assert [len(of(name)) for name in sorted(quicker_scripts())] == [2, 1]
    assert len({each.words for name in quicker_scripts() for each in of(name)}) == len(SHORTCUTS)


def test_a_script_is_gradio_s_but_for_its_shortcuts():
    for name, content in quicker_scripts().items():
        changed = content.decode()
        for shortcut in reversed(of(name)):
            assert shortcut.words not in changed
            changed = changed.removesuffix(shortcut.after)
            changed = changed.replace(shortcut.instead, shortcut.words)

        assert changed == original(name)


def test_of_two_shortcuts_the_one_whose_words_are_there_is_taken(tmp_path):
    first, other = SHORTCUTS[:2]
    assert first.files == other.files
    (tmp_path / "Blocks-1.js").write_text(other.words, encoding="utf8")

    assert quicker_scripts(tmp_path) == {"Blocks-1.js": (other.instead + other.after).encode()}


@pytest.mark.parametrize("script", ["let other = 1;", "{0}{0}"])
def test_other_words_or_the_same_ones_twice_are_left_alone(tmp_path, script):
    for shortcut in SHORTCUTS:
        path = tmp_path / shortcut.files.replace("*", "1")
        path.write_text(script.replace("{0}", shortcut.words), encoding="utf8")

    assert quicker_scripts(tmp_path) == {}


@pytest.mark.parametrize("encoding", ["identity", "br"])
@pytest.mark.parametrize("name", quicker_scripts())
def test_the_site_serves_the_script_with_its_shortcut(client, name, encoding):
    answer = client.get(f"/assets/{name}", headers={"Accept-Encoding": encoding})

    assert answer.content == quicker_scripts()[name]
    assert "javascript" in answer.headers["content-type"]


@pytest.mark.parametrize("name", quicker_scripts())
def test_a_browser_that_has_the_script_gets_no_second_one(client, name):
    first = client.get(f"/assets/{name}")
    tag = first.headers["etag"]

    again = client.get(f"/assets/{name}", headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get(f"/assets/{name}", headers={"If-None-Match": '"x"'}).status_code == 200


def test_what_is_no_such_script_passes(client):
    (other,) = list(ASSETS.glob("Blocks-*.css"))[:1]
    name = next(iter(quicker_scripts()))

    assert client.get(f"/assets/{other.name}").text == original(other.name)
    assert client.get(f"/{name}").content != quicker_scripts()[name]
    assert client.get("/assets/nothing.js").status_code == 404
    assert client.post(f"/assets/{name}").status_code == 405


def test_the_site_has_it():
    assert QUICKER in LAUNCH["app_kwargs"]["middleware"]

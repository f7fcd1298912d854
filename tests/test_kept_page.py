"""The kept page is gradio's own, to the byte, and made once for all who may see the same."""

import threading
from concurrent.futures import ThreadPoolExecutor

import gradio as gr
import gradio.networking
import httpx
import pytest
from anyio.from_thread import start_blocking_portal
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from genlab.ui.compression import COMPRESSED
from genlab.ui.kept_page import KEPT, MOST
from genlab.ui.shell import LAUNCH

CLASS = 12  # visitors at once


class Counted:
    """ASGI middleware that counts the requests which get through to gradio."""

    paths: list[str] = []

    def __init__(self, app):
        self._app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            self.paths.append(scope["path"])
        await self._app(scope, receive, send)


@pytest.fixture(scope="module")
def blocks():
    with gr.Blocks() as blocks:
        gr.Textbox("hello " * 100)
        gr.Button("Go").click(lambda: None)
    return blocks


@pytest.fixture(scope="module")
def app(blocks):
    _, url, _ = blocks.launch(
        app_kwargs={"middleware": [KEPT, Middleware(Counted), COMPRESSED]},
        server_name="127.0.0.1",
        prevent_thread_lock=True,
        quiet=True,
        run_history=False,
        ssr_mode=False,
    )
    yield url
    blocks.close()


@pytest.fixture
def client(app, blocks):
    blocks.config = dict(blocks.config)  # another one: nothing is kept of it
    Counted.paths.clear()
    with httpx.Client(base_url=app, trust_env=False, timeout=60) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/config"])
@pytest.mark.parametrize("encoding", ["identity", "gzip", "br"])
def test_what_is_kept_is_what_gradio_makes(client, path, encoding):
    headers = {"Accept-Encoding": encoding}
    own = client.get(path, headers={**headers, "Cookie": "access-token-x=y"})  # made for it alone
    first, second = (client.get(path, headers=headers) for _ in range(2))

    assert first.content == second.content == own.content
    assert Counted.paths == [path, path]  # its own, and the one that is kept
    for name in ("content-type", "content-encoding", "content-length"):
        assert first.headers.get(name) == second.headers.get(name) == own.headers.get(name)


def test_a_class_that_opens_it_together_waits_for_one_page(client, app):
    gate = threading.Barrier(CLASS)

    def visit(_):
        with httpx.Client(base_url=app, trust_env=False, timeout=60) as visitor:
            gate.wait()
            return visitor.get("/").content

    with ThreadPoolExecutor(CLASS) as pool:
        pages = set(pool.map(visit, range(CLASS)))

    assert len(pages) == 1
    assert Counted.paths == ["/"]


@pytest.mark.parametrize(
    ("headers", "root"),
    [
        ({"Host": "lab.example"}, "http://lab.example"),
        ({"X-Forwarded-Host": "lab.example:81"}, "http://lab.example:81"),
        ({"Host": "lab.example", "X-Forwarded-Proto": "https"}, "https://lab.example"),
        ({"X-Gradio-Server": "http://lab.example/below"}, "http://lab.example/below"),
    ],
)
def test_every_address_gets_its_own_page(client, headers, root):
    plain = client.get("/config").json()["root"]

    assert client.get("/config", headers=headers).json()["root"] == root
    assert client.get("/config").json()["root"] == plain != root


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ({"deep_link": "nobody"}, {}),
        ({"page": ""}, {}),
        ({"all_endpoints": "1"}, {}),
        ({}, {"Cookie": "theme=dark; access-token-unsecure-x=abc"}),
    ],
)
def test_a_page_of_one_s_own_is_neither_kept_nor_taken_from_what_is(client, query, headers):
    client.get("/")
    client.get("/", params=query, headers=headers)
    client.get("/", params=query, headers=headers)

    assert Counted.paths == ["/"] * 3


def test_parameters_that_the_browser_alone_reads_make_no_other_page(client):
    plain = client.get("/")

    assert client.get("/", params={"__theme": "dark"}).content == plain.content
    assert Counted.paths == ["/"]


def test_a_browser_that_has_the_page_gets_no_second_one(client):
    first = client.get("/")
    tag = first.headers["etag"]
    again = client.get("/", headers={"If-None-Match": tag})

    assert first.headers["cache-control"] == "no-cache"  # it asks every time
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get("/", headers={"If-None-Match": '"other"'}).status_code == 200


def test_after_a_hot_reload_the_page_is_the_new_one(client, blocks):
    old = client.get("/config").json()
    blocks.config = {**blocks.config, "title": "another title"}

    assert old["title"] != "another title"
    assert client.get("/config").json()["title"] == "another title"


def test_forged_addresses_do_not_push_out_the_page_in_use(client):
    for number in range(2 * MOST):
        client.get("/")
        client.get("/", headers={"Host": f"host{number}.example"})
    client.get("/", headers={"Host": "host0.example"})  # pushed out

    assert len(Counted.paths) == 1 + 2 * MOST + 1


def test_an_encoding_is_kept_for_those_who_ask_for_it(client):
    encodings = [None, "gzip", "br"]
    answers = [
        client.get("/", headers={"Accept-Encoding": each or "identity"}) for each in encodings * 2
    ]

    assert [each.headers.get("content-encoding") for each in answers] == encodings * 2
    assert len({each.text for each in answers}) == 1
    assert len(Counted.paths) == 3


def test_other_requests_pass(client):
    assert client.post("/").status_code == 405
    assert client.get("/nothing").status_code == 404
    assert client.get("/theme.css").status_code == 200
    assert len(Counted.paths) == 3


def test_a_busy_server_that_asks_itself_whether_it_is_there_makes_no_page(client):
    """Gradio gives up its start, and blames the proxy, if that takes more than three seconds."""
    answer = client.head("/")

    assert (answer.status_code, answer.content, Counted.paths) == (200, b"", [])
    assert gradio.networking.url_ok(str(client.base_url))
    assert Counted.paths == []


@pytest.mark.parametrize("failure", ["answer", "exception"])
def test_a_failure_is_not_kept(failure):
    """The next visitor gets the page, though the first one's could not be made."""
    seen = []

    def answer(request):
        seen.append(request)
        if len(seen) > 1:
            return PlainTextResponse("the page")
        if failure == "exception":
            raise ValueError("broken once")
        return PlainTextResponse("broken once", status_code=503)

    app = Starlette(routes=[Route("/", answer)], middleware=[KEPT])
    app.get_blocks = lambda: _Blocks
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)

    async def visit():
        async with httpx.AsyncClient(transport=transport, base_url="http://lab") as client:
            return [await client.get("/") for _ in range(3)]

    with start_blocking_portal() as thread:  # Playwright's loop may run in this one
        first, *later = thread.call(visit)
    assert first.status_code == (500 if failure == "exception" else 503)
    assert [each.text for each in later] == ["the page", "the page"]
    assert len(seen) == 2


class _Blocks:
    config: dict = {}


def test_a_server_may_name_itself_in_a_list():
    """As ASGI allows, and as starlette's own client for tests does."""
    routes = [Route("/", lambda request: PlainTextResponse(request.url.netloc))]
    app = Starlette(routes=routes, middleware=[KEPT])
    app.get_blocks = lambda: _Blocks
    texts = [
        TestClient(app, base_url=f"http://{name}").get("/").text for name in ("one", "two", "one")
    ]
    assert texts == ["one", "two", "one"]


def test_the_site_keeps_the_page_as_it_is_sent():
    """Outside of what compresses and changes the page."""
    assert LAUNCH["app_kwargs"]["middleware"][0] is KEPT

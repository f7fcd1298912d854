"""The page, made once and kept, so that a whole class may open it at the same time.

Gradio 6.31 copies, converts and compresses the megabytes of a page anew for every visitor, half a
second of a processor for ours, while all who draw wait. The results differ in nothing but the
address under which the visitor sees the server; `python -m benchmarks.pages` measures both. Whoever
has logged in, or follows a deep link, gets a page of his own, as gradio makes it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from genlab.ui.tagged import tagged

PAGES = {"/", "/config"}
MOST = 8  # pages kept: some encodings, and an address or two; a forged one pushes out the oldest
OF_THE_ADDRESS = (
    *("host", "x-forwarded-host", "x-forwarded-proto", "x-gradio-server"),
    "accept-encoding",
)
"""Headers that gradio, and its compression, read for a page."""
OWN = {"deep_link", "page", "all_endpoints"}
"""Parameters of the address for which gradio makes another page."""
LEFT_OUT = {"content-length", "date"}  # of the headers kept: made for every answer


@dataclass(frozen=True)
class Page:
    """One answer of gradio's."""

    status: int
    headers: dict[str, str]
    body: bytes


class KeptPage:
    """ASGI middleware, outside of all that changes or compresses the page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._pages: OrderedDict[Hashable, Page] = OrderedDict()
        self._made_of: object = None  # gradio's configuration, another one after a hot reload
        self._making = asyncio.Lock()  # a class that finds nothing kept waits for one page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for the page; all else passes as it is."""
        if _asks_whether_it_is_there(scope):
            await Response(media_type="text/html")(scope, receive, send)
            return
        if not _is_for_everybody(scope):
            await self._app(scope, receive, send)
            return
        page = await self._page(scope)
        if page.status == 200:
            headers = {**page.headers, "cache-control": "no-cache"}  # kept, but asked about
            answer = tagged(scope, page.body, headers)
        else:
            answer = Response(page.body, page.status, page.headers)
        await answer(scope, receive, send)

    async def _page(self, scope: Scope) -> Page:
        key = _key(scope)
        page = self._kept(scope, key)
        if page is None:
            async with self._making:
                page = self._kept(scope, key) or await self._make(scope)
                if page.status == 200:
                    self._pages[key] = page
                    while len(self._pages) > MOST:
                        self._pages.popitem(last=False)
        return page

    def _kept(self, scope: Scope, key: Hashable) -> Page | None:
        config = scope["app"].get_blocks().config
        if config is not self._made_of:
            self._pages.clear()
            self._made_of = config
        if key in self._pages:
            self._pages.move_to_end(key)
        return self._pages.get(key)

    async def _make(self, scope: Scope) -> Page:
        """What gradio answers, whether or not this visitor still listens."""
        start: Message = {}
        parts: list[bytes] = []

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                parts.append(message.get("body", b""))

        await self._app(dict(scope), _nothing_more, collect)
        headers = Headers(raw=start["headers"])
        kept = {name: value for name, value in headers.items() if name not in LEFT_OUT}
        return Page(start["status"], kept, b"".join(parts))


def _asks_whether_it_is_there(scope: Scope) -> bool:
    """As gradio does of itself when it starts; it gives up after three seconds, in which a busy
    processor does not make the page.
    """
    return scope["type"] == "http" and scope["method"] == "HEAD" and scope["path"] in PAGES


def _is_for_everybody(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] not in PAGES:
        return False
    asked = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    return not OWN & asked.keys() and "access-token" not in Headers(scope=scope).get("cookie", "")


def _key(scope: Scope) -> Hashable:
    headers = Headers(scope=scope)
    seen = tuple(headers.get(name) for name in OF_THE_ADDRESS)
    server = tuple(scope.get("server") or ())  # some servers give a list
    return scope["path"], scope["scheme"], scope.get("root_path"), server, seen


async def _nothing_more() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


KEPT = Middleware(KeptPage)

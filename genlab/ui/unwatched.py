"""Opens a large page sooner: its list of events is not watched for changes.

Gradio 6.31 asks every event about every component, and reads the events through Svelte's proxies,
which tell of changes: the product of both, a third of the time until the first picture of a page
like ours (`python -m benchmarks.opening`). Events of a page never change, and Svelte leaves alone
what has another prototype than a plain object or array.
"""

from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SCRIPT = b"""<script>{
const list = Object.create(Array.prototype), record = Object.create(Object.prototype);
const events = window.gradio_config?.dependencies ?? [];
for (const event of events) {
  Object.setPrototypeOf(event.targets, list);
  Object.setPrototypeOf(event, record);
}
Object.setPrototypeOf(events, list);
}</script>"""
HEAD_END = b"</head>"
PAGE = "/"


class UnwatchedEvents:
    """ASGI middleware that adds `SCRIPT` to the page, which runs before gradio's own scripts."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; what is not the page passes as it is."""
        if scope["type"] != "http" or scope["path"] != PAGE or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        start: Message = {}
        parts: list[bytes] = []

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            parts.append(message.get("body", b""))
            if not message.get("more_body"):
                page = with_script(b"".join(parts))
                MutableHeaders(raw=start["headers"])["content-length"] = str(len(page))
                await send(start)
                await send({"type": "http.response.body", "body": page})

        await self._app(scope, receive, collect)


def with_script(page: bytes) -> bytes:
    """The page with `SCRIPT` at the end of its head; one without a head as it is."""
    before, end, after = page.rpartition(HEAD_END)
    return before + SCRIPT + end + after if end else page


UNWATCHED = Middleware(UnwatchedEvents)

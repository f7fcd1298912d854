"""Opens a large page sooner: two of gradio's scripts, served with shortcuts.

Gradio 6.31 does two things once for every pair of a component and an event, or of a component and
a component, while a page like ours with its 1,300 components and 600 events waits, and one twice:

- it looks for the component of every event, node by node through the whole page, to lay aside
  settings which no event of ours has; twice as the page opens, and whenever an event begins;
- it asks every event about every component, to tell each component its own;
- it builds the page, and builds it again as if its settings had been loaded anew, which they are
  when a developer changes the app.

The first is left out where there is nothing to lay aside, and the last where nothing was loaded
anew. The second asks a table that is made once. `python -m benchmarks.opening` measures them
together. Where gradio's files have other words than these, they are served as they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import gradio as gr
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from genlab.ui.tagged import tagged

ASSETS = Path(gr.__file__).parent / "templates" / "frontend" / "assets"
ADDRESS = "/assets/"


@dataclass(frozen=True)
class Shortcut:
    """Other words for some of a script.

    Attributes:
        files: a pattern of the names that the script may have.
        words: what stands there, once.
        instead: what takes its place.
        after: what follows the whole script.
    """

    files: str
    words: str
    instead: str
    after: str = ""


SHORTCUTS = (
    Shortcut(
        files="Blocks-*.js",
        words="async set_event_args(e,t){let n={},r=await this.get_state_cb?.(e);",
        instead="async set_event_args(e,t){if(!Object.keys(t??{}).length)return()=>{};"
        "let n={},r=await this.get_state_cb?.(e);",
    ),
    Shortcut(
        files="Blocks-*.js",
        words="{v(),oe(()=>{O.reload(r.components,",  # v() counts the times
        instead="{v()&&oe(()=>{O.reload(r.components,",
    ),
    Shortcut(
        files="core-*.js",
        words="let n=t.filter(t=>t.targets.find(([t])=>t===e.id)).map(t=>{"
        "let n=t.targets.find(([t])=>t===e.id);return n?n[1]:null}).filter(Boolean);",
        instead="let n=genlabEventsOf(t,e.id);",
        after="""
const genlabTables = new WeakMap();
function genlabEventsOf(events, id) {
  let table = genlabTables.get(events);
  if (table?.length !== events.length) {
    table = { length: events.length, names: new Map() };
    for (const event of events) {
      const seen = new Set();
      for (const [target, name] of event.targets) {
        if (seen.has(target)) continue;
        seen.add(target);
        if (!name) continue;
        if (!table.names.has(target)) table.names.set(target, []);
        table.names.get(target).push(name);
      }
    }
    genlabTables.set(events, table);
  }
  return [...(table.names.get(id) ?? [])];
}
""",
    ),
)


def quicker_scripts(assets: Path = ASSETS) -> dict[str, bytes]:
    """The scripts with their shortcuts, by file name; none where gradio has other words."""
    return dict(_found(assets))


def _found(assets: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted({path for each in SHORTCUTS for path in assets.glob(each.files)}):
        own = changed = path.read_text(encoding="utf8")
        for shortcut in SHORTCUTS:
            if path.match(shortcut.files) and own.count(shortcut.words) == 1:
                changed = changed.replace(shortcut.words, shortcut.instead) + shortcut.after
        if changed != own:
            yield path.name, changed.encode()


class QuickerScripts:
    """ASGI middleware that serves `quicker_scripts` in place of gradio's."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._scripts = quicker_scripts()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for such a script; all else passes as it is."""
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
            return
        script = self._scripts.get(scope["path"].removeprefix(ADDRESS))
        if script is None or not scope["path"].startswith(ADDRESS):
            await self._app(scope, receive, send)
            return
        headers = {"content-type": "application/javascript"}
        await tagged(scope, script, headers)(scope, receive, send)


QUICKER = Middleware(QuickerScripts)

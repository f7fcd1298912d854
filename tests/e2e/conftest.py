"""A real browser for the tests beside this file.

They need playwright and Debian's chromium and are skipped without them, unless
GENLAB_REQUIRE_BROWSER=1 says that this machine must have both. A page fails its test when the
console shows an error. Nothing here waits for a time: the canvases count what they did in
`element.genlab`, and tests wait for those counts. Yet a busy machine can deliver an event of
gradio's late, or two as one: a test that fails runs up to twice more, and the summary counts each
as a rerun.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import gradio as gr
import pytest

from genlab.ui.light_sessions import begin_light_sessions
from genlab.ui.shell import look_less_often
from genlab.ui.whole_props import send_whole_props

LAUNCH = {
    "server_name": "127.0.0.1",
    "prevent_thread_lock": True,
    "quiet": True,
    "run_history": False,
    "ssr_mode": False,
}
CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 60_000  # ms; a slow machine is no failure, a hang is


def pytest_configure(config: pytest.Config) -> None:
    # gradio 6.31 makes an event loop for each Blocks (utils.safe_get_lock) and never closes it.
    config.addinivalue_line("filterwarnings", "ignore:unclosed event loop:ResourceWarning")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.flaky(reruns=2))


def _do_without(reason: str) -> None:
    if os.environ.get("GENLAB_REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser():
    """One chromium for all tests."""
    try:
        from playwright.sync_api import expect, sync_playwright
    except ImportError:
        _do_without("playwright is not installed: pip install -r requirements-dev.txt")
    path = shutil.which("chromium")
    if path is None:
        _do_without("chromium is not installed: apt-get install chromium")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[..., str]]:
    """Launch Blocks on a free loopback port, as the site does; returns the address.

    Each ends with its file: a server that nobody visits still takes its part of a core.
    """
    send_whole_props()
    begin_light_sessions()
    running = []

    def launch(blocks: gr.Blocks, **settings: object) -> str:
        running.append(blocks)
        address = blocks.launch(**LAUNCH | settings)[1]
        look_less_often(blocks)
        return address

    yield launch
    for blocks in running:
        blocks.close(verbose=False)


class Tabs:
    """Tabs that are lent and come back: where a browser has compiled the scripts once, the next
    page costs it a third of what it costs in a new tab."""

    def __init__(self, browser) -> None:
        self._browser = browser
        self._idle = {False: [], True: []}

    def lend(self, *, touch: bool):
        """An empty tab in a context of its own, with or without a touch screen."""
        if self._idle[touch]:
            return self._idle[touch].pop()
        context = self._browser.new_context(has_touch=touch)
        tab = context.new_page()
        tab.set_default_timeout(PATIENCE)
        return tab

    def take_back(self, tab, *, touch: bool) -> None:
        """Empty it, with all that its pages kept; a tab that was closed is not lent again."""
        if tab.is_closed():
            tab.context.close()
            return
        tab.unroute_all()
        tab.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
        tab.goto("about:blank")
        tab.mouse.move(0, 0)
        tab.context.clear_cookies()
        self._idle[touch].append(tab)


@pytest.fixture(scope="session")
def tabs(browser) -> Tabs:
    """The tabs of all tests."""
    return Tabs(browser)


class Visitor:
    """Opens pages and keeps what they complain about."""

    def __init__(self, tabs: Tabs) -> None:
        self._tabs = tabs
        self._lent = []
        self.errors = []

    def open(
        self,
        url: str,
        *,
        width: int = 1280,
        height: int = 900,
        dark: bool = False,
        still: bool = False,
        touch: bool = False,
    ):
        """A page in a context of its own; `still` asks for reduced motion."""
        tab = self._tabs.lend(touch=touch)
        self._lent.append((tab, touch))
        tab.set_viewport_size({"width": width, "height": height})
        tab.emulate_media(
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce" if still else "no-preference",
        )
        tab.on("pageerror", self._fail)
        tab.on("console", self._note)
        tab.goto(url)
        return tab

    def _fail(self, error) -> None:
        self.errors.append(str(error))

    def _note(self, message) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def leave(self) -> None:
        """Give the tabs back; no page may have reported an error."""
        for tab, touch in self._lent:
            tab.remove_listener("pageerror", self._fail)
            tab.remove_listener("console", self._note)
            self._tabs.take_back(tab, touch=touch)
        assert self.errors == []


@pytest.fixture
def page(tabs):
    """Open an address as a certain visitor: `page(url, width=390, dark=True)`."""
    visitor = Visitor(tabs)
    yield visitor.open
    visitor.leave()


@pytest.fixture(scope="module")
def shared_page(tabs, serve):
    """As `page`, for pages that many tests of a file use after one another: opening costs 2 s."""
    visitor = Visitor(tabs)
    yield visitor.open
    visitor.leave()


class Canvas:
    """One of our components on a page, by its `elem_id`."""

    _FIND = "[...document.querySelectorAll('#{} *')].find((each) => each.genlab)"

    def __init__(self, tab, elem_id: str) -> None:
        self.tab = tab
        self.box = tab.locator(f"#{elem_id}")
        self.stage = self.box.locator("[data-part=stage]")
        self._element = self._FIND.format(elem_id)
        tab.wait_for_function(f"() => {self._element}")

    def part(self, name: str):
        """The piece of the component with this `data-part`."""
        return self.box.locator(f"[data-part={name}]")

    def count(self, name: str) -> object:
        """One of the counters."""
        return self.tab.evaluate(f"() => {self._element}.genlab.{name}")

    def wait(self, condition: str) -> None:
        """Until a condition on the counters holds, such as `g.shown === g.total`."""
        self.tab.wait_for_function(
            f"() => {{ const g = {self._element}.genlab; return {condition} }}"
        )

    def wait_until(self, claim: Callable[[], object]) -> None:
        """Until a claim about this process holds, such as that a handler was called."""
        deadline = time.monotonic() + PATIENCE / 1000
        while not claim():
            assert time.monotonic() < deadline, "the claim did not come true"
            self.tab.wait_for_timeout(10)

    def inside(self, row: int, col: int, image: int = 0) -> dict[str, float]:
        """Where a cell is within the stage, as playwright's `position`."""
        box = self.stage.bounding_box()
        x, y = self.centre(row, col, image)
        return {"x": x - box["x"], "y": y - box["y"]}

    def centre(self, row: int, col: int, image: int = 0) -> tuple[float, float]:
        """Where a cell is on the screen."""
        place = f"{image}, {row}, {col}"
        x, y = self.tab.evaluate(f"() => {self._element}.genlab.centre({place})")
        return x, y

    def picture(self, rows: int, cols: int, image: int = 0) -> list[list[list[int]]]:
        """What the screen shows: red, green, blue at the centre of every cell."""
        return self.tab.evaluate(
            f"""() => {{
                const canvas = {self._element}.querySelector('[data-part=stage]');
                const box = canvas.getBoundingClientRect();
                const {{ width, height }} = canvas;
                const bytes = canvas.getContext('2d').getImageData(0, 0, width, height).data;
                const cell = (row, col) => {{
                    const [x, y] = {self._element}.genlab.centre({image}, row, col);
                    const at = Math.floor((y - box.top) * height / box.height) * width
                        + Math.floor((x - box.left) * width / box.width);
                    return [...bytes.slice(4 * at, 4 * at + 3)];
                }};
                return Array.from({{length: {rows}}}, (_, row) =>
                    Array.from({{length: {cols}}}, (_, col) => cell(row, col)));
            }}"""
        )


@pytest.fixture(scope="session")
def canvas() -> Callable[..., Canvas]:
    """`canvas(tab, elem_id)`: a component on a page."""
    return Canvas


@pytest.fixture(scope="session")
def requests() -> Callable:
    """`with requests(tab) as seen:` collects the requests that the page makes meanwhile."""

    @contextmanager
    def watch(tab) -> Iterator[list[str]]:
        seen = []

        def note(request) -> None:
            if not request.url.startswith(("blob:", "data:")):
                seen.append(f"{request.method} {request.url}")

        tab.on("request", note)
        yield seen
        tab.remove_listener("request", note)

    return watch

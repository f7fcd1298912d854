"""How long *Live* takes from the end of a stroke to six endings in the browser.

`python -m benchmarks.live_completion` starts the app on a free loopback port, opens the Completion
page in Debian's chromium, keeps the upper half and draws strokes into it, one after another, with
every card that the page offers. A stroke ends when the button is let go; its endings have come when
all six pictures on the screen hold the stroke and are read by the judge. Browser and server share
this machine's cores, which a visitor's do not. `python -m benchmarks.completion` has the server's
part alone.
"""

import argparse
import statistics
import time

from playwright.sync_api import Page

from benchmarks.browser import PATIENCE, chromium
from benchmarks.report import write
from benchmarks.visitors import running_app
from genlab.core.cards import ModelCard
from genlab.store import ModelStore
from genlab.ui.pixels import completion_asked

STROKES = (  # ends as row and column, all in the upper half
    ((2, 8), (2, 18)),
    ((3, 19), (6, 20)),
    ((7, 20), (9, 18)),
    ((10, 17), (12, 12)),
    ((5, 4), (8, 4)),
    ((11, 3), (12, 8)),
    ((4, 24), (9, 24)),
    ((11, 22), (12, 25)),
)
MOST_SECONDS = 0.5

_FIND = "[...document.querySelectorAll('#completion-{} *')].find((each) => each.genlab).genlab"
_SETTLED = f"""([row, col]) => {{
    const panels = {_FIND.format("variants")}, board = {_FIND.format("mask")};
    const bytes = board.bytes(), kept = board.kept();
    if (!bytes[28 * row + col]) return false;
    if (!panels.notes.every((note) => note.includes('read as'))) return false;
    return panels.notes.every((_, index) => {{
        const values = panels.values(index);
        return kept.every((is, at) => !is || Math.abs(values[at] * 255 - bytes[at]) < 128);
    }});
}}"""


def open_live(tab: Page, url: str, title: str) -> None:
    """The Completion page with an empty board whose lower half this model is to fill in."""
    tab.goto(url)
    tab.get_by_role("tab", name="Completion", exact=True).click()
    tab.wait_for_function(f"{_FIND.format('variants')}.notes.length === 6")
    model = tab.get_by_label("Model", exact=True).locator("visible=true").first
    if model.input_value() != title:
        model.click()
        tab.get_by_role("option", name=title, exact=True).click()
        tab.wait_for_timeout(3000)
    tab.locator("#completion-live input").check()
    tab.locator("#completion-mask").get_by_role("button", name="Lower half", exact=True).click()
    tab.locator("#completion-drawing [data-part=clear]").click()
    tab.wait_for_timeout(3000)


def centre(tab: Page, cell: tuple[int, int]) -> tuple[float, float]:
    """Where a cell of the drawing is on the screen."""
    return tab.evaluate(f"([row, col]) => {_FIND.format('drawing')}.centre(0, row, col)", [*cell])


def draw(tab: Page, start: tuple[int, int], end: tuple[int, int]) -> float:
    """Draw a stroke; seconds from its end to the endings that hold it."""
    tab.mouse.move(*centre(tab, start))
    tab.mouse.down()
    tab.mouse.move(*centre(tab, end), steps=12)
    let_go = time.perf_counter()
    tab.mouse.up()
    tab.wait_for_function(_SETTLED, arg=[*end], timeout=PATIENCE)
    return time.perf_counter() - let_go


def measure(tab: Page, url: str, card: ModelCard) -> dict:
    """A row of the results: all strokes on one card."""
    open_live(tab, url, card.title)
    seconds = [draw(tab, *stroke) for stroke in STROKES]
    return {
        "card": card.name,
        "strokes": len(seconds),
        "median_seconds": round(statistics.median(seconds), 3),
        "most_seconds": round(max(seconds), 3),
        "least_seconds": round(min(seconds), 3),
    }


def main() -> None:
    """Measure all networks and write the rows."""
    argparse.ArgumentParser(
        prog="python -m benchmarks.live_completion", description=__doc__
    ).parse_args()
    rows = []
    with running_app() as (url, *_), chromium() as browser:
        for card in completion_asked.offered(ModelStore()):
            tab = browser.new_page(viewport={"width": 1280, "height": 1600})
            tab.set_default_timeout(PATIENCE)
            rows.append(measure(tab, url, card))
            tab.close()
    write(
        "live_completion", "python -m benchmarks.live_completion", rows, most_seconds=MOST_SECONDS
    )


if __name__ == "__main__":
    main()

"""How long the site takes to open: `python -m benchmarks.opening`.

From the address to the first picture on the screen, by the browser's clock, with an empty cache;
then the same without what `genlab.ui.unwatched` adds to the page, without the shortcuts of
`genlab.ui.quicker_scripts`, and without both, as gradio has it. Browser and server share this
machine's cores, which a visitor's do not.
"""

import argparse
import itertools
import statistics
import time

from playwright.sync_api import Browser, Route

from benchmarks.browser import PATIENCE, chromium
from benchmarks.report import write
from benchmarks.visitors import running_app
from genlab.ui.quicker_scripts import ASSETS, quicker_scripts
from genlab.ui.unwatched import SCRIPT

TIMES = 5
_FIRST_PICTURE = """() => {
    const player = [...document.querySelectorAll('#pixelcnn-player *')].find((each) => each.genlab);
    return player && player.genlab.arrived > 0;
}"""


def open_site(browser: Browser, url: str, *, watched: bool, quicker: bool) -> float:
    """Seconds until the first picture, for a visitor who was never here."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    tab = context.new_page()
    tab.set_default_timeout(PATIENCE)
    tab.route(url, _without_script if watched else _as_it_is)
    for name in quicker_scripts():
        tab.route(f"**/assets/{name}", _as_it_is if quicker else _as_gradio_has_it)
    started = time.perf_counter()
    tab.goto(url, wait_until="commit")
    tab.wait_for_function(_FIRST_PICTURE)
    seconds = time.perf_counter() - started
    context.close()
    return seconds


def _as_it_is(route: Route) -> None:
    route.fulfill(response=route.fetch())


def _without_script(route: Route) -> None:
    answer = route.fetch()
    route.fulfill(response=answer, body=answer.body().replace(SCRIPT, b""))


def _as_gradio_has_it(route: Route) -> None:
    name = route.request.url.rpartition("/")[2]
    route.fulfill(response=route.fetch(), body=(ASSETS / name).read_bytes())


def main() -> None:
    """Open the site several times each way and write the rows."""
    argparse.ArgumentParser(prog="python -m benchmarks.opening", description=__doc__).parse_args()
    ways = list(itertools.product([False, True], [True, False]))  # watched, quicker
    found: dict[tuple[bool, bool], list[float]] = {way: [] for way in ways}
    with running_app() as (url, *_), chromium() as browser:
        open_site(browser, url, watched=False, quicker=True)  # the first visitor warms the server
        for _ in range(TIMES):
            for (watched, quicker), seconds in found.items():
                seconds.append(open_site(browser, url, watched=watched, quicker=quicker))
    usual = statistics.median(found[ways[0]])
    rows = [
        {
            "events": "watched, as gradio's own page has them" if watched else "not watched",
            "scripts": "with shortcuts" if quicker else "gradio's own",
            "median_seconds": round(statistics.median(seconds), 2),
            "most_seconds": round(max(seconds), 2),
            "ratio": round(statistics.median(seconds) / usual, 2),
        }
        for (watched, quicker), seconds in found.items()
    ]
    write("opening", "python -m benchmarks.opening", rows, visits=TIMES)


if __name__ == "__main__":
    main()

"""How long a class waits for the page itself: `python -m benchmarks.pages`.

One visitor, then thirty at once, ask for the page, compressed, without what a browser does with it:
as it is kept (`genlab.ui.kept_page`), and made anew for each, as whoever has logged in gets it.
Server and visitors share this machine's cores.
"""

import argparse
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx

from benchmarks.report import write
from benchmarks.visitors import PATIENCE, running_app

TOGETHER = (1, 30)
TIMES = 3
KEPT = {"Accept-Encoding": "gzip, br"}
ANEW = {**KEPT, "Cookie": "access-token-nobody=nothing"}


def ask_together(url: str, visitors: int, headers: dict[str, str]) -> float:
    """Seconds until the last of the visitors has the page."""
    gate = threading.Barrier(visitors + 1)

    def visit() -> None:
        with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
            gate.wait()
            client.get(url, headers=headers).raise_for_status()

    with ThreadPoolExecutor(visitors) as pool:
        visits = [pool.submit(visit) for _ in range(visitors)]
        gate.wait()
        started = time.perf_counter()
        for each in visits:
            each.result()
        return time.perf_counter() - started


def main() -> None:
    """Ask for the page both ways and write the rows."""
    argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__).parse_args()
    found = {}
    with running_app() as (url, *_):
        ask_together(url, 1, KEPT)  # the first visitor warms the server
        ask_together(url, 1, ANEW)
        for visitors in TOGETHER:
            for way, headers in (("kept", KEPT), ("made anew for each", ANEW)):
                seconds = [ask_together(url, visitors, headers) for _ in range(TIMES)]
                found[visitors, way] = statistics.median(seconds)
    rows = [
        {
            "visitors": visitors,
            "page": way,
            "median_seconds": round(seconds, 3),
            "ratio": round(seconds / found[visitors, "kept"], 1),
        }
        for (visitors, way), seconds in found.items()
    ]
    write("pages", "python -m benchmarks.pages", rows, times=TIMES)


if __name__ == "__main__":
    main()

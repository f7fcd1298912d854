"""How long a class waits until the page is open: `python -m benchmarks.pages`.

Visitors without a browser, one, then thirty at once. They ask for the page, compressed: as it is
kept (`genlab.ui.kept_page`), and made anew for each, as whoever has logged in gets it. They open
the page: ask for it and then for all that is filled as it loads, to the last answer. And a session
begins, within this process: as ours do (`genlab.ui.light_sessions`), and as gradio's own.

Server and visitors share this machine's cores.
"""

import argparse
import json
import statistics
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx
from gradio.state_holder import SessionState

from benchmarks.report import write
from benchmarks.visitors import PATIENCE, running_app
from genlab.store import ModelStore
from genlab.ui.light_sessions import begin_whole
from genlab.ui.shell import CLASS, build_app

TOGETHER = (1, CLASS)
TIMES = 3
KEPT = {"Accept-Encoding": "gzip, br"}
ANEW = {**KEPT, "Cookie": "access-token-nobody=nothing"}


def together(visitors: int, visit: Callable[[httpx.Client], None]) -> float:
    """Seconds until the last of the visitors is done."""
    gate = threading.Barrier(visitors + 1)

    def come() -> None:
        with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
            gate.wait()
            visit(client)

    with ThreadPoolExecutor(visitors) as pool:
        visits = [pool.submit(come) for _ in range(visitors)]
        gate.wait()
        started = time.perf_counter()
        for each in visits:
            each.result()
        return time.perf_counter() - started


def ask(url: str, headers: dict[str, str]) -> Callable[[httpx.Client], None]:
    """What asks for the page."""
    return lambda client: client.get(url, headers=headers).raise_for_status()


def events_of_opening(url: str) -> list[dict]:
    """What a browser asks for as the page loads, but for the session."""
    config = httpx.get(f"{url}config", trust_env=False, timeout=PATIENCE).json()
    values = {each["id"]: each["props"].get("value") for each in config["components"]}
    return [
        {"fn_index": event["id"], "data": [values.get(each) for each in event["inputs"]]}
        for event in config["dependencies"]
        if event["backend_fn"] and any(name == "load" for _, name in event["targets"])
    ]


def opening(url: str, events: Sequence[dict]) -> Callable[[httpx.Client], None]:
    """What opens the page."""

    def visit(client: httpx.Client) -> None:
        client.get(url, headers=KEPT).raise_for_status()
        session = {"session_hash": uuid.uuid4().hex}
        for event in events:
            client.post(f"{url}gradio_api/queue/join", json=event | session).raise_for_status()
        left = len(events)
        with client.stream("GET", f"{url}gradio_api/queue/data", params=session) as answers:
            for line in answers.iter_lines():
                message = json.loads(line.removeprefix("data:") or "{}")
                if message.get("msg") == "process_completed":
                    if not message["success"]:
                        raise RuntimeError(f"an event failed: {message['output']}")
                    left -= 1
                if not left:
                    return

    return visit


def session_seconds(begins: Callable) -> float:
    """Median time of a core until a session of the site has begun."""
    app = build_app(ModelStore())
    SessionState.__init__ = begins
    seconds = []
    for _ in range(2 * TIMES):
        started = time.thread_time()
        SessionState(app)
        seconds.append(time.thread_time() - started)
    return statistics.median(seconds)


def main() -> None:
    """Let them come and write the rows."""
    argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__).parse_args()
    found: dict[tuple[str, int], float] = {}
    with running_app() as (url, *_):
        ways = {
            "asks for the page, kept": ask(url, KEPT),
            "asks for the page, made anew": ask(url, ANEW),
            "opens the page": opening(url, events_of_opening(url)),
        }
        for visit in ways.values():
            together(1, visit)  # the first visitor warms the server
        for visitors in TOGETHER:
            for what, visit in ways.items():
                seconds = [together(visitors, visit) for _ in range(TIMES)]
                found[what, visitors] = statistics.median(seconds)
    build_app(ModelStore())  # from here on sessions are light
    light = SessionState.__init__
    found["begins a session", 1] = session_seconds(light)
    found["begins a session, gradio's own", 1] = session_seconds(begin_whole)
    rows = [
        {"what": what, "visitors": visitors, "median_seconds": round(seconds, 5)}
        for (what, visitors), seconds in found.items()
    ]
    write("pages", "python -m benchmarks.pages", rows, times=TIMES)


if __name__ == "__main__":
    main()

"""How long visitors wait: `python -m benchmarks.visitors`.

Starts the app on a free loopback port and lets visitors press *Draw* together, one, then eight.
With `--minutes 10` it then goes on drawing for so long and reads the server's resident memory.
Nothing but this machine's own loopback address is ever asked, and everything ends by itself.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gradio_client import Client
from httpx import HTTPError

from benchmarks.report import write

ROOT = Path(__file__).parent.parent
CARD = "pixelcnn-mnist"
TOGETHER = (1, 8)
PATIENCE = 90.0  # seconds for the app to start, and for a visitor to be served
PAUSE = 1.0  # seconds between two draws of the endurance run: a person looks at the picture


@contextmanager
def running_app() -> Iterator[tuple[str, int, float]]:
    """The app's address, its process and the seconds until its page was ready."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"GRADIO_SERVER_PORT": str(port), "GRADIO_SERVER_NAME": "127.0.0.1"}
    started = time.perf_counter()
    app = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=os.environ | settings)
    try:
        url = f"http://127.0.0.1:{port}/"
        yield url, app.pid, _wait_for(url, started)
    finally:
        app.terminate()
        app.wait(timeout=PATIENCE)


def _wait_for(url: str, started: float) -> float:
    while time.perf_counter() - started < PATIENCE:
        try:
            Client(url, verbose=False).close()
            return time.perf_counter() - started
        except (HTTPError, ValueError, OSError):
            time.sleep(0.2)
    raise TimeoutError(f"the app did not answer within {PATIENCE:g} s")


def draw(client: Client, images: int, seed: int) -> tuple[float, float]:
    """Press *Draw*: seconds to the first pixel, and to the last."""
    started = time.perf_counter()
    first = None
    settings = (CARD, images, seed, 1.0, "raster", "any", 1.0, 1.0, 1)
    for payload, *_ in client.submit(*settings, api_name="/draw_pixels"):
        if first is None and isinstance(payload, str) and len(payload.partition("|")[2]) > 0:
            first = time.perf_counter() - started
    return first, time.perf_counter() - started


def press_together(url: str, visitors: int, images: int) -> list[dict]:
    """All visitors press *Draw* in the same moment."""
    clients = [Client(url, verbose=False) for _ in range(visitors)]
    gate = threading.Barrier(visitors)
    rows: list[dict] = []

    def visit(number: int, client: Client) -> None:
        gate.wait()
        first, all_pixels = draw(client, images, seed=100 * number)
        rows.append(
            {
                "visitors": visitors,
                "images": images,
                "visitor": number,
                "first_pixel_seconds": round(first, 3),
                "last_pixel_seconds": round(all_pixels, 3),
            }
        )

    threads = [threading.Thread(target=visit, args=each) for each in enumerate(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=PATIENCE)
    for client in clients:
        client.close()
    return sorted(rows, key=lambda row: row["first_pixel_seconds"])


def resident_megabytes(process: int) -> float:
    """The process's resident memory, from /proc."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf8")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def endure(url: str, process: int, minutes: float) -> dict[str, float]:
    """Draw 1, 4 and 16 images in turn for some minutes; memory before and after, in MB."""
    before = resident_megabytes(process)
    end, draws = time.monotonic() + 60 * minutes, 0
    while time.monotonic() < end:
        client = Client(url, verbose=False)  # each time another visitor
        draw(client, (1, 4, 16)[draws % 3], seed=draws)
        client.close()
        draws += 1
        time.sleep(PAUSE)
    return {
        "minutes": minutes,
        "draws": draws,
        "megabytes_before": round(before),
        "megabytes_after": round(resident_megabytes(process)),
    }


def main() -> None:
    """Measure and write the rows."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.visitors", description=__doc__)
    parser.add_argument("--minutes", type=float, default=0.0, help="length of the endurance run")
    options = parser.parse_args()
    with running_app() as (url, process, ready):
        press_together(url, 1, 1)  # the first draw of a process is a cold one
        rows = [row for count in TOGETHER for images in (1, 16)
                for row in press_together(url, count, images)]  # fmt: skip
        memory = endure(url, process, options.minutes)
    slowest = max(row["first_pixel_seconds"] for row in rows)
    alone = statistics.median(r["first_pixel_seconds"] for r in rows if r["visitors"] == 1)
    write(
        "visitors",
        f"python -m benchmarks.visitors --minutes {options.minutes:g}",
        rows,
        page_ready_seconds=round(ready, 2),
        slowest_first_pixel_seconds=slowest,
        alone_first_pixel_seconds=round(alone, 3),
        endurance=memory,
    )


if __name__ == "__main__":
    main()

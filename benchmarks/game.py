"""What live games cost: `python -m benchmarks.game`.

Serves the page of the game beside one quick request of another page (a latent card decodes a
code), on a free loopback port. Nobody, one and two visitors let their game run; meanwhile the
quick request is made again and again. A row says how many frames a second each game sent, how many
rounds it played, what share of a core the whole server took, and how long the quick request needed
compared with the same when nobody plays. A machine that is busy with other things makes games
slower: the load stands beside the rows.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "1")
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000000")

import argparse
import json
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
CARD = "vae-conv-mnist"
TOGETHER = (0, 1, 2)
SECONDS = 20.0  # of play that are measured
WARM = 3.0  # seconds before them
PAUSE = 0.1  # seconds between two quick requests
PATIENCE = 90.0  # seconds for the server to start


def serve(port: int) -> None:
    """The page and the quick request, until interrupted."""
    import gradio as gr

    from genlab.inference.latent import decode_points
    from genlab.store import ModelStore
    from genlab.ui import kit, shell
    from genlab.ui.adversarial import game
    from genlab.ui.canvas.grid import to_hex

    store = ModelStore()
    model = store.get(CARD)

    def decode() -> str:
        return to_hex(decode_points(model, [0.0] * model.latent_dim)[0, 0].numpy())

    with gr.Blocks(analytics_enabled=False) as app:
        game.build(store)
        quick = kit.QUICK | {"api_visibility": "public", "api_name": "decode"}
        gr.Button("Decode").click(kit.quick(decode), None, gr.Textbox(), **quick)
    app.queue(max_size=shell.WAITING)
    app.launch(server_port=port, server_name="127.0.0.1", quiet=True, **shell.LAUNCH)


@contextmanager
def running_server() -> Iterator[tuple[str, int]]:
    """The server's address and process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "benchmarks.game", "--serve", str(port)]
    server = subprocess.Popen(command, cwd=ROOT)
    try:
        url = f"http://127.0.0.1:{port}/"
        _wait_for(url)
        yield url, server.pid
    finally:
        server.terminate()
        server.wait(timeout=PATIENCE)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            Client(url, verbose=False).close()
            return
        except (HTTPError, ValueError, OSError):
            time.sleep(0.5)
    raise TimeoutError(f"the server did not answer within {PATIENCE:g} s")


class Player:
    """A visitor whose game runs; `frames` and `rounds` count what arrived."""

    def __init__(self, url: str) -> None:
        self.frames = self.rounds = self.characters = 0
        self._client = Client(url, verbose=False)
        self._job = self._client.submit(api_name="/play_game")
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        for frame, _ in self._job:
            if isinstance(frame, str) and "|" in frame:
                self.frames += 1
                self.characters = len(frame)
                self.rounds = json.loads(frame.partition("|")[0])["steps"][1]

    def leave(self) -> None:
        """Stop and close."""
        self._job.cancel()
        self._client.close()


def measure(url: str, process: int, players: int) -> dict[str, float]:
    """A row, without what it is compared with."""
    playing = [Player(url) for _ in range(players)]
    visitor = Client(url, verbose=False)
    time.sleep(WARM)
    frames, rounds = [each.frames for each in playing], [each.rounds for each in playing]
    began, computed, waits = time.monotonic(), cpu_seconds(process), []
    while time.monotonic() - began < SECONDS:
        asked = time.monotonic()
        visitor.predict(api_name="/decode")
        waits.append(time.monotonic() - asked)
        time.sleep(PAUSE)
    seconds = time.monotonic() - began
    row = {
        "games": players,
        "frames_a_second": _least(playing, "frames", frames, seconds),
        "rounds_a_second": _least(playing, "rounds", rounds, seconds),
        "characters_a_frame": max((each.characters for each in playing), default=0),
        "share_of_a_core": round((cpu_seconds(process) - computed) / seconds, 3),
        "quick_request_ms": round(1000 * statistics.median(waits), 1),
        "load": round(os.getloadavg()[0], 1),
    }
    for each in playing:
        each.leave()
    time.sleep(1)
    return row


def _least(playing: list[Player], name: str, before: list[int], seconds: float) -> float:
    """Of the game that fared worst, a second; 0 without one."""
    done = [getattr(each, name) - start for each, start in zip(playing, before, strict=True)]
    return round(min(done, default=0) / seconds, 1)


def cpu_seconds(process: int) -> float:
    """What the process computed so far, all threads."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def compared(rows: list[dict]) -> list[dict]:
    """The rows with what games add to the row of nobody."""
    idle = rows[0]
    for row in rows:
        games = row["games"]
        added = row["share_of_a_core"] - idle["share_of_a_core"]
        row["share_a_game"] = round(added / games, 3) if games else 0.0
        row["quick_request_times"] = round(row["quick_request_ms"] / idle["quick_request_ms"], 2)
    return rows


def main() -> None:
    """Measure and write the rows."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.game", description=__doc__)
    parser.add_argument("--serve", type=int, metavar="PORT", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve)
        return
    with running_server() as (url, process):
        measure(url, process, 1)  # the first run of a process is a cold one
        rows = compared([measure(url, process, players) for players in TOGETHER])
    write("game", "python -m benchmarks.game", rows)


if __name__ == "__main__":
    main()

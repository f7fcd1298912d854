"""What a server costs that nobody visits: `python -m benchmarks.idle`.

The share of a core, in processor time, that the site's process takes while no event waits: as
gradio has it, and with what `genlab.ui.shell.look_less_often` changes.
"""

import argparse
import time

import gradio as gr

from benchmarks.report import write
from genlab.ui.shell import LOOKS

SECONDS = 10.0
REST = 1.0  # after a change, seconds


def share_of_a_core(app: gr.Blocks, looks: float) -> float:
    """While the queue is looked into every `looks` seconds."""
    app._queue.sleep_when_free = looks
    time.sleep(REST)
    started, used = time.perf_counter(), time.process_time()
    time.sleep(SECONDS)
    return (time.process_time() - used) / (time.perf_counter() - started)


def main() -> None:
    """Serve an empty page to nobody and write the rows."""
    argparse.ArgumentParser(prog="python -m benchmarks.idle", description=__doc__).parse_args()
    with gr.Blocks(analytics_enabled=False) as app:
        gr.Button()
    app.launch(prevent_thread_lock=True, quiet=True, ssr_mode=False)
    usual = app._queue.sleep_when_free
    shares = {looks: share_of_a_core(app, looks) for looks in (LOOKS, usual)}
    app.close(verbose=False)
    rows = [
        {
            "seconds_between_looks": looks,
            "share_of_a_core": round(share, 4),
            "ratio": round(share / shares[LOOKS], 2),
        }
        for looks, share in shares.items()
    ]
    write("idle", "python -m benchmarks.idle", rows, seconds=SECONDS)


if __name__ == "__main__":
    main()

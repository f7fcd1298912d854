"""Keeps a large page quick: events without visible progress share one place for it.

Gradio 6.31's page keeps a progress status of every component that any event has filled, and with
every message of every event looks each of them up in the tree of all components: that is the
product of both, some 75 ms a message on a page like ours. A status that nobody sees needs no place
of its own.
"""

import gradio as gr
from gradio.components import Component


def share_hidden_progress(app: gr.Blocks, place: Component) -> None:
    """Let all events of the app whose progress is hidden report it to one component.

    Args:
        place: where no event shows its progress.
    """
    for event in app.fns.values():
        if event.show_progress == "hidden":
            event.show_progress_on = [place]

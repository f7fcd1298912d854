"""The site: the tabs in their order, and how it is served."""

import logging
from collections.abc import Sequence
from pathlib import Path

import gradio as gr

from genlab.core.errors import GenLabError
from genlab.registry import discover
from genlab.store import ModelStore
from genlab.ui.compression import COMPRESSED
from genlab.ui.kept_page import KEPT
from genlab.ui.kit import FAMILY, Tab
from genlab.ui.light_sessions import begin_light_sessions
from genlab.ui.quicker_scripts import QUICKER
from genlab.ui.quiet import share_hidden_progress
from genlab.ui.unwatched import UNWATCHED
from genlab.ui.whole_props import send_whole_props

CLASS = 30  # visitors who may open the page in the same moment
WAITING = 256  # events in the queue, some six for each who opens; the next one is told: full
LOOKS = 0.01  # seconds between two looks into the queue

HERE = Path(__file__).parent

LAUNCH = {
    "theme": gr.themes.Default(primary_hue="blue", font=["system-ui", "sans-serif"]).set(
        body_text_color_subdued="*neutral_500",  # all of these: contrast 4.5 to 1 (WCAG AA)
        color_accent="*primary_600",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_cancel_background_fill="#dc2626",
        button_cancel_background_fill_hover="#b91c1c",
    ),
    "css_paths": HERE / "shell.css",
    "head": f"<script>{(HERE / 'figures.js').read_text(encoding='utf8')}</script>",
    "app_kwargs": {"middleware": [KEPT, COMPRESSED, UNWATCHED, QUICKER]},
    "ssr_mode": False,
    "run_history": False,
    "enable_monitoring": False,
    "footer_links": ["settings"],
    "max_file_size": "2mb",
    "state_session_capacity": 200,
}
"""Settings of `launch`: nothing leaves the server, and nothing of a visitor stays."""

_log = logging.getLogger(__name__)


def tabs() -> list[Tab]:
    """All pages, leftmost first."""
    return sorted(discover("genlab.ui.tabs", "TAB"), key=lambda tab: tab.order)


def build_app(store: ModelStore, pages: Sequence[Tab] | None = None) -> gr.Blocks:
    """The site as one page of tabs.

    Args:
        pages: those that it has; all by default.
    """
    send_whole_props()
    begin_light_sessions()
    with gr.Blocks(title="GenLab", analytics_enabled=False, fill_width=True) as app:
        header = gr.Markdown(
            "# GenLab\nWatch image generators think: every picture here is computed as you look, "
            "by a trained network.",
            elem_classes="genlab-header",
        )
        with gr.Tabs():
            for tab in tabs() if pages is None else pages:
                with gr.Tab(tab.title, elem_classes=FAMILY):
                    tab.build(store)
    share_hidden_progress(app, header)
    app.queue(max_size=WAITING, api_open=False)  # closed: requests that skip the queue
    look_less_often(app)
    return app


def look_less_often(app: gr.Blocks) -> None:
    """Leave the core to those who compute while nobody waits.

    Gradio 6.31 looks a thousand times a second for an event to begin, and an idle server takes 3.8
    times as much of a core as with `LOOKS` (`python -m benchmarks.idle`). An event waits 5 ms more.
    """
    app._queue.sleep_when_free = LOOKS


def warm_up(store: ModelStore) -> None:
    """Load and compute what the pages show first; meant for a thread of its own."""
    import matplotlib  # noqa: F401 (gradio imports it in the first event otherwise)

    for tab in tabs():
        try:
            tab.warm_up(store)
        except GenLabError as error:
            _log.warning("The tab %s is not warm: %s", tab.title, error)

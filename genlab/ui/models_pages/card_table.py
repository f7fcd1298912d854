"""CardTable: a table that is sorted in the browser and opens the card whose title is chosen."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import gradio as gr

_HERE = Path(__file__)


class CardTable(gr.HTML):
    """Rows of cards under sortable headings; some columns at a time.

    Its value is the name of the card that was chosen last; whoever listens must check it. Event:
    `input`, when a title is chosen. For other rows return `gr.update(rows=…)`.
    """

    def __init__(
        self,
        value: str = "",
        *,
        label: str,
        columns: Sequence[dict[str, Any]] = (),
        rows: Sequence[dict[str, Any]] = (),
        views: Sequence[str] = (),
        visible: bool | Literal["hidden"] = True,
        elem_id: str | None = None,
        render: bool = True,
    ) -> None:
        """Declare a table.

        Args:
            label: names it for screen readers.
            columns: `key`, `title`, `unit`, `hint`, `views` (where it stands), `isText`, and
                `descends` where the largest is the best. The key "title" is the rows' head.
            rows: `name`, `title`, `family` and `cells`: key → `text`, `value`, `note`.
            views: names of choices of columns, the first shown first.
            visible: "hidden" hides it for a while.
            render: set by gradio when it rebuilds the component for an update.
        """
        # First: gradio takes an unset attribute that our script names in quotes for an event of it.
        self.columns, self.rows, self.views = list(columns), list(rows), list(views)
        super().__init__(
            value=value,
            label=label,
            html_template=_read(".html"),
            css_template=_read(".css"),
            js_on_load=_read(".js"),
            apply_default_css=False,
            visible=visible,
            elem_id=elem_id,
            render=render,
            columns=self.columns,
            rows=self.rows,
            views=self.views,
        )

    def api_info(self) -> dict[str, Any]:
        """What the API's description says about the value."""
        return {"type": "string", "description": "name of a card"}


def _read(ending: str) -> str:
    return _HERE.with_suffix(ending).read_text(encoding="utf8")

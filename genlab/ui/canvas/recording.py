"""RecordingPlayer: watch a recorded run, its pictures beside its losses and what was measured.

The whole recording is sent once, when the player first appears: it is too much for every visitor of
the site. From then on the browser asks nothing of the server, but for a GIF.
"""

import json
from typing import Any, Literal

from genlab.films.recording import Recording
from genlab.ui.canvas.component import CanvasComponent
from genlab.ui.canvas.recording_charts import (
    CHARTED,
    LOSSES,
    data_url,
    in_words,
    loss_chart,
    measure_chart,
    time_axis,
    words_of,
)


class RecordingPlayer(CanvasComponent):
    """Plays a `Recording`; None empties it.

    Events: `ask`, once, when an empty player is first seen; `save_gif` (`gr.EventData` with `film`,
    a `recording_key`), to be answered with `gr.update(gif_file=gif_file(key, content))`. It is
    never an event's input.
    """

    VALUE = "JSON: moments, curves, the sheet of all pictures"

    def __init__(
        self,
        value: Recording | None = None,
        *,
        label: str,
        size: int = 519,
        gif_file: str = "",
        visible: bool | Literal["hidden"] = True,
        elem_id: str | None = None,
        elem_classes: list[str] | str | None = None,
        render: bool = True,
    ) -> None:
        """Declare a player.

        Args:
            label: names the pictures for screen readers.
            size: of the square stage in CSS pixels where there is room.
            gif_file: what `film.gif_file` made, in an update.
            visible: "hidden" hides it for a while; gradio 6.31 forgets the size of what is False.
            render: set by gradio when it rebuilds the component for an update.
        """
        self._declare(
            value,
            files="recording",
            scripts=("moments", "recording_chart", "recording"),
            label=label,
            visible=visible,
            elem_id=elem_id,
            elem_classes=elem_classes,
            render=render,
            size=size,
            gif_file=gif_file,
        )

    def postprocess(self, value: Recording | None) -> str:
        """What recording.js reads; "" for none."""
        return "" if value is None else recording_payload(value)


def recording_key(name: str, seed: int) -> str:
    """Names one recording in an event and in the names of files."""
    return f"{name}-seed-{seed}"


def recording_payload(recording: Recording) -> str:
    """A recording as JSON: the sheet as a data URL, the moments as the page words them."""
    _, rows, cols = recording.pictures.shape
    charted = [name for name in CHARTED if name in recording.measures]
    return json.dumps(
        {
            "key": recording_key(recording.name, recording.seed),
            "title": f"{recording.title}, seed {recording.seed}",
            "rows": rows,
            "cols": cols,
            "moments": [
                {"at": each.step, "step": f"{each.step:,}", "epoch": f"{each.epoch:.2f}"}
                for each in recording.moments
            ],
            "time": time_axis(recording),
            "charts": [
                loss_chart(recording),
                *(measure_chart(recording, name) for name in charted),
            ],
            "table": _table(recording),
            "others": _others(recording, charted),
            "sheet": data_url(recording.sheet()),
        }
    )


def _table(recording: Recording) -> list[dict[str, Any]]:
    """Every measure: a column each."""
    return [
        {
            "head": f"{measure.label}, {measure.unit}" if measure.unit else measure.label,
            "words": words_of(recording, name),
        }
        for name, measure in recording.measures.items()
    ]


def _others(recording: Recording, charted: list[str]) -> list[dict[str, Any]]:
    """What has no curve and is told as a number."""
    return [
        {
            "name": measure.label,
            "unit": measure.unit,
            "words": words_of(recording, name),
            "real": "" if measure.real is None else in_words(measure, measure.real),
        }
        for name, measure in recording.measures.items()
        if name not in charted and name not in LOSSES
    ]

"""RunDuel: the losses of two recorded runs without names; which one collapses?

Before the guess the browser gets two pairs of loss curves and nothing else, so that nobody can look
the answer up in what was sent.
"""

import json
from dataclasses import dataclass
from typing import Any, Literal

from genlab.films.recording import Recording
from genlab.ui.canvas.component import CanvasComponent
from genlab.ui.canvas.recording_charts import (
    in_words,
    loss_chart,
    measure_chart,
    picture_url,
    tell_end,
    time_axis,
)

LETTERS = ("A", "B")
TOLD = "coverage"  # the measure that tells


@dataclass(frozen=True, eq=False)
class Duel:
    """Two runs as they are shown.

    Attributes:
        runs: A and B.
        collapsed: which of `LETTERS` collapses; None before the guess.
        guess: which one the visitor accused; None before.
    """

    runs: tuple[Recording, Recording]
    collapsed: str | None = None
    guess: str | None = None


class RunDuel(CanvasComponent):
    """Shows a `Duel`; None empties it.

    Events: `deal`, when an empty one is first seen and when another pair is wanted; `accuse`
    (`gr.EventData` with `run`, "A" or "B"). It is never an event's input.
    """

    VALUE = "JSON: two runs' losses; after the guess, who"

    def __init__(
        self,
        value: Duel | None = None,
        *,
        label: str,
        size: int = 1200,
        visible: bool | Literal["hidden"] = True,
        elem_id: str | None = None,
        elem_classes: list[str] | str | None = None,
        render: bool = True,
    ) -> None:
        """Declare a duel.

        Args:
            label: names it for screen readers.
            size: width in CSS pixels where there is room.
            visible: "hidden" hides it for a while; gradio 6.31 forgets the size of what is False.
            render: set by gradio when it rebuilds the component for an update.
        """
        self._declare(
            value,
            files="recording_duel",
            scripts=("recording_chart", "recording_duel"),
            styles=("recording",),
            label=label,
            visible=visible,
            elem_id=elem_id,
            elem_classes=elem_classes,
            render=render,
            size=size,
        )

    def postprocess(self, value: Duel | None) -> str:
        """What recording_duel.js reads; "" for none."""
        return "" if value is None else duel_payload(value)


def duel_payload(duel: Duel) -> str:
    """JSON of what may be known: after the guess, names, pictures and classes too."""
    runs = [_losses(run, duel) for run in duel.runs]
    if duel.guess is not None:
        for shown, run in zip(runs, duel.runs, strict=True):
            shown["truth"] = _truth(run)
    return json.dumps({"runs": runs, "guess": duel.guess, "collapsed": duel.collapsed})


def _losses(run: Recording, duel: Duel) -> dict[str, Any]:
    """The curves of a run, on the scale of both."""
    chart = loss_chart(run, beside=duel.runs)
    for line in chart["lines"]:
        del line["words"]  # one a moment: they need not be sent
    return {"time": time_axis(run), "losses": chart}


def _truth(run: Recording) -> dict[str, Any]:
    last = run.moments[-1].values[TOLD]
    return {
        "title": f"{run.title}, seed {run.seed}",
        "picture": picture_url(run.pictures[-1]),
        "chart": measure_chart(run, TOLD),
        "covered": in_words(run.measures[TOLD], last),
        "end": f"It ends with {tell_end(run)}.",
    }

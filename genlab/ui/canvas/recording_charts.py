"""The curves of a recorded run, as the browser draws them: points, scales, marked levels, words.

What the page shows of a run is decided here, so that tests see it without a browser.
"""

import base64
import io
import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from genlab.films.curve import CurveScale, round_step
from genlab.films.recording import Measure, Recording

LOSSES = {"critic": "Critic", "generator": "Generator"}
CHARTED = ("coverage", "diversity")  # what the losses do not tell; each gets a curve of its own
UNDECIDED = {  # a level of each loss where the critic answers ½ to everything, and its name
    "non-saturating": {"critic": (math.log(4), "log 4"), "generator": (math.log(2), "log 2")},
}
TICKS = 3  # about, on a scale of values
EPOCH_TICKS = 5  # about
UNKNOWN = "–"


def round_scale(values: Iterable[float], ticks: int = TICKS) -> CurveScale:
    """Round numbers around zero and all values, none of which are cut off."""
    shown = [0.0, *values]
    step = round_step(max(max(shown) - min(shown), 1e-6) / ticks)
    first, last = math.floor(min(shown) / step), math.ceil(max(shown) / step - 1e-9)
    marks = tuple(round(index * step, 10) for index in range(first, max(last, first + 1) + 1))
    return CurveScale(marks[0], marks[-1], marks)


def time_axis(recording: Recording) -> dict[str, Any]:
    """Steps from 0 to the last, and where round numbers of epochs lie."""
    last = recording.moments[-1]
    scale = round_scale([last.epoch], EPOCH_TICKS)
    ticks = [tick for tick in scale.ticks if tick <= last.epoch]
    return {
        "last": last.step,
        "ticks": [{"at": _share(tick, last.epoch) * last.step, "text": f"{tick:g}"}
                  for tick in ticks],
    }  # fmt: skip


def loss_chart(recording: Recording, *, beside: Iterable[Recording] = ()) -> dict[str, Any]:
    """The losses as means over equal stretches of steps.

    Args:
        beside: recordings that are drawn on the same scale.
    """
    names = [name for name in LOSSES if name in recording.curve]
    rules = [_undecided(recording, name) for name in names]
    levels = [rule["value"] for rule in rules if rule]
    shown = [value for each in (recording, *beside) for name in names for value in each.curve[name]]
    return {
        "title": "Losses",
        "unit": recording.measures[names[0]].unit if names else "",
        "scale": _scale(round_scale([*shown, *levels])),
        "rules": [rule for rule in rules if rule],
        "lines": [
            {
                "name": LOSSES[name],
                "kind": name,
                "points": _stretched(recording.curve[name], recording.moments[-1].step),
                "words": words_of(recording, name),
            }
            for name in names
        ],
        "note": _explain(recording, [rule["text"] for rule in rules if rule]),
    }


def measure_chart(recording: Recording, name: str) -> dict[str, Any]:
    """What was measured at each moment, with the level of real images."""
    measure = recording.measures[name]
    known = [
        (moment.step, value)
        for moment in recording.moments
        if (value := moment.values[name]) is not None
    ]
    bounds = [each for each in (measure.low, measure.high, measure.real) if each is not None]
    real = [{"value": measure.real, "text": "real", "kind": "real"}]
    return {
        "title": measure.label,
        "unit": measure.unit,
        "scale": _scale(round_scale([*bounds, *(value for _, value in known)])),
        "rules": [] if measure.real is None else real,
        "lines": [
            {
                "name": "Generated",
                "kind": "measured",
                "points": [list(point) for point in known],
                "words": words_of(recording, name),
            }
        ],
        "real": "" if measure.real is None else in_words(measure, measure.real),
    }


def words_of(recording: Recording, name: str) -> list[str]:
    """A value of every moment as the page words it."""
    measure = recording.measures[name]
    return [in_words(measure, moment.values[name]) for moment in recording.moments]


def in_words(measure: Measure, value: float | None) -> str:
    """A value with as many digits as it deserves; one that counts says of how many."""
    if value is None:
        return UNKNOWN
    if measure.high is not None and float(value).is_integer():
        return f"{value:.0f} of {measure.high:.0f}"
    return f"{value:.2f}"


def tell_end(recording: Recording) -> str:
    """The last losses and what the last pictures cover."""
    last, measures = recording.moments[-1].values, recording.measures
    parts = [f"{in_words(measures[name], last[name])} ({name})" for name in LOSSES if name in last]
    units = dict.fromkeys(measures[name].unit for name in LOSSES if name in last)
    covered = in_words(measures["coverage"], last["coverage"])
    told = " ".join([" and ".join(parts), *filter(None, units)])
    return f"losses of {told} and covers {covered} classes"


def picture_url(picture: NDArray[np.uint8]) -> str:
    """A grey PNG of (H, W) as a data URL."""
    content = io.BytesIO()
    Image.fromarray(picture).save(content, "PNG", optimize=True)
    return data_url(content.getvalue())


def data_url(content: bytes) -> str:
    """A PNG as the browser takes it."""
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def _undecided(recording: Recording, name: str) -> dict[str, Any] | None:
    """The level of a loss where the critic answers ½ to everything, of those that have one."""
    levels = UNDECIDED.get(recording.settings.get("loss", ""), {})
    if name not in levels:
        return None
    value, text = levels[name]
    return {"value": value, "text": text, "kind": name}


def _explain(recording: Recording, levels: list[str]) -> str:
    """What the losses' curves and numbers are, and what their marked levels mean."""
    stretches = max((len(values) for values in recording.curve.values()), default=1)
    length = recording.moments[-1].step / max(1, stretches)
    told = f"Curves: means over {length:,.0f} steps each. Numbers: since the moment before."
    if not levels:
        return told
    return (
        f"{told} A critic that answers ½ to everything has {' and '.join(levels)}: one that has "
        "learned nothing, and also the best one where generated images are spread as the real ones."
    )


def _stretched(values: list[float], steps: int) -> list[list[float]]:
    """Each mean in the middle of the steps that it is a mean of."""
    length = steps / max(1, len(values))
    return [[round((index + 0.5) * length, 1), value] for index, value in enumerate(values)]


def _scale(scale: CurveScale) -> dict[str, Any]:
    return {"low": scale.low, "high": scale.high, "ticks": scale.ticks}


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0

"""LatentSliders: a code as sliders, the most used numbers first, each with a look ahead.

Under a slider stand pictures of what its ends and the places between would give, so that a hand
knows where to go. The sliders are an event's input: what they send is checked to the letter.
"""

import json
import math
import sys
from collections.abc import Sequence
from typing import Any, Literal, Protocol

import gradio as gr
from torch import Tensor

from genlab.ui.canvas.component import CanvasComponent
from genlab.ui.canvas.sheet import picture_sheet

FARTHEST = 1000.0  # from 0 of a code without a prior, as the decoders accept it
ROOM = 20.0  # from 0 that a number may be typed, or as far as a slider goes
GAUSSIAN = 3.0  # ± so many standard deviations hold 99.7 % of the prior
STRETCH = 0.1  # of a measured range on either side: what lies just outside is worth a look
LEAST_SPAN = 0.1  # of a slider; a number that never moves has no range of its own
LONGEST = 40  # characters of a number in what a browser sends
MOST = 10_000  # numbers of a code


class MeasuredDimensions(Protocol):
    """What `analysis.latent_codes.measure_dimensions` finds; each tensor is (D,)."""

    use: Tensor
    unit: str
    low: Tensor
    high: Tensor

    @property
    def order(self) -> Tensor: ...  # noqa: D102

    @property
    def is_used(self) -> Tensor: ...  # noqa: D102


class LatentSliders(CanvasComponent):
    """A slider, a number and a row of pictures for each number of a code.

    Its value is the code as JSON, "[0.1,-1.2]", in the order of the code. A handler gets a list of
    floats and may return a list, a tensor (D,) or JSON; None sets all to 0. Events: `input` at
    every change, `release` when a drag ends, a number was typed or a picture was chosen. To change
    card, return `gr.update(value=…, dimensions=…, thumbnails=…)`.
    """

    VALUE = "JSON: the numbers of a code, from −20 to 20 or as far as it goes"

    def __init__(
        self,
        value: str | Sequence[float] | Tensor | None = None,
        *,
        label: str,
        dimensions: Sequence[dict[str, Any]] = (),
        shown: int = 2,
        thumbnails: dict[str, Any] | None = None,
        visible: bool | Literal["hidden"] = True,
        elem_id: str | None = None,
        elem_classes: list[str] | str | None = None,
        render: bool = True,
    ) -> None:
        """Declare sliders.

        Args:
            label: names the group for screen readers.
            dimensions: in the order of display; see `slider_dimensions`. While there are none,
                `shown` empty rows stand in their final size.
            shown: how many there are before *More*.
            thumbnails: see `thumbnail_sheet`; None for empty frames, in an update {} (gradio drops
                what is None there).
            visible: "hidden" hides them for a while; gradio 6.31 forgets the size of what is False.
            render: set by gradio when it rebuilds the component for an update.
        """
        self._declare(
            value,
            files="latents",
            scripts=("latents_ahead", "latents"),
            label=label,
            visible=visible,
            elem_id=elem_id,
            elem_classes=elem_classes,
            render=render,
            size=0,
            dimensions=list(dimensions),
            shown=shown,
            thumbnails=thumbnails,
        )

    def preprocess(self, payload: Any) -> list[float]:  # noqa: ANN401
        """The code of what the browser sent, a float for each dimension.

        Raises:
            gr.Error: not JSON of as many numbers as there are dimensions, or one of them too far
                from 0.
        """
        if payload is None or payload == "":
            return [0.0] * len(self.dimensions)
        try:
            return read_code(payload, len(self.dimensions), _farthest(self.dimensions))
        except ValueError as error:
            raise gr.Error(str(error), print_exception=False) from error

    def postprocess(self, value: str | Sequence[float] | Tensor | None) -> str:
        """JSON of a code; JSON is checked, None sets all to 0."""
        if value is None or value == "":
            return ""
        text = value if isinstance(value, str) else json.dumps(_floats(value))
        return json.dumps(read_code(text, None, sys.float_info.max), separators=(",", ":"))


def read_code(text: object, length: int | None, farthest: float) -> list[float]:
    """The numbers of a JSON list.

    Args:
        text: what somebody sent.
        length: how many there must be; None for any.
        farthest: from 0 that a number may lie.

    Raises:
        ValueError: not such a list; the text is for the visitor.
    """
    try:
        code = json.loads(text) if _is_short(text, length or MOST) else None
    except (ValueError, RecursionError):
        code = None
    if not isinstance(code, list) or not all(type(each) in (int, float) for each in code):
        raise ValueError("The sliders sent no list of numbers. Reload the page and try again.")
    if length is not None and len(code) != length:
        raise ValueError(
            f"A code of this model has {length} numbers, and {len(code)} came. Choose the model "
            "again, then move a slider."
        )
    if not all(-farthest <= each <= farthest for each in code):  # which NaN is not, either
        raise ValueError(
            f"Every number of a code must be from −{farthest:g} to {farthest:g}. Change it, then "
            "go on."
        )
    return [float(each) for each in code]


def _is_short(text: object, count: int) -> bool:
    return isinstance(text, str) and len(text) <= LONGEST * count + 2


def _farthest(dimensions: Sequence[dict[str, Any]]) -> float:
    """From 0 that a number of a code may lie: wherever a slider goes, and `ROOM` anyway."""
    ends = [abs(each[end]) for each in dimensions for end in ("low", "high")]
    return max([ROOM, *ends])


def slider_dimensions(dimensions: MeasuredDimensions, *, gaussian: bool) -> list[dict[str, Any]]:
    """What `LatentSliders` shows of each dimension, the most used first.

    Args:
        dimensions: measured on images.
        gaussian: whether the codes have a Gaussian prior, whose range serves all of them alike;
            else each has the range of the images' codes and a little more.
    """
    rows = []
    for index in dimensions.order.tolist():
        low, high = dimensions.low[index].item(), dimensions.high[index].item()
        low, high = (-GAUSSIAN, GAUSSIAN) if gaussian else _stretched(low, high)
        rows.append(
            {
                "index": index,
                "use": dimensions.use[index].item(),
                "unit": dimensions.unit,
                "used": bool(dimensions.is_used[index]),
                "low": low,
                "high": high,
            }
        )
    return rows


def thumbnail_sheet(
    pictures: Tensor, indices: Sequence[int], values: Sequence[Sequence[float]]
) -> dict[str, Any]:
    """What `LatentSliders` takes as `thumbnails`.

    Args:
        pictures: (n, 5, C, H, W) in [0, 1], a row for each of some dimensions.
        indices: the place of each row's dimension in the code.
        values: (n, 5), of that dimension in each picture.
    """
    *_, height, width = pictures.shape
    if pictures.shape[:2] != (len(indices), len(values[0])) or len(values) != len(indices):
        raise ValueError(
            f"pictures must have a row an index and a column a value, got {tuple(pictures.shape)}"
            f" for {len(indices)} indices and {len(values)} rows of values"
        )
    return {
        "sheet": picture_sheet(pictures),
        "rows": [int(index) for index in indices],
        "values": [_floats(row) for row in values],
        "width": width,
        "height": height,
    }


def _floats(values: Sequence[float] | Tensor) -> list[float]:
    """Millionths are more than a slider shows, and shorter to send."""
    return [round(float(value), 6) for value in values]


def _stretched(low: float, high: float) -> tuple[float, float]:
    """A tenth more on either side, to neat numbers: two digits of the span, outwards."""
    spare = max(STRETCH * (high - low), (LEAST_SPAN - (high - low)) / 2)
    low, high = low - spare, high + spare
    digits = 1 - math.floor(math.log10(high - low))
    unit = 10**digits
    low, high = math.floor(low * unit) / unit, math.ceil(high * unit) / unit
    low = min(max(low, -FARTHEST), FARTHEST - LEAST_SPAN)
    return low, max(min(high, FARTHEST), low + LEAST_SPAN)

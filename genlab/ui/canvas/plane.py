"""PlaneCanvas: a latent space of two dimensions as a map, with a cursor that is an event's input.

Behind everything lie the pictures that the decoder makes of a grid of codes. Over them stand images
as discs with the mark of their class, so that no class is told by colour alone. The map is painted
in the browser; only the cursor's place goes to the server, at most once a painted frame.
"""

import base64
import io
import json
import math
from collections.abc import Sequence
from typing import Any, Literal

import gradio as gr
from PIL import Image
from torch import Tensor

from genlab.core.images import image_grid, to_picture
from genlab.ui.canvas.component import CanvasComponent

MOST_POINTS = 2000
MOST_CLASSES = 10  # as many colours as eyes of every kind can tell apart, and digits
LONGEST_VALUE = 80  # characters of a cursor; what is longer was not made by plane.js
FARTHEST = 1000.0  # of a cursor from 0; a model may allow less
DATA_URL = "data:image/png;base64,"

SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")

Pair = Sequence[float]


class PlaneCanvas(CanvasComponent):
    """Shows a map and says where its cursor is.

    A handler gets (x, y); it may return a pair, a tensor of two numbers or JSON as a new cursor,
    and `gr.update(points=…, sheet=…)` for what lies on the map. Event: `input`, when a visitor
    moves the cursor; listen with `trigger_mode="always_last"` and the component as an input.
    """

    VALUE = "JSON: the cursor's place, [x, y]"

    def __init__(
        self,
        value: str | Pair | Tensor | None = None,
        *,
        label: str,
        low: Pair = (-3.0, -3.0),
        high: Pair = (3.0, 3.0),
        sheet: str = "",
        points: str = "",
        classes: Sequence[str] = (),
        ellipses: str = "",
        path: str = "",
        dots: str = "",
        dots_name: str = "samples",
        axes: Sequence[str] = ("z₀", "z₁"),
        dimensions: int = 2,
        size: int = 480,
        visible: bool | Literal["hidden"] = True,
        elem_id: str | None = None,
        elem_classes: list[str] | str | None = None,
        render: bool = True,
    ) -> None:
        """Declare a map.

        Args:
            value: the cursor at first, the origin by default.
            label: names the map for screen readers and for its file.
            low: the lower left corner, (x, y).
            high: the upper right corner.
            sheet: what `plane_sheet` made of pictures between these corners; "" for none.
            points: what `plane_points` made of images' codes; "" for none.
            classes: names of the points' classes, at most 10; one of a single letter or digit is
                its own mark, others are marked by their number.
            ellipses: JSON, a list of what `ellipse` makes; each is drawn at 1σ and 2σ.
            path: JSON, [[x, y], …], joined by lines from A to B.
            dots: JSON, [[x, y], …], small diamonds: what was drawn at random.
            dots_name: what the dots are, beside the switch that hides them.
            axes: names of the two dimensions, see `axis_name`.
            dimensions: of a code; of more than two the map shows two, and says that distances are
                those in these two alone.
            size: side of the map in CSS pixels where there is room; the axes come on top.
            visible: "hidden" hides it for a while; gradio 6.31 forgets the size of what is False.
            render: set by gradio when it rebuilds the component for an update.

        Raises:
            ValueError: corners that span nothing, too many classes, or JSON of another form.
        """
        corners = _corners(low, high)
        if len(classes) > MOST_CLASSES:
            raise ValueError(f"classes must be at most {MOST_CLASSES}, got {len(classes)}")
        if sheet and not sheet.startswith(DATA_URL):
            raise ValueError(f"sheet must begin with {DATA_URL}, got {sheet[:30]!r}")
        shown = {
            "points": _check_list(points, "points", 3),
            "path": _check_list(path, "path", 2),
            "dots": _check_list(dots, "dots", 2),
            "ellipses": _check_ellipses(ellipses),
        }
        self._declare(
            value,
            files="plane",
            scripts=("marks", "class_marks", "plane_axes", "plane_layers", "plane_words", "plane"),
            styles=("class_marks", "plane"),
            label=label,
            visible=visible,
            elem_id=elem_id,
            elem_classes=elem_classes,
            render=render,
            low=corners[0],
            high=corners[1],
            sheet=sheet,
            classes=list(classes),
            dots_name=dots_name,
            axes=list(axes),
            dimensions=dimensions,
            size=size,
            **shown,
        )

    def preprocess(self, payload: Any) -> tuple[float, float]:  # noqa: ANN401
        """The cursor that the browser sent.

        Raises:
            gr.Error: not two numbers of a sensible size.
        """
        try:
            if not isinstance(payload, str) or len(payload) > LONGEST_VALUE:
                raise ValueError("value must be a short text")
            return _pair(json.loads(payload), "value")
        except (ValueError, RecursionError) as error:
            raise gr.Error(
                "The place on the map did not arrive whole. Move the cursor again.",
                print_exception=False,
            ) from error

    def postprocess(self, value: str | Pair | Tensor | None) -> str:
        """JSON of the cursor; None is the origin."""
        if value is None or value == "":
            return "[0.0, 0.0]"
        if isinstance(value, Tensor):
            value = value.tolist()
        return json.dumps(_pair(json.loads(value) if isinstance(value, str) else value, "value"))


def plane_sheet(pictures: Tensor, side: int) -> str:
    """A data URL of the map's pictures.

    Args:
        pictures: (side², 1, H, W) in [0, 1], rows from the top, as of `plane_codes`.
    """
    if len(pictures) != side**2:
        raise ValueError(f"pictures must be side² = {side**2}, got {len(pictures)}")
    sheet = to_picture(image_grid(pictures, columns=side, gap=0))[0]  # (side·H, side·W)
    content = io.BytesIO()
    Image.fromarray(sheet.numpy()).save(content, "PNG", optimize=True)
    return DATA_URL + base64.b64encode(content.getvalue()).decode()


def plane_points(codes: Tensor, labels: Tensor) -> str:
    """Images on the map as JSON, [[x, y, class], …].

    Args:
        codes: (N, 2), rounded here to thousandths.
        labels: (N,), places in `classes`.
    """
    if codes.shape != (len(labels), 2) or len(labels) > MOST_POINTS:
        raise ValueError(
            f"codes must be ({len(labels)}, 2) as there are labels, and at most {MOST_POINTS}, "
            f"got {tuple(codes.shape)}"
        )
    pairs = zip(codes.tolist(), labels.tolist(), strict=True)
    return json.dumps([[round(x, 3), round(y, 3), label] for (x, y), label in pairs])


def plane_path(codes: Tensor) -> str:
    """A path or random dots on the map as JSON, [[x, y], …], from (N, 2) codes."""
    return json.dumps([[round(x, 3), round(y, 3)] for x, y in codes.tolist()])


def ellipse(mean: Tensor, std: Tensor, name: str) -> dict[str, Any]:
    """A Gaussian with a diagonal covariance, (2,) and (2,), and what stands beside it."""
    (x, y), (sx, sy) = mean.tolist(), std.tolist()
    return {"x": x, "y": y, "sx": sx, "sy": sy, "name": name}


def axis_name(dimension: int) -> str:
    """The symbol of a place in the code, which counts from 0 as the sliders do: z₀, z₁, …"""
    return "z" + str(dimension).translate(SUBSCRIPTS)


def _corners(low: Pair, high: Pair) -> tuple[list[float], list[float]]:
    corners = list(_pair(low, "low")), list(_pair(high, "high"))
    if not all(a < b for a, b in zip(*corners, strict=True)):
        raise ValueError(f"low must lie below and left of high, got {low} and {high}")
    return corners


def _pair(numbers: object, name: str) -> tuple[float, float]:
    if not isinstance(numbers, (list, tuple)) or len(numbers) != 2:
        raise ValueError(f"{name} must be two numbers, got {numbers!r:.60}")
    return _number(numbers[0], name), _number(numbers[1], name)


def _number(number: object, name: str) -> float:
    is_number = isinstance(number, (int, float)) and not isinstance(number, bool)
    if not is_number or not -FARTHEST <= number <= FARTHEST:  # NaN is refused as well
        raise ValueError(f"{name} must be numbers from −{FARTHEST:g} to {FARTHEST:g}")
    return float(number)


def _check_list(text: str, name: str, length: int) -> str:
    """The text, if it is "" or JSON of at most `MOST_POINTS` lists of `length` finite numbers."""
    rows = json.loads(text or "[]")
    if not isinstance(rows, list) or len(rows) > MOST_POINTS:
        raise ValueError(f"{name} must be a JSON list of at most {MOST_POINTS}")
    for row in rows:
        if not isinstance(row, list) or len(row) != length or not all(map(_is_finite, row)):
            raise ValueError(f"{name} must hold lists of {length} numbers, got {row!r:.60}")
    return text


def _check_ellipses(text: str) -> str:
    for each in json.loads(text or "[]"):
        numbers = [each.get(name) for name in ("x", "y", "sx", "sy")]
        if not all(map(_is_finite, numbers)) or min(numbers[2:]) < 0 or "name" not in each:
            raise ValueError(f"ellipses must hold x, y, sx, sy and name, got {each!r:.60}")
    return text


def _is_finite(number: object) -> bool:
    return isinstance(number, (int, float)) and math.isfinite(number)

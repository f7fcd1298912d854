"""GateMaps: what the gates of a layer let through, as maps of its two stacks.

Signed maps are blue, white and vermilion with zero in the middle, shares are cividis; each has its
scale. Whatever stands on it was computed before: it only paints.
"""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genlab.ui.canvas.component import CanvasComponent

SIDE = 392  # CSS px; what the shared styles ask for, these maps are as wide as there is room
STEPS = 127  # of a signed map on either side of zero, so that zero is white exactly


@dataclass(frozen=True, eq=False)
class ShownStack:
    """A stack's maps.

    Attributes:
        tells: what it reads and where it acts, in a sentence or two.
        place: row and column of its ring, None for none.
        maps: (features, 3, H, W): content in [−1, 1], door in [0, 1], their product.
        chosen: the features to show, in this order.
    """

    tells: str
    place: tuple[int, int] | None
    maps: NDArray[np.float32]
    chosen: list[int]


@dataclass(frozen=True, eq=False)
class ShownGates:
    """One layer of one picture.

    Attributes:
        title: names pixel and layer.
        layer: counts from 1.
        pixel: row and column.
        picture: (H, W) uint8.
        stacks: the vertical and the horizontal one.
    """

    title: str
    layer: int
    pixel: tuple[int, int]
    picture: NDArray[np.uint8]
    stacks: tuple[ShownStack, ShownStack]


class GateMaps(CanvasComponent):
    """Shows a `ShownGates`, or a sentence: a text keeps the empty maps, `absent` takes them away.

    It sends no event and is never an event's input.
    """

    VALUE = "JSON: a sentence, or a layer's maps in hex"

    def __init__(
        self,
        value: ShownGates | str = "",
        *,
        story: str,
        crossing: str,
        stacks: list[dict[str, str]],
        channels: int,
        rows: int = 28,
        cols: int = 28,
        visible: bool = True,
        elem_id: str | None = None,
        elem_classes: list[str] | str | None = None,
        render: bool = True,
    ) -> None:
        """Declare the maps.

        Args:
            story: what a gate is.
            crossing: what goes from the first stack to the second.
            stacks: of each, its `title` and what it `tells` before there are maps.
            channels: how many of each stack are shown.
            render: set by gradio when it rebuilds the component for an update.
        """
        self._declare(
            value,
            files="gates",
            scripts=("gates",),
            visible=visible,
            elem_id=elem_id,
            elem_classes=elem_classes,
            render=render,
            rows=rows,
            cols=cols,
            size=SIDE,
            story=story,
            crossing=crossing,
            stacks=stacks,
            channels=channels,
        )

    def postprocess(self, value: ShownGates | str | None) -> str:
        """What gates.js reads; a text that `absent` made stays as it is."""
        if isinstance(value, ShownGates):
            return gates_payload(value)
        if not value or value.startswith("{"):
            return value or ""
        return json.dumps({"message": value})


def absent(sentence: str) -> str:
    """A value that says why there are no maps, without their frames."""
    return json.dumps({"message": sentence, "hidden": True})


def gates_payload(shown: ShownGates) -> str:
    """Maps as JSON; the products share one scale, that of the largest one shown."""
    scale = max(
        float(np.abs(stack.maps[stack.chosen, 2]).max(initial=0.01)) for stack in shown.stacks
    )
    return json.dumps(
        {
            "title": shown.title,
            "layer": shown.layer,
            "pixel": shown.pixel,
            "rows": shown.picture.shape[0],
            "cols": shown.picture.shape[1],
            "picture": shown.picture.tobytes().hex(),
            "scale": scale,
            "features": len(shown.stacks[0].maps),
            "stacks": [_stack(stack, scale) for stack in shown.stacks],
        }
    )


def _stack(stack: ShownStack, scale: float) -> dict[str, Any]:
    table = None
    if stack.place is not None:
        table = stack.maps[..., stack.place[0], stack.place[1]].astype(float).round(4).tolist()
    return {
        "tells": stack.tells,
        "place": stack.place,
        "table": table,
        "channels": [
            {
                "number": number,
                "values": table[number] if table else None,
                "content": _signed(stack.maps[number, 0], 1.0),
                "door": np.rint(stack.maps[number, 1] * 2 * STEPS).astype(np.uint8).tobytes().hex(),
                "product": _signed(stack.maps[number, 2], scale),
            }
            for number in stack.chosen
        ],
    }


def _signed(values: NDArray[np.float32], limit: float) -> str:
    """Hex of bytes: 0 for −limit, 127 for 0, 254 for limit."""
    return (np.rint(values / limit * STEPS) + STEPS).astype(np.uint8).tobytes().hex()

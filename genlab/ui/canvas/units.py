"""UnitBars: the units of a code as small bars in rows, one of which can be chosen."""

import json
from dataclasses import dataclass

import numpy as np

from genlab.ui.canvas.component import CanvasComponent

SIDE = 320  # CSS px of a row, where there is room
COLUMNS = 20


@dataclass(frozen=True)
class ShownUnits:
    """A code.

    Attributes:
        values: of each unit, in [0, 1].
        threshold: in [0, 1]; bars above it are filled.
        chosen: the unit that is outlined, None for none.
    """

    values: tuple[float, ...]
    threshold: float
    chosen: int | None = None


class UnitBars(CanvasComponent):
    """Shows `ShownUnits`; None empties the bars.

    Event: `select` (`gr.SelectData`, index the unit, value its activity), by click or Enter.
    Listen with `trigger_mode="multiple"`, see `PixelCanvas`.
    """

    VALUE = "JSON: values, a threshold, the chosen unit"

    def __init__(
        self,
        value: ShownUnits | str | None = None,
        *,
        label: str,
        units: int,
        cols: int = COLUMNS,
        size: int = SIDE,
        visible: bool = True,
        elem_id: str | None = None,
        elem_classes: list[str] | str | None = None,
        render: bool = True,
    ) -> None:
        """Declare the bars.

        Args:
            label: names them for screen readers and for their file.
            units: how many there are.
            cols: bars in a row.
            size: width of a row in CSS pixels where there is room.
            render: set by gradio when it rebuilds the component for an update.
        """
        self._declare(
            value,
            files="units",
            scripts=("units",),
            label=label,
            visible=visible,
            elem_id=elem_id,
            elem_classes=elem_classes,
            render=render,
            units=units,
            cols=cols,
            rows=-(-units // cols),
            size=size,
        )

    def postprocess(self, value: ShownUnits | str | None) -> str:
        """What units.js reads; a text is taken for what this made before."""
        if value is None or isinstance(value, str):
            return value or ""
        if len(value.values) != self.units:
            raise ValueError(f"there must be {self.units} values, got {len(value.values)}")
        return json.dumps(
            {
                # The shortest decimals of a float32: none of them changes side of the threshold.
                "values": [float(str(np.float32(each))) for each in value.values],
                "threshold": value.threshold,
                "chosen": value.chosen,
            }
        )

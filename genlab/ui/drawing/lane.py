"""A lane of a diagram: the line on which steps follow one another downwards."""

from genlab.analysis.diagram import Shape, Step
from genlab.ui.drawing.marks import Line, Marks, shape_text

MIDDLE = 170  # where a lone lane runs
PILL = 96  # width of an operation without parameters
RING = 10  # radius of a plus
GAP, LABELLED_GAP = 14, 27  # between steps, without and with a shape beside the arrow


class Lane:
    """Where a flow has come to, and what runs in it.

    Attributes:
        x: of the line.
        y: of its end.
        shape: of the tensor in it.
        said: the shape that was last written beside it.
    """

    def __init__(
        self, marks: Marks, x: float, y: float, shape: Shape, *, said: Shape | None = None
    ) -> None:
        self._marks = marks
        self.x, self.y, self.shape, self.said = x, y, shape, said

    def step(self, step: Step, width: float) -> None:
        """An arrow and the step that it leads to."""
        y = self.arrow()
        if step.text == "+":
            self.ring(step, y + RING)
            self.y = y + 2 * RING
        else:
            kind = "k" if step.name and step.note else ""  # blue looks at other pixels
            self.y = self._marks.box(self.x, y, width if step.name else PILL, lines_of(step), kind)
        self.shape = step.shape

    def ring(self, step: Step, y: float) -> None:
        """An addition on the line, its centre at `y`."""
        self._marks.plus(self.x, y, RING)
        self.shape = step.shape

    def arrow(self) -> float:
        """Down to where the next step begins, which is returned."""
        y = self.y + self.gap()
        self.label()
        self._marks.across(self.x, self.y, self.x, y)
        return y

    def down_to(self, y: float) -> None:
        """Draw the line on."""
        self._marks.line(self.x, self.y, self.x, y)
        self.y = y

    def gap(self) -> int:
        """The space before the next step."""
        return GAP if self.said == self.shape else LABELLED_GAP

    def label(self) -> None:
        """Write a new shape on the inner side of the line."""
        x, anchor = (self.x - 6, "e") if self.x > MIDDLE else (self.x + 6, "s")
        if self.said != self.shape:
            self._marks.text(x, self.y + 15, anchor, shape_text(self.shape))
        self.said = self.shape


def lines_of(step: Step, style: str = "t") -> list[Line]:
    """What stands in a step's box; `style` is that of a layer's first line."""
    count = f"{step.parameters:,} parameters" if step.parameters else ""
    lines = [(style if step.name else "", step.text), ("", step.note), ("", count)]
    return [line for line in lines if line[1]]

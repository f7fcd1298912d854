"""Draws a U-Net as one SVG of a phone's width: down on the left, up on the right.

Both ends of a bridge have the same height, so that every bridge is a level arrow.
"""

from html import escape

from genlab.analysis.unet_diagram import Level, Part, UNetDiagram
from genlab.ui.drawing.marks import LINE, STYLE, Line, Marks, shape_text

WIDTH = 360
LEFT, RIGHT, MIDDLE = 92, 262, 177  # where the two arms run, and what lies between them
BOX, PILL = 144, 96  # widths of a layer and of an operation without parameters
GAP = 28  # between boxes: room for a shape beside the arrow
PADDING = 9  # of a box, above and below its lines together


def draw_unet(diagram: UNetDiagram, title: str) -> str:
    """The drawing as the text of an SVG file."""
    drawing = _Drawing(diagram)
    for level in diagram.levels:
        drawing.add(level)
    height = drawing.finish(diagram.middle)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="gl-d" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" aria-label="{escape(title)}">'
        f"<style>{STYLE}</style>{''.join(drawing.marks.parts)}</svg>"
    )


class _Drawing:
    """Grows downwards, level after level.

    Attributes:
        marks: all elements so far.
    """

    def __init__(self, diagram: UNetDiagram) -> None:
        self.marks = Marks()
        shape = diagram.image
        self._ends: tuple[Part, ...] = (_end("Noisy picture x_t", shape), _end("Answer", shape))
        top = 4 + _conditions(self.marks, diagram.conditions, 4) + GAP
        self._down, self._up = top, top  # where the left arm goes on, where the right one arrives
        self._said: tuple[int, ...] = ()

    def add(self, level: Level) -> None:
        """One level: both arms, with their ends at one height and the bridge between them."""
        is_first = bool(self._ends)
        left = [*self._ends[:1], *level.down]
        right = [*level.up, *self._ends[1:]][::-1]  # from above
        self._ends = ()
        height = max(_height(left), _height(right))
        bottom = max(self._down, self._up) + (0 if is_first else GAP) + height
        self._stack_down(left, bottom - _height(left), is_first)
        self._stack_up(right, bottom - _height(right), is_first)
        y = bottom - (LINE + PADDING) / 2  # of the operation that ends the bridge
        self.marks.across(LEFT + BOX / 2, y, RIGHT - PILL / 2, y)
        self._down = self._up = bottom

    def _stack_down(self, parts: list[Part], y: float, is_first: bool) -> None:
        before = None if is_first else self._down
        for part in parts:
            if before is not None:
                self.marks.across(LEFT, before, LEFT, y)
            before = _box(self.marks, LEFT, y, part)
            if part.shape != self._said:
                self.marks.text(LEFT + 6, before + 17, "s", shape_text(part.shape))
            self._said = part.shape
            y = before + GAP

    def _stack_up(self, parts: list[Part], y: float, is_first: bool) -> None:
        before = None if is_first else self._up
        for part in parts:
            if before is not None:
                _arrow_up(self.marks, RIGHT, y, before)
                self.marks.text(RIGHT + 7, y - 7, "s", shape_text(part.shape))
            before = _box(self.marks, RIGHT, y, part)
            y = before + GAP

    def finish(self, middle: tuple[Part, ...]) -> int:
        """The bottom of the U; the height of the whole."""
        y, into = self._down + GAP, None
        for part in middle:
            bottom = _box(self.marks, MIDDLE, y, part)
            last = (y + bottom) / 2
            if into is None:
                into = last
            else:
                self.marks.across(MIDDLE, y - GAP, MIDDLE, y)
            y = bottom + GAP
        if into is None:  # nothing lies there but the way from one arm to the other
            into = last = y
            self.marks.path(f"M{LEFT} {self._down} V{y} H{RIGHT}")
        else:
            self.marks.path(f"M{LEFT} {self._down} V{into} H{MIDDLE - BOX / 2 - 6}")
            self.marks.head_of_arrow(MIDDLE - BOX / 2, into, 1)
            self.marks.path(f"M{MIDDLE + BOX / 2} {last} H{RIGHT}")
        _arrow_up(self.marks, RIGHT, last, self._up)
        return round(y - GAP + 6)


def _end(text: str, shape: tuple[int, ...]) -> Part:
    return Part("end", text, shape, 0)


def _lines(part: Part) -> list[Line]:
    count = [("", f"{part.parameters:,} parameters")] if part.parameters else []
    return [("t" if part.name else "", part.text), *count]


def _height(parts: list[Part]) -> float:
    boxes = sum(LINE * len(_lines(part)) + PADDING for part in parts)
    return boxes + GAP * (len(parts) - 1)


def _box(marks: Marks, x: float, y: float, part: Part) -> float:
    """Its bottom; green hears the conditions."""
    return marks.box(x, y, BOX if part.name else PILL, _lines(part), "c" if part.hears else "")


def _arrow_up(marks: Marks, x: float, y0: float, y1: float) -> None:
    marks.line(x, y0, x, y1)
    marks.parts.append(f'<path class="a" d="M{x} {y1} l-4 7 h8 Z"/>')


def _conditions(marks: Marks, parts: tuple[Part, ...], y: float) -> float:
    """What time and class become, in one box; its height."""
    if not parts:
        return -GAP
    layers = [
        ("", f"{part.text}, {part.parameters:,} parameters") for part in parts if part.parameters
    ]
    lines = [("t", "Time and class"), *layers, ("", f"{shape_text(parts[-1].shape)} numbers")]
    return marks.box(WIDTH / 2, y, 250, lines, "c") - y

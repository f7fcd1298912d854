"""Draws a network's diagram as one SVG of a phone's width, from top to bottom.

A lone lane runs down the middle; two run side by side, with what joins them in between. More than
two are not foreseen.
"""

from html import escape

from genlab.analysis.diagram import Block, Diagram, Shape, Skip, Step
from genlab.ui.drawing.lane import GAP, LABELLED_GAP, MIDDLE, RING, Lane, lines_of
from genlab.ui.drawing.marks import STYLE, Marks, shape_text

WIDTH = 360
LANES = (85, 255)  # where two run side by side
FRAME, RAIL = (4, 336), 350  # left and right edge of a block; the line that carries the skips
BOX, NARROW, WIDE = 140, 118, 190  # widths in a lane of two, between them, in a lone lane
HEAD = 40  # height of a block's title


def draw_svg(diagram: Diagram, title: str) -> str:
    """The drawing as the text of an SVG file."""
    drawing = _Drawing(diagram.image)
    for block in diagram.blocks:
        drawing.add(block)
    height = drawing.finish(diagram.logits)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="gl-d" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" aria-label="{escape(title)}">'
        f"<style>{STYLE}</style>{drawing.text}</svg>"
    )


class _Drawing:
    """Grows downwards, block after block."""

    def __init__(self, image: Shape) -> None:
        self._marks = Marks()
        bottom = self._marks.box(MIDDLE, 4, WIDE, [("t", "The picture so far")])
        self._ends = [Lane(self._marks, MIDDLE, bottom, image)]
        self._rail: float | None = None

    @property
    def text(self) -> str:
        """All elements so far."""
        return "".join(self._marks.parts)

    def add(self, block: Block) -> None:
        """The next block, framed if it has a title."""
        if block.title:
            self._framed(block)
            return
        ((step,),) = block.lanes
        if step.adds == ("skips",):
            self._sum(step)
        else:
            self._join(1)
            self._ends[0].step(step, WIDE)

    def finish(self, logits: Shape) -> int:
        """The last box; the height of the whole."""
        self._join(1)
        (end,) = self._ends
        y = end.arrow()
        lines = [("t", f"Logits of {logits[0]} levels for every pixel"), ("", shape_text(logits))]
        return round(self._marks.box(MIDDLE, y, 250, lines) + 4)

    # — blocks —

    def _framed(self, block: Block) -> None:
        at = len(self._marks.parts)
        self._join(len(block.lanes))
        top = max(end.y for end in self._ends) + GAP
        for end in self._ends:
            end.down_to(top + HEAD - 10)
        self._head(block, top)
        self._inside(block, top + HEAD - 10)
        if block.skip:
            self._skip(block.skip)
        bottom = max(end.y for end in self._ends) + GAP
        for end in self._ends:
            end.down_to(bottom)
        shifts = (4, 0) if len(block.names) > 1 else (0,)
        self._marks.parts[at:at] = [self._frame(top, bottom, shift) for shift in shifts]

    def _frame(self, top: float, bottom: float, shift: int) -> str:
        left, right = FRAME
        return (
            f'<rect class="f" x="{left + shift}" y="{top + shift}" width="{right - left}" '
            f'height="{bottom - top}" rx="10"/>'
        )

    def _head(self, block: Block, top: float) -> None:
        times = len(block.names)
        x, anchor = (14, " s") if len(block.lanes) == 1 else (MIDDLE, "")
        each = " each" if times > 1 else ""
        self._marks.text(x, top + 17, "t" + anchor, block.title)
        self._marks.text(x, top + 31, anchor, f"{block.parameters:,} parameters{each}")
        if times > 1:
            self._marks.text(326, top + 22, "n e", f"× {times}")

    def _inside(self, block: Block, top: float) -> None:
        """All lanes side by side; they wait for one another where something joins them."""
        lanes = [list(lane) for lane in block.lanes]
        if block.bridge:
            for _ in range(block.bridge_from + 1):
                self._lane_step(0, lanes[0].pop(0), top)
            self._advance(1, lanes[1], top, until="bridge")
            self._bridge(block.bridge, lanes[1].pop(0) if lanes[1] else None)
        if block.condition:
            for index, lane in enumerate(lanes):
                self._advance(index, lane, top, until="class")
            self._condition(block.condition, [lane.pop(0) if lane else None for lane in lanes])
        for index, lane in enumerate(lanes):
            self._advance(index, lane, top, until=None)
        for end in self._ends if len(self._ends) > 1 else ():
            end.label()

    def _advance(self, index: int, lane: list[Step], top: float, *, until: str | None) -> None:
        while lane and until not in lane[0].adds:
            self._lane_step(index, lane.pop(0), top)

    def _lane_step(self, index: int, step: Step, top: float) -> None:
        end = self._ends[index]
        end.step(step, BOX if len(self._ends) > 1 else WIDE)
        if "input" in step.adds:
            self._residual(end, top, index)

    def _residual(self, end: Lane, top: float, index: int) -> None:
        aside = (290,) if len(self._ends) == 1 else (9, 331)
        side, y = aside[index], end.y - RING
        sign = 1 if side > end.x else -1
        self._marks.path(f"M{end.x} {top - 4} H{side} V{y} H{end.x + sign * (RING + 5)}")
        self._marks.head_of_arrow(end.x + sign * RING, y, -sign)
        anchor = "e" if sign > 0 else "s"
        self._marks.text(end.x - sign * (RING + 5), y + 4, anchor, "residual")

    def _bridge(self, bridge: tuple[Step, ...], joined: Step | None) -> None:
        start, goal = self._ends[0], self._ends[1]
        y = max(end.y + end.gap() for end in self._ends)
        for end in (start, goal):
            end.label()
        for number, step in enumerate(bridge):
            if number:
                self._marks.across(MIDDLE, y, MIDDLE, y + GAP)
                y += GAP
            kind = "" if step.parameters else "m"
            bottom = self._marks.box(MIDDLE, y, NARROW, lines_of(step), kind)
            middle = (y + bottom) / 2
            if not number:
                self._marks.across(start.x, middle, MIDDLE - NARROW / 2, middle)
            y = bottom
        for end in (start, goal):
            end.down_to(y)
        self._marks.across(MIDDLE + NARROW / 2, middle, goal.x - (RING if joined else 0), middle)
        if joined:
            goal.ring(joined, middle)

    def _condition(self, condition: tuple[Step, ...], joined: list[Step | None]) -> None:
        x = MIDDLE if len(self._ends) > 1 else 70
        y = max(end.y for end in self._ends) + GAP
        lines = [line for step in condition for line in lines_of(step)]
        bottom = self._marks.box(x, y, NARROW, lines, "c")
        middle = (y + bottom) / 2
        for end, step in zip(self._ends, joined, strict=True):
            end.down_to(bottom)
            if step is not None:
                sign = 1 if end.x > x else -1
                self._marks.across(x + sign * NARROW / 2, middle, end.x - sign * RING, middle)
                end.ring(step, middle)

    def _skip(self, skip: Skip) -> None:
        """Left of its lane; its result crosses the lane on the way to the rail."""
        end = self._ends[skip.lane]
        y = max(each.y for each in self._ends) + LABELLED_GAP
        lines = [("t", "Skip"), *lines_of(skip.step, "")]
        bottom = self._marks.box(MIDDLE, y, NARROW, lines)
        middle = (y + bottom) / 2
        end.label()
        for each in self._ends:
            each.down_to(bottom + GAP + 6)
        self._marks.across(end.x, middle, MIDDLE + NARROW / 2, middle)
        out = bottom + GAP
        hop = f"H{end.x - 5} a5 5 0 0 1 10 0 " if end.x > MIDDLE else ""
        self._marks.path(f"M{MIDDLE} {bottom} V{out} {hop}H{RAIL}")
        if self._rail is None:
            self._rail = out
        self._marks.text(MIDDLE - 6, out, "e", shape_text(skip.step.shape))

    def _sum(self, step: Step) -> None:
        y = max(end.y for end in self._ends) + LABELLED_GAP
        bottom = self._marks.box(MIDDLE, y, WIDE, [("t", step.note)])
        middle = (y + bottom) / 2
        self._marks.path(f"M{RAIL} {self._rail} V{middle} H{MIDDLE + WIDE / 2 + 5}")
        self._marks.head_of_arrow(MIDDLE + WIDE / 2, middle, -1)
        self._ends = [Lane(self._marks, MIDDLE, bottom, step.shape)]

    def _join(self, lanes: int) -> None:
        """Lead what there is to where the next block expects its lanes."""
        if len(self._ends) == lanes:
            return
        xs = LANES if lanes == 2 else (MIDDLE,)
        y = max(end.y for end in self._ends) + LABELLED_GAP
        for end in self._ends:
            end.label()
            for x in xs:
                self._marks.path(f"M{end.x} {end.y} V{y} H{x}")
        shape = self._ends[0].shape
        self._ends = [Lane(self._marks, x, y, shape, said=shape) for x in xs]

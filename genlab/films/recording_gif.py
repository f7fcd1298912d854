"""A recorded run as an animated GIF: pictures as they are, words, and below them two curves.

The losses stand beside what was measured, so that the GIF says what the page says. All is grey, so
that its 256 colours hold every pixel of the pictures exactly.
"""

import io
from collections.abc import Iterable, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from genlab.films.gif import DIM, INK, LAST_PAUSE, MARGIN, PAPER, PAUSE, WIDTH
from genlab.films.recording import Recording

STRIP = 150  # pixels below the pictures
PLOT_TOP, PLOT_BOTTOM = 64, 140  # pixels in the strip
GREYS = (INK, DIM)  # of the first and the second line of a plot
MEASURED = "coverage"  # what stands beside the losses

Line = Sequence[tuple[float, float]]  # step and value


def recording_gif(recording: Recording) -> bytes:
    """The run, over and over; the last moment stays longest."""
    frames = [_frame(recording, index) for index in range(len(recording.moments))]
    content = io.BytesIO()
    frames[0].save(
        content,
        "GIF",
        save_all=True,
        append_images=frames[1:],
        duration=[PAUSE] * (len(frames) - 1) + [LAST_PAUSE],
        loop=0,
    )
    return content.getvalue()


def gif_scale(recording: Recording) -> int:
    """Pixels of the GIF along a pixel of the pictures."""
    return max(1, -(-WIDTH // recording.pictures.shape[2]))


def _frame(recording: Recording, index: int) -> Image.Image:
    scale = gif_scale(recording)
    picture = recording.pictures[index].repeat(scale, axis=0).repeat(scale, axis=1)
    height, width = picture.shape
    frame = np.full((height + STRIP, width), PAPER, np.uint8)
    frame[:height] = picture
    image = Image.fromarray(frame)
    pen = ImageDraw.Draw(image)
    _write_words(pen, recording, index, height)
    middle = width // 2
    losses = [_stretched(values, recording) for values in recording.curve.values()]
    _draw_plot(pen, recording, index, losses, (MARGIN, middle - MARGIN, height))
    measured = [[(m.step, m.values[MEASURED] or 0.0) for m in recording.moments]]
    place = middle + MARGIN, width - MARGIN, height
    _draw_plot(pen, recording, index, measured, place, recording.measures[MEASURED].high or 0.0)
    return image


def _write_words(pen: ImageDraw.ImageDraw, recording: Recording, index: int, top: int) -> None:
    moment = recording.moments[index]
    words = f"{recording.title}, seed {recording.seed} · epoch {moment.epoch:.2f}"
    small = ImageFont.load_default(11)
    pen.text((MARGIN, top + 6), words, INK, ImageFont.load_default(15))
    names = ", ".join(f"{name} {_word(moment.values.get(name))}" for name in recording.curve)
    pen.text((MARGIN, top + 30), "Losses, critic dark", INK, small)
    pen.text((MARGIN, top + 45), names, INK, small)
    right = pen.im.size[0] // 2 + MARGIN
    covered, most = moment.values[MEASURED], recording.measures[MEASURED].high
    pen.text((right, top + 30), "Classes in its pictures", INK, small)
    pen.text((right, top + 45), f"{covered or 0:.0f} of {most or 0:.0f}", INK, small)


def _draw_plot(
    pen: ImageDraw.ImageDraw,
    recording: Recording,
    index: int,
    lines: Iterable[Line],
    place: tuple[int, int, int],
    reach: float = 0.0,
) -> None:
    """Lines over the steps, from zero to their largest value, and the moment.

    Args:
        place: left and right edge, and the strip's top, in pixels.
        reach: that the scale holds at least.
    """
    left, right, top = place
    lines = list(lines)
    values = [value for line in lines for _, value in line]
    low, high = min(0.0, *values), max(1e-6, reach, *values)
    steps = max(1, recording.moments[-1].step)

    def at(step: float, value: float) -> tuple[float, float]:
        share = (value - low) / (high - low)
        return left + (right - left) * step / steps, top + PLOT_BOTTOM - share * (
            PLOT_BOTTOM - PLOT_TOP
        )

    pen.rectangle((left, top + PLOT_TOP, right, top + PLOT_BOTTOM), outline=DIM)
    for line, grey in zip(reversed(lines), reversed(GREYS[: len(lines)]), strict=True):
        pen.line([at(*point) for point in line], grey, 2)
    now, _ = at(recording.moments[index].step, 0.0)
    pen.line((now, top + PLOT_TOP, now, top + PLOT_BOTTOM), INK, 1)


def _stretched(values: Sequence[float], recording: Recording) -> Line:
    """Each mean in the middle of the steps that it is a mean of."""
    length = recording.moments[-1].step / max(1, len(values))
    return [((index + 0.5) * length, value) for index, value in enumerate(values)]


def _word(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"

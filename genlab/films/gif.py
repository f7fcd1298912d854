"""A training film as an animated GIF: the pictures as they are, words and curve below them, and
beside them the cloud of a latent plane, its dots the marks of their classes.

All is grey, so that the GIF's 256 colours hold every pixel of the pictures exactly.
"""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from genlab.films.cloud import class_mark, cloud_scale
from genlab.films.curve import CurveScale, curve_scale
from genlab.films.film import Film

WIDTH = 432  # pixels, at least
PAUSE = 400  # ms a moment
LAST_PAUSE = 3000  # ms, to look at what came of it
STRIP, MARGIN = 116, 10  # pixels below the pictures, and around what stands there
PLOT_TOP, PLOT_BOTTOM, PLOT_LEFT = 48, 108, 40  # pixels in the strip
ABOVE = 1.1  # of the plot's height, where values above its scale lie
PAPER, INK, DIM = 255, 20, 150  # greys


def gif_scale(film: Film) -> int:
    """Pixels of the GIF along a pixel of the pictures."""
    return max(1, -(-WIDTH // film.pictures.shape[2]))


def film_gif(film: Film) -> bytes:
    """The film, over and over; the last moment stays longest."""
    frames = [_frame(film, index) for index in range(len(film.moments))]
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


def _frame(film: Film, index: int) -> Image.Image:
    scale = gif_scale(film)
    picture = film.pictures[index].repeat(scale, axis=0).repeat(scale, axis=1)
    height, width = picture.shape
    side = height if film.cloud_classes else 0
    frame = np.full((height + STRIP, width + side), PAPER, np.uint8)
    frame[:height, :width] = picture
    image = Image.fromarray(frame)
    pen = ImageDraw.Draw(image)
    _write_words(pen, film, index, height)
    _draw_curve(pen, film, index, height)
    if film.cloud_classes:
        _draw_cloud(pen, film, index, width, side)
    return image


def _draw_cloud(pen: ImageDraw.ImageDraw, film: Film, index: int, left: int, side: int) -> None:
    """A square of `side` pixels at the top, with the axes through the origin."""
    scale = cloud_scale([moment.cloud for moment in film.moments])
    names = list(dict.fromkeys(film.cloud_classes))
    low, reach = left + MARGIN, side - 2 * MARGIN
    middle = MARGIN + reach / 2
    pen.rectangle((low, MARGIN, low + reach, MARGIN + reach), outline=DIM)
    pen.line((low, middle, low + reach, middle), DIM)
    pen.line((left + middle, MARGIN, left + middle, MARGIN + reach), DIM)
    font = ImageFont.load_default(11)
    for dot, name in zip(film.moments[index].cloud, film.cloud_classes, strict=True):
        across, down = scale.place(dot)
        place = low + across * reach, MARGIN + down * reach
        pen.text(place, class_mark(names, name), INK, font, "mm")
    pen.text((low + 4, MARGIN + 4), f"±{scale.reach:g}", DIM, font)


def _write_words(pen: ImageDraw.ImageDraw, film: Film, index: int, top: int) -> None:
    moment = film.moments[index]
    words = f"step {moment.step:,} · {moment.time} · {moment.validation:.2f} {film.unit}"
    pen.text((MARGIN, top + 6), words, INK, ImageFont.load_default(15))
    pen.text((MARGIN, top + 27), f"{film.card}, lower is better", DIM, ImageFont.load_default(11))


def _draw_curve(pen: ImageDraw.ImageDraw, film: Film, index: int, top: int) -> None:
    scale = curve_scale([moment.validation for moment in film.moments])
    points = _points(film, scale, pen.im.size[0], top)
    for tick in (scale.low, scale.high):
        height = _height(scale.share(tick), top)
        pen.line((PLOT_LEFT, height, points[-1][0], height), DIM)
        pen.text((PLOT_LEFT - 6, height), f"{tick:g}", INK, ImageFont.load_default(11), "rm")
    pen.line(points, DIM, 1)
    pen.line(points[: index + 1], INK, 2)
    x, y = points[index]
    pen.ellipse((x - 4, y - 4, x + 4, y + 4), INK)


def _points(film: Film, scale: CurveScale, width: int, top: int) -> list[tuple[float, float]]:
    """A place for each moment, evenly spaced."""
    apart = (width - MARGIN - PLOT_LEFT) / max(1, len(film.moments) - 1)
    return [
        (PLOT_LEFT + index * apart, _height(scale.share(moment.validation), top))
        for index, moment in enumerate(film.moments)
    ]


def _height(share: float, top: int) -> float:
    return top + PLOT_BOTTOM - min(share, ABOVE) * (PLOT_BOTTOM - PLOT_TOP)

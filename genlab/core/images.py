"""Images between the layers: float in [0, 1], (B, C, H, W), on the CPU.

Two conversions live here and nowhere else. `to_picture` makes the only uint8. `quantise` and
`dequantise` go between [0, 1] and a model's levels, and are exact inverses on the levels: a model
that is fed its own output must see the value that it drew.
"""

import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from genlab.core.errors import DataError

MAX_UPLOAD_PIXELS = 4096 * 4096  # a decompression bomb unpacks to more than a photograph
UPLOAD_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")  # Pillow runs Ghostscript for others
UNREADABLE = (  # what Pillow raises on damaged or hostile files; UnidentifiedImageError is OSError
    *(OSError, EOFError, SyntaxError, ValueError, TypeError, LookupError, OverflowError),
    *(struct.error, zlib.error),
)


@dataclass(frozen=True)
class ImageSpec:
    """The images that a model is about: `levels` values a channel, 2 for binary ones."""

    channels: int
    height: int
    width: int
    levels: int = 256

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W)."""
        return self.channels, self.height, self.width


def quantise(images: Tensor, levels: int) -> Tensor:
    """Round [0, 1] floats to the nearest of `levels` values; int64 in [0, levels)."""
    return (images * (levels - 1)).round().long()


def dequantise(pixels: Tensor, levels: int) -> Tensor:
    """The [0, 1] float of each level; `quantise(dequantise(k, n), n) == k` for every k."""
    return pixels.float() / (levels - 1)


def to_picture(images: Tensor) -> Tensor:
    """uint8 in [0, 255] of floats in [0, 1], same shape; values outside are clipped."""
    return (images.clamp(0, 1) * 255).round().to(torch.uint8)


def image_grid(images: Tensor, columns: int | None = None, gap: int = 1) -> Tensor:
    """Lay (B, C, H, W) out as one image (C, rows·(H+gap)−gap, columns·(W+gap)−gap), gaps 0.5."""
    count, channels, height, width = images.shape
    columns = columns or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    grid = images.new_full(
        (channels, rows * (height + gap) - gap, columns * (width + gap) - gap), 0.5
    )
    for index, image in enumerate(images):
        top = index // columns * (height + gap)
        left = index % columns * (width + gap)
        grid[:, top : top + height, left : left + width] = image
    return grid


def save_picture(image: Tensor, path: Path, scale: int = 1) -> None:
    """Write (C, H, W) floats in [0, 1] as a PNG, each pixel a square of `scale` pixels.

    Raises:
        DataError: the file cannot be written, or its name promises another format.
    """
    picture = to_picture(image).movedim(0, -1).numpy()
    picture = picture[..., 0] if picture.shape[-1] == 1 else picture
    enlarged = picture.repeat(scale, axis=0).repeat(scale, axis=1)
    try:
        if Path(path).suffix.lower() != ".png":
            raise ValueError("only PNG files are written")
        Image.fromarray(enlarged).save(path)
    except (OSError, ValueError) as error:
        raise DataError(
            f"Cannot write the picture {path}: {error}. Choose a folder that exists and a name "
            "that ends in .png."
        ) from error


def read_image(path: Path, spec: ImageSpec) -> Tensor:
    """Read a picture as (1, C, H, W) floats in [0, 1] of the size that `spec` asks for.

    A photograph is turned as its camera noted. Transparent parts become black, colours are reduced
    to `spec.channels` by luminance, and the whole picture is fitted in with antialiasing, centred
    on black.

    Raises:
        DataError: not a picture, damaged, or above 4096 × 4096 pixels.
    """
    try:
        with Image.open(path, formats=UPLOAD_FORMATS) as opened:
            if opened.width * opened.height > MAX_UPLOAD_PIXELS:
                raise Image.DecompressionBombError
            picture = _eight_bit(ImageOps.exif_transpose(opened)).convert("RGBA")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DataError(
            f"The picture {Path(path).name} has more than 4096 × 4096 pixels. Make it smaller and "
            "try again."
        ) from error
    except UNREADABLE as error:
        raise DataError(
            f"Cannot read {Path(path).name} as a picture. Use a PNG, JPEG or WebP file."
        ) from error
    black = Image.new("RGBA", picture.size, "black")
    flat = Image.alpha_composite(black, picture).convert("L" if spec.channels == 1 else "RGB")
    fitted = np.asarray(_fit(flat, spec.width, spec.height))
    return (
        torch.from_numpy(fitted.copy())
        .float()
        .div(255)
        .reshape(1, *fitted.shape[:2], -1)
        .movedim(-1, 1)
    )


def _eight_bit(picture: Image.Image) -> Image.Image:
    """Scale 16-bit grey down to 8; Pillow's own conversion clips it to white."""
    if not picture.mode.startswith("I"):
        return picture
    values = np.asarray(picture).astype(np.int64).clip(0, 65535)
    return Image.fromarray(((values + 128) // 257).astype(np.uint8))


def _fit(picture: Image.Image, width: int, height: int) -> Image.Image:
    """Shrink or enlarge to the most that fits, at least a pixel wide, and centre it on black."""
    side = max(picture.width / width, picture.height / height)
    size = max(1, round(picture.width / side)), max(1, round(picture.height / side))
    canvas = Image.new(picture.mode, (width, height))
    corner = (width - size[0]) // 2, (height - size[1]) // 2
    canvas.paste(picture.resize(size, Image.Resampling.LANCZOS), corner)
    return canvas

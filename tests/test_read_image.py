"""Pictures from outside: every usual kind, and every unusual one refused."""

import struct
import warnings
import zlib

import numpy as np
import pytest
import torch
from PIL import EpsImagePlugin, Image

from genlab.core.errors import DataError
from genlab.core.images import ImageSpec, read_image

GREY, COLOUR = ImageSpec(1, 28, 28), ImageSpec(3, 28, 28)
RAMP = torch.linspace(0, 255, 28).round().byte().repeat(28, 1)  # (28, 28), black to white


def saved(tmp_path, picture, name="picture.png", **options):
    picture.save(tmp_path / name, **options)
    return tmp_path / name


def from_bytes(array):
    return Image.fromarray(np.asarray(array, np.uint8))


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P", "1"])
def test_grey_comes_through_every_mode_unchanged(tmp_path, mode):
    bytes_ = (RAMP > 127).byte() * 255 if mode == "1" else RAMP

    image = read_image(saved(tmp_path, from_bytes(bytes_).convert(mode)), GREY)

    assert image.shape == (1, 1, 28, 28)
    assert image.dtype == torch.float32
    assert torch.equal(image[0, 0], bytes_ / 255)


def test_sixteen_bits_are_scaled_and_not_clipped(tmp_path):
    wide = RAMP.numpy().astype(np.uint16) * 257
    wide[0, 1:27] += 100  # less than half a step
    wide[1, 1:27] -= 100

    image = read_image(saved(tmp_path, Image.fromarray(wide)), GREY)

    assert torch.equal(image[0, 0], RAMP / 255)


def test_cmyk_is_ink_and_not_light(tmp_path):
    cmyk = Image.new("CMYK", (28, 28), (0, 0, 0, 255))
    cmyk.paste((0, 0, 0, 0), (0, 0, 14, 28))

    image = read_image(saved(tmp_path, cmyk, "picture.jpg", quality=100), GREY)

    assert image[..., :8].min() > 0.97
    assert image[..., 20:].max() < 0.03


def test_transparent_parts_become_black(tmp_path):
    pixels = np.full((28, 28, 4), 255)
    pixels[:, 14:, 3] = 0
    pixels[:, :14, 3] = 51  # a fifth

    image = read_image(saved(tmp_path, from_bytes(pixels)), COLOUR)

    assert image[..., 14:].eq(0).all()
    torch.testing.assert_close(image[..., :14], torch.full((1, 3, 28, 14), 0.2))


def test_colours_keep_their_channels_or_become_their_luminance(tmp_path):
    path = saved(tmp_path, Image.new("RGB", (28, 28), (255, 0, 51)))

    colour, grey = read_image(path, COLOUR), read_image(path, GREY)

    assert colour.shape == (1, 3, 28, 28)
    assert colour[0, :, 5, 5].tolist() == pytest.approx([1, 0, 0.2])
    assert grey[0, 0, 5, 5].item() == pytest.approx(0.299 + 0.114 * 0.2, abs=1 / 255)


@pytest.mark.parametrize(
    ("size", "inside"),
    [
        ((56, 28), (0, 7, 28, 21)),
        ((28, 112), (10, 0, 17, 28)),
        ((14, 7), (0, 7, 28, 21)),
        ((1, 60_000), (13, 0, 14, 28)),  # a square around it would fill the memory
        ((60_000, 1), (0, 13, 28, 14)),
    ],
    ids=str,
)
def test_a_picture_that_is_not_square_is_centred_on_black(tmp_path, size, inside):
    image = read_image(saved(tmp_path, Image.new("1", size, 1)), GREY)

    left, top, right, bottom = inside
    expected = torch.zeros(1, 1, 28, 28)
    expected[..., top:bottom, left:right] = 1
    torch.testing.assert_close(image, expected, rtol=0, atol=1 / 255)


def test_a_spec_that_is_not_square_gets_its_height_and_width(tmp_path):
    image = read_image(saved(tmp_path, Image.new("L", (20, 10), 255)), ImageSpec(1, 5, 10))

    assert torch.equal(image, torch.ones(1, 1, 5, 10))


def test_a_large_picture_is_averaged_and_not_thinned_out(tmp_path):
    stripes = torch.arange(280).remainder(2).mul(255).repeat(280, 1)

    image = read_image(saved(tmp_path, from_bytes(stripes)), GREY)

    assert (image - 0.5).abs().max() < 0.05


def test_a_photograph_is_turned_as_its_camera_noted(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise by a quarter

    path = saved(tmp_path, from_bytes(RAMP), exif=exif)

    assert torch.equal(read_image(path, GREY)[0, 0], RAMP.rot90(-1) / 255)


def chunk(name, content):
    """A part of a PNG file."""
    length, crc = struct.pack(">I", len(content)), struct.pack(">I", zlib.crc32(name + content))
    return length + name + content + crc


def png(width, height, data=b"", *, more=b""):
    """A PNG that says that it is this large; `more` are chunks before the pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + more + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "size",
    [(4097, 4096), (10_000, 10_000), (20_000, 20_000), (2**31 - 1, 2**31 - 1)],
    ids=["a row more", "Pillow warns", "Pillow refuses", "the largest"],
)
@pytest.mark.parametrize("warnings_are", ["error", "ignore"])
def test_a_huge_picture_is_refused_before_it_is_unpacked(tmp_path, size, warnings_are):
    path = tmp_path / "huge.png"
    path.write_bytes(png(*size))

    with warnings.catch_warnings():
        warnings.simplefilter(warnings_are)
        with pytest.raises(DataError, match="4096 × 4096 pixels. Make it smaller"):
            read_image(path, GREY)


def test_the_largest_picture_is_read(tmp_path):
    assert read_image(saved(tmp_path, Image.new("1", (4096, 4096), 1)), GREY).eq(1).all()


PIXELS = zlib.compress(b"\0\1\2\0\3\4")
WHOLE_PNG = png(2, 2, PIXELS)
POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 2 2\n%%EndComments\nshowpage\n"
TEXT_BOMB = chunk(b"zTXt", b"a\0\0" + zlib.compress(b"x" * 5_000_000))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        WHOLE_PNG[:20],
        WHOLE_PNG[:45],
        WHOLE_PNG.replace(b"IDAT", b"iDAT"),
        png(0, 0),
        png(2, 2, zlib.compress(b"\0\1")),
        png(2, 2, b"not compressed"),
        b"\xff\xd8\xff\xe0\0\x10JFIF",
        POSTSCRIPT,
        png(2, 2, PIXELS, more=TEXT_BOMB),
        png(2, 2, PIXELS, more=chunk(b"eXIf", b"no camera")),
        png(2, 2, PIXELS, more=chunk(b"eXIf", b"MM\0*\0")),
    ],
)
def test_what_is_no_picture_is_refused(tmp_path, content):
    path = tmp_path / "upload.png"
    path.write_bytes(content)

    with pytest.raises(DataError, match=r"Cannot read upload\.png as a picture\. Use a PNG"):
        read_image(path, GREY)


def test_a_visitor_s_program_is_not_handed_to_ghostscript(tmp_path, monkeypatch):
    path, executed = tmp_path / "upload.png", []
    path.write_bytes(POSTSCRIPT)
    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *args: executed.append(args))

    with pytest.raises(DataError):
        read_image(path, GREY)

    assert executed == []


def test_a_folder_and_an_absent_file_are_refused(tmp_path):
    for path in (tmp_path, tmp_path / "absent.png"):
        with pytest.raises(DataError, match="Use a PNG, JPEG or WebP file"):
            read_image(path, GREY)


def test_the_png_above_is_whole(tmp_path):
    (tmp_path / "whole.png").write_bytes(WHOLE_PNG)

    image = read_image(tmp_path / "whole.png", ImageSpec(1, 2, 2))

    assert torch.equal(image[0, 0], torch.tensor([[1, 2], [3, 4]]) / 255)

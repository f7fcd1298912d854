"""Levels, grids and pictures: what goes in comes out."""

import numpy as np
import pytest
import torch
from PIL import Image

from genlab.core.errors import DataError
from genlab.core.images import (
    ImageSpec,
    dequantise,
    image_grid,
    quantise,
    save_picture,
    to_picture,
)


@pytest.mark.parametrize("levels", [2, 3, 4, 8, 10, 16, 255, 256])
def test_every_level_comes_back_from_its_float(levels):
    pixels = torch.arange(levels)

    floats = dequantise(pixels, levels)

    assert torch.equal(quantise(floats, levels), pixels)
    assert (floats[0], floats[-1]) == (0, 1)
    torch.testing.assert_close(floats.diff(), torch.full((levels - 1,), 1 / (levels - 1)))


@pytest.mark.parametrize(
    ("levels", "values", "expected"),
    [
        (2, [0.0, 0.49, 0.51, 1.0], [0, 0, 1, 1]),
        (4, [0.16, 0.17, 0.49, 0.51, 0.84], [0, 1, 1, 2, 3]),
        (256, [0.4 / 255, 0.6 / 255, 254.4 / 255, 254.6 / 255], [0, 1, 254, 255]),
    ],
)
def test_a_float_becomes_the_nearest_level(levels, values, expected):
    pixels = quantise(torch.tensor(values), levels)

    assert pixels.tolist() == expected
    assert pixels.dtype == torch.int64


def test_every_byte_comes_back_from_a_picture():
    assert to_picture(torch.arange(256) / 255).tolist() == list(range(256))


def test_a_picture_rounds_and_clips():
    values = torch.tensor([-1.0, -0.001, 0.4 / 255, 0.6 / 255, 0.5, 254.6 / 255, 1.001, 9.0])

    picture = to_picture(values)

    assert picture.tolist() == [0, 0, 0, 1, 128, 255, 255, 255]
    assert picture.dtype == torch.uint8


def test_a_spec_has_the_shape_channels_height_width():
    assert ImageSpec(3, 4, 5).shape == (3, 4, 5)


def cell(grid, row, column, *, height, width, gap):
    top, left = row * (height + gap), column * (width + gap)
    return grid[:, top : top + height, left : left + width]


@pytest.mark.parametrize(
    ("count", "columns", "rows_and_columns"),
    [(1, None, (1, 1)), (4, None, (2, 2)), (5, None, (2, 3)), (16, None, (4, 4)), (5, 2, (3, 2))],
)
@pytest.mark.parametrize("gap", [0, 1, 3])
def test_a_grid_holds_each_image_row_by_row_with_grey_between(
    count, columns, rows_and_columns, gap
):
    images = torch.rand(count, 2, 4, 6, generator=torch.Generator().manual_seed(0))
    rows, columns_used = rows_and_columns

    grid = image_grid(images, columns=columns, gap=gap)

    assert grid.shape == (2, rows * (4 + gap) - gap, columns_used * (6 + gap) - gap)
    rest = grid.clone()
    for index, image in enumerate(images):
        place = cell(rest, *divmod(index, columns_used), height=4, width=6, gap=gap)
        assert torch.equal(place, image)
        place.fill_(0.5)
    assert rest.eq(0.5).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_a_saved_picture_holds_every_byte_scaled_by_squares(tmp_path, channels):
    picture = torch.randint(256, (channels, 5, 7), generator=torch.Generator().manual_seed(0))
    path = tmp_path / "picture.png"

    save_picture(picture / 255, path, scale=3)

    with Image.open(path) as opened:
        assert opened.format == "PNG"
        read = np.asarray(opened).reshape(15, 21, channels)
    expected = picture.numpy().transpose(1, 2, 0).repeat(3, axis=0).repeat(3, axis=1)
    assert np.array_equal(read, expected)


@pytest.mark.parametrize(
    "name", ["no such folder/a.png", "a", "a.jpg", "a.png.exe", ".", "", "folder.png", "file/a.png"]
)
def test_a_picture_that_cannot_be_written_is_one_clear_error(tmp_path, name):
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file").touch()
    before = sorted(tmp_path.rglob("*"))

    with pytest.raises(DataError, match=r"Choose a folder that exists and a name that ends in"):
        save_picture(torch.zeros(1, 2, 2), tmp_path / name)

    assert sorted(tmp_path.rglob("*")) == before

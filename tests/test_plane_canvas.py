"""The latent map in Python: what it sends to the browser, and what it takes from it."""

import base64
import io
import json

import gradio as gr
import numpy as np
import pytest
import torch
from PIL import Image
from test_whole_app import assert_plain

from genlab.core.images import to_picture
from genlab.ui.canvas.plane import (
    DATA_URL,
    MOST_POINTS,
    PlaneCanvas,
    axis_name,
    ellipse,
    plane_path,
    plane_points,
    plane_sheet,
)


def pixels_of(sheet):
    with Image.open(io.BytesIO(base64.b64decode(sheet.removeprefix(DATA_URL)))) as picture:
        return np.array(picture)


def test_the_map_sets_its_props_as_attributes():
    assert_plain(PlaneCanvas(label="A map", classes=("0", "1"), points="[[0, 1, 1]]"))


def test_the_sheet_holds_every_picture_exactly_where_its_code_is():
    pictures = torch.rand(9, 1, 5, 4, generator=torch.Generator().manual_seed(0))

    sheet = pixels_of(plane_sheet(pictures, 3))

    assert sheet.shape == (15, 12)
    for index, picture in enumerate(to_picture(pictures)):
        row, col = divmod(index, 3)
        cell = sheet[5 * row : 5 * (row + 1), 4 * col : 4 * (col + 1)]
        np.testing.assert_array_equal(cell, picture[0].numpy())


def test_the_sheet_wants_a_picture_for_every_cell():
    with pytest.raises(ValueError, match="side² = 16, got 9"):
        plane_sheet(torch.zeros(9, 1, 5, 4), 4)


def test_points_keep_code_and_class():
    codes = torch.tensor([[0.12349, -1.5], [2.0, 3.25]])

    points = json.loads(plane_points(codes, torch.tensor([7, 0])))

    assert points == [[0.123, -1.5, 7], [2.0, 3.25, 0]]


@pytest.mark.parametrize(
    ("codes", "labels"), [((3, 2), 2), ((2, 3), 2), ((MOST_POINTS + 1, 2), MOST_POINTS + 1)]
)
def test_points_of_another_shape_are_refused(codes, labels):
    with pytest.raises(ValueError, match="codes must be"):
        plane_points(torch.zeros(codes), torch.zeros(labels, dtype=torch.long))


def test_an_ellipse_and_a_path_are_taken_as_they_are_made():
    spread = ellipse(torch.tensor([0.5, -1.0]), torch.tensor([0.25, 0.5]), "q(z | x)")
    path = plane_path(torch.tensor([[0.0, 1.0], [2.0, 3.0]]))

    plane = PlaneCanvas(label="A map", ellipses=json.dumps([spread]), path=path)

    assert json.loads(plane.ellipses) == [
        {"x": 0.5, "y": -1.0, "sx": 0.25, "sy": 0.5, "name": "q(z | x)"}
    ]
    assert json.loads(plane.path) == [[0.0, 1.0], [2.0, 3.0]]


@pytest.mark.parametrize(
    ("props", "complaint"),
    [
        ({"low": (0, 0), "high": (0, 1)}, "low must lie below"),
        ({"low": (0, float("nan"))}, "low must be numbers"),
        ({"high": (1, 2, 3)}, "high must be two numbers"),
        ({"classes": tuple("0123456789x")}, "classes must be at most 10"),
        ({"sheet": "https://example.org/picture.png"}, "sheet must begin"),
        ({"points": "[[0, 1]]"}, "points must hold lists of 3"),
        ({"points": "[[0, NaN, 1]]"}, "points must hold lists of 3"),
        ({"path": '{"x": 1}'}, "path must be a JSON list"),
        ({"dots": json.dumps([[0, 0]] * (MOST_POINTS + 1))}, "dots must be a JSON list of at most"),
        ({"ellipses": '[{"x": 0, "y": 0, "sx": 1, "name": "q"}]'}, "ellipses must hold"),
        ({"ellipses": '[{"x": 0, "y": 0, "sx": 1, "sy": -1, "name": "q"}]'}, "ellipses must hold"),
    ],
)
def test_props_of_another_form_are_refused(props, complaint):
    with pytest.raises(ValueError, match=complaint):
        PlaneCanvas(label="A map", **props)


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (None, [0.0, 0.0]),
        ("", [0.0, 0.0]),
        ((1, -2.5), [1.0, -2.5]),
        ("[0.25, 3]", [0.25, 3.0]),
        (torch.tensor([0.5, -0.5]), [0.5, -0.5]),
    ],
)
def test_a_cursor_is_sent_as_a_pair(value, sent):
    assert json.loads(PlaneCanvas(label="A map").postprocess(value)) == sent


def test_what_is_sent_comes_back_as_it_was():
    plane = PlaneCanvas(label="A map")

    assert plane.preprocess(plane.postprocess((0.125, -2.75))) == (0.125, -2.75)


@pytest.mark.parametrize(
    "payload",
    [
        *(None, "", "x", "[]", "[1]", "[1, 2, 3]", '["1", 2]', "[true, 1]", "[null, 1]", "{}"),
        *("[NaN, 0]", "[Infinity, 0]", "[1e400, 0]", "[2000, 0]", "[0, -1e30]", [1, 2], 3),
        *("[" * 70, "[0.1, " + "0" * 100 + "]", {"x": 1}),
    ],
)
def test_a_hostile_cursor_is_refused_with_the_remedy(payload):
    with pytest.raises(gr.Error, match="Move the cursor again"):
        PlaneCanvas(label="A map").preprocess(payload)


def test_an_axis_is_named_by_its_place_in_the_code():
    assert [axis_name(dimension) for dimension in (0, 17)] == ["z₀", "z₁₇"]


def test_an_update_keeps_what_it_does_not_name():
    plane = PlaneCanvas(label="A map", classes=tuple("01"), points="[[0, 1, 1]]")

    config = plane.get_config() | {"path": "[[0, 0], [1, 1]]"}
    again = PlaneCanvas(**{name: config[name] for name in ("label", "classes", "points", "path")})

    assert again.points == plane.points
    assert again.path == "[[0, 0], [1, 1]]"

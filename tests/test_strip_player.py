"""What a strip of pictures sends to the browser."""

import base64
import io
import json

import gradio as gr
import numpy as np
import pytest
import torch
from PIL import Image

from genlab.core.images import to_picture
from genlab.ui.canvas.strip import Strip, StripPlayer, StripRow


def make_strip(count=4, names=("straight", "pixels"), shape=(1, 5, 7)):
    pictures = torch.rand(len(names), count, *shape, generator=torch.Generator().manual_seed(0))
    rows = [StripRow(*each) for each in zip(names, pictures, strict=True)]
    return Strip(rows, [f"{number} of the way" for number in range(count)])


def test_every_picture_of_every_row_arrives_below_the_one_before():
    strip = make_strip()

    sent = json.loads(StripPlayer(strip, label="A path").value)

    assert (sent["width"], sent["height"]) == (7, 5)
    for row, expected in zip(sent["rows"], strip.rows, strict=True):
        content = base64.b64decode(row["sheet"].removeprefix("data:image/png;base64,"))
        sheet = np.array(Image.open(io.BytesIO(content))).reshape(4, 5, 7)
        np.testing.assert_array_equal(sheet, to_picture(expected.pictures)[:, 0].numpy())


def test_names_and_captions_keep_their_order():
    sent = json.loads(StripPlayer(make_strip(), label="A path").value)

    assert [row["name"] for row in sent["rows"]] == ["straight", "pixels"]
    assert sent["captions"][1] == "1 of the way"


def test_none_empties_the_player():
    assert StripPlayer(label="A path").postprocess(None) == ""


@pytest.mark.parametrize(
    ("shapes", "captions"),
    [
        ([(4, 1, 5, 7), (3, 1, 5, 7)], 4),
        ([(4, 1, 5, 7), (4, 1, 7, 5)], 4),
        ([(4, 5, 7)], 4),
        ([(4, 1, 5, 7)], 3),
        ([(0, 1, 5, 7)], 0),
        ([], 4),
    ],
    ids=["lengths", "sizes", "axes", "captions", "nothing", "no row"],
)
def test_rows_that_cannot_move_together_are_refused(shapes, captions):
    rows = [StripRow("a path", torch.zeros(shape)) for shape in shapes]

    with pytest.raises(ValueError, match="must"):
        Strip(rows, [""] * captions)


def test_a_strip_is_no_input():
    with pytest.raises(gr.Error, match="Reload the page"):
        StripPlayer(label="A path").preprocess("x")


def test_settings_are_plain_data():
    player = StripPlayer(make_strip(), label="A path", names=("straight", "pixels"))

    json.dumps(player.get_config())

    assert set(player.props) <= set(vars(player))

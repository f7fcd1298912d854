"""What the latent sliders take from Python and from a browser."""

import base64
import io
import json
from dataclasses import dataclass

import gradio as gr
import numpy as np
import pytest
import torch
from lively import tiny_autoencoder, tiny_vae
from PIL import Image

from genlab.analysis.latent_codes import Dimensions, measure_dimensions
from genlab.core.images import to_picture
from genlab.inference import latent
from genlab.ui.canvas import latents
from genlab.ui.canvas.latents import LatentSliders, slider_dimensions, thumbnail_sheet
from genlab.ui.canvas.sheet import picture_sheet


@dataclass(frozen=True)
class Sliders:
    """Sliders of three dimensions, the first of which goes beyond what may be typed anywhere."""

    low: float = -3.0
    high: float = 3.0

    def build(self, value=None):
        rows = [
            {"index": i, "use": 1.0, "unit": "nats", "used": True, "low": low, "high": self.high}
            for i, low in enumerate((self.low, -3.0, -3.0))
        ]
        return LatentSliders(value, label="The code", dimensions=rows)


def pixels(address):
    """(H, W) or (H, W, 3) uint8 of a data URL."""
    content = base64.b64decode(address.removeprefix("data:image/png;base64,"))
    return np.array(Image.open(io.BytesIO(content)))


@pytest.mark.parametrize(
    "value", [[0.5, -1, 20], torch.tensor([0.5, -1, 20]), "[0.5, -1, 20]"], ids=type
)
def test_a_code_comes_back_as_it_was_sent(value):
    sliders = Sliders().build()

    assert sliders.preprocess(sliders.postprocess(value)) == [0.5, -1.0, 20.0]


def test_a_code_that_is_rounded_moves_by_less_than_a_millionth():
    sent = torch.randn(50, generator=torch.Generator().manual_seed(0))

    back = json.loads(LatentSliders(sent, label="The code").value)

    assert max(abs(a - b) for a, b in zip(back, sent.tolist(), strict=True)) < 1e-6


@pytest.mark.parametrize("payload", [None, ""])
def test_sliders_without_a_value_stand_at_zero(payload):
    assert Sliders().build().preprocess(payload) == [0.0, 0.0, 0.0]


HOSTILE = [
    *("[1,2]", "[1,2,3,4]", "[1,2,20.01]", "[1,2,-20.01]", "[1,2,NaN]", "[1,2,Infinity]"),
    *('[1,2,"3"]', "[1,2,true]", "[1,2,null]", "[1,2,[3]]", '{"0":1}', "1", "[1,2", "x", "[[["),
    *(f"[1,2,1{'0' * 90}]", f"[1,2,{'9' * 5000}]", "[" * 100_000, "[1,2,1e999]"),
    *([1, 2, 3], 5, {"a": 1}, True, b"[1,2,3]"),
]


@pytest.mark.parametrize("payload", HOSTILE, ids=[str(each)[:16] for each in HOSTILE])
def test_what_is_no_code_is_refused_with_a_remedy(payload):
    with pytest.raises(gr.Error, match=r"Change it|Reload the page|Choose the model") as refusal:
        Sliders().build().preprocess(payload)

    assert len(str(refusal.value)) < 200, "a message must not repeat what was sent"


def test_a_number_may_go_as_far_as_its_slider():
    wide = Sliders(low=-50.0).build()

    assert wide.preprocess("[-50,0,0]") == [-50.0, 0.0, 0.0]
    with pytest.raises(gr.Error, match="from −50 to 50"):
        wide.preprocess("[-50.1,0,0]")


@pytest.mark.parametrize("value", ["[1,NaN]", [float("inf")], "<b>", "1"])
def test_a_page_cannot_set_what_is_no_code(value):
    with pytest.raises(ValueError, match="number"):
        Sliders().build().postprocess(value)


def test_settings_are_plain_data():
    sliders = Sliders().build([0, 0, 0])

    json.dumps(sliders.get_config())

    assert set(sliders.props) <= set(vars(sliders))


def test_no_slider_goes_where_the_decoders_refuse():
    assert latents.FARTHEST == latent.FARTHEST_WITHOUT_PRIOR
    assert max(latents.GAUSSIAN, latents.ROOM) <= latent.FARTHEST


# — which dimensions, and from where to where —


def measured(build):
    images = torch.rand(40, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    return measure_dimensions(build(latent_dim=5), images)


def test_the_most_used_dimension_stands_first_and_all_are_there():
    found = measured(tiny_vae)

    rows = slider_dimensions(found, gaussian=True)

    assert sorted(row["index"] for row in rows) == [0, 1, 2, 3, 4]
    assert [row["use"] for row in rows] == sorted(found.use.tolist(), reverse=True)
    assert [row["use"] for row in rows] == [found.use[row["index"]].item() for row in rows]


def test_a_gaussian_code_has_one_range_for_all():
    rows = slider_dimensions(measured(tiny_vae), gaussian=True)

    assert {(row["low"], row["high"]) for row in rows} == {(-3.0, 3.0)}


def dimensions(low, high, use=(1.0,)):
    return Dimensions(torch.tensor(use), "nats", torch.tensor(low), torch.tensor(high), 0.01)


def test_another_code_has_the_range_of_its_images_and_a_tenth_more():
    found = measured(tiny_autoencoder)

    for row in slider_dimensions(found, gaussian=False):
        low, high = found.low[row["index"]].item(), found.high[row["index"]].item()
        tenth, span = (high - low) / 10, 1.2 * (high - low)
        assert low - tenth - span / 10 <= row["low"] <= low - tenth
        assert high + tenth <= row["high"] <= high + tenth + span / 10


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-7.3, 9.1, (-9.0, 11.0)),
        (0.0, 0.31, (-0.04, 0.35)),
        (-19.0, 19.9, (-23.0, 24.0)),
        (503.0, 1123.0, (440.0, 1000.0)),
    ],
)
def test_ends_are_neat_and_within_what_can_be_decoded(low, high, expected):
    row = slider_dimensions(dimensions([low], [high]), gaussian=False)[0]

    assert (row["low"], row["high"]) == pytest.approx(expected)


@pytest.mark.parametrize("place", [0.0, 1e-9, -7.0, 20.0, 1000.0, -4000.0])
def test_a_number_that_never_moves_still_has_a_slider(place):
    row = slider_dimensions(dimensions([place], [place]), gaussian=False)[0]

    assert row["high"] - row["low"] >= 0.99 * latents.LEAST_SPAN
    assert -1000 <= row["low"] < row["high"] <= 1000


def test_a_dimension_below_the_least_use_is_told_as_unused():
    rows = slider_dimensions(dimensions([-1.0] * 2, [1.0] * 2, use=(0.009, 0.01)), gaussian=True)

    assert {row["index"]: row["used"] for row in rows} == {0: False, 1: True}


# — pictures —


@pytest.mark.parametrize("channels", [1, 3])
def test_each_picture_lies_in_its_row_and_column_of_the_sheet(channels):
    pictures = torch.rand(3, 5, channels, 4, 6, generator=torch.Generator().manual_seed(0))

    sheet = pixels(picture_sheet(pictures)).reshape(12, 30, channels)

    for row in range(3):
        for column in range(5):
            cut = sheet[4 * row : 4 * row + 4, 6 * column : 6 * column + 6]
            expected = to_picture(pictures[row, column]).movedim(0, -1).numpy()
            np.testing.assert_array_equal(cut, expected)


def test_thumbnails_tell_which_dimension_and_value_each_is():
    pictures = torch.rand(2, 5, 1, 4, 6)

    sent = thumbnail_sheet(pictures, torch.tensor([7, 3]), torch.arange(10.0).view(2, 5))

    assert sent["rows"] == [7, 3]
    assert sent["values"] == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]
    assert (sent["width"], sent["height"]) == (6, 4)
    json.dumps(sent)


def test_thumbnails_without_a_value_each_are_refused():
    with pytest.raises(ValueError, match="a row an index and a column a value"):
        thumbnail_sheet(torch.rand(2, 5, 1, 4, 6), [7, 3], [[0, 1], [2, 3]])

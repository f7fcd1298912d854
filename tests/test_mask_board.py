"""The board to erase on: what it sends is read to the letter, and refused when it is not."""

import json

import gradio as gr
import numpy as np
import pytest

from genlab.ui.canvas.mask_board import MaskBoard, MaskedPicture, read_masked, write_masked

ROWS, COLS = 3, 4
COUNT = ROWS * COLS


def masked(seed=0):
    """Random bytes, about half of them kept."""
    generator = np.random.default_rng(seed)
    image = generator.integers(256, size=(ROWS, COLS), dtype=np.uint8)
    return MaskedPicture(image, generator.random((ROWS, COLS)) < 0.5)


def board(**settings):
    return MaskBoard(label="A board", rows=ROWS, cols=COLS, **settings)


def test_a_masked_picture_arrives_as_it_was_sent():
    sent = masked()

    read = read_masked(write_masked(sent), ROWS, COLS)

    assert np.array_equal(read.kept, sent.kept)
    assert np.array_equal(np.rint(read.image * 255), sent.image)
    assert read.image.dtype == np.float32


def test_the_text_is_hex_a_bar_and_a_digit_a_pixel():
    image = np.arange(COUNT, dtype=np.uint8).reshape(ROWS, COLS)
    kept = image % 3 > 0

    assert write_masked(MaskedPicture(image, kept)) == "000102030405060708090a0b|011011011011"


@pytest.mark.parametrize("nothing", ["", None])
def test_nothing_is_a_black_picture_of_which_all_is_kept(nothing):
    read = read_masked(nothing, ROWS, COLS)

    assert read.kept.all()
    assert (read.image == 0).all()
    assert read.kept.shape == read.image.shape == (ROWS, COLS)


GOOD = "00" * COUNT + "|" + "1" * COUNT


@pytest.mark.parametrize(
    "sent",
    [
        *(0, True, [], {}, b"00", ["00"] * COUNT),
        *("00", GOOD[:-1], GOOD + "1", GOOD.replace("|", "0"), GOOD.replace("|", "||")[1:]),
        *("zz" + GOOD[2:], "AA" + GOOD[2:], GOOD[:-1] + "2", GOOD[:-1] + "\n", "é" + GOOD[1:]),
        *(GOOD[:-1] + "١", "0" + "|" + GOOD[2:].replace("|", "1"), GOOD * 10_000),
    ],
)
def test_anything_else_is_refused_with_a_remedy(sent):
    with pytest.raises(ValueError, match="it is no"):
        read_masked(sent, ROWS, COLS)
    with pytest.raises(gr.Error, match=r"did not arrive whole.*Reload the page"):
        board().preprocess(sent)


@pytest.mark.parametrize(
    "shapes", [((3, 4), (4, 3)), ((3, 4), (12,)), ((12,), (12,)), ((1, 3, 4), (1, 3, 4))]
)
def test_a_picture_and_a_mask_of_other_shapes_are_refused(shapes):
    image, kept = shapes

    with pytest.raises(ValueError, match="one shape"):
        MaskedPicture(np.zeros(image), np.ones(kept, bool))


def test_a_mask_of_numbers_is_refused():
    with pytest.raises(ValueError, match="bool"):
        MaskedPicture(np.zeros((ROWS, COLS)), np.ones((ROWS, COLS)))


def test_a_handler_gets_and_gives_masked_pictures():
    sent = masked(1)

    text = board().postprocess(sent)

    assert text == write_masked(sent)
    assert np.array_equal(board().preprocess(text).kept, sent.kept)
    assert board().postprocess(text) == text
    assert board().postprocess(None) == GOOD


def test_a_picture_of_another_size_cannot_be_shown():
    with pytest.raises(ValueError, match="characters"):
        board().postprocess(MaskedPicture(np.zeros((2, 2)), np.ones((2, 2), bool)))


def test_its_settings_are_plain_data_and_attributes():
    component = board(value=masked(), editable=False)

    json.dumps(component.get_config())
    assert [name for name in component.props if name not in vars(component)] == []

"""The wire format: what a run sends is what the model computed, to half a unit."""

import dataclasses
import json

import numpy as np
import pytest

from genlab.ui.canvas.payload import RunEncoder, cell_fields, decode, front_order


def draw(encoder, seed=0):
    """Levels, entropies, surprises and probabilities of all positions, from a made-up model."""
    random = np.random.default_rng(seed)
    shape = (encoder.images, encoder.rows * encoder.cols)
    probabilities = random.dirichlet(np.full(encoder.levels, 0.5), shape)
    levels = (probabilities.cumsum(-1) < random.random((*shape, 1))).sum(-1)
    levels = levels.clip(0, encoder.levels - 1)
    drawn = np.take_along_axis(probabilities, levels[..., None], -1)[..., 0]
    entropies = -(probabilities * np.log2(probabilities + 1e-300)).sum(-1)
    return levels, entropies, -np.log2(drawn + 1e-300), probabilities


def send(encoder, run, step=7):
    """The payload as it grows."""
    content = encoder.header()
    yield content
    for at in range(0, run[0].shape[1], step):
        content += encoder.cells(*(values[:, at : at + step] for values in run))
        yield content


def whole(encoder, run):
    return list(send(encoder, run))[-1]


SHAPES = [(16, 2, 9), (3, 2, 4), (2, 5, 9), (4, 8, 2), (1, 256, 9), (2, 256, 9), (1, 9, 1)]


@pytest.mark.parametrize(("images", "levels", "skew"), SHAPES)
def test_decoding_gives_back_every_value_to_half_a_unit(images, levels, skew):
    encoder = RunEncoder("a", 8, 9, images, levels, skew, start=5, caption="seed 1 | card ☂",
                         laws=((0, ""), (5, "top-p 0.5")))  # fmt: skip
    drawn, entropies, surprises, probabilities = run = draw(encoder)
    back = decode(whole(encoder, run))
    units = {name: unit / 2 + 1e-9 for name, _, unit in cell_fields(levels, images)}
    if 2 < levels <= 8:
        units["p1"] *= 2  # rounded together, a share may be almost one unit off
    if "tallest" in units:
        units["p1"] = probabilities.max(-1, keepdims=True) * units["p1"] + units["tallest"]
    assert back.settings == encoder
    assert back.is_complete
    np.testing.assert_array_equal(back.levels, drawn)
    np.testing.assert_allclose(back.entropies, entropies, rtol=0, atol=units["entropy"])
    np.testing.assert_allclose(back.surprises, surprises, rtol=0, atol=units["surprise"])
    if "p1" not in units:
        assert back.probabilities is None
        return
    assert (abs(back.probabilities - probabilities) <= units["p1"]).all()


def test_cells_are_step_major_and_big_endian():
    encoder = RunEncoder("a", 1, 2, 2, 2, 2)
    certain, split = [0.0, 1.0], [0.75, 0.25]
    cells = encoder.cells(
        np.array([[1, 0], [1, 1]]),
        np.array([[0.0, 1.0], [0.2, 0.0]]),
        np.array([[0.0, 1.0], [3.5, 0.0]]),
        np.array([[certain, split], [split, certain]]),
    )
    first, second = "01000000ffff", "01331c004000"
    assert cells == first + second + "00ff08004000" + first


def test_long_runs_of_many_levels_send_a_distribution_only_when_alone():
    assert len(cell_fields(256, images=1)) == 4 + 256
    assert len(cell_fields(256, images=2)) == 3
    assert len(cell_fields(8, images=16)) == 3 + 7, "the last level's is what the others leave"


@pytest.mark.parametrize("levels", [2, 3, 5, 8, 9, 256])
@pytest.mark.parametrize("images", [1, 3])
def test_a_cell_has_the_bits_of_its_fields_filled_up_to_whole_bytes(levels, images):
    encoder = RunEncoder("a", 1, 1, images, levels, 1)
    bits = sum(bits for _, bits, _ in cell_fields(levels, images))

    cells = encoder.cells(*draw(encoder))

    assert len(cells) == 2 * images * -(-bits // 8)


def test_the_fields_of_a_few_levels_lie_where_the_header_says():
    encoder = RunEncoder("a", 1, 1, 1, 4, 1)
    one = encoder.cells(
        np.array([[2]]), np.array([[2.0]]), np.array([[1.0]]), np.array([[[0.0, 1.0, 0.0, 0.0]]])
    )
    # level 2 in 3 bits and 256 · 1/256 bits of surprise in 13; all the doubt; p0, p1, p2
    assert one == f"{2 << 13 | 256:04x}" + "ff" + "00ff00"


def test_the_fields_of_many_levels_lie_where_the_header_says():
    encoder = RunEncoder("a", 1, 1, 1, 9, 1)
    shares = np.array([0.5, 0.25, 0.25, 0, 0, 0, 0, 0, 0])
    one = encoder.cells(np.array([[8]]), np.zeros((1, 1)), np.array([[1.0]]), shares[None, None])
    # the tallest, 0.5, in 16 bits; bars of 15, 8 and 8 steps; half a byte that says nothing
    assert one == "08" + "00" + "0800" + "8000" + "f8" + "80" + "00" + "00" + "00"


def test_shares_are_rounded_to_what_sums_to_one():
    encoder = RunEncoder("a", 28, 28, 1, 8, 28)
    run = draw(encoder)
    back = decode(whole(encoder, run)).probabilities
    np.testing.assert_allclose(back.sum(-1), 1, atol=1e-12)
    assert back.min() >= -1e-12
    flat = encoder.cells(*(v[:, :1] for v in run[:3]), np.full((1, 1, 8), 1 / 8))
    np.testing.assert_allclose(decode(encoder.header() + flat).probabilities, 1 / 8, atol=1 / 255)


def test_a_payload_only_ever_grows():
    encoder = RunEncoder("a", 4, 4, 2, 2, 4)
    pieces = list(send(encoder, draw(encoder), step=3))
    assert all(
        later.startswith(earlier) for earlier, later in zip(pieces, pieces[1:], strict=False)
    )
    assert [decode(piece).levels.shape[1] for piece in pieces] == [0, 3, 6, 9, 12, 15, 16]


def test_the_size_of_a_chunk_does_not_change_the_payload():
    encoder = RunEncoder("a", 4, 4, 2, 4, 2)
    run = draw(encoder)
    assert len({list(send(encoder, run, step))[-1] for step in (1, 5, 16)}) == 1


@pytest.mark.parametrize(("images", "levels"), [(16, 2), (16, 3), (16, 8), (16, 256), (1, 256)])
def test_a_run_stays_below_256_kilobytes(images, levels):
    encoder = RunEncoder("a", 28, 28, images, levels, 28, caption="x" * 200)
    assert len(whole(encoder, draw(encoder))) <= 256_000


def test_skew_of_a_row_is_raster_order():
    np.testing.assert_array_equal(
        front_order(3, 4, 4), [(r, c) for r in range(3) for c in range(4)]
    )


def test_a_smaller_skew_draws_fronts_from_the_top():
    order = front_order(3, 4, 2).tolist()
    fronts = [c + 2 * r for r, c in order]
    assert sorted(map(tuple, order)) == [(r, c) for r in range(3) for c in range(4)]
    assert fronts == sorted(fronts)
    assert order[2:4] == [[0, 2], [1, 0]]


def test_positions_follow_the_order_of_the_skew():
    encoder = RunEncoder("a", 3, 4, 1, 2, 2)
    levels = np.arange(12)[None] % 2
    zeros = np.zeros((1, 12))
    back = decode(encoder.header() + encoder.cells(levels, zeros, zeros, np.zeros((1, 12, 2))))
    picture = back.pictures()[0]
    assert [picture[r, c] for r, c in front_order(3, 4, 2)] == levels[0].tolist()


def test_what_has_not_arrived_is_minus_one():
    encoder = RunEncoder("a", 2, 2, 1, 2, 2)
    payload = list(send(encoder, draw(encoder), step=3))[1]
    assert (decode(payload).pictures() == -1).sum() == 1


def test_infinite_surprise_and_rounding_errors_are_clipped():
    encoder = RunEncoder("a", 1, 2, 1, 2, 2)
    cells = encoder.cells(
        np.array([[0, 1]]),
        np.array([[1 + 1e-3, -1e-9]]),
        np.array([[np.inf, -1e-9]]),
        np.array([[[1.0, 0.0], [0.0, 1.0]]]),
    )
    back = decode(encoder.header() + cells)
    np.testing.assert_array_equal(back.entropies, [[1, 0]])
    np.testing.assert_array_equal(back.surprises, [[65535 / 2048, 0]])


def test_a_bar_in_the_caption_does_not_end_the_header():
    encoder = RunEncoder("a|b", 1, 1, 1, 2, 1, caption="|")
    assert encoder.header().count("|") == 1
    assert decode(encoder.header()).settings == encoder


@pytest.mark.parametrize(
    ("name", "value"),
    [("rows", 0), ("images", 0), ("levels", 1), ("levels", 257), ("skew", 0), ("skew", 5)]
    + [("start", -1), ("start", 13)],
)
def test_settings_out_of_range_are_refused(name, value):
    settings = {"rows": 3, "cols": 4, "images": 1, "levels": 2, "skew": 4} | {name: value}
    with pytest.raises(ValueError, match=f"{name} must be from"):
        RunEncoder("a", **settings)


def test_arrays_of_another_shape_are_refused():
    encoder = RunEncoder("a", 2, 2, 2, 2, 2)
    levels, entropies, surprises, probabilities = draw(encoder)
    with pytest.raises(ValueError, match="must be"):
        encoder.cells(levels[:1], entropies, surprises, probabilities)
    with pytest.raises(ValueError, match="probabilities must be"):
        encoder.cells(levels, entropies, surprises, probabilities[..., :1])


def altered(payload, **changes):
    """The payload with another header; a change to None leaves the key out."""
    text, _, cells = payload.partition("|")
    content = json.loads(text) | changes
    content = {name: value for name, value in content.items() if value is not None}
    return json.dumps(content) + "|" + cells


BROKEN = {
    "empty": lambda p: "",
    "no bar": lambda p: p.replace("|", ""),
    "no json": lambda p: "{" + p,
    "deep json": lambda p: "[" * 100_000 + p,
    "a list": lambda p: "[]|",
    "upper case": lambda p: p.partition("|")[0] + "|" + 3 * "00AB00000000",
    "white space": lambda p: p[:-1] + " ",
    "not hex": lambda p: p[:-1] + "g",
    "half a byte": lambda p: p[:-1],
    "half a step": lambda p: p[:-2],
    "too many steps": lambda p: p + p.partition("|")[2],
    "level too high": lambda p: p.partition("|")[0] + "|02" + p.partition("|")[2][2:],
    "a key too few": lambda p: altered(p, caption=None),
    "a key too many": lambda p: altered(p, extra=1),
    "a text for a number": lambda p: altered(p, rows="2"),
    "true for one": lambda p: altered(p, images=True),
    "a number for a text": lambda p: altered(p, run=1),
    "another unit": lambda p: altered(p, fields=[["level", 1, 2]]),
    "levels without fields": lambda p: altered(p, levels=3),
    "laws of no position": lambda p: altered(p, laws=[[4, ""]]),
    "laws out of order": lambda p: altered(p, laws=[[1, ""], [0, ""]]),
    "laws without words": lambda p: altered(p, laws=[[0]]),
    "rows of nothing": lambda p: altered(p, rows=0),
}


@pytest.mark.parametrize("name", BROKEN)
def test_malformed_payloads_are_refused(name):
    encoder = RunEncoder("a", 2, 2, 3, 2, 2)
    payload = whole(encoder, draw(encoder))
    decode(payload)
    with pytest.raises(ValueError):
        decode(BROKEN[name](payload))


def test_the_encoder_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        RunEncoder("a", 1, 1, 1, 2, 1).run = "b"

"""Exact receptive fields: every fact and example of the specification, and the law of clipping."""

import numpy as np
import pytest
from kernel_grids import EXAMPLES

from genlab.analysis.reachability import (
    ARCHITECTURES,
    field,
    layer_masks,
    offset_table,
    states,
    stream_fields,
    unreachable_share,
)

KERNELS = (3, 5, 7)
WITHOUT_BLIND_SPOT = (
    *("gated", "gated7-then-3", "gated-strict", "pixelcnnpp", "pixelcnnpp-resnet"),
    "gated-no-shift",
)
LEAKY = ("b-only", "b7-then-b3", "gated-no-shift")


def choices():
    """Every architecture with each of its kernels."""
    return [
        (name, kernel)
        for name, each in ARCHITECTURES.items()
        for kernel in (KERNELS if each.fixed_kernels is None else KERNELS[:1])
    ]


every_choice = pytest.mark.parametrize(("name", "kernel"), choices())


def centre(name, kernel, layers, size):
    """The states of the middle pixel's field."""
    return states(name, kernel=kernel, layers=layers, size=size, target=(size // 2, size // 2))


def all_targets(size):
    return [(row, column) for row in range(size) for column in range(size)]


@pytest.mark.parametrize(("name", "layers", "grid"), EXAMPLES)
def test_the_specification_s_grids_are_computed(name, layers, grid):
    found = centre(name, 3, layers, 7)

    assert [row.replace("-", "x") for row in found.grid] == grid  # the examples tell no lost ones


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("a-then-b", {"seen": [4, 11, 21], "pending": [17, 10, 0], "blind": [3, 3, 3]}),
        (
            "a-only",
            {
                "seen": [4, 9, 16, 12, 9, 6, 4, 2],
                "pending": [17, 10, 0, 0, 0, 0, 0, 0],
                "blind": [3] * 8,
                "lost": [0, 2, 5, 9, 12, 15, 17, 19],
                "leak": [0] * 8,
            },
        ),
        ("b-only", {"seen": [4, 11, 21], "blind": [3, 3, 3], "leak": [1, 1, 1]}),
        ("gated", {"seen": [7, 17, 24], "pending": [17, 7, 0], "blind": [0, 0, 0]}),
        ("gated-vertical", {"seen": [6, 15, 21], "pending": [15, 6, 0], "blind": [3, 3, 3]}),
        ("pixelcnnpp", {"seen": [4, 17, 24], "pending": [20, 7, 0], "blind": [0, 0, 0]}),
        ("gated-no-shift", {"seen": [4, 12, 24], "pending": [20, 12, 0], "leak": [2, 3, 4]}),
    ],
)
def test_the_specification_s_counts_are_computed(name, counts):
    for state, expected in counts.items():
        found = [centre(name, 3, layers, 7).counts[state] for layers in range(1, len(expected) + 1)]
        assert found == expected, state


@every_choice
@pytest.mark.parametrize("size", [3, 6])
def test_counts_are_those_of_the_glyphs_and_sum_to_all_pixels(name, kernel, size):
    glyphs = {
        "seen": "#", "blind": "x", "pending": "?", "lost": "-", "future": ".", "leak": "!@",
        "target": "o",
    }  # fmt: skip
    for target in all_targets(size):
        found = states(name, kernel=kernel, layers=2, size=size, target=target)
        text = "".join(found.grid)
        assert found.counts == {
            state: sum(map(text.count, letters)) for state, letters in glyphs.items()
        }
        assert sum(found.counts.values()) == size * size


@pytest.mark.parametrize(
    ("name", "kernel", "size", "blind"),
    [
        *(("a-then-b", k, 7, n) for k, n in zip(KERNELS, (3, 1, 0), strict=True)),
        *(("a-then-b", k, 9, n) for k, n in zip(KERNELS, (6, 2, 1), strict=True)),
        ("a7-then-b3", 3, 7, 0),
        ("a7-then-b3", 3, 9, 1),
    ],
)
def test_the_blind_spot_has_one_size_at_every_depth(name, kernel, size, blind):
    assert {centre(name, kernel, layers, size).counts["blind"] for layers in range(1, 17)} == {
        blind
    }


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("name", ["a-then-b", "b-only", "gated-figure-1", "gated-mask-b"])
def test_the_blind_spot_is_a_triangle_to_the_upper_right(name, kernel):
    size = 9
    for row, column in all_targets(size):
        seen = field(name, kernel=kernel, layers=2 * size, size=size, target=(row, column))
        triangle = np.zeros((size, size), bool)
        for d in range(1, row + 1):
            triangle[row - d, column + d * (kernel // 2) + 1 :] = True
        is_past = np.arange(size * size).reshape(size, size) < row * size + column
        assert np.array_equal(is_past & ~seen, triangle), (row, column)


@pytest.mark.parametrize(
    ("name", "limits_7", "limits_9"),
    [
        *((name, (3, 2, 1), (4, 2, 2)) for name in ("a-then-b", "gated", "gated-strict")),
        ("pixelcnnpp", (3, 2, 2), (4, 3, 2)),
        ("pixelcnnpp-resnet", (2, 2, 2), (3, 2, 2)),
    ],
)
def test_the_first_depth_at_the_limit(name, limits_7, limits_9):
    for size, limits in ((7, limits_7), (9, limits_9)):
        found = [centre(name, kernel, 1, size).limit_layer for kernel in KERNELS]
        assert tuple(found) == limits, size


@every_choice
def test_the_limit_is_the_first_depth_whose_field_stays(name, kernel):
    size, target = 6, (4, 2)
    fields = [
        field(name, kernel=kernel, layers=layers, size=size, target=target)
        for layers in range(1, 40)
    ]
    found = states(name, kernel=kernel, layers=1, size=size, target=target)

    if name == "a-only":
        assert found.limit_layer is None
    else:
        stays = [np.array_equal(each, fields[-1]) for each in fields]
        assert found.limit_layer == stays.index(True) + 1
        assert found.limit_layer <= 2 * size
        assert all(stays[stays.index(True) :])


@pytest.mark.parametrize(("size", "empty"), [(7, (10, 13, 16)), (9, (13, 17, 21))])
def test_mask_a_alone_sees_nothing_from_some_depth_on(size, empty):
    for kernel, layers in zip(KERNELS, empty, strict=True):
        assert centre("a-only", kernel, 1, size).empty_layer == layers
        assert centre("a-only", kernel, layers, size).counts["seen"] == 0
        assert centre("a-only", kernel, layers - 1, size).counts["seen"] > 0


@pytest.mark.parametrize("name", sorted(set(ARCHITECTURES) - {"a-only"}))
def test_no_other_network_is_ever_empty_at_the_centre(name):
    assert centre(name, 3, 1, 7).empty_layer is None


@pytest.mark.parametrize("kernel", KERNELS)
def test_mask_b_first_sees_what_mask_a_first_does_and_the_target(kernel):
    for layers in (1, 2, 5):
        for target in all_targets(7):
            right, leaky = (
                field(name, kernel=kernel, layers=layers, size=7, target=target)
                for name in ("a-then-b", "b-only")
            )
            assert leaky[target]
            leaky = leaky.copy()
            leaky[target] = False
            assert np.array_equal(right, leaky)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("name", ["gated-figure-1", "gated-mask-b"])
def test_two_stacks_with_the_wrong_masks_see_what_one_stack_sees(name, kernel):
    for layers in (1, 2, 3, 6):
        for target in all_targets(7):
            wrong, single = (
                field(each, kernel=kernel, layers=layers, size=7, target=target)
                for each in (name, "a-then-b")
            )
            assert np.array_equal(wrong, single), (layers, target)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("name", WITHOUT_BLIND_SPOT)
def test_two_stacks_have_no_blind_spot_at_any_target(name, kernel):
    for size in (3, 7, 9):
        for target in all_targets(size):
            counts = states(name, kernel=kernel, layers=20, size=size, target=target).counts
            assert counts["blind"] == counts["pending"] == 0, (size, target)


@every_choice
def test_only_the_leaky_see_the_target_or_anything_behind_it(name, kernel):
    for target in all_targets(6):
        leaks = states(name, kernel=kernel, layers=4, size=6, target=target).counts["leak"]
        assert (leaks > 0) == (name in LEAKY), target


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_forgotten_shift_leaks_the_target_and_p_pixels_a_layer(kernel):
    for layers in (1, 2, 3):
        counts = states(
            "gated-no-shift", kernel=kernel, layers=layers, size=28, target=(14, 5)
        ).counts
        assert counts["leak"] == 1 + kernel // 2 * layers


@pytest.mark.parametrize(("size", "row"), [(7, 3), (9, 4)])
def test_the_vertical_stack_alone_never_sees_its_own_row(size, row):
    for kernel in KERNELS:
        found = centre("gated-vertical", kernel, 16, size)
        assert found.counts["blind"] == row
        assert found.grid[row] == "x" * row + "o" + "." * (size - row - 1)


@pytest.mark.parametrize(
    ("name", "kernel", "seen"),
    [("a-then-b", 3, 328), ("a-then-b", 5, 370), ("a-then-b", 7, 384), ("a7-then-b3", 3, 351),
     ("gated", 3, 406), ("gated7-then-3", 3, 406)],
)  # fmt: skip
def test_at_28_by_28_so_many_of_406_earlier_pixels_are_seen(name, kernel, seen):
    assert centre(name, kernel, 56, 28).counts["seen"] == seen


@pytest.mark.parametrize(
    ("name", "kernel", "percent"),
    [("a-then-b", 3, 22.15), ("a-then-b", 5, 12.19), ("a-then-b", 7, 8.02),
     ("a7-then-b3", 3, 18.00), ("gated", 3, 0), ("gated7-then-3", 3, 0)],
)  # fmt: skip
def test_at_28_by_28_such_a_share_is_never_reached(name, kernel, percent):
    assert round(100 * unreachable_share(name, kernel), 2) == percent


def test_the_unreachable_share_is_the_blind_cells_of_all_targets():
    for name, kernel, size in [("a-then-b", 3, 8), ("a7-then-b3", 3, 11), ("gated-vertical", 5, 6)]:
        counts = [
            states(name, kernel=kernel, layers=40, size=size, target=target).counts
            for target in all_targets(size)
        ]
        blind, seen = (sum(each[state] for each in counts) for state in ("blind", "seen"))
        assert unreachable_share(name, kernel, size) == pytest.approx(blind / (blind + seen))


@every_choice
def test_the_first_pixel_has_no_field_and_the_first_row_sees_only_itself(name, kernel):
    past = [
        states(name, kernel=kernel, layers=3, size=8, target=(0, column)) for column in range(8)
    ]

    assert past[0].counts["seen"] == 0
    for each in past:
        assert set("".join(each.grid[1:])) == {"."}


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_last_column_has_no_blind_spot(kernel):
    for row in range(9):
        found = states("a-then-b", kernel=kernel, layers=30, size=9, target=(row, 8))
        assert found.counts["blind"] == 0


@every_choice
def test_an_image_smaller_than_the_kernel_is_no_exception(name, kernel):
    seen = field(name, kernel=kernel, layers=30, size=3, target=(1, 1))

    assert seen.shape == (3, 3)
    if name in WITHOUT_BLIND_SPOT[:-1]:
        assert seen.tolist() == [[True] * 3, [True, False, False], [False] * 3]


@every_choice
def test_every_image_is_a_clipping_of_the_one_table(name, kernel):
    table = offset_table(name, kernel)
    generator = np.random.default_rng(0)
    sizes = [*range(table.smallest_size, 6), *generator.integers(6, 29, 2), 28]
    for size in sizes:
        targets = all_targets(size) if size < 5 else generator.integers(0, size, (6, 2))
        for row, column in targets:
            target = int(row), int(column)
            for layers in (1, 2, 3, 5, 9, 16, 30):
                seen = field(name, kernel=kernel, layers=layers, size=size, target=target)
                clipped = table.clipped(size, target, layers)
                assert np.array_equal(seen, clipped), (size, target, layers)


@pytest.mark.parametrize(("kernel", "smallest"), [(5, 3), (7, 4)])
def test_mask_a_alone_needs_room_for_one_step_to_the_right(kernel, smallest):
    """Below the table's smallest size an image has fewer paths than the plane."""
    table = offset_table("a-only", kernel)
    size = smallest - 1

    assert table.smallest_size == smallest
    assert any(
        not np.array_equal(
            field("a-only", kernel=kernel, layers=layers, size=size, target=target),
            table.clipped(size, target, layers),
        )
        for target in all_targets(size)
        for layers in range(1, 12)
    )


@pytest.mark.parametrize("name", [n for n, each in ARCHITECTURES.items() if each.stream_names])
def test_the_streams_tables_serve_every_image(name):
    streams = ARCHITECTURES[name].stream_names
    for size, target in [(7, (3, 3)), (9, (8, 1)), (28, (14, 20))]:
        for layers in (1, 2, 4):
            found = stream_fields(name, kernel=3, layers=layers, size=size, target=target)
            for stream in streams:
                table = offset_table(name, 3, stream=stream)
                assert np.array_equal(found[stream], table.clipped(size, target, layers)), stream


@pytest.mark.parametrize("name", [n for n, each in ARCHITECTURES.items() if each.stream_names])
def test_the_union_of_the_streams_is_the_field(name):
    for target in all_targets(6):
        found = stream_fields(name, kernel=3, layers=3, size=6, target=target)
        whole = field(name, kernel=3, layers=3, size=6, target=target)
        assert np.array_equal(found.pop("union"), whole)
        assert np.array_equal(np.any(list(found.values()), axis=0), whole)


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_gated_network_s_streams_are_the_rows_above_and_the_row_to_the_left(kernel):
    found = stream_fields("gated", kernel=kernel, layers=2, size=9, target=(5, 4))
    vertical = field("gated-vertical", kernel=kernel, layers=2, size=9, target=(5, 4))
    left = np.zeros((9, 9), bool)
    left[5, max(0, 4 - 2 * (kernel // 2)) : 4] = True

    assert np.array_equal(found["vertical"], vertical)
    assert np.array_equal(found["horizontal"], left)


def test_the_table_s_hex_is_first_and_then_last_row_by_row():
    table = offset_table("a-only", 3)

    numbers = np.frombuffer(bytes.fromhex(table.to_hex()), np.uint8).reshape(2, 28, 55)

    assert np.array_equal(numbers, [table.first, table.last])
    assert (table.first[1, 28], table.last[1, 28]) == (1, 1)  # up and right: a single step
    assert (table.first[0, 25], table.last[0, 25]) == (2, 2)
    assert table.first[1, 29] == table.last[1, 29] == 0


def test_what_a_mask_that_keeps_its_centre_sees_it_sees_for_ever():
    table = offset_table("a-then-b", 3)

    assert set(table.last[table.first > 0]) == {255}
    assert set(table.last[table.first == 0]) == {0}


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("a-then-b", [["mask A"], ["mask B"]]),
        (
            "gated",
            [
                ["vertical", "horizontal A", "down shift"],
                ["vertical", "horizontal B", "down shift"],
            ],
        ),
    ],
)
def test_each_layer_s_masks_are_named(name, names):
    layers = layer_masks(name, 5, 2)

    assert [[mask.name for mask in layer] for layer in layers] == names


def test_masks_a_and_b_of_side_five_have_these_zeros_and_ones():
    ((first,), (later,)) = layer_masks("a-then-b", 5, 2)

    rows = ["11111", "11111", "11000", "00000", "00000"]
    assert ["".join(map(str, row)) for row in first.taps] == rows
    rows[2] = "11100"
    assert ["".join(map(str, row)) for row in later.taps] == rows
    assert first.origin == later.origin == (2, 2)


def test_the_mixed_networks_take_their_own_kernels():
    sides = [layer[0].taps.shape[0] for layer in layer_masks("a7-then-b3", 5, 3)]

    assert sides == [7, 3, 3]


def test_openai_s_four_kernels_are_those_of_k_three():
    first, later = layer_masks("pixelcnnpp", 3, 2)

    def extent(mask):
        rows, columns = np.argwhere(mask.taps).max(0) - np.argwhere(mask.taps).min(0) + 1
        return int(rows), int(columns)

    shifts = ("down shift", "right shift", "1×1")
    assert [extent(mask) for mask in first if mask.name not in shifts] == [(2, 3), (1, 3), (2, 1)]
    assert [extent(mask) for mask in later if mask.name not in shifts] == [(2, 3), (2, 2)]


@pytest.mark.parametrize("name", ["a-only", "gated", "gated-no-shift"])
def test_a_wrong_network_says_who_was_wrong(name):
    assert (ARCHITECTURES[name].wrong is not None) == (name != "gated")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kernel": 4}, "kernel must be odd and at least 3, got 4"),
        ({"kernel": 1}, "kernel must be odd and at least 3, got 1"),
        ({"layers": 0}, "layers must be at least 1, got 0"),
        ({"target": (7, 0)}, r"target must lie within 7×7 pixels, got \(7, 0\)"),
        ({"target": (0, -1)}, "target must lie within"),
    ],
)
def test_what_no_network_has_is_refused(change, message):
    right = {"kernel": 3, "layers": 2, "size": 7, "target": (3, 3)}

    for ask in (field, states, stream_fields):
        with pytest.raises(ValueError, match=message):
            ask("gated", **(right | change))


def test_an_unknown_architecture_or_stream_is_refused():
    with pytest.raises(ValueError, match="architecture must be one of a-then-b"):
        offset_table("pixelrnn", 3)
    with pytest.raises(ValueError, match="stream must be one of"):
        offset_table("gated", 3, stream="x")

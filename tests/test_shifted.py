"""The convolutions of PixelCNN++: what each reads, by derivatives."""

import pytest
import torch

from genlab.nn.shifted import DownRightShiftedConv2d, DownShiftedConv2d, right_shift

TARGET = (4, 4)


def offsets_read(layer):
    """Rows and columns from the target to each position that its output depends on."""
    x = torch.randn(1, 2, 9, 9, generator=torch.Generator().manual_seed(0)).requires_grad_()
    layer(x)[0, :, TARGET[0], TARGET[1]].sum().backward()
    found = (x.grad[0] != 0).any(dim=0).nonzero() - torch.tensor(TARGET)
    return sorted(map(tuple, found.tolist()))


@pytest.mark.parametrize("kernel", [(2, 3), (1, 3), (2, 1), (3, 5), (1, 1)])
def test_a_down_shifted_convolution_reads_rows_above_and_columns_around(kernel):
    rows, columns = kernel

    assert offsets_read(DownShiftedConv2d(2, 3, kernel)) == [
        (row, column)
        for row in range(1 - rows, 1)
        for column in range(-(columns // 2), columns // 2 + 1)
    ]


@pytest.mark.parametrize("kernel", [(2, 2), (2, 1), (1, 3), (3, 3), (1, 1)])
def test_a_down_right_shifted_convolution_reads_above_and_left(kernel):
    rows, columns = kernel

    assert offsets_read(DownRightShiftedConv2d(2, 3, kernel)) == [
        (row, column) for row in range(1 - rows, 1) for column in range(1 - columns, 1)
    ]


@pytest.mark.parametrize("layer", [DownShiftedConv2d, DownRightShiftedConv2d])
def test_the_size_stays(layer):
    assert layer(2, 5, (2, 3))(torch.zeros(3, 2, 4, 6)).shape == (3, 5, 4, 6)


def test_an_even_number_of_columns_has_no_centre():
    with pytest.raises(ValueError, match=r"odd number of columns, got \(2, 2\)"):
        DownShiftedConv2d(1, 1, (2, 2))


def test_a_right_shift_moves_every_column_on_by_one():
    x = torch.arange(1.0, 7.0).view(1, 1, 2, 3)

    assert right_shift(x)[0, 0].tolist() == [[0, 1, 2], [0, 4, 5]]

"""Numbers are written so that they can be read: exactly enough, with signs that mean something."""

import math

import pytest

from genlab.analysis.figures import amount


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (86.126, 2, "86.13"),
        (-86.126, 2, "−86.13"),
        (-0.0004, 3, "0.000"),
        (-0.0006, 3, "−0.001"),
        (999.94, 1, "999.9"),
        (1234567.8, 2, "1,234,568"),
        (-1000.4, 2, "−1,000"),
        (math.inf, 2, "inf"),
    ],
)
def test_an_amount_has_the_digits_that_are_worth_reading(value, decimals, text):
    assert amount(value, decimals) == text

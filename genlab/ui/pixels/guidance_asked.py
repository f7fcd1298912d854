"""What a visitor may ask of guidance, checked once for all pages that draw pixel by pixel."""

from genlab.core.errors import InputError
from genlab.ui import kit

WEAKEST, STRONGEST = 0.0, 5.0
CLASSLESS = (
    "Guidance goes towards a class, and none is chosen. Choose a class, or set Guidance to 1 "
    "under More."
)


def read_guidance(sent: object, label: int | None) -> float:
    """How far towards the class to go; 1 is the model itself.

    Args:
        label: the class that is asked for; None for any.

    Raises:
        InputError: out of range, or other than 1 without a class.
    """
    strength = kit.number(sent, "Guidance", WEAKEST, STRONGEST)
    if label is None and strength != 1:
        raise InputError(CLASSLESS)
    return strength

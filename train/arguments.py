"""Numbers that several command lines take; argparse shows what is wrong with a value."""

import argparse

MOST_SEED = 2**32 - 1  # numpy, which Accelerate seeds along with torch, takes no larger one


def parse_steps(text: str) -> int:
    """How many, at least 1.

    Raises:
        argparse.ArgumentTypeError, ValueError
    """
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {text}")
    return number


def parse_seed(text: str) -> int:
    """From 0 to `MOST_SEED`.

    Raises:
        argparse.ArgumentTypeError, ValueError
    """
    number = int(text)
    if not 0 <= number <= MOST_SEED:
        raise argparse.ArgumentTypeError(f"must be from 0 to {MOST_SEED}, got {text}")
    return number

"""What the world may do to us, said so that a visitor knows the remedy.

A wrong argument in our own code is a `ValueError`; everything here comes from outside (files,
uploads, requests) and carries a text that can be shown as it is.
"""


class GenLabError(Exception):
    """An error whose text a visitor may read: one sentence what happened, one what to do."""


class UnknownModel(GenLabError):
    """No card has this name."""


class CheckpointError(GenLabError):
    """A checkpoint is missing, damaged, tampered with or made for another network."""


class DataError(GenLabError):
    """A data set or an image file cannot be had or read."""


class InputError(GenLabError):
    """A visitor's value is outside what the page offers."""

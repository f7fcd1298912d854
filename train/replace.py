"""A file is written beside its place and moved there: a kill at any moment leaves a whole one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from train.errors import TrainingError


@contextmanager
def replacing(target: Path, *, remedy: str) -> Iterator[Path]:
    """Yield the path to write to; it becomes `target` where the block ends without an error.

    Args:
        remedy: a sentence for whoever reads that the file cannot be written.

    Raises:
        TrainingError: the disk is full or the folder cannot be written.
    """
    fresh = target.with_name(target.name + ".new")
    try:
        yield fresh
        os.replace(fresh, target)
    except OSError as error:
        raise TrainingError(f"Cannot write {target} ({error.strerror}). {remedy}") from error
    finally:
        with suppress(OSError):
            fresh.unlink()

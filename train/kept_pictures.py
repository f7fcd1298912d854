"""The pictures of a measurement that takes hours, kept as they are drawn: a stop loses few of them.

Pictures that were drawn earlier may be another sampler's than today's. So whoever goes on with them
draws the first ones anew, and compares.
"""

import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from filelock import FileLock, Timeout
from torch import Tensor

from train.errors import TrainingError

ROUNDING = 1e-3  # of a pixel in [0, 1]: by another compiler, or another number of threads
REMEDY = "Free some room, or choose another folder with --runs."


class KeptPictures:
    """A file of batches of float32 pictures, one behind the other.

    Args:
        path: the file; it need not be there.
        shape: of a batch, (B, C, H, W).
    """

    def __init__(self, path: Path, shape: tuple[int, ...]) -> None:
        self.path, self._shape = path, shape

    def load(self, draw_first: Callable[[], Tensor]) -> list[Tensor]:
        """The whole batches of the file; what a kill left behind them is dropped from it.

        None, with a message, if the first one is not what is drawn now.

        Raises:
            TrainingError: the file cannot be read or cut.
        """
        if not self.path.exists():
            return []
        try:
            numbers = np.fromfile(self.path, dtype=np.float32)
            size = int(np.prod(self._shape))
            kept = numbers[: len(numbers) // size * size]
            parts = list(torch.from_numpy(kept).view(-1, *self._shape))
            if parts and not torch.allclose(draw_first(), parts[0], rtol=0, atol=ROUNDING):
                print(f"{self.path}: not what is drawn now; begun anew", file=sys.stderr)
                parts = []
            with self.path.open("r+b") as file:
                file.truncate(sum(part.nbytes for part in parts))
        except OSError as error:
            raise self._failed(error) from error
        return parts

    def add(self, pictures: Tensor) -> None:
        """Append a batch.

        Raises:
            TrainingError: the disk is full or the folder cannot be written.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                file.write(pictures.float().numpy().tobytes())
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> TrainingError:
        return TrainingError(f"Cannot keep {self.path} ({error.strerror}). {REMEDY}")


class Keeper:
    """The kept pictures of one network's measurements.

    Args:
        folder: for them alone, of these weights alone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: list[Path] = []
        self._locks: list[FileLock] = []

    def file(self, name: str, shape: tuple[int, ...]) -> KeptPictures:
        """Those of one measurement, in batches of a shape, for this process alone.

        Raises:
            TrainingError: another process measures the same, or the folder cannot be written.
        """
        path = self._folder / f"{name}.float32"
        lock = FileLock(path.with_suffix(".lock"), timeout=0)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout as error:
            raise TrainingError(
                f"Another command draws the pictures of {path} now. Wait until it has ended, or "
                "choose another folder with --runs."
            ) from error
        except OSError as error:
            raise TrainingError(
                f"Cannot write to {self._folder} ({error.strerror}). {REMEDY}"
            ) from error
        self._files.append(path)
        self._locks.append(lock)
        return KeptPictures(path, shape)

    def forget(self) -> None:
        """Remove all that this run has asked for, since it was measured."""
        for path, lock in zip(self._files, self._locks, strict=True):
            with suppress(OSError):  # nothing depends on it
                path.unlink(missing_ok=True)
                Path(lock.lock_file).unlink(missing_ok=True)
            lock.release()
        with suppress(OSError):  # files of other measurements are in it, or it never was
            self._folder.rmdir()

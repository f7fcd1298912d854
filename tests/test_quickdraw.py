"""The splits and refusals of QuickDraw, on a synthetic folder."""

import pickle
import struct

import numpy as np
import pytest
import torch
from numbered import numbered, numbers_of

from genlab.core.errors import DataError
from genlab.data import SPLITS, choose_examples, examples, load

DRAWINGS = {"fish": 45, "apple": 20, "train": 137}  # a class's file and its length
PARTS = {  # of DRAWINGS: train, validation, test, examples; N - 10 - N // 10 - N // 20 = train
    "apple": (7, 1, 2, 10),
    "fish": (29, 2, 4, 10),
    "train": (108, 6, 13, 10),
}


@pytest.fixture
def quickdraw_root(tmp_path):
    (tmp_path / "QuickDraw").mkdir()
    for index, (name, count) in enumerate(DRAWINGS.items()):
        np.save(tmp_path / "QuickDraw" / f"{name}.npy", numbered(count, 1000 * index))
    return tmp_path


def refusal(root):
    """The text of the DataError that loading ends in; it always names both remedies."""
    with pytest.raises(DataError) as caught:
        load("quickdraw", "test", root)
    text = str(caught.value)
    assert "--data-root" in text
    assert "GENLAB_DATA" in text
    assert "\n" not in text
    return text


def test_the_parts_of_quickdraw_follow_each_other_through_each_file(quickdraw_root):
    splits = [load("quickdraw", split, quickdraw_root) for split in SPLITS]

    for label, name in enumerate(sorted(DRAWINGS)):
        numbers = [numbers_of(each.images[each.labels == label]) for each in splits]
        start = 1000 * list(DRAWINGS).index(name)
        assert tuple(map(len, numbers)) == PARTS[name][:3]
        assert torch.cat(numbers).tolist() == list(range(start, start + DRAWINGS[name] - 10))


def test_quickdraw_classes_are_sorted_by_file_name(quickdraw_root):
    drawings = load("quickdraw", "train", quickdraw_root)

    assert drawings.classes == ("apple", "fish", "train")
    assert drawings.labels.bincount().tolist() == [PARTS[name][0] for name in drawings.classes]
    assert drawings.images.shape[1:] == (1, 28, 28)
    assert (drawings.images.dtype, drawings.labels.dtype) == (torch.uint8, torch.int64)


def test_examples_are_the_last_ten_drawings_of_each_shipped_class(tmp_path):
    (tmp_path / "QuickDraw").mkdir()
    for index, name in enumerate((*examples("quickdraw").classes, "another")):
        np.save(tmp_path / "QuickDraw" / f"{name}.npy", numbered(30 + index, 1000 * index))

    chosen = choose_examples("quickdraw", tmp_path)

    expected = [1000 * label + 20 + label + i for label in range(8) for i in range(10)]
    assert numbers_of(chosen.images).tolist() == expected
    assert chosen.labels.tolist() == [label for label in range(8) for _ in range(10)]


def test_absent_drawings_are_reported_with_their_origin(tmp_path):
    text = refusal(tmp_path)

    assert "Quick, Draw! dataset" in text
    assert "numpy bitmaps" in text
    assert "github.com/googlecreativelab/quickdraw-dataset" in text


class Trap:
    """Unpickling it raises ZeroDivisionError, which no reader expects."""

    def __reduce__(self):
        return exec, ("1 / 0",)


def as_pickle(path):
    path.write_bytes(pickle.dumps(Trap()))


def as_object_array(path):
    np.save(path, np.array([[Trap()] * 784] * 20, dtype=object), allow_pickle=True)


def as_truncated(path):
    np.save(path, numbered(30))
    path.write_bytes(path.read_bytes()[:-1])


def as_archive(path):
    with path.open("wb") as file:
        np.savez(file, numbered(30))


def as_broken_archive(path):
    path.write_bytes(b"PK\x03\x04 and nothing more")


@pytest.mark.parametrize(
    "write",
    [
        as_pickle,
        as_object_array,
        as_truncated,
        as_archive,
        as_broken_archive,
        lambda path: path.touch(),
        lambda path: path.mkdir(),
        lambda path: np.save(path, numbered(30).astype(np.float32)),
        lambda path: np.save(path, numbered(30).reshape(30, 28, 28)),
        lambda path: np.save(path, np.uint8(1)),
        lambda path: np.save(path, numbered(0)),
        lambda path: np.save(path, numbered(19)),
    ],
)
def test_a_file_that_is_no_drawings_is_reported_and_never_unpickled(write, quickdraw_root):
    write(quickdraw_root / "QuickDraw" / "broken.npy")

    assert "broken.npy" in refusal(quickdraw_root)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (30, 784)",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (30, -784)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (True, 784)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (10000000, 784)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (" + 5000 * "9" + ", 784)}",
        "{'descr': '|O', 'fortran_order': False, 'shape': (30, 784)}",
        "{'descr': ',1', 'fortran_order': False, 'shape': (30, 784)}",
    ],
)
def test_a_damaged_header_is_reported(header, quickdraw_root):
    start = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()
    (quickdraw_root / "QuickDraw" / "broken.npy").write_bytes(start + numbered(30).tobytes())

    assert "broken.npy" in refusal(quickdraw_root)


def test_load_reads_from_the_environment_folder(quickdraw_root, monkeypatch):
    monkeypatch.setenv("GENLAB_DATA", str(quickdraw_root))

    assert load("quickdraw", "test").classes == ("apple", "fish", "train")

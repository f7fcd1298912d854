"""The shipped test images and the sheets that they are cut from."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numbered import numbered
from PIL import Image

from genlab import data
from genlab.core.errors import DataError
from genlab.data import NAMES, choose_examples, data_root, examples
from genlab.torchvision_guard import prepare_torchvision
from train.examples import main, write_sheet

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("name", NAMES)
def test_ten_examples_of_each_class_are_shipped(name):
    shipped = examples(name)

    assert shipped.labels.tolist() == [
        label for label in range(len(shipped.classes)) for _ in range(10)
    ]
    assert shipped.images.shape == (len(shipped.labels), 1, 28, 28)
    assert (shipped.images.dtype, shipped.labels.dtype) == (torch.uint8, torch.int64)
    assert len(shipped.images.flatten(1).unique(dim=0)) == len(shipped.images)


@pytest.mark.parametrize("name", NAMES)
def test_a_sheet_is_8_bit_grey_with_a_row_for_each_class(name):
    shipped = examples(name)

    with Image.open(ROOT / "genlab" / "assets" / "examples" / f"{name}.png") as sheet:
        assert (sheet.format, sheet.mode) == ("PNG", "L")
        assert sheet.size == (10 * 28, len(shipped.classes) * 28)
        for index, image in enumerate(shipped.images):
            left, top = index % 10 * 28, index // 10 * 28
            cell = sheet.crop((left, top, left + 28, top + 28))
            assert np.array_equal(np.asarray(cell), image[0].numpy())


@pytest.mark.parametrize("name", NAMES)
def test_shipped_examples_are_those_of_the_data_set(name, monkeypatch):
    folder = data_root() / {"mnist": "MNIST", "fashion-mnist": "FashionMNIST"}.get(
        name, "QuickDraw"
    )
    if not any(path.is_file() for path in folder.rglob("*")):
        pytest.skip(f"the data set is not at hand: no {folder}, and GENLAB_DATA names no other")
    if name == "quickdraw" and len(list(folder.glob("*.npy"))) != 8:
        pytest.skip("the shipped drawings come from another part of Quick, Draw!")

    prepare_torchvision()
    monkeypatch.setattr("torchvision.datasets.MNIST.download", lambda self: None)

    chosen, shipped = choose_examples(name), examples(name)

    assert torch.equal(shipped.images, chosen.images)
    assert torch.equal(shipped.labels, chosen.labels)
    assert shipped.classes == chosen.classes


def test_the_sheet_maker_is_undone_by_reading_the_sheet(tmp_path, monkeypatch):
    (tmp_path / "QuickDraw").mkdir()
    for index, name in enumerate(examples("quickdraw").classes):
        np.save(tmp_path / "QuickDraw" / f"{name}.npy", numbered(20, 1000 * index))
    monkeypatch.setattr(data, "__file__", str(tmp_path / "data.py"))
    folder = tmp_path / "assets" / "examples"
    folder.mkdir(parents=True)

    write_sheet("quickdraw", folder / "quickdraw.png", tmp_path)

    chosen = choose_examples("quickdraw", tmp_path)
    assert torch.equal(examples("quickdraw").images, chosen.images)


@pytest.mark.parametrize(
    "write",
    [
        lambda path: None,
        lambda path: path.write_bytes(b"no picture"),
        lambda path: Image.new("L", (280, 252)).save(path),
        lambda path: Image.new("RGB", (280, 280)).save(path),
    ],
)
def test_a_damaged_sheet_is_reported_with_its_remedy(write, tmp_path, monkeypatch):
    monkeypatch.setattr(data, "__file__", str(tmp_path / "data.py"))
    (tmp_path / "assets" / "examples").mkdir(parents=True)
    write(tmp_path / "assets" / "examples" / "mnist.png")

    with pytest.raises(DataError, match="git checkout -- genlab/assets"):
        examples("mnist")


def test_without_the_data_the_command_says_where_to_get_them(tmp_path, capsys, monkeypatch):
    def refuse(*_, **__):
        raise DataError("MNIST is not here. Use --data-root.")

    monkeypatch.setattr("train.examples.choose_examples", refuse)

    assert main(["--folder", str(tmp_path / "sheets")]) == 2
    assert capsys.readouterr().err == "error: MNIST is not here. Use --data-root.\n"
    assert not (tmp_path / "sheets").exists()


def test_every_data_set_has_a_licence_and_stands_in_the_readme():
    readme = (ROOT / "genlab" / "assets" / "README.md").read_text(encoding="utf8")
    rows = {line.split("|")[1].strip(): line for line in readme.splitlines() if "png` |" in line}

    assert tuple(data.LICENCES) == NAMES
    for name, licence in data.LICENCES.items():
        assert licence in rows[f"`{name}.png`"]
        assert ", ".join(examples(name).classes) in rows[f"`{name}.png`"]

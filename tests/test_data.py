"""MNIST and Fashion-MNIST on synthetic files of the real sizes."""

import shutil
import struct
import subprocess
import sys
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import torch
from numbered import numbered, numbers_of

from genlab.core.errors import DataError
from genlab.data import choose_examples, data_root, examples, load
from genlab.torchvision_guard import prepare_torchvision

ROOT = Path(__file__).parents[1]


def write_idx(path, array):
    """Write MNIST's file format: two zero bytes, 8 for uint8, the rank, the sizes, the bytes."""
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    path.write_bytes(header + array.astype(np.uint8).tobytes())


def write_mnist(raw):
    """The four files; an image's label is its number modulo 10."""
    raw.mkdir(parents=True)
    write_idx(raw / "train-images-idx3-ubyte", numbered(60_000).reshape(-1, 28, 28))
    write_idx(raw / "train-labels-idx1-ubyte", np.arange(60_000) % 10)
    write_idx(raw / "t10k-images-idx3-ubyte", numbered(10_000, 70_000).reshape(-1, 28, 28))
    write_idx(raw / "t10k-labels-idx1-ubyte", np.arange(10_000) % 10)


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    """No test downloads."""

    def refuse(*arguments, **options):
        raise URLError("no network here")

    prepare_torchvision()
    monkeypatch.setattr("torchvision.datasets.mnist.download_and_extract_archive", refuse)
    monkeypatch.setattr("torchvision.datasets.utils.urllib.request.urlopen", refuse)


@pytest.fixture(scope="module")
def idx_root(tmp_path_factory):
    """MNIST and Fashion-MNIST with numbered images."""
    root = tmp_path_factory.mktemp("idx")
    write_mnist(root / "MNIST" / "raw")
    (root / "FashionMNIST").symlink_to(root / "MNIST")
    yield root
    shutil.rmtree(root)  # 55 MB; pytest would keep the last three


@pytest.fixture
def truncated_raw(tmp_path):
    """MNIST's folder with files that promise all images and hold twenty."""
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for split, count in (("train", 60_000), ("t10k", 10_000)):
        images = struct.pack(">4I", 0x803, count, 28, 28) + numbered(20).tobytes()
        labels = struct.pack(">2I", 0x801, count) + bytes(20)
        (raw / f"{split}-images-idx3-ubyte").write_bytes(images)
        (raw / f"{split}-labels-idx1-ubyte").write_bytes(labels)
    return raw


def refusal(name, root, split="test"):
    """The text of the DataError that loading ends in; it always names both remedies."""
    with pytest.raises(DataError) as caught:
        load(name, split, root)
    text = str(caught.value)
    assert "--data-root" in text
    assert "GENLAB_DATA" in text
    assert "\n" not in text
    return text


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_training_and_validation_images_share_none_and_miss_none(name, idx_root):
    train, validation = load(name, "train", idx_root), load(name, "validation", idx_root)

    both = torch.cat([numbers_of(train.images), numbers_of(validation.images)])
    assert (len(train.images), len(validation.images)) == (59_000, 1_000)
    assert torch.equal(both.sort().values, torch.arange(60_000))


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_an_image_keeps_its_label(split, idx_root):
    part = load("mnist", split, idx_root)

    assert torch.equal(part.labels, numbers_of(part.images) % 10)
    assert part.images.shape[1:] == (1, 28, 28)
    assert (part.images.dtype, part.labels.dtype) == (torch.uint8, torch.int64)


def test_the_validation_images_are_the_same_for_good(idx_root):
    numbers = numbers_of(load("mnist", "validation", idx_root).images)

    # Figures in the card files are measured on this choice: it may never change.
    assert numbers[:5].tolist() == [20, 50, 104, 197, 251]
    assert numbers.sum() == 29367329
    assert torch.equal(numbers, numbers.sort().values)


def test_the_test_images_are_the_files_own(idx_root):
    numbers = numbers_of(load("mnist", "test", idx_root).images)

    assert torch.equal(numbers, torch.arange(70_000, 80_000))


def test_fashion_images_are_never_taken_for_digits(idx_root, tmp_path):
    (tmp_path / "FashionMNIST").symlink_to(idx_root / "MNIST")

    assert load("fashion-mnist", "test", tmp_path).classes[0] == "T-shirt/top"
    refusal("mnist", tmp_path)


def test_examples_are_the_first_ten_test_images_of_each_class(idx_root):
    chosen = choose_examples("mnist", idx_root)

    expected = [70_000 + label + 10 * i for label in range(10) for i in range(10)]
    assert numbers_of(chosen.images).tolist() == expected
    assert chosen.labels.tolist() == [label for label in range(10) for _ in range(10)]


def test_without_files_and_network_the_remedy_is_named(tmp_path):
    text = refusal("fashion-mnist", tmp_path / "absent")

    assert "no network here" in text
    assert "FashionMNIST/raw" in text


def test_a_folder_that_cannot_be_written_is_reported(tmp_path):
    (tmp_path / "file").touch()

    assert "Not a directory" in refusal("mnist", tmp_path / "file")


@pytest.mark.parametrize("split", ["train", "validation", "test"])
@pytest.mark.parametrize("kept", [0, 3, 10, 10_000])
def test_a_truncated_file_is_reported(kept, split, truncated_raw):
    for path in truncated_raw.iterdir():
        path.write_bytes(path.read_bytes()[:kept])

    refusal("mnist", truncated_raw.parents[1], split)


def test_a_whole_file_of_another_length_is_reported(truncated_raw):
    write_idx(truncated_raw / "t10k-images-idx3-ubyte", numbered(20).reshape(20, 28, 28))
    write_idx(truncated_raw / "t10k-labels-idx1-ubyte", np.zeros(20))

    assert "(20, 28, 28)" in refusal("mnist", truncated_raw.parents[1])


def test_a_label_without_a_class_is_reported(tmp_path):
    raw = tmp_path / "MNIST" / "raw"
    write_mnist(raw)
    write_idx(raw / "t10k-labels-idx1-ubyte", np.arange(10_000) % 11)

    assert "labels above 9" in refusal("mnist", tmp_path)
    shutil.rmtree(raw)


def test_a_damaged_header_never_raises_anything_else(truncated_raw):
    generator = np.random.default_rng(0)
    path = truncated_raw / "t10k-images-idx3-ubyte"
    body = path.read_bytes()[16:]

    for _ in range(300):
        header = generator.integers(0, 256, 16, dtype=np.uint8)
        header[generator.random(16) < 0.5] = 0
        header[3] = generator.integers(0, 5)
        header[2] = generator.integers(6, 17)
        path.write_bytes(header.tobytes() + body)
        refusal("mnist", truncated_raw.parents[1])


def test_the_chosen_folder_goes_before_the_environment_and_that_before_the_default(monkeypatch):
    monkeypatch.setenv("GENLAB_DATA", "elsewhere")
    assert data_root(Path("chosen")) == Path("chosen")
    assert data_root() == Path("elsewhere")

    monkeypatch.delenv("GENLAB_DATA")
    assert data_root() == Path("data")


def test_unknown_names_and_splits_are_refused():
    with pytest.raises(ValueError, match="name must be one of mnist, .* got 'MNIST'"):
        load("MNIST", "test")
    with pytest.raises(ValueError, match="name must be one of"):
        examples("cifar")
    with pytest.raises(ValueError, match="name must be one of"):
        choose_examples("cifar")
    with pytest.raises(ValueError, match="split must be one of train, .* got 'examples'"):
        load("quickdraw", "examples")


@pytest.mark.slow
def test_importing_data_does_not_import_torchvision():
    code = "import sys, genlab.data; sys.exit('torchvision' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=120).returncode == 0

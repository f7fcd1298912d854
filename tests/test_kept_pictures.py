"""Pictures that are kept while they are drawn: nothing torn comes back, nothing else is lost."""

import errno
from pathlib import Path

import pytest
import torch

from train.errors import TrainingError
from train.kept_pictures import Keeper, KeptPictures

SHAPE = (3, 1, 2, 2)


def batches(count, seed=0):
    return list(torch.rand(count, *SHAPE, generator=torch.Generator().manual_seed(seed)))


def keep(path, parts):
    kept = KeptPictures(path, SHAPE)
    for part in parts:
        kept.add(part)
    return kept


def test_what_was_kept_comes_back_to_the_bit(tmp_path):
    parts = batches(4)
    keep(tmp_path / "deep" / "walk", parts)

    found = KeptPictures(tmp_path / "deep" / "walk", SHAPE).load(lambda: parts[0])

    assert torch.equal(torch.stack(found), torch.stack(parts))


def test_nothing_is_drawn_where_nothing_was_kept(tmp_path):
    assert KeptPictures(tmp_path / "walk", SHAPE).load(lambda: pytest.fail("drawn")) == []


@pytest.mark.parametrize("lost", [1, 4, 47, 48])
def test_a_batch_that_a_kill_cut_short_is_dropped_and_the_next_stands_in_its_place(tmp_path, lost):
    parts = batches(3)
    kept = keep(tmp_path / "walk", parts)
    content = kept.path.read_bytes()
    kept.path.write_bytes(content[:-lost])

    found = kept.load(lambda: parts[0])
    assert torch.equal(torch.stack(found), torch.stack(parts[:2]))

    kept.add(parts[2])
    assert kept.path.read_bytes() == content


def test_the_last_batch_may_be_smaller_and_is_drawn_again(tmp_path):
    parts = batches(2)
    kept = keep(tmp_path / "walk", [*parts, parts[0][:1]])

    assert len(kept.load(lambda: parts[0])) == 2


def test_rounding_is_no_difference_but_another_picture_is(tmp_path, capsys):
    parts = batches(2)
    kept = keep(tmp_path / "walk", parts)
    assert len(kept.load(lambda: parts[0] + 1e-4)) == 2
    assert capsys.readouterr().err == ""

    other = parts[0].clone()
    other[-1, 0, 0, 0] += 0.01
    assert kept.load(lambda: other) == []

    assert "begun anew" in capsys.readouterr().err
    assert kept.path.read_bytes() == b""


def test_a_picture_that_is_not_a_number_is_not_gone_on_with(tmp_path):
    kept = keep(tmp_path / "walk", [torch.full(SHAPE, torch.nan)])

    assert kept.load(lambda: torch.full(SHAPE, torch.nan)) == []


def test_a_full_disk_is_one_sentence_with_its_remedy(tmp_path, monkeypatch):
    def run_out(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "open", run_out)

    with pytest.raises(TrainingError, match=r"No space left on device.*--runs"):
        keep(tmp_path / "walk", batches(1))


def test_what_was_measured_is_forgotten_and_the_rest_stays(tmp_path):
    keeper = Keeper(tmp_path / "samples")
    keep(tmp_path / "samples" / "other.float32", batches(1))
    keeper.file("walk", SHAPE).add(batches(1)[0])
    keeper.file("never_drawn", SHAPE)

    keeper.forget()
    assert [path.name for path in (tmp_path / "samples").iterdir()] == ["other.float32"]

    keeper.file("other", SHAPE)
    keeper.forget()
    assert not (tmp_path / "samples").exists()


def test_a_measurement_is_made_by_one_command_at_a_time(tmp_path):
    first, second = Keeper(tmp_path / "samples"), Keeper(tmp_path / "samples")
    first.file("walk", SHAPE).add(batches(1)[0])

    with pytest.raises(TrainingError, match=r"Another command draws .*walk.*--runs"):
        second.file("walk", SHAPE)
    second.file("other_walk", SHAPE)

    first.forget()
    second.file("walk", SHAPE)


def test_a_folder_that_cannot_be_made_is_one_sentence_with_its_remedy(tmp_path):
    (tmp_path / "samples").write_text("a file")

    with pytest.raises(TrainingError, match=r"Cannot write to .*samples.*--runs"):
        Keeper(tmp_path / "samples").file("walk", SHAPE)

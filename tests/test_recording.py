"""Recorded runs: what is kept, what is compared, and that a repeated run is the same to the bit."""

import dataclasses
import json
import math

import numpy as np
import pytest
import torch

pytest.importorskip("accelerate", reason="training needs requirements-dev.txt")

from lively import tiny_gan  # noqa: E402

from genlab import data as data_sets  # noqa: E402
from genlab.core.errors import DataError  # noqa: E402
from genlab.data import DataSet  # noqa: E402
from genlab.films.recording import (  # noqa: E402
    RECORDINGS,
    Measure,
    load_recording,
    recorded,
)
from train.errors import TrainingError  # noqa: E402
from train.recording import (  # noqa: E402
    LOSSES,
    MOMENTS,
    RecordedRun,
    compare,
    main,
    record,
    recorded_runs,
    ship,
)
from train.recordings import gan  # noqa: E402

STEPS = 30


def squares(count):
    """(count, 1, 8, 8) black pictures with a white square each."""
    images = torch.zeros(count, 1, 8, 8, dtype=torch.uint8)
    images[:, :, 2:6, 2:6] = 255
    return DataSet(images, torch.zeros(count, dtype=torch.int64), ("square",))


@pytest.fixture(autouse=True)
def tiny_data(monkeypatch):
    monkeypatch.setattr(data_sets, "load", lambda name, split, root=None: squares(256))


def tiny_run(**changes):
    run = RecordedRun(
        name="tiny",
        title="Tiny",
        told="A run in a test.",
        settings={"rate": "0.001"},
        data="mnist",
        epochs=1,
        batch=gan.BATCH,
        build=lambda: tiny_gan().requires_grad_(True),
        batches=gan.digits,
        players=gan.players("non-saturating", 1e-3, 1e-3, replay=128),
        codes=lambda: torch.randn(4, 3, generator=torch.Generator().manual_seed(0)),
        draw=lambda model, codes: model.decode(codes),
        measure=lambda model, validation: {"light": validation.images.float().mean().item()},
        measures=lambda validation: {
            **{name: Measure(name) for name in LOSSES},
            "light": Measure("Light"),
        },
        columns=2,
    )
    return dataclasses.replace(run, **changes)


@pytest.fixture
def recording():
    return record(tiny_run(), 1, steps=STEPS)


def test_a_run_is_kept_from_the_untrained_network_to_its_last_step(recording):
    steps = [moment.step for moment in recording.moments]

    assert (steps[0], steps[-1]) == (0, STEPS)
    assert steps == sorted(set(steps))
    assert len(steps) <= MOMENTS
    untrained = tiny_gan().decode(tiny_run().codes())[0, 0]
    shown = recording.pictures[0][:8, :8] / 255
    np.testing.assert_allclose(shown, untrained, atol=1 / 255)
    assert not (recording.pictures[0] == recording.pictures[-1]).all()


def test_losses_are_means_since_the_last_moment_and_unknown_before_the_first_step(recording):
    assert recording.moments[0].values["critic"] is None
    assert all(moment.values["critic"] > 0 for moment in recording.moments[1:])
    assert set(recording.curve) == set(LOSSES)
    assert len(recording.curve["critic"]) == STEPS


def test_the_same_seed_records_the_same_run_and_another_seed_another(recording):
    again, other = record(tiny_run(), 1, steps=STEPS), record(tiny_run(), 2, steps=STEPS)

    assert (again.pictures == recording.pictures).all()
    assert again.curve == recording.curve
    assert other.curve != recording.curve


def test_taking_pictures_does_not_disturb_the_run(recording):
    """Measuring draws random numbers; the run must not notice."""
    noisy = tiny_run(measure=lambda model, validation: {"light": torch.rand(5).mean().item()})

    assert (record(noisy, 1, steps=STEPS).pictures == recording.pictures).all()


def test_a_shipped_recording_comes_back_as_it_was(recording, tmp_path):
    size = ship(recording, tmp_path)

    back = load_recording("tiny", 1, tmp_path)

    assert recorded(tmp_path) == {"tiny": [1]}
    assert size == sum(path.stat().st_size for path in (tmp_path / "tiny").iterdir())
    for field in dataclasses.fields(recording):
        kept, read = getattr(recording, field.name), getattr(back, field.name)
        assert (np.array(kept == read)).all(), field.name


def test_a_changed_pixel_or_figure_is_noticed(recording, tmp_path):
    pictures = recording.pictures.copy()
    pictures[3, 0, 0] ^= 1
    ship(dataclasses.replace(recording, pictures=pictures), tmp_path)

    with pytest.raises(DataError, match="picture 3 is not the one.*python -m train film tiny"):
        load_recording("tiny", 1, tmp_path)

    ship(recording, tmp_path)
    path = tmp_path / "tiny" / "1.json"
    notes = json.loads(path.read_text())
    del notes["moments"][2]["values"]["light"]
    path.write_text(json.dumps(notes))
    with pytest.raises(DataError, match="moment 2 has other figures"):
        load_recording("tiny", 1, tmp_path)


def test_a_curve_without_finite_values_is_noticed(recording, tmp_path):
    ship(dataclasses.replace(recording, curve={"critic": [1.0, math.nan]}), tmp_path)

    with pytest.raises(DataError, match="curve has values that are not finite"):
        load_recording("tiny", 1, tmp_path)


@pytest.mark.parametrize("part", ["run", "measure", "moment"])
def test_a_value_of_another_kind_is_noticed(part, recording, tmp_path):
    ship(recording, tmp_path)
    path = tmp_path / "tiny" / "1.json"
    notes = json.loads(path.read_text())
    {
        "run": notes,
        "measure": notes["measures"]["light"],
        "moment": notes["moments"][1],
    }[part] |= {"run": {"title": 3}, "measure": {"label": None}, "moment": {"epoch": "1"}}[part]
    path.write_text(json.dumps(notes))

    with pytest.raises(DataError, match="must be a"):
        load_recording("tiny", 1, tmp_path)


def test_a_recording_that_is_not_there_is_told_so(tmp_path):
    with pytest.raises(DataError, match="no recording of 'tiny' with seed 3"):
        load_recording("tiny", 3, tmp_path)


def test_comparing_tells_how_far_two_runs_are_the_same(recording):
    last = dataclasses.replace(recording.moments[-1], sha256="0" * 64)
    other = dataclasses.replace(recording, moments=(*recording.moments[:-1], last))
    count = len(recording.moments)

    assert compare(recording, recording).startswith(f"{count} of {count} pictures are")
    assert f"{count - 1} of {count}" in compare(recording, other)


def test_another_setting_is_no_repetition(recording):
    other = dataclasses.replace(recording, settings={"rate": "0.1"})

    with pytest.raises(TrainingError, match="settings of tiny are not those"):
        compare(recording, other)


def test_the_command_records_and_verifies(tmp_path, capsys):
    offered = {"tiny": tiny_run()}
    folders = ["--recordings", str(tmp_path), "--seed", "1"]

    assert main(["tiny", "--steps", str(STEPS), *folders], offered=offered) == 0
    assert main(["tiny", "--verify", *folders], offered=offered) == 0

    kept = load_recording("tiny", 1, tmp_path)
    assert f"of {len(kept.moments)} pictures are the recorded ones to the bit" in (
        capsys.readouterr().out
    )
    assert kept.command == f"python -m train film tiny --seed 1 --steps {STEPS}"


def test_verifying_what_was_never_recorded_explains_itself(tmp_path, capsys):
    code = main(["tiny", "--verify", "--recordings", str(tmp_path)], offered={"tiny": tiny_run()})

    assert code == 2
    assert "no recording" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (["--steps", "0"], "at least 1"),
        (["--steps", "-3"], "at least 1"),
        (["--seed", "-1"], "from 0 to 4294967295"),
        (["--seed", str(2**32)], "from 0 to 4294967295"),
        (["--verify", "--steps", "9"], "not allowed with"),
    ],
)
def test_a_length_or_seed_that_no_run_has_is_refused(said, told, tmp_path, capsys):
    folders = ["--recordings", str(tmp_path)]

    with pytest.raises(SystemExit):
        main(["tiny", *said, *folders], offered={"tiny": tiny_run()})

    assert told in capsys.readouterr().err


def test_every_shipped_recording_is_whole_and_of_a_run_that_can_be_repeated():
    runs = recorded_runs()

    for name, seeds in recorded().items():
        for seed in seeds:
            kept = load_recording(name, seed)
            assert kept.settings == runs[name].settings
            assert (RECORDINGS / name / f"{seed}.png").stat().st_size < 750_000

"""Files that are missing, damaged, tampered with or made for something else."""

import json
import math
import pickle

import gradio as gr
import pytest
import safetensors.torch
import torch
from shelved import tiny_card, tiny_network, write_checkpoint, write_files

from genlab.core.errors import CheckpointError
from genlab.store import CHECKPOINTS, ModelStore
from genlab.ui.lessons import mask_cheat
from genlab.ui.models_pages import card, comparison, table
from genlab.ui.shell import build_app
from genlab.ui.tabs import models

TEXTS = ("card", "title", "family", "data", "licence", "sha256", "source", "command", "device",
         "revision", "created")  # fmt: skip
WHOLE = ("parameters", "seed", "steps")
BAD = (None, "", "25", True, [], [1], {}, math.nan, math.inf, -math.inf, 2**63, -(10**30))
CARD, OTHER = tiny_card("tiny"), tiny_card("other")


@pytest.fixture
def folder(tmp_path):
    """Checkpoints of two cards, both whole."""
    write_checkpoint(tmp_path, CARD, seed=1)
    write_checkpoint(tmp_path, OTHER, seed=2)
    return tmp_path


@pytest.fixture
def shelf(folder):
    return ModelStore(folder, (CARD, OTHER))


def remove_weights(folder):
    (folder / "tiny.safetensors").unlink()


def remove_card_file(folder):
    (folder / "tiny.json").unlink()


def truncate(folder):
    path = folder / "tiny.safetensors"
    path.write_bytes(path.read_bytes()[:-10])


def empty(folder):
    (folder / "tiny.safetensors").write_bytes(b"")


def flip_a_bit(folder):
    path = folder / "tiny.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))


def truncate_with_a_matching_card(folder):
    write_files(folder, CARD, (folder / "tiny.safetensors").read_bytes()[:-10])


def write_for_another_network(folder):
    write_checkpoint(folder, tiny_card("tiny", build=lambda: tiny_network(features=4)))


def write_with_a_missing_tensor(folder):
    weights = dict(list(tiny_network().state_dict().items())[1:])
    write_files(folder, CARD, safetensors.torch.save(weights))


def write_with_an_extra_tensor(folder):
    weights = {**tiny_network().state_dict(), "extra": torch.zeros(1)}
    write_files(folder, CARD, safetensors.torch.save(weights))


def rename_the_other_model(folder):
    for ending in ("json", "safetensors"):
        (folder / f"tiny.{ending}").write_bytes((folder / f"other.{ending}").read_bytes())


def break_json(folder):
    (folder / "tiny.json").write_text("{")


def nest_json(folder):
    (folder / "tiny.json").write_text("[" * 100_000)


def write_json_that_is_not_text(folder):
    (folder / "tiny.json").write_bytes(b"\xff\xfe\x00")


def change_json(**changes):
    def change(folder):
        path = folder / "tiny.json"
        content = {**json.loads(path.read_text()), **changes}
        kept = {name: value for name, value in content.items() if value is not ...}
        path.write_text(json.dumps(kept))

    change.__name__ = f"change_json({changes})"
    return change


DAMAGES = [
    remove_weights,
    remove_card_file,
    truncate,
    empty,
    flip_a_bit,
    truncate_with_a_matching_card,
    write_for_another_network,
    write_with_a_missing_tensor,
    write_with_an_extra_tensor,
    rename_the_other_model,
    break_json,
    nest_json,
    write_json_that_is_not_text,
    change_json(sha256="0" * 64),
    change_json(sha256=None),
    change_json(sha256=...),
    change_json(figures=[]),
    change_json(figures={"nats_dynamic": {"value": 1}}),
    change_json(unexpected=1),
    change_json(**{"\ud800": 1}),
]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damage_is_one_clear_error_and_a_repaired_file_loads(folder, shelf, damage):
    whole = {path: path.read_bytes() for path in folder.iterdir()}
    damage(folder)

    for _ in range(2):  # every time, not only the first
        with pytest.raises(CheckpointError, match="python -m train tiny`") as caught:
            shelf.get("tiny")
        assert "git checkout -- checkpoints/tiny.json" in str(caught.value)
        assert "\n" not in str(caught.value)
    assert shelf.get("other").spec.shape == (1, 6, 6)

    for path, content in whole.items():
        path.write_bytes(content)
    assert shelf.get("tiny").spec.shape == (1, 6, 6)


@pytest.mark.parametrize("ending", ["json", "safetensors"])
def test_a_missing_file_is_called_missing(folder, shelf, ending):
    (folder / f"tiny.{ending}").unlink()

    with pytest.raises(CheckpointError, match=rf"tiny\.{ending} is missing"):
        shelf.get("tiny")


class Trap:
    """Unpickling this writes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (self.path.__class__.touch, (self.path,))


@pytest.mark.parametrize("save", [pickle.dump, torch.save], ids=["pickle", "torch.save"])
def test_a_pickle_is_refused_and_not_executed(folder, shelf, save):
    path, mark = folder / "tiny.safetensors", folder / "executed"
    with path.open("wb") as file:
        save({"first.weight": Trap(mark)}, file)
    write_files(folder, CARD, path.read_bytes())  # even if the card vouches for it

    with pytest.raises(CheckpointError, match="is damaged"):
        shelf.get("tiny")

    assert not mark.exists()
    with path.open("rb") as file:
        torch.load(file, weights_only=False) if save is torch.save else pickle.load(file)
    assert mark.exists(), "the trap works"


def is_bad(kind, value):
    """Whether a field of this kind cannot have the value, said in other words than the reader's."""
    if kind == "text":
        return not isinstance(value, str)
    if isinstance(value, (bool, str, list, dict)) or value is None:
        return True
    if kind == "whole" and isinstance(value, float):
        return True
    return not -(2**63) < value < 2**63


FIELDS = [(name, "text") for name in TEXTS] + [(name, "whole") for name in WHOLE]
CASES = [
    (name, value)
    for name, kind in (*FIELDS, ("minutes", "number"))
    for value in (*BAD, 0.5, "\ud800")
    if is_bad(kind, value) or value == "\ud800"
]
OF_FIGURES = [
    (name, value)
    for name, kind in (
        ("value", "number"), ("standard_error", "number"), ("n", "whole"), ("command", "text"),
    )
    for value in (*BAD, 0.5, "\ud800")
    if is_bad(kind, value) or value == "\ud800"
]  # fmt: skip


def assert_only_tiny_is_damaged(shelf):
    with pytest.raises(CheckpointError, match="python -m train tiny") as caught:
        shelf.card_file("tiny")
    str(caught.value).encode("utf8")
    with pytest.raises(CheckpointError, match="tiny.json cannot be read"):
        shelf.get("tiny")
    assert shelf.card_file("other").card == "other"
    assert shelf.get("other")


@pytest.mark.parametrize(("name", "value"), CASES, ids=lambda each: ascii(each)[:20])
def test_a_value_of_another_kind_than_its_field_is_refused(folder, shelf, name, value):
    change_json(**{name: value})(folder)

    assert_only_tiny_is_damaged(shelf)


@pytest.mark.parametrize(("name", "value"), OF_FIGURES, ids=lambda each: ascii(each)[:20])
def test_a_figure_with_such_a_value_is_refused(folder, shelf, name, value):
    figure = {"value": 1.5, "standard_error": 0, "n": 9, "command": "python -m …", name: value}
    change_json(figures={"nats_dynamic": figure})(folder)

    assert_only_tiny_is_damaged(shelf)


@pytest.mark.parametrize("figures", [None, "", 3, [], {"fid": None}, {"fid": 3}, {"fid": []}])
def test_figures_that_are_none_are_refused(folder, shelf, figures):
    change_json(figures=figures)(folder)

    assert_only_tiny_is_damaged(shelf)


def test_a_name_that_no_page_can_show_is_refused(folder, shelf):
    figure = {"value": 1.5, "standard_error": 0, "n": 9, "command": "python -m …"}
    change_json(figures={"\ud800": figure})(folder)

    assert_only_tiny_is_damaged(shelf)


def test_whole_numbers_are_numbers_too(folder, shelf):
    figure = {"value": -3, "standard_error": 0, "n": 9, "command": ""}
    change_json(minutes=25, seed=-1, figures={"kid": figure})(folder)

    recorded = shelf.card_file("tiny")
    assert (recorded.minutes, recorded.seed, recorded.figures["kid"].value) == (25, -1, -3)


@pytest.mark.parametrize("change", [
    {"minutes": "25"}, {"parameters": None}, {"steps": 1e400},
    {"figures": {"nats_dynamic": dict(value=None, standard_error=1, n=1, command="")}},
    {"figures": {"fid_times_floor": dict(value="5", standard_error=1, n=1, command="")}},
], ids=str)  # fmt: skip
def test_a_card_with_such_a_value_stops_no_page_and_is_called_damaged(folder, shelf, change):
    change_json(**change)(folder)

    with gr.Blocks(analytics_enabled=False) as blocks:
        models.build(shelf)
    rows = {row["name"]: row["cells"] for row in table.table_rows(shelf)}

    assert blocks.fns
    assert rows["tiny"]["nll"]["text"] == "damaged"
    assert "git checkout -- checkpoints/tiny.json" in rows["tiny"]["nll"]["note"]
    assert rows["other"]["nll"]["value"] == 81.25
    assert "cannot be read" in card.card_page(shelf, "tiny")
    assert comparison.comparison(shelf)


def test_the_mask_page_says_of_a_damaged_card_what_is_wrong_with_it(folder, shelf):
    change_json(minutes="25")(folder)

    assert "tiny.json cannot be read" in mask_cheat.describe_card(shelf, "tiny")
    assert "81.25 nats" in mask_cheat.describe_card(shelf, "other")


def test_the_whole_site_stands_with_every_shipped_card_damaged(tmp_path):
    for file in CHECKPOINTS.glob("*.json"):
        content = json.loads(file.read_text(encoding="utf8"))
        (tmp_path / file.name).write_text(json.dumps({**content, "minutes": "25"}))
        (tmp_path / file.with_suffix(".safetensors").name).symlink_to(
            file.with_suffix(".safetensors")
        )

    app = build_app(ModelStore(tmp_path))

    assert "cannot be read" in str(app.get_config_file())

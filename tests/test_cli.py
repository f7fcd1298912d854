"""The command line: what it prints, writes and refuses."""

import json

import pytest
from PIL import Image
from shelved import Constant, tiny_card, write_checkpoint

from genlab import cli
from genlab.core.cards import Figure, sha256
from genlab.core.images import image_grid, to_picture
from genlab.inference.autoregressive import sample
from genlab.store import ModelStore

TINY, PLAIN, ABSENT = tiny_card("tiny"), tiny_card("plain", build=Constant), tiny_card("absent")


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """Two cards with weights and one without; the command line knows no others."""
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    write_checkpoint(folder, TINY)
    write_checkpoint(folder, PLAIN, figures={"fid": Figure(2.5, 0.125, 10, "…")})
    monkeypatch.setattr(cli, "ModelStore", lambda _: ModelStore(folder, (TINY, PLAIN, ABSENT)))
    return ModelStore(folder, (TINY, PLAIN, ABSENT))


@pytest.fixture
def out(tmp_path):
    return tmp_path / "grid.png"


def test_models_are_listed_as_json_with_what_is_known_of_them(shelf, run_cli):
    code, output, errors = run_cli("models", "--json")

    assert (code, errors) == (0, "")
    tiny, plain, absent = json.loads(output)
    assert tiny == {
        "name": "tiny",
        "title": "Tiny tiny",
        "family": "PixelCNN",
        "data": "nothing",
        "parameters": sum(parameter.numel() for parameter in TINY.build().parameters()),
        "checkpoint": "here",
        "capabilities": ["Autoregressive", "Incremental"],
        "figures": {"nats_dynamic": {"value": 81.25, "standard_error": 0.25}},
    }
    assert (plain["capabilities"], plain["parameters"]) == ([], 1)
    assert (absent["checkpoint"], absent["figures"]) == ("missing", {})


def test_models_are_listed_as_a_table_for_a_person(shelf, run_cli):
    code, output, errors = run_cli("models")

    header, tiny, plain, absent = output.splitlines()
    assert (code, errors) == (0, "")
    assert header.split()[:3] == ["name", "title", "family"]
    assert "nats_dynamic 81.25 ± 0.25" in tiny
    assert "fid 2.50 ± 0.12" in plain
    assert "missing" in absent
    assert len({line.index("Tiny") for line in (tiny, plain, absent)}) == 1


def test_a_small_figure_is_listed_with_the_digits_of_its_error(shelf, run_cli):
    model = json.loads(run_cli("models", "--json")[1])[0]
    model["figures"] = {"test_accuracy": {"value": 0.9943, "standard_error": 0.0008}}

    assert "test_accuracy 0.9943 ± 0.0008" in cli.models_table([model])


def test_a_damaged_card_is_listed_as_such_and_the_others_as_ever(shelf, run_cli, tmp_path):
    (tmp_path / "checkpoints" / "tiny.json").write_text("{")

    code, output, _ = run_cli("models", "--json")

    assert code == 0
    assert [each["checkpoint"] for each in json.loads(output)] == ["damaged", "here", "missing"]


def test_a_sample_is_the_sampler_s_as_a_grid(shelf, run_cli, out):
    code, output, errors = run_cli(
        "sample", "tiny", "--count", 5, "--seed", 3, "--out", out, "--scale", 2, "--json"
    )

    images = sample(shelf.get("tiny"), seed=3, count=5)
    grid = to_picture(image_grid(images))[0].numpy().repeat(2, axis=0).repeat(2, axis=1)
    assert (code, errors) == (0, "")
    with Image.open(out) as picture:
        assert picture.size == grid.shape[::-1]
        assert picture.tobytes() == grid.tobytes()
    result = json.loads(output)
    assert result.pop("seconds") > 0
    assert result == {
        "card": "tiny",
        "seed": 3,
        "count": 5,
        "options": {
            "temperature": 1.0,
            "top_p": 1.0,
            "size": None,
            "order": None,
            "label": None,
            "guidance": 1.0,
        },
        "out": str(out),
        "sha256": sha256(to_picture(images).numpy().tobytes()),
    }


def test_without_json_a_sentence_tells_what_was_written(shelf, run_cli, out):
    code, output, errors = run_cli("sample", "tiny", "--out", out)

    assert (code, errors) == (0, "")
    assert output.startswith("16 pictures of tiny, seeds from 0, in ")
    assert str(out) in output


def test_the_same_seed_writes_the_same_bytes_and_another_does_not(shelf, run_cli, tmp_path):
    def written(name, *more):
        assert run_cli("sample", "tiny", "--out", tmp_path / name, *more)[0] == 0
        return (tmp_path / name).read_bytes()

    first = written("1.png", "--seed", 4)

    assert written("2.png", "--seed", 4) == first
    assert written("3.png", "--seed", 4, "--order", "naive") == first
    assert written("4.png", "--seed", 5) != first
    assert written("5.png", "--seed", 4, "--temperature", "0.1") != first


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["sample", "nobody"], "There is no model called 'nobody'. Choose one of: tiny, plain"),
        (["sample", "absent"], "python -m train absent"),
        (["sample", "plain"], "There is no way to draw samples of plain"),
        (["sample", "tiny", "--temperature", "0"], "temperature must be positive and finite"),
        (["sample", "tiny", "--temperature", "nan"], "temperature must be positive and finite"),
        (["sample", "tiny", "--temperature", "1e999"], "temperature must be positive and finite"),
        (["sample", "tiny", "--temperature", "hot"], "--temperature cannot be 'hot': divides"),
        (["sample", "tiny", "--label", "seven"], "--label cannot be 'seven': the class"),
        (["sample", "tiny", "--label", "7"], "this model was trained without classes"),
        (["sample", "tiny", "--guidance", "2"], "guidance needs a label"),
        (["sample", "tiny", "--order", "column"], "order must be one of ('wavefront',"),
        (["sample", "tiny", "--order", ""], "order must be one of ('wavefront',"),
        (["sample", "tiny", "--seed", "-1"], "seed must be from 0 to 4294967295, got -1"),
        (["sample", "tiny", "--seed", str(2**32)], "seed must be from 0 to 4294967295"),
        (["sample", "tiny", "--out", "no/such/folder.png"], "Choose a folder that exists"),
        (["sample", "tiny", "--out", "grid.gif"], "a name that ends in .png"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
@pytest.mark.parametrize("as_json", [[], ["--json"]], ids=["text", "json"])
def test_an_error_is_one_sentence_and_exit_code_2(
    shelf, run_cli, out, arguments, sentence, as_json
):
    path = [] if "--out" in arguments else ["--out", out]

    code, output, errors = run_cli(*arguments, *path, *as_json)

    assert (code, output) == (2, "")
    assert errors.startswith("error: ")
    assert sentence in errors
    assert errors.count("\n") == 1
    assert not out.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["paint"],
        ["sample"],
        ["sample", "tiny"],
        ["sample", "tiny", "--count", "0"],
        ["sample", "tiny", "--count", "257"],
        ["sample", "tiny", "--count", "-1"],
        ["sample", "tiny", "--count", "1.5"],
        ["sample", "tiny", "--count", "²"],
        ["sample", "tiny", "--scale", "0"],
        ["sample", "tiny", "--scale", "17"],
        ["sample", "tiny", "--seed", "x"],
        ["sample", "tiny", "--temp", "1"],
        ["sample", "tiny", "--colour", "red"],
        ["models", "tiny"],
    ],
    ids=" ".join,
)
def test_a_command_line_that_means_nothing_is_refused(shelf, run_cli, out, arguments):
    path = ["--out", out] if len(arguments) > 2 else []

    code, output, errors = run_cli(*arguments, *path)

    assert (code, output) == (2, "")
    assert "usage: python -m genlab" in errors
    assert not out.exists()


def test_counts_and_scales_reach_from_1_to_their_limits(shelf, run_cli, out):
    assert run_cli("sample", "tiny", "--count", 256, "--scale", 1, "--out", out)[0] == 0
    with Image.open(out) as picture:
        assert picture.size == (16 * 7 - 1, 16 * 7 - 1)
    assert run_cli("sample", "tiny", "--count", 1, "--scale", 16, "--out", out)[0] == 0
    with Image.open(out) as picture:
        assert picture.size == (96, 96)

"""`python -m genlab score`, `complete` and the controls of `sample`, on tiny models."""

import json
import struct
import zlib
from argparse import Namespace
from dataclasses import replace

import pytest
import torch
from PIL import Image
from shelved import Constant, tiny_card, write_checkpoint

from genlab import cli
from genlab.analysis.likelihood_lens import score_picture
from genlab.analysis.score_command import score_file
from genlab.core.cards import Figure, MaskedArchitecture, sha256
from genlab.core.images import (
    ImageSpec,
    image_grid,
    quantise,
    read_image,
    save_picture,
    to_picture,
)
from genlab.inference.autoregressive import sample
from genlab.inference.completion import complete, keep_rows
from genlab.models.gated_pixelcnn import GatedPixelCNN
from genlab.models.pixelcnn import PixelCNN
from genlab.store import ModelStore

SPEC, FIVE = ImageSpec(1, 6, 6, levels=2), ImageSpec(1, 6, 6, levels=5)


def tiny_gated():
    return GatedPixelCNN(FIVE, classes=3, features=4, layers=2, head=8)


CARDS = (
    tiny_card("plain", build=lambda: PixelCNN(SPEC, features=8, blocks=2, head=8)),
    tiny_card("classed", build=tiny_gated),
    replace(tiny_card("leaky"), masked=MaskedArchitecture("b7", (7,), leaks=True)),
    tiny_card("stone", build=Constant),
    tiny_card("absent"),
)
FIGURES = {"nats_thresholded": Figure(20.0, 0.5, 100, "…")}


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """All cards but one have weights; the command line knows no others."""
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    for card in CARDS:
        if card.name != "absent":
            write_checkpoint(folder, card, figures=FIGURES if card.name == "plain" else None)
    monkeypatch.setattr(cli, "ModelStore", lambda _: ModelStore(folder, CARDS))
    return ModelStore(folder, CARDS)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out.png"


@pytest.fixture
def picture(tmp_path):
    """A grey picture of the models' own size."""
    path = tmp_path / "picture.png"
    save_picture(torch.rand(1, 6, 6, generator=torch.Generator().manual_seed(0)), path)
    return path


def seen(path, spec):
    """The levels that a model sees of a picture, (C, H, W)."""
    return quantise(read_image(path, spec), spec.levels)[0]


def test_a_score_is_the_lens_s_as_json(shelf, run_cli, picture):
    code, output, errors = run_cli("score", "plain", picture, "--json")

    score = score_picture(shelf.get("plain"), seen(picture, SPEC))
    result = json.loads(output)
    assert (code, errors) == (0, "")
    assert result["nats"] == score.nats
    assert result["bits_per_dim"] == score.bits_per_dim
    assert result["expected_bits"] == pytest.approx(score.expected_bits.sum().item())
    torch.testing.assert_close(torch.tensor(result["bits"]), score.bits.float())
    assert (result["levels"], result["label"], result["classes"], result["out"]) == (
        *(2, None, None, None),
    )
    assert result["test_images"] == {
        "figure": "nats_thresholded",
        "n": 100,
        "mean": 20.0,
        "standard_deviation": 5.0,
        "deviations": pytest.approx((score.nats - 20) / 5),
    }


def test_a_model_with_classes_tells_the_class_or_scores_as_one(shelf, run_cli, picture):
    mixed = json.loads(run_cli("score", "classed", picture, "--json")[1])
    single = json.loads(run_cli("score", "classed", picture, "--label", 2, "--json")[1])

    model, pixels = shelf.get("classed"), seen(picture, FIVE)
    assert mixed["classes"] == score_picture(model, pixels).classes.tolist()
    assert mixed["nats"] == score_picture(model, pixels).nats
    assert mixed["test_images"] is None
    assert single["nats"] == score_picture(model, pixels, label=2).nats
    assert (single["label"], single["classes"]) == (2, None)


def test_what_a_class_costs_is_not_held_against_scores_without_one(tmp_path, picture):
    card = tiny_card("classed", build=tiny_gated)
    figures = {"bits_per_dim_mixture": Figure(2.0, 0.05, 100, "…")}
    write_checkpoint(tmp_path, card, figures=figures)
    shelf = ModelStore(tmp_path, (card,))

    untold, told = (
        score_file(shelf, Namespace(card="classed", image=picture, label=label, out=None))
        for label in (None, 1)
    )

    assert untold["test_images"]["figure"] == "bits_per_dim_mixture"
    assert told["test_images"] is None


def test_without_json_sentences_tell_the_score(shelf, run_cli, picture, out):
    plain = run_cli("score", "plain", picture, "--out", out)[1]
    classed = run_cli("score", "classed", picture, "--label", 1)[1]

    nats = score_picture(shelf.get("plain"), seen(picture, SPEC)).nats
    assert f"costs plain {nats:.2f} nats, " in plain
    assert "its 100 test images cost 20.00 ± 5.00 nats; this one is " in plain
    assert str(out) in plain
    assert "nats as class 1, " in classed
    assert "by Bayes' rule" in run_cli("score", "classed", picture)[1]


def test_the_map_is_white_at_the_dearest_pixel(shelf, run_cli, picture, out):
    assert run_cli("score", "plain", picture, "--out", out)[0] == 0

    bits = score_picture(shelf.get("plain"), seen(picture, SPEC)).bits
    with Image.open(out) as written:
        assert written.size == (48, 48)
        shades = torch.tensor(list(written.resize((6, 6), 0).get_flattened_data())).view(6, 6)
    assert torch.equal(shades, (bits / bits.max() * 255).round().long())


def test_a_completion_is_the_core_s_as_a_grid(shelf, run_cli, picture, out):
    code, output, errors = run_cli(
        *("complete", "classed", picture, "--rows", 2, "--count", 5, "--seed", 9, "--label", 1),
        *("--guidance", 2, "--temperature", 0.8, "--top-p", 0.9, "--out", out, "--json"),
    )

    pixels = seen(picture, FIVE)
    images = complete(
        shelf.get("classed"), pixels, keep_rows(FIVE, 2), seed=9, count=5, label=1, guidance=2.0,
        temperature=0.8, top_p=0.9,
    )  # fmt: skip
    grid = to_picture(image_grid(images))[0].numpy().repeat(4, axis=0).repeat(4, axis=1)
    assert (code, errors) == (0, "")
    with Image.open(out) as written:
        assert written.tobytes() == grid.tobytes()
    assert json.loads(output) == {
        "card": "classed",
        "image": str(picture),
        "rows": 2,
        "count": 5,
        "seed": 9,
        "out": str(out),
        "sha256": sha256(to_picture(images).numpy().tobytes()),
    }


def test_the_rows_on_top_are_the_picture_s_and_the_others_the_seed_s(
    shelf, run_cli, picture, tmp_path
):
    def written(seed):
        path = tmp_path / f"{seed}.png"
        arguments = ("--rows", 3, "--count", 1, "--seed", seed, "--out", path)
        assert run_cli("complete", "plain", picture, *arguments)[0] == 0
        with Image.open(path) as image:
            return torch.tensor(list(image.resize((6, 6), 0).get_flattened_data())).view(6, 6)

    kept = seen(picture, SPEC)[0, :3] * 255
    assert all(torch.equal(written(seed)[:3], kept) for seed in (0, 1))
    assert not torch.equal(written(0), written(1))
    assert torch.equal(written(0), written(0))


def test_six_variants_of_half_a_digit_are_the_default(shelf, run_cli, picture, out):
    parse = cli.make_parser().parse_args

    options = parse(["complete", "plain", str(picture), "--out", str(out)])

    assert (options.rows, options.count, options.seed) == (14, 6, 0)
    assert (options.temperature, options.top_p, options.guidance) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P", "1", "CMYK", "I;16"])
@pytest.mark.parametrize("size", [(6, 6), (1, 300), (640, 480)], ids=str)
def test_pictures_of_any_mode_and_size_are_converted(shelf, run_cli, tmp_path, mode, size):
    path = tmp_path / ("picture.jpg" if mode == "CMYK" else "picture.png")
    Image.new(mode, size).save(path)

    code, output, errors = run_cli("score", "plain", path, "--json")

    assert (code, errors) == (0, "")
    expected = score_picture(shelf.get("plain"), seen(path, SPEC)).nats
    assert json.loads(output)["nats"] == expected


def bomb():
    """A PNG of a few bytes that says it is 100,000 pixels wide and high."""

    def chunk(name, content):
        check = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + check

    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


COMMANDS = {"score": [], "complete": ["--rows", "2", "--count", "1"]}
every_command = pytest.mark.parametrize("command", COMMANDS)


@every_command
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "Cannot read upload.png as a picture. Use a PNG"),
        (b"hello", "Cannot read upload.png as a picture"),
        (bomb()[:20], "Cannot read upload.png as a picture"),
        (bomb(), "upload.png has more than 4096 × 4096 pixels. Make it smaller"),
        (None, "Cannot read upload.png as a picture"),
    ],
    ids=["empty", "text", "broken", "bomb", "absent"],
)
def test_a_file_that_is_no_picture_is_one_sentence_and_exit_code_2(
    shelf, run_cli, tmp_path, out, command, content, sentence
):
    path = tmp_path / "upload.png"
    if content is not None:
        path.write_bytes(content)

    code, output, errors = run_cli(command, "plain", path, *COMMANDS[command], "--out", out)

    assert (code, output) == (2, "")
    assert errors.startswith("error: ")
    assert sentence in errors
    assert errors.count("\n") == 1
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["score", "nobody"], "There is no model called 'nobody'"),
        (["score", "absent"], "python -m train absent"),
        (["score", "stone"], "stone knows no likelihood"),
        (["score", "leaky"], "leaky is wrong on purpose"),
        (["score", "plain", "--label", "0"], "this model was trained without classes"),
        (["score", "classed", "--label", "7"], "label must be from 0 to 2, got 7"),
        (["score", "plain", "--out", "map.gif"], "a name that ends in .png"),
        (["complete", "stone"], "stone does not continue a picture"),
        (["complete", "leaky"], "leaky is wrong on purpose"),
        (["complete", "plain", "--rows", "6"], "rows must be from 0 to 5, got 6"),
        (["complete", "plain", "--rows", "-1"], "rows must be from 0 to 5, got -1"),
        (["complete", "plain", "--count", "0"], "count must be at least 1, got 0"),
        (["complete", "plain", "--count", "257"], "count must be at most 256, got 257"),
        (["complete", "plain", "--seed", "-1"], "seed must be from 0 to"),
        (["complete", "plain", "--temperature", "0"], "temperature must be positive"),
        (["complete", "plain", "--top-p", "2"], "top_p must be from 0 to 1"),
        (["complete", "plain", "--label", "0"], "trained without classes"),
        (["complete", "plain", "--guidance", "2"], "guidance needs a label"),
        (["complete", "plain", "--out", "no/such/folder.png"], "Choose a folder that exists"),
        (["sample", "plain", "--top-p", "1.5"], "top_p must be from 0 to 1"),
        (["sample", "plain", "--top-p", "most"], "--top-p cannot be 'most'"),
        (["sample", "plain", "--size", "113"], "size must be from 1 to 112, got 113"),
        (["sample", "plain", "--size", "2.5"], "--size cannot be '2.5'"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_an_error_is_one_sentence_and_exit_code_2(
    shelf, run_cli, picture, out, arguments, sentence
):
    command, card, *more = arguments
    path = [] if command == "sample" else [picture]
    rows = ["--rows", "2"] if command == "complete" and "--rows" not in more else []
    target = [] if "--out" in more else ["--out", out]

    code, output, errors = run_cli(command, card, *path, *rows, *more, *target)

    assert (code, output) == (2, "")
    assert errors.startswith("error: ")
    assert sentence in errors
    assert errors.count("\n") == 1
    assert not out.exists()


def test_the_controls_of_sample_are_the_sampler_s(shelf, run_cli, out):
    code, output, _ = run_cli(
        *("sample", "plain", "--count", 3, "--top-p", 0.8, "--temperature", 1.5, "--size", 9),
        *("--out", out, "--json"),
    )

    images = sample(shelf.get("plain"), seed=0, count=3, top_p=0.8, temperature=1.5, size=9)
    result = json.loads(output)
    assert code == 0
    assert result["sha256"] == sha256(to_picture(images).numpy().tobytes())
    assert (result["options"]["top_p"], result["options"]["size"]) == (0.8, 9)

"""`python -m genlab decode`, `encode`, `interpolate` and `sample`, on tiny latent models."""

import json

import pytest
import torch
from lively import CLASSES, tiny_conditional_gan
from PIL import Image
from shelved import Constant, tiny_card, write_checkpoint

from genlab import cli
from genlab.core.cards import sha256
from genlab.core.images import ImageSpec, image_grid, read_image, save_picture, to_picture
from genlab.inference.latent import decode_points, interpolate_codes, prior_codes
from genlab.inference.prior_samples import OfClass
from genlab.models.autoencoder import Autoencoder
from genlab.models.vae import VAE
from genlab.nn.latent_networks import DenseDecoder, DenseEncoder
from genlab.store import ModelStore

SPEC = ImageSpec(1, 8, 8, levels=2)


def tiny_networks(numbers):
    """Encoder and decoder of a code of three numbers, not yet trained."""
    return {
        "encoder": DenseEncoder(SPEC, (12,), numbers),
        "decoder": DenseDecoder(SPEC, 3, (12,)),
    }


class Generator(torch.nn.Module):
    """Decodes, and can nothing else."""

    latent_dim = 3

    def __init__(self):
        super().__init__()
        self.spec = SPEC
        self.network = DenseDecoder(SPEC, 3, (12,))

    def decode(self, z, labels=None):
        """Through the network."""
        return self.network(z).sigmoid()


CARDS = (
    tiny_card("vae", build=lambda: VAE(SPEC, 3, **tiny_networks(6))),
    tiny_card("plain", build=lambda: Autoencoder(SPEC, 3, **tiny_networks(3))),
    tiny_card("generator", build=Generator),
    tiny_card("told", build=lambda: tiny_conditional_gan().requires_grad_(True)),
    tiny_card("stone", build=Constant),
    tiny_card("absent"),
)


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """All cards but one have weights; the command line knows no others."""
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    for card in CARDS:
        if card.name != "absent":
            write_checkpoint(folder, card)
    monkeypatch.setattr(cli, "ModelStore", lambda _: ModelStore(folder, CARDS))
    return ModelStore(folder, CARDS)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out.png"


@pytest.fixture
def pictures(tmp_path):
    """Files of two pictures."""
    paths = tmp_path / "first.png", tmp_path / "second.png"
    for seed, path in enumerate(paths):
        save_picture(torch.rand(1, 8, 8, generator=torch.Generator().manual_seed(seed)), path)
    return paths


def assert_shows(path, images, columns=None):
    """The file is the grid of these pictures, four times as large."""
    grid = to_picture(image_grid(images, columns))[0].numpy().repeat(4, axis=0).repeat(4, axis=1)
    with Image.open(path) as picture:
        assert picture.size == grid.shape[::-1]
        assert picture.tobytes() == grid.tobytes()


def answer(run_cli, *arguments):
    code, output, errors = run_cli(*arguments, "--json")
    assert (code, errors) == (0, "")
    return json.loads(output)


def test_named_codes_are_decoded(shelf, run_cli, out):
    result = answer(run_cli, "decode", "vae", "--z", "0.5,-1,2", "--z=-1, 0,1e-1", "--out", out)

    codes = [[0.5, -1.0, 2.0], [-1.0, 0.0, pytest.approx(0.1)]]
    images = decode_points(shelf.get("vae"), [[0.5, -1, 2], [-1, 0, 0.1]])
    assert_shows(out, images)
    assert result == {
        "card": "vae",
        "codes": codes,
        "out": str(out),
        "sha256": sha256(to_picture(images).numpy().tobytes()),
    }


@pytest.mark.parametrize(
    ("more", "seed", "count"), [([], 0, 16), (["--seed", 5, "--count", 3], 5, 3)], ids=str
)
def test_dealt_codes_are_the_prior_s_and_their_pictures_those_of_sample(
    shelf, run_cli, out, tmp_path, more, seed, count
):
    result = answer(run_cli, "decode", "vae", *more, "--out", out)
    sampled = answer(run_cli, "sample", "vae", *more, "--out", tmp_path / "sample.png")

    model = shelf.get("vae")
    codes = prior_codes(model, seed, count)
    assert result["codes"] == codes.tolist()
    assert_shows(out, decode_points(model, codes))
    assert out.read_bytes() == (tmp_path / "sample.png").read_bytes()
    assert result["sha256"] == sampled["sha256"]


@pytest.mark.parametrize("name", ["plain", "generator"])
def test_what_has_no_prior_decodes_named_codes(shelf, run_cli, out, name):
    answer(run_cli, "decode", name, "--z", "1,2,3", "--out", out)

    assert_shows(out, decode_points(shelf.get(name), [1, 2, 3]))


@pytest.mark.parametrize("name", ["vae", "plain"])
def test_a_picture_s_code_is_the_encoder_s(shelf, run_cli, out, pictures, name):
    result = answer(run_cli, "encode", name, pictures[0], "--out", out)

    model, picture = shelf.get(name), read_image(pictures[0], SPEC)
    mean, std = model.encode(picture)
    assert result["mean"] == pytest.approx(mean[0].tolist(), abs=1e-6)
    assert result["std"] == pytest.approx(std[0].tolist(), abs=1e-6)
    assert (result["card"], result["image"]) == (name, str(pictures[0]))
    assert_shows(out, torch.cat([picture, model.decode(mean)]))


def test_without_out_nothing_is_written(shelf, run_cli, pictures, tmp_path):
    before = sorted(tmp_path.iterdir())

    assert answer(run_cli, "encode", "vae", pictures[0])["out"] is None
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("spherical", [False, True])
def test_a_strip_goes_from_picture_to_picture(shelf, run_cli, out, pictures, spherical):
    more = ["--spherical"] if spherical else []

    result = answer(run_cli, "interpolate", "vae", *pictures, "--count", 5, *more, "--out", out)

    model = shelf.get("vae")
    ends, _ = model.encode(torch.cat([read_image(path, SPEC) for path in pictures]))
    codes = interpolate_codes(*ends, 5, spherical=spherical)
    torch.testing.assert_close(torch.tensor(result["codes"]), codes)
    assert_shows(out, decode_points(model, codes), columns=5)


def test_a_strip_goes_from_code_to_code(shelf, run_cli, out):
    ends = ["--from-z=-1,0,1", "--to-z", "1,0,1"]

    result = answer(run_cli, "interpolate", "generator", *ends, "--out", out)

    assert result["codes"][0] == [-1, 0, 1]
    assert result["codes"][-1] == [1, 0, 1]
    assert len(result["codes"]) == 8
    assert_shows(out, decode_points(shelf.get("generator"), result["codes"]), columns=8)


def test_a_person_reads_sentences_and_a_table(shelf, run_cli, out, pictures):
    assert run_cli("decode", "vae", "--z", "1,2,3", "--out", out)[1] == f"1 picture of vae: {out}\n"
    _, strip, _ = run_cli("interpolate", "vae", *pictures, "--out", out)
    _, table, _ = run_cli("encode", "vae", pictures[0], "--out", out)

    assert strip == f"8 pictures of vae: {out}\n"
    header, *rows, last = table.splitlines()
    assert header.split() == ["dimension", "mean", "std"]
    assert [row.split()[0] for row in rows] == ["0", "1", "2"]
    assert {len(row) for row in rows} == {len(header)}
    assert last == f"the picture and its reconstruction: {out}"


PATH = ["--from-z", "1,1,1", "--to-z", "2,2,2"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["decode", "vae", "--z", "nan,0,0"], "must be from −20 to 20"),
        (["decode", "vae", "--z", "0,inf,0"], "must be from −20 to 20"),
        (["decode", "vae", "--z", "0,0,20.1"], "must be from −20 to 20"),
        (["decode", "vae", "--z", "0,0"], "has 3 numbers, got 2"),
        (["decode", "vae", "--z", "0,0,0,"], "such as 0.5,-1.25; got '0,0,0,'"),
        (["decode", "vae", "--z", "zero"], "such as 0.5,-1.25; got 'zero'"),
        (["decode", "vae", "--z", ""], "such as 0.5,-1.25; got ''"),
        (["decode", "vae", *["--z", "0,0,0"] * 513], "From 1 to 512 codes"),
        (["decode", "vae", "--z", "0,0,0", "--seed", "0"], "Say --z, or --seed and --count"),
        (["decode", "vae", "--z", "0,0,0", "--count", "1"], "Say --z, or --seed and --count"),
        (["decode", "vae", "--count", "0"], "count must be from 1 to 512, got 0"),
        (["decode", "vae", "--count", "513"], "count must be from 1 to 512, got 513"),
        (["decode", "vae", "--seed", "-1"], "seed must be from 0 to 4294967295"),
        (["decode", "plain"], "has no prior that deals codes. Name codes with --z, or choose"),
        (["decode", "generator", "--seed", "1"], "generator has no prior"),
        (["decode", "stone", "--z", "1"], "stone does not turn codes into pictures. Choose"),
        (["decode", "nobody", "--z", "1"], "There is no model called 'nobody'"),
        (["decode", "absent", "--z", "1"], "python -m train absent"),
        (["decode", "vae", "--out", "no/such/folder.png"], "Choose a folder that exists"),
        (["decode", "vae", "--out", "grid.gif"], "a name that ends in .png"),
        (["encode", "generator", "{first}"], "generator has no encoder"),
        (["encode", "stone", "{first}"], "stone does not turn codes into pictures"),
        (["encode", "vae", "{text}"], "Cannot read text.png as a picture"),
        (["encode", "vae", "{torn}"], "Cannot read torn.png as a picture"),
        (["encode", "vae", "{huge}"], "huge.png has more than 4096 × 4096 pixels"),
        (["encode", "vae", "{absent}"], "Cannot read absent.png as a picture"),
        (["encode", "vae", "{folder}"], "as a picture"),
        (["interpolate", "vae", "{first}"], "A path has two ends. Name two pictures, or"),
        (["interpolate", "vae"], "A path has two ends"),
        (["interpolate", "vae", "{first}", "{first}", "{first}"], "A path has two ends"),
        (["interpolate", "vae", "{first}", "{text}"], "Cannot read text.png"),
        (["interpolate", "vae", "--to-z", "1,1,1"], "A path has two ends"),
        (["interpolate", "vae", "{first}", "{first}", *PATH], "A path has two ends"),
        (["interpolate", "vae", "--from-z", "1,1", "--to-z", "1,1,1"], "has 3 numbers, got 2"),
        (["interpolate", "vae", "--from-z", "1,1,1", "--to-z", "1,nan,1"], "from −20 to 20"),
        (["interpolate", "vae", *PATH, "--count", "1"], "from 2 to 512 pictures, got 1"),
        (["interpolate", "vae", *PATH, "--count", "513"], "from 2 to 512 pictures, got 513"),
        (["interpolate", "generator", "{first}", "{first}"], "generator has no encoder"),
        (["interpolate", "stone", *PATH], "stone does not turn codes into pictures"),
    ],
    ids=lambda each: " ".join(each)[:60] if isinstance(each, list) else "",
)
def test_an_error_is_one_sentence_and_exit_code_2(
    shelf, run_cli, out, tmp_path, pictures, arguments, sentence
):
    files = {name: tmp_path / f"{name}.png" for name in ("first", "text", "torn", "huge", "absent")}
    files["text"].write_text("I am no picture.")
    files["torn"].write_bytes(files["first"].read_bytes()[:60])
    if "{huge}" in arguments:
        Image.new("1", (4097, 4096)).save(files["huge"])
    path = [] if "--out" in arguments else ["--out", out]

    code, output, errors = run_cli(
        *(each.format(**files, folder=tmp_path) for each in arguments), *path, "--json"
    )

    assert (code, output) == (2, "")
    assert errors.startswith("error: ")
    assert len(errors.splitlines()) == 1
    assert sentence in errors
    assert not out.exists()


@pytest.mark.parametrize("command", ["decode", "encode", "interpolate"])
def test_help_tells_how_a_negative_code_is_typed(run_cli, command):
    code, output, _ = run_cli(command, "--help")

    assert code == 0
    assert command == "encode" or "z=-1,0.5" in output


def test_a_model_with_classes_decodes_the_class_that_was_asked_for(shelf, run_cli, out):
    model = shelf.get("told")

    answer(run_cli, "decode", "told", "--seed", 3, "--count", 2, "--label", 1, "--out", out)
    assert_shows(out, decode_points(OfClass(model, 1), prior_codes(model, 3, 2)))

    ends = ["--from-z", "0,0,0", "--to-z", "1,1,1", "--count", 3]
    answer(run_cli, "interpolate", "told", *ends, "--label", 2, "--out", out)
    codes = interpolate_codes(torch.zeros(3), torch.ones(3), 3)
    assert_shows(out, decode_points(OfClass(model, 2), codes), columns=3)


@pytest.mark.parametrize(
    ("card", "more", "says"),
    [
        ("told", [], f"told needs a class. Say --label with a number from 0 to {CLASSES - 1}"),
        ("told", ["--label", CLASSES], f"Class must be from 0 to {CLASSES - 1}"),
        ("vae", ["--label", 0], "vae was trained without classes. Leave out --label"),
    ],
)
def test_a_class_is_asked_for_where_there_are_classes_and_nowhere_else(
    shelf, run_cli, out, card, more, says
):
    code, _, errors = run_cli("decode", card, "--out", out, *more)

    assert code == 2
    assert says in errors
    assert not out.exists()

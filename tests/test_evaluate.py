"""Figures of a model whose likelihood is known on paper, and how they enter its card."""

import dataclasses
import errno
import json
import math
import signal
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

pytest.importorskip("tqdm", reason="evaluation needs requirements-dev.txt")

from genlab import data  # noqa: E402
from genlab.core.cards import CardFile, Figure, ModelCard, sha256  # noqa: E402
from genlab.core.images import ImageSpec  # noqa: E402
from genlab.data import DataSet  # noqa: E402
from genlab.store import ModelStore  # noqa: E402
from train.evaluate import main  # noqa: E402
from train.evaluator import Evaluator, Measurement, evaluators_of  # noqa: E402
from train.recipe import Recipe  # noqa: E402

SIDE = 4
PIXELS = SIDE * SIDE
WHITE = 0.3  # the model's probability of a white pixel
COMMAND = "python -m train.evaluate coin"
OLD = Figure(value=1.5, standard_error=0.25, n=7, command="python -m train.evaluate coin")


class Coin(torch.nn.Module):
    """Every pixel is white with one probability, whatever was there before."""

    levels = 2

    def __init__(self):
        super().__init__()
        self.spec = ImageSpec(1, SIDE, SIDE, levels=self.levels)
        self.logit = torch.nn.Parameter(torch.zeros(()))

    def logits(self, pixels, labels=None):
        """(B, 2, 1, 4, 4): (0, logit) at every pixel."""
        batch = len(pixels)
        return torch.stack([torch.zeros(()), self.logit])[None, :, None, None, None].expand(
            batch, 2, 1, SIDE, SIDE
        )


class Die(Coin):
    """Six levels; level k has the weight 2^k."""

    levels = 6

    def logits(self, pixels, labels=None):
        """(B, 6, 1, 4, 4), the same at every pixel."""
        weights = math.log(2) * torch.arange(6.0)
        return weights[None, :, None, None, None].expand(len(pixels), -1, 1, SIDE, SIDE)


class ClassDie(Die):
    """Of class 0 that die, of the others and of none an even one."""

    classes, null_label = 3, 3

    def logits(self, pixels, labels=None):
        """(B, 6, 1, 4, 4), the same at every pixel."""
        tilted = torch.zeros(len(pixels)) if labels is None else (labels == 0).float()
        return super().logits(pixels) * tilted[:, None, None, None, None]


class ClassCoin(Coin):
    """Three coins, and a fair one for whoever names no class."""

    classes, null_label = 3, 3
    tilts = (-1.0, 0.0, 2.0)  # of the logit, a class each

    def logits(self, pixels, labels=None):
        """(B, 2, 1, 4, 4): (0, logit) at every pixel."""
        fair = torch.zeros(len(pixels))
        white = fair if labels is None else self.logit + torch.tensor(self.tilts)[labels]
        pairs = torch.stack([fair, white], dim=1)[:, :, None, None, None]
        return pairs.expand(-1, -1, 1, SIDE, SIDE)


class Stone(torch.nn.Module):
    """Can nothing."""

    def __init__(self):
        super().__init__()
        self.logit = torch.nn.Parameter(torch.zeros(()))


def exact_nats(pixels, probability=WHITE):
    """−log p of each image of zeros and ones under `Coin`."""
    white = pixels.reshape(len(pixels), -1).sum(axis=1)
    return -white * math.log(probability) - (PIXELS - white) * math.log(1 - probability)


def exact_class_nats(pixels):
    """−log p given each class of `ClassCoin`, (N, 3)."""
    start = math.log(WHITE / (1 - WHITE))
    chances = [1 / (1 + math.exp(-start - tilt)) for tilt in ClassCoin.tilts]
    return np.stack([exact_nats(pixels, chance) for chance in chances], axis=1)


def drawn(images, seed):
    """One binarisation, as genlab.data promises it."""
    uniforms = torch.rand(images.shape, generator=torch.Generator().manual_seed(seed))
    return (uniforms < images / 255).numpy()


def standard_error(values):
    """Of the mean."""
    return np.std(values, ddof=1) / math.sqrt(len(values))


def grey_images(count):
    """Images of all shades, each image with its own mean."""
    generator = torch.Generator().manual_seed(9)
    images = torch.randint(256, (count, 1, SIDE, SIDE), generator=generator)
    brightness = torch.linspace(0, 1, count)[:, None, None, None]
    return (images * brightness).to(torch.uint8)


@pytest.fixture
def images(monkeypatch):
    """The test images; any other split is an error."""
    chosen = grey_images(40)

    def load(name, split, root=None):
        assert (name, split) == ("mnist", "test")
        return DataSet(chosen, torch.arange(len(chosen)) % 3, ("one", "two", "three"))

    monkeypatch.setattr(data, "load", load)
    return chosen


@pytest.fixture
def checkpoints(tmp_path):
    """The coin's card with an old figure, and its weights."""
    write_checkpoint(tmp_path)
    return tmp_path


def write_checkpoint(folder, white=WHITE):
    """Weights and card as a training leaves them."""
    content = safetensors.torch.save({"logit": torch.tensor(math.log(white / (1 - white)))})
    (folder / "coin.safetensors").write_bytes(content)
    fields = {field.name: "" for field in dataclasses.fields(CardFile)}
    numbers = {"parameters": 1, "seed": 0, "steps": 1, "minutes": 0.1}
    known = {"card": "coin", "sha256": sha256(content), "figures": {"fid": OLD}}
    CardFile(**{**fields, **numbers, **known}).write(folder / "coin.json")


def evaluate(checkpoints, *arguments, build=Coin, offered=None):
    """Run the command line; its exit code."""
    card = ModelCard("coin", "Coin", "Coin", "none", build, "nowhere")
    recipe = Recipe("coin", "mnist", 1, 1, *[None] * 4, steps=1, optimiser=None, ema=0.9)
    return main(
        ["coin", "--checkpoints", str(checkpoints), *arguments],
        offered={"coin": recipe} if offered is None else offered,
        store=ModelStore(checkpoints, cards=(card,)),
    )


def figures(checkpoints):
    """Those of the card."""
    return CardFile.read(checkpoints / "coin.json").figures


def assert_refused(checkpoints, *arguments, capsys, says, **options):
    """Exit code 2, one sentence, the card untouched."""
    before = (checkpoints / "coin.json").read_bytes()

    assert evaluate(checkpoints, *arguments, **options) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    assert says in lines[0]
    assert (checkpoints / "coin.json").read_bytes() == before
    assert sorted(path.name for path in checkpoints.iterdir()) == ["coin.json", "coin.safetensors"]


def test_thresholded_nats_are_the_closed_form(images, checkpoints):
    assert evaluate(checkpoints) == 0

    expected = exact_nats(images.numpy() > 127)
    figure = figures(checkpoints)["nats_thresholded"]
    assert figure.value == pytest.approx(expected.mean(), abs=1e-4)
    assert figure.standard_error == pytest.approx(standard_error(expected), abs=1e-4)
    assert figure.n == 40


def test_dynamic_nats_are_the_mean_over_five_draws_and_all_images(images, checkpoints):
    assert evaluate(checkpoints) == 0

    draws = np.stack([exact_nats(drawn(images, seed)) for seed in range(5)])
    figure = figures(checkpoints)["nats_dynamic"]
    assert figure.value == pytest.approx(draws.mean(), abs=1e-4)
    assert figure.standard_error == pytest.approx(standard_error(draws.mean(axis=0)), abs=1e-4)
    assert figure.n == 40


def test_the_spread_over_draws_and_the_bits_are_printed(images, checkpoints, capsys):
    evaluate(checkpoints)

    dynamic, thresholded = capsys.readouterr().out.splitlines()
    means = [exact_nats(drawn(images, seed)).mean() for seed in range(5)]
    bits = exact_nats(images.numpy() > 127).mean() / (PIXELS * math.log(2))
    assert f"sd {np.std(means, ddof=1):.3f}" in dynamic
    assert ", ".join(f"{mean:.3f}" for mean in means) in dynamic
    assert thresholded.endswith(f"{bits:.4f} bits/dim")


@pytest.mark.parametrize("kind", ["dynamic", "thresholded"])
def test_a_conditional_model_s_figures_are_given_the_class_a_mixture_and_without(
    kind, images, checkpoints
):
    assert evaluate(checkpoints, build=ClassCoin) == 0

    pixels = drawn(images, 0) if kind == "dynamic" else images.numpy() > 127
    by_class = exact_class_nats(pixels)
    expected = {
        "conditional": by_class[np.arange(40), np.arange(40) % 3],
        "mixture": -np.log(np.exp(-by_class).mean(axis=1)),
        "null": np.full(40, PIXELS * math.log(2)),
    }
    for name, nats in expected.items():
        figure = figures(checkpoints)[f"nats_{kind}_{name}"]
        assert figure.value == pytest.approx(nats.mean(), abs=1e-4), name
        assert figure.standard_error == pytest.approx(standard_error(nats), abs=1e-4), name
        assert figure.n == 40


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_figure_that_is_no_number_costs_no_other(value, images, checkpoints, capsys, monkeypatch):
    before = (checkpoints / "coin.json").read_text()
    broken = {"nats": Figure(value, 0.1, 40, "a command")}
    monkeypatch.setattr("train.evaluate.measure", lambda *_: broken)

    assert evaluate(checkpoints) == 2

    told = capsys.readouterr().err
    assert "nats: value must be a finite number" in told and "Look at what" in told
    assert (checkpoints / "coin.json").read_text() == before


def test_a_conditional_model_has_no_figure_of_an_unconditional_one(images, checkpoints):
    evaluate(checkpoints, build=ClassCoin)

    assert set(figures(checkpoints)) == {"fid", "test_accuracy"} | {
        f"nats_{kind}_{name}"
        for kind in ("dynamic", "thresholded")
        for name in ("conditional", "mixture", "null")
    }


def test_a_conditional_model_s_accuracy_is_the_share_whose_own_class_is_the_likeliest(
    images, checkpoints
):
    evaluate(checkpoints, build=ClassCoin)

    likeliest = exact_class_nats(drawn(images, 0)).argmin(axis=1)
    share = (likeliest == np.arange(40) % 3).mean()
    figure = figures(checkpoints)["test_accuracy"]
    assert 0 < share < 1, "else the test could not tell"
    assert figure.value == pytest.approx(share, abs=1e-4)
    assert figure.standard_error == pytest.approx(math.sqrt(share * (1 - share) / 40), abs=1e-4)
    assert figure.n == 40


def exact_die_bits(images):
    """−log2 p a pixel of each image, rounded to 6 levels, under `Die`, (N,)."""
    levels = np.rint(images.numpy() / 255 * 5)
    return (math.log2(2**6 - 1) - levels).reshape(len(images), -1).mean(axis=1)


def test_bits_of_grey_levels_are_the_closed_form(images, checkpoints):
    assert evaluate(checkpoints, build=Die) == 0

    expected = exact_die_bits(images)
    figure = figures(checkpoints)["bits_per_dim"]
    assert set(figures(checkpoints)) == {"fid", "bits_per_dim"}
    assert figure.value == pytest.approx(expected.mean(), abs=1e-4)
    assert figure.standard_error == pytest.approx(standard_error(expected), abs=1e-4)
    assert figure.n == 40


def test_bits_of_a_conditional_model_are_given_the_class_a_mixture_and_without(images, checkpoints):
    assert evaluate(checkpoints, build=ClassDie) == 0

    tilted, even = exact_die_bits(images), np.full(40, math.log2(6))
    powers = np.stack([-PIXELS * tilted, -PIXELS * even, -PIXELS * even])
    expected = {
        "conditional": np.where(np.arange(40) % 3 == 0, tilted, even),
        "mixture": (math.log2(3) - np.logaddexp2.reduce(powers)) / PIXELS,
        "null": even,
    }
    assert set(figures(checkpoints)) == {"fid", "test_accuracy"} | {
        f"bits_per_dim_{name}" for name in expected
    }
    for name, bits in expected.items():
        figure = figures(checkpoints)[f"bits_per_dim_{name}"]
        assert figure.value == pytest.approx(bits.mean(), abs=1e-4), name
        assert figure.standard_error == pytest.approx(standard_error(bits), abs=1e-4), name


def test_fewer_images_are_taken_from_all_over_and_said_in_the_card(images, checkpoints):
    assert evaluate(checkpoints, "--images", "16", build=Die) == 0

    bits = exact_die_bits(images)[[int(2.5 * place) for place in range(16)]]
    figure = figures(checkpoints)["bits_per_dim"]
    assert figure.value == pytest.approx(bits.mean(), abs=1e-4)
    assert figure.standard_error == pytest.approx(standard_error(bits), abs=1e-4)
    assert figure.n == 16
    assert figure.command.endswith(" --images 16")


def test_more_images_than_there_are_are_all(images, checkpoints):
    assert evaluate(checkpoints, "--images", "41", build=Die) == 0

    assert figures(checkpoints)["bits_per_dim"].n == 40


def test_a_limit_stands_only_in_the_command_of_figures_that_heed_it(
    images, checkpoints, monkeypatch
):
    def coins(subject):
        yield Measurement("coins", 1.0, 0.1, 40)

    everything = [*evaluators_of(Die()), Evaluator(Die, coins)]
    monkeypatch.setattr("train.evaluate.evaluators_of", lambda model: everything)

    assert evaluate(checkpoints, "--images", "16", build=Die) == 0

    assert figures(checkpoints)["bits_per_dim"].command.endswith(" --images 16")
    assert figures(checkpoints)["coins"].command == COMMAND


@pytest.mark.parametrize(
    ("part", "limit"), [("likelihood", "--samples"), ("sample_quality", "--images")]
)
def test_a_limit_that_nothing_heeds_is_refused(part, limit, images, checkpoints, capsys):
    before = (checkpoints / "coin.json").read_text()

    assert evaluate(checkpoints, "--only", part, limit, "16", build=Die) == 2

    assert f"{limit} limits nothing" in capsys.readouterr().err
    assert (checkpoints / "coin.json").read_text() == before


@pytest.mark.parametrize("count", ["0", "9", "many"])
def test_too_few_images_are_refused(count, images, checkpoints, capsys):
    with pytest.raises(SystemExit) as stopped:
        evaluate(checkpoints, f"--images={count}", build=Die)

    assert stopped.value.code == 2
    assert "must be 10 or more" in capsys.readouterr().err


def test_each_figure_names_its_command_without_a_folder(images, checkpoints):
    evaluate(checkpoints, "--data-root", str(checkpoints))

    assert {figure.command for figure in figures(checkpoints).values()} == {COMMAND}


def test_other_figures_and_fields_stay(images, checkpoints):
    before = json.loads((checkpoints / "coin.json").read_text())

    evaluate(checkpoints)

    after = json.loads((checkpoints / "coin.json").read_text())
    assert list(after) == list(before)
    assert list(after["figures"]) == ["fid", "nats_dynamic", "nats_thresholded"]
    assert figures(checkpoints)["fid"] == OLD
    assert {**after, "figures": 0} == {**before, "figures": 0}


def test_a_second_evaluation_changes_no_byte(images, checkpoints):
    evaluate(checkpoints)
    first = (checkpoints / "coin.json").read_bytes()

    evaluate(checkpoints)

    assert (checkpoints / "coin.json").read_bytes() == first


def test_quick_writes_nothing(images, checkpoints, capsys):
    before = (checkpoints / "coin.json").read_bytes()

    assert evaluate(checkpoints, "--quick") == 0
    assert (checkpoints / "coin.json").read_bytes() == before
    assert "nats_dynamic" in capsys.readouterr().out


def test_quick_takes_a_thousand_images_from_all_over_and_one_draw(checkpoints, monkeypatch, capsys):
    chosen = grey_images(2_500)
    whole = DataSet(chosen, torch.zeros(2_500, dtype=torch.int64), ("none",))
    monkeypatch.setattr(data, "load", lambda *arguments, **options: whole)

    evaluate(checkpoints, "--quick")

    places = [int(2.5 * place) for place in range(1_000)]
    dynamic = exact_nats(drawn(chosen[places], 0)).mean()
    line = capsys.readouterr().out.splitlines()[0]
    name, value, *_ = line.split()
    assert name == "nats_dynamic"
    assert float(value) == pytest.approx(dynamic.item(), abs=1e-4)
    assert "(n = 1000)" in line


@pytest.mark.parametrize(
    ("build", "says"),
    [(Stone, "Add an evaluator")],
)
def test_what_nobody_measures_yet_is_refused(build, says, images, checkpoints, capsys):
    assert_refused(checkpoints, build=build, capsys=capsys, says=says)


def test_weights_that_are_not_the_cards_are_refused(images, checkpoints, capsys):
    weights = checkpoints / "coin.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")

    assert_refused(checkpoints, capsys=capsys, says="sha256")


def test_a_card_without_a_recipe_is_refused(images, checkpoints, capsys):
    assert_refused(checkpoints, offered={}, capsys=capsys, says="Add one to train/recipes")


def test_a_missing_card_is_one_sentence(images, checkpoints, capsys):
    (checkpoints / "coin.json").unlink()

    assert evaluate(checkpoints) == 2
    assert "error: The card coin.json is missing" in capsys.readouterr().err


def test_a_missing_data_set_is_one_sentence(checkpoints, monkeypatch, capsys):
    def absent(name, split, root=None):
        raise data.DataError("There are no images. Look for them.")

    monkeypatch.setattr(data, "load", absent)

    assert_refused(checkpoints, capsys=capsys, says="There are no images. Look for them.")


def test_figures_of_weights_that_were_replaced_meanwhile_are_not_written(
    images, checkpoints, monkeypatch, capsys
):
    load = data.load

    def train_meanwhile(*arguments, **options):
        write_checkpoint(checkpoints, white=0.6)
        return load(*arguments, **options)

    monkeypatch.setattr(data, "load", train_meanwhile)

    assert evaluate(checkpoints) == 2
    assert "evaluate again" in capsys.readouterr().err
    assert figures(checkpoints) == {"fid": OLD}


def test_a_full_disk_leaves_the_card_whole(images, checkpoints, monkeypatch, capsys):
    write = Path.write_text

    def run_out(path, content, **options):
        write(path, content[: len(content) // 2], **options)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", run_out)

    assert_refused(checkpoints, capsys=capsys, says="No space left on device")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_writes_nothing(number, checkpoints, monkeypatch, capsys):
    before = (checkpoints / "coin.json").read_bytes()
    monkeypatch.setattr(data, "load", lambda *_, **__: signal.raise_signal(number))

    assert evaluate(checkpoints) == 130
    assert "no figure was written" in capsys.readouterr().err
    assert (checkpoints / "coin.json").read_bytes() == before

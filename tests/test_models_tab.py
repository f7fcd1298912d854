"""The page of all models: what it says is what the card files, the modules and the data say."""

import math
import re
from html import escape

import pytest
import torch
from latent_shelf import latent_card
from shelved import tiny_card, write_checkpoint
from torch import nn

from genlab import data
from genlab.analysis import datasets as counting
from genlab.analysis.figure_kinds import KINDS
from genlab.analysis.figures import describe, figure_of, name_of
from genlab.analysis.network_layers import layers_at_work
from genlab.core.cards import Figure, ModelCard
from genlab.core.errors import DataError, InputError
from genlab.core.images import ImageSpec
from genlab.models.autoencoder import CARDS as CODERS
from genlab.models.judge import CARDS as JUDGES
from genlab.models.pixelcnn import PixelCNN
from genlab.store import CHECKPOINTS, ModelStore, skeleton
from genlab.torchvision_guard import prepare_torchvision
from genlab.ui.models_pages import card as one_card
from genlab.ui.models_pages import datasets, table
from genlab.ui.models_pages.words import linked, with_code

ALL = ModelStore().cards
SHIPPED = [card for card in ALL if ModelStore().has_weights(card.name)]


def figure(value, error=0.0):
    return Figure(value, error, 10_000, "python -m …")


def cells(store, name):
    return next(row for row in table.table_rows(store) if row["name"] == name)["cells"]


def shelf(folder, *cards, **figures):
    """A store of these cards, all with the same figures."""
    for each in cards:
        write_checkpoint(folder, each, figures=figures or {"other": figure(1)})
    return ModelStore(folder, cards)


def kind_of(key):
    return next(kind for kind in KINDS if kind.key == key)


# — the table —


def test_the_table_has_a_row_for_every_shipped_card_and_no_other(store):
    assert [row["name"] for row in table.table_rows(store)] == [card.name for card in SHIPPED]


@pytest.mark.parametrize("card", SHIPPED, ids=lambda card: card.name)
def test_a_row_says_what_the_card_file_says(store, card):
    recorded, shown = store.card_file(card.name), cells(store, card.name)

    assert shown["parameters"]["value"] == recorded.parameters
    assert shown["minutes"]["value"] == recorded.minutes
    for key, name in (("fid", "fid_times_floor"), ("test", "test_accuracy"), ("kid", "kid")):
        expected = recorded.figures.get(name)
        assert shown[key]["value"] == (expected and expected.value)


@pytest.mark.parametrize("card", SHIPPED, ids=lambda card: card.name)
def test_the_size_is_that_of_the_file(store, card):
    size = (CHECKPOINTS / f"{card.name}.safetensors").stat().st_size

    assert cells(store, card.name)["size"]["value"] == size


def test_a_figure_appears_as_soon_as_it_stands_in_the_card_file(tmp_path):
    store = shelf(tmp_path, tiny_card("tiny"))
    before = cells(store, "tiny")["fid"]

    shelf(tmp_path, tiny_card("tiny"), fid_times_floor=figure(5.25, 0.5))

    assert (before["text"], before["value"]) == ("–", None)
    assert "not measured yet" in before["note"]
    assert "python -m train.evaluate tiny" in before["note"]
    assert cells(store, "tiny")["fid"] == {"text": "5.25 ± 0.50", "value": 5.25, "note": ""}


def test_what_cannot_exist_is_told_from_what_was_not_measured(tmp_path):
    store = shelf(tmp_path, tiny_card("pixels"), latent_card("digits"), CODERS[0], JUDGES[0])
    missing = {
        name: {key for key, cell in cells(store, name).items() if "not apply" in cell["note"]}
        for name in ("pixels", "digits", CODERS[0].name, JUDGES[0].name)
    }
    samples = {"fid", "kid", "precision", "recall", "density", "coverage"}

    assert missing["pixels"] == {"elbo", "class", "test"}
    assert missing["digits"] == {"nll", "class", "test"}
    assert missing[CODERS[0].name] == {"nll", "elbo", "bits", "class", "test"} | samples
    assert missing[JUDGES[0].name] == {"nll", "elbo", "bits", "class"} | samples


@pytest.mark.parametrize("levels", [8, 256])
def test_a_network_of_grey_levels_is_told_where_its_likelihood_stands(tmp_path, levels):
    spec = ImageSpec(1, 6, 6, levels=levels)
    grey = tiny_card("grey", build=lambda: PixelCNN(spec, features=8, blocks=1, head=8))
    shown = cells(shelf(tmp_path, grey, bits_per_dim=figure(1.5, 0.1)), "grey")

    assert shown["nll"]["value"] is None
    assert (
        "not measured" not in shown["nll"]["note"] and "train.evaluate" not in shown["nll"]["note"]
    )
    assert "Bits per dim" in shown["nll"]["note"] and "black or white" in shown["nll"]["note"]
    assert shown["bits"]["value"] == 1.5


def test_a_network_of_black_and_white_may_still_be_measured_in_nats(tmp_path):
    assert "not measured yet" in cells(shelf(tmp_path, tiny_card("tiny")), "tiny")["nll"]["note"]


def test_a_network_that_cheats_cannot_win_by_its_likelihood(store):
    shown = cells(store, "pixelcnn-leaky-mnist")["nll"]

    assert shown["value"] is None
    assert "cheats" in shown["note"]


def test_bits_are_nats_shared_out(tmp_path):
    bits = kind_of("bits")
    exact = figure_of(bits, {"nats_dynamic": figure(784 * math.log(2), 78.4 * math.log(2))}, 784)
    bound = figure_of(bits, {"neg_elbo_nats_dynamic": figure(392 * math.log(2))}, 784)

    assert (exact.value, exact.standard_error) == pytest.approx((1.0, 0.1))
    assert bound.value == pytest.approx(0.5)
    assert figure_of(bits, {"kl_nats": figure(3)}, 784) is None


def test_a_damaged_card_says_so_and_the_others_stay(tmp_path):
    store = shelf(tmp_path, tiny_card("good"), tiny_card("bad"), nats_dynamic=figure(81.25, 0.25))
    (tmp_path / "bad.json").write_text("{}")

    shown = cells(store, "bad")["nll"]
    assert (shown["text"], shown["value"]) == ("damaged", None)
    assert "git checkout" in shown["note"]
    assert cells(store, "good")["nll"]["text"] == "81.25 ± 0.25"
    assert "git checkout" in one_card.card_page(store, "bad")


@pytest.mark.parametrize(
    ("value", "error", "expected"),
    [(83.4521, 0.1941, "83.45 ± 0.19"), (0.99412, 0.0008, "0.9941 ± 0.0008"),
     (12.0, 0.0, "12"), (-0.0004, 0.0, "−0.0004"), (0.00321, 0.00004, "0.00321 ± 0.00004")],
)  # fmt: skip
def test_a_figure_has_the_digits_that_its_error_deserves(value, error, expected):
    assert describe(figure(value, error)) == expected


def test_every_column_of_figures_is_explained_with_direction_and_paper():
    text = table.meanings()

    for kind in KINDS:
        assert f"<h4>{kind.title} " in text
        assert kind.better.value in text
    assert text.count("<a href=") == len(KINDS)


# — one card —


@pytest.mark.parametrize("card", SHIPPED, ids=lambda card: card.name)
def test_a_card_s_page_has_its_facts_and_every_figure_with_its_command(store, card):
    recorded, page = store.card_file(card.name), one_card.card_page(store, card.name)

    assert recorded.sha256 in page
    assert escape(recorded.command) in page
    assert recorded.revision in page
    assert page.count('href="http') >= 1
    for name, each in recorded.figures.items():
        assert f">{name_of(name)}</span></td>" in page
        assert describe(each) in page
        assert f"<code>{each.command}</code>" in page
    assert f"<b>{recorded.parameters:,}</b> parameters, as many as the card says" in page


def test_a_card_that_counts_other_parameters_is_told_so(tmp_path):
    store = shelf(tmp_path, tiny_card("tiny"))  # whose file says 1

    assert "but the card says 1." in one_card.card_page(store, "tiny")


def test_texts_of_a_card_file_are_no_markup(tmp_path):
    hostile = ModelCard("tiny", "<img src=x>", "F", "<b>", tiny_card().build, "<script> http://a.b")
    page = one_card.card_page(shelf(tmp_path, hostile), "tiny")

    assert not re.search("<(img|script)|<dd><b></dd>", page)
    assert "&lt;img src=x&gt;" in page
    assert "<dd>&lt;b&gt;</dd>" in page


def test_addresses_become_links_and_nothing_else_does():
    assert linked("See https://a.org/x. <b>") == (
        'See <a href="https://a.org/x" rel="noopener" target="_blank">a.org/x</a>. &lt;b&gt;'
    )
    assert with_code("run `a <b>` now") == "run <code>a &lt;b&gt;</code> now"


# — layers —


@pytest.mark.parametrize("card", ALL, ids=lambda card: card.name)
def test_the_layers_of_every_card_add_up_and_all_of_them_run(card):
    rows = layers_at_work(card.build)

    own = sum(each.numel() for each in skeleton(card).parameters())
    assert sum(row.parameters for row in rows) == own
    assert [row.name for row in rows if not row.runs] == []
    assert len({row.name for row in rows}) == len(rows)


def test_known_layers_have_their_shapes():
    rows = {row.name: row for row in layers_at_work(JUDGES[0].build)}

    assert rows["output"].shape == (10,)
    assert rows["body.0"].shape == (32, 28, 28)
    assert rows["body.0"].parameters == 32 * (9 + 1)


class Odd(nn.Module):
    """Numbers beside its layers, a layer used twice, one never, and one shared."""

    def __init__(self):
        super().__init__()
        self.spec, self.classes, self.num_features = ImageSpec(1, 2, 2), 4, 4
        self.scale = nn.Parameter(torch.ones(3))
        self.twice, self.never, self.alias = nn.Linear(4, 4), nn.Linear(4, 5), nn.Linear(4, 4)
        self.alias.weight = self.twice.weight

    def features(self, images):
        return self.twice(self.twice(images.flatten(1)))

    def classify(self, images):
        return self.alias(self.features(images)) * self.scale.sum()


def test_every_number_is_counted_once_wherever_it_hangs():
    rows = {row.name: row for row in layers_at_work(Odd)}

    assert rows["twice"].runs == 2
    assert (rows["never"].runs, rows["never"].shape, rows["never"].parameters) == (0, None, 25)
    assert rows["alias"].parameters == 4, "its bias alone: the weight is counted with the other"
    assert sum(row.parameters for row in rows.values()) == 3 + 20 + 25 + 4
    assert sum(each.numel() for each in Odd().parameters()) == 3 + 20 + 25 + 4


# — data sets —


@pytest.mark.slow
@pytest.mark.parametrize("name", datasets.TITLES.values())
def test_the_class_counts_are_those_of_the_data(name, monkeypatch):
    prepare_torchvision()
    monkeypatch.setattr("torchvision.datasets.MNIST.download", lambda self: None)
    for split, counts in counting.CLASS_COUNTS[name].items():
        try:
            labels = data.load(name, split).labels
        except DataError as error:
            pytest.skip(f"the data set is not at hand: {error}")
        assert tuple(torch.bincount(labels).tolist()) == counts


def test_grey_levels_are_shares_of_the_pixels():
    images = torch.tensor([0, 0, 7, 8, 128, 255, 255, 255], dtype=torch.uint8).view(2, 1, 2, 2)

    levels = counting.grey_levels(images)

    assert (levels.black, levels.white, levels.between) == (2 / 8, 3 / 8, 3 / 8)
    assert levels.shares[:2] == (3 / 8, 1 / 8)
    assert (levels.shares[16], levels.shares[31]) == (1 / 8, 3 / 8)
    assert levels.mean == pytest.approx(908 / 8)
    assert levels.images == 2


@pytest.mark.parametrize("title", datasets.TITLES)
def test_a_data_set_is_told_with_its_licence_and_all_its_examples(title):
    page = datasets.describe(title)

    assert data.LICENCES[datasets.TITLES[title]] in page
    assert page.count("<i role=") == 100
    assert "train 59,000, validation 1,000, test 10,000" in page


def test_a_seed_draws_the_same_pixels_again_and_another_seed_others():
    assert datasets.binarised_rows("MNIST", 7) == datasets.binarised_rows("MNIST", 7)
    assert datasets.binarised_rows("MNIST", 7) != datasets.binarised_rows("MNIST", 8)


@pytest.mark.parametrize("seed", [-1, 0.5, "7", None, 2**32, float("nan")])
def test_a_seed_that_is_none_is_refused(seed):
    with pytest.raises(InputError, match="Seed must be a whole number"):
        datasets.binarised_rows("MNIST", seed)


@pytest.mark.parametrize("title", ["QuickDraw", None, 3, ["MNIST"]])
def test_a_data_set_that_is_not_offered_is_refused(title):
    with pytest.raises(InputError, match="Data set must be one of"):
        datasets.describe(title)

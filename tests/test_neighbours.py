"""The nearest training images: the search, the record of it, and the page that shows it."""

import itertools
import json
from types import SimpleNamespace

import pytest
import torch
from latent_shelf import latent_card
from lively import tiny_pixelcnn
from shelved import write_checkpoint

from genlab.analysis.neighbours import (
    NEIGHBOURS,
    SAMPLES,
    NeighbourRecord,
    chance_beyond_median,
    find_nearest,
    read_neighbours,
)
from genlab.core.errors import DataError, InputError
from genlab.core.images import to_picture
from genlab.data import DataSet
from genlab.inference.sampling import (
    draw_seeded,
    levels_seen,
    picture_hash,
    sampler_of,
    sees_binary,
)
from genlab.models.gated_pixelcnn import CARDS as GATED
from genlab.models.judge import CARDS as JUDGES
from genlab.store import ModelStore, skeleton
from genlab.ui.models_pages import neighbours as page
from train import neighbours

FEW_LEVELS = next(card for card in GATED if card.name == "gated-8-levels-mnist")
RECORDED = sorted(path.stem for path in NEIGHBOURS.glob("*.json"))


@pytest.fixture
def shelf(tmp_path):
    """A store of a binary model, one without an encoder in colour, and a judge."""
    cards = (latent_card("digits"), latent_card("generator"), JUDGES[0])
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    for card in cards:
        write_checkpoint(folder, card)
    return ModelStore(folder, cards)


@pytest.fixture
def recorded(shelf, tmp_path, monkeypatch):
    """A record of "digits", whose sample of seed 3 is a training image, the 7th."""
    samples, _ = draw_seeded(shelf.get("digits"), SAMPLES)
    images = torch.randint(256, (30, 1, 28, 28), dtype=torch.uint8)
    images[7] = to_picture(samples[3])
    whole = DataSet(images, torch.arange(30) % 10, tuple("abcdefghij"))
    monkeypatch.setattr(neighbours.data, "load", lambda name, split, root: whole)
    recipe = SimpleNamespace(data="mnist")
    return neighbours.record_neighbours("digits", shelf, recipe, tmp_path / "sheets")


# — the search —


def test_the_nearest_is_found_in_whichever_part_it_is():
    generator = torch.Generator().manual_seed(0)
    references = torch.rand(50, 1, 4, 4, generator=generator)
    pictures = torch.rand(6, 1, 4, 4, generator=generator)
    table = (pictures.flatten(1)[:, None] - references.flatten(1)).norm(dim=2)  # (6, 50)

    for size in (7, 50):
        distances, places = find_nearest(pictures, references.split(size))
        assert torch.equal(places, table.argmin(dim=1))
        assert torch.allclose(distances, table.amin(dim=1))


def test_a_copy_is_at_distance_nought_exactly():
    references = torch.rand(40, 1, 28, 28, generator=torch.Generator().manual_seed(1))

    distances, places = find_nearest(references[[31, 2]], references.split(9))

    assert distances.tolist() == [0, 0]
    assert places.tolist() == [31, 2]


def test_training_images_are_binarised_alike_every_time(monkeypatch):
    monkeypatch.setattr(neighbours, "CHUNK", 4)
    images = torch.randint(256, (10, 1, 3, 3), dtype=torch.uint8)

    whole = torch.cat(list(neighbours.parts_seen(images, 2)))

    assert set(whole.unique().tolist()) <= {0, 1}
    assert torch.equal(neighbours.images_seen(images, torch.tensor([9, 0, 5]), 2),
                       whole[[9, 0, 5]])  # fmt: skip
    assert torch.equal(torch.cat(list(neighbours.parts_seen(images, 256))), images / 255)


def test_training_images_have_the_greys_of_the_model():
    images = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)

    (rounded,) = neighbours.parts_seen(images, 8)

    assert torch.equal(rounded.unique(), torch.arange(8) / 7)
    assert (rounded - images / 255).abs().max() <= 1 / 14 + 1e-6
    assert levels_seen(skeleton(FEW_LEVELS)) == 8


# — the samples —


def test_a_sample_depends_on_its_seed_and_not_on_how_many_there_are():
    model = tiny_pixelcnn()

    few, many = draw_seeded(model, 3)[0], draw_seeded(model, 5)[0]

    assert torch.equal(many[:3], few)
    assert len({picture_hash(picture) for picture in many}) == 5


def test_samples_of_a_model_of_binary_pictures_are_binary(shelf):
    digits, generator = shelf.get("digits"), shelf.get("generator")

    assert not sees_binary(generator)
    assert draw_seeded(generator, 2)[0].unique().numel() > 2
    digits.spec = type(digits.spec)(1, 28, 28, levels=2)
    assert set(draw_seeded(digits, 2)[0].unique().tolist()) == {0, 1}


def test_classes_are_dealt_in_order_and_evenly(tmp_path):
    write_checkpoint(tmp_path, GATED[0])
    model = ModelStore(tmp_path, GATED[:1]).get(GATED[0].name)

    pictures, labels = draw_seeded(model, 4)

    assert labels == [0, 2, 5, 7]
    assert pictures.shape == (4, 1, 28, 28)


def test_a_judge_draws_nothing():
    judge = skeleton(JUDGES[0])

    assert sampler_of(judge) is None
    with pytest.raises(ValueError, match="generates pictures"):
        draw_seeded(judge, 2)


# — the record —


def test_a_copied_training_image_is_found_with_its_class(recorded):
    assert recorded.indices[3] == 7
    assert recorded.classes[3] == "h"
    assert recorded.distances[3] < 0.1, "rounded to 256 levels"
    assert min(recorded.distances) == recorded.distances[3]
    assert recorded.test_median == 0, "here the test images are the training images"


def test_what_is_written_is_read_again(recorded, tmp_path):
    read, sheet = read_neighbours("digits", tmp_path / "sheets")

    assert read == recorded
    assert sheet.startswith(b"\x89PNG")
    assert read_neighbours("nobody", tmp_path / "sheets") is None


@pytest.mark.parametrize("ending", ["json", "png"])
def test_damaged_records_are_refused_with_the_remedy(recorded, tmp_path, ending):
    path = tmp_path / "sheets" / f"digits.{ending}"
    path.write_bytes(path.read_bytes()[:-30])

    with pytest.raises(DataError, match="python -m train.neighbours digits"):
        read_neighbours("digits", tmp_path / "sheets")


def test_a_record_that_says_less_of_some_samples_is_refused(recorded, tmp_path):
    path = tmp_path / "sheets" / "digits.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "distances": [1.0]}))

    with pytest.raises(DataError, match="as much of every sample"):
        read_neighbours("digits", tmp_path / "sheets")


@pytest.mark.parametrize(("card", "told"), [(JUDGES[0].name, "no samples"), ("nope", "no model")])
def test_the_command_explains_what_it_cannot_do(shelf, tmp_path, capsys, card, told):
    offered = {JUDGES[0].name: SimpleNamespace(data="mnist")}

    code = neighbours.main([card, "--folder", str(tmp_path)], offered=offered, store=shelf)

    assert code == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("card", RECORDED)
def test_a_shipped_record_is_small_and_of_the_shipped_weights(card):
    record, sheet = read_neighbours(card)

    assert len(sheet) + (NEIGHBOURS / f"{card}.json").stat().st_size <= 15_000
    assert record.weights == ModelStore().card_file(card).sha256
    assert len(record.hashes) == SAMPLES


@pytest.mark.slow
@pytest.mark.parametrize("card", RECORDED)
def test_a_shipped_record_is_about_the_samples_that_the_model_draws(card):
    samples, labels = draw_seeded(ModelStore().get(card), SAMPLES)

    record, _ = read_neighbours(card)
    assert [picture_hash(sample) for sample in samples] == record.hashes
    assert (labels or []) == record.labels


# — the page —


def test_the_page_says_that_the_samples_are_the_recorded_ones(shelf, recorded, tmp_path):
    shown = page.compare_samples(shelf, "digits", tmp_path / "sheets")

    assert "pixel for pixel" in shown
    assert f"<b>{recorded.median:.2f}</b>" in shown
    assert shown.count("<figure>") == SAMPLES
    assert "remedy" not in shown
    assert recorded.command in shown


def test_other_samples_than_the_recorded_ones_are_told_with_the_remedy(shelf, recorded, tmp_path):
    hashes = ["0" * 16, *recorded.hashes[1:]]
    changed = NeighbourRecord(**{**vars(recorded), "hashes": hashes})
    changed.write(tmp_path / "sheets" / "digits.json")

    shown = page.compare_samples(shelf, "digits", tmp_path / "sheets")

    assert "1 of the 16 samples drawn just now differ" in shown
    assert "<code>python -m train.neighbours digits</code> records them anew" in shown
    assert shown.count("another sample") == 1


def test_without_a_record_the_samples_stand_alone_beside_the_command(shelf, tmp_path):
    shown = page.compare_samples(shelf, "generator", tmp_path)

    assert "<code>python -m train.neighbours generator</code>" in shown
    assert shown.count("<figure>") == SAMPLES


def test_nothing_is_drawn_before_the_part_is_opened(shelf, recorded, tmp_path, monkeypatch):
    monkeypatch.setattr(page, "live_samples", lambda *_: pytest.fail("it was drawn"))

    shown = page.before(shelf, "digits", tmp_path / "sheets")

    assert "drawn when this part is opened" in shown
    assert shown.count("<figure>") == SAMPLES, "the frames have their final size"


@pytest.mark.parametrize(
    "change",
    [
        {"distances": [None] * SAMPLES},
        {"distances": [float("nan")] * SAMPLES},
        {"classes": [1] * SAMPLES},
        {"hashes": [], "indices": [], "classes": [], "distances": [], "labels": []},
        {"test_median": "4"},
        {"revision": None},
        {"command": None},
    ],
    ids=str,
)
def test_a_record_with_other_values_than_ours_is_told_and_the_page_stands(
    change, shelf, recorded, tmp_path
):
    path = tmp_path / "sheets" / "digits.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))

    for shown in (
        page.before(shelf, "digits", tmp_path / "sheets"),
        page.compare_samples(shelf, "digits", tmp_path / "sheets"),
    ):
        assert "cannot be read" in shown
        assert shown.count("<figure>") == SAMPLES


def distances(recorded, found, *, test_median=4.0):
    """The record with other distances, of which there may be fewer than 16 kinds."""
    return NeighbourRecord(
        **{**vars(recorded), "distances": (found * SAMPLES)[:SAMPLES], "test_median": test_median}
    )


@pytest.mark.parametrize(
    ("levels", "words"),
    [(2, "black and white"), (8, "rounded to 8 levels of grey"), (256, "in [0, 1], in grey")],
)
def test_the_page_says_what_was_compared(recorded, levels, words):
    assert words in page.tell_record(NeighbourRecord(**{**vars(recorded), "levels": levels}))


def test_a_clear_difference_is_told_and_smooth_samples_are_not_called_copies_at_once(recorded):
    near, far = distances(recorded, [3.0, 3.5]), distances(recorded, [4.5, 9.0])

    assert "smooth pictures lie near to many others" in page.tell_record(near)
    assert "lie farther from training images" in page.tell_record(far)
    assert all("none does" in page.tell_record(each) for each in (near, far))


@pytest.mark.parametrize("found", [[3.5, 4.5], [3.9, 4.1, 3.9, 3.9], [4.0]])
def test_medians_that_differ_by_chance_get_no_verdict(recorded, found):
    told = page.tell_record(distances(recorded, found))

    assert "cannot tell" in told
    assert "The samples lie" not in told


def test_a_group_of_real_pictures_is_seldom_called_nearer_or_farther(recorded):
    generator = torch.Generator().manual_seed(0)
    groups = 3 + torch.rand(2_000, 2, SAMPLES, generator=generator).exp()
    leans = [
        distances(recorded, one.tolist(), test_median=other.quantile(0.5).item()).lean()
        for one, other in groups
    ]

    share = sum(map(abs, leans)) / len(leans)
    assert 0 < share <= 0.05
    assert -1 in leans and 1 in leans


def test_samples_that_differ_by_much_are_nearly_always_told(recorded):
    generator = torch.Generator().manual_seed(0)
    groups = 3 + torch.rand(200, 2, SAMPLES, generator=generator)
    leans = [
        distances(recorded, (one + 1).tolist(), test_median=other.quantile(0.5).item()).lean()
        for one, other in groups
    ]

    assert leans.count(1) > 190


def test_the_chance_is_that_of_counting_all_orders():
    size = 4
    orders = list(itertools.combinations(range(2 * size), size))  # places of the one sample
    for count in range(size + 1):
        found = 0
        for places in orders:
            others = [place for place in range(2 * size) if place not in places]
            found += sum(place < others[size // 2] for place in places) >= count
        assert chance_beyond_median(count, size) == pytest.approx(found / len(orders))


@pytest.mark.parametrize("copy", [0.0, 0.4, 0.99])
@pytest.mark.parametrize("others", [3.5, 4.2, 9.0])
def test_one_copy_is_named_whatever_the_others_are(recorded, copy, others):
    record = distances(recorded, [others] * 5 + [copy] + [others] * 10)

    told = page.tell_record(record)

    assert f"1 of the 16</b> (seed 5), at most {copy:.2f} from" in told
    assert "no copies" not in told and "none does" not in told


def test_exact_copies_are_named_even_beside_test_images_that_are_copies(recorded):
    assert distances(recorded, [0.0, 5.0], test_median=0.0).copies == list(range(0, SAMPLES, 2))


@pytest.mark.parametrize("name", [JUDGES[0].name, "nope", None, 3, ["digits"]])
def test_a_model_that_draws_nothing_is_refused(shelf, tmp_path, name):
    with pytest.raises(InputError, match="Model must be one of"):
        page.compare_samples(shelf, name, tmp_path)

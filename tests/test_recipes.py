"""The recipes' order and batches, and the schedule that they share."""

import fnmatch

import pytest
import torch

from genlab.data import DataSet
from train.recipe import recipes, shuffled
from train.schedule import WARM_UP, film_moments, fitting, learning_rate_factor

MODELS_QUEUE = (  # MODELS.md, section 2
    *("pixelcnn-mnist", "gated-mnist", "judge-*", "vae-*", "dcgan-*", "ddpm-fashion"),
    *("gated-fashion", "ddpm-mnist", "*-levels-*"),
)


def numbered(count):
    """Images and labels that say which one they are."""
    images = torch.zeros(count, 1, 2, 2, dtype=torch.uint8)
    images[:, 0, 0, 0] = torch.arange(count)
    return DataSet(images, torch.arange(count), ("any",))


def test_the_learning_rate_starts_and_ends_at_zero_with_its_peak_after_the_warm_up():
    assert learning_rate_factor(0) == 0
    assert learning_rate_factor(WARM_UP) == 1
    assert learning_rate_factor(1) == pytest.approx(0, abs=1e-12)


def test_the_learning_rate_rises_in_a_line_and_falls_along_half_a_cosine():
    fall = [learning_rate_factor(WARM_UP + (1 - WARM_UP) * i / 6) for i in (2, 3, 4)]

    assert learning_rate_factor(WARM_UP / 4) == pytest.approx(1 / 4)
    assert fall == pytest.approx([3 / 4, 1 / 2, 1 / 4])


def test_the_film_has_its_moments_dense_at_the_start():
    moments = film_moments(20)

    assert len(moments) == 20
    assert (moments[0], moments[-1]) == (0, 1)
    assert [moment**0.5 for moment in moments] == pytest.approx([i / 19 for i in range(20)])


@pytest.mark.parametrize("longer", [1.0, 1.5, 2.7, 10.0, 400.0])
def test_a_film_of_a_run_that_got_more_time_is_thinned_to_its_new_spacing(longer):
    taken = [moment / longer for moment in film_moments(20)]
    wanted = [moment for moment in film_moments(20) if moment <= 1 / longer]

    kept = fitting(taken, wanted)

    assert kept == sorted(set(kept)) and len(kept) == len(wanted)
    assert kept[0] == 0, "the untrained network stays"
    assert all(
        abs(taken[place] - moment) <= 0.06 / longer
        for place, moment in zip(kept, wanted, strict=True)
    )


def test_a_film_that_has_no_picture_too_many_keeps_them_all():
    assert fitting([0.0, 0.1], [0.0, 0.1, 0.2]) == [0, 1]
    assert fitting([0.0, 0.3, 0.4, 0.5], [0.0, 0.9, 1.0]) == [0, 2, 3], "each is kept once"


def test_an_epoch_has_every_image_once_with_its_label():
    batches = shuffled(numbered(12), 5, torch.Generator().manual_seed(0))

    epochs = [[next(batches), next(batches)] for _ in range(2)]

    for epoch in epochs:
        labels = torch.cat([batch["labels"] for batch in epoch])
        assert len(labels.unique()) == 10  # two whole batches; the rest is dropped
        assert torch.equal(torch.cat([b["images"][:, 0, 0, 0] for b in epoch]).long(), labels)
    assert not torch.equal(epochs[0][0]["labels"], epochs[1][0]["labels"])


def test_a_batch_above_the_data_set_is_refused_instead_of_awaited_for_ever():
    with pytest.raises(ValueError, match="size must be at most 64"):
        next(shuffled(numbered(64), 65, torch.Generator()))


def test_the_queue_has_the_order_that_the_models_page_gives():
    places = [
        place
        for card in recipes()
        for place, pattern in enumerate(MODELS_QUEUE)
        if fnmatch.fnmatch(card, pattern)
    ]

    assert places == sorted(places)
    assert next(iter(recipes())) == "pixelcnn-mnist"


def test_every_recipe_has_a_card_and_a_place_of_its_own(store):
    queue = list(recipes().values())

    assert {recipe.card for recipe in queue} <= {card.name for card in store.cards}
    assert len({recipe.queue for recipe in queue}) == len(queue)

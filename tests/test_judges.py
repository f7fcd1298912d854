"""A picture is judged by the classifier of its own data, and by no other."""

import dataclasses

import pytest
from lively import enliven

from genlab.core.images import ImageSpec
from genlab.models.judge import CARDS as JUDGES
from genlab.ui.judges import judge_of

DIGITS = next(card for card in JUDGES if card.name == "judge-mnist")
CLOTHES = next(card for card in JUDGES if card.name == "judge-fashion")
SPEC = ImageSpec(1, 28, 28)


class Shelf:
    """A store of classifiers, and of a generator of some data."""

    def __init__(self, data, judges):
        self.generator = dataclasses.replace(DIGITS, name="generator", data=data)
        self.judges = {card.name: (card, enliven(card.build())) for card in judges}

    def card(self, name):
        assert name == "generator"
        return self.generator

    def cards_with(self, capability):
        return [card for card, _ in self.judges.values()]

    def get(self, name):
        return self.judges[name][1]


@pytest.mark.parametrize("judges", [(DIGITS, CLOTHES), (CLOTHES, DIGITS)])
@pytest.mark.parametrize(
    ("data", "judge"),
    [("MNIST, binarised", DIGITS), ("Fashion-MNIST, 8 grey levels", CLOTHES)],
)
def test_the_judge_is_that_of_the_card_s_data(data, judge, judges):
    store = Shelf(data, judges)

    assert judge_of(store, "generator", SPEC) is store.get(judge.name)


def test_there_may_be_none_of_the_data():
    assert judge_of(Shelf("Fashion-MNIST", (DIGITS,)), "generator", SPEC) is None
    assert judge_of(Shelf("MNIST", ()), "generator", SPEC) is None


def test_a_judge_is_not_asked_about_pictures_of_another_size():
    store = Shelf("MNIST", (DIGITS,))

    assert judge_of(store, "generator", ImageSpec(1, 32, 32)) is None

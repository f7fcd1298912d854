"""Constants are found where they stand, and what they name fits together."""

import importlib
import sys
from collections import Counter

import pytest

from genlab.core.capabilities import Sampler
from genlab.core.cards import ModelCard
from genlab.registry import discover
from train.recipe import Recipe


@pytest.fixture
def package(tmp_path, monkeypatch):
    """The name of an empty package, and a function that adds a module to it."""
    name = "package_of_test_discovery"
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)

    def add(module, source):
        (tmp_path / name / f"{module}.py").write_text(source)
        for imported in [each for each in sys.modules if each.split(".")[0] == name]:
            del sys.modules[imported]
        importlib.invalidate_caches()  # two files of one moment leave the folder's time as it is

    yield name, add
    add("done", "")  # nothing of it stays in sys.modules


def recipes():
    return sum(discover("train.recipes", "RECIPES"), ())


def cards():
    return sum(discover("genlab.models", "CARDS"), ())


def test_a_constant_in_a_new_module_is_found_without_an_edit(package):
    name, add = package
    add("first", "CARDS = 'one'")
    before = discover(name, "CARDS")

    add("second", "CARDS = 'two'")

    assert before == ["one"]
    assert discover(name, "CARDS") == ["one", "two"]


def test_constants_come_in_the_order_of_the_file_names(package):
    name, add = package
    for module in ("gamma", "alpha", "beta_stepper", "beta"):
        add(module, f"CARDS = {module!r}")

    assert discover(name, "CARDS") == ["alpha", "beta", "beta_stepper", "gamma"]


def test_a_module_without_the_constant_is_passed_over(package):
    name, add = package
    add("first", "RECIPES = 1")
    add("second", "CARDS = None")  # a value, though an empty one

    assert discover(name, "CARDS") == [None]


def test_an_error_in_a_module_is_not_hidden(package):
    name, add = package
    add("broken", "import there_is_no_such_module")

    with pytest.raises(ModuleNotFoundError, match="there_is_no_such_module"):
        discover(name, "CARDS")


def test_names_of_cards_are_unique():
    assert [name for name, n in Counter(card.name for card in cards()).items() if n > 1] == []


def test_names_of_cards_are_plain_file_names():
    assert [card.name for card in cards() if not card.name.replace("-", "").isalnum()] == []


def test_every_card_has_one_recipe_and_every_recipe_a_card():
    assert Counter(recipe.card for recipe in recipes()) == Counter(card.name for card in cards())


def test_each_recipe_has_its_own_place_in_the_queue():
    assert [place for place, n in Counter(r.queue for r in recipes()).items() if n > 1] == []


def test_constants_hold_what_their_name_says():
    assert cards()
    assert {type(each) for each in cards()} == {ModelCard}
    assert {type(each) for each in recipes()} == {Recipe}
    assert {type(each) for each in discover("genlab.inference", "SAMPLER")} == {Sampler}


def test_no_capability_is_served_twice():
    served = [sampler.capability for sampler in discover("genlab.inference", "SAMPLER")]

    assert len(set(served)) == len(served)


def test_samples_of_every_served_capability_are_measured():
    served = {sampler.capability for sampler in discover("genlab.inference", "SAMPLER")}

    measured = {
        each.capability
        for each in sum(discover("train.evaluators", "EVALUATORS"), ())
        if each.name == "sample_quality"
    }
    assert measured == served

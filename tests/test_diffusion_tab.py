"""The diffusion tab as a whole: what it offers with models, with other data, and without any."""

import json

import gradio as gr
import pytest
from restoring_shelf import CLASSES, DENOISER, OTHER, restoring_store

from genlab.core.protocols import Denoiser
from genlab.store import ModelStore
from genlab.ui.diffusion import backward, example
from genlab.ui.diffusion.asked import ANY, asked_label
from genlab.ui.tabs import diffusion as tab


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return restoring_store(tmp_path_factory.mktemp("cards"))


def declare(store):
    with gr.Blocks(analytics_enabled=False) as blocks:
        tab.build(store)
    return blocks


def texts(blocks):
    return "\n".join(
        str(each.value) for each in blocks.blocks.values() if isinstance(each, gr.Markdown)
    )


def test_classes_are_called_as_in_the_card_s_data_and_any_comes_first(store):
    digits, clothes = (tab.offered_classes(store, name) for name in (DENOISER, OTHER))

    assert digits["choices"][0] == ("Any", ANY) and digits["value"] == ANY
    assert [name for name, _ in digits["choices"][1:]] == ["0", "1", "2"]
    assert clothes["choices"][1][0] == "T-shirt/top"


def test_every_class_that_is_offered_is_one_that_the_network_takes(store):
    model = store.get(DENOISER)

    values = [value for _, value in tab.offered_classes(store, DENOISER)["choices"]]

    assert [asked_label(model, value) for value in values] == [None, *range(CLASSES)]


def test_every_page_is_a_part_of_the_tab_and_has_a_question(store):
    blocks = declare(store)

    parts = [each.label for each in blocks.blocks.values() if isinstance(each, gr.Tab)]
    assert [name for name in parts if name in tab.PAGES] == list(tab.PAGES)
    assert texts(blocks).count("\n## ") + 1 >= len(tab.PAGES)


@pytest.fixture(scope="module")
def untrained(tmp_path_factory):
    return declare(restoring_store(tmp_path_factory.mktemp("untrained"), "judge"))


def parts_of(blocks):
    return {each.label: each for each in blocks.blocks.values() if isinstance(each, gr.Tab)}


def told(part):
    """All that stands in Markdown within a part."""
    if isinstance(part, gr.Markdown):
        return str(part.value)
    return "\n".join(map(told, getattr(part, "children", ())))


def test_without_a_model_every_page_but_forward_says_how_to_train_one(untrained):
    parts = parts_of(untrained)

    silent = [
        title for title in tab.PAGES if "python -m train ddpm-mnist" not in told(parts[title])
    ]

    assert silent == ["Forward"]
    assert "python -m train ddpm-mnist" in texts(untrained)


def test_without_a_model_the_tab_opens_at_forward_which_drowns_and_walks(untrained):
    forward_part = parts_of(untrained)["Forward"]
    handlers = {each.name: each.fn for each in untrained.fns.values()}
    asked = ["linear", 12, 0.008, 1e-4, 0.02, 0]

    assert forward_part.parent.selected == forward_part.id
    drowned = handlers["follow_controls"](None, "", *asked)
    *_, words = handlers["run"](*asked)
    shown = handlers["follow_walk"](None, "", *asked)

    assert json.loads(drowned["course"])["steps"] == 12
    assert shown["value"].counted is not None and "walks of 12 steps" in words


def test_the_warm_up_draws_what_pages_open_with(store):
    for kept in (backward.draw_opening, example.opening):
        kept.cache_clear()

    tab.warm_up(store)

    for kept in (backward.draw_opening, example.opening):
        assert kept.cache_info().currsize == 1


def test_the_page_begins_with_its_first_card_wherever_that_stands_on_the_shelf():
    store = ModelStore()

    offered = [card.name for card in tab.offered_cards(store)]

    assert offered[0] == tab.FIRST
    assert sorted(offered) == sorted(card.name for card in store.cards_with(Denoiser))

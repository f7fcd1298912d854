"""The diffusion tab as a whole: what it offers with models, with other data, and without any."""

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


def test_without_a_model_the_tab_says_how_to_train_one(tmp_path):
    blocks = declare(restoring_store(tmp_path, "judge"))

    assert "python -m train ddpm-mnist" in texts(blocks)


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

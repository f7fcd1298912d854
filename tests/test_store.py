"""The shelf: weights are loaded once and verified; a bad file is one clear sentence."""

import dataclasses
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from shelved import tiny_card, tiny_network, write_checkpoint
from torch import nn

from genlab.core.cards import CardFile, Figure, MaskedArchitecture
from genlab.core.errors import CheckpointError, UnknownModel
from genlab.core.protocols import Autoregressive, Incremental
from genlab.store import ModelStore, read_weights

CARD, OTHER = tiny_card("tiny"), tiny_card("other")


@pytest.fixture
def folder(tmp_path):
    """Checkpoints of two cards, both whole."""
    write_checkpoint(tmp_path, CARD, seed=1)
    write_checkpoint(tmp_path, OTHER, seed=2)
    return tmp_path


@pytest.fixture
def shelf(folder):
    return ModelStore(folder, (CARD, OTHER))


def same_weights(model, other):
    mine, its = model.state_dict(), other.state_dict()
    return mine.keys() == its.keys() and all(torch.equal(mine[name], its[name]) for name in mine)


def test_a_model_has_the_weights_of_its_file(tmp_path):
    written = write_checkpoint(tmp_path, CARD, seed=7)

    model = ModelStore(tmp_path, (CARD,)).get("tiny")

    assert same_weights(model, written)
    assert not same_weights(model, CARD.build())


def test_a_model_comes_frozen_and_in_evaluation_mode(shelf):
    model = shelf.get("tiny")

    assert not any(module.training for module in model.modules())
    assert not any(parameter.requires_grad for parameter in model.parameters())


def test_a_model_that_was_first_asked_for_without_gradients_can_have_them(shelf):
    with torch.inference_mode():
        shelf.get("tiny")

    images = torch.rand(1, 1, 6, 6, requires_grad=True)
    model = shelf.get("tiny")

    assert not any(parameter.is_inference() for parameter in model.parameters())
    sum(weight.sum() * images.sum() for weight in model.parameters()).backward()
    assert images.grad is not None


def test_many_threads_at_once_get_one_model_that_was_built_once(folder):
    built = []

    def build():
        built.append(threading.get_ident())
        time.sleep(0.05)  # long enough for all the others to come
        return tiny_network()

    shelf = ModelStore(folder, (tiny_card("tiny", build=build), OTHER))
    barrier = threading.Barrier(16)

    def get():
        barrier.wait()
        return shelf.get("tiny")

    with ThreadPoolExecutor(16) as pool:
        models = [call.result() for call in [pool.submit(get) for _ in range(16)]]

    assert len({id(model) for model in models}) == 1
    assert len(built) == 1


def test_nobody_waits_for_another_model(folder):
    entered, leave = threading.Event(), threading.Event()

    def build():
        entered.set()
        leave.wait(10)
        return tiny_network()

    shelf = ModelStore(folder, (tiny_card("tiny", build=build), OTHER))
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(shelf.get, "tiny")
        entered.wait(10)
        other = shelf.get("other")
        assert not slow.done()
        leave.set()
        assert slow.result() is not other


@pytest.mark.parametrize(
    "name",
    [None, "", "tin", "TINY", "../tiny", "tiny.json", "x" * 1_000_000, 3, ["tiny"], "tiny\0"],
    ids=lambda name: str(name)[:10],
)
def test_an_unknown_name_is_refused_with_those_on_offer(shelf, name):
    for ask in (shelf.get, shelf.card, shelf.card_file):
        with pytest.raises(UnknownModel, match="Choose one of: tiny, other") as caught:
            ask(name)
        assert len(str(caught.value)) < 200


def test_cards_with_a_capability_have_it_and_their_weights_here(folder):
    plain = tiny_card("plain", build=lambda: nn.Linear(1, 1))
    absent = tiny_card("absent")
    write_checkpoint(folder, plain)
    shelf = ModelStore(folder, (CARD, plain, absent, OTHER))

    assert shelf.cards_with(Autoregressive) == shelf.cards_with(Incremental) == [CARD, OTHER]
    assert shelf.cards_with(object) == [CARD, plain, OTHER]
    assert shelf.cards == [CARD, plain, absent, OTHER]
    assert [shelf.has_weights(card.name) for card in shelf.cards] == [True, True, False, True]


def test_a_card_that_leaks_on_purpose_is_given_by_its_name_alone(folder):
    masked = MaskedArchitecture("b7-then-b3", (7, 3, 3), leaks=True)
    leaky = dataclasses.replace(tiny_card("leaky"), masked=masked)
    network = write_checkpoint(folder, leaky)
    shelf = ModelStore(folder, (CARD, leaky))

    assert shelf.cards_with(object) == shelf.cards_with(Incremental) == [CARD]
    assert shelf.cards == [CARD, leaky]
    assert torch.equal(shelf.get("leaky").output.bias, network.output.bias)


def test_asking_for_capabilities_loads_nothing_and_draws_no_random_number(folder):
    (folder / "tiny.safetensors").write_bytes(b"no weights")
    shelf = ModelStore(folder, (CARD,))
    before = torch.get_rng_state()

    assert shelf.cards_with(Autoregressive) == [CARD]
    assert torch.equal(torch.get_rng_state(), before)


def test_the_shipped_cards_are_the_default(store):
    assert "pixelcnn-mnist" in [card.name for card in store.cards]


def test_weights_without_a_card_file_are_read_as_they_are(folder):
    (folder / "tiny.json").unlink()

    weights = read_weights(folder / "tiny.safetensors")

    assert weights.keys() == tiny_network().state_dict().keys()


def test_the_size_of_the_weights_is_that_of_their_file(shelf, folder):
    assert shelf.weights_size("tiny") == (folder / "tiny.safetensors").stat().st_size

    (folder / "tiny.safetensors").unlink()
    with pytest.raises(CheckpointError, match="python -m train tiny"):
        shelf.weights_size("tiny")


def test_a_card_file_is_read_as_it_was_written(folder):
    recorded = CardFile.read(folder / "tiny.json")

    assert recorded.figures == {"nats_dynamic": Figure(81.25, 0.25, 10_000, "python -m …")}
    assert (recorded.card, recorded.minutes, recorded.seed) == ("tiny", 0.5, 0)
    before = (folder / "tiny.json").read_bytes()
    recorded.write(folder / "tiny.json")
    assert (folder / "tiny.json").read_bytes() == before


def test_a_long_shelf_is_not_read_out(tmp_path):
    names = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"]
    store = ModelStore(tmp_path, tuple(tiny_card(name) for name in names))

    with pytest.raises(UnknownModel, match=r"Choose one of: gamma, .*lists all 6\)"):
        store.card("gama")
